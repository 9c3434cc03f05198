"""LaTeX as MathML for the report, and as a line of Unicode for the terminal."""

import functools
import html
import re
import unicodedata
from typing import Any

from ._symbols import ABOVE, BLACKBOARD, SILENT, SPACED, SUBSCRIPTS, SUPERSCRIPTS, SYMBOLS

_GROUP = r"\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}"  # braces, nested three deep
_ARGUMENT = rf"(?:{_GROUP}|(\w))"
_FONTS = "text|mathrm|mathbf|boldsymbol|mathcal|mbox"
_STRUCTURE = "|".join(["operatorname", "[dt]?frac", "sqrt", _FONTS, "mathbb", *ABOVE])
_MACROS = {"argmin": r"\operatorname*{arg\,min}", "argmax": r"\operatorname*{arg\,max}", "sign": r"\operatorname{sign}"}


def mathml(latex: str, *, display: bool = False) -> str:
    """MathML of a formula; the formula itself as code where it cannot be read."""
    made = _convert(latex, display)
    return made if made is not None else f'<code class="latex">{html.escape(latex)}</code>'


def mixed(words: str) -> str:
    """HTML of text in which formulas stand between dollar signs."""
    parts = re.split(r"\$([^$]+)\$", words)
    return "".join(mathml(part) if i % 2 else html.escape(part) for i, part in enumerate(parts))


def text(latex: str) -> str:
    r"""A formula in one line of Unicode, for reading in a terminal.

    >>> mf.report.text(r"m_t^2 - w_t^2 = \frac{\beta}{2} e^{-4A_t}")
    'mₜ² - wₜ² = β/2 e^(-4Aₜ)'
    """
    line = re.sub(r"\\(?:begin|end)\{\w+\*?\}", " ", latex)
    line = re.sub(rf"\\({_STRUCTURE})(?![A-Za-z])|\\([A-Za-z]+|.)\s?", _symbol, line)
    line = re.sub(rf"\\operatorname\*?\s*{_GROUP}", r" \1 ", line)
    line = re.sub(rf"\\(?:{_FONTS})\s*{_GROUP}", r"\1", line)
    for _ in range(3):
        line = re.sub(rf"\\[dt]?frac\s*{_ARGUMENT}\s*{_ARGUMENT}", _fraction, line)
        line = re.sub(rf"\\sqrt\s*{_GROUP}", lambda m: f"√{_wrap(m[1])}", line)
    line = re.sub(r"\\mathbb\s*\{(\w)\}", lambda m: BLACKBOARD.get(m[1], m[1]), line)
    line = re.sub(rf"\\({'|'.join(ABOVE)})\s*(?:\{{(\w+)\}}|(\w))", lambda m: (m[2] or m[3]) + chr(ABOVE[m[1]]), line)
    line = re.sub(r"\\[a-zA-Z]+", "", line)
    line = re.sub(r"([_^])([^{\s])", _script, line)
    for _ in range(2):  # scripts in scripts
        line = re.sub(r"([_^])\{([^{}]*)\}", _script, line)
    line = line.replace("{", "").replace("}", "").replace("\0", "{").replace("\1", "}")
    return unicodedata.normalize("NFC", " ".join(line.split()))


def _fraction(found: re.Match[str]) -> str:
    above, below = (_wrap(found[i] if found[i] is not None else found[i + 1]) for i in (1, 3))
    return f" {above}/{below}"


def mixed_text(words: str) -> str:
    """Text with formulas between dollar signs, in Unicode."""
    return re.sub(r"\$([^$]+)\$", lambda m: text(m[1]), words)


@functools.cache
def _convert(latex: str, display: bool) -> str | None:
    converter = _converter()
    if converter is None:
        return None
    try:
        return converter.convert_with_local_state(latex, displaystyle=display)
    except Exception:  # the library's own kinds of error; the formula is then shown as it was written
        return None


@functools.cache
def _converter() -> Any:
    try:
        import math_core
    except ImportError:
        return None
    return math_core.LatexToMathML(macros=_MACROS)


def _symbol(match: re.Match[str]) -> str:
    name = match[2]
    if name is None:
        return match[0]
    if name in SILENT:
        return ""
    if name in "{}":
        return "\0" if name == "{" else "\1"
    found = SYMBOLS.get(name, name)
    return f" {found} " if name in SPACED else found


def _script(match: re.Match[str]) -> str:
    inner = match[2]
    small = SUPERSCRIPTS if match[1] == "^" else SUBSCRIPTS
    letters = inner.replace(" ", "")
    if letters and all(letter in small for letter in letters):
        return "".join(small[letter] for letter in letters)
    return match[1] + (inner if len(inner) == 1 else f"({inner})")


def _wrap(inner: str) -> str:
    return inner if re.fullmatch(r"\\?\w+", inner.strip()) else f"({inner})"
