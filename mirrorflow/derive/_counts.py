"""How many laws there can be: D minus the rank of the velocities and their brackets, with what that rests on."""

import abc
import random

import numpy as np
import sympy

from ._closure import closure
from ._decays import DecayRate
from ._fields import Fields, rank_of_fields
from ._model import Model
from ._modular import Echelon
from ._ring import ModularRing
from ._sampled import sampled_rank
from ._system import System

POINTS = 2


class Count(abc.ABC):
    """An upper bound for the number of laws that falls as more is computed.

    `dimension`: D; `rank`: of the velocities; `closure`: with their brackets, None where none were taken; `counts`: the
    bounds obtained at different random points; `exact`: whether a bound that laws do not reach is the number of laws
    (up to the chance that all points are special), or only known to be no smaller.
    """

    dimension: int
    rank: int
    closure: int | None = None
    counts: list[int]
    exact: bool

    @property
    def bound(self) -> int:
        """There are no more independent laws than this."""
        return self.dimension - (self.rank if self.closure is None else self.closure)

    @abc.abstractmethod
    def refine(self, found: int) -> None:
        """Take brackets until the bound is `found`, or nothing more is spanned."""

    @abc.abstractmethod
    def words(self, found: int) -> str:
        """What the count rests on."""


class ExactCount(Count):
    """By the Lie closure modulo a prime; what it spans is spanned over the rationals too."""

    exact = True

    def __init__(self, system: System, seed: int):
        self.dimension = system.dimension
        self.fields = [Fields(system, seed + k) for k in range(POINTS)]
        ranks = [rank_of_fields(fields)[0].rank for fields in self.fields]
        self.rank = max(ranks)
        self.counts = [self.dimension - rank for rank in ranks]

    def refine(self, found: int) -> None:
        if self.closure is not None:
            return
        # A special point leaves too small a rank: the larger counts, and both are reported.
        ranks = [closure(fields, target=self.dimension - found) for fields in self.fields]
        self.counts = [self.dimension - rank for rank in ranks]
        self.closure = max(ranks)

    def words(self, found: int) -> str:
        rank = self.rank if self.closure is None else self.closure
        what = "the velocities" if self.closure is None else "the velocities with their brackets"
        how = "rank modulo a prime; no bracket needed" if self.closure is None else "rank modulo a prime"
        proved = "proved: " if found == self.bound else ""
        where = f"at each of {POINTS} random points"
        if len(set(self.counts)) > 1:
            where = f"at one of {POINTS} random points (at the others there is room for {max(self.counts)} laws)"
        return f"{proved}{what} span {rank} of {self.dimension} dimensions {where} ({how})"


class RankCount(Count):
    """By the rank of the velocities alone, where no functions are known in which brackets are polynomials.

    Inverse metrics are diagonal and not zero, so that the velocities' rank is the forces'; a drift comes with time, a
    direction of its own.
    """

    exact = False

    def __init__(self, system: System, seed: int):
        self.dimension = system.dimension
        modular, point = ModularRing(system.ring), system.draw(random.Random(seed))
        echelon = Echelon(len(system.variables))
        for force in system.forces:
            vector = np.zeros(echelon.size, dtype=np.int64)
            for owner, entry in force.items():
                vector[owner] = int(modular.image(entry)(*point))
            echelon.add(vector)
        self.rank = echelon.rank + (system.drift is not None)
        self.counts = [self.bound]

    def refine(self, found: int) -> None:
        """Nothing: no brackets are known."""

    def words(self, found: int) -> str:
        spanned = f"the velocities span {self.rank} of {self.dimension} dimensions at a point (rank modulo a prime"
        return f"proved: {spanned})" if found == self.bound else f"{spanned}; brackets are not known for this flow)"


class SampledCount(Count):
    """By velocities for a sample of losses, at points in several cells; brackets are not taken."""

    exact = False
    points = 3

    def __init__(self, model: Model, q: sympy.Expr, decay: DecayRate | None, seed: int):
        time = decay is not None and not decay.coupled
        self.dimension = len(model.variables) + time
        ranks = [sampled_rank(model, q, decay, seed + k) for k in range(self.points)]
        # The points are in different cells: there is a bound for all of them only where the least is spanned.
        self.rank = min(ranks)
        self.counts = [self.dimension - rank for rank in ranks]

    def refine(self, found: int) -> None:
        """Nothing: velocities of steepest flows are polynomials on no ring."""

    def words(self, found: int) -> str:
        spanned = f"the velocities of a sample of losses span {self.rank} of {self.dimension} dimensions"
        where = f"at each of {self.points} random points"
        if len(set(self.counts)) > 1:
            where = f"at the first of {self.points} points (where no entry vanishes; elsewhere {self.counts[1:]} laws)"
        proved = "proved: " if found == self.bound else ""
        return f"{proved}{spanned} {where} (exact signs or enclosures; no bracket taken)"
