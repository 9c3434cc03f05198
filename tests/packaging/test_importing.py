"""Importing the package loads little and changes nothing."""

import json
import os
import subprocess
import sys

import pytest

EXTRAS = {
    "cvxpy",
    "flint",
    "marimo",
    "math_core",
    "matplotlib",
    "pandas",
    "rich",
    "scipy",
    "sklearn",
    "typer",
    "xarray",
    "zarr",
}


def run(program: str) -> str:
    """What `program` prints in a fresh interpreter that has none of the settings of the tests."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("JAX_", "XLA_"))}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def after_using_every_name() -> dict:
    """What a fresh interpreter that has used every public name of the package can say about itself."""
    return json.loads(
        run(
            "import json, sys\n"
            "import jax, diffrax, equinox, lineax, optax, optimistix, sympy\n"
            "settings, modules = dict(jax.config.values), set(sys.modules)\n"
            "import mirrorflow\n"
            "for name in mirrorflow.__all__: getattr(mirrorflow, name)\n"
            "changed = [name for name, value in jax.config.values.items() if settings.get(name) != value]\n"
            "arrays, loaded = len(jax.live_arrays()), sorted(set(sys.modules) - modules)\n"
            "print(json.dumps(dict(changed=changed, arrays=arrays, loaded=loaded)))"
        )
    )


def test_using_every_public_name_changes_no_setting(after_using_every_name):
    assert after_using_every_name["changed"] == []


def test_using_every_public_name_creates_no_array(after_using_every_name):
    assert after_using_every_name["arrays"] == 0


def test_using_every_public_name_loads_no_extra(after_using_every_name):
    assert EXTRAS.isdisjoint(after_using_every_name["loaded"])


def test_help_does_not_wait_for_jax():
    shown = run(
        "import sys\n"
        "from mirrorflow.cli import main\n"
        "sys.argv = ['mirrorflow', '--help']\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "assert 'jax' not in sys.modules and 'numpy' not in sys.modules\n"
    )
    assert "verify" in shown
