"""Masks and signs carried over from dense-to-sparse training, against whole tickets, random signs and Sign-In."""

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
    ORDER,
    cosine,
    data_of,
    images_of,
    key_of,
    scored,
    settings,
    trained,
)

MOMENTUM, DECAY, SOURCE_RATE, RESETS = 0.9, 5e-4, 0.2, 20


def sgd(rate, steps):
    return optax.chain(optax.add_decayed_weights(DECAY), optax.sgd(rate, momentum=MOMENTUM))


def sign_in(rate, steps, balance):
    often = max(1, steps // (2 * RESETS))
    return mf.optimizers.sign_in(sgd(rate, steps), balance=balance, reset_every=often, where=mf.networks.kernels)


@functools.cache
def alternating(inner, density, steps):
    """AC/DC: dense for a tenth, then sparse and dense in turns of a twentieth, sparse for the last fifth."""

    def make(learning_rate, **numbers):
        return mf.sparsity.ac_dc(
            inner(cosine(learning_rate, steps), steps, **numbers),
            density=density,
            warmup=max(1, steps // 10),
            compressed=max(1, steps // 20),
            dense=max(1, steps // 20),
            end=max(2, round(0.8 * steps)),
            where=mf.networks.kernels,
        )

    return make


@functools.cache
def on_masks(inner, steps):
    def make(learning_rate, masks, **numbers):
        return mf.sparsity.masked(inner(cosine(learning_rate, steps), steps, **numbers), masks)

    return make


@functools.lru_cache(maxsize=4)
def winner(network_of, seed, density, steps, tuning):
    """What dense-to-sparse training of another start ends with: network and masks, the same for every arm of a seed."""
    network = network_of()
    key = jax.random.fold_in(jax.random.key(seed), ORDER)
    data, make = data_of("images", tuning), alternating(sgd, density, steps)
    rate = {"learning_rate": SOURCE_RATE}
    return mf.training.fit(network, data, make, rate, steps=steps, key=key, evaluate_every=steps, progress=False)


class Start:
    """The network that the winner starts from; compared by what determines it, so that it is trained once."""

    def __init__(self, trial):
        self.trial = trial
        self.about = (trial.seed, str(sorted(trial.size.items())))

    def __call__(self):
        return images_of(self.trial, jax.random.fold_in(key_of(self.trial, MASKS), 2))

    def __eq__(self, other):
        return self.about == other.about

    def __hash__(self):
        return hash(self.about)


def start_of(trial, network, density):
    """Masks and weights that an arm starts with."""
    where, steps = mf.networks.kernels(network), trial.size["steps"]
    ticket, signs, _ = trial.arm.recipe
    if not ticket:
        masks = mf.sparsity.random_masks(key_of(trial, MASKS), network, density, where=where, distribution="erk")
        won = network
    else:
        run = winner(Start(trial), trial.seed, density, steps, trial.tuning)
        masks, won = run.masks, run.network

    def kernel(mine, other, mask, on):
        if not on or signs == "whole":
            return other if on else mine
        # The variance of what is left makes up for what is missing.
        scaled = mine / jnp.sqrt(jnp.mean(mask))
        return jnp.abs(scaled) * jnp.sign(other) if signs == "won" else scaled

    return masks, jax.tree.map(kernel, network, won, masks, where)


def run(trial):
    steps, density = trial.size["steps"], round(1 - trial.setting["sparsity"], 10)
    network = images_of(trial)
    _, signs, inner = trial.arm.recipe
    if signs == "dense":
        return scored(trial, trained(trial, network, alternating(inner, density, steps), steps=steps))
    masks, start = start_of(trial, network, density)
    numbers = {**trial.numbers, "masks": masks}
    return scored(trial, trained(trial, start, on_masks(inner, steps), numbers, steps=steps))


def draw(results):
    figure, axes = plotting.canvas(1, len(results.settings), height=3.0, sharey=True, squeeze=False)
    names = [arm.name for arm in results.arms]
    for panel, setting in zip(axes[0], results.settings, strict=True):
        for place, name in enumerate(reversed(names)):
            found = results.interval(name, "accuracy", **setting)
            if found is not None:
                colour = plotting.COLOURS["Sign-In" in name]
                panel.errorbar(100 * found.mean, place, xerr=100 * found.half, fmt="o", capsize=2, color=colour)
        panel.set_yticks(range(len(names)), list(reversed(names)))
        panel.set(xlabel="test accuracy in %", title=f"{setting['sparsity']:.0%} sparse")
    axes[0, 0].set_ylabel("start and method")
    return figure


S = mf.studies
RATE, BALANCE = {"learning_rate": (1e-2, 1.0)}, {"balance": (0.1, 3.0)}
STUDY = S.Study(
    name="signs",
    title="What of a ticket matters: masks, signs, magnitudes",
    question="Are masks and signs of dense-to-sparse training enough, and can Sign-In find the signs itself?",
    source="arXiv:2504.12801, theory page 05 (Networks)",
    run=run,
    arms=(
        S.Arm("random mask", (False, "own", sgd), RATE),
        S.Arm("random mask, Sign-In", (False, "own", sign_in), {**RATE, **BALANCE}),
        S.Arm("mask", (True, "own", sgd), RATE, why="masks of AC/DC from another start, weights and signs drawn anew"),
        S.Arm("mask, Sign-In", (True, "own", sign_in), {**RATE, **BALANCE}, against="mask"),
        S.Arm("mask and signs", (True, "won", sgd), RATE, against="mask", why="their signs too, magnitudes drawn anew"),
        S.Arm("whole ticket", (True, "whole", sgd), RATE, against="mask and signs", why="their kernels as they ended"),
        S.Arm("AC/DC", (False, "dense", sgd), RATE),
        S.Arm("AC/DC, Sign-In", (False, "dense", sign_in), {**RATE, **BALANCE}, against="AC/DC"),
    ),
    baseline="random mask",
    measures=(ACCURACY, LOSS),
    small=S.Size(
        settings(sparsity=(0.9,)),
        seeds=2,
        trials=0,
        numbers={"widths": (16,), "steps": 30},
        arms=("random mask", "mask and signs"),
    ),
    full=S.Size(
        settings(sparsity=(0.9, 0.95)),
        seeds=10,
        trials=8,
        numbers={"width": 8, "blocks": (1, 1), "steps": 600},
    ),
    draw=draw,
)

if __name__ == "__main__":
    S.main()
