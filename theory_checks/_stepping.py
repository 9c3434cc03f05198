"""Optimizers stepped along a gradient, their numbers traced, and the order at which they approach a flow."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

import mirrorflow as mf

from .steepest_discrete import traced

ORDER = mf.tolerance(0.2, because="an order is told from its neighbours within ±0.2")


def generator(key, number=0):
    """NumPy's generator of random numbers, begun from a key and a number: draws by it compile nothing."""
    return np.random.default_rng([*np.asarray(jax.random.key_data(key)).tolist(), number])


def theta_of(theta, state):
    """θ alone, of what `walk` may watch."""
    del state
    return theta


def walk(make, gradient, start, save, watch=theta_of, **numbers):
    """What `watch(θ, state)` gives after each number of steps in `save`, under make(**numbers) from `start`.

    `gradient(θ, k)` is that of step k=0, 1, …; all arrays in it and all numbers are traced.
    """
    return _walk(traced(make, **numbers), gradient, start, jnp.asarray(np.asarray(save, np.int32)), watch)


@eqx.filter_jit
def _walk(optimizer, gradient, start, save, watch):
    def step(k, carry):
        theta, state = carry
        updates, state = optimizer.update(gradient(theta, k), state, theta)
        return optax.apply_updates(theta, updates), state

    def segment(carry, bounds):
        carry = jax.lax.fori_loop(bounds[0], bounds[1], step, carry)
        return carry, watch(*carry)

    begins = jnp.concatenate([jnp.zeros(1, save.dtype), save[:-1]])
    return jax.lax.scan(segment, (start, optimizer.init(start)), (begins, save))[1]


def steady(problem):
    """The gradient of a problem's loss, the same at every step."""
    return jax.tree_util.Partial(_slope, problem)


def _slope(problem, theta, k):
    del k
    return problem.gradient(theta)


def order_of(result, expected, half_width=0.1):
    """The order fitted to the errors at the step sizes of `result`, against what is expected."""
    steps, errors = np.asarray(result["step"]), np.asarray(result["error"])
    fit = mf.observe.fit_exponent(steps, errors)
    note = "errors " + ", ".join(f"{error:.2g}" for error in errors)
    return mf.Comparison(expected, fit.exponent, scale=1.0, uncertainty=min(fit.half_width, half_width), note=note)
