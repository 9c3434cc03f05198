"""The time-dependent potentials of theory page 02, against closed forms of the factors."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf

P = mf.potentials
SCHEDULE = mf.schedules.switch_off(0.4, at=0.5)
TIMES = (0.0, 0.2, 0.5, 3.0)
U, V = np.array([0.9, 0.5, 1.2]), np.array([0.3, 0.7, 1.1])


def entropy_family(strength=SCHEDULE, **options):
    """m⊙w with u₀=(m₀+w₀)/√2 and v₀=(m₀−w₀)/√2: m₀²−w₀²=2u₀v₀."""
    return P.RegularizedHyperbolicEntropy(2 * U * V, np.log(U / V), strength, **options)


@pytest.mark.parametrize("time", TIMES)
def test_dual_of_the_closed_form_is_minus_the_accumulated_gradient(time):
    spent, accumulated = SCHEDULE.integral(time), np.array([0.3, -0.7, 0.1])
    x = 0.5 * np.exp(-4 * spent) * (U**2 * np.exp(-2 * accumulated) - V**2 * np.exp(2 * accumulated))
    np.testing.assert_allclose(entropy_family().at(time).mirror_map(x), -accumulated, atol=1e-14)


@pytest.mark.parametrize("time", TIMES)
def test_scale_decays_and_the_minimum_moves_to_zero(time):
    shrinkage = np.exp(-4 * SCHEDULE.integral(time))
    potential = entropy_family().at(time)
    np.testing.assert_allclose(jnp.exp(potential.log_scale), U * V * shrinkage, rtol=1e-14)
    minimum = potential.inverse_mirror_map(jnp.zeros(3))  # positional bias: e^{−4A}m₀w₀
    np.testing.assert_allclose(minimum, shrinkage * (U**2 - V**2) / 2, rtol=1e-13)


def test_equal_decay_spent_leaves_the_same_potential():
    """Decay 2λ for T and decay λ for 2T: the effect is stored in ∫α and in nothing else."""
    limits = [entropy_family(mf.schedules.switch_off(*spent)).limit() for spent in ((0.8, 0.5), (0.4, 1.0))]
    np.testing.assert_allclose(limits[0].log_scale, limits[1].log_scale, rtol=1e-15)


def test_decoupled_decay_of_twice_the_strength_is_coupled_decay():
    decoupled = entropy_family(mf.schedules.switch_off(0.8, at=0.5), convention=0.5)
    np.testing.assert_allclose(decoupled.at(0.3).log_scale, entropy_family().at(0.3).log_scale, rtol=1e-15)


def test_decay_without_end_is_within_range_but_has_no_limit():
    family = entropy_family(1.0)
    potential = family.at(1e6)
    assert np.all(potential.log_scale < -1e6)
    np.testing.assert_allclose(potential.inverse_mirror_map(potential.mirror_map([2.0, -1e-9, 0.4]))[0], 2.0, rtol=1e-9)
    for endless in (family, P.RegularizedPowerDifference(4, U, V, 1.0)):
        with pytest.raises(ValueError, match="integral of the decay strength over all times diverges"):
            endless.limit()


def test_families_know_the_jumps_of_their_schedules():
    assert np.asarray(entropy_family().jumps).tolist() == [0.5]
    assert np.asarray(P.RegularizedPowerDifference(4, U, V, SCHEDULE).jumps).tolist() == [0.5]


@pytest.mark.parametrize("depth", [3, 4, 6])
@pytest.mark.parametrize("time", TIMES)
def test_power_difference_under_its_admissible_decay(depth, time):
    """Brackets u^{2−D} = u₀^{2−D}+c(ℓ+A), v^{2−D} = v₀^{2−D}+c(−ℓ+A), c=D(D−2)."""
    spent, accumulated = float(SCHEDULE.integral(time)), np.array([0.05, -0.04, 0.01])
    c = depth * (depth - 2)
    u = (U ** (2 - depth) + c * (accumulated + spent)) ** (1 / (2 - depth))
    v = (V ** (2 - depth) + c * (spent - accumulated)) ** (1 / (2 - depth))
    potential = P.RegularizedPowerDifference(depth, U, V, SCHEDULE).at(time)
    np.testing.assert_allclose(potential.mirror_map(u**depth - v**depth), -accumulated, rtol=1e-12)
    np.testing.assert_allclose(potential.inverse_mirror_map(-accumulated), u**depth - v**depth, rtol=1e-12)
    np.testing.assert_allclose(potential.balance_density(u**depth - v**depth), (u**2 + v**2) / (2 * depth), rtol=1e-12)


def test_brackets_solve_the_flow_of_the_factors():
    """d(u,v)/dt of the closed form, by automatic differentiation, is the gradient flow with decay of theory page 02."""
    depth, signal = 4, np.array([-0.3, 0.2, 0.1])
    family = P.RegularizedPowerDifference(depth, U, V, mf.schedules.constant(0.2))

    def factors(time):
        potential = family.at(time)
        minus, plus = jax.tree.map(jnp.exp, potential._log_brackets(potential.to_chart(_x(time))))
        return minus ** (1 / (2 - depth)), plus ** (1 / (2 - depth))

    def _x(time):
        return family.at(time).inverse_mirror_map(-signal * time)

    (u, v), (u_dot, v_dot) = jax.jvp(factors, (0.4,), (1.0,))
    # signal=−0.2 balances the decay, so that one entry is 0 but for roundings of 0.2
    np.testing.assert_allclose(u_dot, -depth * u ** (depth - 1) * (signal + 0.2), rtol=1e-11, atol=1e-15)
    np.testing.assert_allclose(v_dot, -depth * v ** (depth - 1) * (-signal + 0.2), rtol=1e-11, atol=1e-15)


def test_dual_domain_grows_and_the_reachable_x_shrinks_under_decay():
    """Theory page 02, with the published direction of the dual domain refuted."""
    family = P.RegularizedPowerDifference(4, 0.7, 0.7, 1.0)
    early, late = family.at(0.0), family.at(0.5)
    assert late.dual_domain[1] > early.dual_domain[1] and late.dual_domain[0] < early.dual_domain[0]
    bound = 0.9 * early.dual_domain[1]
    assert 0 < late.inverse_mirror_map(bound) < early.inverse_mirror_map(bound)
    assert early.inverse_mirror_map(early.dual_domain[1] * 1.01) == np.inf  # a blow-up is told, not numbered


def test_families_are_traced_in_time_and_numbers():
    times = jnp.asarray(TIMES)
    scales = jax.jit(jax.vmap(lambda time: entropy_family().at(time).metric(jnp.ones(3))))(times)
    assert scales.shape == (4, 3)
    slope = jax.grad(lambda beta: P.RegularizedHyperbolicEntropy(beta, 0.0, SCHEDULE).limit().value(0.3))(0.5)
    step = [
        float(P.RegularizedHyperbolicEntropy(b, 0.0, SCHEDULE).limit().value(0.3)) for b in (0.5 - 1e-5, 0.5 + 1e-5)
    ]
    np.testing.assert_allclose(slope, (step[1] - step[0]) / 2e-5, rtol=1e-7)
