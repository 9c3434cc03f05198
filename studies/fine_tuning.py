"""Fine-tuning by gradient, sign and Adam: curvature on the way, steps that are needed, balances under decay."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax

import mirrorflow as mf
from mirrorflow import plotting
from mirrorflow.content.studies._common import (
    CLASSES,
    ORDER,
    SHAPE,
    START,
    cosine,
    data_of,
    scored,
    settings,
    trained,
    transformer,
)
from mirrorflow.content.studies._curvature import spectrum

LOOKS = 8  # evaluations along a training
SOLVED = 0.5  # nats of the mean training loss: below that the new task counts as begun to be solved


def sgd(rate, decay):
    return optax.chain(optax.add_decayed_weights(decay), optax.scale_by_learning_rate(rate))


def sign(rate, decay):
    return optax.chain(optax.scale_by_sign(), optax.add_decayed_weights(decay), optax.scale_by_learning_rate(rate))


def adam(rate, decay):
    del decay
    return optax.adam(rate)


def adamw(rate, decay):
    return optax.adamw(rate, weight_decay=decay)


def adam_l2(rate, decay):
    return optax.chain(optax.add_decayed_weights(decay), optax.scale_by_adam(), optax.scale_by_learning_rate(rate))


@functools.cache
def optimizer(recipe, steps):
    """The arm's optimizer; made once, so that runs share a program."""
    return lambda learning_rate, decay: recipe(cosine(learning_rate, steps), decay)


def network_of(name, key, size):
    if name == "transformer":
        return transformer("images", key, width=size["width"], depth=size["depth"])
    return mf.networks.Perceptron(SHAPE, CLASSES, size["widths"], bias=False, key=key)


@functools.cache
def new_data(tuning):
    """The digits turned by a quarter, named 0 to 9 from the end: the head must be learned anew as well."""
    old = data_of("images", tuning)
    inputs, tests = (jnp.rot90(part, axes=(-2, -1)) for part in (old.inputs, old.test_inputs))
    return mf.training.Images(inputs, 9 - old.labels, tests, 9 - old.test_labels, CLASSES)


@functools.lru_cache(maxsize=4)
def pretrained(name, seed, size):
    """A network that knows the digits, the same for every method of a seed."""
    size, key = dict(size), jax.random.key(seed)
    steps = size["before"]
    return mf.training.fit(
        network_of(name, jax.random.fold_in(key, START), size),
        data_of("images", False),
        optimizer(adamw, steps),
        {"learning_rate": 4e-3, "decay": 0.0},
        steps=steps,
        batch=32,
        key=jax.random.fold_in(key, ORDER),
        evaluate_every=steps,
        progress=False,
    )


def balances(seen):
    """How far apart the two layers at each hidden neuron of the first layer are: Σ|Σ|w_in|^q − Σ|w_out|^q| over what it
    was at the start, q=2 and q=1. Nothing for a transformer, whose units are not homogeneous.
    """
    if not isinstance(seen.network, mf.networks.Perceptron):
        return {}

    def total(network, q):
        first, second = network.layers[0].linear.weight, network.layers[1].linear.weight
        return jnp.sum(jnp.abs(jnp.sum(jnp.abs(first) ** q, 1) - jnp.sum(jnp.abs(second) ** q, 0)))

    return {f"balance{q}": total(seen.network, q) / total(seen.start, q) for q in (1, 2)}


OBSERVERS = (spectrum, balances)


def run(trial):
    name, size = trial.setting["network"], trial.size
    before = pretrained(name, trial.seed, tuple(sorted(size.items())))
    steps = size["steps"]
    data, make = new_data(trial.tuning), optimizer(trial.arm.recipe, steps)
    numbers = {"decay": 0.0, **trial.numbers}
    watched = {} if trial.tuning else {"observe": OBSERVERS, "looks": LOOKS}
    found = trained(trial, before.network, make, numbers, steps=steps, batch=32, data=data, **watched)
    if trial.tuning:
        return scored(trial, found)
    history = found.history
    losses = history["train_loss"][1:]
    below = np.flatnonzero(losses < SOLVED)
    return scored(
        trial,
        found,
        escape=history["step"][1:][below[0]] if below.size else np.nan,
        least=history["least"][1:].min(),
        negative=history["negative"][1:].mean(),
        negative_first=history["negative"][1],
        largest=history["largest"][1:].max(),
        **{key: history[key][-1] for key in ("balance1", "balance2") if key in history},
    )


def draw(results):
    names = list(dict.fromkeys(one["network"] for one in results.settings))
    figure, axes = plotting.canvas(2, len(names), height=4.8, squeeze=False)
    arms = [arm.name for arm in results.arms]
    for (above, below), name in zip(axes.T, names, strict=True):
        for arm, look in zip(arms, plotting.looks(len(arms)), strict=True):
            tried = sorted((numbers["learning_rate"], score) for numbers, score in results.tried(arm, network=name))
            above.plot(*zip(*tried, strict=True), label=arm, **look)
        for place, arm in enumerate(arms):
            found = results.interval(arm, "negative", network=name)
            if found is not None:
                below.errorbar(place, 100 * found.mean, 100 * found.half, capsize=2, **plotting.looks(len(arms))[place])
        above.set(xscale="log", xlabel="learning rate", ylabel="score while tuning", title=name)
        below.set(xlabel="method", ylabel=r"negative part of $\sum|\lambda|$ in %")
        below.set_xticks(range(len(arms)), arms, rotation=20)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=5)
    return figure


S = mf.studies
SMALL, LARGE = {"learning_rate": (1e-3, 3.0)}, {"learning_rate": (1e-4, 1e-1)}
STUDY = S.Study(
    name="fine-tuning",
    title="Fine-tuning by gradient, sign and Adam",
    question="Do sign and Adam meet less negative curvature, need smaller steps, and keep other balances than SGD?",
    source="arXiv:2603.02064, theory page 03",
    run=run,
    arms=(
        S.Arm("SGD", sgd, SMALL, {"decay": 1e-3}, why="no momentum; decay 0.001"),
        S.Arm("sign descent", sign, {"learning_rate": (1e-5, 1e-2)}, {"decay": 1e-2}, why="decoupled decay 0.01"),
        S.Arm("Adam", adam, LARGE),
        S.Arm("AdamW", adamw, LARGE, {"decay": 1e-1}, why="decoupled decay 0.1"),
        S.Arm("Adam + L2", adam_l2, LARGE, {"decay": 1e-3}, against="AdamW", why="coupled decay 0.001"),
    ),
    baseline="SGD",
    measures=(
        S.Measure("accuracy", "Accuracy on the new task in %", better=True, factor=100.0),
        S.Measure("escape", f"Steps until the training loss is below {SOLVED} nats", better=False, digits=0),
        S.Measure("negative", "Negative part of Σ|λ| of the Hessian, mean along the way, in %", factor=100.0, digits=1),
        S.Measure("negative_first", "The same early, after an eighth of the steps, in %", factor=100.0, digits=1),
        S.Measure("least", "Least eigenvalue along the way", digits=2),
        S.Measure("largest", "Largest eigenvalue along the way", digits=1),
        S.Measure("balance2", "Balance q=2 of the first two layers, over that at the start", digits=2),
        S.Measure("balance1", "Balance q=1 of the first two layers, over that at the start", digits=2),
    ),
    small=S.Size(
        settings(network=("perceptron",)),
        seeds=2,
        trials=0,
        numbers={"widths": (8, 8), "before": 30, "steps": 16},
        arms=("SGD", "Adam"),
    ),
    full=S.Size(
        settings(network=("perceptron", "transformer")),
        seeds=8,
        trials=10,
        numbers={"widths": (64, 64), "width": 32, "depth": 2, "before": 800, "steps": 400},
    ),
    draw=draw,
)

if __name__ == "__main__":
    S.main()
