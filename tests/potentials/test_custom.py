"""Potentials known only as a function, against closed forms and mpmath."""

import equinox as eqx
import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest

import mirrorflow as mf

P = mf.potentials
Custom = P.Custom
X = np.array([-20.0, -1.3, -1e-5, 1e-9, 0.4, 7.0])
POSITIVE = np.array([1e-12, 1e-3, 0.5, 3.0, 200.0, 1e8])
# what may be given, the potential that it is, and points
FORMS = {
    "quadratic": (lambda x: x**2 / 2, lambda x: x, jnp.ones_like, P.Quadratic(), X),
    "cubic": (lambda x: jnp.abs(x) ** 3 / 3, lambda x: x * jnp.abs(x), lambda x: 2 * jnp.abs(x), P.Power(3.0), X),
    "singular": (
        lambda x: jnp.abs(x) ** 1.5 / 1.5,
        lambda x: jnp.sign(x) * jnp.sqrt(jnp.abs(x)),
        lambda x: 0.5 * jnp.abs(x) ** -0.5,
        P.Power(1.5),
        X,
    ),
    "hyperbolic entropy": (
        lambda x: x * jnp.arcsinh(x / 0.3) - jnp.sqrt(x**2 + 0.09),
        lambda x: jnp.arcsinh(x / 0.3),
        lambda x: 1 / jnp.sqrt(x**2 + 0.09),
        P.HyperbolicEntropy(0.3),
        X,
    ),
    "cosh": (lambda x: jnp.cosh(x) - 1, jnp.sinh, jnp.cosh, P.Cosh(), X),
    "entropy": (lambda x: x * jnp.log(x) - x, jnp.log, lambda x: 1 / x, P.NegativeEntropy(), POSITIVE),
}
ACCURACY = 1e-12


class Entropic(eqx.Module):
    """1/√(x²+ρ²) with a traced ρ."""

    scale: jax.Array = eqx.field(converter=jnp.asarray)

    def __call__(self, x):
        return 1 / jnp.sqrt(x**2 + self.scale**2)


@eqx.filter_jit
def _everything(x, z, potential, start):
    """Maps, conjugate with its first and second derivatives, and what does not depend on affine terms."""
    hessian = jax.jvp(jax.grad(potential.conjugate), (z,), (jnp.ones_like(z),))[1]
    return {
        "mirror map": potential.mirror_map(x),
        "inverse": potential.inverse_mirror_map(z),
        "metric": potential.metric(x),
        "gradient of the conjugate": jax.grad(potential.conjugate)(z),
        "second derivative of the conjugate": hessian,
        "divergence": potential.divergence(x, start),
        "growth of Q": potential.balance_density(x) - potential.balance_density(start),
    }


CASES = [(form, "metric") for form in FORMS] + [
    ("cubic", "value"),
    ("singular", "mirror_map"),
    ("hyperbolic entropy", "value"),
    ("hyperbolic entropy", "mirror_map"),
    ("entropy", "value"),
]


@pytest.mark.parametrize("form, given", CASES)
def test_everything_follows_from_one_function(form, given):
    functions = dict(zip(("value", "mirror_map", "metric"), FORMS[form][:3], strict=True))
    known, x = FORMS[form][3:]
    custom = Custom(**{given: functions[given]}, domain=known.domain)
    z, start = known.mirror_map(x), np.full_like(x, 0.8)
    expected, found = _everything(x, z, known, start), _everything(x, z, custom, start)
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=ACCURACY, err_msg=name)


def test_conjugate_has_the_right_value_and_derivatives_against_mpmath():
    """R''=1+√|x|·… has no closed form: R*, x and 1/R'' by mpmath's root finder and quadrature."""
    custom = Custom(metric=lambda x: jnp.exp(-x / 3) + jnp.abs(x) ** 1.5)
    z = np.array([-30.0, -0.2, 1e-6, 0.9, 12.0])
    with mpmath.workdps(30):
        metric = lambda x: mpmath.exp(-x / 3) + abs(x) ** mpmath.mpf(1.5)  # noqa: E731
        dual = lambda x: 3 * (1 - mpmath.exp(-x / 3)) + mpmath.sign(x) * abs(x) ** mpmath.mpf(2.5) / 2.5  # noqa: E731
        value = lambda x: 3 * x + 9 * (mpmath.exp(-x / 3) - 1) + abs(x) ** mpmath.mpf(3.5) / 8.75  # noqa: E731
        x = [mpmath.findroot(lambda s, z=z: dual(s) - z, (-12, 12), solver="anderson", tol=1e-45) for z in z]
        exact = [[float(p) for p in (p_ * z_ - value(p_), p_, 1 / metric(p_))] for p_, z_ in zip(x, z, strict=True)]
    conjugate, point, curvature = np.array(exact).T
    np.testing.assert_allclose(custom.conjugate(z), np.sum(conjugate), rtol=ACCURACY)
    gradient = jax.jit(jax.grad(custom.conjugate))
    np.testing.assert_allclose(gradient(z), point, rtol=ACCURACY)
    np.testing.assert_allclose(jax.jacfwd(gradient)(z), np.diag(curvature), rtol=ACCURACY)
    np.testing.assert_allclose(jax.jacrev(gradient)(z), np.diag(curvature), rtol=ACCURACY)


def test_constants_of_integration_are_those_that_the_docstring_names():
    slope = Custom(mirror_map=lambda x: jnp.log(x) + 2, domain=(0, np.inf))  # r=1
    np.testing.assert_allclose([slope.value(x) for x in (1.0, 3.0)], [0, 3 * np.log(3) - 3 + 7 - 2], rtol=1e-14)
    curved = Custom(metric=lambda x: 1 / x, domain=(0, np.inf))
    np.testing.assert_allclose(curved.mirror_map([1.0, 3.0]), [0, np.log(3)], rtol=1e-14)
    np.testing.assert_allclose(curved.balance_density([1.0, 3.0]), [0, 2], rtol=1e-14)
    given = Custom(value=lambda x: x**2 + x + 7)
    assert given.value(0.0) == 7 and given.balance_function(0.0) == -7


@pytest.mark.parametrize(
    "custom, ends",
    [
        (lambda: Custom(mirror_map=jnp.tanh), (-1, 1)),
        (lambda: Custom(metric=lambda x: 1 / (1 + x**2)), (-np.pi / 2, np.pi / 2)),
        (lambda: Custom(metric=lambda x: jnp.where(x < 0, jnp.exp(jnp.minimum(x, 0)), 1.0)), (-1, np.inf)),
        (lambda: Custom(mirror_map=lambda x: -1 / x, domain=(0, np.inf)), (-np.inf, 0)),
        (lambda: Custom(metric=lambda x: 1 / (1 - x**2), domain=(-1, 1)), (-np.inf, np.inf)),
        (lambda: Custom(mirror_map=lambda x: jnp.sign(x) * jnp.log1p(jnp.log1p(jnp.abs(x)))), (-np.inf, np.inf)),
    ],
)
def test_bounded_mirror_maps_are_found_out(custom, ends):
    potential = custom()
    np.testing.assert_allclose(potential.dual_domain, ends, rtol=1e-12, atol=1e-12)
    for end, side in zip(ends, (-1, 1), strict=True):
        if np.isfinite(end):
            assert potential.inverse_mirror_map(end + 0.1 * side) == side * np.inf


def test_bounded_intervals_keep_their_digits_at_both_ends():
    """The logistic potential on (−1,1): mirror map atanh."""
    custom = Custom(metric=lambda x: 1 / ((1 - x) * (1 + x)), domain=(-1, 1))
    z = np.array([-15.0, -0.3, 1e-8, 2.0, 17.0])
    np.testing.assert_allclose(custom.inverse_mirror_map(z), np.tanh(z), rtol=1e-15)
    chart = custom.to_chart(np.tanh(z[:4]))
    np.testing.assert_allclose(custom.chart_rate(chart), 2.0, rtol=1e-9)  # the chart is 2·atanh
    assert custom.value([1.5]) == np.inf and np.isnan(custom.mirror_map([1.5])[0])


def test_narrow_features_are_resolved():
    bump = Custom(metric=lambda x: 1 + 100 * jnp.exp(-1e4 * (x - 5) ** 2))
    np.testing.assert_allclose(bump.mirror_map([1e8, 7.0]), np.array([1e8, 7.0]) + np.sqrt(np.pi), rtol=1e-14)
    wave = Custom(metric=lambda x: 2 + jnp.cos(9 * x))
    np.testing.assert_allclose(wave.mirror_map([30.0]), 60 + np.sin(270.0) / 9, rtol=1e-14)


def test_chart_is_primal_where_the_metric_allows_and_dual_where_zero_could_not_be_left():
    assert not Custom(metric=jnp.cosh).dual_chart
    for metric in (lambda x: jnp.abs(x), lambda x: jnp.abs(x) ** -0.5):
        assert Custom(metric=metric).dual_chart
        assert Custom(metric=metric).chart_rate(0.0) == 1
    problem = mf.problems.LinearRegression(np.array([[1.0, 2.0, -0.5]]), np.array([1.3]))
    ends = [
        mf.integrate(
            mf.Flow(problem, potential=potential), np.zeros(3), until=mf.until.time(20.0), rtol=1e-9, atol=1e-11
        ).x[-1]
        for potential in (
            Custom(mirror_map=lambda x: x * jnp.abs(x)),
            P.Power(3.0),
            Custom(metric=Entropic(0.3)),
            P.HyperbolicEntropy(0.3),
        )
    ]
    np.testing.assert_allclose(ends[0], ends[1], rtol=1e-6)
    np.testing.assert_allclose(ends[2], ends[3], rtol=1e-6)


def test_numbers_of_a_module_are_traced():
    traces = []

    @eqx.filter_jit
    def dual(potential, x):
        traces.append(1)
        return potential.mirror_map(x)

    for scale in (0.3, 0.7):
        np.testing.assert_allclose(dual(Custom(metric=Entropic(scale)), X), np.arcsinh(X / scale), rtol=1e-14)
    assert len(traces) == 1


REFUSED = {
    "nothing": (lambda: Custom(), "exactly one of value, mirror_map and metric, got none"),
    "two": (lambda: Custom(value=jnp.cosh, metric=jnp.cosh), "got value and metric"),
    "number": (lambda: Custom(metric=3.0), "metric must be callable, got float"),
    "shape": (lambda: Custom(value=jnp.sum), r"value must be elementwise: for an x of shape \(3,\)"),
    "mixing": (lambda: Custom(metric=lambda x: 1 + jax.nn.softmax(x)), "not those at each point alone"),
    "error": (lambda: Custom(metric=lambda x: x @ jnp.ones((2, 2))), r"does not accept an x of shape \(3,\)"),
    "concave": (lambda: Custom(value=lambda x: -(x**2)), "strictly convex"),
    "flat": (lambda: Custom(value=lambda x: jnp.maximum(jnp.abs(x) - 1, 0.0) ** 2), "strictly convex"),
    "outside": (lambda: Custom(value=lambda x: x * jnp.log(x)), "value must be finite inside the domain"),
    "singular": (lambda: Custom(metric=lambda x: 1 + jnp.abs(x - 2.3) ** -0.5), "quadrature of the metric"),
    "not integrable": (lambda: Custom(metric=lambda x: 1 / jnp.abs(x)), "quadrature of the metric"),
    "empty": (lambda: Custom(metric=jnp.cosh, domain=(1, 1)), "low < high"),
    "half a domain": (lambda: Custom(metric=jnp.cosh, domain=(1,)), "domain must be two numbers"),
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_is_no_potential_is_refused_in_words(words):
    make, message = REFUSED[words]
    with pytest.raises(ValueError, match=message):
        make()
