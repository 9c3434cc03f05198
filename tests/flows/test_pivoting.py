"""Gates in intervals: the linear complementarity problem of what slides, against an enumeration of all sides."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mirrorflow.flows import _pivoting
from mirrorflow.flows._pivoting import Linear, inverse

stable = jax.jit(_pivoting.stable)


def problem(seed, size):
    """Rates b+A(g−g₀) with A=−(a positive definite matrix)·(positive scales of the columns)."""
    rng = np.random.default_rng(seed)
    root = rng.standard_normal((size, size + 1))
    scales = 10.0 ** rng.uniform(-4, 2, size)
    slopes = -(root @ root.T) * scales
    gates = rng.uniform(0, 1, size)
    return Linear(jnp.asarray(gates), jnp.asarray(rng.standard_normal(size)), jnp.asarray(slopes))


def enumerated(linear):
    """Every combination of sides that satisfies the conditions, with its gates."""
    slopes, gates, rates = (np.asarray(part) for part in (linear.slopes, linear.gates, linear.rates))
    found = []
    for sides in itertools.product((-1, 0, 1), repeat=len(gates)):
        sides = np.array(sides)
        free = sides == 0
        chosen = np.where(sides > 0, 1.0, 0.0)
        offset = rates + slopes @ (np.where(free, 0.0, chosen) - gates)
        if free.any():
            chosen[free] = np.linalg.solve(slopes[np.ix_(free, free)], -offset[free])
        moving = rates + slopes @ (chosen - gates)
        inside = ((chosen >= 0) & (chosen <= 1))[free].all()
        if inside and (moving[sides > 0] >= 0).all() and (moving[sides < 0] <= 0).all():
            found.append((sides, chosen))
    return found


@pytest.mark.parametrize("size", [1, 2, 4])
def test_finds_the_one_combination_of_sides_that_is_consistent(size):
    for seed in range(12):
        linear = problem(seed, size)
        ((sides, gates),) = enumerated(linear)
        for first in (-1, 0, 1):
            found, chosen = stable(
                linear,
                jnp.ones(size, bool),
                jnp.full(size, first, jnp.int32),
                jnp.asarray(0.0),
                jnp.asarray(1.0),
                1e-12,
            )
            np.testing.assert_array_equal(found, sides)
            np.testing.assert_allclose(chosen, gates, rtol=1e-9, atol=1e-12)


def test_empty_slots_are_left_alone():
    linear = problem(3, 3)
    valid = jnp.array([True, False, True])
    sides, gates = stable(linear, valid, jnp.array([0, 1, 0]), jnp.asarray(0.0), jnp.asarray(1.0), 1e-12)
    rest = Linear(linear.gates[::2], linear.rates[::2], linear.slopes[::2, ::2])
    ((expected, chosen),) = enumerated(rest)
    np.testing.assert_array_equal(sides[::2], expected)
    np.testing.assert_allclose(gates[::2], chosen, rtol=1e-9, atol=1e-12)
    assert sides[1] == 1 and gates[1] == linear.gates[1]


def test_surfaces_that_coincide_share_their_gate():
    """Two equal surfaces: only the sum of their parts is determined, and it is met."""
    slopes = -jnp.outer(jnp.ones(2), jnp.array([2.0, 1.0]))
    linear = Linear(jnp.zeros(2), jnp.array([1.5, 1.5]), slopes)
    sides, gates = stable(linear, jnp.ones(2, bool), jnp.zeros(2, jnp.int32), jnp.asarray(0.0), jnp.asarray(1.0), 1e-9)
    assert np.abs(linear.rates + slopes @ gates).max() < 1e-6
    assert ((gates >= 0) & (gates <= 1)).all() and (sides == 0).any()


def test_a_repulsive_surface_is_left_to_the_side_it_moves_to():
    """ż=−1+g·½ is negative for every gate: no sliding, though the slope is positive."""
    linear = Linear(jnp.array([0.5]), jnp.array([-0.75]), jnp.array([[0.5]]))
    for first in (-1, 0, 1):
        sides, gates = stable(linear, jnp.ones(1, bool), jnp.array([first]), jnp.asarray(0.0), jnp.asarray(1.0), 1e-12)
        assert sides[0] == -1 and gates[0] == 0


def test_the_inverse_is_to_full_precision_in_units_far_apart():
    linear = problem(5, 6)
    far = linear._replace(slopes=linear.slopes * 10.0 ** jnp.arange(-60, 60, 20)[:, None])
    free = jnp.array([True, True, False, True, True, True])
    product = np.asarray(inverse(far, free) @ far.slopes)[np.ix_(free, free)]
    np.testing.assert_allclose(product, np.eye(5), atol=1e-7)
