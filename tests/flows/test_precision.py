"""Single and double precision: what each can do, and what it is refused."""

import subprocess
import sys
import textwrap

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf

PROBLEM = mf.problems.SparseRegression.sample(jax.random.key(3), samples=4, features=6, support=2)
FLOW = mf.Flow(PROBLEM, potential=mf.potentials.Quadratic())


@pytest.mark.parametrize("rtol", [1e-15, 1e-300])
def test_tolerances_below_rounding_are_refused_with_the_reason(rtol):
    with pytest.raises(ValueError, match="below what float64 can reach"):
        mf.integrate(FLOW, np.zeros(6), until=mf.until.time(1.0), rtol=rtol)


def test_the_ambient_accuracy_counts_too():
    with mf.accuracy(1e-8), pytest.raises(ValueError, match=r"mf\.accuracy"):
        mf.integrate(FLOW, np.zeros(6), until=mf.until.time(1.0), rtol=1e-8)


@pytest.mark.parametrize("name", ["rtol", "atol"])
@pytest.mark.parametrize("value", [0.0, -1e-8, np.nan, np.inf])
def test_tolerances_are_positive(name, value):
    with pytest.raises(ValueError, match=f"{name} must be"):
        mf.integrate(FLOW, np.zeros(6), until=mf.until.time(1.0), **{name: value})


@pytest.mark.parametrize("factor", [0.0, -1.0, np.nan, np.inf])
def test_an_accuracy_is_positive(factor):
    with pytest.raises(ValueError, match="factor must be a positive finite number"), mf.accuracy(factor):
        pass


def test_blocks_of_accuracy_nest_and_end():
    with mf.accuracy(0.1) as outer, mf.accuracy(0.5) as inner:
        assert outer == pytest.approx(0.1) and inner == pytest.approx(0.05)
    with mf.accuracy(2.0) as again:
        assert again == 2.0


def test_results_are_double_where_it_is_enabled():
    path = mf.integrate(FLOW, np.zeros(6, np.float32), until=mf.until.time(1.0), save=3)
    assert all(leaf.dtype == jnp.float64 for leaf in (path.time, path.x, path.loss, path.log_loss))


SINGLE = """
    import numpy as np, jax, jax.numpy as jnp, mirrorflow as mf
    random = np.random.default_rng(0)
    design, target = random.standard_normal((3, 4)), random.standard_normal(3)
    problem = mf.problems.LinearRegression(design, target)
    flow = mf.Flow(problem, reparameterization=mf.reparameterizations.Hadamard(2))
    start = flow.lift(x=np.full(4, 0.1), balance=0.5)
    try:
        mf.integrate(flow, start, until=mf.until.time(1.0))
        raise SystemExit("a tolerance of 1e-8 was accepted in single precision")
    except ValueError as error:
        assert "float32" in str(error) and "enable_float64" in str(error), error
    path = mf.integrate(flow, start, until=mf.until.time(1.0), save=5, rtol=1e-5, atol=1e-6)
    assert path.status.ok and path.x.dtype == jnp.float32 and path.time.dtype == jnp.float32
    assert path.parameters.dtype == jnp.float32 and path.loss.dtype == jnp.float32
    assert not jax.config.jax_enable_x64, "the package changed a global setting"
    print(*np.asarray(path.x[-1], float))
"""


def test_single_precision_works_where_double_is_not_enabled():
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SINGLE)], capture_output=True, text=True, timeout=120, check=False
    )
    assert run.returncode == 0, run.stderr
    random = np.random.default_rng(0)
    problem = mf.problems.LinearRegression(random.standard_normal((3, 4)), random.standard_normal(3))
    flow = mf.Flow(problem, reparameterization=mf.reparameterizations.Hadamard(2))
    path = mf.integrate(flow, flow.lift(x=np.full(4, 0.1), balance=0.5), until=mf.until.time(1.0))
    np.testing.assert_allclose(np.array(run.stdout.split(), float), path.x[-1], atol=5e-5)
