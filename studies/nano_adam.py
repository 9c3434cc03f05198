"""NanoAdam against AdamW: a new task learned, an old one forgotten, bytes kept."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax

import mirrorflow as mf
from mirrorflow import plotting
from mirrorflow.content.studies._common import (
    LENGTH,
    ORDER,
    START,
    cosine,
    data_of,
    scored,
    settings,
    trained,
    transformer,
)


def adamw(rate, steps):
    return optax.adamw(rate, weight_decay=0.0)


def nano_adam(rate, steps, density=0.1, final_density=0.04):
    return mf.optimizers.nano_adam(
        rate,
        density=density,
        final_density=final_density,
        decay_steps=steps,
        interval=max(1, steps // 10),
    )


@functools.cache
def optimizer(recipe, steps):
    """The arm's optimizer; made once, so that runs share a program."""
    return lambda learning_rate: recipe(cosine(learning_rate, steps), steps)


@functools.cache
def new_data(task, tuning):
    """The digits mirrored at their diagonal, under their names; the sources of the standard library."""
    if task == "text":
        text = mf.training.characters("library", LENGTH)
        # As much to test on as the old text has, so that tests do not take longer than trainings.
        count = data_of("text", tuning).test_tokens.shape[0]
        whole = mf.training.Text(text.tokens, text.test_tokens[:count], LENGTH)
        return whole.validation(count / text.tokens.shape[0]) if tuning else whole
    old = data_of("images", tuning)
    mirrored = (jnp.swapaxes(part, -1, -2) for part in (old.inputs, old.test_inputs))
    inputs, tests = mirrored
    return mf.training.Images(inputs, old.labels, tests, old.test_labels, old.classes)


@functools.lru_cache(maxsize=4)
def pretrained(task, seed, width, depth, steps):
    """A transformer that knows the old task, the same for every method of a seed."""
    key = jax.random.key(seed)
    network = transformer(task, jax.random.fold_in(key, START), width=width, depth=depth)
    return mf.training.fit(
        network,
        data_of(task, False),
        optimizer(adamw, steps),
        {"learning_rate": 4e-3},
        steps=steps,
        batch=32,
        key=jax.random.fold_in(key, ORDER),
        evaluate_every=steps,
        progress=False,
    )


def moved(seen):
    """How far the weights went, relative to where they were, and how many of the kernels' entries moved at all."""
    start, now = (jax.tree.leaves(one) for one in (seen.start, seen.network))
    ways = [jnp.sum((a - b) ** 2) for a, b in zip(start, now, strict=True)]
    still = mf.networks.kernels(seen.start)
    kernels = [(a, b) for a, b, on in zip(start, now, jax.tree.leaves(still), strict=True) if on]
    changed = sum(jnp.sum(a != b) for a, b in kernels) / sum(a.size for a, _ in kernels)
    return {"distance": jnp.sqrt(sum(ways) / sum(jnp.sum(a**2) for a in start)), "touched": changed}


def run(trial):
    task, size = trial.setting["task"], trial.size
    before = pretrained(task, trial.seed, size["width"], size["depth"], size["before"][task])
    steps = size["steps"][task]
    found = trained(
        trial,
        before.network,
        optimizer(trial.arm.recipe, steps),
        steps=steps,
        batch=32,
        data=new_data(task, trial.tuning),
        tests={} if trial.tuning else {"old": data_of(task, False)},
        observe=moved,
    )
    if trial.tuning:
        return scored(trial, found)
    history = found.history
    adam = 8 * sum(leaf.size for leaf in jax.tree.leaves(found.network))
    state = sum(leaf.nbytes for leaf in jax.tree.leaves(found.optimizer_state))
    return scored(
        trial,
        found,
        forgotten=history["old_accuracy"][0] - history["old_accuracy"][-1],
        old=history["old_accuracy"][-1],
        distance=history["distance"][-1],
        touched=history["touched"][-1],
        state=state / adam,
    )


def tolerance(results, arm, task, loss=0.02):
    """Decades of learning rates whose score while tuning lies within `loss` of the best that the arm had."""
    tried = results.tried(arm, task=task)
    best = max(score for _, score in tried)
    good = [np.log10(numbers["learning_rate"]) for numbers, score in tried if score > best - loss]
    return max(good) - min(good)


def draw(results):
    tasks = list(dict.fromkeys(one["task"] for one in results.settings))
    figure, axes = plotting.canvas(2, len(tasks), height=4.6, squeeze=False)
    looks = {arm.name: look for arm, look in zip(results.arms, plotting.looks(len(results.arms)), strict=True)}
    plotting.letters(axes)
    for (above, below), task in zip(axes.T, tasks, strict=True):
        draw_rates(above, results, task, looks)
        draw_losses(below, results, task, looks)
        above.set_title({"images": "digits, then mirrored", "text": "reference, then sources"}[task])
    figure.legend(*axes[1, 0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    return figure


def draw_rates(panel, results, task, looks):
    """What tuning scored over learning rates, with the decades that each method tolerates."""
    for name, look in looks.items():
        tried = sorted((numbers["learning_rate"], score) for numbers, score in results.tried(name, task=task))
        if tried:
            panel.plot(*zip(*tried, strict=True), **look, label=f"{tolerance(results, name, task):.1f} decades")
            panel.legend(title="within 2 points of the best", fontsize=7, title_fontsize=7)
    panel.set(xscale="log", xlabel="learning rate", ylabel="score while tuning")


def draw_losses(panel, results, task, looks):
    """What is lost on the old task against what is learned of the new one, a point a seed."""
    for name, look in looks.items():
        new, old = (results.values(name, measure, task=task) for measure in ("accuracy", "forgotten"))
        if new is not None:
            panel.plot(100 * new, 100 * old, **{**look, "linestyle": "none"}, label=name)
    panel.set(xlabel="accuracy on the new task in %", ylabel="lost on the old, points")


S = mf.studies
RATE = {"learning_rate": (1e-4, 1e-1)}
STUDY = S.Study(
    name="nano-adam",
    title="NanoAdam and AdamW from one task to the next",
    question="Do steps of the smallest weights alone learn a new task as well, and keep more of the old one?",
    source="arXiv:2506.21374, theory page 06 (NanoAdam)",
    run=run,
    arms=(
        S.Arm("AdamW", adamw, RATE),
        S.Arm("NanoAdam", nano_adam, RATE, why="density from 0.1 to 0.04, chosen anew ten times"),
        S.Arm(
            "NanoAdam, dense",
            functools.partial(nano_adam, density=0.5, final_density=0.5),
            RATE,
            why="density 0.5: half of the weights",
        ),
    ),
    baseline="AdamW",
    measures=(
        S.Measure("accuracy", "Accuracy on the new task in %", better=True, factor=100.0),
        S.Measure("forgotten", "Accuracy lost on the old task, in points", better=False, factor=100.0),
        S.Measure("old", "Accuracy left on the old task in %", better=True, factor=100.0),
        S.Measure("distance", "Distance moved, in % of the norm at the start", factor=100.0, digits=1),
        S.Measure("touched", "Entries of kernels that moved at all, in %", factor=100.0, digits=1),
        S.Measure("state", "Bytes of state, in % of Adam's", better=False, factor=100.0, digits=1),
    ),
    small=S.Size(
        settings(task=("images",)),
        seeds=2,
        trials=0,
        numbers={"width": 8, "depth": 1, "before": {"images": 30}, "steps": {"images": 20}},
        arms=("AdamW", "NanoAdam"),
    ),
    full=S.Size(
        settings(task=("images", "text")),
        seeds=10,
        trials=10,
        numbers={
            "width": 32,
            "depth": 2,
            "before": {"images": 800, "text": 1500},
            "steps": {"images": 300, "text": 400},
        },
    ),
    draw=draw,
)

if __name__ == "__main__":
    S.main()
