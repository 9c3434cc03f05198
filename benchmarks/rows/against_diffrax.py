"""`integrate` beside the same equation written directly in diffrax, with the same solver and tolerances."""

import pathlib
import statistics

from measuring import Row, report_of

PROGRAM = pathlib.Path(__file__).parents[1] / "programs" / "against_diffrax.py"
SIDES = ("mirrorflow", "diffrax")
FLOWS = range(3)
SMALL, LARGE = ("40", "100", "20"), ("200", "1000", "5")  # samples, features, end
REPEATS = 3


def measure() -> list[Row]:
    return [row for number in FLOWS for row in (*_small(number), *_large(number))]


def _small(number: int) -> list[Row]:
    """Run time and compile time where a run takes milliseconds."""
    reports = {side: [report_of(PROGRAM, *SMALL, str(number), side) for _ in range(REPEATS)] for side in SIDES}
    compiled = {side: statistics.median(report["compile"] for report in reports[side]) for side in SIDES}
    every = [report for side in SIDES for report in reports[side]]
    return [
        _run_row(every, "40×100"),
        Row(f"{every[0]['name']}, first call less a later one", compiled["mirrorflow"], "s", compiled["diffrax"], 1.2),
    ]


def _large(number: int) -> list[Row]:
    """Run time where the right-hand side dominates."""
    return [_run_row([report_of(PROGRAM, *LARGE, str(number), "mirrorflow")], "200×1000")]


def _run_row(reports: list[dict], size: str) -> Row:
    run = {side: statistics.median(report["run"][side] for report in reports) for side in SIDES}
    name, difference = reports[0]["name"], max(report["difference"] for report in reports)
    note = f"largest difference of x {difference:.0e}"
    return Row(f"{name}, {size}, run", run["mirrorflow"], "s", run["diffrax"], 1.05, note)
