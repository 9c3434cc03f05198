"""One sparse layer behind a normalization, and a linear layer behind that: how much gradient reaches each neuron."""

import jax
import jax.numpy as jnp
import numpy as np

NORMALIZATIONS = ("batch", "layer", "none")


def whitened(draw, samples, features):
    """Inputs of mean exactly 0 and covariance exactly I."""
    inputs = draw.normal(size=(samples, features))
    inputs = inputs - inputs.mean(axis=0)
    return np.linalg.qr(inputs)[0] * np.sqrt(samples)


def spread_masks(draw, fan_ins, features):
    """A mask whose row i has fan_ins[i] entries True, at random places."""
    rank = np.argsort(np.argsort(draw.random((len(fan_ins), features)), axis=1), axis=1)
    return rank < np.asarray(fan_ins)[:, None]


def normalized(z, kind):
    """z of mean 0 and variance 1: over the batch for each neuron, over the neurons for each sample, or z as it is."""
    if kind == "none":
        return z
    axis = 0 if kind == "batch" else 1
    return (z - z.mean(axis, keepdims=True)) / jnp.sqrt(z.var(axis, keepdims=True))


def loss_behind(z, top, labels, kind):
    """The mean cross-entropy of relu(normalized z)·topᵀ."""
    logits = jax.nn.relu(normalized(z, kind)) @ top.T
    return -jnp.mean(jax.nn.log_softmax(logits)[jnp.arange(len(labels)), labels])


def loss(theta, inputs, labels, kind="batch"):
    """Of a network {"layer": (neurons, features), "top": (classes, neurons)}."""
    return loss_behind(inputs @ theta["layer"].T, theta["top"], labels, kind)


def reaching(layer, top, inputs, labels, kind):
    """∂L/∂z, shape (samples, neurons)."""
    return jax.grad(loss_behind)(inputs @ layer.T, top, labels, kind)


def factor(layer, top, inputs, labels, kind="batch"):
    """For each neuron ‖∂L/∂z_i‖ over that part of ‖∂L/∂ẑ_i‖, ẑ the normalized z, which normalization lets pass."""
    z = inputs @ layer.T
    scaled = normalized(z, kind)
    above = jax.grad(loss_behind)(scaled, top, labels, "none")
    passed = above - above.mean(axis=0, keepdims=True) - scaled * jnp.mean(above * scaled, axis=0, keepdims=True)
    return jnp.linalg.norm(reaching(layer, top, inputs, labels, kind), axis=0) / jnp.linalg.norm(passed, axis=0)
