"""Newton's method of implicit stages: it ends at rounding, and tells divergence from it."""

import jax.numpy as jnp
import numpy as np
import optimistix
import pytest

from mirrorflow.flows._newton import StageNewton


def solve(function, start, rtol=1e-9, atol=1e-11, max_steps=10):
    finder = StageNewton(rtol=rtol, atol=atol)
    return optimistix.root_find(function, finder, jnp.asarray(start), throw=False, max_steps=max_steps)


def test_it_finds_a_root_to_far_below_its_tolerance():
    found = solve(lambda y, _: jnp.exp(y) - jnp.array([2.0, 5.0]), [0.5, 1.5])
    assert found.result == optimistix.RESULTS.successful
    np.testing.assert_allclose(found.value, np.log([2.0, 5.0]), rtol=1e-12)


@pytest.mark.parametrize("increment", [1e-2, 1e-5])
def test_increments_of_a_large_state_are_solved_up_to_the_rounding_of_the_state(increment):
    """The residual of k is known to 1e-10 only, as y=1e6 is: less than the tolerance of k itself."""
    state, rate = 1e6, 50.0

    def residual(k, _):
        return k - increment + rate * ((state + k) - (state + increment))

    found = solve(residual, [0.0], max_steps=6)
    assert found.result == optimistix.RESULTS.successful
    np.testing.assert_allclose(found.value, increment, atol=1e-9)


def test_corrections_that_grow_are_divergence():
    found = solve(lambda y, _: jnp.cbrt(y), [1.0])  # Newton's method doubles the distance at every step
    assert found.result != optimistix.RESULTS.successful


def test_a_residual_that_is_not_a_number_is_divergence():
    found = solve(lambda y, _: jnp.log(y), [-1.0])
    assert found.result != optimistix.RESULTS.successful
