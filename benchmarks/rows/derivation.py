"""Laws found and counted, each model once in a fresh process with one thread, imports not included."""

import ast
import pathlib

from measuring import Row, report_of

PROGRAM = pathlib.Path(__file__).parents[1] / "programs" / "derivation.py"
# What was asked for; the others are shown beside them.
AT_MOST = {"UVᵀ, n=m=r=4": 5, "ReLU 5-8-8-1": 20, "attention of width 6": 30}


def names() -> list[str]:
    """The keys of the program's table, which is read and not run."""
    for node in ast.parse(PROGRAM.read_text()).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "MODELS":
            return [ast.literal_eval(key) for key in node.value.keys]
    raise RuntimeError(f"{PROGRAM.name} has no table MODELS.")


def measure() -> list[Row]:
    rows, memory = [], 0.0
    for name in names():
        found = report_of(PROGRAM, name)
        memory = max(memory, found["megabytes"])
        note = f"{found['parameters']} parameters, found {found['found']}, counted {found['counted']}"
        rows.append(Row(f"laws of {name}", found["seconds"], "s", at_most=AT_MOST.get(name), note=note))
    rows.append(Row("laws, most memory of these", memory, "MB", at_most=2048))
    return rows
