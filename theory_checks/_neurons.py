"""Many neurons followed to the end of their flow by one compiled program for dimensions up to 2, one up to 10."""

from typing import Any

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

import mirrorflow as mf

SIZES = (2, 10)  # a neuron is padded with zeros to the next of these dimensions
LEARNED = 1e-6  # a loss below which the teacher counts as learned
STUCK = 1e-19  # a slope below which a neuron counts as stuck; near −e₁ slopes are ε⁵/6π²r, above it for ε>4e-4
ZERO = 1e-12  # an entry of this size or smaller has no sign
LANES = 64
REFINED = (1.0, 0.3)  # accuracies: outcomes are words, on which finer steps have little to say


class Plain(eqx.Module):
    """Gradient flow on (a, w) from rows of `starts`."""

    starts: Any
    balances: Any

    def __call__(self, lane):
        start = jnp.asarray(self.starts)[lane]
        return mf.Flow(problem_of(start), potential=mf.potentials.Quadratic()), start


class Exact(eqx.Module):
    """The mirror flow with the metric 1/√(4x²+β²), β₁ for a and β₂ for w, from rows of `starts`."""

    starts: Any
    balances: Any

    def __call__(self, lane):
        start, (beta1, beta2) = jnp.asarray(self.starts)[lane], jnp.asarray(self.balances)[lane]
        return mf.Flow(problem_of(start), potential=exact(beta1, beta2, start.shape[0] - 1)), start


def problem_of(start):
    """The problem whose neurons have as many entries as this one."""
    return mf.problems.TeacherNeuron(start.shape[0] - 1)


def exact(beta1, beta2, dimension):
    """The potential with R''=1/√(4x²+β²), β₁ for a and β₂ for every entry of w."""
    balance = jnp.full(1 + dimension, beta2, float).at[0].set(beta1)
    return mf.potentials.TiltedHyperbolicEntropy(scale=balance / 2, factor=0.5)


def outcome(path):
    """What is kept of a path."""
    signed = eqx.tree_at(lambda path: path.x, path, jnp.where(jnp.abs(path.x) > ZERO, path.x, 0.0))
    flips = mf.observe.sign_flips(signed)[0]
    return {"end": path.x[-1], "flips": flips, "loss": path.loss[-1], "time": path.time[-1]}


def follow(starts, balances=None, until=None):
    """Every start (a, w), padded with zeros to dimension 2 or 10, until it has learned the teacher or is stuck.

    A w_j=0 beyond the first stays 0 and adds nothing to any formula, so that a padded neuron is the same neuron.

    **Returns:** a dictionary of arrays, one row for each start.
    """
    starts = np.atleast_2d(np.asarray(starts, float))
    size = next(size for size in SIZES if size >= starts.shape[1] - 1)
    padded = np.zeros((len(starts), 1 + size))
    padded[:, : starts.shape[1]] = starts
    pairs = np.ones((len(starts), 2)) if balances is None else np.broadcast_to(balances, (len(starts), 2))
    kind = Plain if balances is None else Exact
    until = mf.until.loss(LEARNED) | mf.until.stationary(STUCK) if until is None else until
    parts = []
    for first in range(0, len(starts), LANES):
        rows = np.minimum(np.arange(first, first + LANES), len(starts) - 1)
        found = mf.ensembles.sweep(
            kind(padded[rows], pairs[rows]),
            {"lane": np.arange(min(LANES, len(starts) - first))},
            outcome,
            until=until,
            rtol=1e-4,
            atol=1e-15,
            solver=diffrax.Kvaerno5(),
            max_steps=20_000,
            block=LANES,
            progress=False,
        )
        parts.append({name: found[name].values for name in ("end", "flips", "loss", "time", "status", "steps")})
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def draw(key, count, dimension, least=0.0):
    """Starts with |a|<1 and `least`<‖w‖<1, every direction of w alike, and balances (β₁, β₂) between 0.05 and 2."""
    random = np.random.default_rng(np.asarray(jax.random.key_data(key)))
    a, direction = random.uniform(-1, 1, (count, 1)), random.standard_normal((count, dimension))
    size = random.uniform(least, 1, (count, 1)) / np.linalg.norm(direction, axis=1, keepdims=True)
    balances = np.exp(random.uniform(np.log(0.05), np.log(2.0), (count, 2)))
    return np.concatenate([a, size * direction], axis=1), balances


def turned(key, count, dimension, sign):
    """Starts with |a|=‖w‖ between 0.2 and 1, a of the given sign."""
    starts, _ = draw(key, count, dimension)
    size = 0.2 + 0.8 * np.abs(starts[:, :1])
    w = starts[:, 1:]
    return np.concatenate([sign * size, size * w / np.linalg.norm(w, axis=1, keepdims=True)], axis=1)


def predicted(starts, balances=None):
    """`mf.predict.sign_flip`, with one row of balances for each start."""
    if balances is None:
        return mf.predict.sign_flip(starts)
    beta1, beta2 = np.broadcast_to(balances, (len(starts), 2)).T
    return mf.predict.sign_flip(starts, (beta1, beta2))
