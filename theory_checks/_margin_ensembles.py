"""Many data sets followed by one compiled program each kind of flow, and what theory says of each of them."""

import functools
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

import mirrorflow as mf

LANES = 32
SAMPLES, FEATURES = 12, 6


class DataSets(eqx.Module):
    """A linear classifier for each row of `signed`, the y_iz_i of a data set, started at 0."""

    signed: Any
    potential: Any
    loss: str = eqx.field(static=True)

    def __call__(self, lane):
        rows = jnp.asarray(self.signed)[lane]
        problem = mf.problems.Classification(rows, jnp.ones(rows.shape[0]), loss=self.loss)
        return mf.Flow(problem, potential=self.potential), jnp.zeros(rows.shape[1])


def saved(path):
    """What is kept of a path."""
    return {"x": path.x, "log_loss": path.log_loss, "log_time": path.log_time}


def follow(signed, potential, log_times, loss="exponential"):
    """Every data set to the last of `log_times`.

    **Returns:** a dictionary of arrays: `signed`, shape (sets, samples, features); `log_time`, shape (times,); `x`,
    shape (sets, times, features); `log_loss`, shape (sets, times); `status_ok`, shape (sets,).
    """
    signed, log_times = np.asarray(signed), np.asarray(log_times, float)
    parts = []
    for first in range(0, len(signed), LANES):
        rows = np.minimum(np.arange(first, first + LANES), len(signed) - 1)
        found = mf.ensembles.sweep(
            DataSets(signed[rows], potential, loss),
            {"lane": np.arange(min(LANES, len(signed) - first))},
            saved,
            until=mf.until.log_time(log_times[-1]),
            clock=mf.clocks.Log(),
            save=mf.clocks.LogTimes(log_times),
            solver=mf.solvers.ImplicitMirror(),
            max_steps=20_000,
            block=LANES,
            progress=False,
        )
        parts.append({name: found[name].values for name in ("x", "log_loss", "status_ok")})
    together = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return {"signed": signed, "log_time": log_times, **together}


def gaussian(key, count, samples=SAMPLES, features=FEATURES):
    """Rows y_iz_i of samples N(0,I) with labels from a linear teacher, shape (count, samples, features)."""
    if not count:
        return np.zeros((0, samples, features))

    def one(key):
        problem = mf.problems.Classification.sample(key, samples=samples, features=features)
        return jnp.asarray(problem.labels)[:, None] * problem.inputs

    return np.asarray(jax.jit(jax.vmap(one))(jax.random.split(key, count)))


@functools.lru_cache(maxsize=4096)  # one problem is asked by claims, controls and figures, at two accuracies
def _best(signed, features, p):
    rows = np.frombuffer(signed).reshape(-1, features)
    return mf.predict.max_margin(mf.problems.Classification(rows, np.ones(len(rows))), mf.potentials.Lp(p))


def best_of(signed, p):
    """The max-margin problem of one data set in ℓp, by a convex program that knows nothing of flows."""
    signed = np.ascontiguousarray(signed)
    return _best(signed.tobytes(), signed.shape[1], float(p))


def full_support(key, count, samples, features, width):
    """Data sets whose ℓ1 solution has no entry 0, padded with features that are 0 to `width` of them.

    Rows are N(1, I) in place of N(0, I), so that there are many; the first `count` of them are taken.
    """
    found, tried = [], 0
    while len(found) < count:
        rows = 1 + np.asarray(jax.random.normal(jax.random.fold_in(key, tried), (8 * count, samples, features)))
        found += [one for one in rows if separable(one) and len(best_of(one, 1.0).support) == features]
        tried += 1
    return np.pad(np.stack(found[:count]), [(0, 0), (0, 0), (0, width - features)])


def separable(rows):
    """Whether some x has ⟨x,y_iz_i⟩>0 for all i."""
    try:
        best_of(rows, 1.0)
    except ValueError:
        return False
    return True


def lanes(found, p):
    """For each data set: its x without the features that are 0, shape (times, features), and its max-margin problem."""
    for rows, x in zip(found["signed"], found["x"], strict=True):
        used = np.abs(rows).max(axis=0) > 0
        yield x[:, used], best_of(rows[:, used], p)
