"""The table of theory page 03, derived: which steepest flow of which product is which mirror flow."""

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ...derive import LegendreTable, legendre_table
from ._line import domain, line
from ._show import potential

DEPTHS = (2, 3, 4)
EXPONENTS = (1, 1.5, 2)


def derived_table() -> LegendreTable:
    """Depths 2 to 4 under sign flow, q=3/2 and gradient flow."""
    return legendre_table(DEPTHS, EXPONENTS)


def rows(table: LegendreTable) -> list[dict[str, Any]]:
    """Cells by their headings; R in closed form, or R″ by a parameter a."""
    return [
        {
            "depth": row.depth,
            "q": line(row.q),
            "start": row.start,
            "m": line(row.metric_exponent),
            "domain": domain(row.function.domain),
            "leaves 0": {True: "yes", False: "no"}.get(row.function.leaves_origin) or line(row.function.leaves_origin),
            "potential": " = ".join(potential(row.function)),
        }
        for row in table
    ]


def show_table(console: Console, table: LegendreTable) -> None:
    """One line a row; λ is the balance |w_i|^q − |w_L|^q of the start, or all factors are equal."""
    shown = Table(box=None, pad_edge=False, header_style="dim")
    cells = rows(table)
    for name in cells[0]:
        shown.add_column(name, overflow="fold", no_wrap=name != "potential")
    for row in cells:
        shown.add_row(*(Text(str(cell)) for cell in row.values()))
    console.print(Text("x = w_1·…·w_L under q-steepest flow: R with d∇R(x) = −sign(∇f)|∇f|^(q−1)dt", "bold"))
    console.print(Text("m = q(L−1)/L; one small factor: |w_i|^q − |w_L|^q = λ for i<L; balanced: λ = 0\n"))
    console.print(shown)


def table_latex(table: LegendreTable) -> str:
    """A small document that compiles as it stands."""
    head = "\\documentclass[landscape]{article}\n\\usepackage{amsmath,amssymb}\n\\begin{document}\n\\small"
    return f"{head}\n{table.to_latex()}\n\\end{{document}}"
