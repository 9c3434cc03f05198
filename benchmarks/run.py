"""Ratios against what a user would use instead, measured in one run: `make bench ARGS="ROW ..."`.

Nothing else should run on the machine meanwhile. The table is printed and kept under `benchmarks/results/`.
"""

import argparse
import dataclasses
import importlib
import json
import pathlib
import pkgutil

import rich.console
import rich.table
from measuring import Row, circumstances

HERE = pathlib.Path(__file__).parent
ROWS = tuple(sorted(module.name for module in pkgutil.iter_modules([str(HERE / "rows")])))


def measure(names: list[str], console: rich.console.Console) -> list[Row]:
    rows: list[Row] = []
    for name in names:
        with console.status(f"measuring {name}"):
            rows += importlib.import_module(f"rows.{name}").measure()
    return rows


def worded(value: float, unit: str) -> str:
    return f"{value:.4g} {unit}" if unit else f"{value:,.0f}"


def cells(row: Row) -> tuple[str, ...]:
    reference = "" if row.reference is None else worded(row.reference, row.unit)
    ratio = "" if row.reference is None else f"{row.figure:.3f}"
    target = "" if row.at_most is None else f"≤ {row.at_most:g}" + ("" if row.reference is not None else f" {row.unit}")
    met = {None: "", True: "yes", False: "NO"}[row.met]
    return row.name, worded(row.measured, row.unit), reference, ratio, target, met, row.note


HEADINGS = ("", "mirrorflow", "instead", "ratio", "target", "met", "")


def show(rows: list[Row], console: rich.console.Console) -> None:
    table = rich.table.Table(*HEADINGS, title="mirrorflow against what one would use instead", title_justify="left")
    for row in rows:
        table.add_row(*cells(row), style="red" if row.met is False else None)
    console.print(table)


def save(rows: list[Row], folder: pathlib.Path) -> None:
    """One JSON for programs and one Markdown table for readers."""
    about = circumstances()
    folder.mkdir(parents=True, exist_ok=True)
    measured = [{**dataclasses.asdict(row), "figure": row.figure, "met": row.met} for row in rows]
    (folder / "latest.json").write_text(json.dumps({**about, "rows": measured}, indent=2, ensure_ascii=False) + "\n")
    lines = [
        "# Benchmarks",
        "",
        f"{about['date']} · {about['processor']}, {about['cores']} cores, {about['system']} · Python {about['python']}",
        "",
        " · ".join(f"{name} {version}" for name, version in about["versions"].items()),
        "",
        "| " + " | ".join(HEADINGS) + " |",
        "|" + "---|" * len(HEADINGS),
        *("| " + " | ".join(cells(row)) + " |" for row in rows),
    ]
    (folder / "latest.md").write_text("\n".join(lines) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "rows", nargs="*", metavar="ROW", help=f"which rows to measure: {', '.join(ROWS)} (default: all)"
    )
    parser.add_argument("--out", type=pathlib.Path, default=HERE / "results", help="where to keep the table")
    chosen = parser.parse_args()
    unknown = set(chosen.rows) - set(ROWS)
    if unknown:
        parser.error(f"unknown row(s) {', '.join(sorted(unknown))}; there are {', '.join(ROWS)}")
    console = rich.console.Console()
    rows = measure(chosen.rows or list(ROWS), console)
    show(rows, console)
    save(rows, chosen.out)


if __name__ == "__main__":
    main()
