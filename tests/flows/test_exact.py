"""Trajectories against solutions in closed form (theory pages 02 and 03)."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf

TIMES = np.array([0.0, 0.05, 0.3, 0.50001, 1.0, 1.7, 2.0])


def linear(slopes):
    """f(x) = ⟨c, x⟩: its gradient integrates to ct."""
    return mf.problems.Objective(Linear(np.asarray(slopes)), dimension=len(slopes))


class Linear(eqx.Module):
    slopes: np.ndarray

    def __call__(self, x):
        return jnp.sum(self.slopes * x)


def path(flow, start, **settings):
    defaults = {"until": mf.until.time(TIMES[-1]), "save": TIMES, "rtol": 1e-10, "atol": 1e-12}
    result = mf.integrate(flow, start, **{**defaults, **settings})
    assert result.status.ok, result.status
    return result


def test_gradient_flow_on_regression_is_a_matrix_exponential():
    random = np.random.default_rng(0)
    design, target, start = random.standard_normal((3, 4)), random.standard_normal(3), random.standard_normal(4)
    flow = mf.Flow(mf.problems.LinearRegression(design, target), potential=mf.potentials.Quadratic())
    values, vectors = np.linalg.eigh(design.T @ design)
    bound = vectors.T @ design.T @ target
    rates = np.maximum(values, 1e-30)
    decay = np.exp(-rates * TIMES[:, None])
    expected = (decay * (vectors.T @ start) + (1 - decay) / rates * bound) @ vectors.T
    np.testing.assert_allclose(path(flow, start).x, expected, atol=1e-9)


@pytest.mark.parametrize("convention", ["coupled", "decoupled"])
def test_product_of_two_with_decay_follows_the_master_formula(convention):
    """x_t = ½e^{−4A}[u₀²e^{−2ℓ} − v₀²e^{2ℓ}], and m²−w² falls as e^{−4A} (page 02)."""
    alpha = 0.4
    strength = mf.schedules.switch_off(alpha if convention == "coupled" else 2 * alpha, at=0.5)
    decay = mf.decay.Coupled(strength) if convention == "coupled" else mf.decay.Decoupled(strength)
    slopes = np.array([0.7, -1.1, 0.2])
    flow = mf.Flow(linear(slopes), reparameterization=mf.reparameterizations.Hadamard(2), decay=decay)
    m, w = np.array([1.0, 0.8, 1.5]), np.array([0.3, -0.5, 0.0])
    result = path(flow, np.stack([m, w]))
    u, v = (m + w) / 2**0.5, (m - w) / 2**0.5
    spent = (alpha * np.minimum(TIMES, 0.5))[:, None]
    dual = slopes * TIMES[:, None]
    expected = 0.5 * np.exp(-4 * spent) * (u**2 * np.exp(-2 * dual) - v**2 * np.exp(2 * dual))
    np.testing.assert_allclose(result.x, expected, rtol=1e-8)
    balance = np.asarray(result.parameters[:, 0] ** 2 - result.parameters[:, 1] ** 2)
    np.testing.assert_allclose(balance, (m**2 - w**2) * np.exp(-4 * spent), rtol=1e-8)


@pytest.mark.parametrize("k", [2, 3])
def test_power_difference_with_its_own_decay_has_factors_in_closed_form(k):
    """u = [u₀^{2−2k} + 4k(k−1)(ℓ+A)]^{−1/(2k−2)} for u^{2k}−v^{2k} (page 02)."""
    alpha, slopes = 0.05, np.array([0.02, -0.01])
    flow = mf.Flow(
        linear(slopes),
        reparameterization=mf.reparameterizations.PowerDifference(2 * k),
        decay=mf.decay.Coupled(alpha, penalty=mf.decay.PowerSum(2 * k)),
    )
    start = np.array([[0.9, 0.6], [0.5, 0.8]])
    result = path(flow, start)
    dual, spent = slopes * TIMES[:, None], alpha * TIMES[:, None]
    for factor, sign in ((0, 1), (1, -1)):
        power = start[factor] ** (2.0 - 2 * k) + 4 * k * (k - 1) * (sign * dual + spent)
        np.testing.assert_allclose(result.parameters[:, factor], power ** (-1 / (2.0 * k - 2)), rtol=1e-8)


@pytest.mark.parametrize("depth", [2, 3, 4])
@pytest.mark.parametrize("q", [1.0, 1.5, 2.0])
def test_balanced_products_escape_as_page_03_says(depth, q):
    """With f' = −1: x^{1−m} = x₀^{1−m} + L(1−m)t, and x = x₀e^{Lt} for m = q(L−1)/L = 1."""
    flow = mf.Flow(
        linear([-1.0]),
        reparameterization=mf.reparameterizations.Hadamard(depth),
        geometry=mf.geometries.Steepest(q, smoothing=1e-9),
    )
    m, x0 = q * (depth - 1) / depth, 0.01
    # Half of the blow-up time where there is one.
    end = 0.5 * x0 ** (1 - m) / (depth * (m - 1)) if m > 1 + 1e-9 else 1.0
    times = np.linspace(0.0, end, 9)
    result = path(flow, flow.lift(x=np.full(1, x0), balance=0.0), until=mf.until.time(end), save=times)
    if abs(m - 1) < 1e-9:
        expected = x0 * np.exp(depth * times)
    else:
        expected = (x0 ** (1 - m) + depth * (1 - m) * times) ** (1 / (1 - m))
    np.testing.assert_allclose(result.x[:, 0], expected, rtol=1e-7)


@pytest.mark.parametrize("depth", [2, 3])
@pytest.mark.parametrize("q", [1.0, 1.5, 2.0])
def test_balances_are_kept_and_decay_under_decoupled_decay(depth, q):
    """|w_i|^q − |w_L|^q = λe^{−q∫α}, at any smoothing and across zero (page 03)."""
    schedule = mf.schedules.Piecewise([0.3, 0.0, 0.5], times=[0.4, 1.1])
    flow = mf.Flow(
        linear([0.9, -0.4]),
        reparameterization=mf.reparameterizations.Hadamard(depth),
        geometry=mf.geometries.Steepest(q, smoothing=0.05),
        decay=mf.decay.Decoupled(schedule),
    )
    result = path(flow, flow.lift(x=np.array([0.2, 0.1]), balance=np.array([0.6, 0.9])))
    powers = np.abs(np.asarray(result.parameters)) ** q
    expected = np.array([0.6, 0.9]) * np.exp(-q * np.asarray(schedule.integral(jnp.asarray(TIMES))))[:, None]
    for i in range(depth - 1):
        np.testing.assert_allclose(powers[:, i] - powers[:, -1], expected, rtol=1e-6)
    assert float(result.x[-1, 0]) < 0 < float(result.x[0, 0])
