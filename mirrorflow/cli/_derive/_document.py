"""What was derived, as JSON for programs and as LaTeX for papers."""

from typing import Any

import sympy

from ...derive import ConservationLaws, LegendreFunction
from ._line import behaviour, domain
from ._mirror import Mirror
from ._show import mirror_rows


def document(found: ConservationLaws, formulas: list[str], mirror: Mirror | None) -> dict[str, Any]:
    """Expressions as sympy writes them, so that `sympy.sympify` reads them again."""
    return {
        "model": found.model.name,
        "formulas": formulas,
        "flow": found.flow,
        "variables": [str(variable) for variable in found.model.variables],
        "laws": [
            {
                "expression": str(law.expression),
                "rate": str(law.rate),
                "along_the_flow": behaviour(law.rate),
                "latex": law.to_latex(),
            }
            for law in found.laws
        ],
        "forms": [
            {"text": form.text, "latex": form.latex, "entries": [str(entry) for entry in form.entries]}
            for form in found.forms
        ],
        "found": len(found),
        "count": found.count,
        "complete": found.complete,
        "missing": found.missing,
        "dimension": found.dimension,
        "rank": found.rank,
        "closure": found.closure,
        "counts": list(found.counts),
        "certificate": found.certificate,
        "caveat": found.model.caveat,
        "mirror": None if mirror is None else _mirror(mirror),
    }


def _mirror(mirror: Mirror) -> dict[str, Any]:
    made: dict[str, Any] = {"words": mirror_rows(mirror), "refused": mirror.refused}
    if mirror.commuting is not None:
        made |= {"commutes": mirror.commuting.holds, "witness": str(mirror.commuting.witness)}
    if mirror.function is not None:
        made["potential"] = _potential(mirror.function)
        made |= {"domain": domain(mirror.function.domain), "legendre": mirror.function.legendre}
    if mirror.velocity is not None:
        made["velocity"] = str(mirror.velocity)
    return made


def _potential(function: LegendreFunction) -> str | None:
    try:
        return str(function.expression(sympy.Symbol("x", real=True)))
    except ValueError:
        return None


def latex(found: ConservationLaws, mirror: Mirror | None) -> str:
    """A small document that compiles as it stands."""
    displays = [found.to_latex()]
    if mirror is not None:
        displays += _mirror_latex(mirror)
    parts = [rf"\[{chr(10)}{display}{chr(10)}\]" for display in displays]
    if mirror is not None and mirror.drift is not None:
        if mirror.drift.expression.has(mirror.drift.strength):
            parts.append(rf"The decay's rate is $\lambda={'2' if mirror.coupled else ''}\alpha$ below.")
        parts.append(mirror.drift.to_latex())
    title = f"% {found.model.name}: {found.flow}".replace("\n", " ")
    head = "\\documentclass{article}\n\\usepackage{amsmath,amssymb}\n\\begin{document}"
    return "\n".join([title, head, *parts, "\\end{document}"])


def _mirror_latex(mirror: Mirror) -> list[str]:
    commuting = mirror.commuting
    displays = []
    if commuting is not None and commuting.between != "one function g":
        displays.append(commuting.to_latex())
    if mirror.function is not None:
        displays.append(mirror.function.to_latex())
    return displays
