"""Named ranges of values, from which the cases of a conjecture are drawn and towards whose simple end they shrink.

Every dimension has a coordinate u in [0, 1] with its simple end at 0: that is how points are spread over a space.
"""

import abc
import dataclasses
import itertools
import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

Plain = bool | int | float | str | None  # what a case holds: readable, and the same after a round trip through JSON
DIGITS = 6  # of the numbers that are drawn, so that a case can be read


class AbstractDimension(abc.ABC):
    """The values that one name of a case may take."""

    @property
    @abc.abstractmethod
    def ends(self) -> tuple[Plain, ...]:
        """The values at the ends, simplest first."""

    @property
    @abc.abstractmethod
    def count(self) -> int | float:
        """How many values there are."""

    @abc.abstractmethod
    def at(self, u: float) -> Plain:
        """The value at coordinate u."""

    @abc.abstractmethod
    def near(self, value: Plain, width: float, random: np.random.Generator) -> Plain:
        """Another value, about `width` of the range away."""

    @abc.abstractmethod
    def simpler(self, value: Plain) -> list[Plain]:
        """Simpler values, the simplest first; following them always ends."""

    @abc.abstractmethod
    def check(self, name: str, value: Any) -> Plain:
        """`value` if it is one of the dimension's, else a `ValueError`."""


@dataclasses.dataclass(frozen=True)
class Integers(AbstractDimension):
    """The whole numbers from `low` to `high`, both included."""

    low: int
    high: int

    @property
    def ends(self) -> tuple[Plain, ...]:
        """Low, high."""
        return (self.low,) if self.low == self.high else (self.low, self.high)

    @property
    def count(self) -> int | float:
        """How many."""
        return self.high - self.low + 1

    def at(self, u: float) -> Plain:
        """Equal parts of [0, 1] for all of them."""
        return min(self.high, self.low + int(u * (self.high - self.low + 1)))

    def near(self, value: Any, width: float, random: np.random.Generator) -> Plain:
        """At least one away, if there is room."""
        step = round(float(random.normal()) * width * (self.high - self.low)) or (1 if random.random() < 0.5 else -1)
        return min(self.high, max(self.low, value + step))

    def simpler(self, value: Any) -> list[Plain]:
        """The low end, then half of the way to it, a quarter, …, down to one less."""
        distance = value - self.low
        found: list[Plain] = []
        while distance > 0:
            found.append(value - distance)
            distance //= 2
        return found

    def check(self, name: str, value: Any) -> Plain:
        """A whole number in the range."""
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or not self.low <= value <= self.high:
            raise ValueError(f"{name} must be a whole number from {self.low} to {self.high}, got {value!r}.")
        return int(value)


@dataclasses.dataclass(frozen=True)
class Reals(AbstractDimension):
    """The numbers from `low` to `high`; with `log`, spread evenly in their logarithm."""

    low: float
    high: float
    log: bool = False

    @property
    def ends(self) -> tuple[Plain, ...]:
        """Low, high."""
        return (self.low,) if self.low == self.high else (self.low, self.high)

    @property
    def count(self) -> int | float:
        """One if the ends coincide, else infinity."""
        return 1 if self.low == self.high else math.inf

    def at(self, u: float) -> Plain:
        """Linear in u, or geometric."""
        value = self.low * (self.high / self.low) ** u if self.log else self.low + u * (self.high - self.low)
        return self._within(float(f"{value:.{DIGITS}g}"))

    def near(self, value: Any, width: float, random: np.random.Generator) -> Plain:
        """Normally distributed around it, in the coordinate u."""
        if self.low == self.high:
            return self.low
        if self.log:
            here = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            here = (value - self.low) / (self.high - self.low)
        return self.at(min(1.0, max(0.0, here + width * float(random.normal()))))

    def simpler(self, value: Any) -> list[Plain]:
        """Numbers in the range that take fewer or smaller digits to write, the shortest first."""
        mantissa, exponent = _decimal(value)
        rounded = [float(f"{value:.{digits}g}") for digits in range(1, DIGITS)]
        smaller = []
        if 1 < abs(mantissa) < 10:
            sign = 1 if mantissa > 0 else -1
            smaller = [_float(sign * m, exponent) for m in (abs(mantissa) // 2, abs(mantissa) - 1)]
        candidates = {0.0, 1.0, 2.0, 3.0, 5.0, 0.5, 0.1, 10.0, self.low, abs(value), *rounded, *smaller}
        inside: list[float] = [
            float(v) for v in candidates if self.low <= v <= self.high and _length(v) < _length(value)
        ]
        return [*sorted(inside, key=_length)]

    def check(self, name: str, value: Any) -> Plain:
        """A number in the range."""
        if isinstance(value, bool) or not isinstance(value, int | float | np.number):
            raise ValueError(f"{name} must be a number, got {type(value).__name__}: {value!r}.")
        if not self.low <= value <= self.high:
            raise ValueError(f"{name} must be in [{self.low:g}, {self.high:g}], got {value!r}.")
        return float(value)

    def _within(self, value: float) -> float:
        return min(self.high, max(self.low, value))


@dataclasses.dataclass(frozen=True)
class Choices(AbstractDimension):
    """A few values, the simplest first."""

    values: tuple[Plain, ...]

    @property
    def ends(self) -> tuple[Plain, ...]:
        """All of them: none stands for another."""
        return self.values

    @property
    def count(self) -> int | float:
        """How many."""
        return len(self.values)

    def at(self, u: float) -> Plain:
        """Equal parts of [0, 1] for all of them."""
        return self.values[min(len(self.values) - 1, int(u * len(self.values)))]

    def near(self, value: Plain, width: float, random: np.random.Generator) -> Plain:
        """Any other: they have no order."""
        others = [other for other in self.values if not _same(other, value)]
        return others[int(random.integers(len(others)))] if others else value

    def simpler(self, value: Plain) -> list[Plain]:
        """Those that stand before it."""
        return list(self.values[: self._index(value)])

    def check(self, name: str, value: Any) -> Plain:
        """One of the values."""
        if not any(_same(value, one) for one in self.values):
            raise ValueError(f"{name} must be one of {', '.join(map(repr, self.values))}, got {value!r}.")
        return value

    def _index(self, value: Plain) -> int:
        return next(i for i, one in enumerate(self.values) if _same(one, value))


def integers(low: Any, high: Any) -> Integers:
    """The whole numbers from `low` to `high`, both included; small ones are simple.

    >>> mf.cases.integers(1, 4)
    Integers(low=1, high=4)

    **Raises:** `ValueError` for what is no whole number, or low > high.
    """
    for name, value in (("low", low), ("high", high)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer):
            raise ValueError(f"integers: {name} must be a whole number, got {type(value).__name__}: {value!r}.")
    if low > high:
        raise ValueError(f"integers: low must not exceed high, got low={low} and high={high}.")
    return Integers(int(low), int(high))


def reals(low: Any, high: Any, log: bool = False) -> Reals:
    """The numbers from `low` to `high`; those with few digits are simple.

    **Arguments:** `log`: whether to spread them evenly in their logarithm, for a range of several decades.

    >>> mf.cases.reals(1e-3, 10.0, log=True)
    Reals(low=0.001, high=10.0, log=True)

    **Raises:** `ValueError` for ends that are not finite numbers, low > high, or `log` with low ≤ 0.
    """
    for name, value in (("low", low), ("high", high)):
        if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not math.isfinite(value):
            raise ValueError(f"reals: {name} must be a finite number, got {value!r}.")
    if low > high:
        raise ValueError(f"reals: low must not exceed high, got low={low:g} and high={high:g}.")
    if log and low <= 0:
        raise ValueError(f"reals: low must be positive where log=True, got {low:g}.")
    return Reals(float(low), float(high), bool(log))


def choices(*values: Any) -> Choices:
    """Some values: words, numbers or truth values; what stands first is simple.

    Potentials, functions and the like get a name here and are looked up by it in the check, so that a counterexample
    can be written down and read by others.

    >>> mf.cases.choices("quadratic", "entropy").values
    ('quadratic', 'entropy')

    **Raises:** `ValueError` for no value, one that is given twice, or one that is not a word or a finite number.
    """
    if not values:
        raise ValueError("choices needs at least one value.")
    kept: list[Plain] = []
    for value in values:
        plain = value.item() if isinstance(value, np.generic) else value
        if not (plain is None or isinstance(plain, bool | int | float | str)) or plain in (math.inf, -math.inf):
            raise ValueError(
                f"choices: a value must be a word, a finite number or a truth value, got {type(value).__name__}: "
                f"{value!r}; give it a name here and look it up in the check."
            )
        if plain != plain:
            raise ValueError("choices: a value must not be NaN.")
        if any(_same(plain, other) for other in kept):
            raise ValueError(f"choices: every value must be given once, got {value!r} twice.")
        kept.append(plain)
    return Choices(tuple(kept))


def booleans() -> Choices:
    """False or True; False is simple.

    >>> mf.cases.booleans().values
    (False, True)
    """
    return choices(False, True)


class Space(Mapping[str, AbstractDimension]):
    """Names and what each may be: a case is one value for each of them."""

    def __init__(self, dimensions: Mapping[str, AbstractDimension]) -> None:
        self._dimensions = dict(dimensions)

    def __getitem__(self, name: str) -> AbstractDimension:
        return self._dimensions[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._dimensions)

    def __len__(self) -> int:
        return len(self._dimensions)

    def __repr__(self) -> str:
        return f"Space({self._dimensions})"

    @property
    def count(self) -> int | float:
        """How many cases there are."""
        return math.prod(dimension.count for dimension in self.values())

    def at(self, point: Any) -> dict[str, Plain]:
        """The case at a point of the unit cube."""
        return {name: dimension.at(float(u)) for (name, dimension), u in zip(self.items(), point, strict=True)}

    def everything(self) -> Iterator[dict[str, Plain]]:
        """All cases of a space that has finitely many, one after the other."""
        columns = [[one.at((i + 0.5) / one.count) for i in range(int(one.count))] for one in self.values()]
        for values in itertools.product(*columns):
            yield dict(zip(self, values, strict=True))

    def check(self, case: Mapping[str, Any]) -> dict[str, Plain]:
        """The case with its values in the order of the names, or a `ValueError`."""
        if set(case) != set(self):
            raise ValueError(f"A case must have the names {', '.join(self)}, got {', '.join(case) or 'none'}.")
        return {name: dimension.check(name, case[name]) for name, dimension in self.items()}


def _same(one: Any, other: Any) -> bool:
    """Equal and of one type: True is not 1."""
    return type(one) is type(other) and one == other


def _decimal(value: float) -> tuple[int, int]:
    """(m, e) with value = m·10^e as it is written, m without zeros at its end."""
    digits, _, power = f"{value!r}".partition("e")
    whole, _, fraction = digits.partition(".")
    mantissa, exponent = int(whole + fraction), int(power or 0) - len(fraction)
    while mantissa and mantissa % 10 == 0:
        mantissa, exponent = mantissa // 10, exponent + 1
    return (mantissa, exponent) if mantissa else (0, 0)


def _float(mantissa: int, exponent: int) -> float:
    return float(f"{mantissa}e{exponent}")


def _length(value: float) -> tuple[int, int, int, bool]:
    """How long a number takes to write: digits, zeros around them, their size, a sign."""
    mantissa, exponent = _decimal(float(value))
    digits = len(str(abs(mantissa))) if mantissa else 0
    return digits, abs(exponent), abs(mantissa), value < 0
