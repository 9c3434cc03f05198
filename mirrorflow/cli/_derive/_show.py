"""What was derived, on the terminal."""

import sympy
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ...derive import ConservationLaws, Form, Law, LegendreFunction
from .._words import plural
from ._line import behaviour, domain, line
from ._mirror import TOTAL, Mirror

FEW = 6


def show(console: Console, found: ConservationLaws, heading: str, mirror: Mirror | None, everything: bool) -> None:
    """Model and flow, the laws, their number and what it rests on, the mirror flow."""
    console.print(Text(heading, "bold"), soft_wrap=True)
    console.print(Text(f"{_words(found.flow)} of {_parameters(found)}"))
    console.print()
    if found.laws:
        console.print(_table(found, everything))
        console.print()
    console.print(number(found))
    for sentence in sentences(found):
        console.print(Text(sentence))
    if mirror is not None:
        _mirror(console, mirror)


def _words(text: str) -> str:
    for name, letter in (("lambda", "λ"), ("tau", "τ")):
        text = text.replace(name, letter)
    return text


def _parameters(found: ConservationLaws) -> str:
    names = [line(variable) for variable in found.model.variables]
    if len(names) > FEW:
        return plural(len(names), "parameter")
    return ", ".join(names)


def _table(found: ConservationLaws, everything: bool) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", caption_justify="left")
    table.add_column("law", overflow="fold")
    table.add_column("along the flow", no_wrap=True)
    whole, rest = split(found)
    for form, law_rates, count in whole:
        shown = form.text if count == 1 else f"{form.text}  ({count} laws)"
        table.add_row(Text(shown, "bold"), "; ".join(map(behaviour, law_rates)))
    # Laws that a form names already follow as examples.
    order = [*rest, *(law for law in found.laws if law not in rest)]
    room = len(order) if everything else FEW
    for law in order[:room]:
        table.add_row(Text(f"{'  ' if whole else ''}{line(law.expression)}"), behaviour(law.rate))
    if len(order) > room:
        table.caption = f"… {len(order) - room} more, --all shows them"
    return table


def split(found: ConservationLaws) -> tuple[list[tuple[Form, list[sympy.Expr], int]], list[Law]]:
    """The forms with their rates and how many laws each names, and the laws that are named by none."""
    rates = {law.expression: law.rate for law in found.laws}
    whole: list[tuple[Form, list[sympy.Expr], int]] = []
    named: set[sympy.Expr] = set()
    for form in found.forms:
        own = {sympy.expand(sign * entry) for entry in form.entries for sign in (1, -1)} & set(rates)
        if own:
            whole.append((form, sorted({rates[one] for one in own}, key=str), len(own)))
        named |= own
    return whole, [law for law in found.laws if law.expression not in named]


def number(found: ConservationLaws) -> Text:
    """How many laws there are and whether all are found."""
    if found.complete:
        one = "This is the only law" if len(found) == 1 else f"These are all {len(found)} laws"
        if found.model.caveat:
            one = one if found.laws else "There is no law"
            return Text(f"✓ {one} of the path products; what data sees of them is said below.", "bold green")
        if not found.laws:
            return Text("✓ There is no law: data can move the parameters in every direction.", "bold green")
        if not found.proved:
            return Text(f"✓ {one} that there are as counted in double precision.", "bold green")
        return Text(f"✓ {one}: there are no more.", "bold green")
    if found.count is None:
        return Text(f"? {plural(len(found), 'law')} found; how many there are is not known.", "bold yellow")
    if found.complete is None:
        words = f"? {plural(len(found), 'law')} found, at most {found.count}: more cannot be concluded."
        return Text(words, "bold yellow")
    words = f"? {len(found)} of {plural(found.count, 'law')} found, {found.missing} missing: --degree searches further."
    return Text(words, "bold yellow")


def sentences(found: ConservationLaws) -> list[str]:
    """The count, what it rests on, where it depends on the point, and what data may not see."""
    said = []
    if found.count is not None:
        taken = found.rank if found.closure is None else found.closure
        brackets = "" if found.closure is None else ", brackets included"
        size = len(found.model.variables)
        more = {1: " and time", size: ", as many velocities", size + 1: ", as many velocities, and time"}
        what = plural(size, "parameter") + more[found.dimension - size] if found.dimension > size else "parameters"
        moved = f"{taken} (directions in which data can move them{brackets})"
        said.append(f"{found.dimension} ({what}) − {moved} = {found.count}")
    said.append(found.certificate[:1].upper() + found.certificate[1:] + ".")
    if len(set(found.counts)) > 1:
        said.append(f"The count depends on the point: {', '.join(map(str, found.counts))} at random ones.")
    said += dict.fromkeys(f"There {law.where}." for law in found.laws if law.where)
    return said


def _mirror(console: Console, mirror: Mirror) -> None:
    rows = {name: words for name, words in mirror_rows(mirror).items() if words}
    if not rows:
        return
    console.print(Text("\nIn x", "bold"))
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, words in rows.items():
        table.add_row(name, Text(words))
    console.print(table)


def mirror_rows(mirror: Mirror) -> dict[str, str]:
    """What was found, in words by name."""
    rows = {"commutes": _commutes(mirror), "start": mirror.balance if mirror.function else ""}
    function = mirror.function
    if function is not None:
        name, words = potential(function)
        rows[name + _when(mirror)] = words
        rows["domain"] = domain(function.domain) + ("" if function.legendre else ", where R is not Legendre")
        rows["origin"] = function.reason
    rows["ẋ"] = _velocity(mirror)
    if mirror.refused:
        rows["no mirror flow" if function is not None else "R(x)"] = mirror.refused
    return rows


def _when(mirror: Mirror) -> str:
    """Of which R the formula is, where a decay changes it or leaves none."""
    if mirror.drift is None:
        return ", without the decay" if mirror.refused else ""
    return ", t=0" if mirror.drift.speed.has(mirror.drift.spent) else ""


def potential(function: LegendreFunction) -> tuple[str, str]:
    """R in closed form, or R'' where it has none, by a parameter a where that has none either."""
    x = sympy.Symbol("x", real=True)
    if function.parametric is not None:
        _, place, speed = function.parametric
        return "R''(x)", f"{line(1 / speed)} at x = {line(place)}"
    try:
        value = function.expression(x)
    except ValueError:
        value = sympy.I
    # A logarithm of what is negative there would be right up to a constant, and hard to read.
    return ("R''(x)", line(function.metric(x))) if value.has(sympy.I) else ("R(x)", line(value))


def _velocity(mirror: Mirror) -> str:
    """ẋ, by R'' where that is known by a parameter only."""
    velocity = mirror.velocity
    if velocity is None or mirror.drift is None:
        return ""
    if velocity.has(sympy.Lambda):
        return (
            "see --latex" if (mirror.drift.drift, mirror.drift.inside) != (0, 0) else f"{line(mirror.direction)}/R''(x)"
        )
    return line(velocity).replace("Lambda", "Λ") + (", Λ = ∫λ" if velocity.has(TOTAL) else "")


def _commutes(mirror: Mirror) -> str:
    found = mirror.commuting
    if found is None:
        return ""
    if found.holds:
        decay = ", with the decay too: [∇h, ∇g] = 0 for h = ‖θ‖²" if "h" in found.between.split() else ""
        pairs = "" if decay else f": {found.between}"
        return f"yes{decay}{pairs}"
    multiple = "" if found.multiple is None else f", which is {line(found.multiple)}·∇g"
    return f"no: the bracket of {found.between} has the entry {line(found.witness)}{multiple}"
