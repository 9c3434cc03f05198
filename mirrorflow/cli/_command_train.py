"""The options of `mirrorflow train`."""

from typing import Annotated

import typer


def train_config(
    config: Annotated[
        str, typer.Argument(metavar="CONFIG.toml", help="What is to be trained, on what, how.", show_default=False)
    ],
    resume: Annotated[
        bool, typer.Option("--resume/--fresh", help="Go on from what is in the output folder, or start over.")
    ] = True,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show network, parameters and densities by layer, and train nothing.")
    ] = False,
    out: Annotated[
        str | None,
        typer.Option(
            "--out",
            metavar="DIR",
            envvar="MIRRORFLOW_OUT",
            help="Where a folder train/NAME is made, for a configuration that does not say `out` itself.",
        ),
    ] = "out",
    json: Annotated[bool, typer.Option("--json", help="Print result.json instead of tables.")] = False,
) -> None:
    """Train a network as a configuration says.

    Tables of the configuration: [data], [network], [optimizer] with [optimizer.base] and [optimizer.schedule],
    [sparsity], [training]. Complete ones are in demos/training.

    Keeps the state in state.npz at every evaluation, writes metrics.jsonl, one line an evaluation, and result.json.
    Ctrl-C keeps the state as well; the same command goes on from it. Exit code 0 if the training was finished, 1 if it
    ended otherwise, 2 if the configuration cannot be used, 130 after Ctrl-C.
    """
    from ._train import train

    train(config, resume=resume, dry_run=dry_run, folder=out or "out", as_json=json)
