"""Bases of functions that grow until they hold all laws."""

import itertools
import math
from collections.abc import Iterator

from ._ring import Polynomial
from ._system import Moving, System, blocks

# The highest power of functions of one parameter that sums of them are made of.
POWERS = 6


def separable(system: System, degree: int) -> list[Polynomial]:
    """Sums of functions of one parameter each: every known function, and its powers up to `degree` (and `POWERS`)."""
    own = [system.ring.generators[function.symbol] for function in system.functions if _usable(system, function)]
    return [generator**power for power in range(1, min(degree, POWERS) + 1) for generator in own]


def monomials(system: System, degree: int) -> Iterator[Polynomial]:
    """All monomials of this degree in the functions of each block of coupled parameters."""
    for members in groups(system):
        for chosen in itertools.combinations_with_replacement(members, degree):
            product = chosen[0]
            for factor in chosen[1:]:
                product = product * factor
            yield product


def coefficients(system: System) -> list[list[Polynomial]]:
    """What a basis is multiplied by, in turn: 1, then 1 and the constants of the system, to which laws are linear."""
    ring = system.ring
    open_ones = [ring.generators[symbol] for symbol in system.constants]
    return [[ring.one]] + ([[ring.one, *open_ones]] if open_ones else [])


def size(system: System, degree: int) -> int:
    """How many monomials of this degree there are."""
    return sum(math.comb(len(members) + degree - 1, degree) for members in groups(system))


def groups(system: System) -> list[list[Polynomial]]:
    """The usable functions of each block."""
    usable = [function for function in system.functions if _usable(system, function)]
    found = blocks(max((function.owner for function in usable), default=-1) + 1, system.forces)
    where = {owner: number for number, block in enumerate(found) for owner in block}
    made: dict[int, list[Polynomial]] = {}
    for function in usable:
        made.setdefault(where[function.owner], []).append(system.ring.generators[function.symbol])
    return list(made.values())


def _usable(system: System, function: Moving) -> bool:
    drift = system.drift
    known = drift is None or function.symbol in drift.functions
    return function.speed is not None and known
