"""What a second process has to do for a flow that a first one has integrated."""

import pathlib
import tempfile

from measuring import Row, medians, report_of

PROGRAM = pathlib.Path(__file__).parents[1] / "programs" / "one_flow.py"


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        cache = pathlib.Path(folder)
        cold = report_of(PROGRAM, cache=cache)
        warm: list[dict] = []

        def again() -> float:
            warm.append(report_of(PROGRAM, cache=cache))
            return warm[-1]["seconds"]

        typical = medians({"warm": again}, repeats=5)["warm"]
    note = f"first process: {cold['seconds']:.2f} s and {cold['compiled']} programs compiled"
    return [
        Row("one flow in a second process", typical, "s", at_most=0.6, note=note),
        Row("programs compiled by a second process", max(run["compiled"] for run in warm), "", at_most=0),
    ]
