"""Paths made from arrays, as a run made elsewhere would be."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf


def _loss(x):
    return jnp.sum(jnp.abs(x))


@pytest.fixture(scope="session")
def in_x():
    """(x, time) ↦ a path of the predictor itself."""

    def make(x, time=None) -> mf.Trajectory:
        x = np.asarray(x, float)
        problem = mf.problems.Objective(_loss, dimension=x.shape[1:])
        time = np.arange(len(x), dtype=float) if time is None else time
        return mf.Trajectory.from_arrays(time=time, parameters=x, problem=problem)

    return make


@pytest.fixture(scope="session")
def of_factors():
    """(reparameterization, parameters, shape of x, geometry) ↦ a path of the parameters."""

    def make(reparameterization, parameters, shape, geometry=None) -> mf.Trajectory:
        points = len(jax.tree.leaves(parameters)[0])
        return mf.Trajectory.from_arrays(
            time=np.arange(points, dtype=float),
            parameters=parameters,
            problem=mf.problems.Objective(_loss, dimension=shape),
            reparameterization=reparameterization,
            geometry=geometry,
        )

    return make


@pytest.fixture(scope="session")
def of_network():
    """(network, θ at each point, potential, loss) ↦ a path of the weights, on five random samples."""

    def make(network, parameters, potential=None, loss="exponential") -> mf.Trajectory:
        random = np.random.default_rng(11)
        inputs = random.standard_normal((5, *network.input_shape))
        labels = np.array([1.0, -1.0, 1.0, 1.0, -1.0]) if network.outputs == 1 else np.arange(5) % network.outputs
        problem = mf.problems.NetworkClassification(network, inputs, labels, loss=loss)
        time = np.arange(len(parameters[0]), dtype=float)
        return mf.Trajectory.from_arrays(time=time, parameters=parameters, problem=problem, potential=potential)

    return make
