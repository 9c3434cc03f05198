"""The commands and their options; what they do stands beside."""

from enum import StrEnum
from typing import Annotated

import typer

app = typer.Typer(
    name="mirrorflow",
    help="Mirror flows held against their theorems: does the trajectory do what the theorem says?",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Out = Annotated[str, typer.Option("--out", metavar="DIR", envvar="MIRRORFLOW_OUT", help="Where everything is written.")]
Seed = Annotated[int, typer.Option("--seed", min=0, max=2**31 - 1, help="Seed of the experiments' keys.")]
From = Annotated[list[str] | None, typer.Option("--from", metavar="FILE", help="Also read the claims in this file.")]


class Task(StrEnum):
    """What `mirrorflow run` makes of a table."""

    regression = "regression"
    classification = "classification"


class Activation(StrEnum):
    """Activations of `mirrorflow derive --network`."""

    relu = "relu"
    leaky_relu = "leaky_relu"
    linear = "linear"


class Loss(StrEnum):
    """Losses of a classification."""

    exponential = "exponential"
    logistic = "logistic"


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


@app.command("run")
def run_(
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


@app.command("derive")
def derive_(
    formulas: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FORMULA]...",
            help='What data sees of the parameters: "x = m*w", "u^2 - v^2", "a*b + c". Every symbol is trained unless '
            "named in --constants. exp, log, sqrt, sin, cos, sinh, cosh, tanh.",
            show_default=False,
        ),
    ] = None,
    network: Annotated[
        str | None, typer.Option("--network", metavar="N0,N1,…", help="A dense network by its widths, such as 3,5,1.")
    ] = None,
    activation: Annotated[
        Activation | None, typer.Option("--activation", help="Of the network (default: relu).", show_default=False)
    ] = None,
    biases: Annotated[
        bool, typer.Option("--biases", help="Every layer adds one (networks, convex, convolution).")
    ] = False,
    model: Annotated[str | None, typer.Option("--model", metavar="NAME", help="One of those above.")] = None,
    sizes: Annotated[str | None, typer.Option("--sizes", metavar="A,B,…", help="Its sizes, as above.")] = None,
    constants: Annotated[
        str | None, typer.Option("--constants", metavar="A,B", help="Symbols of the formulas that are not trained.")
    ] = None,
    positive: Annotated[
        str | None,
        typer.Option("--positive", metavar="U,V", help="Symbols that are positive (those alone in a log or sqrt are)."),
    ] = None,
    decay: Annotated[
        str | None, typer.Option("--decay", metavar="l2|coupled|decoupled|RATE", help="At rate λ, or a number.")
    ] = None,
    momentum: Annotated[
        str | None,
        typer.Option(
            "--momentum", metavar="heavy-ball|nesterov|DAMPING", help="θ̈ + τθ̇ = −∇f with τ a number or such as 3/t."
        ),
    ] = None,
    geometry: Annotated[
        str | None,
        typer.Option("--geometry", metavar="gradient|sign|Q", help="Steepest flow with 1≤Q≤2, or q as a symbol."),
    ] = None,
    metric: Annotated[
        str | None,
        typer.Option(
            "--metric",
            metavar="POTENTIAL",
            help="Mirror flow: entropy, hyperbolic:SCALE, power:P, cosh, log-barrier, hyperbolic-aware:ALPHA; for "
            "arrays by name: left=entropy,right=cosh.",
        ),
    ] = None,
    balance: Annotated[
        str | None,
        typer.Option(
            "--balance",
            metavar="VALUE|U=1,V=1",
            help="Of one formula: the level of its laws, or a start, for its Legendre function (default: β).",
            show_default=False,
        ),
    ] = None,
    degree: Annotated[int, typer.Option("--degree", min=1, max=12, help="The largest degree that is searched.")] = 4,
    limit: Annotated[
        float, typer.Option("--limit", min=1.0, help="The most products of polynomials (a million take 10 s).")
    ] = 2e6,
    seed: Annotated[int, typer.Option("--seed", min=0, max=2**31 - 2, help="Seed of the random points.")] = 0,
    table: Annotated[
        bool, typer.Option("--table", help="Instead: the Legendre functions of products, by depth, q and start.")
    ] = False,
    everything: Annotated[bool, typer.Option("--all", help="Show every law, however many there are.")] = False,
    latex: Annotated[bool, typer.Option("--latex", help="Print a LaTeX document, and nothing else.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
) -> None:
    """Derive the conservation laws of a model, count them, and say whether there are more.

    For one formula x = g(θ) also whether it commutes with the decay, its Legendre function and the flow of x.

    Models: diagonal DEPTH; matrix, lora and nonnegative ROWS,COLUMNS,RANK; symmetric SIZE,RANK; convex
    INPUTS,HIDDEN[,OUTPUTS]; attention WIDTH[,HEAD_WIDTH[,HEADS]]; softmax CLASSES,FEATURES; normalized
    OUTPUTS,INPUTS; convolution SIZE,KERNEL,CHANNELS_IN,CHANNELS….

    Exit code 0 when it is done, even where laws are missing (which is said); 2 if the model or an option cannot be
    used.
    """
    from ._derive import derive, derive_table

    if table:
        derive_table(as_json=json, as_latex=latex, alone=not (formulas or network or model))
        return
    derive(
        formulas or [],
        as_json=json,
        as_latex=latex,
        everything=everything,
        network=network,
        name=model,
        sizes=sizes,
        activation=activation and activation.value,
        biases=biases,
        constants=constants,
        positive=positive,
        decay=decay,
        momentum=momentum,
        geometry=geometry,
        metric=metric,
        balance=balance,
        degree=degree,
        limit=limit,
        seed=seed,
    )
