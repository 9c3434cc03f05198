"""What a study has measured, read by setting, arm and seed."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ._plan import Best, best, final, tuning
from ._records import Records
from ._statistics import Mean, mean_of
from ._study import Arm, Setting, Study


class Results:
    """The reported runs of one size of a study; settings whose runs are not all there are left out."""

    def __init__(self, study: Study, full: bool, records: Records) -> None:
        self.study, self.full, self.records = study, full, records

    @property
    def settings(self) -> tuple[Setting, ...]:
        """All settings of this size."""
        return self.study.size(self.full).settings

    @property
    def arms(self) -> tuple[Arm, ...]:
        """All arms of this size."""
        return self.study.arms_of(self.full)

    @property
    def made(self) -> tuple[str, ...]:
        """When and with what the reported runs were made."""
        size, found = self.study.size(self.full), set()
        for arm in self.arms:
            for setting in self.settings:
                runs = final(self.study, size, arm, setting, self.records) or []
                found |= {self.records.made[run.key] for run in runs if run.key in self.records.made}
        return tuple(sorted(found))

    def values(self, arm: str, measure: str, **setting: Any) -> np.ndarray | None:
        """A measure by seed, or None where runs are missing. `setting`: fields that tell one setting."""
        size = self.study.size(self.full)
        runs = final(self.study, size, self.study.arm(arm), self.setting(**setting), self.records)
        found = [self.records.get(run) for run in runs or ()]
        if not found or any(one is None or measure not in one for one in found):
            return None
        return np.array([one[measure] for one in found if one is not None])

    def interval(self, arm: str, measure: str, **setting: Any) -> Mean | None:
        """Mean and 95 % interval over the seeds, or None where runs are missing."""
        values = self.values(arm, measure, **setting)
        return None if values is None or not np.isfinite(values).all() else mean_of(values)

    def difference(self, arm: str, measure: str, **setting: Any) -> Mean | None:
        """Arm minus the arm that it is compared with, seed by seed: mean and 95 % interval."""
        against = self.study.against(self.study.arm(arm))
        one, other = (self.values(name, measure, **setting) for name in (arm, against))
        if one is None or other is None or not np.isfinite(one - other).all():
            return None
        return mean_of(one - other)

    def best(self, arm: str, **setting: Any) -> Best | None:
        """The numbers that tuning found."""
        size = self.study.size(self.full)
        return best(self.study, size, self.study.arm(arm), self.setting(**setting), self.records)

    def tried(self, arm: str, **setting: Any) -> list[tuple[Mapping[str, float], float]]:
        """What tuning tried and the score of each, in the order of trying; only what is recorded."""
        size = self.study.size(self.full)
        runs = tuning(self.study, size, self.study.arm(arm), self.setting(**setting))
        found = [(run.numbers, self.records.get(run)) for run in runs]
        return [(numbers, measured["score"]) for numbers, measured in found if measured is not None]

    def setting(self, **fields: Any) -> Setting:
        """The setting with these fields.

        **Raises:** `ValueError` where none or several have them.
        """
        found = [one for one in self.settings if all(one.get(name) == value for name, value in fields.items())]
        if len(found) != 1:
            raise ValueError(
                f"fields must tell one setting of {len(self.settings)}, got {fields}: {len(found)} have them."
            )
        return found[0]
