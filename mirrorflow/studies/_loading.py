"""Finding studies: modules of `studies/`, or files of the user's own, that define `STUDY`."""

import importlib
import pathlib
import pkgutil

from ..claims._loading import module_of_file
from ..claims._registry import near
from ._study import Study

FOLDER = "mirrorflow.content.studies"


class UnknownStudy(LookupError):
    """There is no study of this name; the message has near ones."""


def study_names() -> list[str]:
    """Names of all studies, found without importing them."""
    return sorted(stem.replace("_", "-") for stem in _stems())


def study_of(name: str) -> Study:
    """The study of this name, or in this file.

    **Raises:** `UnknownStudy` with near names; `ValueError` if the module defines none.
    """
    if name.endswith(".py"):
        if not pathlib.Path(name).is_file():
            raise UnknownStudy(f"There is no file {name!r}.")
        module = module_of_file(name)
    else:
        stem = name.replace("-", "_")
        if stem not in _stems():
            raise UnknownStudy(f"There is no study {name!r}{near(name, study_names())}")
        module = importlib.import_module(f"{FOLDER}.{stem}")
    study = getattr(module, "STUDY", None)
    if not isinstance(study, Study):
        raise ValueError(f"{name}: STUDY must be a mf.studies.Study, got {type(study).__name__}.")
    return study


def published(study: Study) -> pathlib.Path | None:
    """The folder where the records of this study are kept with the package, if there is one."""
    package = importlib.import_module(FOLDER)
    for folder in package.__path__:
        found = pathlib.Path(folder) / "results"
        if (found / f"{study.name}.jsonl").is_file():
            return found
    return None


def _stems() -> list[str]:
    package = importlib.import_module(FOLDER)
    return [found.name for found in pkgutil.iter_modules(package.__path__) if not found.name.startswith("_")]
