"""HORST against AdamW, HAM and Muon, from dense to 95 % sparse."""

import functools

import numpy as np
import optax

import mirrorflow as mf
from mirrorflow import plotting
from mirrorflow.content.studies._common import (
    ACCURACY,
    LOSS,
    START,
    cosine,
    key_of,
    scored,
    settings,
    trained,
    transformer,
)
from mirrorflow.content.studies._curves import curves

# Pruning runs over this part of training; what is left then trains on.
PRUNING = (0.2, 0.7)


def adamw(rate, weight_decay, **more):
    return optax.adamw(rate, weight_decay=weight_decay)


def horst(rate, weight_decay, scale, driver="adaptive"):
    return mf.optimizers.horst(rate, scale=scale, weight_decay=weight_decay, driver=driver)


def ham(rate, weight_decay, alpha):
    return mf.optimizers.ham(optax.adamw(rate, weight_decay=weight_decay), learning_rate=rate, alpha=alpha, beta=0.0)


def muon(rate, weight_decay):
    return optax.contrib.muon(rate, weight_decay=weight_decay)


@functools.cache
def optimizer(recipe, density, steps):
    """The arm's optimizer under gradual magnitude pruning; made once, so that runs share a program."""

    def make(learning_rate, **numbers):
        inner = recipe(cosine(learning_rate, steps), **numbers)
        if density == 1:
            return inner
        begin, end = (round(share * steps) for share in PRUNING)
        every = max(1, (end - begin) // 20)
        return mf.sparsity.gradual(
            inner, density=density, begin=begin, end=end, interval=every, where=mf.networks.kernels
        )

    return make


def run(trial):
    size = trial.size
    steps = size["steps"][trial.setting["task"]]
    network = transformer(trial.setting["task"], key_of(trial, START), width=size["width"], depth=size["depth"])
    make = optimizer(trial.arm.recipe, round(1 - trial.setting["sparsity"], 10), steps)
    found = trained(trial, network, make, steps=steps, batch=32, where=mf.networks.kernels)
    return scored(trial, found)


def draw(results):
    tasks = list(dict.fromkeys(one["task"] for one in results.settings))
    words = {"images": "digits, vision transformer", "text": "characters, causal transformer"}
    figure, axes = plotting.canvas(1, len(tasks), height=2.8, squeeze=False)
    for panel, task in zip(axes[0], tasks, strict=True):
        curves(panel, results, "accuracy", "sparsity", {"task": task}, x=lambda s: -np.log2(1 - s), factor=100)
        ticks = list(dict.fromkeys(one["sparsity"] for one in results.settings))
        panel.set_xticks([-np.log2(1 - s) for s in ticks], [f"{s:.0%}".replace("%", "") for s in ticks])
        panel.set(xlabel="sparsity of the kernels in %", ylabel="test accuracy in %", title=words[task])
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=5)
    return figure


S = mf.studies
RATE, DECAY = (5e-4, 2e-2), (1e-3, 0.3)
STUDY = S.Study(
    name="horst",
    title="HORST, AdamW, HAM and Muon under pruning",
    question="Does a hyperbolic mirror step after AdamW's keep more accuracy when transformers are pruned?",
    source="arXiv:2605.21104 (its update is reconstructed), theory page 06 (HORST)",
    run=run,
    arms=(
        S.Arm("AdamW", adamw, {"learning_rate": RATE, "weight_decay": DECAY}),
        S.Arm("HORST", horst, {"learning_rate": RATE, "weight_decay": DECAY, "scale": (3e-3, 0.3)}),
        S.Arm(
            "HORST, raw gradient",
            functools.partial(horst, driver="gradient"),
            {"learning_rate": RATE, "weight_decay": DECAY, "scale": (3e-3, 0.3)},
            why="Adam's step, then the hyperbolic one driven by the raw gradient",
        ),
        S.Arm("HAM", ham, {"learning_rate": RATE, "weight_decay": DECAY, "alpha": (1.0, 300.0)}),
        S.Arm("Muon", muon, {"learning_rate": (2e-3, 1e-1), "weight_decay": DECAY}),
    ),
    baseline="AdamW",
    measures=(ACCURACY, LOSS),
    small=S.Size(
        settings(task=("images",), sparsity=(0.9,)),
        seeds=2,
        trials=0,
        numbers={"width": 8, "depth": 1, "steps": {"images": 30, "text": 10}},
        arms=("AdamW", "HORST"),
    ),
    full=S.Size(
        settings(task=("images", "text"), sparsity=(0.0, 0.5, 0.8, 0.9, 0.95)),
        seeds=6,
        trials=8,
        numbers={"width": 32, "depth": 2, "steps": {"images": 600, "text": 500}},
    ),
    draw=draw,
)

if __name__ == "__main__":
    S.main()
