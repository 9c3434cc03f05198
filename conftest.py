"""One thread a process, one cache of compiled programs, compiled in a hurry, double precision, names for examples.

Most tests compute for milliseconds what takes seconds to compile, so XLA optimizes nothing there. Tests marked
`optimized` compute for long, and programs run as users run them.
"""

import os
import pathlib
import runpy
from collections.abc import Iterator

import hypothesis
import pytest

_CACHE = pathlib.Path(__file__).parent / ".cache"

# These are read once, when the libraries behind jax load: before the imports below and in every worker.
for _library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")
# As in the processes that tests start, so that they find these compiled programs; without importing the package.
_environment = runpy.run_path(str(pathlib.Path(__file__).parent / "mirrorflow" / "_environment.py"))
os.environ["XLA_FLAGS"] = _environment["shared"]()["XLA_FLAGS"]
os.environ.setdefault("MIRRORFLOW_CACHE", str(_CACHE))  # also for the processes that tests start
os.environ.setdefault("MPLBACKEND", "agg")

hypothesis.configuration.set_hypothesis_home_dir(_CACHE / "hypothesis")
hypothesis.settings.register_profile("mirrorflow", derandomize=True, deadline=None, max_examples=30)
hypothesis.settings.load_profile("mirrorflow")


def pytest_configure() -> None:
    import jax

    import mirrorflow as mf

    mf.enable_float64()
    mf.enable_compile_cache()
    jax.config.update("jax_numpy_rank_promotion", "raise")
    jax.config.update("jax_disable_most_optimizations", True)  # also for fixtures of modules


@pytest.fixture(autouse=True)
def _hurry(request: pytest.FixtureRequest) -> Iterator[None]:
    import jax

    optimized = request.node.get_closest_marker("optimized") is not None
    jax.config.update("jax_disable_most_optimizations", not optimized)
    yield
    jax.config.update("jax_disable_most_optimizations", True)


@pytest.fixture(autouse=True, scope="session")
def _names_in_examples(doctest_namespace: dict[str, object]) -> None:
    import jax
    import jax.numpy as jnp
    import numpy as np
    import optax

    import mirrorflow as mf

    doctest_namespace.update(jax=jax, jnp=jnp, mf=mf, np=np, optax=optax)
