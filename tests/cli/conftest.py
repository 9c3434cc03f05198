"""A file of claims, and the command run in a folder of its own."""

import json
import os
import pathlib
import subprocess
import sys

import pytest
from typer.testing import CliRunner

import mirrorflow
from mirrorflow.claims import _loading, _registry

SOURCE = r'''
"""Claims of a user."""
import mirrorflow as mf
from mirrorflow import _accuracy

mf.claims.paper("2603.02064", "Never Saddle")


@mf.experiment(cases=mf.cases.grid(q=(1.0, 2.0)))
def ones(case, key):
    """Almost one, twice."""
    return {"x": 1.0 + 1e-6 * _accuracy.current()}


def state(name, **more):
    def compare(case, result, value=1.0):
        """Number by number."""
        return mf.Comparison(value, result["x"])

    stated = dict(on=ones, statement=r"x_t = \frac{\alpha}{2}", source="arXiv:2603.02064v2, Theorem 3", status="proved")
    return mf.claim(name, **{**stated, **more}, tolerance=mf.tolerance(1e-3, because="of the test"))(compare)


state("typed/good").control("twice as much", value=2.0)
'''
FALSE = """

def false(case, result, value=1.5):
    return mf.Comparison(value, result["x"])

stated = dict(on=ones, statement="x=1.5", source="arXiv:2603.02064", tolerance=mf.tolerance(1e-3, because="of it"))
"""
PIECES = {
    "wrong": FALSE
    + """
mf.claim("typed/wrong", status="proved", **stated)(false).control(value=2.0)
""",
    "printed": FALSE
    + """
printed = mf.claim("typed/printed", status="printed", expects="refuted", erratum="Printed $x=1.5$.", **stated)(false)
printed.control("corrected", value=1.0)
""",
    "printed but right": FALSE.replace("1.5", "1.0")
    + """
printed = mf.claim("typed/right", status="printed", expects="refuted", **stated)(false)
printed.control("corrected", value=1.0 + 1e-9)
""",
    "open": FALSE
    + """
mf.claim("typed/open", status="open", **stated)(false).control(value=2.0)
""",
    "measured": FALSE
    + """
mf.claim("typed/measured", status="published", expects="measured", **stated)(false).control(value=2.0)
""",
    "reading": FALSE
    + """
reading = mf.claim("typed/reading", status="proved", expects="refuted", erratum="Rather $x=1$.", **stated)(false)
reading.control("corrected", value=1.0)
""",
    "exact": """
exact = mf.experiment(cases=mf.cases.single())(lambda case, key: {"x": 1.0})
state("typed/exact", on=exact).control(value=2.0)
""",
    "crash": """
@mf.experiment(cases=mf.cases.single())
def crashing(case, key):
    raise RuntimeError("no such [bold]luck")

state("typed/crash", on=crashing).control(value=2.0)
""",
    "incomplete": """
state("typed/incomplete")
""",
    "noise": """
print("noise of the module")
""",
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MIRRORFLOW_OUT", raising=False)
    _loading.load_installed()  # once a process, and not forgotten after the first test that asks for it
    monkeypatch.setattr(_registry, "_claims", dict(_registry._claims))
    monkeypatch.setattr(_registry, "_waiting", dict(_registry._waiting))
    return tmp_path


@pytest.fixture
def write(folder):
    """Write a file of claims with these further pieces."""

    def write(*pieces):
        (folder / "my_claims.py").write_text(SOURCE + "".join(PIECES[piece] for piece in pieces))
        return "my_claims.py"

    return write


@pytest.fixture
def command(folder, monkeypatch):
    """Run the command in this process."""
    from mirrorflow.cli._app import app

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["mirrorflow", *arguments])
        return CliRunner().invoke(app, list(arguments))

    return run


@pytest.fixture
def process(folder):
    """Run Python with these arguments in a process of its own."""
    root = str(pathlib.Path(mirrorflow.__file__).parents[1])

    def run(*arguments):
        environment = {**os.environ, "PYTHONPATH": root}
        return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, env=environment)

    return run


@pytest.fixture
def derived(command):
    """The JSON of a derivation."""

    def run(*arguments):
        result = command("derive", *arguments, "--json")
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout)

    return run


@pytest.fixture
def refused(command):
    """What a derivation is refused with, on one line."""

    def run(*arguments):
        result = command("derive", *arguments)
        assert result.exit_code == 2 and not result.stdout, result.stdout
        assert "Traceback" not in result.stderr
        return " ".join(result.stderr.split())

    return run
