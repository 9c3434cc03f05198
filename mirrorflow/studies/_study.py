"""What a study is: methods, settings, what is tuned and what is measured."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

Setting = Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class Arm:
    """A method. `recipe` is what the study's `run` makes it from; `tuned` are ranges that are searched on a logarithmic
    scale, `fixed` the numbers that are not; `against` is the arm that it is compared with, by default the baseline;
    `why` says what the reader must know of it.
    """

    name: str
    recipe: Any
    tuned: Mapping[str, tuple[float, float]] = dataclasses.field(default_factory=dict)
    fixed: Mapping[str, float] = dataclasses.field(default_factory=dict)
    against: str | None = None
    why: str = ""

    def __post_init__(self) -> None:
        for name, ends in self.tuned.items():
            low, high = ends
            if not 0 < low < high:
                raise ValueError(f"tuned[{name!r}] of arm {self.name!r} must be a range 0 < low < high, got {ends}.")
        both = set(self.tuned) & set(self.fixed)
        if both:
            raise ValueError(f"{', '.join(sorted(both))} of arm {self.name!r} must be tuned or fixed, not both.")


@dataclasses.dataclass(frozen=True)
class Measure:
    """A number that runs report: its `name`, what it is in `words`, and whether more of it is better (True), less
    (False), or neither (None). Tables multiply it by `factor` and show so many `digits`.
    """

    name: str
    words: str
    better: bool | None = None
    factor: float = 1.0
    digits: int = 2


@dataclasses.dataclass(frozen=True)
class Size:
    """How much is run: the settings, how many seeds and tuning trials, which arms (all by default), and numbers for
    `run`, such as steps. Without trials, nothing is tuned: numbers are the middles of their ranges.
    """

    settings: tuple[Setting, ...]
    seeds: int
    trials: int
    numbers: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    arms: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.seeds < 2:
            raise ValueError(f"seeds must be at least 2, an interval needs them; got {self.seeds}.")
        if self.trials < 0:
            raise ValueError(f"trials must be at least 0, got {self.trials}.")
        if not self.settings:
            raise ValueError("settings must hold at least one setting, got none.")


@dataclasses.dataclass(frozen=True)
class Trial:
    """One run: a method in a setting, with numbers, from a seed. When `tuning`, its score must not see test data."""

    arm: Arm
    setting: Setting
    numbers: Mapping[str, float]
    seed: int
    size: Mapping[str, Any]
    tuning: bool


@dataclasses.dataclass(frozen=True)
class Study:
    """A question that runs answer.

    **Arguments:** `run`: a trial ↦ measured numbers by name. Runs for tuning report `score`, and the numbers with the
    highest one are taken; every arm gets `trials` of them in each setting, at the same quasi-random places of its
    ranges, from a seed that is not used afterwards. `baseline`: the arm that others are compared with, seed by seed.
    `tuned_in`: fields of the settings that tuning replaces, so that what is found there serves all of them.
    `draw`: results ↦ a matplotlib figure. `edition`: raise it when runs of before no longer count.

    **Raises:** `ValueError` for a baseline or an arm that is not there, or two of one name.
    """

    name: str
    title: str
    question: str
    source: str
    run: Callable[[Trial], Mapping[str, float]]
    arms: tuple[Arm, ...]
    baseline: str
    measures: tuple[Measure, ...]
    small: Size
    full: Size
    tuned_in: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    draw: Callable[[Any], Any] | None = None
    edition: int = 1

    def __post_init__(self) -> None:
        names = [arm.name for arm in self.arms]
        if len(set(names)) < len(names):
            raise ValueError(f"arms of study {self.name!r} must have different names, got {', '.join(names)}.")
        others = {arm.against for arm in self.arms if arm.against is not None} - set(names)
        if others:
            raise ValueError(f"against must be one of {', '.join(names)}; got {', '.join(sorted(others))}.")
        if self.baseline not in names:
            raise ValueError(f"baseline must be one of {', '.join(names)}; got {self.baseline!r}.")
        for size in (self.small, self.full):
            unknown = set(size.arms or ()) - set(names)
            if unknown:
                raise ValueError(f"arms of a size must be among {', '.join(names)}; got {', '.join(sorted(unknown))}.")

    def arm(self, name: str) -> Arm:
        """The arm of this name."""
        return next(arm for arm in self.arms if arm.name == name)

    def against(self, arm: Arm) -> str:
        """The name of the arm that this one is compared with."""
        return arm.against or self.baseline

    def size(self, full: bool) -> Size:
        """The full size or the small one."""
        return self.full if full else self.small

    def arms_of(self, full: bool) -> tuple[Arm, ...]:
        """The arms that are run at a size."""
        chosen = self.size(full).arms
        return self.arms if chosen is None else tuple(arm for arm in self.arms if arm.name in chosen)
