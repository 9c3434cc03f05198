"""The drift of a law under steps goes to 0 at the order of the theory."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mirrorflow.derive._discrete_drift import discrete_drift

SIZES = [1e-3, 2e-3, 4e-3, 8e-3]
START = {"U": np.array([[0.6, -0.4], [0.3, 0.8]]), "V": np.array([[0.5, 0.2], [-0.7, 0.4]])}
INPUTS = np.random.default_rng(0).standard_normal((40, 2))
TARGETS = np.random.default_rng(1).standard_normal((40, 2))


def balance(p):
    return p["U"].T @ p["U"] - p["V"].T @ p["V"]


def loss(p, rows):
    inputs, targets = jnp.asarray(INPUTS)[rows], jnp.asarray(TARGETS)[rows]
    return 0.5 * jnp.mean(jnp.sum((inputs @ p["V"] @ p["U"].T - targets) ** 2, axis=1))


def full(p):
    return jax.grad(loss)(p, np.arange(40))


def test_drift_of_a_balance_is_proportional_to_the_step_at_a_fixed_time():
    found = discrete_drift(balance, full, START, SIZES, 2.0)
    assert abs(found.slope - 1) < 0.1 and found.standard_error < 0.1
    assert found.steps.tolist() == [2000, 1000, 500, 250]


def test_drift_of_a_balance_under_minibatches_is_proportional_to_the_step():
    def batch(p, key):
        return jax.grad(loss)(p, jax.random.randint(key, (10,), 0, 40))

    found = discrete_drift(balance, batch, START, SIZES, 2.0, jax.random.key(0))
    assert abs(found.slope - 1) < 0.1


def test_one_step_drifts_by_the_square_of_its_size():
    # For u·v and u²−v² a step gives exactly h(1) − h(0) = τ²(f')²(v²−u²).
    def gradient(p):
        return 3.0 * p[::-1]

    drifts = [
        float(abs((u - t * 3 * v) ** 2 - (v - t * 3 * u) ** 2 - (u**2 - v**2)))
        for t, u, v in [(t, 2.0, 0.5) for t in (0.01, 0.02)]
    ]
    assert abs(drifts[1] / drifts[0] - 4) < 1e-10
    found = discrete_drift(lambda p: p[0] ** 2 - p[1] ** 2, gradient, np.array([2.0, 0.5]), [0.01, 0.005, 0.0025], 0.01)
    np.testing.assert_allclose(found.drifts[0], drifts[0], rtol=1e-9)


def test_what_is_no_law_does_not_drift_less_with_smaller_steps():
    found = discrete_drift(lambda p: jnp.sum(p["U"] ** 2), full, START, SIZES, 2.0)
    assert abs(found.slope) < 0.1


def test_a_linear_law_is_kept_up_to_rounding_and_has_no_slope():
    found = discrete_drift(
        lambda p: p[0] - p[1], lambda p: jnp.ones(2) * jnp.sin(p[0]), np.array([1.0, 0.3]), SIZES, 1.0
    )
    assert found.slope is None and found.standard_error is None and np.all(found.drifts < 1e-12)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"step_sizes": [0.1, 0.2]}, "three"),
        ({"step_sizes": [0.1, 0.2, 3.0]}, "total_time"),
        ({"step_sizes": [0.1, 0.1001, 0.1002]}, "different"),
        ({"step_sizes": [0.1, 0.2, -0.3]}, "positive"),
        ({"total_time": -1.0}, "total_time"),
        ({"gradient": lambda p: p["U"]}, "structure"),
        ({"gradient": lambda p: jax.tree.map(lambda leaf: -1e9 * leaf**3, p), "total_time": 2.0}, "finite"),
    ],
)
def test_bad_input_is_refused_in_words(changed, words):
    given = {"law": balance, "gradient": full, "start": START, "step_sizes": [0.1, 0.2, 0.3], "total_time": 2.0}
    with pytest.raises(ValueError, match=words):
        discrete_drift(**{**given, **changed})
