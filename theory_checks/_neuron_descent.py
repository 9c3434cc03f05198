"""Gradient descent on the factors of many neurons at once, with fresh samples, decay and resets."""

import functools

import jax
import jax.numpy as jnp

import mirrorflow as mf


def lifted(x, balance):
    """(m, w) with m⊙w=x and m²−w²=balance: what a reset sets."""
    m = jnp.sqrt((balance + jnp.hypot(balance, 2 * x)) / 2)
    return jnp.stack([m, x / m])


def batch_gradient(key, x, batch):
    """∇f of the mean over `batch` fresh samples z~N(0,I)."""
    z = jax.random.normal(key, (batch, x.shape[0] - 1))
    active = jnp.maximum(z @ x[1:], 0.0)
    residual = x[0] * active - jnp.maximum(z[:, 0], 0.0)
    inner = (residual * (active > 0)) @ z / batch
    return jnp.concatenate([jnp.mean(residual * active)[None], x[0] * inner])


@functools.partial(jax.jit, static_argnames="batch")
def descend(key, starts, balance, step, decay, every, steps, *, batch):
    """`steps` steps of size η on m⊙w with penalty `decay`·(m²+w²), the balance set back after each `every` of them.

    batch 0 stands for infinitely many samples: the gradient of the closed form.

    **Returns:** x and m²−w² at the end, Π((1−2ηα)²−η²g²) since the last reset, and the first step with a>0 (`steps`
    if there is none), one row for each start.
    """
    problem = mf.problems.TeacherNeuron(starts.shape[1] - 1)

    def one(key, start):
        def update(k, carry):
            theta, product, first = carry
            x = theta[0] * theta[1]
            sample = problem.gradient(x) if batch == 0 else batch_gradient(jax.random.fold_in(key, k), x, batch)
            keep = 1 - 2 * step * decay
            moved = keep * theta - step * sample * theta[::-1]
            product = product * (keep**2 - (step * sample) ** 2)
            again = (k + 1) % every == 0
            moved = jnp.where(again, lifted(moved[0] * moved[1], balance), moved)
            first = jnp.where((first == steps) & (moved[0, 0] * moved[1, 0] > 0), k + 1, first)
            return moved, jnp.where(again, jnp.ones_like(product), product), first

        carry = (lifted(start, balance), jnp.ones_like(start), jnp.asarray(steps))
        theta, product, first = jax.lax.fori_loop(0, steps, update, carry)
        return theta[0] * theta[1], theta[0] ** 2 - theta[1] ** 2, product, first

    x, left, product, first = jax.vmap(one)(jax.random.split(key, len(starts)), jnp.asarray(starts))
    return {"end": x, "balance": left, "product": product, "first": first, "loss": jax.vmap(problem.loss)(x)}
