"""Every problem has a loss, its gradient and their logarithms. A new problem is a new line of the table."""

from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize

import mirrorflow as mf

KEY = jax.random.key(7)
SPARSE = mf.problems.SparseRegression.sample(KEY, samples=4, features=6, support=2, noise=0.3)
SENSING = mf.problems.MatrixSensing.sample(KEY, shape=(3, 4), rank=2, measurements=5)


def half_square(residual):
    return 0.5 * float((residual**2).sum())


COMPLETION = mf.problems.MatrixCompletion.sample(KEY, shape=(3, 4), rank=1, observed=7)
CODING = mf.problems.SparseCoding.sample(KEY, length=4, atoms=6, support=2, signals=3, noise=0.3)
SEPARABLE = mf.problems.Classification.sample(KEY, samples=5, features=4)
TANGLED = mf.problems.Classification(
    np.array([[1.0, 0.3], [0.5, -1.0], [1.5, 0.2], [-0.4, 0.6]]), [1.0, 1.0, -1.0, 1.0], loss="logistic"
)


def tangled_gradient(x):
    signed = np.asarray(TANGLED.signed_inputs)
    return -signed.T @ (1 / (1 + np.exp(signed @ x)))


def neuron_loss(x):
    a, w = x[0], x[1:]
    left = np.pi - np.arctan2(np.linalg.norm(w[1:]), w[0])
    return float((a**2 * (w @ w) + 1) / 4 - a * (np.linalg.norm(w[1:]) + left * w[0]) / (2 * np.pi))


# name: the problem, its loss in NumPy, and an x that minimizes it to rounding; None where no x does.
PROBLEMS = {
    "regression": (
        mf.problems.LinearRegression(SPARSE.design, SPARSE.target),
        lambda x: half_square(SPARSE.design @ x - SPARSE.target),
        np.linalg.lstsq(SPARSE.design, SPARSE.target)[0],
    ),
    "sparse regression": (
        SPARSE,
        lambda x: half_square(SPARSE.design @ x - SPARSE.target),
        np.linalg.lstsq(SPARSE.design, SPARSE.target)[0],
    ),
    "matrix sensing": (
        SENSING,
        lambda x: half_square(np.einsum("kij,ij->k", SENSING.measurements, x) - SENSING.target),
        np.linalg.lstsq(SENSING.measurements.reshape(5, 12), SENSING.target)[0].reshape(3, 4),
    ),
    "objective": (
        mf.problems.Objective(lambda x: jnp.sum((x - 0.5) ** 4 + 0.1 * x**2) + 0.2, dimension=3),
        lambda x: float(((x - 0.5) ** 4 + 0.1 * x**2).sum() + 0.2),
        np.full(3, scipy.optimize.brentq(lambda x: 4 * (x - 0.5) ** 3 + 0.2 * x, 0.0, 1.0, xtol=1e-15)),
    ),
    "objective of a matrix": (
        mf.problems.Objective(lambda x: jnp.sum(jnp.cosh(x[0] * x[1])), dimension=(2, 3)),
        lambda x: float(np.cosh(x[0] * x[1]).sum()),
        np.zeros((2, 3)),
    ),
    "matrix completion": (
        COMPLETION,
        lambda x: half_square(x[COMPLETION.rows, COMPLETION.columns] - COMPLETION.values),
        COMPLETION.truth,
    ),
    "an entry observed twice": (
        mf.problems.MatrixCompletion([0, 1, 0], [1, 0, 1], [1.0, -0.5, 2.0], (2, 2)),
        lambda x: half_square(x[[0, 1, 0], [1, 0, 1]] - np.array([1.0, -0.5, 2.0])),
        np.array([[0.0, 1.5], [-0.5, 0.0]]),
    ),
    "sparse coding": (
        CODING,
        lambda x: half_square(CODING.dictionary @ x - CODING.signals),
        np.linalg.lstsq(CODING.dictionary, CODING.signals)[0],
    ),
    "sparse coding of one signal": (
        mf.problems.SparseCoding(CODING.dictionary, CODING.signals[:, 0]),
        lambda x: half_square(CODING.dictionary @ x - CODING.signals[:, 0]),
        np.linalg.lstsq(CODING.dictionary, CODING.signals[:, 0])[0],
    ),
    "exponential loss of a classifier": (
        SEPARABLE,
        lambda x: float(np.exp(-SEPARABLE.signed_inputs @ x).sum()),
        None,
    ),
    "logistic loss of a classifier": (
        mf.problems.Classification(SEPARABLE.inputs, SEPARABLE.labels, loss="logistic"),
        lambda x: float(np.logaddexp(0.0, -SEPARABLE.signed_inputs @ x).sum()),
        None,
    ),
    "logistic loss of labels that no plane separates": (
        TANGLED,
        lambda x: float(np.logaddexp(0.0, -TANGLED.signed_inputs @ x).sum()),
        scipy.optimize.root(tangled_gradient, np.zeros(2), tol=1e-15).x,
    ),
    "teacher neuron": (mf.problems.TeacherNeuron(3), neuron_loss, np.array([0.5, 2.0, 0.0, 0.0])),
}


class Case(NamedTuple):
    """A problem with everything that can be asked of it, computed at some points in one compiled call."""

    has_minimizer: bool
    problem: mf.problems.AbstractProblem
    formula: Callable[[np.ndarray], float]
    points: np.ndarray
    loss: np.ndarray
    log_loss: np.ndarray
    gradient: np.ndarray
    scaled: tuple[np.ndarray, np.ndarray]
    forward: np.ndarray
    reverse: np.ndarray
    hessian: np.ndarray


@eqx.filter_jit
def evaluate(problem, points):
    def one(x):
        return (
            problem.loss(x),
            problem.log_loss(x),
            problem.gradient(x),
            problem.scaled_gradient(x),
            jax.jacfwd(problem.loss)(x),
            jax.grad(problem.loss)(x),
            jax.jacfwd(problem.gradient)(x),
        )

    return jax.lax.map(one, points)


@eqx.filter_jit
def gradient_at(problem, x):
    return problem.gradient(x)


@pytest.fixture(scope="module", params=PROBLEMS.values(), ids=PROBLEMS.keys())
def case(request):
    problem, formula, minimizer = request.param
    random = np.random.default_rng(3)
    # Of several sizes, away from zero and from symmetric points; the minimizer last.
    points = [size * (random.standard_normal(problem.shape) + 0.3) for size in (0.1, 1.0, 3.0)]
    points = np.stack([*points, 0.7 * points[1] if minimizer is None else minimizer])
    return Case(
        minimizer is not None,
        problem,
        formula,
        points,
        *jax.tree.map(np.asarray, evaluate(problem, jnp.asarray(points))),
    )


def test_loss_is_the_stated_formula(case):
    np.testing.assert_allclose(case.loss[:-1], [case.formula(x) for x in case.points[:-1]], rtol=1e-12)


def test_shapes_and_axes_agree(case):
    problem, count = case.problem, len(case.points)
    assert len(problem.axis_names) == len(problem.shape)
    assert case.loss.shape == case.log_loss.shape == case.scaled[0].shape == (count,)
    assert case.gradient.shape == case.scaled[1].shape == (count, *problem.shape)


def test_gradient_is_the_derivative_of_the_loss_forward_and_reverse(case):
    for derivative in (case.forward, case.reverse):
        np.testing.assert_allclose(case.gradient, derivative, rtol=1e-12, atol=1e-13)


def test_gradient_is_the_slope_of_finite_differences(case):
    for x, gradient in zip(case.points, case.gradient, strict=True):
        slopes = differences(lambda x: np.asarray(case.formula(x)), x)
        # Central differences err by step² times the third derivative and by rounding over the step.
        np.testing.assert_allclose(gradient, slopes, rtol=1e-7, atol=1e-9 * max(1.0, case.formula(x)))


def test_derivative_of_the_gradient_is_symmetric_and_the_slope_of_finite_differences(case):
    size = case.points[0].size
    for x, hessian in zip(case.points[1:3], case.hessian[1:3], strict=True):
        square = hessian.reshape(size, size)
        scale = max(1.0, np.abs(square).max())
        np.testing.assert_allclose(square, square.T, rtol=1e-12, atol=1e-13 * scale)
        slopes = differences(lambda x: np.asarray(gradient_at(case.problem, x)), x).reshape(size, size)
        np.testing.assert_allclose(square, slopes, rtol=1e-7, atol=1e-8 * scale)


def test_scaled_gradient_is_the_gradient_in_two_parts(case):
    log_scale, direction = case.scaled
    scale = np.exp(log_scale).reshape(-1, *[1] * len(case.problem.shape))
    np.testing.assert_allclose(scale * direction, case.gradient, rtol=1e-14)


def test_log_loss_is_the_logarithm_of_the_loss(case):
    np.testing.assert_allclose(case.log_loss[:-1], np.log(case.loss[:-1]), rtol=1e-9, atol=1e-12)


def test_gradient_vanishes_at_the_minimizer(case):
    if case.has_minimizer:
        assert np.abs(case.gradient[-1]).max() < 1e-12


def test_a_loss_without_a_minimizer_falls_for_ever_along_a_separating_direction(case):
    """Its infimum is 0, approached at the rate of the smallest margin: log f(s·x) + s·m → log of how many have it."""
    if not case.has_minimizer:
        margins = np.asarray(case.problem.signed_inputs)
        direction = scipy.optimize.linprog(
            np.zeros(margins.shape[1]), A_ub=-margins, b_ub=-np.ones(len(margins)), bounds=(None, None)
        ).x
        smallest = (margins @ direction).min()
        assert smallest == pytest.approx(1.0, abs=1e-9)
        tied = np.isclose(margins @ direction, smallest, rtol=1e-9).sum()
        for scale in (1e3, 1e5):
            found = float(case.problem.log_loss(scale * direction))
            assert found == pytest.approx(np.log(tied) - scale * smallest, rel=1e-8)


def test_arrays_of_numpy_are_accepted(case):
    x = case.points[0]
    assert float(case.problem.loss(x)) == pytest.approx(case.formula(x), rel=1e-12)


def test_float32_stays_float32(case):
    small = jax.tree.map(lambda leaf: leaf.astype(np.float32) if is_float(leaf) else leaf, case.problem)
    loss, log_loss, gradient, scaled, *_ = evaluate(small, jnp.asarray(case.points, jnp.float32))
    assert all(result.dtype == jnp.float32 for result in (loss, log_loss, gradient, *scaled))
    np.testing.assert_allclose(loss[:-1], case.loss[:-1], rtol=2e-5)
    for single, double in zip(gradient[:-1], case.gradient[:-1], strict=True):
        np.testing.assert_allclose(single, double, rtol=2e-5, atol=2e-5 * np.abs(double).max())


def is_float(leaf):
    return hasattr(leaf, "dtype") and leaf.dtype.kind == "f"


def differences(function, x, step=1e-5):
    """The derivative of a function of arrays by central differences, the entry of x on the last axes."""
    slopes = []
    for index in np.ndindex(*x.shape):
        unit = np.zeros(x.shape)
        unit[index] = step
        slopes.append((function(x + unit) - function(x - unit)) / (2 * step))
    return np.stack(slopes, axis=-1).reshape(*slopes[0].shape, *x.shape)
