"""Predictions and long flows of the linear theory, a second call each, one thread."""

import pathlib

from measuring import Row, report_of

PROGRAM = pathlib.Path(__file__).parents[1] / "programs" / "linear_theory.py"


def measure() -> list[Row]:
    margins, projections, flows = (report_of(PROGRAM, part) for part in ("margins", "projections", "long_flows"))
    rows = [
        Row(f"max_margin {found['name']}, 500×200", found["seconds"], "s", at_most=5, note=_margin(found))
        for found in margins
    ]
    rows += [
        Row(
            f"bregman_projection, 1000×5000, {found['name']}",
            found["seconds"],
            "s",
            at_most=5,
            note=f"residuals {found['worst']:.0e}, {found['steps']} steps",
        )
        for found in projections
    ]
    for found in flows:
        rows.append(
            Row(f"{found['name']} to log t=1e5", found["seconds"], "s", at_most=3, note=f"{found['steps']} steps")
        )
        rows.append(Row(f"{found['name']}, relative margin gap there", found["gap"], " ", at_most=1e-5))
    return rows


def _margin(found: dict) -> str:
    return f"gap {found['gap']:.0e}; cvxpy alone {found['alone']:.2f} s, {found['error']:.0e} away"
