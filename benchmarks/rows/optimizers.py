"""One update of ten million weights by each optimizer against `optax.adamw`, all in one process, on all cores."""

import pathlib

from measuring import Row, report_of

PROGRAM = pathlib.Path(__file__).parents[1] / "programs" / "optimizers.py"
# What was asked for, as a ratio to adamw; the others are shown beside them.
AT_MOST = {
    "ham": 1.3,
    "horst": 1.3,
    "sparse_opt": 1.3,
    "pilot": 1.3,
    "sign_in": 1.3,
    "nano_adam": 1.1,
    "nano_adam, in place": 0.6,
    "masked adamw": 1.05,
}
STATE = 0.16  # of Adam's bytes: 1.6 times the density


def measure() -> list[Row]:
    found = report_of(PROGRAM, all_cores=True)
    taken, state = found["seconds"], found["state bytes"]
    rows = [
        Row(f"step of {name}", seconds, "s", taken["adamw"], AT_MOST.get(name), f"{state[name] / 1e6:.0f} MB of state")
        for name, seconds in taken.items()
        if name != "adamw"
    ]
    small, whole = state["nano_adam"], state["adamw"]
    rows.append(Row("state of nano_adam at density 0.1", small / 1e6, "MB", whole / 1e6, STATE, found["device"]))
    return rows
