"""Decay conventions (theory page 00), and penalties with their gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf

THETA = {"a": jnp.array([[0.3, -1.2], [0.0, 2.0]]), "b": jnp.array([-0.7])}
PENALTIES = {
    "squared norm": (mf.decay.SquaredNorm(), lambda a: a**2),
    "power 2": (mf.decay.PowerSum(2.0), lambda a: a**2),
    "power 4": (mf.decay.PowerSum(4), lambda a: a**4),
    "power 1.5": (mf.decay.PowerSum(1.5), lambda a: np.abs(a) ** 1.5),
    "l1": (mf.decay.PowerSum(1.0), np.abs),
}


@pytest.fixture(params=PENALTIES.values(), ids=PENALTIES.keys())
def penalty(request):
    return request.param


def test_penalty_is_the_sum_over_all_entries(penalty):
    h, entry = penalty
    expected = sum(float(entry(np.asarray(leaf)).sum()) for leaf in THETA.values())
    assert float(h(THETA)) == pytest.approx(expected, rel=1e-14)


def test_penalty_has_the_gradient_of_finite_differences_and_zero_at_zero(penalty):
    h, entry = penalty
    gradient = jax.grad(h)(THETA)
    step = 1e-6
    for name, leaf in THETA.items():
        array = np.asarray(leaf)
        slopes = (entry(array + step) - entry(array - step)) / (2 * step)
        np.testing.assert_allclose(gradient[name], slopes, atol=1e-8)
    assert float(gradient["a"][1, 0]) == 0.0


def test_sum_of_logarithms_has_the_gradient_of_inverses():
    theta = {"a": jnp.array([[0.3, 1.2]]), "b": jnp.array([0.7])}
    h = mf.decay.LogSum()
    assert float(h(theta)) == pytest.approx(np.log(0.3 * 1.2 * 0.7), rel=1e-14)
    np.testing.assert_allclose(mf.decay.Coupled(0.5, penalty=h).gradient(theta, 0.0)["a"], 0.5 / theta["a"], rtol=1e-14)


def test_coupled_adds_the_gradient_of_the_penalty(penalty):
    h, _ = penalty
    decay = mf.decay.Coupled(mf.schedules.Piecewise([0.3, 0.1], times=[1.0]), penalty=h)
    for time, alpha in ((0.5, 0.3), (2.0, 0.1)):
        added, expected = decay.gradient(THETA, time), jax.grad(h)(THETA)
        for name in THETA:
            np.testing.assert_allclose(added[name], alpha * expected[name], rtol=1e-14)


def test_coupled_alone_means_the_gradient_2αθ():
    added = mf.decay.Coupled(0.3).gradient(THETA, 0.0)
    np.testing.assert_allclose(added["a"], 0.6 * THETA["a"], rtol=1e-15)


def test_a_number_is_a_constant_schedule_and_jumps_are_the_schedule_s():
    assert mf.decay.Decoupled(0.2).jumps.shape == (0,)
    assert float(mf.decay.Decoupled(0.2).strength(17.0)) == 0.2
    schedule = mf.schedules.switch_off(0.4, at=0.5)
    for decay in (mf.decay.Coupled(schedule), mf.decay.Decoupled(schedule)):
        np.testing.assert_array_equal(decay.jumps, [0.5])
        assert decay.strength is schedule
