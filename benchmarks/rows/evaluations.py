"""Right-hand sides that `integrate` takes by itself, beside the best of diffrax's explicit solvers.

The same tolerances for all; the errors at the end, against a run a thousand times tighter, stand beside the counts.
"""

import pathlib

from measuring import Row, report_of

PROGRAM = pathlib.Path(__file__).parents[1] / "programs" / "evaluations.py"


def measure() -> list[Row]:
    return [_row(**case) for case in report_of(PROGRAM)]


def _row(name: str, end: float, ours: tuple[int, float], theirs: dict[str, tuple[int, float]]) -> Row:
    best = min(theirs, key=lambda solver: theirs[solver][0])
    count, error = theirs[best]
    note = f"against {best}; error {ours[1]:.0e}, its {error:.0e}"
    return Row(f"{name}, right-hand sides to t={end:g}", ours[0], "", count, 1.1, note)
