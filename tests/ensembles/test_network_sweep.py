"""Networks of ReLUs in a sweep: each lane slides along its own kinks as a single run does."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf

INPUTS = jax.random.normal(jax.random.key(0), (8, 4))
DIRECTION = jnp.array([1.0, 0.5, 0.0, 0.0])
SETTINGS = {"until": mf.until.log_loss(-20.0), "clock": mf.clocks.Loss()}


def build(seed, noise):
    """From near a network of six neurons, two of which tell the classes apart, with noise on all of them."""
    network = mf.networks.MLP((4, 6, 1), key=jax.random.key(seed))
    problem = mf.problems.NetworkClassification(network, INPUTS, jnp.sign(INPUTS @ DIRECTION))
    into = jnp.zeros((6, 4)).at[:2].set(jnp.stack([DIRECTION, -DIRECTION]))
    out = jnp.zeros((1, 6)).at[0, :2].set(jnp.array([1.0, -1.0]))
    start = jax.tree.map(lambda drawn, known: known + noise * drawn, network.parameters, (into, out))
    return mf.Flow(problem, potential=mf.potentials.Power(2.0)), start


def measure(path):
    return {"log_loss": path.log_loss[-1], "drift": mf.observe.balance(path).max_drift, "into": path.x[0][-1]}


@pytest.mark.slow
def test_lanes_slide_like_single_runs():
    data = mf.ensembles.sweep(build, {"seed": [0, 1, 2], "noise": [0.1, 0.2]}, measure, **SETTINGS)
    assert data.status_ok.all() and (data.drift < 1e-6).all()
    for seed, noise in ((0, 0.2), (2, 0.1)):
        lane, path = data.sel(seed=seed, noise=noise), mf.integrate(*build(seed, noise), **SETTINGS)
        assert path.stats["slid"] > 0.5  # of the path
        assert int(lane.steps) == path.stats["steps"]
        np.testing.assert_allclose(lane.log_loss, path.log_loss[-1], rtol=1e-7)
        np.testing.assert_allclose(lane.into, path.x[0][-1], rtol=1e-6, atol=1e-8)
