"""One update of 10 million weights, gradients given: `optimizers.py [SIDE] [LAYERS]`, by default ten 1000×1000.

All optimizers in one process, in turns, params and state donated; the reference is `optax.adamw`, donated as well. Uses
all cores, and a GPU if JAX finds one. Seconds of a step and bytes of the state.
"""

import functools
import json
import sys
import time

import jax
import jax.numpy as jnp
import numpy as np
import optax
from measuring import circumstances

import mirrorflow as mf

RATE, ROUNDS, STEPS = 1e-3, 9, 100


def candidates(masks):
    """(transformation, whether it is stepped by its own `apply`)"""
    sgd, nano = optax.sgd(RATE), functools.partial(mf.optimizers.nano_adam, RATE, density=0.1, interval=100, exclude=())
    adamw = optax.adamw(RATE)
    return {
        "adamw": (adamw, False),
        "sgd": (sgd, False),
        "ham": (mf.optimizers.ham(sgd, learning_rate=RATE, alpha=1.0), False),
        "ham of adamw": (mf.optimizers.ham(adamw, learning_rate=RATE, alpha=1.0), False),
        "horst": (mf.optimizers.horst(RATE, weight_decay=1e-2), False),
        "sparse_opt": (mf.optimizers.sparse_opt(sgd, masks=masks, neuron_axis=-1), False),
        "sparse_opt of adamw": (mf.optimizers.sparse_opt(adamw, masks=masks, neuron_axis=-1), False),
        "pilot": (mf.optimizers.pilot(sgd), False),
        "sign_in": (mf.optimizers.sign_in(sgd, reset_every=20), False),
        "nano_adam": (nano(), False),
        "nano_adam, in place": (nano(), True),
        "masked adamw": (mf.sparsity.masked(adamw, masks), False),
    }


def stepper(optimizer, in_place):
    @functools.partial(jax.jit, donate_argnums=(1, 2))
    def step(gradients, state, params):
        if in_place:
            params, state = optimizer.apply(gradients, state, params)
            return params, state
        updates, state = optimizer.update(gradients, state, params)
        return optax.apply_updates(params, updates), state

    return step


def main(side, layers):
    keys = jax.random.split(jax.random.key(0), 2 * layers)
    weights = {f"w{k}": 0.1 * jax.random.normal(keys[k], (side, side), jnp.float32) for k in range(layers)}
    gradients = {f"w{k}": jax.random.normal(keys[layers + k], (side, side), jnp.float32) for k in range(layers)}
    masks = mf.sparsity.random_masks(jax.random.key(1), weights, 0.1)
    held, bytes_of = {}, {}
    for name, (optimizer, in_place) in candidates(masks).items():
        params = jax.tree.map(jnp.copy, weights)
        state = jax.tree.map(jnp.copy, optimizer.init(params))
        bytes_of[name] = sum(leaf.nbytes for leaf in jax.tree.leaves(state))
        held[name] = [stepper(optimizer, in_place), params, state]
    taken = {name: [] for name in held}
    for number in range(ROUNDS + 1):
        for name, entry in held.items():
            step, params, state = entry
            # A whole interval, so that a new choice of the smallest weights is in it once.
            count = STEPS if name.startswith("nano") else STEPS // 5
            start = time.perf_counter()
            for _ in range(count):
                params, state = step(gradients, state, params)
            jax.block_until_ready(params)
            entry[1:] = params, state
            if number:
                taken[name].append((time.perf_counter() - start) / count)
    device = jax.devices()[0]
    return {
        "device": f"{device.platform}: {device.device_kind}",
        "weights": side * side * layers,
        "seconds": {name: float(np.median(values)) for name, values in taken.items()},
        "state bytes": bytes_of,
        **circumstances(),
    }


if __name__ == "__main__":
    print(json.dumps(main(*(int(number) for number in (sys.argv[1:] + ["1000", "10"][len(sys.argv) - 1 :])))))
