"""Reading what defines claims: installed packages that offer some, and files that somebody names."""

import dataclasses
import hashlib
import importlib
import importlib.metadata
import importlib.util
import pathlib
import pkgutil
import sys
import traceback
import types

import cloudpickle

from ._experiment import Origin

GROUP = "mirrorflow.claims"
OWN = "mirrorflow.content.checks"


@dataclasses.dataclass(frozen=True)
class LoadError:
    """A module of claims that could not be read."""

    where: str
    words: str
    traceback: str


_errors: dict[str, LoadError] = {}
_loaded: set[str] = set()


def load_installed() -> list[LoadError]:
    """Import every module that offers claims; one that fails does not keep the others from loading."""
    for module in _offered():
        if module not in _loaded:
            _loaded.add(module)
            _import(module)
    return load_errors()


def load_errors() -> list[LoadError]:
    """The modules of claims that could not be read so far."""
    return list(_errors.values())


def load(origin: Origin) -> None:
    """Read one origin, as another process does before it runs what is defined there."""
    if origin.kind == "module":
        importlib.import_module(origin.where)
    elif origin.kind == "file":
        module_of_file(origin.where)


def module_of_file(path: str | pathlib.Path) -> types.ModuleType:
    """The module that a Python file is, which is run if nobody has loaded it yet."""
    file = pathlib.Path(path).resolve()
    if not file.is_file():
        raise FileNotFoundError(f"There is no file {str(path)!r}.")
    return _module_of(file) or _run_file(file)


def _import(name: str) -> None:
    module = _try_import(name)
    for found in pkgutil.iter_modules(getattr(module, "__path__", ())):
        if not found.name.startswith("_"):
            _import(f"{name}.{found.name}")


def _try_import(name: str) -> types.ModuleType | None:
    try:
        return importlib.import_module(name)
    except Exception as error:
        if not (isinstance(error, ModuleNotFoundError) and error.name == name):
            _errors[name] = LoadError(name, f"{type(error).__name__}: {error}", traceback.format_exc())
        return None


def _run_file(file: pathlib.Path) -> types.ModuleType:
    unique = hashlib.sha256(str(file).encode()).hexdigest()[:8]
    name = f"mirrorflow_file_{file.stem}_{unique}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ValueError(f"{file} cannot be read as Python.")
    module = importlib.util.module_from_spec(spec)
    module.__mirrorflow_file__ = str(file)  # type: ignore[attr-defined]
    sys.modules[name] = module
    sys.path.insert(0, str(file.parent))  # as when Python runs the file: its neighbours can be imported
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    finally:
        sys.path.remove(str(file.parent))
    cloudpickle.register_pickle_by_value(module)  # what it defines must be readable where the file is not loaded
    return module


def _module_of(file: pathlib.Path) -> types.ModuleType | None:
    """The module that a file was loaded as, or that it is in a package that offers claims."""
    for module in list(sys.modules.values()):
        where = getattr(module, "__mirrorflow_file__", None) or getattr(module, "__file__", None)
        if where and module.__name__ != "__main__" and pathlib.Path(where) == file:
            return module
    for package in _offered():
        if any(pathlib.Path(folder).resolve() == file.parent for folder in _folders(package)):
            return importlib.import_module(f"{package}.{file.stem}")
    return None


def _offered() -> list[str]:
    return sorted({point.value for point in importlib.metadata.entry_points(group=GROUP)} | {OWN})


def _folders(package: str) -> list[str]:
    try:
        spec = importlib.util.find_spec(package)
    except ImportError:
        return []
    return list(spec.submodule_search_locations or []) if spec is not None else []
