"""From a counterexample to a small one: simpler cases are tried, and the first that still refutes is gone on from."""

import dataclasses
import itertools
from collections.abc import Callable, Iterator

from ._space import Integers, Plain, Space
from ._trial import Trial

MOST = 200  # cases that are tried at most
REDRAWS = 2  # other draws that a simpler case is given, because other shapes mean other data


@dataclasses.dataclass(frozen=True)
class Shrunk:
    """What shrinking led to: `shrinks` steps down in `attempts` cases; `minimal` if nothing simpler was left to try."""

    trial: Trial
    shrinks: int
    attempts: int
    minimal: bool


def shrink(
    space: Space, found: Trial, check: Callable[[dict[str, Plain], int], Trial | None], *, draws: bool
) -> Iterator[Shrunk]:
    """Each state on the way down; the last is the smallest that was found.

    `check` tries a case with a draw, and returns None when the search is to stop.
    """
    shrinks = attempts = 0
    tried: set[tuple[object, ...]] = set()
    yield Shrunk(found, 0, 0, False)
    while True:
        for case, draw in _candidates(space, found, draws=draws):
            mark = (*((type(value), value) for value in case.values()), draw)
            if mark in tried:
                continue
            tried.add(mark)
            trial = check(case, draw) if attempts < MOST else None
            if trial is None:
                yield Shrunk(found, shrinks, attempts, False)
                return
            attempts += 1
            if trial.outcome == "refuted":
                found, shrinks = trial, shrinks + 1
                yield Shrunk(found, shrinks, attempts, False)
                break
        else:
            yield Shrunk(found, shrinks, attempts, True)
            return


def _candidates(space: Space, found: Trial, *, draws: bool) -> Iterator[tuple[dict[str, Plain], int]]:
    numbers = list(dict.fromkeys([found.draw, *range(REDRAWS)])) if draws else [found.draw]
    for case in simpler_cases(space, found.case):
        for draw in numbers:
            yield case, draw


def simpler_cases(space: Space, case: dict[str, Plain]) -> Iterator[dict[str, Plain]]:
    """Everything at its simple end; then one value simpler; then two at once, counts by equal amounts."""
    simpler = {name: dimension.simpler(case[name]) for name, dimension in space.items()}
    if sum(map(bool, simpler.values())) > 1:
        yield case | {name: values[0] for name, values in simpler.items() if values}
    for name, values in simpler.items():
        for value in values:
            yield case | {name: value}
    for one, other in itertools.combinations([name for name, values in simpler.items() if values], 2):
        if isinstance(space[one], Integers) and isinstance(space[other], Integers):
            yield from _both_lower(space, case, one, other)
        else:
            yield case | {one: simpler[one][0], other: simpler[other][0]}


def _both_lower(space: Space, case: dict[str, Plain], one: str, other: str) -> Iterator[dict[str, Plain]]:
    def below(name: str) -> int:
        value, dimension = case[name], space[name]
        assert isinstance(value, int) and isinstance(dimension, Integers)
        return value - dimension.low

    amount = min(below(one), below(other))
    while amount > 0:
        yield case | {name: space[name].check(name, case[name] - amount) for name in (one, other)}  # type: ignore[operator]
        amount //= 2
