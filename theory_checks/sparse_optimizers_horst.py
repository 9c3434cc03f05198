"""Page 06, HORST as an algebra of steps: the mirror step, commutators, the order of metric and sign, float32."""

import jax
import jax.numpy as jnp
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


# --- metric and sign -------------------------------------------------------------------------------------------------

SHORT, UNTIL = np.array([4000, 8000, 16000]), 0.5
MEMORY = {"b1": 0.9, "b2": 0.99}


def adam(learning_rate, b1, b2, eps):
    """Adam, or with b1=b2=0 and eps=0 sign descent."""
    return optax.adam(learning_rate, b1=b1, b2=b2, eps=eps)


def metric_first(learning_rate, b1, b2, eps):
    """The same on √(θ²+γ²)⊙∇f."""
    return mf.optimizers.horst(learning_rate, scale=SCALE, order="hyperbolic first", b1=b1, b2=b2, eps=eps)


def metric_last(learning_rate, b1, b2, eps):
    """The same, and the hyperbolic map after it."""
    return mf.optimizers.horst(learning_rate, scale=SCALE, b1=b1, b2=b2, eps=eps)


@mf.experiment(cases=mf.cases.grid(memory=("none", "short")))
def ways(case, key):
    """Adam to t=½ plain, with the metric before its normalization and with the hyperbolic map after it.

    On ½‖θ−b‖² with |θ−b|>1 at the start, so that no slope changes its sign.
    """
    draw = generator(key)
    start, far = draw.normal(size=10), draw.uniform(1.0, 2.0, size=10) * draw.choice([-1.0, 1.0], size=10)
    gradient = steady(mf.problems.LinearRegression(np.eye(10), start + far))
    beta = MEMORY if case.memory == "short" else {"b1": 0.0, "b2": 0.0}
    ends = {}
    for make in (adam, metric_first, metric_last):
        runs = [walk(make, gradient, start, [count], learning_rate=UNTIL / count, eps=0.0, **beta) for count in SHORT]
        ends[make.__name__] = np.concatenate(runs)
    return ends | {"step": UNTIL / SHORT}


def moved(run, way):
    """How far apart two ways end, at each step size."""
    return np.max(np.abs(run[way] - run["adam"]), axis=1)


@mf.claim(
    "sparse-optimizers/metric-before-sign",
    on=ways,
    across=True,
    statement=r"\operatorname{sign}(\sqrt{\theta^2+\gamma^2}\odot g)=\operatorname{sign}(g):\ \text{the metric before"
    r" the sign does nothing, and the hyperbolic map after it does}",
    source=PAPER,
    status="proved",
    tolerance=mf.tolerance(1e-12, because="two ways to one sign, up to rounding"),
    variables=LETTERS,
)
def before_sign(runs, way="metric_first"):
    """Where 4000, 8000 and 16000 steps of sign descent end, without the metric and with it."""
    return mf.Comparison(0.0, moved(runs.only(memory="none"), way), scale=1.0)


before_sign.control("the hyperbolic map after the sign", way="metric_last")


@mf.claim(
    "sparse-optimizers/metric-before-adam",
    on=ways,
    across=True,
    statement=r"\eta\to0,\ \beta_1,\beta_2\text{ fixed}:\quad \text{Adam of } \sqrt{\theta^2+\gamma^2}\odot g"
    r" \text{ and Adam of } g \text{ are } O(\eta) \text{ apart}",
    source=PAPER,
    status="derived here",
    tolerance=ORDER,
    variables=LETTERS,
    notes="As long as no slope changes its sign. The metric is constant, up to O(η), over the 1/(1−β₂) steps that Adam "
    "remembers.",
)
def before_adam(runs, way="metric_first"):
    """With averages over 10 and 100 steps."""
    run = runs.only(memory="short")
    return order_of({"step": run["step"], "error": moved(run, way)}, 1.0)


before_adam.control("the hyperbolic map after Adam", way="metric_last")


# --- in float32 ------------------------------------------------------------------------------------------------------

EXPONENTS = np.arange(1.0, 8.5, 0.5)
SMALL = 1e-5


@jax.jit
def both_forms(theta, exponents):
    """H with γ=1e-5 in single precision: by cosh and sinh, and as the package takes it."""
    theta, scale = theta.astype(jnp.float32), jnp.float32(SMALL)
    root = jnp.sqrt(theta**2 + scale**2)

    def one(exponent):
        exponent = exponent.astype(jnp.float32)
        plain = theta * jnp.cosh(exponent) - root * jnp.sinh(exponent)
        step = jnp.broadcast_to(exponent, theta.shape)
        return plain, mf.optimizers.operators.hyperbolic_step(theta, step, scale)

    return jax.vmap(one)(exponents)


@mf.experiment(cases=mf.cases.single())
def single(case, key):
    """Relative errors of 200 weights between 1 and 2 at ηu from 1 to 8."""
    theta = generator(key).uniform(1.0, 2.0, size=200).astype(np.float32)
    exact = SMALL * np.sinh(np.arcsinh(theta.astype(float) / np.float64(np.float32(SMALL))) - EXPONENTS[:, None])
    exact = exact * np.float64(np.float32(SMALL)) / SMALL
    plain, taken = (np.asarray(form, float) for form in both_forms(theta, EXPONENTS))
    error = {name: np.max(np.abs(form / exact - 1), axis=1) for name, form in (("cosh", plain), ("package", taken))}
    return error | {"exponent": EXPONENTS}


@mf.claim(
    "sparse-optimizers/horst-in-float32",
    on=single,
    statement=r"\theta\cosh(\eta u)-\sqrt{\theta^2+\gamma^2}\sinh(\eta u):\ \text{relative error } "
    r"\sim\varepsilon\,e^{2\eta u}",
    source=PAPER,
    status="proved",
    tolerance=mf.tolerance(0.15, because="rounding errors of 200 weights, of which the largest counts"),
    figure="hyperbolic-step-in-float32",
    variables=LETTERS | {r"\varepsilon": "2⁻²⁴"},
)
def in_float32(case, run, rate=2.0):
    """The rate fitted to fifteen ηu; and what the package takes, below 2e-6 at all of them."""
    fit = mf.observe.fit_rate(run["exponent"], run["cosh"])
    at = {5: run["cosh"][8], 8: run["cosh"][14]}
    note = ", ".join(f"{error:.2g} at ηu={exponent}" for exponent, error in at.items())
    return {
        "cosh and sinh": mf.Comparison(rate, fit.exponent, scale=1.0, note=note),
        "the package": mf.Comparison(2e-6, run["package"], relation="at most", scale=1e-5),
    }


in_float32.control("ε·e^{ηu}", rate=1.0)
