"""KKT residuals at points that are known to solve their max-margin problem, and at points that are known not to."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf

Lp = mf.potentials.Lp
KEY = jax.random.key(5)
PROBLEM = mf.problems.Classification.sample(KEY, samples=7, features=6)
INPUTS, LABELS = np.asarray(PROBLEM.inputs), np.asarray(PROBLEM.labels)
NORM = pytest.mark.parametrize("p", [1.0, 1.5, 2.0, 3.0, np.inf])


@functools.cache
def best(p):
    return mf.predict.max_margin(PROBLEM, Lp(p))


def at(problem, theta, horizon, **more):
    parameters = jax.tree.map(lambda leaf: np.asarray(leaf, float)[None], theta)
    path = mf.Trajectory.from_arrays(time=[0.0], parameters=parameters, problem=problem)
    return mf.observe.kkt_residual(path, horizon, **more)


@NORM
@pytest.mark.parametrize("size", [1e-9, 1.0, 1e9])
def test_a_linear_solution_has_no_residual_and_the_solver_s_multipliers(p, size):
    """Against a convex solver, at any size of x."""
    found = at(PROBLEM, size * best(p).solution, Lp(p))
    assert found.residual < 1e-7 and found.slackness < 1e-7
    assert float(found.margin) == pytest.approx(best(p).margin, rel=1e-8)
    # min φ has multipliers λ*·φ(x̂)=λ*/γ* in place of those with Σλ*=1/γ*.
    scale = best(p).multipliers.max()
    np.testing.assert_allclose(found.multipliers[:, 0], best(p).multipliers, rtol=1e-5, atol=1e-6 * scale)


@NORM
def test_away_from_the_solution_the_conditions_fail(p):
    """Also in the solution of another norm, which separates with its own margin."""
    other = best(3.0 if p == 2 else 2.0).solution
    found = at(PROBLEM, other, Lp(p))
    assert np.hypot(found.residual, found.slackness) > 0.03


def deep(network, direction, p):
    """Weights of a linear network that make x along one neuron a layer, each layer of ℓp norm ‖x‖_p^{1/depth}."""
    size = np.linalg.norm(direction, p)
    weights, factor = [], size ** (1 / len(network.shape))
    for layer, shape in enumerate(network.shape):
        held = np.zeros(shape)
        if layer == 0:
            held[0] = factor * direction / size
        else:
            held[0, 0] = factor
        weights.append(held)
    return tuple(weights)


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0, np.inf])
@pytest.mark.parametrize("hidden", [(), (1,), (3, 2)], ids=["1 layer", "2 layers", "3 layers"])
def test_a_deep_linear_network_along_the_linear_solution_is_a_kkt_point(p, hidden):
    """min φ(θ) s.t. q≥1 over rank-one balanced layers is the linear problem of the same norm."""
    if p > 2 and len(hidden) > 1:
        hidden = (1, 1)  # where further neurons cost less than they gain, one is no solution
    network = mf.networks.MLP((6, *hidden, 1), key=KEY, activation="linear")
    problem = mf.problems.NetworkClassification(network, INPUTS, LABELS)
    theta = deep(network, best(p).solution, p)
    found = at(problem, theta, Lp(p), tolerance=1e-7)
    assert found.residual < 1e-6 and found.slackness < 1e-6 and found.kinks == 0
    unbalanced = (2 * theta[0], *theta[1:]) if hidden else (theta[0] + 0.1,)
    found = at(problem, unbalanced, Lp(p))
    assert np.hypot(found.residual, found.slackness) > 0.03


def test_separate_classes_of_a_multiclass_network():
    """Orthonormal inputs, one for each class, and no hidden layer: W=c(I−1/C), all pair multipliers equal."""
    count = 4
    network = mf.networks.MLP((count, count), key=KEY)
    problem = mf.problems.NetworkClassification(network, np.eye(count), np.arange(count))
    found = at(problem, (np.eye(count) - 1 / count,), Lp(2))
    assert found.residual < 1e-12 and found.slackness < 1e-12
    # Euler: Σλ·q=φ(θ̂), which is ‖I−1/C‖=√(C−1) for margins of 1.
    np.testing.assert_allclose(found.multipliers, np.sqrt(count - 1) / (count * (count - 1)), rtol=1e-9)


def two_neurons(angle):
    """Two samples 2·`angle` apart, of opposite labels, each neuron along the one and orthogonal to the other sample."""
    inputs = np.array([[np.cos(angle), np.sin(angle)], [np.cos(angle), -np.sin(angle)]])
    network = mf.networks.MLP((2, 2, 1), key=KEY)
    problem = mf.problems.NetworkClassification(network, inputs, [1.0, -1.0])
    first = np.array([[np.sin(angle), np.cos(angle)], [np.sin(angle), -np.cos(angle)]])
    return problem, (first, np.array([[1.0, -1.0]]))


@pytest.mark.parametrize("angle", [0.3, 0.6])
def test_a_boundary_held_on_a_sample_needs_the_gradients_on_both_sides(angle):
    """There the multipliers are 1/sin 2φ for θ̂ with φ(θ̂)²=4/sin 2φ, and the gate is cos 2φ (by hand)."""
    problem, theta = two_neurons(angle)
    off = jax.tree.map(np.copy, theta)
    off[0][:, 0] += 1e-9  # the boundaries are beside the samples now
    both = at(problem, off, Lp(2), kink=1e-6)
    assert both.kinks == 2 and both.residual < 1e-8 and both.slackness < 1e-8
    size = np.sqrt(4 / np.sin(2 * angle))
    np.testing.assert_allclose(both.multipliers[:, 0], 1 / np.sin(2 * angle) / size, rtol=1e-7)
    one = at(problem, off, Lp(2))
    assert one.kinks == 0 and one.residual > 0.1


def test_at_a_wide_angle_no_mixture_of_sides_helps():
    """Beyond 2φ=90° the gate would be negative: the same weights are no KKT point."""
    problem, theta = two_neurons(1.0)
    assert at(problem, theta, Lp(2), kink=1e-6).residual > 0.1


def test_kinks_of_a_convolution_and_of_two_layers_are_counted():
    """At weights that put one patch on the boundary exactly; the residual is finite and below that of one side."""
    network = mf.networks.Convolutional((1, 3, 3), (2,), 1, key=KEY, kernel=2, stride=1)
    images = np.zeros((2, 1, 3, 3))
    images[0, 0, 0, 0], images[1, 0, 2, 2] = 1.0, 1.0
    filters = np.array([[[[1.0, 0.2], [0.3, 0.5]]], [[[0.0, 0.2], [0.3, -0.5]]]])
    dense = np.array([[0.4, 0.3, 0.2, 0.1, 0.1, 0.2, 0.3, -0.8]])
    problem = mf.problems.NetworkClassification(network, images, [1.0, 1.0])
    # Of two images with one pixel each, every filter sees the pixel in one patch: 3 of 4 preactivations are 0 in each
    # channel and image, and so is the one of the weight that is 0.
    found = at(problem, (filters, dense), Lp(2))
    assert found.kinks == 13
    assert 0 < found.residual < 1


def test_several_points_and_the_horizon_of_the_potential():
    x = np.stack([best(3.0).solution, best(2.0).solution, 2 * best(3.0).solution])
    potential = mf.potentials.Power(3.0)
    path = mf.Trajectory.from_arrays(time=[0.0, 1.0, 2.0], parameters=x, problem=PROBLEM, potential=potential)
    found = mf.observe.kkt_residual(path, at=[0, 1, -1])
    assert found.multipliers.shape == (3, 7, 1) and found.residual.shape == found.slackness.shape == (3,)
    assert (found.residual[[0, 2]] < 1e-7).all() and found.residual[1] > 0.03
    last = mf.observe.kkt_residual(path)
    assert last.residual.shape == () and float(last.residual) == float(found.residual[2])


def test_a_gauge_known_as_a_function_is_as_good_as_the_norm():
    gauge = functools.partial(lambda p, x: jnp.sum(jnp.abs(x) ** p) ** (1 / p), 3.0)
    by_function, by_norm = (at(PROBLEM, best(2.0).solution, horizon) for horizon in (gauge, Lp(3)))
    assert float(by_function.residual) == pytest.approx(float(by_norm.residual), rel=1e-9)


def test_on_an_orthant_only_gradients_that_point_outwards_are_free():
    """x≥0 with inputs that have a useless negative feature: the solution stays at 0 in it."""
    problem = mf.problems.Classification([[1.0, -3.0], [2.0, -1.0]], [1.0, 1.0])
    x = np.array([1.0, 0.0])
    assert at(problem, x, Lp(1, orthant=True)).residual < 1e-12
    whole = at(problem, x, Lp(1))
    assert np.hypot(whole.residual, whole.slackness) > 0.3


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: at(mf.problems.LinearRegression(np.eye(2), np.ones(2)), np.ones(2), Lp(2)), "needs a classifier"),
        (lambda: at(PROBLEM, -best(2.0).solution, Lp(2)), "separate their samples; at point -1 .* margin is -"),
        (lambda: at(PROBLEM, best(2.0).solution, 2.0), r"horizon must be a norm or gauge"),
        (lambda: at(PROBLEM, best(2.0).solution, Lp(2), at=1), "at must be numbers of points .* from -1 to 0, got 1"),
        (lambda: at(PROBLEM, best(2.0).solution, Lp(2), at=0.0), "at must be numbers of points .* got 0.0"),
        (lambda: at(PROBLEM, best(2.0).solution, Lp(2), at=[]), r"at must be numbers of points .* got \[\]"),
        (lambda: at(PROBLEM, best(2.0).solution, Lp(2), at=False), "at must be numbers of points .* got False"),
        (lambda: at(PROBLEM, best(2.0).solution, Lp(2), at=slice(1)), "at must be numbers of points .* got slice"),
        (lambda: at(PROBLEM, best(2.0).solution, Lp(2), kink=2.0), r"kink must be in \[0, 1\], got 2.0"),
        (lambda: at(PROBLEM, best(2.0).solution, Lp(2), tolerance=-1.0), r"tolerance must be in \[0, 1\], got -1.0"),
        (lambda: crowded(), "kink is too large: .* preactivations of sample 0 .* more than 12"),
    ],
)
def test_what_has_no_conditions_is_refused_in_words(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def crowded():
    network = mf.networks.MLP((2, 15, 1), key=KEY)
    problem = mf.problems.NetworkClassification(network, np.array([[1.0, 0.0], [0.0, 1.0]]), [1.0, 1.0])
    return at(problem, (np.ones((15, 2)), np.ones((1, 15))), Lp(2), kink=1.0)
