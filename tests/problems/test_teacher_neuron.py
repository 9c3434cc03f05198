"""The loss of one neuron against its definition, by quadrature, samples and 60 digits."""

import itertools

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from scipy.integrate import quad

import mirrorflow as mf

PROBLEM = mf.problems.TeacherNeuron(3)
RANDOM = np.random.default_rng(0)
# Ordinary points; a hair off −e₁ and off e₁; on them; huge and tiny; near the teacher.
POINTS = np.array(
    [
        *RANDOM.standard_normal((4, 4)),
        [0.8, -0.7, 1e-3, 5e-4],
        [-0.3, -0.7, 1e-9, -2e-9],
        [0.8, -0.7, 0.0, 1e-100],
        [0.5, 2.0, 1e-8, -1e-8],
        [0.5, 1.9, 1e-3, 0.0],
        [1.3, -0.7, 0.0, 0.0],
        [-1.3, 0.7, 0.0, 0.0],
        [1e200, 1e-200, -1e-200, 2e-200],
        [1e-200, -1e200, 1e200, 2e180],
        [1e200, -1e200, 1e190, 0.0],
        [-1e-180, 1e-180, 1e-180, 0.0],
    ]
)


@pytest.fixture(scope="module")
def found():
    everything = jax.jit(
        lambda points: jax.lax.map(
            lambda x: (PROBLEM.log_loss(x), *PROBLEM.scaled_gradient(x), jax.grad(PROBLEM.log_loss)(x)), points
        )
    )
    return [np.asarray(part) for part in everything(jnp.asarray(POINTS))]


def exactly(x):
    """f and ∇f to 700 digits, for angles of 1e-100 and norms of 1e200."""
    with mpmath.workdps(700):
        a, *w = (mpmath.mpf(float(entry)) for entry in x)
        radius = mpmath.sqrt(sum(v * v for v in w))
        across = mpmath.sqrt(sum(v * v for v in w[1:]))
        left = mpmath.pi - mpmath.atan2(across, w[0])
        overlap = (across + left * w[0]) / (2 * mpmath.pi)
        loss = (a**2 * radius**2 + 1) / 4 - a * overlap
        slopes = [a * (a * v / 2 - (across / radius * v / radius) / (2 * mpmath.pi)) for v in w]
        slopes[0] -= a * left / (2 * mpmath.pi)
        return loss, [a * radius**2 / 2 - overlap, *slopes]


@pytest.mark.parametrize("index", range(len(POINTS)))
def test_loss_and_gradient_keep_their_digits_everywhere(index, found):
    log_loss, log_scale, direction, _ = (part[index] for part in found)
    loss, slopes = exactly(POINTS[index])
    with mpmath.workdps(700):
        assert abs(mpmath.log(loss) - mpmath.mpf(float(log_loss))) < 1e-13
        scale = mpmath.exp(mpmath.mpf(float(log_scale)))
        for own, exact in zip(direction, slopes, strict=True):
            assert abs(scale * mpmath.mpf(float(own)) - exact) <= 1e-12 * abs(exact) + mpmath.mpf(10) ** -300


def test_automatic_derivatives_are_the_gradient_also_on_the_axis_and_at_zero():
    points = jnp.asarray(np.vstack([POINTS[:11], [[0.7, 0, 0, 0], [0, 0, 0, 0], [0, 1, 1, 0]]]))
    automatic = jax.jit(jax.vmap(jax.grad(PROBLEM.loss)))(points)
    own = jax.jit(jax.vmap(PROBLEM.gradient))(points)
    np.testing.assert_allclose(automatic, own, rtol=1e-13)
    assert np.isfinite(np.asarray(jax.jit(jax.vmap(jax.hessian(PROBLEM.loss)))(points))).all()


def test_gradient_of_log_loss_is_gradient_over_loss(found):
    for index in (0, 1, 2, 3, 8):
        loss, slopes = exactly(POINTS[index])
        np.testing.assert_allclose(found[3][index], [float(s / loss) for s in slopes], rtol=1e-10)


def test_gradient_is_zero_where_no_input_activates_the_student():
    assert np.asarray(PROBLEM.gradient(jnp.array([0.7, 0.0, 0.0, 0.0]))).tolist() == [0, 0, 0, 0]
    assert float(PROBLEM.loss(jnp.array([0.7, 0.0, 0.0, 0.0]))) == 0.25


@pytest.mark.parametrize(("a", "w"), [(0.7, 1.3), (-0.7, 1.3), (0.7, -1.3), (-2.0, -0.4)])
def test_loss_on_the_line_is_the_integral(a, w):
    def integrand(z):
        return 0.5 * (a * max(w * z, 0) - max(z, 0)) ** 2 * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)

    integral = quad(integrand, -12, 0)[0] + quad(integrand, 0, 12)[0]
    short = 0.25 * (a * w - 1) ** 2 if w > 0 else 0.25 * (a**2 * w**2 + 1)
    own = float(mf.problems.TeacherNeuron(1).loss(jnp.array([a, w])))
    assert own == pytest.approx(integral, rel=1e-9)
    assert own == pytest.approx(short, rel=1e-14)


@pytest.mark.parametrize("x", [[0.8, 0.5, -1.0], [-0.6, -1.0, 0.3], [1.2, -1.0, -0.4]])
def test_loss_and_gradient_in_the_plane_are_integrals_over_the_angle(x):
    a, w = x[0], np.array(x[1:])
    # In polar coordinates E r² = 2 and the rest is an integral over the angle, with kinks where a relu switches.
    kinks = np.sort(
        np.mod([np.pi / 2, -np.pi / 2, *(np.arctan2(w[1], w[0]) + np.array([1, -1]) * np.pi / 2)], 2 * np.pi)
    )
    edges = np.concatenate([[0], kinks, [2 * np.pi]])

    def parts(angle):
        z = np.array([np.cos(angle), np.sin(angle)])
        active = max(w @ z, 0.0)
        residual = a * active - max(z[0], 0.0)
        return np.array([residual**2 / 2, residual * active, *(a * residual * (active > 0) * z)]) / np.pi

    nodes, weights = np.polynomial.legendre.leggauss(30)
    total = np.zeros(4)
    for low, high in itertools.pairwise(edges):
        middle, half = (low + high) / 2, (high - low) / 2
        total += half * sum(weight * parts(middle + half * node) for node, weight in zip(nodes, weights, strict=True))
    problem = mf.problems.TeacherNeuron(2)
    assert float(problem.loss(jnp.array(x))) == pytest.approx(total[0], rel=1e-12)
    np.testing.assert_allclose(problem.gradient(jnp.array(x)), total[1:], rtol=1e-11)


def test_loss_in_five_dimensions_is_the_mean_over_samples():
    x = np.array([0.9, 0.4, -0.5, 0.2, 0.1, 0.3])
    z = np.random.default_rng(1).standard_normal((400_000, 5))
    samples = 0.5 * (x[0] * np.maximum(z @ x[1:], 0) - np.maximum(z[:, 0], 0)) ** 2
    error = samples.std() / np.sqrt(len(samples))
    assert abs(float(mf.problems.TeacherNeuron(5).loss(jnp.asarray(x))) - samples.mean()) < 4 * error


def test_a_neuron_padded_with_zeros_is_the_same_neuron():
    x, padded = jnp.array([0.4, -0.6, 0.2]), jnp.array([0.4, -0.6, 0.2, 0.0])
    assert float(mf.problems.TeacherNeuron(2).loss(x)) == float(PROBLEM.loss(padded))
    gradient = np.asarray(PROBLEM.gradient(padded))
    np.testing.assert_allclose(gradient[:3], mf.problems.TeacherNeuron(2).gradient(x), rtol=1e-15)
    assert gradient[3] == 0


def test_a_flow_that_starts_at_the_saddle_says_that_it_rests_there():
    flow = mf.Flow(mf.problems.TeacherNeuron(1), potential=mf.potentials.Quadratic())
    path = mf.integrate(flow, jnp.array([0.5, 0.0]), until=mf.until.stationary(1e-9))
    assert path.status.ok and "start is a point of rest" in str(path.status)


@pytest.mark.parametrize("dimension", [0, -1])
def test_bad_dimensions_are_refused(dimension):
    with pytest.raises(ValueError, match="dimension must be"):
        mf.problems.TeacherNeuron(dimension)


def test_bad_starts_are_refused_in_words():
    with pytest.raises(ValueError, match="no flow leaves the saddle"):
        PROBLEM.start(0.5, np.zeros(3))
    with pytest.raises(ValueError, match="w must have shape"):
        PROBLEM.start(0.5, np.ones(2))
    with pytest.raises(ValueError, match="finite"):
        PROBLEM.start(np.nan, np.ones(3))
