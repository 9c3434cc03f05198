"""Networks 64-64-64-10 for handwritten digits, their images drawn anew, and what is told over draws."""

import jax
import jax.numpy as jnp
import numpy as np

import mirrorflow as mf

from ._digits import tables
from ._stepping import generator

DRAWS = tuple(range(8))
WIDTH, BATCH, TRAINED = 64, 64, 1297
SIZES = {"first": (WIDTH, 64), "second": (WIDTH, WIDTH), "head": (10, WIDTH)}


def images(key, number):
    """Pixels and digits in an order drawn anew: the first 1297 to learn from, 500 to test on."""
    pixels, digit = tables()
    order = generator(key, number).permutation(len(digit))
    return pixels[order].reshape(-1, 64), digit[order]


def begun(key, number):
    """A network 64-64-64-10 without biases, weights N(0, 2/inputs)."""
    draw = generator(key, 1000 + number)
    return {name: draw.normal(size=shape) * np.sqrt(2 / shape[1]) for name, shape in SIZES.items()}


def outputs(theta, pixels):
    """Ten scores for each image."""
    hidden = jax.nn.relu(jax.nn.relu(pixels @ theta["first"].T) @ theta["second"].T)
    return hidden @ theta["head"].T


def loss(theta, pixels, digit):
    """The mean cross-entropy."""
    return -jnp.mean(jax.nn.log_softmax(outputs(theta, pixels))[jnp.arange(len(digit)), digit])


def batch_slope(key, pixels, digit, theta, k):
    """∇ of the loss on 64 images drawn for step k."""
    rows = jax.random.randint(jax.random.fold_in(key, k), (BATCH,), 0, len(digit))
    return jax.grad(loss)(theta, pixels[rows], digit[rows])


def right(theta, pixels, digit):
    """The share of images told right."""
    hidden = np.maximum(np.maximum(pixels @ theta["first"].T, 0) @ theta["second"].T, 0)
    return float(np.mean(np.argmax(hidden @ theta["head"].T, axis=1) == digit))


def positive(differences, note):
    """That differences, one a draw, are positive in the mean: their 95 % interval must lie above 0."""
    mean, half = mf.observe.interval(differences)
    return mf.Comparison(0.0, mean, relation="at least", scale=1.0, uncertainty=half, note=note)
