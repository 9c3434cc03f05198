"""Flows that slide along kinks, against closed forms, minimal-norm subgradients and steps of a discrete descent."""

import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize

import mirrorflow as mf
from mirrorflow.flows import _host
from mirrorflow.flows._sliding import SHIFT, Equation, resolved
from mirrorflow.flows._task import make_request, make_task
from mirrorflow.flows.drive import advance, initialize

EXACT = mf.geometries.Sign(smoothing=None)
DESIGN = np.asarray(jax.random.normal(jax.random.key(0), (12, 6)))
TARGET = np.asarray(jax.random.normal(jax.random.key(1), (12,)))


def sign_flow(design=DESIGN, target=TARGET, **settings):
    problem = mf.problems.LinearRegression(design, target)
    return mf.Flow(problem, geometry=EXACT, **({"potential": mf.potentials.Quadratic()} | settings))


# --- the sign flow ---------------------------------------------------------------------------------------------------


@functools.cache
def apart():
    """f=½Σ(x_j−b_j)²: each coordinate goes to its target at speed 1 and stays."""
    target = np.array([0.5, -1.0, 2.0, 0.0, 0.25, -3.0])
    flow = sign_flow(np.eye(6), target)
    return target, mf.integrate(flow, np.zeros(6), until=mf.until.time(2.5), save=11)


def test_separate_coordinates_arrive_and_stay():
    target, path = apart()
    expected = np.sign(target) * np.minimum(np.abs(target), np.asarray(path.time)[:, None])
    np.testing.assert_allclose(path.x, expected, atol=1e-9)


def test_statistics_tell_events_and_the_share_that_slid():
    path = apart()[1]
    assert path.status.ok
    # one at the start, where x₄ is at its target already, and one for each of the four that arrive
    assert path.stats["events"] == 5
    np.testing.assert_allclose(path.stats["slid"], 1.0, atol=1e-9)
    assert path.stats["steps"] < 60


def test_smoothed_flows_approach_the_exact_one_in_proportion_to_their_width():
    exact = mf.integrate(sign_flow(), np.full(6, 0.3), until=mf.until.time(0.5)).x[-1]
    away = []
    for width in (1e-2, 1e-3):
        flow = mf.Flow(
            sign_flow().problem, potential=mf.potentials.Quadratic(), geometry=mf.geometries.Sign(smoothing=width)
        )
        away.append(float(jnp.abs(mf.integrate(flow, np.full(6, 0.3), until=mf.until.time(0.5)).x[-1] - exact).max()))
    assert 9 < away[0] / away[1] < 11


def test_everything_slides_in_the_end_and_rests_at_least_squares(monkeypatch):
    """Room for four surfaces at first, all six slide in the end: the run makes itself room."""
    monkeypatch.setattr("mirrorflow.flows.drive.ROOM", 4)
    path = mf.integrate(sign_flow(), np.full(6, 0.25), until=mf.until.stationary(1e-7))
    assert path.status.ok, path.status
    np.testing.assert_allclose(path.x[-1], np.linalg.lstsq(DESIGN, TARGET, rcond=None)[0], atol=1e-8)


def test_a_run_that_waits_in_vain_ends_at_rest():
    path = mf.integrate(sign_flow(), np.full(6, 0.3), until=mf.until.loss(1e-3))
    assert str(path.status).startswith("at rest")


@pytest.mark.parametrize("unit", [1e-10, 1e8])
def test_the_sign_flow_knows_no_unit_of_the_loss(unit):
    """sign(c·g)=sign(g): data in other units give the same path."""
    settings = {"until": mf.until.time(0.8), "save": 9}
    reference, other = (
        mf.integrate(sign_flow(c * DESIGN, c * TARGET), np.full(6, 0.3), **settings) for c in (1.0, np.sqrt(unit))
    )
    np.testing.assert_allclose(other.x, reference.x, atol=1e-8)
    np.testing.assert_allclose(other.stats["slid"], reference.stats["slid"], atol=1e-6)


@pytest.mark.parametrize("apart", [1e-4, 1e-5])
def test_nothing_leaps_along_surfaces_that_nearly_coincide(apart):
    """Sign flow moves no coordinate faster than 1, nor may what brings it back to its surfaces."""
    truth, away = np.array([0.5, -0.4, 0.3, 0.8, -0.6, 0.2]), np.array([0.3, 0.3, -0.2, 0.1, 0.25, -0.15])
    design = DESIGN.copy()
    design[:, 1] = design[:, 0] + apart * DESIGN[:, 1]
    path = mf.integrate(sign_flow(design, design @ truth), truth + away, until=mf.until.time(1.5), save=301)
    assert path.status.ok, path.status
    speeds = np.abs(np.diff(np.asarray(path.x), axis=0)) / np.diff(np.asarray(path.time))[:, None]
    assert speeds.max() < 1 + 1e-6


def test_products_keep_their_balances_where_they_slide():
    flow = sign_flow(potential=None, reparameterization=mf.reparameterizations.Hadamard(depth=2))
    path = mf.integrate(flow, flow.lift(x=np.full(6, 0.3), balance=0.2), until=mf.until.time(0.5), save=9)
    assert path.stats["slid"] > 0.5
    assert mf.observe.balance(path).max_drift < 1e-6


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"decay": mf.decay.Coupled(0.1)}, "decoupled decay or none"),
        ({"potential": None, "reparameterization": mf.reparameterizations.Custom(lambda w: w**2)}, "coordinate by"),
    ],
)
def test_exact_signs_are_refused_where_something_else_is_inside_of_them(settings, words):
    with pytest.raises(ValueError, match=words):
        sign_flow(**settings)


# --- networks --------------------------------------------------------------------------------------------------------

NETWORK = mf.networks.MLP((3, 4, 1), key=jax.random.key(4))
PROBLEM = mf.problems.NetworkClassification.sample(jax.random.key(14), NETWORK, 12)
FLOW = mf.Flow(PROBLEM, potential=mf.potentials.Power(2.0))
UNTIL = 3.0


@functools.cache
def task(save=None):
    request = make_request(mf.until.time(UNTIL), None, save, 1e-8, 1e-10, None, 10_000)
    return make_task(FLOW, request)


@functools.cache
def stepped(block):
    """The states after each block of steps, up to the end."""
    states = [initialize(task(), FLOW.check_start(NETWORK.parameters))]
    while int(states[-1].code) == 0:
        kept = jax.tree.map(jnp.copy, states[-1])
        states.append(advance(task(), kept, np.asarray(block, np.int32)))
    return states


def sliding_states():
    found = [state for state in stepped(1) if bool(state.sliding.modes.sliding)]
    assert len(found) > 10
    return found


def test_a_network_slides_and_stays_on_its_surfaces():
    for state in sliding_states():
        surfaces = np.asarray(PROBLEM.preactivations(task().field.dynamics.predictor(state.y, state.s))[0]).reshape(-1)
        slid = np.asarray(state.sliding.modes.sides) == 0
        assert np.abs(surfaces[slid]).max() < 2 * SHIFT * np.abs(surfaces).max()


def test_what_has_slid_for_a_step_is_on_its_surface_to_rounding():
    """Not only within the tolerance of the step, which is 1e-8."""
    states, seen = stepped(1), 0
    for before, after in itertools.pairwise(states):
        both = (np.asarray(before.sliding.modes.sides) == 0) & (np.asarray(after.sliding.modes.sides) == 0)
        moved = float(after.s) > float(before.s) and int(before.sliding.events) == int(after.sliding.events)
        if both.any() and moved:
            theta = task().field.dynamics.predictor(after.y, after.s)
            surfaces = np.asarray(PROBLEM.preactivations(theta)[0]).reshape(-1)
            assert np.abs(surfaces[both]).max() < 1e-13 * np.abs(surfaces).max()
            seen += 1
    assert seen > 10


def test_the_sides_are_those_of_the_preactivations():
    for state in stepped(1)[1:]:
        surfaces = np.asarray(PROBLEM.preactivations(task().field.dynamics.predictor(state.y, state.s))[0]).reshape(-1)
        sides = np.asarray(state.sliding.modes.sides)
        clear = np.abs(surfaces) > 1e-6
        np.testing.assert_array_equal(sides[clear], np.sign(surfaces[clear]))


@jax.jit
def velocities(state, sides):
    """The velocity that is followed, and that of all gates 0 where z slides, with its slope in each."""
    dynamics = task().field.dynamics
    equation = Equation(dynamics, dynamics.kinks, state.s)
    gates = resolved(equation, state.y, state.sliding.modes)[0]

    def velocity(gates):
        moved = equation.kinks.fixed(dynamics, gates).velocity(state.y, state.s, jnp.zeros(()))
        return jnp.concatenate([leaf.reshape(-1) for leaf in moved])

    without = jnp.where(sides == 0, 0.0, gates)
    return velocity(gates), velocity(without), jax.jacfwd(velocity)(without)


def test_velocities_are_the_subgradients_of_least_norm():
    """θ̇ of gradient flow is minus the shortest element of Clarke's subdifferential, found by bounded least squares."""
    for state in sliding_states()[::5]:
        sides = state.sliding.modes.sides
        followed, without, slopes = (np.asarray(part) for part in velocities(state, sides))
        slopes = slopes[:, np.asarray(sides) == 0]
        best = scipy.optimize.lsq_linear(slopes, -without, bounds=(0, 1), tol=1e-14)
        shortest = slopes @ best.x + without
        np.testing.assert_allclose(followed, shortest, atol=1e-6 * np.abs(shortest).max())


@functools.partial(jax.jit, static_argnums=1)
def descended(start, steps):
    """Subgradient descent with relu'(0)=0, of which the flow is the limit."""
    size = UNTIL / steps

    def step(_, theta):
        log_scale, gradient = PROBLEM.scaled_gradient(theta)
        return jax.tree.map(lambda w, g: w - size * jnp.exp(log_scale) * g, theta, gradient)

    return jax.lax.fori_loop(0, steps, step, start)


def test_small_steps_of_subgradient_descent_approach_the_path():
    end = task().field.dynamics.predictor(stepped(10_000)[-1].y, jnp.asarray(UNTIL))
    away = []
    for steps in (3_000, 12_000, 48_000):
        taken = descended(NETWORK.parameters, steps)
        away.append(max(float(jnp.abs(a - b).max()) for a, b in zip(end, taken, strict=True)))
    # first order, up to the chatter of descent about surfaces
    assert away[0] / away[1] > 2.5 and away[1] / away[2] > 2.5 and away[2] < 1e-3


def test_no_bit_of_a_state_that_slides_depends_on_the_blocks():
    for one, other in zip(jax.tree.leaves(stepped(10_000)[-1]), jax.tree.leaves(stepped(7)[-1]), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_run_that_slides_continues_from_its_checkpoint(tmp_path, monkeypatch):
    monkeypatch.setattr(_host, "FIRST_BLOCK", 32)
    file = tmp_path / "run"
    settings = {"until": mf.until.time(UNTIL), "checkpoint": file}
    whole = mf.integrate(FLOW, NETWORK.parameters, **settings)
    again = mf.integrate(FLOW, NETWORK.parameters, **settings)
    for one, other in zip(jax.tree.leaves(whole.parameters), jax.tree.leaves(again.parameters), strict=True):
        np.testing.assert_array_equal(one, other)
    assert whole.stats["slid"] == again.stats["slid"] > 0.3


def one_unit(labels):
    """A unit with the first sample on its boundary and the second inside: w=(0.3,−1.5), z₁=(1,0.2), z₂=(0.8,−0.3)."""
    network = mf.networks.MLP((2, 1, 1), key=jax.random.key(0))
    inputs = np.array([[1.0, 0.2], [0.8, -0.3]])
    flow = mf.Flow(mf.problems.NetworkClassification(network, inputs, labels), potential=mf.potentials.Power(2.0))
    path = mf.integrate(flow, (np.array([[0.3, -1.5]]), np.ones((1, 1))), until=mf.until.time(1e-4), save=2)
    return inputs, np.asarray(path.x[0][1] - path.x[0][0])[0] / 1e-4, np.exp(-(0.3 * 0.8 + 1.5 * 0.3))


def test_a_start_on_a_surface_goes_to_the_side_it_moves_to():
    inputs, velocity, weight = one_unit([1.0, 1.0])
    np.testing.assert_allclose(velocity, inputs[0] + weight * inputs[1], rtol=1e-3)


def test_a_start_on_a_surface_slides_where_both_sides_push_it_back():
    inputs, velocity, weight = one_unit([-1.0, 1.0])
    assert weight * (inputs[0] @ inputs[1]) < inputs[0] @ inputs[0]
    along = inputs[1] - (inputs[0] @ inputs[1]) / (inputs[0] @ inputs[0]) * inputs[0]
    np.testing.assert_allclose(velocity, weight * along, rtol=1e-3, atol=1e-9)


# --- what has no flow ------------------------------------------------------------------------------------------------


def test_a_dead_network_is_refused():
    weights = (-jnp.abs(NETWORK.parameters[0]), NETWORK.parameters[1])
    problem = mf.problems.NetworkClassification(NETWORK, np.abs(PROBLEM.inputs), PROBLEM.labels)
    flow = mf.Flow(problem, potential=mf.potentials.Power(2.0))
    with pytest.raises(ValueError, match="start is a dead network"):
        mf.integrate(flow, weights, until=mf.until.time(1.0))


def test_a_loss_that_cannot_fall_below_one_says_which_samples_are_in_the_way():
    """One unit for one sample; the other is off for ever, and its loss is 1."""
    network = mf.networks.MLP((2, 1, 1), key=jax.random.key(0))
    problem = mf.problems.NetworkClassification(network, np.eye(2), [1.0, 1.0])
    flow = mf.Flow(problem, potential=mf.potentials.Power(2.0))
    start = (np.array([[1.0, -1.0]]), np.ones((1, 1)))
    path = mf.integrate(flow, start, clock=mf.clocks.Loss(), until=mf.until.log_loss(-10.0))
    assert not path.status.ok
    assert "clock stopped" in str(path.status) and "no unit is on at 1 of 2 samples" in str(path.status)
    np.testing.assert_allclose(path.loss[-1], 1.0, rtol=1e-3)


def test_a_loss_that_a_unit_held_on_a_sample_keeps_above_one_says_so():
    """The unit is 1e-16 off the sample, not 0: the sample counts as not classified all the same."""
    network = mf.networks.MLP((2, 3, 1), key=jax.random.key(0))
    inputs = jax.random.normal(jax.random.key(1), (6, 2))
    problem = mf.problems.NetworkClassification(network, inputs, np.where(inputs[:, 0] > 0, 1.0, -1.0))
    flow = mf.Flow(problem, potential=mf.potentials.Quadratic())
    start = (np.array([[1, 0], [-1, 1], [0, -1]]), np.array([[1, -1, 1]]))
    path = mf.integrate(flow, start, clock=mf.clocks.Loss(), until=mf.until.log_loss(-5.0))
    np.testing.assert_allclose(path.loss[-1], 1.0, rtol=1e-9)
    assert "clock stopped" in str(path.status) and "1 of 6 samples not classified" in str(path.status)


@pytest.mark.parametrize("flow", [sign_flow(), FLOW], ids=["sign", "network"])
def test_implicit_mirror_steps_are_refused_where_there_are_kinks(flow):
    start = NETWORK.parameters if flow is FLOW else np.zeros(6)
    with pytest.raises(ValueError, match="kinks or layers"):
        mf.integrate(flow, start, until=mf.until.time(1.0), solver=mf.solvers.ImplicitMirror())


def test_a_network_may_step_across_its_kinks_and_then_counts_none():
    path = mf.integrate(FLOW, NETWORK.parameters, until=mf.until.time(1.0), slide=False, rtol=1e-4)
    assert path.status.ok and "slid" not in path.stats


def test_exact_signs_always_slide():
    with pytest.raises(ValueError, match="slide must not be False"):
        mf.integrate(sign_flow(), np.zeros(6), until=mf.until.time(1.0), slide=False)
