"""What the command does, from its options to what it prints."""

import json
import re
import sys
from typing import Any

from ..._config import enable_float64
from ...derive import conservation_laws
from .._words import err, out, refuse
from ._document import document, latex
from ._flow import check_names, decay_of, geometry_of, half_line, metric_of, momentum_of
from ._mirror import mirror_of
from ._models import Asked, asked_model
from ._show import show
from ._table import derived_table, rows, show_table, table_latex

MODEL = ("network", "name", "sizes", "activation", "biases", "constants", "positive")


def derive_table(*, as_json: bool, as_latex: bool, alone: bool) -> None:
    """Derive the table of theory page 03 and print it."""
    if not alone:
        refuse("--table is of products alone; give no formula, --network or --model with it.")
    enable_float64()
    with err().status("deriving"):
        table = derived_table()
    if as_json:
        sys.stdout.write(json.dumps(rows(table), ensure_ascii=False) + "\n")
    elif as_latex:
        sys.stdout.write(table_latex(table) + "\n")
    else:
        show_table(out(), table)


def derive(formulas: list[str], *, as_json: bool, as_latex: bool, everything: bool, **options: Any) -> None:
    """Derive and print; leave with code 2 where that cannot be done."""
    enable_float64()
    try:
        if as_json and as_latex:
            raise ValueError("--json and --latex are two ways to print; give one of them.")
        with err().status("deriving"):
            asked, found, mirror = _derived(formulas, options)
    except (ValueError, ImportError) as error:  # an ImportError names the extra to install
        refuse(re.sub(r"\b(limit|degree)=", r"--\1 ", str(error)))
    if as_json:
        sys.stdout.write(json.dumps(document(found, formulas, mirror), ensure_ascii=False) + "\n")
    elif as_latex:
        sys.stdout.write(latex(found, mirror) + "\n")
    else:
        show(out(), found, asked.heading, mirror, everything)


def _derived(formulas: list[str], options: dict[str, Any]) -> tuple[Asked, Any, Any]:
    decay, momentum = decay_of(options["decay"]), momentum_of(options["momentum"])
    geometry, metric = geometry_of(options["geometry"]), metric_of(options["metric"])
    chosen = {name: options[name] for name in MODEL}
    asked = asked_model(formulas, all_positive=half_line(metric), limit=options["limit"], **chosen)
    taken = {"lambda": "the rate of the decay"} if isinstance(decay, str) else {}
    taken |= {} if momentum is None else {"t": "time", "tau": "the damping"}
    taken |= {} if geometry is None or isinstance(geometry, float) else {"q": "the exponent of the flow"}
    check_names(asked.model, taken)
    found = conservation_laws(
        asked.model,
        metric=metric,
        geometry=geometry,
        decay=decay,
        momentum=momentum,
        degree=options["degree"],
        limit=options["limit"],
        seed=options["seed"],
    )
    plain = metric is None and momentum is None
    if options["balance"] is not None and not (asked.formulas and plain and len(formulas) == 1):
        raise ValueError("--balance is where the flow of one formula starts, without --metric and --momentum.")
    mirror = None
    if asked.formulas and plain:
        check_names(asked.model, {"x": "the value of the formula"} if len(formulas) == 1 else {})
        mirror = mirror_of(asked.model, geometry, decay, options["balance"])
    return asked, found, mirror
