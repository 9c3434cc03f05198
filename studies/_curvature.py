"""What the Hessian of a training loss looks like, by Lanczos iterations on Hessian-vector products."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

import mirrorflow as mf

ITERATIONS, PROBES, SAMPLES = 30, 2, 256


def spectrum(seen):
    """Of the mean loss on the first samples of the new task: the least and the largest eigenvalue, and the share of
    Σ|λ| that is negative, by stochastic Lanczos quadrature with full reorthogonalization.
    """
    network, statistics = seen.network, seen.statistics
    blocks = seen.data.blocks("train", SAMPLES)
    inputs, targets = blocks.inputs[0], blocks.targets[0]
    params, frame = eqx.partition(network, eqx.is_inexact_array)
    flat, unravel = ravel_pytree(params)

    def loss(vector):
        outputs, _ = eqx.combine(unravel(vector), frame)(inputs, statistics, training=False)
        return jnp.mean(mf.training.cross_entropy(outputs, targets))

    def product(vector):
        return jax.jvp(jax.grad(loss), (flat,), (vector,))[1]

    keys = jax.random.split(jax.random.key(0), PROBES)
    nodes, weights = jax.lax.map(lambda key: lanczos(product, jax.random.normal(key, flat.shape, flat.dtype)), keys)
    negative = jnp.sum(weights * jnp.where(nodes < 0, -nodes, 0))
    return {
        "least": jnp.min(nodes),
        "largest": jnp.max(nodes),
        "negative": negative / jnp.maximum(jnp.sum(weights * jnp.abs(nodes)), 1e-30),
    }


def lanczos(product, start, iterations=ITERATIONS):
    """Ritz values and the weights of a Gauss quadrature of the spectral measure that `start` sees."""
    size = start.shape[0]
    first = start / jnp.linalg.norm(start)
    basis = jnp.zeros((iterations + 1, size), start.dtype).at[0].set(first)

    def step(basis, k):
        vector = product(basis[k])
        diagonal = basis[k] @ vector
        # Twice, so that rounding does not bring back what was found already.
        for _ in range(2):
            vector = vector - basis.T @ (basis @ vector)
        beside = jnp.linalg.norm(vector)
        basis = basis.at[k + 1].set(jnp.where(beside > 0, vector / jnp.where(beside > 0, beside, 1), 0))
        return basis, (diagonal, beside)

    _, (diagonal, beside) = jax.lax.scan(step, basis, jnp.arange(iterations))
    matrix = jnp.diag(diagonal) + jnp.diag(beside[:-1], 1) + jnp.diag(beside[:-1], -1)
    values, vectors = jnp.linalg.eigh(matrix)
    return values, vectors[0] ** 2
