"""Sign-In against plain training from random masks, sign flips counted."""

import functools

import jax
import jax.numpy as jnp
import optax

import mirrorflow as mf
from mirrorflow import plotting
from mirrorflow.content.studies._common import (
    ACCURACY,
    LOSS,
    MASKS,
    cosine,
    images_of,
    key_of,
    scored,
    settings,
    trained,
)
from mirrorflow.content.studies._curves import curves

MOMENTUM = 0.9


def plain(rate, steps, weight_decay):
    return optax.chain(optax.add_decayed_weights(weight_decay), optax.sgd(rate, momentum=MOMENTUM))


def sign_in(rate, steps, weight_decay, balance, resets=20):
    """Factors m and w of every kernel, their balance set anew `resets` times in the first half of training."""
    often = max(1, steps // (2 * resets)) if resets else 10 * steps
    inner = optax.chain(optax.add_decayed_weights(weight_decay), optax.sgd(rate, momentum=MOMENTUM))
    return mf.optimizers.sign_in(inner, balance=balance, reset_every=often, where=mf.networks.kernels)


@functools.cache
def optimizer(recipe, steps):
    """The arm's optimizer on a fixed mask; made once, so that runs share a program."""

    def make(learning_rate, masks, **numbers):
        return mf.sparsity.masked(recipe(cosine(learning_rate, steps), steps, **numbers), masks)

    return make


def flips(seen):
    """Shares of the weights of each kernel whose sign is no longer that of the start, and of all of them."""
    start, now = (mf.networks.weights(one, mf.networks.kernels(one)) for one in (seen.start, seen.network))
    changed = {name: jnp.sum((start[name] != 0) & (jnp.sign(now[name]) != jnp.sign(start[name]))) for name in start}
    counts = {name: jnp.sum(start[name] != 0) for name in start}
    total = sum(changed.values()) / sum(counts.values())
    names = list(start)
    half = len(names) // 2

    def share(part):
        return sum(changed[name] for name in part) / sum(counts[name] for name in part)

    return {"flips": total, "early_flips": share(names[: max(1, half)]), "late_flips": share(names[half:])}


def run(trial):
    steps = trial.size["steps"]
    network = images_of(trial)
    where = mf.networks.kernels(network)
    density = 1 - trial.setting["sparsity"]
    masks = mf.sparsity.random_masks(key_of(trial, MASKS), network, density, where=where, distribution="erk")
    # The variance of what is left makes up for what is missing.
    start = jax.tree.map(lambda w, m, on: w / jnp.sqrt(jnp.mean(m)) if on else w, network, masks, where)
    numbers = {**trial.numbers, "masks": masks}
    found = trained(trial, start, optimizer(trial.arm.recipe, steps), numbers, steps=steps, where=where, observe=flips)
    last = {name: found.history[name][-1] for name in ("flips", "early_flips", "late_flips")}
    return scored(trial, found, **last)


def draw(results):
    figure, axes = plotting.canvas(1, 2, height=2.8)
    for panel, measure, words in zip(
        axes,
        ("accuracy", "flips"),
        ("test accuracy in %", "signs flipped since the start, in %"),
        strict=True,
    ):
        curves(panel, results, measure, "sparsity", x=lambda s: 100 * s, factor=100)
        panel.set(xlabel="sparsity in %", ylabel=words)
        panel.set_xticks([100 * one["sparsity"] for one in results.settings])
    plotting.letters(axes)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    return figure


S = mf.studies
RANGES = {"learning_rate": (1e-2, 1.0), "weight_decay": (1e-5, 1e-2)}
STUDY = S.Study(
    name="sign-in",
    title="Sign-In from random masks",
    question="Do factors whose balance is reset flip more signs, and learn better from a random mask?",
    source="arXiv:2504.12801, theory page 05 (Networks)",
    run=run,
    arms=(
        S.Arm("plain", plain, RANGES),
        S.Arm("Sign-In", sign_in, {**RANGES, "balance": (0.1, 3.0)}),
        S.Arm(
            "without resets",
            functools.partial(sign_in, resets=0),
            {**RANGES, "balance": (0.1, 3.0)},
            why="the same factors, their balance left to shrink",
        ),
    ),
    baseline="plain",
    measures=(
        ACCURACY,
        LOSS,
        S.Measure("flips", "Weights with another sign than at the start, in %", factor=100.0, digits=1),
        S.Measure("early_flips", "The same in the first half of the layers, in %", factor=100.0, digits=1),
        S.Measure("late_flips", "The same in the second half of the layers, in %", factor=100.0, digits=1),
    ),
    small=S.Size(
        settings(sparsity=(0.9,)),
        seeds=2,
        trials=0,
        numbers={"widths": (16,), "steps": 30},
        arms=("plain", "Sign-In"),
    ),
    full=S.Size(
        settings(sparsity=(0.8, 0.9, 0.95)),
        seeds=10,
        trials=12,
        numbers={"width": 8, "blocks": (1, 1), "steps": 600},
    ),
    draw=draw,
)

if __name__ == "__main__":
    S.main()
