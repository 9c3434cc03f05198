"""The rows of theory page 03's table that name a potential, derived one by one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sympy

from .. import _checks
from ..reparameterizations import Hadamard
from ._legendre import LegendreFunction, legendre
from ._setting import steepest_exponent

BALANCE = sympy.Symbol("lambda", positive=True)


@dataclass(frozen=True)
class Row:
    """One depth, q and start: the metric exponent m=q(L−1)/L and the Legendre function that was derived."""

    depth: int
    q: sympy.Expr
    balanced: bool
    metric_exponent: sympy.Expr
    function: LegendreFunction

    @property
    def start(self) -> str:
        """In words."""
        return "balanced" if self.balanced else "one small factor"


@dataclass(frozen=True)
class LegendreTable:
    """Rows, to be read one by one or as a LaTeX table."""

    rows: tuple[Row, ...]

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def to_latex(self) -> str:
        """A tabular environment: depth, q, start, m, the potential and its domain, whether the origin is left."""
        lines = []
        for row in self.rows:
            leaves = {True: "yes", False: "no"}.get(row.function.leaves_origin)
            cells = (
                str(row.depth),
                f"${sympy.latex(row.q)}$",
                row.start,
                f"${sympy.latex(row.metric_exponent)}$",
                f"${row.function.to_latex()}$",
                leaves or f"${sympy.latex(row.function.leaves_origin)}$",
            )
            lines.append(" & ".join(cells) + r" \\")
        head = r"depth & $q$ & start & $m$ & potential and domain & leaves the origin \\ \hline"
        return "\n".join([r"\begin{tabular}{rllllr}", head, *lines, r"\end{tabular}"])


def legendre_table(depths: Sequence[int], qs: Sequence[Any]) -> LegendreTable:
    """Which potential and domain each depth, q and start has, without decay: the table of theory page 03, derived.

    **Arguments:** `depths`: each at least 2; `qs`: numbers in [1, 2], geometries, or a positive symbol.

    **Raises:** `ValueError` for what is not allowed.

    **Source:** Never Saddle (arXiv:2603.02064); theory page 03 (which mirror flow is it?).

    >>> from mirrorflow.derive._legendre_table import legendre_table
    >>> [(row.start, row.function.domain) for row in legendre_table([3], [2])]
    [('one small factor', Interval(-oo, oo)), ('balanced', Interval.open(0, oo))]
    """
    rows = []
    for depth in depths:
        product = Hadamard(_checks.integer("depths", depth, at_least=2))
        for given in qs:
            q = steepest_exponent(given)
            for balance in (BALANCE, 0):
                rows.append(Row(depth, q, balance == 0, q * (depth - 1) / depth, legendre(product, balance, q)))
    return LegendreTable(tuple(rows))
