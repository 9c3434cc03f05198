"""Potentials of exponential growth and on the orthant, where mirror map or metric leave the range of floats."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest

import mirrorflow as mf

P = mf.potentials
ROUNDING = 2e-13  # exponentials of numbers of up to 700
WIDE = np.array([-1e8, -711.0, -30.0, -1e-9, 0.0, 1e-9, 1e-3, 0.9, 1.1, 709.0, 1e300])


def test_log_chart_rate_of_cosh_is_right_where_the_rate_underflows():
    with mpmath.workdps(40):
        small = [x for x in WIDE if abs(x) < 1e9]
        expected = [float(-mpmath.log(mpmath.cosh(mpmath.mpf(x)))) for x in small]
    np.testing.assert_allclose(P.Cosh().log_chart_rate(small), expected, rtol=1e-15)
    np.testing.assert_allclose(P.Cosh().log_chart_rate(WIDE[-1:]), -WIDE[-1:], rtol=1e-15)


@pytest.mark.parametrize("potential", [P.Quadratic(), P.Power(3.0), P.Cosh(), P.LogBarrier(), P.HyperbolicEntropy(0.3)])
def test_log_chart_rate_is_the_logarithm_of_the_chart_rate_with_its_derivatives(potential):
    chart = potential.to_chart(np.array([0.02, 0.7, 3.0]))
    np.testing.assert_allclose(jnp.exp(potential.log_chart_rate(chart)), potential.chart_rate(chart), rtol=1e-14)
    for order in (jax.grad, lambda f: jax.grad(lambda c: jnp.sum(jax.grad(f)(c)))):
        direct = order(lambda c: jnp.sum(jnp.log(potential.chart_rate(c))))(chart)
        np.testing.assert_allclose(order(lambda c: jnp.sum(potential.log_chart_rate(c)))(chart), direct, atol=1e-12)


def test_balance_of_cosh_keeps_its_digits_and_overflows_to_infinity():
    finite = np.array([1e-150, 1e-8, 1e-3, 0.5, 2.0, 30.0, 700.0])
    with mpmath.workdps(330):
        big = [mpmath.mpf(x) for x in finite]
        balance = [float(x * mpmath.sinh(x) - mpmath.cosh(x) + 1) for x in big]
        value = [float(mpmath.cosh(x) - 1) for x in big]
    np.testing.assert_allclose(P.Cosh().balance_density(finite), balance, rtol=ROUNDING)
    np.testing.assert_allclose([P.Cosh().value(x) for x in finite], value, rtol=ROUNDING)
    assert np.all(P.Cosh().balance_density([-800.0, 800.0]) == np.inf)
    assert P.Cosh().divergence([800.0], [1.0]) == P.Cosh().divergence([1.0], [-800.0]) == np.inf
    assert P.Cosh().divergence([800.0], [800.0]) == 0


def test_inverse_of_sinh_reaches_the_ends_of_the_range():
    z = np.array([1e-300, 1e-8, 1.0, 1e10, 1e200, 1.7e308])
    with mpmath.workdps(40):
        expected = [float(mpmath.asinh(mpmath.mpf(v))) for v in z]
    np.testing.assert_allclose(P.Cosh().inverse_mirror_map(-z), -np.array(expected), rtol=1e-15)
    assert P.Cosh().inverse_mirror_map(np.inf) == np.inf


def test_chart_of_cosh_has_its_derivatives_at_zero():
    curvature = jax.hessian(lambda c: P.Cosh().chart_rate(c))(0.0)
    assert jax.grad(lambda c: P.Cosh().chart_rate(c))(0.0) == 0 and curvature == -1
    assert jax.hessian(lambda c: P.Cosh().log_chart_rate(c))(0.0) == -1


@pytest.mark.parametrize("potential", [P.NegativeEntropy(), P.LogBarrier()])
def test_points_outside_the_orthant_are_told_apart(potential):
    assert potential.value([-1.0]) == np.inf
    for name in ("mirror_map", "metric", "balance_density", "to_chart"):
        assert np.isnan(getattr(potential, name)([-1.0])[0]), name
    assert potential.value([0.0]) == (0 if isinstance(potential, P.NegativeEntropy) else np.inf)


def test_flow_of_negative_entropy_multiplies():
    """f=⟨c,x⟩ has x=x₀e^{−ct}, and log-barrier flow 1/x=1/x₀+ct, both from the first to the last digit."""
    slope, start = np.array([0.7, -0.3]), np.array([1e-9, 2.0])
    problem = mf.problems.Objective(lambda x: slope @ x, dimension=2)
    paths = [
        mf.integrate(mf.Flow(problem, potential=potential), start, until=mf.until.time(1.0), rtol=1e-10, atol=1e-13)
        for potential in (P.NegativeEntropy(), P.LogBarrier())
    ]
    np.testing.assert_allclose(paths[0].x[-1], start * np.exp(-slope), rtol=1e-12)
    np.testing.assert_allclose(paths[1].x[-1], 1 / (1 / start + slope), rtol=1e-9)


U, V = np.array([0.9, 0.5, 1.2]), np.array([0.3, 0.7, 1.1])


def test_log_difference_is_the_flow_of_its_factors():
    """u²=u₀²+2z, v²=v₀²−2z solve u̇=−f'/u, v̇=f'/v; Q is −(u²+v²)/4 times the entropy of the share of u²."""
    z = np.array([0.04, -0.1, 0.3])
    u, v = np.sqrt(U**2 + 2 * z), np.sqrt(V**2 - 2 * z)
    potential = P.LogDifferencePotential(U, V)
    x = np.log(u) - np.log(v)
    np.testing.assert_allclose(potential.inverse_mirror_map(z), x, rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(potential.mirror_map(x), z, rtol=1e-13)
    np.testing.assert_allclose(1 / potential.metric(x), 1 / u**2 + 1 / v**2, rtol=1e-13)
    share = u**2 / (U**2 + V**2)
    entropy = -share * np.log(share) - (1 - share) * np.log(1 - share)
    np.testing.assert_allclose(potential.balance_density(x), -(U**2 + V**2) / 4 * entropy, rtol=1e-13)
    np.testing.assert_allclose(potential.mirror_map(np.log(U / V)), 0, atol=1e-16)


def test_log_difference_keeps_both_brackets_far_out():
    potential = P.LogDifferencePotential(0.6, 1.5)
    x = np.array([-500.0, -40.0, 40.0, 500.0])
    np.testing.assert_allclose(
        potential.log_chart_rate(x), 2 * np.abs(x) - np.log(0.36 + 2.25), rtol=1e-14
    )  # 4cosh² is e^{2|x|} there
    low, high = potential.dual_domain
    np.testing.assert_allclose(potential.mirror_map(x), [low, low, high, high], rtol=1e-15)
    np.testing.assert_array_equal(potential.inverse_mirror_map([low, high]), [-np.inf, np.inf])


@pytest.mark.parametrize("time", [0.0, 0.1, 0.4])
def test_log_difference_under_its_admissible_decay(time):
    """u²=u₀²+2z−2A, v²=v₀²−2z−2A, also once the dual of the start has left the dual domain."""
    schedule = mf.schedules.switch_off(0.4, at=0.5)
    spent, family = float(schedule.integral(time)), P.RegularizedLogDifference(U, V, schedule)
    low, high = spent - U**2 / 2, V**2 / 2 - spent
    z = low + np.array([0.2, 0.6, 0.9]) * (high - low)
    u, v = np.sqrt(U**2 + 2 * z - 2 * spent), np.sqrt(V**2 - 2 * z - 2 * spent)
    potential = family.at(time)
    np.testing.assert_allclose(potential.inverse_mirror_map(z), np.log(u / v), rtol=1e-12)
    np.testing.assert_allclose(potential.mirror_map(np.log(u / v)), z, rtol=1e-12)
    np.testing.assert_allclose(1 / potential.metric(np.log(u / v)), u**-2 + v**-2, rtol=1e-12)


def test_log_difference_ends_when_decay_has_used_it_up():
    family = P.RegularizedLogDifference(0.6, 0.8, 1.0)
    assert family.at(0.2499).dual_domain[0] < family.at(0.2499).dual_domain[1]
    with pytest.raises(ValueError, match=r"reached \(u²\+v²\)/4 = 0.25"):
        family.at(0.26)
    with pytest.raises(ValueError, match="diverges"):
        family.limit()
    assert np.isnan(jax.jit(lambda time: family.at(time).mirror_map([0.3]))(0.26)[0])


def test_mirror_flow_of_log_difference_is_the_flow_of_its_factors():
    """The reparameterized gradient flow, with its decay as part of the objective, against the family."""
    problem = mf.problems.Objective(lambda x: jnp.sum((x - jnp.array([0.4, -0.2, 0.1])) ** 2), dimension=3)
    family = P.RegularizedLogDifference(U, V, mf.schedules.constant(0.02))

    penalized = mf.problems.Objective(
        lambda w: problem.loss(jnp.log(w[:3]) - jnp.log(w[3:])) + 0.02 * jnp.sum(jnp.log(w)), dimension=6
    )
    factors = mf.integrate(
        mf.Flow(penalized, potential=P.Quadratic()),
        np.concatenate([U, V]),
        until=mf.until.time(2.0),
        rtol=1e-10,
        atol=1e-12,
    )
    mirror = mf.integrate(
        mf.Flow(problem, potential=family), np.log(U / V), until=mf.until.time(2.0), rtol=1e-10, atol=1e-12
    )
    np.testing.assert_allclose(mirror.x[-1], np.log(factors.x[-1][:3] / factors.x[-1][3:]), rtol=1e-7)
