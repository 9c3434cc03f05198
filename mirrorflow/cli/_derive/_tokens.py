"""From a typed formula to its words: names, numbers, operators and parentheses, and nothing else."""

import dataclasses
import re
import unicodedata

_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_OPERATORS = str.maketrans("⊙·⋅×∗−–", "*****--")
_WORDS = re.compile(
    r"(?P<blank>\s+)"
    r"|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,2}(?!\d))?)"
    r"|(?P<name>[A-Za-zΑ-Ωα-ω][A-Za-zΑ-Ωα-ω0-9_]*)"
    r"|(?P<raised>[⁰¹²³⁴⁵⁶⁷⁸⁹]+)"
    r"|(?P<operator>\*\*|[-+*/^()=])"
)
_LONGEST = 2000


@dataclasses.dataclass(frozen=True)
class Token:
    """A word of a formula, its kind and the column at which it begins."""

    kind: str
    text: str
    column: int


class Unreadable(ValueError):
    """A formula that is none, with the place to look at."""

    def __init__(self, formula: str, column: int, reason: str):
        super().__init__(f"{reason}\n  {formula}\n  {' ' * column}^")


def tokens(formula: str) -> list[Token]:
    """The words of a formula, an empty one of kind "end" last.

    **Raises:** `Unreadable` at the first character that has no place in a formula.
    """
    if len(formula) > _LONGEST:
        raise ValueError(f"A formula has at most {_LONGEST} characters, got one of {len(formula)}.")
    line = formula.translate(_SUBSCRIPTS).translate(_OPERATORS)
    found, column = [], 0
    while column < len(line):
        match = _WORDS.match(line, column)
        if match is None:
            raise Unreadable(formula, column, f"{line[column]!r} has no place in a formula.")
        kind, text = str(match.lastgroup), match[0]
        if kind == "name":
            text = _name(formula, text, column)
        if kind != "blank":
            found.append(Token(kind, text.translate(_SUPERSCRIPTS), column))
        column = match.end()
    return [*found, Token("end", "", len(formula))]


def _name(formula: str, text: str, column: int) -> str:
    """A name in Latin letters, as sympy has it: β1 is beta1."""
    if "__" in text or text.endswith("_"):
        raise Unreadable(formula, column, f"{text!r} is no name: single underscores stand inside of names only.")
    return "".join(letter if letter.isascii() else greek(letter) for letter in text)


def greek(letter: str) -> str:
    """The name of a Greek letter, a capital one with a capital.

    >>> from mirrorflow.cli._derive._tokens import greek
    >>> greek("λ"), greek("Γ")
    ('lambda', 'Gamma')
    """
    name = unicodedata.name(letter)
    word = name.rsplit(" ", 1)[1].lower().replace("lamda", "lambda")
    return word.capitalize() if "CAPITAL" in name else word
