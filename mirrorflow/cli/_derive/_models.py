"""From what is typed to a model of `mf.derive`: formulas, the widths of a network, or a model by name and sizes."""

import difflib
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import sympy

from ...derive import Model, models
from ...derive._expressions import from_expressions
from ._formula import Formula, read

# Name: (how it is made of its sizes, the sizes in words, how many there are at least and at most, whether with biases).
MODELS: dict[str, tuple[Callable[..., Model], str, int, int, bool]] = {
    "diagonal": (models.diagonal_network, "DEPTH", 1, 1, False),
    "matrix": (models.matrix_factorization, "ROWS,COLUMNS,RANK", 3, 3, False),
    "lora": (models.low_rank_adaptation, "ROWS,COLUMNS,RANK", 3, 3, False),
    "symmetric": (models.symmetric_factorization, "SIZE,RANK", 2, 2, False),
    "nonnegative": (models.nonnegative_factorization, "ROWS,COLUMNS,RANK", 3, 3, False),
    "convex": (models.input_convex_network, "INPUTS,HIDDEN[,OUTPUTS]", 2, 3, True),
    "attention": (models.attention, "WIDTH[,HEAD_WIDTH[,HEADS]]", 1, 3, False),
    "softmax": (models.softmax_layer, "CLASSES,FEATURES", 2, 2, False),
    "normalized": (models.normalized_layer, "OUTPUTS,INPUTS", 2, 2, False),
    "convolution": (
        lambda size, kernel, *channels, biases: models.convolutional_network(size, channels, kernel, biases=biases),
        "SIZE,KERNEL,CHANNELS_IN,CHANNELS…",
        4,
        9,
        True,
    ),
}


class Asked(NamedTuple):
    """The model, the symbols that its formulas hold besides its parameters, and its heading."""

    model: Model
    formulas: tuple[Formula, ...]
    heading: str


def asked_model(
    formulas: Sequence[str],
    network: str | None,
    name: str | None,
    *,
    sizes: str | None,
    activation: str | None,
    biases: bool,
    constants: str | None,
    positive: str | None,
    all_positive: bool,
    limit: float,
) -> Asked:
    """The one model that the options name.

    **Raises:** `ValueError` for none or two of them, options that do not go with it, and what they refuse themselves.
    """
    given = [words for words, one in (("formulas", formulas), ("--network", network), ("--model", name)) if one]
    if len(given) != 1:
        which = f"got {' and '.join(given)}" if given else "got none"
        raise ValueError(f'Give one model: formulas such as "x = m*w", --network 3,5,1, or --model NAME; {which}.')
    strays = {"--sizes": (sizes, "--model"), "--activation": (activation, "--network")}
    strays |= {"--constants": (constants, "formulas"), "--positive": (positive, "formulas")}
    for option, (value, partner) in strays.items():
        if value is not None and partner not in given:
            raise ValueError(f"{option} goes with {partner}, not with {given[0]}.")
    if formulas:
        if biases:
            raise ValueError("--biases goes with --network or --model; a formula has those that are written in it.")
        return own(formulas, _names("--constants", constants), _names("--positive", positive), all_positive)
    if network:
        widths = _integers("--network", network, "3,5,1")
        _check_size(widths, len(widths) * math.prod(widths), limit)
        made = models.network(widths, activation or "relu", biases)
    else:
        made = _named(str(name), sizes, biases, limit)
    return Asked(made, (), made.name)


def own(
    formulas: Sequence[str], constants: Sequence[str], positive: Sequence[str], all_positive: bool = False
) -> Asked:
    """The model of a user's formulas; what stands alone under a logarithm or a root is positive by itself."""
    first = [read(formula) for formula in formulas]
    names = list(dict.fromkeys(name for each in first for name in each.names))
    for option, wanted in (("--constants", constants), ("--positive", positive)):
        for name in wanted:
            if name not in names:
                raise ValueError(f"{option}: {name} stands in no formula; there {_are(names)}.")
    trained = [name for name in names if name not in constants]
    if not trained:
        raise ValueError(f"No symbol is left to train: the formulas hold {', '.join(names) or 'none'}.")
    above = {*positive, *(name for each in first for name in _above(each.expression))}
    above |= set(trained) if all_positive else set()
    symbols = {name: sympy.Symbol(name, real=True, **({"positive": True} if name in above else {})) for name in names}
    read_again = tuple(read(formula, symbols) for formula in formulas)
    heading = ", ".join(_tidy(formula) for formula in formulas)
    model = from_expressions([each.expression for each in read_again], [symbols[name] for name in trained], heading)
    return Asked(model, read_again, heading)


def _above(expression: sympy.Expr) -> set[str]:
    """The symbols that must be positive for the expression to be real."""
    powers = [part.base for part in expression.atoms(sympy.Pow) if not part.exp.is_integer]
    inside = [part.args[0] for part in expression.atoms(sympy.log)] + powers
    return {part.name for part in inside if isinstance(part, sympy.Symbol)}


def _named(name: str, sizes: str | None, biases: bool, limit: float) -> Model:
    if name not in MODELS:
        near = difflib.get_close_matches(name, MODELS, n=2, cutoff=0.4)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(MODELS)}."
        raise ValueError(f"--model: there is no {name!r}; {hint}")
    make, words, least, most, has_biases = MODELS[name]
    if biases and not has_biases:
        raise ValueError(f"--biases: {name} has none.")
    example = ",".join("2" * least)
    if sizes is None:
        raise ValueError(f"--model {name} needs --sizes {words}, such as {example}.")
    numbers = _integers("--sizes", sizes, example)
    if not least <= len(numbers) <= most:
        raise ValueError(f"--sizes of {name} are {words}, such as {example}; got {sizes!r}.")
    orders = math.factorial(min(numbers[0], 20)) if name == "symmetric" else 1
    _check_size(numbers, max(numbers) * math.prod(numbers) * orders, limit)
    more: dict[str, Any] = {"biases": biases} if has_biases else {}
    return make(*numbers, **more)


def _check_size(sizes: list[int], terms: int, limit: float) -> None:
    """Refuse what would take for ever to write down; `conservation_laws` estimates what comes after that."""
    if terms > limit:
        words = ",".join(map(str, sizes))
        raise ValueError(
            f"A model of sizes {words} is too large to be written down in symbols: about {terms:.1g} terms. "
            f"--limit {_above_limit(terms)} asks for it."
        )


def _above_limit(terms: int) -> str:
    """The number of one digit above."""
    scale = 10 ** math.floor(math.log10(terms))
    return f"{math.ceil(terms / scale + 1e-9) * scale:.0e}".replace("e+0", "e").replace("e+", "e")


def _integers(option: str, text: str, example: str) -> list[int]:
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() and len(part) < 7 for part in parts):
        raise ValueError(f"{option}: write whole numbers with commas between them, such as {example}; got {text!r}.")
    return [int(part) for part in parts]


def _names(option: str, text: str | None) -> list[str]:
    if text is None:
        return []
    names = []
    for part in text.split(","):
        name = read(part.strip() or "0")
        if not isinstance(name.expression, sympy.Symbol):
            raise ValueError(f"{option}: write names with commas between them, got {text!r}.")
        names.append(name.expression.name)
    return names


def _are(names: Sequence[str]) -> str:
    return f"{'is' if len(names) == 1 else 'are'} {', '.join(names)}" if names else "are no names"


def _tidy(formula: str) -> str:
    return " ".join(formula.split())
