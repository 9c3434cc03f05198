"""Page 06, HORST: where it rests beside AdamW."""

import jax
import numpy as np
import optax

import mirrorflow as mf

from ._stepping import generator, walk
from .sparse_optimizers_horst import LETTERS, PAPER

SCALE = 0.1
RESTS = LETTERS | {"u": "Adam's direction m̂/√v̂"}


def horst(learning_rate, scale, decay):
    """Candidate A: Adam's direction, then the hyperbolic map, then the decay."""
    return mf.optimizers.horst(learning_rate, scale=scale, weight_decay=decay)


def adamw(learning_rate, scale, decay):
    """AdamW, which has no scale."""
    del scale
    return optax.adamw(learning_rate, weight_decay=decay)


# --- where it rests --------------------------------------------------------------------------------------------------

DECAY, NOISE, GOALS, UNTIL, POINTS = 0.5, 0.5, np.linspace(-4.0, 4.0, 41), 60.0, 101
DRAWS = 30000  # of noise, so that all runs share one compiled program
METHODS = {"HORST": horst, "AdamW": adamw}


def pulled(stiffness, goals, push, noise, theta, k):
    """Slopes k(θ−b)+p, with noise of its own at every step."""
    return stiffness * (theta - goals) + push + noise[k % len(noise)]


@mf.experiment(cases=mf.cases.grid(optimizer=tuple(METHODS)), accuracies=(2.0, 1.0))
def noisy(case, key):
    """½(θ−b)² for 41 goals b from −4 to 4, noise ½, λ=½, γ=0.1: means over the second half to t=60, at η=0.002."""
    with mf.accuracy(1.0) as factor:
        steps = round(DRAWS / factor)
    noise = NOISE * generator(key).normal(size=(DRAWS, len(GOALS)))
    gradient = jax.tree_util.Partial(pulled, np.ones(()), GOALS, np.zeros(len(GOALS)), noise)
    save = np.linspace(steps // 2, steps, POINTS).astype(int)
    numbers = {"learning_rate": UNTIL / steps, "scale": SCALE, "decay": DECAY}
    theta = walk(METHODS[case.optimizer], gradient, np.zeros(len(GOALS)), save, **numbers)
    return {"mean": np.mean(np.asarray(theta), axis=0)}


def balance_of_forces(penalty):
    """θ with (θ−b)/√((θ−b)²+σ²) = −λ·penalty(θ), by bisection."""
    low, high = np.full(len(GOALS), -10.0), np.full(len(GOALS), 10.0)
    for _ in range(80):
        middle = (low + high) / 2
        pull = (middle - GOALS) / np.hypot(middle - GOALS, NOISE) + DECAY * penalty(middle)
        low, high = np.where(pull > 0, low, middle), np.where(pull > 0, middle, high)
    return low


def smoothed_sign(theta):
    """∇Σ√(θ²+γ²)"""
    return theta / np.hypot(theta, SCALE)


def linear(theta):
    """∇½‖θ‖²"""
    return theta


@mf.claim(
    "sparse-optimizers/horst-rest",
    on=noisy,
    across=True,
    statement=r"\text{HORST rests where } u=-\lambda\nabla\sum\sqrt{\theta_i^2+\gamma^2},\quad u="
    r"\mathbb E g/\sqrt{\mathbb E g^2}\text{ under noise}",
    source=PAPER,
    status="derived here",
    tolerance=mf.tolerance(0.1, because="the mean is O(η) off, 0.02 at η=0.002, and fluctuates by as much"),
    figure="rests-of-horst",
    variables=RESTS,
)
def rest(runs, penalty=smoothed_sign):
    """The mean weight for each of 41 goals, in units of weights."""
    return mf.Comparison(balance_of_forces(penalty), runs.only(optimizer="HORST")["mean"], scale=1.0)


rest.control("u=−λθ, as for AdamW", penalty=linear)


@mf.claim(
    "sparse-optimizers/adamw-rest",
    on=noisy,
    across=True,
    statement=r"\text{AdamW rests where } u=-\lambda\theta,\text{ and so } \|\theta\|_\infty\le1/\lambda",
    source=PAPER,
    status="published",
    tolerance=mf.tolerance(0.1, because="as for HORST"),
    figure="rests-of-horst",
    variables=RESTS,
)
def adamw_rest(runs, optimizer="AdamW"):
    """Goals reach to 4, and the box to 2."""
    mean = runs.only(optimizer=optimizer)["mean"]
    return {
        "rest": mf.Comparison(balance_of_forces(linear), mean, scale=1.0),
        "box": mf.Comparison(1 / DECAY, np.abs(mean), relation="at most", scale=1.0),
    }


adamw_rest.control("HORST", optimizer="HORST")


DECAYS, LAST = (0.5, 2.0), 6.0


@mf.experiment(cases=mf.cases.grid(optimizer=tuple(METHODS), decay=DECAYS), accuracies=(2.0, 1.0))
def pushed(case, key):
    """Slopes that never change, so that |u|=1, to t=6 at η=1e-3."""
    with mf.accuracy(1.0) as factor:
        steps = round(6000 / factor)
    slopes = generator(key).choice([-1.0, 0.1, 3.0], size=len(GOALS))
    gradient = jax.tree_util.Partial(pulled, np.zeros(()), GOALS, slopes, np.zeros((DRAWS, len(GOALS))))
    numbers = {"learning_rate": LAST / steps, "scale": SCALE, "decay": case.decay}
    save = np.arange(POINTS) * (steps // (POINTS - 1))
    return {"theta": np.asarray(walk(METHODS[case.optimizer], gradient, np.zeros(len(GOALS)), save, **numbers))}


def end_of(decay, scale):
    """γ/√(λ²−1); 1/λ for AdamW, which has no scale."""
    return scale / np.sqrt(decay**2 - 1) if scale else 1 / decay


@mf.claim(
    "sparse-optimizers/horst-under-constant-slope",
    on=pushed,
    statement=r"u=\pm1:\ \text{HORST ends at } |\theta|=\gamma/\sqrt{\lambda^2-1} \text{ if } \lambda>1,"
    r"\text{ and grows like } e^{(1-\lambda)t} \text{ if } \lambda<1;\ \text{AdamW ends at } 1/\lambda",
    source=PAPER,
    status="derived here",
    tolerance=mf.tolerance(0.05, because="steps of 1e-3, and what is left of the way at t=6"),
    variables=RESTS,
)
def constant_slope(case, run, rate=lambda decay: 1 - decay, end=end_of):
    """The end, or the rate over the last quarter of the time; for AdamW the way to the end, 1−e^{−λt}."""
    theta, time = np.abs(run["theta"]), np.linspace(0, LAST, POINTS)
    if case.optimizer == "AdamW":
        return mf.Comparison((1 - np.exp(-case.decay * time)) * end(case.decay, 0.0), theta.max(axis=1))
    if case.decay > 1:
        return mf.Comparison(np.full(len(GOALS), end(case.decay, SCALE)), theta[-1])
    late = time > LAST / 2
    fit = mf.observe.fit_rate(time[late], theta[late, 0])
    return mf.Comparison(rate(case.decay), fit.rate, scale=1.0)


constant_slope.control("no effect of the decay on the rate", rate=lambda decay: 1.0)
constant_slope.control("γ/λ", end=lambda decay, scale: (scale or 1.0) / decay)
