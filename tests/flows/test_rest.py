"""A rule that cannot be met ends at rest; saddles, dying decay, drifting potentials and slow descent are no rest."""

import signal
from typing import cast

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf
from mirrorflow.flows import _host
from mirrorflow.flows._rest import Standstill, standstill
from mirrorflow.flows._status import Code
from mirrorflow.flows._task import make_request, make_task
from mirrorflow.flows.drive import State, initialize

REGRESSION = mf.problems.SparseRegression.sample(jax.random.key(0), samples=3, features=5, support=2)
UNREACHABLE = {
    "loss": mf.until.loss(1e-40),
    "log loss": mf.until.log_loss(-200.0),
    "stationary": mf.until.stationary(1e-30),
}


def looked_at(flow, start):
    """What the driver finds if it looks at the start of a run that waits for the loss to fall."""
    request = make_request(UNREACHABLE["loss"], None, None, 1e-8, 1e-10, None, 100)
    task = make_task(flow, request)
    return standstill(task, initialize(task, flow.check_start(start)))


def run(**more):
    flow = mf.Flow(REGRESSION, reparameterization=mf.reparameterizations.Hadamard(2))
    return mf.integrate(flow, flow.lift(x=np.zeros(5), balance=0.5), **more)


@pytest.mark.parametrize("rule", UNREACHABLE)
def test_a_rule_that_cannot_be_met_ends_at_rest(rule):
    path = run(until=UNREACHABLE[rule])
    assert path.status.code == Code.AT_REST and not path.status.ok and "rule is not met" in str(path.status)
    assert path.stats["steps"] < 100_000
    assert float(path.loss[-1]) < 1e-24 and np.abs(REGRESSION.gradient(path.x[-1])).max() < 1e-11


def test_a_second_pass_leads_to_the_same_rest():
    path, alone = run(until=UNREACHABLE["loss"], save=4), run(until=UNREACHABLE["loss"])
    assert path.status.code == Code.AT_REST and len(path.time) == 4
    # Two programs, whose roundings differ.
    np.testing.assert_allclose(path.x[-1], alone.x[-1], atol=1e-12)


@pytest.mark.parametrize("depth", [2, 3])
def test_a_saddle_is_not_rest_however_close(depth):
    """All coordinates fit but the last, which lies 1e-12 from 0 where the loss would have it at 1."""
    fit = np.array([1.0, 0.5, 2.0])
    problem = mf.problems.LinearRegression(np.diag([3.0, 1.0, 1.0]), np.array([3.0, 0.5, 2.0]))
    flow = mf.Flow(problem, reparameterization=mf.reparameterizations.Hadamard(depth))
    assert looked_at(flow, flow.lift(x=fit, balance=0.0)) is not None
    for balance in (0.0, 1e-12, 1e-4):
        near = flow.lift(x=np.append(fit[:2], 1e-12), balance=np.array([0.0, 0.0, balance]))
        assert looked_at(flow, near) is None


def test_what_a_decay_holds_only_for_a_time_is_not_at_rest():
    """At α=3 the first x rests at 9−2α and the other, near 0, is held against the slope 1, as long as 2α > 1."""
    problem = mf.problems.LinearRegression(np.eye(2), np.array([9.0, 1.0]))

    def held(strength):
        flow = mf.Flow(problem, reparameterization=mf.reparameterizations.Hadamard(2), decay=mf.decay.Coupled(strength))
        return looked_at(flow, flow.lift(x=np.array([3.0, 1e-300]), balance=0.0))

    assert held(3.0) is not None
    assert held(mf.schedules.Power(3.0, 1.0, 10.0)) is None
    assert held(mf.schedules.switch_off(3.0, at=50.0)) is None


def test_a_potential_that_changes_moves_x_without_its_dual():
    """u⊙v without a loss: the dual stays and x decays."""
    nothing = mf.problems.Objective(lambda x: 0.0 * jnp.sum(x), dimension=2)

    def shrinking(strength):
        product = mf.Flow(
            nothing, reparameterization=mf.reparameterizations.Hadamard(2), decay=mf.decay.Coupled(strength)
        )
        start = product.lift(x=np.array([0.3, -0.2]), balance=0.5)
        return looked_at(product.as_mirror_flow(start), np.array([0.3, -0.2]))

    assert shrinking(0.1) is None
    assert shrinking(0.0) is not None


def test_rest_is_confirmed_by_levels_that_no_longer_fall():
    state = cast("State", None)
    before = Standstill(state, (1e-27, -60.0), (1e-27, 1.0))
    assert before.confirmed_by(Standstill(state, (0.95e-27, -60.05), (1.0, 1.0)))
    assert not before.confirmed_by(Standstill(state, (0.8e-27, -60.0), (1.0, 1.0)))
    assert not before.confirmed_by(Standstill(state, (1e-27, -60.2), (1.0, 1.0)))


@pytest.mark.parametrize("blocks", [4, 5, 7])
def test_an_interruption_while_rest_is_being_confirmed_changes_nothing(blocks, tmp_path, monkeypatch):
    until = UNREACHABLE["loss"]
    whole = run(until=until)
    done = []

    def interrupted(*given):
        done.append(_advance(*given))
        if len(done) == blocks:
            signal.raise_signal(signal.SIGINT)
        return done[-1]

    _advance = _host.advance
    monkeypatch.setattr(_host, "FIRST_BLOCK", 2048)
    monkeypatch.setattr(_host, "next_block", lambda *_: 2048)
    with monkeypatch.context() as patch:
        patch.setattr(_host, "advance", interrupted)
        with pytest.raises(KeyboardInterrupt, match="continues"):
            run(until=until, checkpoint=tmp_path / "kept")
    resumed = run(until=until, checkpoint=tmp_path / "kept")
    again = run(until=until, checkpoint=tmp_path / "kept")
    for path in (resumed, again):
        assert path.stats == whole.stats and path.status == whole.status
        np.testing.assert_array_equal(path.x, whole.x)
