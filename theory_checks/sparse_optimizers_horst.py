"""Page 06, HORST as an algebra of steps: the mirror step and commutators."""

import jax
import numpy as np
import optax

import mirrorflow as mf

from ._stepping import ORDER, generator, order_of, steady, walk
from .sparse_optimizers import regression

mf.claims.paper("2605.21104", "HORST: Composing Optimizer Geometries for Sparse Transformer Training")

PAPER = "arXiv:2605.21104; theory page 06 (HORST, a reconstruction)"
SCALE = 0.3
LETTERS = {
    r"\theta": "weights",
    r"\eta": "step size",
    r"\gamma": "scale of the hyperbolic map",
    r"H_\eta(\theta;u)": "γ sinh(asinh(θ/γ)−ηu)",
    r"S_\eta(\theta)": "θ−ηs",
    r"\lambda": "decoupled weight decay",
}


def mirror_step(learning_rate, scale, decay):
    """(1−ηλ)H_η, driven by the gradient."""
    move = mf.optimizers.hyperbolic(learning_rate, scale)
    return mf.optimizers.as_transformation(mf.optimizers.compose(mf.optimizers.shrink(learning_rate, decay), move))


# --- the flow --------------------------------------------------------------------------------------------------------

END, FEWEST = 2.0, 100


@mf.experiment(cases=mf.cases.grid(decay=(0.0, 0.3)))
def twins(case, key):
    """The hyperbolic step with decay at η, η/2 and η/4 beside its flow to t=2, at the 101 times of the coarsest."""
    problem, start = regression(key)
    potential, decay = mf.potentials.HyperbolicEntropy(SCALE), mf.decay.Decoupled(case.decay)
    flow = mf.Flow(problem, potential=potential, decay=decay)
    path = mf.integrate(flow, start, until=mf.until.time(END), save=FEWEST + 1)
    counts, errors, stepped = FEWEST * np.array([1, 2, 4]), [], []
    for count in counts:
        numbers = {"learning_rate": END / count, "scale": SCALE, "decay": case.decay}
        save = np.arange(FEWEST + 1) * (count // FEWEST)
        stepped.append(np.asarray(walk(mirror_step, steady(problem), start, save, **numbers)))
        errors.append(np.max(np.abs(stepped[-1] - np.asarray(path.x))))
    return {"step": END / counts, "error": np.asarray(errors), "path": path, "stepped": stepped[0]}


@mf.claim(
    "sparse-optimizers/horst-limit",
    on=twins,
    statement=r"\eta\to0:\quad \dot\theta=-\sqrt{\theta^2+\gamma^2}\odot\nabla f-\lambda\theta,\quad"
    r" \max_k\|\theta_k-\theta(k\eta)\|_\infty=O(\eta)",
    source=PAPER,
    status="derived here",
    tolerance=ORDER,
    variables=LETTERS,
)
def limit(case, result, expected=1.0):
    """Driven by the gradient: the order fitted to η=0.02, 0.01 and 0.005."""
    return order_of(result, expected)


limit.control("half order", expected=0.5)
limit.control("second order", expected=2.0)


@mf.claim(
    "sparse-optimizers/horst-is-mirror-descent",
    on=twins,
    statement=r"\lambda=0:\quad \operatorname{asinh}(\theta_k/\gamma)=\operatorname{asinh}(\theta_0/\gamma)-"
    r"\eta\sum_{j<k}\nabla f(\theta_j)\text{ exactly};\quad \lambda>0:\ f+\lambda\sum\sqrt{\theta_i^2+\gamma^2}"
    r"\text{ falls}",
    source=PAPER + "; page 02 (decay is the balance function)",
    status="proved",
    tolerance=mf.tolerance(1e-10, because="an identity, up to the rounding of 100 steps; or a function that falls"),
    variables=LETTERS,
)
def mirror_descent(case, result, scale=SCALE):
    """At all 100 steps of η=0.02."""
    theta, problem = result["stepped"], result["path"].flow.problem
    slopes = (theta @ np.asarray(problem.design).T - problem.target) @ np.asarray(problem.design)
    if case.decay:
        value = 0.5 * np.sum((theta @ np.asarray(problem.design).T - problem.target) ** 2, axis=1)
        value = value + case.decay * np.sum(np.sqrt(theta**2 + (4 * scale - 3 * SCALE) ** 2), axis=1)
        return {"rise of f+λΣ√": mf.Comparison(0.0, np.diff(value), relation="at most", scale=1.0)}
    dual = np.arcsinh(theta / scale)
    told = dual[0] - result["step"][0] * np.cumsum(slopes, axis=0)[:-1]
    return {"dual": mf.Comparison(told, dual[1:])}


mirror_descent.control("another scale", scale=2 * SCALE)


# --- the commutator --------------------------------------------------------------------------------------------------

STEPS = 0.08 / 2 ** np.arange(5)


@jax.jit
def commutators(rates, theta, slope):
    """H∘S−S∘H at each rate, H driven by the gradient and S by its sign."""

    def one(rate):
        hyperbolic = mf.optimizers.hyperbolic(rate, SCALE)
        sign = mf.optimizers.descent(rate, optax.scale_by_sign())
        return mf.optimizers.commutator(hyperbolic, sign, theta, slope)

    return jax.vmap(one)(rates)


@mf.experiment(cases=mf.cases.single())
def orders(case, key):
    """The commutator at five step sizes, thirty weights and slopes."""
    draw = generator(key)
    theta, slope = draw.normal(size=30), draw.normal(size=30)
    return {"theta": theta, "slope": slope, "commutator": commutators(STEPS, theta, slope)}


def leading(run, root=2):
    """u·s·θ/√(θ²+γ²)"""
    theta, slope = run["theta"], run["slope"]
    return slope * np.sign(slope) * theta / (np.abs(theta) ** root + SCALE**root) ** (1 / root)


@mf.claim(
    "sparse-optimizers/horst-commutator",
    on=orders,
    statement=r"H_\eta\circ S_\eta-S_\eta\circ H_\eta=\eta^2\,u\odot s\odot\frac{\theta}{\sqrt{\theta^2+\gamma^2}}"
    r"+O(\eta^3)",
    source=PAPER,
    status="proved",
    tolerance=ORDER,
    figure="order-of-steps",
    variables=LETTERS,
)
def commutator(case, run, root=2):
    """The order in η of the commutator, and of what is left of it without its leading term."""
    whole = np.asarray(run["commutator"])
    left = whole - STEPS[:, None] ** 2 * leading(run, root)
    return {
        "commutator": order_of({"step": STEPS, "error": np.linalg.norm(whole, axis=1)}, 2.0),
        "remainder": order_of({"step": STEPS, "error": np.linalg.norm(left, axis=1)}, 3.0),
    }


commutator.control("|θ|+γ in place of the root", root=1)
