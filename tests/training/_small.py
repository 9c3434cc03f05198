"""A network with batch normalization and data of two Gaussians, small enough to follow by hand."""

import equinox as eqx
import jax
import jax.numpy as jnp
import optax

import mirrorflow as mf

KEY = jax.random.key(3)
FEATURES, CLASSES, WIDTH = 6, 3, 8


class Net(eqx.Module):
    first: jax.Array
    bias: jax.Array
    second: jax.Array
    momentum: float = eqx.field(static=True, default=0.9)

    def __init__(self, key, width=WIDTH, dtype=jnp.float32):
        one, two = jax.random.split(key)
        self.first = jax.random.normal(one, (width, FEATURES), dtype) / FEATURES**0.5
        self.bias = jnp.zeros(width, dtype)
        self.second = jax.random.normal(two, (CLASSES, width), dtype) / width**0.5

    def statistics(self):
        return {"mean": jnp.zeros_like(self.bias)}

    def __call__(self, inputs, statistics, *, training):
        z = inputs @ self.first.T
        mean = jnp.mean(z, axis=0) if training else statistics["mean"]
        kept = self.momentum * statistics["mean"] + (1 - self.momentum) * mean if training else mean
        return jax.nn.relu(z - mean[None] + self.bias[None]) @ self.second.T, {"mean": kept}


class Points(mf.training.AbstractData):
    """Samples around three centres; the last `tested` are to test on."""

    inputs: jax.Array
    labels: jax.Array
    tested: int = eqx.field(static=True)

    def __init__(self, key, samples=64, tested=300, dtype=jnp.float32):
        centers = 2 * jax.random.normal(jax.random.key(0), (CLASSES, FEATURES), dtype)
        self.labels = jax.random.randint(key, (samples + tested,), 0, CLASSES)
        noise = jax.random.normal(jax.random.fold_in(key, 1), (samples + tested, FEATURES), dtype)
        self.inputs, self.tested = centers[self.labels] + noise, tested

    @property
    def input_shape(self):
        return (FEATURES,)

    @property
    def classes(self):
        return CLASSES

    def samples(self, part="train"):
        return self._part(part)[1].shape[0]

    def batch(self, key, step, size):
        taken = jax.random.randint(jax.random.fold_in(key, step), (size,), 0, self.samples())
        return self.inputs[taken], self.labels[taken]

    def _part(self, part):
        cut = self.inputs.shape[0] - self.tested
        chosen = slice(cut) if part == "train" else slice(cut, None)
        return self.inputs[chosen], self.labels[chosen]


def adam(learning_rate):
    return optax.adam(learning_rate)


def on_masks(learning_rate, masks):
    return mf.sparsity.masked(optax.adam(learning_rate), masks)


def weights(network):
    return eqx.filter(network, eqx.is_inexact_array)


NETWORK, DATA = Net(jax.random.key(1)), Points(jax.random.key(2))


def fit(make=adam, numbers=None, *, network=NETWORK, data=DATA, steps=40, key=KEY, batch=16, **more):
    numbers = {"learning_rate": 0.01} if numbers is None else numbers
    return mf.training.fit(network, data, make, numbers, steps=steps, key=key, batch=batch, **more)


def same(left, right):
    """Whether two trees hold the same bits."""
    pairs = zip(jax.tree.leaves(left), jax.tree.leaves(right), strict=True)
    return all(a.dtype == b.dtype and a.tobytes() == b.tobytes() for a, b in pairs)
