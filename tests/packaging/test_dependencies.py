"""What the code imports is what `pyproject.toml` declares, and the core imports nothing that is an extra."""

import ast
import functools
import pathlib
import re
import sys
import tomllib
from collections.abc import Iterator

ROOT = pathlib.Path(__file__).parents[2]
INSTALLED = ("mirrorflow", "theory_checks", "figures", "demos")
SHOWS = ("cli", "plotting", "report")  # the rooms that may need an extra as soon as they are imported
NAMES = {"sklearn": "scikit-learn", "flint": "python-flint", "math_core": "math-core"}  # module: distribution
COMES_WITH = {"cycler": "matplotlib", "jaxlib": "jax", "mpmath": "sympy", "pandas": "xarray"}


@functools.cache
def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def declared(*extras: str) -> set[str]:
    requirements = project()["dependencies"] + [r for e in extras for r in project()["optional-dependencies"][e]]
    return {re.split(r"[<>=!~\[; ]", requirement)[0] for requirement in requirements}


def distributions(statements: Iterator[ast.stmt]) -> set[str]:
    """The distributions outside the standard library that `statements` import."""
    modules = set()
    for statement in statements:
        if isinstance(statement, ast.Import):
            modules |= {alias.name for alias in statement.names}
        elif isinstance(statement, ast.ImportFrom) and statement.level == 0:
            modules.add(statement.module)
    tops = {module.partition(".")[0] for module in modules} - sys.stdlib_module_names - {"mirrorflow"}
    return {COMES_WITH.get(top, NAMES.get(top, top)) for top in tops}


def test_every_import_is_declared_as_a_dependency_or_an_extra():
    allowed = declared("symbolic", "reference", "data", "figures", "cli", "demo")
    for folder in INSTALLED:
        for path in (ROOT / folder).rglob("*.py"):
            neighbours = {neighbour.stem for neighbour in path.parent.glob("*.py")}
            needed = distributions(ast.walk(ast.parse(path.read_text())))
            assert needed <= allowed | neighbours, path


def core_modules() -> list[pathlib.Path]:
    rooms = (path for path in (ROOT / "mirrorflow").rglob("*.py"))
    return [path for path in rooms if path.relative_to(ROOT / "mirrorflow").parts[0] not in SHOWS]


def test_the_core_imports_no_extra_when_it_is_loaded():
    for path in core_modules():
        assert distributions(iter(ast.parse(path.read_text()).body)) <= declared(), path


def test_all_holds_every_extra():
    extras = set(project()["optional-dependencies"])
    (everything,) = project()["optional-dependencies"]["all"]
    assert (
        everything
        == "mirrorflow[" + ",".join(e for e in project()["optional-dependencies"] if e not in ("all", "dev")) + "]"
    )
    assert extras >= {"symbolic", "reference", "data", "figures", "cli", "demo", "all", "dev"}


def test_constraints_are_exact_versions():
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.]*", line)
