"""Page 07: what steps of a finite size do to a law."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

import mirrorflow as mf

from . import _law_counts as counts
from ._law_paths import derived, flat, sampled

RUNS = {"GD": 1, "SGD": 16}  # of which the drift is a mean
MODEL = mf.derive.models.linear_network(3, 4, 2)
SAMPLES, BATCH, STEPS, TIME = 12, 3, 200, 2.0
SIZES = 0.02 / 2.0 ** np.arange(5)
SOURCE = f"{counts.MARCOTTE}; {counts.PAGE} (discretization)"
LETTERS = {"h": "an entry of W₁W₁ᵀ−W₂ᵀW₂", r"\tau_i, g_i": "the steps, and the gradients of the whole data or a batch"}


class Regression(eqx.Module):
    """½‖W₂W₁X−Y‖²/samples on all data, or on a random batch."""

    inputs: np.ndarray
    targets: np.ndarray
    stochastic: bool = eqx.field(static=True)

    def gradient(self, theta, key):
        """∇𝓛(θ)"""
        inputs, targets = jnp.asarray(self.inputs), jnp.asarray(self.targets)
        if self.stochastic:
            batch = jax.random.choice(key, SAMPLES, (BATCH,), replace=False)
            inputs, targets = inputs[:, batch], targets[:, batch]

        def loss(theta):
            misses = theta["W2"] @ theta["W1"] @ inputs - targets
            return jnp.sum(misses**2) / (2 * inputs.shape[1])

        return jax.grad(loss)(theta)


def problem(key, steps):
    """A random regression with its start."""
    rng = counts.generator(key, 5)
    data = Regression(rng.standard_normal((3, SAMPLES)), rng.standard_normal((2, SAMPLES)), steps == "SGD")
    return data, sampled(MODEL, rng)


def law(theta):
    """W₁W₁ᵀ−W₂ᵀW₂"""
    return theta["W1"] @ theta["W1"].T - theta["W2"].T @ theta["W2"]


# --- the slope -------------------------------------------------------------------------------------------------------


@mf.experiment(cases=mf.cases.grid(steps=("GD", "SGD")))
def slopes(case, key):
    """Regression by a linear network 3-4-2, steps of five sizes over the same time; refined: steps half as large.

    Of random batches 16 runs are made from one start, and the drift is that of the mean of the law over them.
    """
    data, start = problem(key, case.steps)
    runs = RUNS[case.steps]
    start = jax.tree.map(lambda leaf: np.tile(leaf, (runs, 1, 1)), start)

    def gradient(theta, key):
        return jax.vmap(data.gradient)(theta, jax.random.split(key, runs))

    with mf.accuracy(1.0) as factor:
        sizes = SIZES * factor ** np.log10(2.0)
    found = mf.derive.discrete_drift(
        lambda theta: jnp.mean(jax.vmap(law)(theta), axis=0), gradient, start, sizes, TIME, key
    )
    return {"step": found.step_sizes, "drift": found.drifts}


@mf.claim(
    "conservation-laws/discrete-slope",
    on=slopes,
    statement=r"\theta_{i+1}=\theta_i-\tau g_i,\ i\tau\le T:\quad \max|h(\theta_T)-h(\theta_0)| \le C\,T\,\tau,\ "
    r"\text{ with slope } 1 \text{ in } \tau",
    source=SOURCE,
    status="published",
    tolerance=mf.tolerance(0.2, because="an order is told from its neighbours within ±0.2"),
    figure="discrete-drift",
    variables=LETTERS,
)
def discrete_slope(case, run, expected=1.0):
    """Fitted to five step sizes, for gradient descent and for batches of 3 of 12 samples (mean of 16 runs)."""
    fit = mf.observe.fit_exponent(run["step"], run["drift"])
    note = "drifts " + ", ".join(f"{drift:.2g}" for drift in np.asarray(run["drift"]))
    return mf.Comparison(expected, fit.exponent, scale=1.0, uncertainty=min(fit.half_width, 0.05), note=note)


discrete_slope.control("half order", expected=0.5)
discrete_slope.control("second order", expected=2.0)

# --- step by step ----------------------------------------------------------------------------------------------------


@mf.experiment(cases=mf.cases.grid(steps=("GD", "SGD")))
def walks(case, key):
    """200 steps of random sizes between 0.001 and 0.05; refined: all of them half as large."""
    data, start = problem(key, case.steps)
    with mf.accuracy(1.0) as factor:
        sizes = counts.generator(key, 6).uniform(0.001, 0.05, STEPS) * factor ** np.log10(2.0)
    thetas, gradients = _walk(data, start, sizes, jax.random.split(key, STEPS))
    return {"sizes": sizes, "theta": flat(MODEL, thetas), "gradient": flat(MODEL, gradients)}


@eqx.filter_jit
def _walk(data, start, sizes, keys):
    def step(theta, given):
        size, key = given
        slope = data.gradient(theta, key)
        moved = jax.tree.map(lambda leaf, change: leaf - size * change, theta, slope)
        return moved, (theta, slope)

    return jax.lax.scan(step, jax.tree.map(jnp.asarray, start), (jnp.asarray(sizes), keys))[1]


@mf.claim(
    "conservation-laws/discrete-drift",
    on=walks,
    statement=r"h \text{ of degree } 2:\quad h(\theta_k)-h(\theta_0) = \sum_{i<k}\tau_i^2\,h(g_i), \text{ hence } \le "
    r"C\textstyle\sum\tau_i^2",
    source=SOURCE,
    status="derived here",
    tolerance=mf.tolerance(1e-10, because="an identity, up to rounding over 200 steps"),
    variables=LETTERS,
    notes="h(θ−τg)=h(θ)−τ⟨∇h,g⟩+τ²h(g), and the middle term vanishes for the gradient of every batch.",
)
def discrete_drift_by_steps(case, run, power=2):
    """Every derived law after every step of random size."""
    laws = derived(MODEL)
    values, pushes = (np.asarray(laws.residual(np.asarray(run[name]).T)) for name in ("theta", "gradient"))
    expected = np.cumsum(np.asarray(run["sizes"]) ** power * pushes, axis=1)[:, :-1]
    drift = values[:, 1:] - values[:, :1]
    return mf.Comparison(expected, drift, scale=float(np.max(np.abs(drift))))


discrete_drift_by_steps.control("the first power of the steps", power=1)
