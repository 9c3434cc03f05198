"""The gradients of margins, on every side of the kinks that a point lies on."""

import itertools
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .._types import Parameters, Real
from ..problems import Classification, NetworkClassification

MOST_KINKS = 12  # of one sample: each doubles its gradients


def pair_margins(problem: Any, x: Parameters) -> Real:
    """The margins of a classifier, shape (samples, pairs)."""
    return problem.margins(x)[:, None] if isinstance(problem, Classification) else problem.pair_margins(x)


def one_sided_gradients(problem: Any, theta: Parameters, near: float) -> tuple[np.ndarray, np.ndarray, int]:
    """The gradients of the margins at θ, a row each, and which margin each is of; a margin has one on every side.

    A preactivation z counts as lying on its kink if |z| ≤ near·(the largest |z| of its neuron over the samples), unless
    that is 0: a neuron without weights has no sides.

    **Returns:** gradients, shape (rows, weights); owners, shape (rows,), into the margins as one vector; how many
    preactivations lie on kinks.

    **Raises:** `ValueError` for a sample on more than 12 kinks.
    """
    if not (isinstance(problem, NetworkClassification) and problem.kinked):
        rows = np.asarray(_gradients(problem, theta))
        return rows, np.arange(len(rows)), 0
    activation, samples = problem.network.activation, problem.samples
    entering = [np.asarray(z) for z in problem.preactivations(theta)]
    on_kink = np.concatenate([_on_kink(z, near).reshape(samples, -1) for z in entering], axis=1)
    slopes = np.concatenate(
        [np.asarray(activation.slope(jnp.asarray(z))).reshape(samples, -1) for z in entering], axis=1
    )
    sample_of_row, gates = [], []
    for sample, (kinks, slope) in enumerate(zip(on_kink, slopes, strict=True)):
        where = np.flatnonzero(kinks)
        if len(where) > MOST_KINKS:
            raise ValueError(
                f"kink is too large: {len(where)} preactivations of sample {sample} count as lying on their kinks, "
                f"more than {MOST_KINKS}."
            )
        for sides in itertools.product((float(activation.low), float(activation.high)), repeat=len(where)):
            chosen = slope.copy()
            chosen[where] = sides
            sample_of_row.append(sample)
            gates.append(chosen)
    index = np.asarray(sample_of_row)
    widths = np.cumsum([z[0].size for z in entering])[:-1]
    held = tuple(
        part.reshape(len(index), *z.shape[1:])
        for part, z in zip(np.split(np.asarray(gates), widths, axis=1), entering, strict=True)
    )
    repeated = NetworkClassification(
        problem.network, np.asarray(problem.inputs)[index], np.asarray(problem.labels)[index], loss=problem.loss_name
    )
    rows = np.asarray(_gradients(repeated.at(held), theta))
    pairs = len(rows) // len(index)
    owners = (index[:, None] * pairs + np.arange(pairs)[None]).ravel()
    return rows, owners, int(on_kink.sum())


def _on_kink(z: np.ndarray, near: float) -> np.ndarray:
    """Neurons are along axis 1; what follows are the places of a channel."""
    across = (0, *range(2, z.ndim))
    largest = np.abs(z).max(axis=across, keepdims=True)
    return (np.abs(z) <= near * largest) & (largest > 0)


@eqx.filter_jit
def _gradients(problem: Any, theta: Parameters) -> Real:
    theta = jax.tree.map(jnp.asarray, theta)
    jacobians = jax.tree.leaves(jax.jacrev(lambda x: pair_margins(problem, x).ravel())(theta))
    return jnp.concatenate([jacobian.reshape(jacobian.shape[0], -1) for jacobian in jacobians], axis=1)
