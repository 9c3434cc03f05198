"""What is to be run: first the tuning of every arm in every setting, then the best numbers from every seed."""

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ._records import Records, Run, run_of
from ._study import Arm, Setting, Size, Study

TUNING_SEED = 1000  # is not among the seeds that are reported


class Best(NamedTuple):
    """The numbers that tuning found, its score, and the names of those that lie at an end of their range."""

    numbers: Mapping[str, float]
    score: float
    at_ends: tuple[str, ...]


def places(arm: Arm, trials: int) -> list[dict[str, float]]:
    """The numbers that tuning tries: quasi-random in the logarithms, the same for every setting.

    One number alone is tried at equal distances, both ends included.
    """
    names = list(arm.tuned)
    if not names:
        return [dict(arm.fixed)]
    if len(names) == 1:
        shares = [[k / (trials - 1) if trials > 1 else 0.5] for k in range(trials)]
    else:
        from scipy.stats import qmc

        shares = qmc.Halton(len(names), scramble=False).random(trials + 1)[1:].tolist()
    return [
        {**{name: _at(arm.tuned[name], share) for name, share in zip(names, row, strict=True)}, **arm.fixed}
        for row in shares
    ]


def tuning(study: Study, size: Size, arm: Arm, setting: Setting) -> list[Run]:
    """The runs that tune an arm in a setting; none where there is nothing to tune."""
    if not arm.tuned or not size.trials:
        return []
    setting = {**setting, **study.tuned_in}
    return [
        run_of(study, size, arm, setting, numbers, TUNING_SEED, tuning=True) for numbers in places(arm, size.trials)
    ]


def best(study: Study, size: Size, arm: Arm, setting: Setting, records: Records) -> Best | None:
    """What tuning found, or None while it is not done. A score that is not finite is the worst."""
    runs = tuning(study, size, arm, setting)
    if not runs:
        middle = {name: _at(ends, 0.5) for name, ends in arm.tuned.items()}
        return Best({**middle, **arm.fixed}, math.nan, ())
    measured = [records.get(run) for run in runs]
    if any(found is None for found in measured):
        return None
    scores = [found["score"] if math.isfinite(found["score"]) else -math.inf for found in measured if found is not None]
    at = max(range(len(runs)), key=scores.__getitem__)
    return Best(runs[at].numbers, scores[at], _at_ends(arm, runs, runs[at]))


def final(study: Study, size: Size, arm: Arm, setting: Setting, records: Records) -> list[Run] | None:
    """The runs that are reported, or None while tuning is not done."""
    found = best(study, size, arm, setting, records)
    if found is None:
        return None
    return [run_of(study, size, arm, setting, found.numbers, seed, tuning=False) for seed in range(size.seeds)]


def missing(study: Study, full: bool, records: Records, arms: Iterable[Arm] | None = None) -> list[Run]:
    """The runs of these arms, by default all, that can be made now and are not recorded."""
    size, runs = study.size(full), []
    for arm in study.arms_of(full) if arms is None else arms:
        for setting in size.settings:
            now = final(study, size, arm, setting, records)
            runs += tuning(study, size, arm, setting) if now is None else now
    return [run for run in {run.key: run for run in runs}.values() if records.get(run) is None]


def total(study: Study, full: bool) -> int:
    """How many runs a size has."""
    size = study.size(full)
    final_runs = len(size.settings) * size.seeds * len(study.arms_of(full))
    tuned = {run.key for arm in study.arms_of(full) for one in size.settings for run in tuning(study, size, arm, one)}
    return final_runs + len(tuned)


def _at(ends: tuple[float, float], share: float) -> float:
    low, high = ends
    # Rounded, so that what is recorded reads as what was meant.
    return float(f"{math.exp(math.log(low) + share * (math.log(high) - math.log(low))):.4g}")


def _at_ends(arm: Arm, runs: list[Run], chosen: Run) -> tuple[str, ...]:
    def outermost(name: str) -> bool:
        tried = [run.numbers[name] for run in runs]
        return len(tried) > 2 and chosen.numbers[name] in (min(tried), max(tried))

    return tuple(name for name in arm.tuned if outermost(name))
