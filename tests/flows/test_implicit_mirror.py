"""The implicit mirror step: its orders, what it conserves, where it agrees with others, and what it refuses."""

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp

import mirrorflow as mf
from mirrorflow.flows._field import Field
from mirrorflow.flows._solvers import prepared

ORDERS = (3, 5)
POTENTIALS = {
    "quadratic": mf.potentials.Quadratic(),
    "power 3/2": mf.potentials.Power(1.5),
    "power 4": mf.potentials.Power(4.0),
    "hyperbolic entropy": mf.potentials.HyperbolicEntropy(0.1),
    "cosh": mf.potentials.Cosh(),
}
CONTROLLER = diffrax.PIDController(1e-13, 1e-15)


def classification(number=1, loss="exponential"):
    """12 samples in 6 dimensions."""
    key = jax.random.fold_in(jax.random.key(0), number)
    return mf.problems.Classification.sample(key, samples=12, features=6, loss=loss)


def integrate(problem, potential, order=5, end=1e3, **more):
    flow = mf.Flow(problem, potential=potential)
    more = {"clock": mf.clocks.Log(), "until": mf.until.log_time(end), "start": jnp.zeros(problem.shape)} | more
    start = more.pop("start")
    return mf.integrate(flow, start, solver=mf.solvers.ImplicitMirror(order), **more)


def even_steps(flow, start, begin, order):
    """A function of a length and a number of steps: where that many equal steps in log time end."""
    solver = prepared(mf.solvers.ImplicitMirror(order), CONTROLLER)
    terms = diffrax.ODETerm(Field(flow.dynamics, mf.clocks.Log()))

    @jax.jit
    def run(start, begin, length, steps):
        y = flow.dynamics.state(start)
        memory = jax.tree.map(jnp.asarray, solver.init(terms, begin, begin + length, y, None))

        def step(k, carry):
            y, memory = carry
            at = begin + length * k
            y, _, _, memory, _ = solver.step(terms, at, at + length, y, None, memory, False)
            return y, memory

        return flow.dynamics.parameters(jax.lax.fori_loop(0, steps, step, (y, memory))[0], begin)

    return lambda span, steps: np.asarray(run(start, jnp.asarray(begin), jnp.asarray(span / steps), steps))


def slope(errors):
    """The order that halving the step shows, at the last of these."""
    return np.log2(errors[-2] / errors[-1])


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", [pytest.param("quadratic", marks=pytest.mark.slow), "cosh"])
def test_the_error_of_equal_steps_falls_with_the_order(name, order):
    """In log time, past the first transients, against SciPy, which knows nothing of charts or implicit steps."""
    flow = mf.Flow(classification(), potential=POTENTIALS[name])
    begin, span, first = 1.5, 2.0, np.array([0.4, -0.3, 0.5, 0.2, -0.6, 0.3])

    def velocity(s, x):
        return -np.exp(s) * np.asarray(flow.problem.gradient(x)) / np.asarray(flow.potential.metric(x))

    def exact(start, ends):
        return solve_ivp(velocity, ends, start, method="DOP853", rtol=1e-12, atol=1e-13).y[:, -1]

    start = exact(first, (0.0, begin))
    end = even_steps(flow, start, begin, order)
    errors = [np.abs(end(span, n) - exact(start, (begin, begin + span))).max() for n in (16, 32)]
    assert abs(slope(errors) - order) < 0.2, errors


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("number", [0, pytest.param(2, marks=pytest.mark.slow)])
def test_the_orders_hold_where_cosh_is_algebraic(order, number):
    """From log t=20 on, where some coordinates relax e^{10} times faster than others, and then ever faster."""
    problem = classification(number)
    flow = mf.Flow(problem, potential=mf.potentials.Cosh())
    begin, span = 20.0, 100.0
    start = np.asarray(integrate(problem, flow.potential, end=begin, rtol=1e-12, atol=1e-13).x[-1])
    assert np.abs(start).max() - np.abs(start).min() > 10
    end = even_steps(flow, start, begin, order)
    reference = end(span, 1000)
    errors = [np.abs(end(span, n) - reference).max() for n in (32, 64)]
    assert abs(slope(errors) - order) < 0.35, errors


@pytest.mark.parametrize("name", [pytest.param("quadratic", marks=pytest.mark.slow), "hyperbolic entropy"])
def test_it_agrees_with_kvaerno5(name):
    times = mf.clocks.LogTimes([1.0, 10.0, 50.0, 200.0])
    problem, potential = classification(), POTENTIALS[name]
    ours = integrate(problem, potential, end=200.0, save=times)
    flow, start = mf.Flow(problem, potential=potential), jnp.zeros(6)
    until = mf.until.log_time(200.0)
    theirs = mf.integrate(flow, start, clock=mf.clocks.Log(), until=until, save=times, solver=diffrax.Kvaerno5())
    assert ours.status.ok and theirs.status.ok
    np.testing.assert_allclose(ours.x, theirs.x, rtol=2e-6, atol=1e-7)


@pytest.mark.parametrize("name", [pytest.param("power 4", marks=pytest.mark.slow), "cosh"])
def test_all_points_agree_with_tighter_ones(name):
    """The saved points lie between the ends of steps, where the error is about the tolerance times a few dozen."""
    times = mf.clocks.LogTimes(np.geomspace(1.0, 1e4, 17))
    runs = [
        integrate(classification(), POTENTIALS[name], end=1e4, save=times, rtol=rtol, atol=rtol / 100)
        for rtol in (1e-8, 1e-11)
    ]
    assert all(run.status.ok for run in runs)
    sizes = np.abs(np.asarray(runs[1].x)).max(axis=1, keepdims=True)
    np.testing.assert_allclose(runs[0].x / sizes, runs[1].x / sizes, atol=1e-6)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_cosh_reaches_a_log_time_of_1e5_with_the_gap_that_theory_says(number):
    problem = classification(number)
    path = integrate(problem, mf.potentials.Cosh(), end=1e5, save=mf.clocks.LogTimes([1e3, 1e4, 1e5]))
    assert path.status.ok and path.stats["steps"] < 1000
    best = mf.predict.max_margin(problem, mf.potentials.Lp(np.inf))
    gap = np.asarray(mf.observe.margin_certificate(path, best).gap)
    constants = gap * np.asarray(path.log_time)
    np.testing.assert_allclose(constants[-1], mf.predict.margin_gap_constant(best), rtol=1e-3)


def test_the_dual_of_an_entropy_moves_in_the_span_of_the_samples():
    """3 samples in 6 dimensions: z=∇R(x) stays in the range of the inputs, whatever the tolerance."""
    problem = mf.problems.Classification(classification().inputs[:3], classification().labels[:3])
    potential = mf.potentials.HyperbolicEntropy(0.1)
    path = integrate(problem, potential, end=1e3, save=5, rtol=1e-4, atol=1e-6)
    dual = np.asarray(potential.mirror_map(path.x))
    others = np.linalg.svd(np.asarray(problem.inputs))[2][3:]
    np.testing.assert_allclose(dual @ others.T, 0, atol=1e-11)


@pytest.mark.parametrize("name", ["cosh"])
def test_the_loss_clock_leads_to_the_same_points(name):
    start = np.array([0.4, -0.3, 0.5, 0.2, -0.6, 0.3])
    until = mf.until.log_loss(-1e3)
    problem, potential = classification(), POTENTIALS[name]
    by_loss = integrate(problem, potential, clock=mf.clocks.Loss(), until=until, start=start)
    end = float(by_loss.log_time[-1])
    by_time = integrate(problem, potential, end=end, start=start)
    assert by_loss.status.ok and by_loss.log_loss[-1] <= -1e3
    np.testing.assert_allclose(by_loss.x[-1], by_time.x[-1], rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(by_loss.log_loss[-1], by_time.log_loss[-1], rtol=1e-7)


def test_the_physical_clock_and_decay_lead_to_rest():
    """Coupled decay: rest where ∇f+2αx=0."""
    problem = classification(loss="logistic")
    flow = mf.Flow(problem, potential=mf.potentials.Cosh(), decay=mf.decay.Coupled(0.1))
    path = mf.integrate(
        flow, jnp.zeros(6), until=mf.until.stationary(1e-9), solver=mf.solvers.ImplicitMirror(), max_steps=2000
    )
    assert path.status.ok
    np.testing.assert_allclose(problem.gradient(path.x[-1]) + 0.2 * path.x[-1], 0, atol=1e-8)


def test_a_steepest_flow_takes_the_step_too():
    flow = mf.Flow(
        classification(), potential=mf.potentials.Quadratic(), geometry=mf.geometries.Steepest(q=1.5, smoothing=1e-3)
    )
    settings = {"until": mf.until.time(5.0), "save": 6}
    ours = mf.integrate(flow, jnp.zeros(6), solver=mf.solvers.ImplicitMirror(), **settings)
    theirs = mf.integrate(flow, jnp.zeros(6), **settings)
    np.testing.assert_allclose(ours.x, theirs.x, rtol=1e-6, atol=1e-7)


def test_it_takes_over_where_a_plain_implicit_solver_stops():
    """Nothing is named: the explicit solver begins, and the step goes on to log t=1e5."""
    flow = mf.Flow(classification(), potential=mf.potentials.Cosh())
    path = mf.integrate(flow, jnp.zeros(6), clock=mf.clocks.Log(), until=mf.until.log_time(1e5))
    assert path.status.ok and 0 < path.stats["implicit_steps"] < 1000


def test_one_program_serves_every_problem_of_one_shape():
    """In a sweep: the data are numbers, and every lane agrees with `integrate`."""

    def build(number):
        key = jax.random.fold_in(jax.random.key(0), number)
        problem = mf.problems.Classification.sample(key, samples=12, features=6)
        return mf.Flow(problem, potential=mf.potentials.Cosh()), jnp.zeros(6)

    data = mf.ensembles.sweep(
        build,
        {"number": np.arange(4)},
        lambda path: {"x": path.x[-1]},
        until=mf.until.log_time(1e4),
        clock=mf.clocks.Log(),
        solver=mf.solvers.ImplicitMirror(),
    )
    assert data.status_ok.values.all()
    alone = integrate(classification(3), mf.potentials.Cosh(), end=1e4)
    np.testing.assert_allclose(data.x.values[3], alone.x[-1], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("order", [1, 2, 4, 7])
def test_other_orders_are_refused(order):
    with pytest.raises(ValueError, match=rf"order must be 3 or 5, got {order}"):
        mf.solvers.ImplicitMirror(order)


@pytest.mark.parametrize("order", [5.0, "five", None])
def test_orders_that_are_no_integers_are_refused(order):
    with pytest.raises(ValueError, match="order"):
        mf.solvers.ImplicitMirror(order)


def test_a_reparameterization_is_refused_in_words():
    flow = mf.Flow(classification(), reparameterization=mf.reparameterizations.Hadamard(2))
    start = flow.lift(x=np.zeros(6), balance=0.1)
    with pytest.raises(ValueError, match=r"parameters θ of a reparameterization: use diffrax.Kvaerno5"):
        mf.integrate(flow, start, until=mf.until.time(1.0), solver=mf.solvers.ImplicitMirror())


def test_a_plain_diffrax_call_is_refused_in_words():
    term = diffrax.ODETerm(lambda t, y, args: -y)
    with pytest.raises(ValueError, match=r"a solver for mf\.integrate alone"):
        diffrax.diffeqsolve(
            term,
            mf.solvers.ImplicitMirror(),
            0.0,
            1.0,
            0.1,
            jnp.ones(2),
            stepsize_controller=diffrax.PIDController(1e-6, 1e-8),
        )
