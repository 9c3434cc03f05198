"""The step sizes with which descent leaves the saddle of deep diagonal networks."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax

import mirrorflow as mf
from mirrorflow import plotting
from mirrorflow.content.studies._common import settings
from mirrorflow.content.studies._curves import curves

FEATURES, SUPPORT = 20, 3
LEFT = 0.1  # of the loss at the start: below that the saddle is left


def samples(key, count):
    """Σ(Ax−b)²/2n with entries of A ~ N(0,1), b = Ax* and x* sparse with ones and minus ones."""
    problem = mf.problems.SparseRegression.sample(key, samples=count, features=FEATURES, support=SUPPORT)
    return problem.design / jnp.sqrt(count), problem.target / jnp.sqrt(count)


@functools.partial(jax.jit, static_argnames=("method", "depth", "steps"))
def losses(method, rates, design, target, size, depth, steps):
    """Loss at the start, and the least on the way for each step size; x=w₁⋯w_L from factors `size`, but w_L = 0."""

    def loss(factors):
        return 0.5 * jnp.sum((design @ jnp.prod(factors, axis=0) - target) ** 2)

    start = jnp.full((depth, design.shape[1]), size).at[-1].set(0.0)

    def least(rate):
        optimizer = method(rate)

        def step(carry, _):
            factors, memory = carry
            value, gradient = jax.value_and_grad(loss)(factors)
            updates, memory = optimizer.update(gradient, memory, factors)
            return (optax.apply_updates(factors, updates), memory), value

        _, values = jax.lax.scan(step, (start, optimizer.init(start)), length=steps)
        return jnp.min(values)

    return loss(start), jax.vmap(least)(rates)


def run(trial):
    size, rates = trial.size["start"], np.geomspace(*trial.size["rates"], trial.size["count"])
    design, target = samples(jax.random.key(trial.seed), trial.size["samples"])
    start, end = losses(
        trial.arm.recipe, jnp.asarray(rates), design, target, size, trial.setting["depth"], trial.size["steps"]
    )
    left = np.flatnonzero(np.asarray(end) < LEFT * float(start))
    if not left.size:
        return {"smallest": np.nan, "largest": np.nan, "window": 0.0, "leaves": 0.0}
    # The step sizes from the smallest one that leaves to the last before one that does not.
    gaps = np.flatnonzero(np.diff(left) > 1)
    last = left[gaps[0]] if gaps.size else left[-1]
    smallest, largest = np.log10(rates[left[0]]), np.log10(rates[last])
    return {"smallest": smallest, "largest": largest, "window": largest - smallest, "leaves": 1.0}


def draw(results):
    figure, axes = plotting.canvas(1, 2, height=2.8)
    panels = (
        ("smallest", r"smallest step size that leaves, $\log_{10}\eta$"),
        ("window", r"step sizes that leave, decades"),
    )
    for panel, (measure, words) in zip(axes, panels, strict=True):
        curves(panel, results, measure, "depth", x=float)
        panel.set(xlabel="depth $L$", ylabel=words)
        panel.set_xticks([one["depth"] for one in results.settings])
    plotting.letters(axes)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    return figure


S = mf.studies
NUMBERS = {"samples": 300, "start": 0.1, "rates": (1e-5, 10.0), "count": 121, "steps": 2000}
STUDY = S.Study(
    name="escape",
    title="Step sizes that leave the saddle of deep diagonal networks",
    question="How large must a step be for descent to leave the saddle within its steps, and how large may it be?",
    source="arXiv:2603.02064, theory page 03 (saddle escape)",
    run=run,
    arms=(
        S.Arm("gradient descent", optax.sgd),
        S.Arm("sign descent", optax.sign_sgd),
        S.Arm("Adam", optax.adam),
        S.Arm("normalized", lambda rate: optax.chain(optax.normalize_by_update_norm(), optax.sgd(rate))),
    ),
    baseline="gradient descent",
    measures=(
        S.Measure("smallest", "Smallest step size that leaves, log₁₀ η", better=False),
        S.Measure("largest", "Largest step size that leaves, log₁₀ η"),
        S.Measure("window", "Step sizes that leave, in decades", better=True),
        S.Measure("leaves", "Data sets where some step size leaves, in %", factor=100.0, digits=0),
    ),
    small=S.Size(
        settings(depth=(3,)),
        seeds=2,
        trials=0,
        numbers={**NUMBERS, "samples": 40, "count": 11, "steps": 200},
        arms=("gradient descent", "sign descent"),
    ),
    full=S.Size(settings(depth=(2, 3, 4, 6, 8)), seeds=10, trials=1, numbers=NUMBERS),
    draw=draw,
)

if __name__ == "__main__":
    S.main()
