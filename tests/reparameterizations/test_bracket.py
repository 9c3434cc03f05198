"""Lie brackets with known values."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf
from mirrorflow.reparameterizations import bracket, decay_bracket

RANDOM = np.random.default_rng(6)


def orthogonal(size):
    return np.linalg.qr(RANDOM.standard_normal((size, size)))[0]


@pytest.mark.parametrize("depth", [2, 3, 4])
def test_products_commute(depth):
    theta = RANDOM.standard_normal((depth, 3)) + 0.2
    assert bracket(mf.reparameterizations.Hadamard(depth), theta).relative < 1e-15


@pytest.mark.parametrize("power", [2, 3, 5])
def test_power_differences_commute(power):
    theta = 0.1 + np.abs(RANDOM.standard_normal((2, 3)))
    assert bracket(mf.reparameterizations.PowerDifference(power), theta).relative < 1e-15


def test_log_differences_and_diagonal_attention_commute():
    theta = 0.1 + np.abs(RANDOM.standard_normal((2, 3)))
    assert bracket(mf.reparameterizations.LogDifference(), theta).relative < 1e-15
    assert bracket(mf.reparameterizations.DiagonalAttention(), theta[:, None]).relative < 1e-15


def test_the_sum_of_logarithms_commutes_with_a_log_difference_and_no_other_penalty():
    """Page 02: h = log u + log v."""
    theta = 0.1 + np.abs(RANDOM.standard_normal((2, 3)))
    difference = mf.reparameterizations.LogDifference()
    assert decay_bracket(difference, theta, mf.decay.LogSum()).relative < 1e-15
    for penalty in (mf.decay.SquaredNorm(), mf.decay.PowerSum(1), mf.decay.PowerSum(3)):
        assert decay_bracket(difference, theta, penalty).relative > 1e-2
    assert decay_bracket(mf.reparameterizations.PowerDifference(2), theta, mf.decay.LogSum()).relative > 1e-2


def test_decay_commutes_with_diagonal_attention_and_full_attention_does_not_commute():
    theta = RANDOM.standard_normal((2, 3))
    assert decay_bracket(mf.reparameterizations.DiagonalAttention(), theta, mf.decay.SquaredNorm()).relative < 1e-15
    full = {"key": RANDOM.standard_normal((2, 3)), "query": RANDOM.standard_normal((2, 3))}
    found = bracket(mf.reparameterizations.Attention(3, 2), full)
    assert found.relative > 0.1 and found.size > 0.1
    # Entry by entry diagonal matrices give back the commuting case on the diagonal of X only.
    product = mf.reparameterizations.MatrixProduct(3, 3, 2)
    same = bracket(product, mf.reparameterizations.Attention(3, 2).factors(full))
    assert (found.relative, found.between) == (pytest.approx(same.relative, rel=1e-12), same.between)


@pytest.mark.parametrize("depth", [2, 3, 4, 6])
def test_squared_norm_and_a_product_have_the_bracket_of_page_03(depth):
    """[∇‖θ‖², ∇g_i] = 2(L−2)∇g_i, which is 0 for L=2 only."""
    product = mf.reparameterizations.Hadamard(depth)
    theta = jnp.asarray(RANDOM.standard_normal((depth, 1)) + 0.2)
    found = decay_bracket(product, theta, mf.decay.SquaredNorm())
    # The two terms of the bracket are 2(L−1)∇g and 2∇g.
    assert found.relative == pytest.approx((depth - 2) / depth, rel=1e-12, abs=1e-15)
    if found.between == "h and g_0":
        expected = 2 * (depth - 2) * float(jnp.linalg.norm(jax.grad(lambda w: product(w)[0])(theta)))
        assert found.size == pytest.approx(expected, rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("power", [2, 4, 6])
def test_the_admissible_penalty_of_a_power_difference_commutes_and_no_other(power):
    """For u^{2k}−v^{2k} it is Σu^{2k}+v^{2k} (page 02)."""
    theta = 0.1 + np.abs(RANDOM.standard_normal((2, 3)))
    difference = mf.reparameterizations.PowerDifference(power)
    assert decay_bracket(difference, theta, mf.decay.PowerSum(power)).relative < 1e-15
    other = decay_bracket(difference, theta, mf.decay.PowerSum(power + 1))
    assert other.relative > 1e-2 and "h and" in other.between


def test_squared_norm_is_admissible_for_squares_only():
    theta = 0.1 + np.abs(RANDOM.standard_normal((2, 3)))
    for power, commutes in ((2, True), (4, False)):
        found = decay_bracket(mf.reparameterizations.PowerDifference(power), theta, mf.decay.SquaredNorm())
        assert (found.relative < 1e-15) == commutes


def test_entries_of_a_matrix_product_do_not_commute():
    """Two entries of one row share its left factor: the bracket is (v_j·v_l' − v_l·v_j') type, of ordinary size."""
    product = mf.reparameterizations.MatrixProduct(2, 2, 2)
    theta = {"left": RANDOM.standard_normal((2, 2)), "right": RANDOM.standard_normal((2, 2))}
    found = bracket(product, theta)
    assert found.relative > 0.1 and found.size > 0.1 and "g_" in found.between


def test_quadratic_forms_commute_if_their_matrices_do():
    """[∇g_i, ∇g_j] = (A_jA_i − A_iA_j)θ."""
    rotation, theta = orthogonal(4), RANDOM.standard_normal(4)
    diagonals = RANDOM.standard_normal((3, 4))
    together = np.stack([rotation @ np.diag(d) @ rotation.T for d in diagonals])
    together = (together + together.swapaxes(1, 2)) / 2
    assert bracket(mf.reparameterizations.QuadraticForm(together), theta).relative < 1e-13

    apart = RANDOM.standard_normal((2, 4, 4))
    apart = apart + apart.swapaxes(1, 2)
    found = bracket(mf.reparameterizations.QuadraticForm(apart), theta)
    pair = np.linalg.norm((apart[1] @ apart[0] - apart[0] @ apart[1]) @ theta)
    assert found.size >= pair * (1 - 1e-12) > 1.0 or found.relative > 0.1
    assert found.relative > 0.1


def test_bracket_of_two_forms_is_the_commutator_applied_to_the_point():
    apart = RANDOM.standard_normal((2, 4, 4))
    apart, theta = apart + apart.swapaxes(1, 2), RANDOM.standard_normal(4)
    found = bracket(mf.reparameterizations.QuadraticForm(apart), theta)
    commutator = np.linalg.norm((apart[1] @ apart[0] - apart[0] @ apart[1]) @ theta)
    if found.between == "g_0 and g_1":
        assert found.size == pytest.approx(commutator, rel=1e-12)
    else:  # two combinations a, b: the bracket is (a₀b₁−a₁b₀) times the commutator's
        assert (
            found.relative
            >= commutator / (np.linalg.norm(apart[1] @ apart[0] @ theta) + np.linalg.norm(apart[0] @ apart[1] @ theta))
            - 1e-12
        )


def test_a_penalty_commutes_with_a_form_if_its_matrix_does():
    rotation, theta = orthogonal(3), RANDOM.standard_normal(3)
    form = rotation @ np.diag([1.0, 2.0, -1.0]) @ rotation.T
    quadratic = mf.reparameterizations.QuadraticForm(((form + form.T) / 2)[None])
    assert decay_bracket(quadratic, theta, mf.decay.SquaredNorm()).relative < 1e-13
    assert decay_bracket(quadratic, theta, mf.decay.PowerSum(4)).relative > 1e-2


def test_many_coordinates_are_sampled_and_a_bracket_is_still_found():
    size = 40  # above the number up to which all pairs are tried
    mix = jnp.asarray(RANDOM.standard_normal((size, size)))
    apart = mf.reparameterizations.Custom(lambda theta: theta**2)
    mixed = mf.reparameterizations.Custom(lambda theta: mix @ jnp.tanh(mix @ theta))
    theta = jnp.asarray(RANDOM.standard_normal(size))
    assert bracket(apart, theta).relative < 1e-13
    assert bracket(mixed, theta).relative > 1e-2


def test_one_coordinate_commutes_with_itself():
    own = mf.reparameterizations.Custom(lambda theta: jnp.sum(theta**3)[None])
    assert bracket(own, jnp.asarray(RANDOM.standard_normal(4))).relative < 1e-13


@pytest.mark.parametrize("seed", range(3))
def test_bracket_is_that_of_finite_differences(seed):
    random = np.random.default_rng(seed)
    left, right = jnp.asarray(random.standard_normal((2, 3, 3)))
    own = mf.reparameterizations.Custom(lambda w: jnp.stack([jnp.sum(jnp.tanh(left @ w)), jnp.sum(jnp.sin(right @ w))]))
    theta = jnp.asarray(random.standard_normal(3))
    first, second = (jax.jit(jax.grad(lambda w, i=i: own(w)[i])) for i in range(2))
    x, y, step = first(theta), second(theta), 1e-6
    along_x = (second(theta + step * x) - second(theta - step * x)) / (2 * step)
    along_y = (first(theta + step * y) - first(theta - step * y)) / (2 * step)
    found = bracket(own, theta)
    expected = float(jnp.linalg.norm(along_x - along_y))
    relative = expected / float(jnp.linalg.norm(along_x) + jnp.linalg.norm(along_y))
    assert found.relative >= relative * (1 - 1e-6)
    if found.between == "g_0 and g_1":
        assert found.size == pytest.approx(expected, rel=1e-6)
