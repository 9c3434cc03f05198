"""PILoT against magnitude pruning and lottery tickets, over sparsity."""

import functools

import optax

import mirrorflow as mf
from mirrorflow import plotting
from mirrorflow.content.studies._common import (
    ACCURACY,
    LOSS,
    cosine,
    images_of,
    scored,
    settings,
    trained,
)
from mirrorflow.content.studies._curves import curves

MOMENTUM, CUT, ROUNDS = 0.9, 0.5, 4


def sgd(rate, weight_decay):
    return optax.chain(optax.add_decayed_weights(weight_decay), optax.sgd(rate, momentum=MOMENTUM))


def at_once(inner, density, steps):
    """Dense for half of the training, the rest on the largest weights."""
    cut = round(CUT * steps)
    return mf.sparsity.gradual(inner, density=density, begin=cut - 1, end=cut, interval=1, where=mf.networks.kernels)


@functools.cache
def pruned_once(density, steps):
    def make(learning_rate, weight_decay):
        return at_once(sgd(cosine(learning_rate, steps), weight_decay), density, steps)

    return make


@functools.cache
def gradually(density, steps):
    def make(learning_rate, weight_decay):
        inner, begin, end = sgd(cosine(learning_rate, steps), weight_decay), round(0.1 * steps), round(CUT * steps)
        every = max(1, (end - begin) // 20)
        return mf.sparsity.gradual(
            inner, density=density, begin=begin, end=end, interval=every, where=mf.networks.kernels
        )

    return make


@functools.cache
def pilot(density, steps):
    """Factors under a decay that grows over a quarter of the training and falls again until it is pruned."""

    def make(learning_rate, decay, balance):
        cut = round(CUT * steps)
        rise = optax.linear_schedule(0.0, decay, cut // 2)
        fall = optax.linear_schedule(decay, 0.0, cut - cut // 2)
        schedule = optax.join_schedules([rise, fall], [cut // 2])
        inner = optax.sgd(cosine(learning_rate, steps), momentum=MOMENTUM)
        factors = mf.optimizers.pilot(inner, balance=balance, decay=schedule, where=mf.networks.kernels)
        return at_once(factors, density, steps)

    return make


@functools.cache
def on_masks(steps):
    def make(learning_rate, weight_decay, masks):
        return mf.sparsity.masked(sgd(cosine(learning_rate, steps), weight_decay), masks)

    return make


def tickets(trial, network, density, steps):
    """Rounds of training, pruning and going back to the start; each as long as one training of the others."""
    runs = []

    def train(start, masks):
        numbers = {**trial.numbers, "masks": masks}
        runs.append(trained(trial, start, on_masks(steps), numbers, steps=steps, where=mf.networks.kernels))
        return runs[-1].network

    mf.sparsity.imp(train, network, density=density, rounds=ROUNDS, where=mf.networks.kernels(network))
    return runs[-1]


def run(trial):
    steps, density = trial.size["steps"], trial.setting["density"]
    network = images_of(trial)
    if trial.arm.recipe is tickets:
        return scored(trial, tickets(trial, network, density, steps))
    make = trial.arm.recipe(density, steps)
    return scored(trial, trained(trial, network, make, steps=steps, where=mf.networks.kernels))


def draw(results):
    figure, axes = plotting.canvas(width=plotting.SINGLE, height=2.9)
    curves(axes, results, "accuracy", "density", x=None, factor=100)
    axes.set(xscale="log", xlabel="density of the kernels in %", ylabel="test accuracy in %")
    axes.set_xticks(
        [one["density"] for one in results.settings], [f"{100 * one['density']:g}" for one in results.settings]
    )
    axes.minorticks_off()
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return figure


S = mf.studies
RATE, DECAY = (1e-2, 1.0), (1e-5, 1e-2)
STUDY = S.Study(
    name="pilot",
    title="PILoT, magnitude pruning and lottery tickets",
    question="Does a decay of factors leave weights that can be pruned further?",
    source="arXiv:2408.09966, theory page 02 (PILoT, the method)",
    run=run,
    arms=(
        S.Arm(
            "magnitude", pruned_once, {"learning_rate": RATE, "weight_decay": DECAY}, why="pruned once, at half time"
        ),
        S.Arm("gradual", gradually, {"learning_rate": RATE, "weight_decay": DECAY}),
        S.Arm(
            "PILoT",
            pilot,
            {"learning_rate": RATE, "decay": (1e-5, 1e-2), "balance": (0.1, 3.0)},
            why="pruned once, at half time; the decay of both factors rises to a tuned height and is 0 from then on",
        ),
        S.Arm(
            "tickets",
            tickets,
            {"learning_rate": RATE, "weight_decay": DECAY},
            why=f"{ROUNDS + 1} trainings, each as long as those of the others, rewound to the start",
        ),
    ),
    baseline="magnitude",
    measures=(ACCURACY, LOSS),
    small=S.Size(
        settings(density=(0.1,)),
        seeds=2,
        trials=0,
        numbers={"widths": (16,), "steps": 30},
        arms=("magnitude", "PILoT"),
    ),
    full=S.Size(
        settings(density=(0.3, 0.1, 0.05, 0.02)),
        seeds=8,
        trials=8,
        numbers={"width": 8, "blocks": (1, 1), "steps": 600},
    ),
    draw=draw,
)

if __name__ == "__main__":
    S.main()
