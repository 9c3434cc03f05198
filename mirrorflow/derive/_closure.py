"""The dimension of the Lie algebra that vector fields generate, at a random point modulo a prime.

Brackets of length k+1 are brackets of the fields themselves with those of length k. Where they raise the rank at a
generic point no further, the fields of length k span everything over the rational functions, and the algebra is
closed. Over the rational functions it is enough to take brackets of a set of fields that is independent at the point.

A rank modulo a prime, at any point, is a lower bound for the generic rank over the rationals: a minor that is not zero
modulo the prime is not zero. So D − rank bounds the number of laws from above with certainty; that the rank is not
larger holds up to the chance of a point on a hypersurface, at most (degree of the minor)/2³¹.
"""

import random
from typing import Any

import numpy as np

from ._decays import TIME
from ._modular import Echelon, product
from ._ring import PRIME, ModularRing
from ._system import System

Field = dict[int, Any]


class Fields:
    """The velocities of a system in its closed functions, modulo the prime, at one random point."""

    def __init__(self, system: System, seed: int):
        if system.closed is None:
            raise ValueError("The system has no closed set of functions.")
        self.modular = ModularRing(system.ring)
        generator = random.Random(seed)
        self.point = system.draw(generator)
        constants = system.ring.symbols
        moving = {function.symbol for function in system.closed}
        drift = system.drift
        # Time is a coordinate like the others where fields change with it.
        timed = [] if drift is None else [s for s in system.ring.support(drift.time_speed) if s == TIME]
        moving |= set(timed)
        # Constants of the model take their values at once.
        self.fixed = {i: self.point[i] for i, symbol in enumerate(constants) if symbol not in moving}
        self.places = [system.ring.position[function.symbol] for function in system.closed]
        self.size = len(self.places) + (drift is not None)
        self.places += [system.ring.position[symbol] for symbol in timed]
        self.fields = [field for field in self._fields(system) if field]

    def _fields(self, system: System) -> list[Field]:
        assert system.closed is not None
        made: list[Field] = []
        if system.drift is not None:
            drift = {
                i: self._image(system.drift.closed[function.symbol])
                for i, function in enumerate(system.closed)
                if function.symbol in system.drift.closed
            }
            made.append(drift | {self.size - 1: self._image(system.drift.time_speed)})
        for force in system.forces:
            field = {}
            for i, function in enumerate(system.closed):
                if function.owner in force and function.speed is not None and not function.speed.is_zero():
                    field[i] = self._image(function.speed * force[function.owner])
            made.append(field)
        return made

    def _image(self, polynomial: Any) -> Any:
        image = self.modular.image(polynomial)
        names = self.modular.context.names()
        return image.subs({names[i]: value for i, value in self.fixed.items()}) if self.fixed else image

    def value(self, field: Field) -> np.ndarray:
        """The field at the point."""
        found = np.zeros(self.size, dtype=np.int64)
        for i, polynomial in field.items():
            found[i] = int(polynomial(*self.point))
        return found

    def jacobian(self, field: Field) -> np.ndarray:
        """Its derivatives at the point."""
        found = np.zeros((self.size, self.size), dtype=np.int64)
        for i, polynomial in field.items():
            degrees = polynomial.degrees()
            for j, place in enumerate(self.places):
                if degrees[place] > 0:
                    found[i, j] = int(polynomial.derivative(place)(*self.point))
        return found

    def bracket(self, left: Field, right: Field) -> Field:
        """[X, Y] = DY·X − DX·Y"""
        found: Field = {}
        for sign, along, of in ((1, left, right), (-1, right, left)):
            for i, polynomial in of.items():
                degrees = polynomial.degrees()
                for j, step in along.items():
                    if j < len(self.places) and degrees[self.places[j]] > 0:
                        term = sign * (polynomial.derivative(self.places[j]) * step)
                        found[i] = found[i] + term if i in found else term
        return {i: polynomial for i, polynomial in found.items() if not polynomial.is_zero()}


def rank_of_fields(fields: Fields) -> tuple[Echelon, list[int]]:
    """The span at the point and which fields make it."""
    echelon = Echelon(fields.size)
    return echelon, [k for k, field in enumerate(fields.fields) if echelon.add(fields.value(field))]


def closure(fields: Fields, *, target: int | None = None) -> int:
    """The rank of the fields with their brackets of any length; stops where it reaches `target`."""
    echelon, chosen = rank_of_fields(fields)
    generators = [_Known(fields, fields.fields[k]) for k in chosen]
    frontier = generators
    while frontier and echelon.rank != target and echelon.rank < fields.size:
        frontier = _longer(fields, echelon, generators, frontier, target)
    return echelon.rank


class _Known:
    """A field with its value and derivatives at the point."""

    def __init__(self, fields: Fields, field: Field):
        self.field = field
        self.value = fields.value(field)
        self.jacobian = fields.jacobian(field)


def _longer(
    fields: Fields, echelon: Echelon, generators: list[_Known], frontier: list[_Known], target: int | None
) -> list[_Known]:
    """The brackets of generators with the frontier that are new at the point."""
    found: list[_Known] = []
    for a, left in enumerate(generators):
        for b, right in enumerate(frontier):
            if generators is frontier and b <= a:
                continue
            value = (product(right.jacobian, left.value) - product(left.jacobian, right.value)) % PRIME
            if not echelon.add(value):
                continue
            if echelon.rank == target:
                return []
            found.append(_Known(fields, fields.bracket(left.field, right.field)))
    return found
