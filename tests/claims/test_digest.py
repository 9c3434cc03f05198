"""The digest of an experiment changes with what it computes, and with nothing else."""

import functools
import os
import pathlib
import subprocess
import sys
import textwrap

import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf
from mirrorflow.claims._digest import digest


def defined(source):
    """The function `f` of a piece of source, with module-level names of its own."""
    names = {"__name__": "somebodys_module", "np": np, "jnp": jnp, "functools": functools}
    exec(compile(textwrap.dedent(source), "<test>", "exec"), names)
    return names["f"]


BASE = """
STEP = 0.1
def helper(x):
    return x + STEP
def f(case, key):
    return helper(case)
"""


@pytest.mark.parametrize(
    "change",
    [
        ("return helper(case)", "return helper(case) * 2"),
        ("return x + STEP", "return x - STEP"),
        ("STEP = 0.1", "STEP = 0.2"),
        ("def helper(x)", "def helper(x, y=3)"),
        ("return helper(case)", "return helper(case + 1)"),
    ],
    ids=["itself", "helper", "constant", "default", "number"],
)
def test_digest_follows_what_determines_the_result(change):
    assert digest(defined(BASE)) != digest(defined(BASE.replace(*change)))


@pytest.mark.parametrize(
    "change",
    [
        ("STEP = 0.1", "STEP = 0.1  # a comment\n\nUNUSED = 3"),
        ("return helper(case)", "# why\n    return helper(case)"),
        ("def f(case, key):", 'def f(case, key):\n    """What it does."""'),
    ],
    ids=["comment", "line", "docstring"],
)
def test_digest_ignores_what_does_not(change):
    assert digest(defined(BASE)) == digest(defined(BASE.replace(*change)))


def test_digest_sees_closures_partials_classes_and_arrays():
    def make(value):
        return lambda case, key: value

    assert digest(make(1.0)) != digest(make(2.0))
    assert digest(make(np.arange(3))) == digest(make(np.arange(3))) != digest(make(np.arange(3.0)))
    assert digest(functools.partial(max, 1)) != digest(functools.partial(max, 2))
    with_class = "class Model:\n    rate = {}\n    def run(self):\n        return self.rate\n"
    with_class += "def f(case, key):\n    return Model()"
    assert digest(defined(with_class.format(1))) != digest(defined(with_class.format(2)))


def test_digest_of_an_object_of_the_package_is_its_contents():
    assert digest(mf.cases.Case(q=1.0)) == digest(mf.cases.Case(q=1.0)) != digest(mf.cases.Case(q=2.0))
    entropy = mf.potentials.HyperbolicEntropy
    assert digest(entropy(scale=1.0)) == digest(entropy(scale=1.0)) != digest(entropy(scale=0.5))


def test_recursive_functions_have_a_digest():
    assert digest(defined("def f(n, key):\n    return 1 if n == 0 else n * f(n - 1, key)"))


def test_digest_is_the_same_in_another_process_with_another_hash_seed():
    source = """
        NAMES = {"a", "b", "c", "d"}
        def f(case, key):
            return case.q in NAMES or case.q in {"x", "y", "z"}
    """
    program = f"""if True:
        import textwrap
        from mirrorflow.claims._digest import digest
        names = {{"__name__": "somebodys_module"}}
        exec(compile(textwrap.dedent({textwrap.dedent(source)!r}), "<test>", "exec"), names)
        print(digest(names["f"]))
    """
    root = str(pathlib.Path(mf.__file__).parents[1])
    answers = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": root},
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert answers == {digest(defined(source))}
