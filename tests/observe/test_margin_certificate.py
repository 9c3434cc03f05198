"""The identity behind every margin, against arithmetic of many digits."""

import types

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest

import mirrorflow as mf

Lp = mf.potentials.Lp
random = np.random.default_rng(2)
INPUTS = random.normal(size=(9, 5))
PROBLEM = mf.problems.Classification(INPUTS, np.sign(INPUTS @ random.normal(size=5)))
EXPONENTS = [1.0, 1.5, 2.0, 3.0, np.inf]


def gap(x, best):
    """1−γ(x)/γ* in 50 digits, from the definition."""
    with mpmath.workdps(50):
        exact = [mpmath.mpf(float(entry)) for entry in x]
        p = best.horizon.p
        size = (
            max(map(abs, exact)) if np.isinf(p) else sum(abs(e) ** mpmath.mpf(p) for e in exact) ** (1 / mpmath.mpf(p))
        )
        margins = [sum(mpmath.mpf(float(a)) * e for a, e in zip(row, exact, strict=True)) for row in best.signed_inputs]
        total = sum(mpmath.mpf(float(weight)) for weight in best.multipliers)
        return float(1 - min(margins) / size * total)


@pytest.mark.parametrize("p", EXPONENTS)
def test_parts_add_up_to_the_gap_for_every_x(p):
    best = mf.predict.max_margin(PROBLEM, Lp(p))
    points = random.normal(size=(20, 5))
    found = mf.observe.margin_certificate(points, best)
    np.testing.assert_allclose(found.gap, [gap(x, best) for x in points], rtol=1e-13)
    assert (found.samples >= 0).all() and (found.features >= 0).all()
    np.testing.assert_allclose(1 - found.margin / best.margin, found.gap, rtol=1e-12)


@pytest.mark.parametrize("p", EXPONENTS)
@pytest.mark.parametrize("size", [1e-4, 1e-8, 1e-12])
def test_small_gaps_are_resolved(p, size):
    best = mf.predict.max_margin(PROBLEM, Lp(p))
    points = best.direction + size * random.normal(size=(5, 5))
    found = mf.observe.margin_certificate(points, best)
    np.testing.assert_allclose(found.gap, [gap(x, best) for x in points], rtol=1e-9, atol=3e-15)
    assert found.gap.max() > 0.1 * size


@pytest.mark.parametrize("p", [1.5, 2.0, 3.0])
def test_the_part_of_the_features_is_of_second_order_for_smooth_norms(p):
    best = mf.predict.max_margin(PROBLEM, Lp(p))
    step = random.normal(size=5)
    parts = [mf.observe.margin_certificate(best.direction + size * step, best).features for size in (1e-3, 1e-5)]
    np.testing.assert_allclose(parts[0] / parts[1], 1e4, rtol=0.02)


def test_the_part_of_the_features_is_the_slack_times_what_is_off_the_support():
    best = mf.predict.max_margin(PROBLEM, Lp(1))
    outside = np.abs(best.direction) < 1e-12
    x = best.direction + 1e-6 * outside
    found = mf.observe.margin_certificate(x, best)
    expected = 1e-6 * np.sum(1 - best.dual[outside]) / np.abs(x).sum()
    assert outside.any()
    np.testing.assert_allclose(found.features, expected, rtol=1e-6)


@pytest.mark.parametrize("p", EXPONENTS)
def test_the_best_direction_certifies_itself_at_every_size(p):
    best = mf.predict.max_margin(PROBLEM, Lp(p))
    for size in (1e-300, 1.0, 1e300):
        assert abs(mf.observe.margin_certificate(size * best.direction, best).gap) < 1e-14


def test_a_path_is_read_at_each_point_and_any_multipliers_will_do():
    path = mf.Trajectory.from_arrays(time=np.arange(3.0), parameters=random.normal(size=(3, 5)), problem=PROBLEM)
    weights = random.uniform(size=9)
    rows = np.asarray(PROBLEM.signed_inputs)
    other = types.SimpleNamespace(
        multipliers=weights / np.linalg.norm(weights @ rows), signed_inputs=rows, horizon=Lp(2)
    )
    found = mf.observe.margin_certificate(path, other)
    np.testing.assert_allclose(found.margin, mf.observe.margin(path, Lp(2)), rtol=1e-12)
    np.testing.assert_allclose(found.gap, 1 - found.margin * other.multipliers.sum(), rtol=1e-11)


def test_gauges_given_as_functions_are_certified_too():
    best = mf.predict.max_margin(PROBLEM, lambda x: jnp.sqrt(jnp.sum(x**2)) + 0.2 * x[1])
    found = mf.observe.margin_certificate(random.normal(size=(4, 5)), best)
    np.testing.assert_allclose(found.gap, 1 - found.margin / best.margin, rtol=1e-7)


@pytest.mark.parametrize(
    "x, message", [(np.zeros(5), "x must not be 0"), (np.ones(4), "with 5 features"), (np.full(5, np.nan), "finite")]
)
def test_points_that_have_no_margin_are_refused_in_words(x, message):
    with pytest.raises(ValueError, match=message):
        mf.observe.margin_certificate(x, mf.predict.max_margin(PROBLEM, Lp(1)))


def test_networks_have_no_certificate():
    network = mf.networks.MLP((5, 2, 1), key=jax.random.key(0))
    problem = mf.problems.NetworkClassification(network, PROBLEM.inputs, PROBLEM.labels)
    weights = jax.tree.map(lambda leaf: leaf[None], network.parameters)
    path = mf.Trajectory.from_arrays(time=[0.0], parameters=weights, problem=problem)
    with pytest.raises(ValueError, match="a network's margins have no certificate, see kkt_residual"):
        mf.observe.margin_certificate(path, mf.predict.max_margin(PROBLEM, Lp(2)))
