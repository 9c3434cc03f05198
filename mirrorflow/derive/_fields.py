"""The velocities of a system modulo the prime, at one random point."""

import random
from typing import Any

import numpy as np

from ._decays import TIME
from ._modular import Echelon
from ._ring import ModularRing
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


def rank_of_fields(fields: Fields) -> tuple[Echelon, list[int]]:
    """The span at the point and which fields make it."""
    echelon = Echelon(fields.size)
    return echelon, [k for k, field in enumerate(fields.fields) if echelon.add(fields.value(field))]
