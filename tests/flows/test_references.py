"""Trajectories against SciPy's integrators run at the edge of double precision."""

import itertools

import numpy as np
import pytest
import scipy.integrate

import mirrorflow as mf

RANDOM = np.random.default_rng(0)
DESIGN = RANDOM.standard_normal((3, 4))
TARGET = DESIGN @ np.array([1.0, -1.0, 0.0, 0.0])
REGRESSION = mf.problems.LinearRegression(DESIGN, TARGET)
TIMES = np.linspace(0.0, 3.0, 13)
ALPHA, SWITCH = 0.3, 0.7


def gradient(x):
    return DESIGN.T @ (DESIGN @ x - TARGET)


def reference(rhs, start, method="DOP853", jumps=()):
    """The solution at TIMES, each piece between jumps integrated by itself."""
    edges, values, state = [0.0, *jumps, TIMES[-1]], [np.asarray(start)[None]], np.asarray(start)
    for low, high in itertools.pairwise(edges):
        inside = TIMES[(low < TIMES) & (high >= TIMES)]
        middle = (low + high) / 2  # on which piece of the schedule
        solution = scipy.integrate.solve_ivp(
            lambda t, y, middle=middle: rhs(middle, y), (low, high), state, method, inside, rtol=1e-12, atol=1e-14
        )
        # The piece is integrated to its end once more for the next start.
        values.append(solution.y.T)
        ended = scipy.integrate.solve_ivp(
            lambda t, y, middle=middle: rhs(middle, y), (low, high), state, method, rtol=1e-12, atol=1e-14
        )
        state = ended.y[:, -1]
    return np.concatenate(values)


def factors_rhs(t, y):
    m, w = y[:4], y[4:]
    g, alpha = gradient(m * w), ALPHA if t < SWITCH else 0.0
    return np.concatenate([-w * g - 2 * alpha * m, -m * g - 2 * alpha * w])


FACTORS = mf.Flow(
    REGRESSION,
    reparameterization=mf.reparameterizations.Hadamard(2),
    decay=mf.decay.Coupled(mf.schedules.switch_off(ALPHA, at=SWITCH)),
)


def factors_path(start, rtol):
    return mf.integrate(FACTORS, start, until=mf.until.time(3.0), save=TIMES, rtol=rtol, atol=rtol / 100)


def test_error_follows_the_tolerance_and_the_steps_the_order_of_the_solver():
    start = np.asarray(FACTORS.lift(x=np.full(4, 0.1), balance=0.5))
    expected = reference(factors_rhs, start.ravel(), jumps=[SWITCH]).reshape(-1, 2, 4)
    tolerances = 10.0 ** -np.arange(4, 12)
    errors, steps = [], []
    for rtol in tolerances:
        path = factors_path(start, rtol)
        assert path.status.ok
        errors.append(np.abs(np.asarray(path.parameters) - expected).max())
        steps.append(path.stats["steps"] - path.stats["rejected"])
    # Error per step in proportion to the tolerance; the fifth-order solver's global error to steps^-5.
    assert np.polyfit(np.log(tolerances), np.log(errors), 1)[0] == pytest.approx(1.0, abs=0.2)
    assert np.polyfit(np.log(steps[3:]), np.log(errors[3:]), 1)[0] == pytest.approx(-5.0, abs=1.0)
    assert errors[-1] < 2e-11


def test_ambient_accuracy_multiplies_the_tolerances():
    start = FACTORS.lift(x=np.full(4, 0.1), balance=0.5)
    with mf.accuracy(0.01):
        inside = factors_path(start, 1e-6)
    given = factors_path(start, 1e-8)
    coarse = factors_path(start, 1e-6)
    np.testing.assert_array_equal(inside.parameters, given.parameters)
    assert coarse.stats["steps"] < given.stats["steps"] == inside.stats["steps"]


def test_hyperbolic_entropy_in_its_dual_coordinate():
    """ẋ = −√(x²+ρ²)∇f"""
    potential = mf.potentials.HyperbolicEntropy(scale=0.3)
    start = np.array([0.1, -0.2, 0.3, 0.0])

    def rhs(_, x):
        return -np.sqrt(x**2 + 0.3**2) * gradient(x)

    path = mf.integrate(
        mf.Flow(REGRESSION, potential=potential), start, until=mf.until.time(3.0), save=TIMES, rtol=1e-10, atol=1e-12
    )
    np.testing.assert_allclose(path.x, reference(rhs, start), atol=1e-8)


def test_steepest_flow_of_a_product_with_decoupled_decay():
    q, width = 1.5, 0.1
    flow = mf.Flow(
        REGRESSION,
        reparameterization=mf.reparameterizations.Hadamard(3),
        geometry=mf.geometries.Steepest(q, smoothing=width),
        decay=mf.decay.Decoupled(0.2),
    )
    start = np.asarray(flow.lift(x=np.array([0.1, 0.2, -0.1, 0.05]), balance=0.4))

    def rhs(_, y):
        w = y.reshape(3, 4)
        g = gradient(w.prod(axis=0))
        direction = g / (g**2 + width**2) ** (1 - q / 2)
        partials = np.stack([w[1] * w[2], w[0] * w[2], w[0] * w[1]])
        return (-np.sign(partials) * np.abs(partials) ** (q - 1) * direction - 0.2 * w).ravel()

    path = mf.integrate(flow, start, until=mf.until.time(3.0), save=TIMES)
    expected = reference(rhs, start.ravel(), method="LSODA").reshape(-1, 3, 4)
    # |partial|^{1/2} has an infinite slope where a factor crosses zero.
    np.testing.assert_allclose(path.parameters, expected, atol=1e-5)


@pytest.mark.parametrize("geometry", ["euclidean", "spectral"])
def test_matrix_factorization(geometry):
    sensing = RANDOM.standard_normal((5, 2, 3))
    target = RANDOM.standard_normal(5)
    width = 0.2
    flow = mf.Flow(
        mf.problems.MatrixSensing(sensing, target),
        reparameterization=mf.reparameterizations.MatrixProduct(2, 3, 2),
        geometry=mf.geometries.Spectral(width) if geometry == "spectral" else None,
        decay=mf.decay.Decoupled(0.1),
    )
    start = {"left": RANDOM.standard_normal((2, 2)), "right": RANDOM.standard_normal((3, 2))}

    def polar(matrix):
        left, values, right = np.linalg.svd(matrix, full_matrices=False)
        return left @ np.diag(values / np.sqrt(values**2 + width**2)) @ right

    def rhs(_, y):
        u, v = y[:4].reshape(2, 2), y[4:].reshape(3, 2)
        g = np.einsum("kij,k->ij", sensing, np.einsum("kij,ij->k", sensing, u @ v.T) - target)
        move = polar if geometry == "spectral" else (lambda matrix: matrix)
        return np.concatenate([(-move(g @ v) - 0.1 * u).ravel(), (-move(g.T @ u) - 0.1 * v).ravel()])

    path = mf.integrate(flow, start, until=mf.until.time(3.0), save=TIMES)
    flat = np.concatenate([np.asarray(path.parameters[k]).reshape(len(TIMES), -1) for k in ("left", "right")], axis=1)
    expected = reference(rhs, np.concatenate([start["left"].ravel(), start["right"].ravel()]), method="LSODA")
    np.testing.assert_allclose(flat, expected, atol=1e-6)


def test_an_implicit_solver_named_by_the_user_agrees():
    import diffrax

    start = FACTORS.lift(x=np.full(4, 0.1), balance=0.5)
    explicit = factors_path(start, 1e-8)
    implicit = mf.integrate(
        FACTORS, start, until=mf.until.time(3.0), save=TIMES, rtol=1e-8, atol=1e-10, solver=diffrax.Kvaerno5()
    )
    assert implicit.status.ok
    np.testing.assert_allclose(implicit.parameters, explicit.parameters, atol=1e-6)
