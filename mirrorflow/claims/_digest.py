"""What a value is, as a short text: equal for equal values in different processes, different when anything changes.

An experiment's result is determined by its code, by the helpers that code reaches and by the values both use. Functions
are read as compiled code, so that comments and formatting do not count and functions typed at a prompt have one too.
Code of the package itself and of installed libraries is not followed: `_provenance` covers it by files and versions.
"""

import dataclasses
import dis
import enum
import functools
import hashlib
import inspect
import sys
import sysconfig
import types
from collections.abc import Mapping
from typing import Any

import cloudpickle
import numpy as np

INSTALLED = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})


def digest(value: Any, home: str = "") -> str:
    """The digest of `value`; code in the top-level package `home` is followed even where it is installed."""
    walk = _Walk(home)
    walk.feed(value)
    return walk.hash.hexdigest()


class _Walk:
    """One pass over a value. `seen` ends cycles (a function that calls itself) at a number of the first visit."""

    def __init__(self, home: str) -> None:
        self.hash = hashlib.sha256()
        self.home = home
        self.seen: dict[int, tuple[int, Any]] = {}

    def mark(self, *words: object) -> None:
        self.hash.update(repr(words).encode())

    def feed(self, value: Any) -> None:
        if value is None or isinstance(value, bool | int | float | complex | str | bytes):
            self.mark(type(value).__name__, value)
            return
        if id(value) in self.seen:
            self.mark("seen", self.seen[id(value)][0])
            return
        self.seen[id(value)] = len(self.seen), value  # the value is kept alive, so that its id stays its own
        self.compound(value)

    def compound(self, value: Any) -> None:
        if isinstance(value, types.ModuleType):
            self.module(value)
        elif isinstance(value, types.CodeType):
            self.code(value)
        elif isinstance(value, functools.partial):
            self.each("partial", (value.func, value.args, value.keywords))
        elif isinstance(value, type):
            self.klass(value)
        elif isinstance(value, staticmethod | classmethod | types.MethodType):
            self.each("method", (value.__func__, getattr(value, "__self__", None)))
        elif isinstance(value, property):
            self.each("property", (value.fget, value.fset))
        elif isinstance(value, enum.Enum):
            self.mark("enum", type(value).__qualname__, value.name)
        elif isinstance(value, tuple | list):
            self.each(str(value.__class__.__name__), value)
        elif isinstance(value, set | frozenset):
            self.mark("set", sorted(digest(item, self.home) for item in value))
        elif isinstance(value, Mapping):
            self.each("mapping", [part for item in value.items() for part in item])
        elif isinstance(inspect.unwrap(value) if callable(value) else value, types.FunctionType):
            self.function(inspect.unwrap(value))
        elif hasattr(value, "__array__"):
            self.array(np.asarray(value))
        else:
            self.object(value)

    def each(self, kind: str, values: Any) -> None:
        self.mark(kind, len(values))
        for value in values:
            self.feed(value)

    def array(self, value: np.ndarray) -> None:
        self.mark("array", value.shape, str(value.dtype))
        if value.dtype.hasobject:
            self.each("objects", value.ravel().tolist())
        else:
            self.hash.update(np.ascontiguousarray(value).tobytes())

    def module(self, module: types.ModuleType) -> None:
        self.mark("module", module.__name__)
        file = getattr(module, "__file__", None)
        if file and self.is_local(module.__name__, file):
            with open(file, "rb") as source:
                self.hash.update(source.read())

    def function(self, function: types.FunctionType) -> None:
        if not self.is_local(function.__module__, function.__code__.co_filename):
            self.mark("library", function.__module__, function.__qualname__)
            return
        self.code(function.__code__)
        self.each("defaults", (function.__defaults__, function.__kwdefaults__))
        self.each("closure", [_contents(cell) for cell in function.__closure__ or ()])
        for name in sorted(_globals(function.__code__)):
            if name in function.__globals__:
                self.mark("global", name)
                self.feed(function.__globals__[name])

    def code(self, code: types.CodeType) -> None:
        """Instruction by instruction, each with what it names: so a docstring among the constants does not count."""
        self.mark(code.co_argcount, code.co_kwonlyargcount, code.co_flags, code.co_varnames[: code.co_argcount])
        for _, opcode, value in _instructions(code):
            self.mark(opcode)
            if isinstance(value, types.CodeType | tuple | frozenset):
                self.compound(value)
            else:
                self.mark(value)

    def klass(self, kind: type) -> None:
        self.mark("type", kind.__module__, kind.__qualname__)
        if self.is_local(kind.__module__, getattr(sys.modules.get(kind.__module__), "__file__", None) or "<string>"):
            self.each("bases", kind.__bases__)
            for name, member in sorted(vars(kind).items()):
                if callable(member) or isinstance(member, property | staticmethod | classmethod) or name[:2] != "__":
                    self.mark(name)
                    self.feed(member)

    def object(self, value: Any) -> None:
        stable = getattr(value, "__mirrorflow_digest__", None)
        if stable is not None:
            self.feed(stable())
            return
        self.feed(type(value))
        if dataclasses.is_dataclass(value):
            self.each("fields", [getattr(value, field.name, None) for field in dataclasses.fields(value)])
        elif getattr(value, "__dict__", None):
            self.feed(dict(sorted(vars(value).items())))
        else:
            try:
                self.hash.update(cloudpickle.dumps(value))
            except Exception:  # a lock, a file: what it is decides nothing, that it is there does
                self.mark("opaque")

    def is_local(self, module: str | None, file: str) -> bool:
        """Whether code is the user's (or content), not the package's rooms and not an installed library's."""
        top = (module or "").partition(".")[0]
        if top == "mirrorflow":
            return (module or "").startswith("mirrorflow.content")
        if top in sys.builtin_module_names or (file.startswith("<frozen") and top in sys.stdlib_module_names):
            return False
        return (bool(self.home) and top == self.home) or not file.startswith(INSTALLED)


@functools.cache
def _instructions(code: types.CodeType) -> tuple[tuple[str, int, Any], ...]:
    """(name, number, argument) of each instruction; kept, because every unit's digest goes through the same code."""
    return tuple((each.opname, each.opcode, each.argval) for each in dis.get_instructions(code))


def _globals(code: types.CodeType) -> set[str]:
    """Names of module-level things that `code` or code nested in it reads."""
    names = {value for name, _, value in _instructions(code) if name in ("LOAD_GLOBAL", "LOAD_NAME")}
    return names.union(*(_globals(const) for const in code.co_consts if isinstance(const, types.CodeType)))


def _contents(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not filled yet
        return None
