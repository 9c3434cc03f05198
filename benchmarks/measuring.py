"""What every row of the table uses: a row, fresh processes, interleaved repeats, and the machine's description."""

import dataclasses
import datetime
import importlib.metadata
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

ROOT = pathlib.Path(__file__).parents[1]
LIBRARIES = ("mirrorflow", "jax", "jaxlib", "diffrax", "equinox", "optimistix", "lineax", "optax", "numpy", "sympy")
# One thread each, whatever else the environment says; programs read the modules beside this one.
ENVIRONMENT = {
    "PYTHONPATH": str(pathlib.Path(__file__).parent),
    **{f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")},
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
}
COMMAND = ("-c", "from mirrorflow.cli import main; main()")


@dataclasses.dataclass(frozen=True)
class Row:
    """`measured` beside `reference`, both in `unit`; with no reference `measured` alone is held against the target."""

    name: str
    measured: float
    unit: str
    reference: float | None = None
    at_most: float | None = None
    note: str = ""

    @property
    def figure(self) -> float:
        return self.measured if self.reference is None else self.measured / self.reference

    @property
    def met(self) -> bool | None:
        return None if self.at_most is None else self.figure <= self.at_most


def medians(candidates: Mapping[str, Callable[[], float]], repeats: int) -> dict[str, float]:
    """The median of each candidate's figures, taken in turns so that a busy moment of the machine falls on all."""
    figures: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(repeats):
        for name, figure in candidates.items():
            figures[name].append(figure())
    return {name: statistics.median(taken) for name, taken in figures.items()}


def seconds(call: Callable[[], object]) -> float:
    """How long `call` takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def python(*arguments: str, cache: pathlib.Path | None = None, check: bool = True, all_cores: bool = False) -> str:
    """What a fresh interpreter prints, with its compiled programs kept in `cache` if one is given; with one thread, or
    as many as it likes.
    """
    environment = {**os.environ, **ENVIRONMENT}
    if all_cores:
        environment = {
            key: value for key, value in environment.items() if key not in ENVIRONMENT or key == "PYTHONPATH"
        }
    if cache is not None:
        environment["MIRRORFLOW_CACHE"] = str(cache)
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments)[:200]} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def report_of(program: pathlib.Path, *arguments: str, **more: Any) -> dict:
    """The JSON on the last line that `program` prints in a fresh interpreter, see `python`."""
    return json.loads(python(str(program), *arguments, **more).splitlines()[-1])


def circumstances() -> dict[str, object]:
    """Versions, machine and date: what the figures hang on."""
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "versions": dict(_versions(LIBRARIES)),
    }


def _versions(names: Iterable[str]) -> Iterable[tuple[str, str]]:
    for name in names:
        try:
            yield name, importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            yield name, "not installed"


def _processor() -> str:
    described = pathlib.Path("/proc/cpuinfo")
    if described.is_file():
        for line in described.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown"
