"""Counting laws over many sizes: what the engine finds, what it counts, and what an orbit in floating point leaves."""

import itertools
from collections.abc import Callable, Iterable
from typing import Any

import jax
import numpy as np

import mirrorflow as mf

from ._orbits import reached

SIZES = 24
FOLLOWED = 11  # states larger than this have their orbit not followed: it takes seconds
NOT_FOLLOWED = -1
PAGE = "theory page 07"
MARCOTTE = "arXiv:2307.00144"
MIRROR = "arXiv:2405.12888"
MODULES = "arXiv:2506.06194"
EXACT = mf.tolerance(0.0, because="numbers of laws are the same or not")
LETTERS = {
    "D": "the number of parameters",
    "W": "the span of all velocities, over all losses and data sets",
    r"\mathrm{Lie}(W)": "what they and their brackets span",
}


def generator(key: Any, *more: int) -> np.random.Generator:
    """NumPy's generator for a key."""
    return np.random.default_rng([*np.asarray(jax.random.key_data(key)).tolist(), *more])


def draw(key: Any, always: Iterable[tuple], pool: Iterable[tuple], total: int = SIZES) -> list[tuple]:
    """The sizes in `always`, degenerate ones, and random others of the pool up to `total`."""
    kept = list(always)
    rest = [size for size in pool if size not in kept]
    chosen = generator(key).permutation(len(rest))[: total - len(kept)]
    return kept + [rest[i] for i in chosen]


def tabulate(key: Any, sizes: list[tuple], derive: Callable, fields: Callable, start: Callable) -> dict[str, Any]:
    """A table with a row for every size.

    `derive(size, seed)` are the engine's laws, `fields(size)` the velocities in NumPy, of which the rank and the orbit
    are taken at `start(size, rng, D)`. More accurately means: at another random point, and with smaller steps.
    """
    with mf.accuracy(1.0) as factor:
        again = round(-np.log10(factor))
    columns = ("parameters", "velocities", "closure", "found", "counted", "orbit", "complete")
    rows = []
    for i, size in enumerate(sizes):
        laws = derive(size, again)
        closure = laws.rank if laws.closure is None else laws.closure
        rng = generator(key, i, again)
        orbit = NOT_FOLLOWED
        if laws.dimension <= FOLLOWED:
            orbit = reached(fields(size), start(rng, laws.dimension), rng)
        rows.append([laws.dimension, laws.rank, closure, len(laws), laws.count, orbit, laws.complete is True])
    width = max(len(size) for size in sizes)
    padded = [[*size, *[0] * (width - len(size))] for size in sizes]
    return {"sizes": np.array(padded), **dict(zip(columns, np.array(rows, int).T, strict=True))}


def sizes_of(run: dict[str, Any]) -> list[tuple]:
    """The sizes, without what makes the table rectangular."""
    return [tuple(int(n) for n in row if n) for row in np.asarray(run["sizes"])]


def brackets(run: dict[str, Any]) -> np.ndarray:
    """D − dim Lie(W), as the engine counts."""
    return np.asarray(run["counted"])


def velocities_alone(run: dict[str, Any]) -> np.ndarray:
    """D − dim W: the brackets left out."""
    return np.asarray(run["parameters"]) - np.asarray(run["velocities"])


def agreement(run: dict[str, Any], formula: Callable, count: Callable) -> dict[str, mf.Comparison]:
    """Found = counted = what the orbits leave = the page's formula, where each applies."""
    counted, sizes = count(run), sizes_of(run)
    told = [formula(*size) for size in sizes]
    followed = np.asarray(run["orbit"]) != NOT_FOLLOWED
    left = (np.asarray(run["parameters"]) - np.asarray(run["orbit"]))[followed]
    applies = np.array([each is not None for each in told])
    parts = {
        "found = counted": mf.Comparison(counted, np.asarray(run["found"]), note=f"{len(sizes)} sizes"),
        "counted = D − dimension of the orbit": mf.Comparison(left, counted[followed], note=f"{len(left)} sizes"),
    }
    if applies.any():
        formulas = np.array([each for each in told if each is not None])
        words = f"{int(applies.sum())} sizes; D up to {int(np.max(np.asarray(run['parameters'])))}"
        parts["counted = the formula"] = mf.Comparison(formulas, counted[applies], note=words)
    return parts


def generic(rng: np.random.Generator, size: int) -> np.ndarray:
    """A start with entries of either sign, away from zero."""
    return rng.uniform(0.6, 1.6, size) * rng.choice([-1.0, 1.0], size)


def gentle(rng: np.random.Generator, size: int) -> np.ndarray:
    """A start with entries of either sign near 1 in size, for products of many."""
    return rng.uniform(0.85, 1.2, size) * rng.choice([-1.0, 1.0], size)


def positive(rng: np.random.Generator, size: int) -> np.ndarray:
    """A start with positive entries."""
    return rng.uniform(0.6, 1.6, size)


def grid(*ranges: range, most: int, parameters: Callable[..., int]) -> list[tuple]:
    """All sizes in the ranges with at most so many parameters."""
    found: list[tuple] = [()]
    for each in ranges:
        found = [(*size, n) for size in found for n in each]
    return [size for size in found if parameters(*size) <= most]


def weights(*widths: int, biases: bool = False) -> int:
    """The number of parameters of a network."""
    return sum((before + biases) * after for before, after in itertools.pairwise(widths))


def gram(rows: int, columns: int, rank: int) -> int:
    """The page's k(2r−k+1)/2, k=min(n+m, r): what UᵀU − VᵀV keeps."""
    k = min(rows + columns, rank)
    return k * (2 * rank - k + 1) // 2
