"""The options of `mirrorflow run`."""

from enum import StrEnum
from typing import Annotated

import typer

from ._options import Out


class Task(StrEnum):
    """What `mirrorflow run` makes of a table."""

    regression = "regression"
    classification = "classification"


class Loss(StrEnum):
    """Losses of a classification."""

    exponential = "exponential"
    logistic = "logistic"


def run_table(
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA",
            help=".csv with a header (commas, semicolons or tabs), or .npz: X (samples, features) and a target by its "
            "name, or one array with `columns`, or columns alone.",
            show_default=False,
        ),
    ],
    target: Annotated[str, typer.Option("--target", metavar="COLUMN", help="What is to be predicted.")],
    features: Annotated[
        str | None,
        typer.Option("--features", metavar="A,B,C", help="From which columns (default: all other numeric ones)."),
    ] = None,
    task: Annotated[
        Task | None, typer.Option("--task", help="Default: classification if the target has exactly two values.")
    ] = None,
    potential: Annotated[
        str | None,
        typer.Option(
            "--potential",
            metavar="NAME",
            help="One of those above (default: quadratic).",
        ),
    ] = None,
    reparameterization: Annotated[
        str | None, typer.Option("--reparameterization", metavar="hadamard:DEPTH", help="In place of a potential.")
    ] = None,
    balance: Annotated[float, typer.Option("--balance", help="|w_i|²−|w_L|² of its start.")] = 1.0,
    start: Annotated[
        float | None,
        typer.Option("--start", help="Where x starts, in every feature (default: 0; negative-entropy: 1)."),
    ] = None,
    loss: Annotated[
        Loss | None, typer.Option("--loss", help="Of a classification (default: exponential).", show_default=False)
    ] = None,
    standardize: Annotated[
        bool,
        typer.Option(
            "--standardize/--raw", help="Whether features (and the target of a regression) get mean 0, std 1."
        ),
    ] = True,
    intercept: Annotated[bool, typer.Option("--intercept", help="Add a constant feature.")] = False,
    samples: Annotated[
        int | None, typer.Option("--samples", min=1, help="Draw so many rows (default: all).", show_default=False)
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, max=2**31 - 1, help="Seed of that draw.")] = 0,
    until: Annotated[
        float | None,
        typer.Option(
            "--until",
            help="When to stop. Regression: share of the first gradient (default 1e-9); classification: log t "
            "(default 1e3).",
            show_default=False,
        ),
    ] = None,
    out: Out = "out",
    json: Annotated[bool, typer.Option("--json", help="Print result.json instead of tables.")] = False,
) -> None:
    """Run the flow of your own table, and hold where it ends against theory.

    Potentials: quadratic, power:P, hyperbolic-entropy:SCALE, cosh, hyperbolic-aware:ALPHA, negative-entropy.

    Writes result.json, report.html and the figure into out/run/NAME. Exit code 0 if the prediction holds, 1 if it is
    refuted, 3 if that cannot be told, 2 if the table or an option cannot be used.
    """
    from ._run import run

    run(
        data,
        target=target,
        features=features,
        folder=out,
        as_json=json,
        task=task and task.value,
        potential=potential,
        reparameterization=reparameterization,
        balance=balance,
        start=start,
        loss=loss and loss.value,
        standardize=standardize,
        intercept=intercept,
        samples=samples,
        seed=seed,
        until=until,
    )
