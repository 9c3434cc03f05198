"""What the driver promises: blocks change nothing, saves are where they were asked for, jumps are landed on."""

import functools
import signal

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf
from mirrorflow.flows import _host, _watch
from mirrorflow.flows._task import make_request, make_task
from mirrorflow.flows.drive import advance, initialize

PROBLEM = mf.problems.SparseRegression.sample(jax.random.key(3), samples=4, features=6, support=2)
SCHEDULE = mf.schedules.Piecewise([0.4, 0.0, 0.2], times=[0.31, 1.7])
FLOW = mf.Flow(PROBLEM, reparameterization=mf.reparameterizations.Hadamard(2), decay=mf.decay.Coupled(SCHEDULE))
START = FLOW.lift(x=np.full(6, 0.05), balance=0.5)
END = 3.0


@functools.cache
def stepped(*blocks):
    """The final state when the driver is asked for these many steps at a time, the last number again and again."""
    request = make_request(mf.until.time(END), None, 7, 1e-8, 1e-10, None, 10_000)
    task = make_task(FLOW, request)
    state = initialize(task, START)
    for block in (*blocks, *[blocks[-1]] * 1000):
        if int(state.code) != 0:
            return state
        state = advance(task, state, np.asarray(block, np.int32))
    raise AssertionError("did not end")


@pytest.mark.parametrize("blocks", [(1,), (7,), (2, 1, 50, 3)])
def test_no_bit_of_the_state_depends_on_the_blocks(blocks):
    whole, pieces = stepped(10_000), stepped(*blocks)
    for one, other in zip(jax.tree.leaves(whole), jax.tree.leaves(pieces), strict=True):
        np.testing.assert_array_equal(one, other)


def test_advance_stops_after_the_steps_it_was_given():
    request = make_request(mf.until.time(END), None, None, 1e-8, 1e-10, None, 10_000)
    task = make_task(FLOW, request)
    state = advance(task, initialize(task, START), np.asarray(5, np.int32))
    assert int(state.steps) == 5 and int(state.code) == 0 and 0 < float(state.s) < END


def run(**settings):
    return mf.integrate(FLOW, START, **{"until": mf.until.time(END), **settings})


def test_a_number_of_saves_is_that_many_points_with_both_ends():
    path = run(save=11)
    np.testing.assert_allclose(path.time, np.linspace(0, END, 11), rtol=1e-15)
    np.testing.assert_array_equal(path.parameters[0], START)
    # The last point is the end of the last step, not an interpolation.
    np.testing.assert_array_equal(path.x[-1], run().x[-1])


def test_without_saves_the_two_ends_are_kept():
    path = run()
    assert path.time.shape == (2,) and path.parameters.shape == (2, 2, 6)
    np.testing.assert_array_equal(path.time, [0.0, END])


def test_asked_times_are_kept_whichever_others_are_asked_for():
    times = np.array([0.2, 0.31, 1.7, 2.5])
    some, more = run(save=times), run(save=np.sort(np.append(times, [0.0, 0.1, 1.0, 3.0])))
    np.testing.assert_array_equal(some.time, times)
    np.testing.assert_array_equal(some.x, np.asarray(more.x)[[2, 3, 5, 6]])


def test_saving_changes_no_step():
    assert run(save=100).stats == run().stats


def test_saved_points_between_steps_have_the_accuracy_of_the_steps():
    times = np.linspace(0, END, 50)
    loose, exact = run(save=times), run(save=times, rtol=1e-12, atol=1e-14)
    assert np.abs(loose.x - exact.x).max() < 2e-7
    assert loose.stats["steps"] < exact.stats["steps"] / 3


def test_points_up_to_an_unknown_end_are_even_and_cost_a_second_pass():
    rule = mf.until.loss(1e-6) | mf.until.time(50.0)
    flow = mf.Flow(PROBLEM, reparameterization=mf.reparameterizations.Hadamard(2))
    path = mf.integrate(flow, START, until=rule, save=9)
    ends = mf.integrate(flow, START, until=rule)
    assert path.stats["passes"] == 2 and ends.stats["passes"] == 1
    np.testing.assert_allclose(path.time, np.linspace(0, float(ends.time[-1]), 9), rtol=1e-12)
    np.testing.assert_allclose(path.x[-1], ends.x[-1], rtol=1e-12, atol=1e-14)
    # The second pass knows where to end, so its last step is not tried too far.
    assert path.stats["steps"] - path.stats["rejected"] == ends.stats["steps"] - ends.stats["rejected"]


def test_jumps_are_landed_on():
    """Without a loss each factor falls as e^{−2∫α}: a step across a jump would be off by its length."""
    still = mf.Flow(
        mf.problems.Objective(lambda x: 0.0 * jnp.sum(x), dimension=6),
        reparameterization=mf.reparameterizations.Hadamard(2),
        decay=mf.decay.Coupled(SCHEDULE),
    )
    times = np.array([0.3, 0.31, 0.32, 1.7, 3.0])
    spent = 0.4 * np.minimum(times, 0.31) + 0.2 * np.maximum(times - 1.7, 0)
    path = mf.integrate(still, START, until=mf.until.time(END), save=times)
    expected = np.asarray(START) * np.exp(-2 * spent)[:, None, None]
    np.testing.assert_allclose(path.parameters, expected, rtol=1e-8)


def test_jumps_and_ends_may_coincide():
    path = run(until=mf.until.time(0.31), save=3)
    assert path.status.ok
    np.testing.assert_allclose(path.time, [0, 0.155, 0.31], rtol=1e-15)


@pytest.mark.parametrize("solver", [diffrax.Heun(), diffrax.Dopri8(), diffrax.Bosh3(), diffrax.Kvaerno3()])
def test_any_adaptive_solver_of_diffrax_may_be_named(solver):
    times = np.array([0.3, 1.0, 2.9])
    path, exact = run(solver=solver, save=times), run(rtol=1e-12, atol=1e-14, save=times)
    assert path.status.ok
    np.testing.assert_allclose(path.x, exact.x, atol=3e-6)


def test_a_solver_for_split_equations_is_refused_in_words():
    with pytest.raises(ValueError, match="KenCarp4 wants it split"):
        run(solver=diffrax.KenCarp4())


def test_progress_is_shown_where_it_is_wanted(capsys, monkeypatch):
    monkeypatch.setattr(_watch, "PATIENCE", -1.0)
    run(progress=True)
    assert "100.0 %" in capsys.readouterr().err
    run(progress=False)
    assert capsys.readouterr().err == ""
    # Not a terminal: silent unless asked for.
    run()
    assert capsys.readouterr().err == ""


def test_interrupts_are_held_until_the_block_is_done(monkeypatch):
    def interrupted(*given):
        signal.raise_signal(signal.SIGINT)
        return advance(*given)

    monkeypatch.setattr(_host, "advance", interrupted)
    monkeypatch.setattr(_host, "FIRST_BLOCK", 8)
    with pytest.raises(KeyboardInterrupt, match="after 8 steps"):
        run()
