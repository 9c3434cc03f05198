"""Networks on random data side by side, and the drift of their laws along one path for all."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

import mirrorflow as mf

from ._law_paths import derived, drift, flat, sampled

SAMPLES = 5
KEPT = mf.tolerance(1e-6, because="the solver's tolerance is 1e-9 per step, of θ as large as the terms of a law")
LETTERS = {"h": "a law, relative to the largest sum of its terms' sizes on the path"}


class Network(NamedTuple):
    """A model, what it makes of inputs, and how many there are."""

    model: mf.derive.Model
    output: Callable[[dict[str, Any], Any], Any]
    width: int = 1


class Networks(eqx.Module):
    """Outputs on data of all networks side by side, each with parameters and inputs of its own."""

    inputs: dict[str, Any]
    outputs: dict[str, Any] = eqx.field(static=True)

    def __call__(self, theta):
        """x, network after network"""
        return jnp.concatenate([self.outputs[k](theta[k], jnp.asarray(self.inputs[k])).ravel() for k in self.outputs])


class Misfit(eqx.Module):
    """f(x) = Σ c_i log cosh(x_i−b_i)"""

    weights: np.ndarray
    targets: np.ndarray

    def __call__(self, x):
        """f(x)"""
        return jnp.sum(self.weights * jnp.log(jnp.cosh(x - self.targets)))


def misfit(rng: np.random.Generator, networks: Networks, theta: Any) -> mf.problems.Objective:
    """A random loss of the networks' outputs."""
    size = jax.eval_shape(networks, theta).shape[0]
    return mf.problems.Objective(Misfit(rng.uniform(0.5, 1.5, size), rng.standard_normal(size)), size)


def on_data(networks: Mapping[str, Network], rng: np.random.Generator) -> Networks:
    """Each network on random inputs of its own."""
    inputs = {name: rng.standard_normal((each.width, SAMPLES)) for name, each in networks.items()}
    return Networks(inputs, outputs(networks))


def outputs(networks: Mapping[str, Network]) -> dict[str, Callable]:
    """What each makes of inputs."""
    return {name: each.output for name, each in networks.items()}


def started(networks: Mapping[str, Network], rng: np.random.Generator) -> dict[str, Any]:
    """A random θ of each."""
    return {name: sampled(each.model, rng) for name, each in networks.items()}


def flattened(networks: Mapping[str, Network], parameters: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """θ of each at all points, (points, D)."""
    return {name: flat(each.model, parameters[name]) for name, each in networks.items()}


def laws_of(networks: Mapping[str, Network], **flow: Any) -> dict[str, mf.derive.ConservationLaws]:
    """The laws of each under one flow."""
    return {name: derived(each.model, **flow) for name, each in networks.items()}


def drifts(laws: Mapping[str, mf.derive.ConservationLaws], states: Mapping[str, Any], decayed: Any = 0.0, **law: Any):
    """The drift of all laws of each network, relative to their terms; see `drift`."""
    return {name: mf.Comparison(0.0, drift(own, states[name], decayed, **law), scale=1.0) for name, own in laws.items()}


def factored(theta, inputs=None):
    """UVᵀ"""
    return theta["left"] @ theta["right"].T


def linear(theta, inputs):
    """W₃W₂W₁X"""
    return theta["W3"] @ theta["W2"] @ theta["W1"] @ inputs


def gates(inputs, neurons):
    """Which neuron is active on which input, fixed: a ReLU network between two kinks, on which it would slide."""
    return (jnp.sin(37.0 * jnp.arange(1.0, neurons + 1)[:, None] * inputs[:1]) > 0).astype(float)


def relu(theta, inputs):
    """A network with one hidden layer of given activations, with biases where it has them"""
    hidden = theta["W1"] @ inputs + (theta["b1"][:, None] if "b1" in theta else 0.0)
    active = gates(inputs, hidden.shape[0])
    return theta["W2"] @ (active * hidden) + (theta["b2"][:, None] if "b2" in theta else 0.0)


def attention(theta, inputs):
    """OᵀVX·softmax(XᵀKᵀQX)"""
    scores = (theta["key"] @ inputs).T @ (theta["query"] @ inputs)
    return theta["output"].T @ theta["value"] @ inputs @ jax.nn.softmax(scores, axis=0)


PRODUCT_OF_FOUR = Network(
    mf.derive.models.linear_network(1, 1, 1, 1, 1), lambda theta, x: jnp.prod(jnp.stack([*theta.values()])) * x
)
