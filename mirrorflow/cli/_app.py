"""The commands and their options, those with many in modules of their own; what they do stands beside."""

from typing import Annotated

import typer

from ._command_derive import derive_model
from ._command_run import run_table
from ._command_train import train_config
from ._options import From, Out, Seed

app = typer.Typer(
    name="mirrorflow",
    help="Mirror flows held against their theorems: does the trajectory do what the theorem says?",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> bool:
    if wanted:
        from .. import __version__

        typer.echo(f"mirrorflow {__version__}")
        raise typer.Exit
    return wanted


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Options of the command itself."""


@app.command()
def verify(
    targets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PATTERN|FILE]...",
            help="Claims by name, page or pattern ('steepest/*'); files with claims (my_claims.py, "
            "my_claims.py::page/name). All installed claims if nothing is named.",
            show_default=False,
        ),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Also the cases and experiments that take long.")] = False,
    seed: Seed = 0,
    out: Out = "out",
    json: Annotated[bool, typer.Option("--json", help="Print verdicts.json instead of a table.")] = False,
    jobs: Annotated[
        int | None, typer.Option("--jobs", min=1, help="Processes (default: one a core).", show_default=False)
    ] = None,
    limit: Annotated[
        float, typer.Option("--limit", min=1.0, metavar="SECONDS", help="Longest time for a run.")
    ] = 300.0,
    figures: Annotated[bool, typer.Option("--figures/--no-figures", help="Draw the figures of these claims.")] = True,
) -> None:
    """Hold claims against their runs, and write out/report.html and out/verdicts.json.

    Exit code 1 if a claim that should hold is refuted, one that should be refuted holds, or one stays undecided that
    is neither open nor heuristic.
    """
    from ._verify import run

    run(targets or [], full=full, seed=seed, out=out, as_json=json, jobs=jobs, limit=limit, figures=figures)


@app.command("list")
def list_(
    targets: Annotated[list[str] | None, typer.Argument(metavar="[PATTERN|FILE]...", show_default=False)] = None,
    out: Out = "out",
) -> None:
    """List claims: name, status, last verdict, statement."""
    from ._look import list_claims

    list_claims(targets or [], out)


@app.command()
def explain(
    claim: Annotated[str, typer.Argument(metavar="CLAIM", help="A claim's name, or FILE::NAME.")],
    out: Out = "out",
) -> None:
    """Explain one claim: statement, source, experiment, the numbers of its last verdict, how to run it again."""
    from ._look import explain_claim

    explain_claim(claim, out)


@app.command()
def paper(
    arxiv: Annotated[str, typer.Argument(metavar="ARXIV_ID", help="Such as 2603.02064.")],
    out: Out = "out",
    file: From = None,
) -> None:
    """Show one paper's claims, figures and errata, here and as a page in the output folder."""
    from ._paper import show_paper

    show_paper(arxiv, out, file or [])


@app.command()
def figure(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME|FILE]...", show_default=False)] = None,
    everything: Annotated[bool, typer.Option("--all", help="Draw every figure.")] = False,
    seed: Seed = 0,
    out: Out = "out",
    jobs: Annotated[int | None, typer.Option("--jobs", min=1, help="Processes.", show_default=False)] = None,
) -> None:
    """Draw figures from the stored runs into out/figures, as PNG and PDF."""
    from ._figure import draw

    draw(names or [], everything=everything, seed=seed, out=out, jobs=jobs)


@app.command()
def study(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME|FILE]...", show_default=False)] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every study.")] = False,
    full: Annotated[
        bool, typer.Option("--full", help="The whole study, which takes hours, instead of a small one.")
    ] = False,
    show: Annotated[bool, typer.Option("--show", help="Show what is recorded; run nothing.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Run again what is recorded.")] = False,
    out: Out = "out",
    jobs: Annotated[
        int | None, typer.Option("--jobs", min=1, help="Processes (default: one a core).", show_default=False)
    ] = None,
) -> None:
    """Train methods against each other, both sides tuned alike, over several seeds: out/studies/NAME.md and .png."""
    from ._study import run

    run(names or [], everything=everything, full=full, show=show, fresh=fresh, folder=out, jobs=jobs)


@app.command("falsify")
def falsify_(
    targets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILE|NAME]...",
            help="Files with conjectures (my_conjectures.py, my_conjectures.py::page/name), or installed conjectures "
            "by name, page or pattern.",
            show_default=False,
        ),
    ] = None,
    budget: Annotated[int, typer.Option("--budget", min=1, help="The most cases to try for each.")] = 100,
    seconds: Annotated[
        float | None, typer.Option("--seconds", help="When to stop looking, for each.", show_default=False)
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, max=2**31 - 1, help="Seed of the cases and their keys.")] = 0,
    out: Out = "out",
    json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
) -> None:
    """Look for a counterexample to a conjecture, and make it small.

    Exit code 0 if it survived, 1 if it is refuted, 3 if there is no counterexample but some case could not be decided.
    """
    from ._falsify import run_falsify

    run_falsify(targets or [], budget=budget, seconds=seconds, seed=seed, out_folder=out, as_json=json)


@app.command("replay")
def replay_(
    counterexample: Annotated[str, typer.Argument(metavar="COUNTEREXAMPLE.json", show_default=False)],
    file: Annotated[
        str | None,
        typer.Option("--from", metavar="FILE", help="The file that holds the conjecture now.", show_default=False),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the verdict as JSON.")] = False,
) -> None:
    """Check a saved counterexample again.

    Exit code 1 if it still refutes its conjecture, 0 if the conjecture holds there now, 3 if that cannot be decided.
    """
    from ._falsify import run_replay

    run_replay(counterexample, file=file, as_json=json)


@app.command()
def demo(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", show_default=False)] = None,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Where to serve it (0: any free port).", show_default=False)
    ] = 0,
    headless: Annotated[bool, typer.Option("--headless", "--no-browser", help="Open no browser.")] = False,
    edit: Annotated[bool, typer.Option("--edit", help="Open it as a notebook that can be changed.")] = False,
) -> None:
    """Open a demo in the browser; it is served to this machine alone."""
    from ._demo import open_demo

    open_demo(name, port=port, headless=headless, edit=edit)


app.command("run")(run_table)
app.command("derive")(derive_model)
app.command("train")(train_config)
