"""Where the L-stable solver takes over, and that an interruption on either side of it changes nothing."""

import signal

import jax
import numpy as np
import pytest

import mirrorflow as mf
from mirrorflow.flows import _host, _solvers

CURVATURES = np.array([1e6, 1.0])


def run(**more):
    """Gradient flow of ½‖Ax−b‖² with curvatures 1e6 and 1: stability, not accuracy, limits an explicit step."""
    problem = mf.problems.LinearRegression(design=np.diag(np.sqrt(CURVATURES)), target=np.array([1000.0, 2.0]))
    flow = mf.Flow(problem, potential=mf.potentials.Quadratic())
    return mf.integrate(flow, np.zeros(2), until=mf.until.time(3.0), save=4, **more)


def exact(time):
    return (1 - np.exp(-CURVATURES * time[:, None])) * np.array([1.0, 2.0])


def test_a_stiff_flow_is_taken_over_and_stays_right():
    path = run()
    assert path.status.ok
    assert 0 < path.stats["implicit_steps"] < 2000
    explicit = path.stats["steps"] - path.stats["implicit_steps"]
    assert explicit == _host.STIFFNESS_CHECK
    assert path.stats["right_hand_sides"] == 6 * explicit
    np.testing.assert_allclose(path.x, exact(np.asarray(path.time)), atol=1e-6)


def test_a_named_solver_stays():
    import diffrax

    path = run(solver=diffrax.Kvaerno5())
    assert path.stats["implicit_steps"] == path.stats["steps"] and path.stats["right_hand_sides"] == 0


@pytest.mark.parametrize("blocks", [1, 3, 4, 6])
def test_an_interruption_before_at_or_after_it_changes_nothing(blocks, tmp_path, monkeypatch):
    whole = run()
    done = []

    def interrupted(*given):
        done.append(_advance(*given))
        if len(done) == blocks:
            signal.raise_signal(signal.SIGINT)
        return done[-1]

    _advance = _host.advance
    monkeypatch.setattr(_host, "FIRST_BLOCK", 256)
    monkeypatch.setattr(_host, "next_block", lambda *_: 16 if len(done) > 3 else 4096)
    with monkeypatch.context() as patch:
        patch.setattr(_host, "advance", interrupted)
        with pytest.raises(KeyboardInterrupt, match="continues"):
            run(checkpoint=tmp_path / "kept")
    resumed = run(checkpoint=tmp_path / "kept")
    again = run(checkpoint=tmp_path / "kept")
    for path in (resumed, again):
        assert path.stats == whole.stats
        np.testing.assert_array_equal(path.x, whole.x)


def test_a_run_whose_end_is_unknown_is_taken_over_once_it_has_cost_as_much_as_the_implicit_one():
    """Curvatures 1e4 and 0.1: rest comes at t=200, after ρt/3 = 700,000 explicit steps."""
    problem = mf.problems.LinearRegression(design=np.diag([1e2, 0.1**0.5]), target=np.array([1e2, 2.0]))
    flow = mf.Flow(problem, potential=mf.potentials.Quadratic())
    path = mf.integrate(flow, np.zeros(2), until=mf.until.stationary(1e-9))
    explicit = path.stats["steps"] - path.stats["implicit_steps"]
    worth = _solvers.IMPLICIT_STEPS * _solvers.implicit_cost(2)
    assert worth / 2 < explicit < 4 * worth and explicit % _host.STIFFNESS_CHECK == 0
    assert 0 < path.stats["implicit_steps"] < _solvers.IMPLICIT_STEPS
    assert "stationary" in str(path.status)
    np.testing.assert_allclose(path.x[-1], problem.target / np.diag(problem.design), atol=2e-8)


def test_a_mildly_stiff_regression_stays_explicit():
    problem = mf.problems.SparseRegression.sample(jax.random.key(0), samples=40, features=100, support=5)
    flow = mf.Flow(problem, reparameterization=mf.reparameterizations.Hadamard(2))
    path = mf.integrate(flow, flow.lift(x=np.zeros(100), balance=1e-3), until=mf.until.time(300.0))
    assert path.status.ok and path.stats["steps"] > _host.STIFFNESS_CHECK
    assert path.stats["implicit_steps"] == 0
