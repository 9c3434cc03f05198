"""SparseOpt against its base optimizer while masks change."""

import functools

import jax
import optax

import mirrorflow as mf
from mirrorflow import plotting
from mirrorflow.content.studies._common import ACCURACY, LOSS, MASKS, images_of, key_of, scored, settings, trained
from mirrorflow.content.studies._curves import curves

DECAY, MOMENTUM = 5e-4, 0.9


@functools.cache
def optimizer(base, corrected, method, steps):
    """The arm's optimizer as a function of its numbers; made once, so that runs share a program."""

    def make(learning_rate, masks, key):
        # Behind the correction only what the gradient makes: the decay is not a gradient that was magnified.
        step = optax.trace(MOMENTUM) if base == "sgd" else optax.scale_by_adam()
        if corrected:
            step = mf.optimizers.sparse_opt(step, neuron_axis=0)
        rate = optax.cosine_decay_schedule(learning_rate, steps)
        inner = optax.chain(step, optax.add_decayed_weights(DECAY), optax.scale_by_learning_rate(rate))
        often = {"interval": max(1, steps // 30), "stop": round(0.75 * steps)}
        if method == "SET":
            return mf.sparsity.sparse_evolution(inner, masks, key=key, **often)
        return mf.sparsity.rigl(inner, masks, **often)

    return make


def run(trial):
    steps = trial.setting["steps"]
    network = images_of(trial)
    density, where = 1 - trial.setting["sparsity"], mf.networks.kernels(network)
    masks = mf.sparsity.random_masks(key_of(trial, MASKS), network, density, where=where, distribution="erk")
    base, corrected = trial.arm.recipe
    make = optimizer(base, corrected, trial.setting["method"], steps)
    numbers = {**trial.numbers, "masks": masks, "key": jax.random.fold_in(key_of(trial, MASKS), 1)}
    found = trained(trial, network, make, numbers, steps=steps, where=where)
    return scored(trial, found)


def draw(results):
    methods = list(dict.fromkeys(one["method"] for one in results.settings))
    sparsities = list(dict.fromkeys(one["sparsity"] for one in results.settings))
    figure, axes = plotting.canvas(len(methods), len(sparsities), sharex=True, sharey="col", squeeze=False)
    for row, method in zip(axes, methods, strict=True):
        for panel, sparsity in zip(row, sparsities, strict=True):
            curves(panel, results, "accuracy", "steps", {"method": method, "sparsity": sparsity}, factor=100)
            panel.set(xscale="log", title=f"{method}, {sparsity:.0%} sparse")
            ticks = list(dict.fromkeys(one["steps"] for one in results.settings))
            panel.set_xticks(ticks, [str(tick) for tick in ticks])
            panel.minorticks_off()
        row[0].set_ylabel("test accuracy in %")
    for panel in axes[-1]:
        panel.set_xlabel("steps of training")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    return figure


S = mf.studies
RATES = {"learning_rate": (3e-2, 3.0)}
ADAM_RATES = {"learning_rate": (1e-3, 1e-1)}
STUDY = S.Study(
    name="sparse-opt",
    title="SparseOpt under SET and RigL",
    question="Does scaling the steps of sparse neurons help while masks change, and for how long?",
    source="arXiv:2605.27541, theory page 06 (SparseOpt)",
    run=run,
    arms=(
        S.Arm("SGD", ("sgd", False), RATES),
        S.Arm("SparseOpt of SGD", ("sgd", True), RATES),
        S.Arm("AdamW", ("adamw", False), ADAM_RATES),
        S.Arm(
            "SparseOpt of AdamW",
            ("adamw", True),
            ADAM_RATES,
            against="AdamW",
            why="the scale stands after Adam's normalization",
        ),
    ),
    baseline="SGD",
    measures=(ACCURACY, LOSS),
    small=S.Size(
        settings(method=("RigL",), sparsity=(0.9,), steps=(30,)),
        seeds=2,
        trials=0,
        numbers={"widths": (16,)},
        arms=("SGD", "SparseOpt of SGD"),
    ),
    full=S.Size(
        settings(method=("SET", "RigL"), sparsity=(0.9, 0.95, 0.97), steps=(150, 300, 600)),
        seeds=8,
        trials=6,
        numbers={"width": 8, "blocks": (1, 1)},
    ),
    draw=draw,
)

if __name__ == "__main__":
    S.main()
