"""The options of `mirrorflow derive`."""

from enum import StrEnum
from typing import Annotated

import typer


class Activation(StrEnum):
    """Activations of `mirrorflow derive --network`."""

    relu = "relu"
    leaky_relu = "leaky_relu"
    linear = "linear"


def derive_model(
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
