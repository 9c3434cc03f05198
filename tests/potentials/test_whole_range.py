"""Formulas keep their digits from the smallest to the largest floats, and are exact at 0."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest

import mirrorflow as mf

P = mf.potentials
SIZES = np.array([1e-300, 1e-150, 1e-30, 1e-8, 1e-3, 1.0, 1e3, 1e8, 1e30, 1e150, 1e300])
TINY = np.finfo(float).tiny  # below it numbers are flushed to 0
ROUNDING = 2e-13  # exponentials of logarithms of up to 700
SMOOTH_AT_ZERO = {
    "quadratic": P.Quadratic(),
    "hyperbolic-entropy": P.HyperbolicEntropy(0.25),
    "hyperbolic-aware": P.HyperbolicAware(3.0),
    "tilted": P.TiltedHyperbolicEntropy(0.25, -0.5),
    "steepest-3-1.5": P.SteepestFamily(3, 1.5, 0.25),
    "power-difference": P.PowerDifferencePotential(4, 0.5, 0.75),
}


@pytest.mark.parametrize("scale", [1e-300, 1e-12, 1.0, 1e300])
def test_hyperbolic_entropy_over_the_whole_range(scale):
    potential = P.HyperbolicEntropy(scale)
    expected = np.array([float(mpmath.asinh(mpmath.mpf(x) / mpmath.mpf(scale))) for x in SIZES])
    np.testing.assert_allclose(potential.mirror_map(SIZES), expected, rtol=ROUNDING, atol=TINY)
    np.testing.assert_allclose(
        potential.inverse_mirror_map(expected), SIZES, rtol=1e-12, atol=scale * TINY
    )  # z=1400 has 2e-13 of its own
    np.testing.assert_allclose(potential.metric(SIZES) * np.hypot(SIZES, scale), 1.0, rtol=ROUNDING)


@pytest.mark.parametrize("alpha", [1e-300, 1e-9, 1.0, 1e9, 1e300])
def test_hyperbolic_aware_over_the_whole_range(alpha):
    potential = P.HyperbolicAware(alpha)
    with mpmath.workdps(700):
        u = [mpmath.mpf(alpha) * mpmath.mpf(x) for x in SIZES]
        dual = [float(mpmath.log1p(v) / alpha) for v in u]
        balance = [float((v - mpmath.log1p(v)) / mpmath.mpf(alpha) ** 2) for v in u]
    np.testing.assert_allclose(potential.mirror_map(SIZES), dual, rtol=ROUNDING)
    kept = np.array(balance) > 1e-300
    np.testing.assert_allclose(potential.balance_density(SIZES)[kept], np.array(balance)[kept], rtol=ROUNDING)


@pytest.mark.parametrize("p", [1.05, 1.5, 2.0, 3.0, 8.0])
def test_power_chart_over_the_whole_range(p):
    potential = P.Power(p)
    z = SIZES[(SIZES ** min(1.0, 1 / (p - 1)) > 0) & (1 / (p - 1) * np.abs(np.log10(SIZES)) < 300)]
    x = potential.inverse_mirror_map(z)
    chart = potential.to_chart(x)
    np.testing.assert_allclose(potential.from_chart(chart), x, rtol=1e-11)  # powers up to 20 of relative roundings
    far = z > 1e8
    np.testing.assert_allclose(chart[far], x[far], rtol=1e-11)  # the chart is x itself far away


@pytest.mark.parametrize(
    "depth, q, balance", [(2, 1.0, 1e-12), (2, 2.0, 1e-300), (3, 1.5, 0.1), (4, 1.3, 1e6), (9, 1.0, 1e-3)]
)
def test_small_factor_over_the_whole_range(depth, q, balance):
    """a(x) solves |x|=|a|(|a|^q+λ)^{(L−1)/q} to rounding."""
    potential = P.SteepestFamily(depth, q, balance)
    a = np.asarray(potential.to_chart(-SIZES))
    with mpmath.workdps(40):
        product = [abs(mpmath.mpf(v)) * (abs(mpmath.mpf(v)) ** q + balance) ** (mpmath.mpf(depth - 1) / q) for v in a]
        errors = [float(value / mpmath.mpf(x) - 1) for value, x in zip(product, SIZES, strict=True)]
    kept = np.abs(a) > TINY
    assert np.all(a[kept] < 0) and np.sum(kept) > 6
    assert np.max(np.abs(errors)[kept]) < depth * ROUNDING


@pytest.mark.parametrize(
    "depth, q, balance", [(2, 1.0, 0.3), (2, 1.7, 1e-9), (3, 1.5, 0.3), (4, 2.0, 1e-2), (12, 2.0, 1.0)]
)
def test_steepest_mirror_map_is_the_integral_of_the_metric(depth, q, balance):
    """∫₀ˣdx/S by mpmath's quadrature in a, and Q=∫x dz, which no formula of the package enters."""
    potential = P.SteepestFamily(depth, q, balance)
    x = np.array([1e-6, 0.3, 1e3])
    a, z = np.asarray(potential.to_chart(x)), np.asarray(potential.mirror_map(x))
    with mpmath.workdps(20):
        others, L, lam = mpmath.mpf(depth - 1), depth, mpmath.mpf(balance)

        def rate(s):
            power = s**q
            total = power + lam
            moved = total ** (others / q - 1) * (total + others * power)  # dx/da
            return moved / (others * total ** (L - 2) * power + total ** (L - 1))  # S=Σ_i∏_{j≠i}|w_j|^q

        marks = [lam ** (1 / mpmath.mpf(q)) * mpmath.mpf(10) ** k for k in (-2, -1, 0, 1, 3, 6)]
        dual, conserved = [], []
        for end in a:
            path = [0, *[mark for mark in marks if mark < end], end]
            dual.append(float(mpmath.quad(rate, path)))
            product = lambda s: s * (s**q + lam) ** (others / q) * rate(s)  # noqa: E731
            conserved.append(float(mpmath.quad(product, path)))
    np.testing.assert_allclose(z, dual, rtol=ROUNDING)
    np.testing.assert_allclose(potential.balance_density(x), conserved, rtol=ROUNDING)


@pytest.mark.parametrize("name", SMOOTH_AT_ZERO)
def test_derivatives_at_zero_are_exact(name):
    potential, zero = SMOOTH_AT_ZERO[name], jnp.zeros(2)
    metric = potential.metric(1e-200 * jnp.ones(2))
    gradient = jax.grad(potential.value)
    np.testing.assert_allclose(gradient(zero), potential.mirror_map(zero), rtol=0, atol=0)
    np.testing.assert_allclose(jax.jit(jax.jacfwd(gradient))(zero), np.diag(metric), rtol=1e-13)
    dual = potential.mirror_map(zero)
    np.testing.assert_allclose(jax.jit(jax.hessian(potential.conjugate))(dual), np.diag(1 / metric), rtol=1e-13)
    np.testing.assert_allclose(jax.grad(potential.balance_function)(zero), 0.0, atol=0)


@pytest.mark.parametrize("potential", [P.Power(1.5), P.Power(3.0), P.BalancedSteepest(3, 1.0)])
def test_singular_metrics_at_zero_spoil_nothing_else(potential):
    zero = jnp.zeros(2)
    assert float(potential.metric(0.0)) in (0.0, np.inf)
    for function in (potential.value, potential.conjugate, potential.balance_function):
        assert function(zero) == 0 and np.all(jax.grad(function)(zero) == 0)
    assert np.all(potential.metric_times_identity(zero) == 0)
    assert np.all(potential.from_chart(zero) == 0) and np.all(
        potential.chart_rate(zero) > 0
    )  # 0 is left at finite speed


def test_points_outside_a_half_line_are_told_apart():
    potential = P.BalancedSteepest(3, 2.0)
    assert potential.value([-1.0]) == np.inf and np.isnan(potential.mirror_map([-1.0])[0])
    sides = P.BalancedSteepest(3, 2.0, side=[1.0, -1.0])
    assert [end.tolist() for end in sides.domain] == [[0.0, -np.inf], [np.inf, 0.0]]
    x = jnp.array([0.3, -0.4])
    np.testing.assert_allclose(sides.inverse_mirror_map(sides.mirror_map(x)), x, rtol=1e-14)


@pytest.mark.parametrize("potential", [P.SteepestFamily(3, 1.5, 0.25), P.HyperbolicEntropy(0.25), P.Power(3.0)])
def test_single_precision_works_at_its_own_accuracy(potential):
    with jax.enable_x64(False):
        x = jnp.asarray([0.5, -2.0], jnp.float32)
        back = potential.from_chart(potential.to_chart(x))
    assert back.dtype == jnp.float32
    np.testing.assert_allclose(back, x, rtol=1e-5)
