"""Pages 02, 05 and 06: PILoT and Sign-In as optimizers, held to the flows of m⊙w."""

import jax
import numpy as np
import optax
import scipy.integrate
import scipy.optimize

import mirrorflow as mf

from ._stepping import ORDER, generator, order_of, steady, walk
from .sparse_optimizers import FEATURES, regression

PILOT = "arXiv:2408.09966; theory pages 02 and 06 (PILoT)"
SIGN_IN = "arXiv:2504.12801; theory pages 05 and 06 (Sign-In)"
BALANCE = 0.5
LETTERS = {
    r"\theta": "weights m⊙w, all that the model sees",
    r"\eta": "step size",
    r"\alpha": "strength of the penalty α(m²+w²)",
    r"\beta": "balance m²−w²",
}

# --- PILoT -----------------------------------------------------------------------------------------------------------

END, FEWEST = 2.0, 100
LONG = 60.0


def pilot(learning_rate, strength, off):
    """PILoT on gradient descent, its decay switched off at a time."""

    def decay(step):
        return strength * ((step + 0.5) * learning_rate < off)

    return mf.optimizers.pilot(optax.sgd(learning_rate), balance=BALANCE, decay=decay, where="all")


def flow_of(problem, start, velocity, end):
    """θ at 101 times of θ̇=velocity(t, θ, ∇f(θ)), by SciPy; short steps, so that no jump of the decay is missed."""
    design, target = np.asarray(problem.design), np.asarray(problem.target)

    def field(t, theta):
        return velocity(t, theta, design.T @ (design @ theta - target))

    times, tight = np.linspace(0, end, FEWEST + 1), {"rtol": 1e-9, "atol": 1e-12, "max_step": 0.02}
    return scipy.integrate.solve_ivp(field, (0, end), start, t_eval=times, **tight).y.T


def pilot_velocity(strength, metric=2.0, decay=4.0):
    """−2√(θ²+ρ_t²)∇f−4α_tθ with α_t=α until t=1."""

    def velocity(t, theta, slope):
        rho = BALANCE / 2 * np.exp(-4 * strength * min(t, 1.0))
        return -metric * np.sqrt(theta**2 + rho**2) * slope - decay * strength * (t < 1) * theta

    return velocity


@mf.experiment(cases=mf.cases.single())
def pilots(case, key):
    """PILoT with the decay 0.4 until t=1, at η, η/2 and η/4, beside two flows to t=2: of page 02, and with halves."""
    problem, start = regression(key)
    flows = {"flow": pilot_velocity(0.4), "halves": pilot_velocity(0.4, metric=1.0, decay=2.0)}
    paths = {name: flow_of(problem, start, velocity, END) for name, velocity in flows.items()}
    counts, errors = FEWEST * np.array([1, 2, 4]), {name: [] for name in paths}
    for count in counts:
        numbers = {"learning_rate": END / count, "strength": 0.4, "off": 1.0}
        theta = walk(pilot, steady(problem), start, np.arange(FEWEST + 1) * (count // FEWEST), **numbers)
        for name, path in paths.items():
            errors[name].append(np.max(np.abs(np.asarray(theta) - path)))
    return {name: np.asarray(values) for name, values in errors.items()} | {"step": END / counts}


@mf.claim(
    "sparse-optimizers/pilot-limit",
    on=pilots,
    statement=r"\eta\to0:\quad\dot\theta=-2\sqrt{\theta^2+\rho_t^2}\odot\nabla f-4\alpha_t\theta,\quad"
    r" \rho_t=\tfrac12\beta e^{-4\int\alpha}:\ \max_k\|\theta_k-\theta(k\eta)\|_\infty=O(\eta)",
    source=PILOT,
    status="proved",
    tolerance=ORDER,
    variables=LETTERS,
)
def pilot_limit(case, result, flow="flow"):
    """The order fitted to η=0.02, 0.01 and 0.005."""
    return order_of({"step": result["step"], "error": result[flow]}, 1.0)


pilot_limit.control("half of the coefficients, as printed", flow="halves")


RATES = np.array([0.04, 0.02, 0.01])
ARMS = {"strong": (0.4, 1.0), "long": (0.2, 2.0), "weak": (0.2, 1.0), "none": (0.0, 1.0)}  # α, until when


@mf.experiment(cases=mf.cases.single())
def stored(case, key):
    """PILoT until it rests, its decay 0.4 until t=1, 0.2 until t=2, 0.2 until t=1, or none; at three step sizes."""
    problem, start = regression(key)
    ends = {}
    for name, (strength, off) in ARMS.items():
        runs = []
        for rate in RATES:
            numbers = {"learning_rate": rate, "strength": strength, "off": off}
            runs.append(walk(pilot, steady(problem), start, [round(LONG / rate)], **numbers)[0])
        ends[name] = np.stack(runs)
    return ends | {"design": problem.design, "target": problem.target, "start": start}


@mf.claim(
    "sparse-optimizers/pilot-storage",
    on=stored,
    statement=r"\text{decay } 2\lambda \text{ until } T \text{ and } \lambda \text{ until } 2T \text{ have one limit,}"
    r" \text{ up to } O(\eta)",
    source=PILOT + "; page 02 (lasting effects)",
    status="proved",
    tolerance=ORDER,
    figure="storage-in-steps",
    variables=LETTERS,
)
def storage(case, run, other="long"):
    """The order in η of the distance between the limits."""
    return order_of({"step": RATES, "error": np.max(np.abs(run["strong"] - run[other]), axis=1)}, 1.0)


storage.control("λ until T", other="weak")


@mf.claim(
    "sparse-optimizers/pilot-rest",
    on=stored,
    statement=r"\theta_\infty=\arg\min\{R_{\rho_\infty}(\theta): A\theta=b\},\ \rho_\infty=\tfrac12\beta"
    r" e^{-4\int\alpha},\text{ up to } O(\eta)",
    source=PILOT + "; page 02 (convergence and optimality, corrected constant)",
    status="proved",
    tolerance=ORDER,
    figure="storage-in-steps",
    variables=LETTERS,
)
def pilot_rest(case, run, power=4.0):
    """The order in η of the distance from the limit that a root of d=6 equations gives, for all four decays."""
    parts = {}
    for name, (strength, off) in ARMS.items():
        told = limit_of(run, strength * off, power)
        errors = np.max(np.abs(run[name] - told), axis=1)
        parts[name] = order_of({"step": RATES, "error": errors}, 1.0)
    return parts


def limit_of(run, total, power=4.0):
    """ρ·sinh(asinh(2θ₀/β)+Aᵀν) with Aθ=b."""
    last = BALANCE / 2 * np.exp(-power * total)
    dual = np.arcsinh(2 * run["start"] / BALANCE)

    def gap(nu):
        return run["design"] @ (last * np.sinh(dual + run["design"].T @ nu)) - run["target"]

    nu = scipy.optimize.root(gap, np.zeros(len(run["target"])), method="lm", options={"xtol": 1e-15}).x
    return last * np.sinh(dual + run["design"].T @ nu)


pilot_rest.control("e^{−2∫α}, as printed", power=2.0)


# --- Sign-In ---------------------------------------------------------------------------------------------------------


def sign_in(learning_rate, strength):
    """Sign-In on gradient descent, a reset every ten steps."""
    base = optax.sgd(learning_rate)
    return mf.optimizers.sign_in(base, balance=BALANCE, reset_every=10, decay=strength, where="all")


def never_reset(learning_rate, strength):
    """The same without resets."""
    return mf.optimizers.pilot(optax.sgd(learning_rate), balance=BALANCE, decay=strength, where="all")


RESETS = {"every ten steps": sign_in, "never": never_reset}


@mf.experiment(cases=mf.cases.grid(resets=tuple(RESETS)))
def sign_ins(case, key):
    """Sign-In at η, η/2 and η/4 to t=1 beside θ̇=−√(4θ²+β²)∇L, and beside −√(θ²+β)∇L."""
    problem, start = regression(key)
    metrics = {"exact": lambda x: np.sqrt(4 * x**2 + BALANCE**2), "other": lambda x: np.sqrt(x**2 + BALANCE)}
    found = {name: flow_of(problem, start, moved_by(metric), END / 2) for name, metric in metrics.items()}
    counts, errors = FEWEST * np.array([1, 2, 4]), {name: [] for name in found}
    for count in counts:
        save, rate = np.arange(FEWEST + 1) * (count // FEWEST), END / 2 / count
        theta = np.asarray(walk(RESETS[case.resets], steady(problem), start, save, learning_rate=rate, strength=0.0))
        for name, x in found.items():
            errors[name].append(np.max(np.abs(theta - x)))
    return {name: np.asarray(values) for name, values in errors.items()} | {"step": END / 2 / counts}


def moved_by(metric):
    """−metric(θ)∇L"""
    return lambda t, theta, slope: -metric(theta) * slope


@mf.claim(
    "sparse-optimizers/sign-in-limit",
    on=sign_ins,
    statement=r"\eta\to0:\quad \dot\theta=-\sqrt{4\theta^2+\beta^2}\odot\nabla L,\quad"
    r" \max_k\|\theta_k-\theta(k\eta)\|_\infty=O(\eta)",
    source=SIGN_IN,
    status="proved",
    tolerance=ORDER,
    variables=LETTERS,
)
def sign_in_limit(case, result, metric="exact"):
    """The order fitted to η=0.01, 0.005 and 0.0025; it is the flow of hyperbolic entropy with ρ=β/2, twice as fast."""
    return order_of({"step": result["step"], "error": result[metric]}, 1.0)


sign_in_limit.control("√(θ²+β), of a secondary source", metric="other")


STEP, STEPS, STRENGTH, NOISE = 0.1, 120, 0.05, 0.5


def factors(theta, state):
    """θ, m and w."""
    return theta, state.inner.factors.m, state.inner.factors.w


def noisy_slope(problem, noise, theta, k):
    """∇f and noise."""
    return problem.gradient(theta) + noise[k]


@mf.experiment(cases=mf.cases.grid(resets=tuple(RESETS), strength=(0.0, STRENGTH)))
def balances(case, key):
    """120 steps of 0.1 with noisy gradients: θ and its factors after each, and the gradients of all."""
    problem, start = regression(key)
    noise = NOISE * generator(key, 1).normal(size=(STEPS, FEATURES))
    gradient = jax.tree_util.Partial(noisy_slope, problem, noise)
    save, numbers = np.arange(STEPS + 1), {"learning_rate": STEP, "strength": case.strength}
    theta, m, w = walk(RESETS[case.resets], gradient, start, save, watch=factors, **numbers)
    theta = np.asarray(theta)
    slopes = (theta[:-1] @ problem.design.T - problem.target) @ problem.design + noise
    return {"theta": theta, "m": np.asarray(m), "w": np.asarray(w), "slopes": slopes}


@mf.claim(
    "sparse-optimizers/sign-in-balance",
    on=balances,
    statement=r"\beta_{k+1}=\beta_k\big((1-2\eta\alpha)^2-\eta^2g_k^2\big),\quad \beta_k=\beta\text{ at every reset}",
    source=SIGN_IN + "; page 05 (balance at finite steps)",
    status="proved",
    tolerance=mf.tolerance(1e-11, because="an identity, up to the rounding of 120 steps"),
    figure="balance-of-sign-in",
    variables=LETTERS | {"g_k": "the gradient, with its noise"},
)
def balance(case, run, steps=1.0, every=10):
    """Each weight's m²−w² after each of 120 steps with noise ½; and θ=m⊙w, which a reset keeps."""
    shrink = (1 - 2 * STEP * case.strength) ** 2 - steps * (STEP * run["slopes"]) ** 2
    told = [np.full(FEATURES, BALANCE)]
    for k, factor in enumerate(shrink):
        again = case.resets != "never" and k % every == 0
        told.append((BALANCE if again else told[-1]) * factor)
    return {
        "balance": mf.Comparison(np.stack(told), run["m"] ** 2 - run["w"] ** 2),
        "θ": mf.Comparison(run["m"] * run["w"], run["theta"]),
    }


balance.control("without −η²g²", steps=0.0)


@mf.claim(
    "sparse-optimizers/balance-shrinks-without-resets",
    on=balances,
    across=True,
    statement=r"\text{without resets decay and noise shrink } \beta_k:\ \log\frac{\beta_k}\beta\approx-4\alpha\eta k"
    r"-\eta^2\sum_{j<k}g_j^2",
    source=SIGN_IN,
    status="published",
    tolerance=mf.tolerance(0.05, because="of the rate, η²g² of relative size below 0.1 in the logarithm"),
    figure="balance-of-sign-in",
    variables=LETTERS | {"g": "the gradient, with its noise"},
)
def shrinks(runs, resets="never"):
    """log(β_k/β) at the last step against both rates, for each weight and both strengths."""
    parts = {}
    for case, run in runs.where(resets=resets):
        left = np.log((run["m"][-1] ** 2 - run["w"][-1] ** 2) / BALANCE)
        told = -(4 * case.strength * STEP * STEPS + STEP**2 * np.sum(run["slopes"] ** 2, axis=0))
        parts[f"α={case.strength:g}"] = mf.Comparison(told, left, scale=np.abs(told))
    return parts


shrinks.control("with a reset every ten steps", resets="every ten steps")
