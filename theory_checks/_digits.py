"""Handwritten digits that ship with scikit-learn, and small networks that learn to tell them apart."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

import mirrorflow as mf

from ._networks import followed

SCALE = 0.1  # of the start, relative to the usual one: features are learned rather than found
PAIR = "3 or 5"
FILTERS = "3 or 5, convolutional"
TEN = "ten digits"
TASKS = {PAIR: ((3, 5), 10), FILTERS: ((3, 5), 5), TEN: (tuple(range(10)), 2)}  # classes, images of each


@functools.cache
def tables():
    """1797 images of 8×8 pixels, their mean image taken away and in units of the standard deviation; and the digits."""
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:  # pragma: no cover
        raise ImportError("The data ship with scikit-learn: pip install 'mirrorflow[data]'.") from error
    pixels, digit = load_digits(return_X_y=True)
    centred = pixels - pixels.mean(axis=0)
    return centred / centred.std(), digit


def network(task, key, scale=SCALE):
    """64-8-1, 64-16-10, or six 3×3 filters (stride 2) and a dense layer on what they give."""
    if task == FILTERS:
        return mf.networks.Convolutional((1, 8, 8), (6,), 1, key=key, scale=scale)
    return mf.networks.MLP((64, 8, 1) if task == PAIR else (64, 16, 10), key=key, scale=scale)


def drawn_images(task, key, scale=SCALE):
    """The problem of telling apart some images of each digit, drawn by `key`, with a network drawn by it too."""
    keys = jax.random.split(key)
    classes, count = TASKS[task]
    pixels, digit = tables()
    rows = []
    for c in classes:
        members = np.flatnonzero(digit == c)
        chosen = jax.random.choice(jax.random.fold_in(keys[0], c), len(members), (count,), replace=False)
        rows.append(members[np.asarray(chosen)])
    rows = np.concatenate(rows)
    model = network(task, keys[1], scale)
    labels = digit[rows] if task == TEN else np.where(digit[rows] == classes[0], 1.0, -1.0)
    return mf.problems.NetworkClassification(model, pixels[rows].reshape(-1, *model.input_shape), jnp.asarray(labels))


def told_apart(problem, potential, end, save):
    """From the network's own start to log 𝓛=`end`."""
    return followed(problem, problem.network.parameters, potential, end=end, save=save)
