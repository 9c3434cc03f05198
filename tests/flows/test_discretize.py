"""Discrete twins: they are the steps they say, and approach their flow at order 1."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import mirrorflow as mf
from mirrorflow.flows import agreement, scale_by_geometry

RANDOM = np.random.default_rng(1)
DESIGN, TARGET = RANDOM.standard_normal((3, 4)), RANDOM.standard_normal(3)
PROBLEM = mf.problems.LinearRegression(DESIGN, TARGET)
HADAMARD = mf.reparameterizations.Hadamard(2)
SIZES = [0.02, 0.01, 0.005, 0.0025]
COUPLED = mf.decay.Coupled(mf.schedules.switch_off(0.3, at=0.4))
DECOUPLED = mf.decay.Decoupled(0.3)


def gradient(x):
    return DESIGN.T @ (DESIGN @ x - TARGET)


def lifted(flow):
    return flow.lift(x=np.full(4, 0.1), balance=0.5)


@pytest.mark.parametrize("decay", [None, COUPLED, DECOUPLED], ids=["none", "coupled", "decoupled"])
def test_gradient_descent_is_the_loop_one_would_write(decay):
    flow = mf.Flow(PROBLEM, reparameterization=HADAMARD, decay=decay)
    start, size = lifted(flow), 0.03
    twin = mf.discretize(flow, optax.sgd(size), steps=40, step_size=size).run(start, save=41)
    m, w = np.asarray(start)
    for k in range(41):
        np.testing.assert_allclose(twin.parameters[k], np.stack([m, w]), rtol=1e-12)
        g, coupled = gradient(m * w), 0.6 if decay is COUPLED and k * size < 0.4 else 0.0
        decoupled = 0.3 if decay is DECOUPLED else 0.0
        m, w = (
            m - size * (w * g + coupled * m) - size * decoupled * m,
            w - size * (m * g + coupled * w) - size * decoupled * w,
        )
    np.testing.assert_allclose(twin.time, size * np.arange(41), rtol=1e-14)


def test_mirror_descent_is_the_loop_one_would_write():
    potential = mf.potentials.HyperbolicEntropy(scale=0.3)
    flow, size = mf.Flow(PROBLEM, potential=potential), 0.02
    twin = mf.discretize(flow, optax.sgd(size), steps=30, step_size=size).run(np.full(4, 0.1), save=[0, 7, 30])
    x = np.full(4, 0.1)
    for _ in range(30):
        x = 0.3 * np.sinh(np.arcsinh(x / 0.3) - size * gradient(x))
    np.testing.assert_allclose(twin.x[-1], x, rtol=1e-12)
    np.testing.assert_allclose(twin.time, [0.0, 7 * size, 30 * size], rtol=1e-14)


@pytest.mark.parametrize("decay", [None, DECOUPLED], ids=["none", "decoupled"])
def test_a_network_steps_in_the_dual_of_each_layer(decay):
    """A linear network of two layers, against its loop with derivatives by hand."""
    network = mf.networks.MLP((2, 3, 1), key=jax.random.key(0), activation="linear")
    inputs, labels = np.array([[1.0, 0.5], [-0.5, 2.0]]), np.array([1.0, -1.0])
    problem = mf.problems.NetworkClassification(network, inputs, labels)
    potentials = (mf.potentials.HyperbolicEntropy(0.3), mf.potentials.Quadratic())
    flow, size = mf.Flow(problem, potential=potentials, decay=decay), 0.01
    twin = mf.discretize(flow, optax.sgd(size), steps=30, step_size=size).run(network.parameters)
    first, last = (np.asarray(layer) for layer in network.parameters)
    alpha = 0.0 if decay is None else 0.3
    for _ in range(30):
        weights = -labels * np.exp(-labels * (last @ first @ inputs.T)[0])  # ∂loss/∂f
        pull = weights @ inputs
        dual = np.arcsinh(first / 0.3) - size * last.T @ pull[None] - size * alpha * first / np.hypot(first, 0.3)
        last = last - size * (first @ pull)[None] - size * alpha * last
        first = 0.3 * np.sinh(dual)
    for found, expected in zip(twin.parameters, (first, last), strict=True):
        np.testing.assert_allclose(found[-1], expected, rtol=1e-12)


def test_gradient_descent_on_a_network_approaches_its_flow_at_order_one():
    network = mf.networks.MLP((2, 3, 1), key=jax.random.key(0), activation="squared relu")
    problem = mf.problems.NetworkClassification(network, np.array([[1.0, 0.5], [-0.5, 2.0]]), [1.0, -1.0])
    flow = mf.Flow(problem, potential=mf.potentials.Quadratic())
    assert agreement(flow, optax.sgd, network.parameters, time=0.5, step_sizes=SIZES).order == pytest.approx(1, abs=0.2)


def test_adamw_keeps_its_memory_across_saved_steps():
    """The same parameters whether every step is saved or none between, and those of optax alone."""
    flow = mf.Flow(PROBLEM, reparameterization=HADAMARD)
    start, adamw = lifted(flow), optax.adamw(1e-2, weight_decay=0.1)
    twin = mf.discretize(flow, adamw, steps=50, step_size=1e-2)
    every, ends = twin.run(start, save=51), twin.run(start)
    np.testing.assert_array_equal(every.parameters[-1], ends.parameters[-1])
    theta, state = start, adamw.init(start)
    loss = jax.jit(jax.value_and_grad(lambda p: 0.5 * jnp.sum((DESIGN @ jnp.prod(p, axis=0) - TARGET) ** 2)))
    for _ in range(50):
        updates, state = adamw.update(loss(theta)[1], state, theta)
        theta = optax.apply_updates(theta, updates)
    np.testing.assert_allclose(ends.parameters[-1], theta, rtol=1e-9)


FLOWS = {
    "gradient descent": (mf.Flow(PROBLEM, reparameterization=HADAMARD), optax.sgd),
    "with coupled decay": (mf.Flow(PROBLEM, reparameterization=HADAMARD, decay=mf.decay.Coupled(0.2)), optax.sgd),
    "with decoupled decay": (mf.Flow(PROBLEM, reparameterization=HADAMARD, decay=DECOUPLED), optax.sgd),
    "mirror descent": (mf.Flow(PROBLEM, potential=mf.potentials.HyperbolicEntropy(0.3)), optax.sgd),
    "steepest": (
        mf.Flow(PROBLEM, potential=mf.potentials.Quadratic(), geometry=mf.geometries.Steepest(1.5, smoothing=0.3)),
        lambda size: optax.chain(scale_by_geometry(mf.geometries.Steepest(1.5, smoothing=0.3)), optax.sgd(size)),
    ),
}


@pytest.mark.parametrize("name", FLOWS)
def test_the_distance_to_the_flow_is_of_first_order(name):
    flow, transformation = FLOWS[name]
    start = np.full(4, 0.1) if flow.reparameterization is None else lifted(flow)
    found = agreement(flow, transformation, start, time=1.0, step_sizes=SIZES)
    assert found.order == pytest.approx(1.0, abs=0.1)
    assert (np.diff(found.errors) < 0).all()


def test_a_second_order_transformation_is_seen_as_second_order():
    """Steps by the flow's own second-order Taylor map: the measured order is that of the steps, not of the measure."""
    flow = mf.Flow(PROBLEM, potential=mf.potentials.Quadratic())
    hessian = DESIGN.T @ DESIGN

    def taylor(size):
        def update(updates, state, params=None):
            return jax.tree.map(lambda g: -size * g + 0.5 * size**2 * (hessian @ g), updates), state

        return optax.GradientTransformation(lambda params: optax.EmptyState(), update)

    found = agreement(flow, taylor, np.zeros(4), time=1.0, step_sizes=SIZES, rtol=1e-12, atol=1e-14)
    assert found.order == pytest.approx(2.0, abs=0.2)


def test_momentum_agrees_with_the_flow_whose_time_it_rescales():
    """Heavy ball with m: the steps are 1/(1−m) times as long."""
    flow = mf.Flow(PROBLEM, potential=mf.potentials.Quadratic())
    errors = []
    for size in (4e-3, 1e-3):
        steps = round(1.0 / (size / 0.1))
        twin = mf.discretize(flow, optax.sgd(size, momentum=0.9), steps=steps, step_size=size / 0.1).run(np.zeros(4))
        path = mf.integrate(flow, np.zeros(4), until=mf.until.time(float(twin.time[-1])))
        errors.append(float(jnp.abs(twin.x[-1] - path.x[-1]).max()))
    assert errors[1] < 0.4 * errors[0] < 0.1


def test_iterates_that_leave_every_bound_say_so_and_show_no_nan():
    flow = mf.Flow(PROBLEM, potential=mf.potentials.Quadratic())
    twin = mf.discretize(flow, optax.sgd(100.0), steps=1000, step_size=1.0).run(np.ones(4), save=101)
    assert not twin.status.ok and "diverged" in str(twin.status) and "between steps" in str(twin.status)
    assert np.isfinite(twin.x).all() and 1 <= len(twin.time) < 101


def test_a_step_size_in_the_learning_rate_compiles_nothing_new_for_another_time_axis():
    from jax._src import test_util

    flow, transformation = mf.Flow(PROBLEM, reparameterization=HADAMARD), optax.sgd(0.01)
    start, other = np.asarray(lifted(flow)), 1.1 * np.asarray(lifted(flow))
    mf.discretize(flow, transformation, steps=20, step_size=0.01).run(start, save=5)
    with test_util.count_jit_and_pmap_lowerings() as count:
        mf.discretize(flow, transformation, steps=20, step_size=0.02).run(other, save=5)
    assert count() == 0


TWIN = mf.discretize(mf.Flow(PROBLEM, reparameterization=HADAMARD), optax.sgd(0.01), steps=20, step_size=0.01)
REFUSED = {
    "no steps": (lambda: mf.discretize(TWIN.flow, optax.sgd(0.1), steps=0, step_size=0.1), "steps must be at least 1"),
    "step size": (
        lambda: mf.discretize(TWIN.flow, optax.sgd(0.1), steps=5, step_size=0.0),
        "step_size must be positive",
    ),
    "one save": (lambda: TWIN.run(lifted(TWIN.flow), save=1), "save must be at least 2"),
    "more saves than steps": (lambda: TWIN.run(lifted(TWIN.flow), save=30), r"at most steps\+1 = 21"),
    "step beyond the end": (lambda: TWIN.run(lifted(TWIN.flow), save=[0, 21]), "from 0 to 20"),
    "steps that fall": (lambda: TWIN.run(lifted(TWIN.flow), save=[5, 2]), "increasing"),
    "start": (lambda: TWIN.run(np.ones((3, 4))), "shape"),
    "start NaN": (lambda: TWIN.run(np.full((2, 4), np.nan)), "start must be finite"),
    "family": (
        lambda: mf.discretize(
            mf.Flow(PROBLEM, potential=mf.potentials.RegularizedHyperbolicEntropy(1.0, 0.0, 0.1)),
            optax.sgd(0.1),
            steps=3,
            step_size=0.1,
        ),
        "discretize the flow it came from",
    ),
    "one size": (
        lambda: agreement(TWIN.flow, optax.sgd, lifted(TWIN.flow), time=1.0, step_sizes=[0.1]),
        "at least two sizes",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_twins_are_refused(name):
    make, words = REFUSED[name]
    with pytest.raises(ValueError, match=words):
        make()
