"""The runs of a study, one line of JSON each; a run that is recorded is not run again."""

import dataclasses
import datetime
import hashlib
import json
import os
import pathlib
import platform
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from ..claims._provenance import versions
from ._loading import published
from ._study import Arm, Size, Study, Trial


@dataclasses.dataclass(frozen=True)
class Run:
    """One run as plain data."""

    study: str
    edition: int
    arm: str
    setting: Mapping[str, Any]
    numbers: Mapping[str, float]
    seed: int
    size: Mapping[str, Any]
    tuning: bool

    @property
    def key(self) -> str:
        """What the run is told apart by."""
        plain = json.dumps(dataclasses.asdict(self), sort_keys=True, default=dict)
        return hashlib.sha256(plain.encode()).hexdigest()[:20]

    def trial(self, study: Study) -> Trial:
        """What the study is given to run."""
        return Trial(study.arm(self.arm), self.setting, self.numbers, self.seed, self.size, self.tuning)


def run_of(
    study: Study,
    size: Size,
    arm: Arm,
    setting: Mapping[str, Any],
    numbers: Mapping[str, float],
    seed: int,
    tuning: bool,
) -> Run:
    """The run of an arm in a setting."""
    return Run(study.name, study.edition, arm.name, dict(setting), dict(numbers), seed, dict(size.numbers), tuning)


class Records:
    """What has been measured, by run: read from the published results and from `folder`, written to `folder`."""

    def __init__(self, study: Study, folder: pathlib.Path, fresh: bool = False) -> None:
        self.path = folder / f"{study.name}.jsonl"
        self.measured: dict[str, Mapping[str, float]] = {}
        self.made: dict[str, str] = {}
        self._one_at_a_time = threading.Lock()
        if fresh:
            self.path.unlink(missing_ok=True)
            return
        home = published(study)
        for path in (home / self.path.name if home else None, self.path):
            for line in _lines(path):
                self.measured[line["key"]] = line["measured"]
                self.made[line["key"]] = line["made"]

    def get(self, run: Run) -> Mapping[str, float] | None:
        """What the run measured, or None."""
        return self.measured.get(run.key)

    def add(self, run: Run, measured: Mapping[str, float], seconds: float) -> None:
        """Keep what a run measured."""
        about = {"arm": run.arm, "setting": run.setting, "numbers": run.numbers, "seed": run.seed, "tuning": run.tuning}
        made = _circumstances()
        line = {"key": run.key, **about, "measured": dict(measured), "seconds": round(seconds, 2), "made": made}
        with self._one_at_a_time:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
            self.measured[run.key], self.made[run.key] = measured, made


def _circumstances() -> str:
    """When and with what a run is made."""
    known = versions()
    libraries = ", ".join(f"{name} {known[name]}" for name in ("python", "jax", "optax"))
    return f"{datetime.date.today().isoformat()}, {platform.machine()}, {os.cpu_count()} cores, {libraries}"


def _lines(path: pathlib.Path | None) -> Iterator[dict[str, Any]]:
    if path is None or not path.is_file():
        return
    for line in path.read_text("utf-8").splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            continue  # the line that was being written when something stopped the writer
