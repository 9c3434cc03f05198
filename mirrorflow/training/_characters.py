"""Texts that every Python brings along."""

import importlib.util
import pathlib
from typing import Any

from .. import _checks
from ._data_text import Text, printable

# Modules of one file each that no Python from 3.11 on is without, in the order in which their sources stand.
_NAMES = """
    argparse ast bdb bisect calendar cmd code configparser contextlib copy csv dataclasses datetime difflib
    enum filecmp fileinput fractions ftplib functools getopt gettext glob graphlib gzip hashlib heapq hmac
    imaplib inspect ipaddress linecache locale mailbox mimetypes netrc numbers operator optparse pdb pickle
    pickletools platform plistlib poplib pprint pyclbr queue quopri random reprlib rlcompleter sched selectors
    shelve shlex shutil smtplib socket socketserver ssl statistics subprocess tabnanny tarfile tempfile
    textwrap threading timeit tokenize trace traceback types typing uuid warnings wave weakref webbrowser
    zipapp
"""
MODULES = tuple(_NAMES.split())
SOURCES = ("reference", "library")


def characters(source: str = "reference", length: int = 64, *, test: Any = 0.1) -> Text:
    """Text of the installed Python as `Text`, one token a character of a vocabulary of 96.

    "reference" is the language reference that `help()` shows, about 460 thousand characters of English with examples;
    "library" are the sources of a fixed list of standard modules, about two and a half million. Both have one
    vocabulary, so that a network trained on one can go on with the other. They differ a little between versions of
    Python.

    **Arguments:** `length`: of the windows; `test`: the share of the text, its end, that is held out.

    **Raises:** `ValueError` for another source, a share outside (0, 1) or a length below 1.

    **Source:** `pydoc_data.topics` and the standard library; theory page 06 (data).

    >>> data = mf.training.characters("reference", length=32)
    >>> data.input_shape, data.classes, "assert" in data.decode(data.tokens[:1000])
    ((32,), 96, True)
    """
    words = _reference() if _checks.one_of("source", source, SOURCES) == "reference" else _library()
    return Text.from_string(printable(words), length, test=test)


def _reference() -> str:
    from pydoc_data.topics import topics

    return "\n".join(topics[name] for name in sorted(topics))


def _library() -> str:
    return "\n".join(_source(name) for name in MODULES)


def _source(name: str) -> str:
    # Found without being imported, so that nothing runs.
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        raise ImportError(f"The source of the standard module {name} is not installed with this Python.")
    return pathlib.Path(spec.origin).read_text(encoding="utf-8")
