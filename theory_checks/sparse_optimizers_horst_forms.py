"""Page 06, HORST: where the metric has to stand beside a sign, and the form of its step in single precision."""

import jax
import jax.numpy as jnp
import numpy as np
import optax

import mirrorflow as mf

from ._stepping import ORDER, generator, order_of, steady, walk
from .sparse_optimizers_horst import LETTERS, PAPER, SCALE

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
