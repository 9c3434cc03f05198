"""ReLU networks to losses beyond every float, and a wide one; each in a fresh process with one thread."""

import pathlib

from measuring import Row, report_of

PROGRAM = pathlib.Path(__file__).parents[1] / "programs" / "networks.py"
# Seconds allowed to a log loss of −300 and of −10⁴, compilation not counted.
ENDS = {-300: 10.0, -10_000: 60.0}
NAMES = ("quadratic", "power 1.5", "power 3", "hyperbolic entropy")
WIDTH, STEPS = 4096, 6


def measure() -> list[Row]:
    rows = []
    for name in NAMES:
        for end, allowed in ENDS.items():
            found = report_of(PROGRAM, "small", name, str(end))
            note = f"{found['status']}: {found['steps']:,} steps, {found['events']} events, "
            note += f"slid {100 * found['slid']:.1f} %, balance drift {found['drift']:.0e}, "
            note += f"{found['compile']:.0f} s to compile"
            rows.append(Row(f"5-10-1, {name}, to log 𝓛={end:,}", found["seconds"], "s", at_most=allowed, note=note))
    for precision in ("float64", "float32"):
        found = report_of(PROGRAM, "wide", str(WIDTH), str(STEPS), precision)
        note = f"{found['device']}, {found['operations per second'] / 1e9:.3g} GFLOP/s, stepping across kinks"
        rows.append(Row(f"64-{WIDTH}-10 on digits, {precision}", found["steps per second"], "steps/s", note=note))
    return rows
