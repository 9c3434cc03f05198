"""Pages 02 and 06: PILoT as an optimizer, held to the regularized flow of m⊙w."""

import numpy as np
import optax
import scipy.optimize

import mirrorflow as mf

from ._factor_flows import BALANCE, FEWEST, LETTERS, flow_of
from ._stepping import ORDER, order_of, steady, walk
from .sparse_optimizers import regression

PILOT = "arXiv:2408.09966; theory pages 02 and 06 (PILoT)"
END, LONG = 2.0, 60.0


def pilot(learning_rate, strength, off):
    """PILoT on gradient descent, its decay switched off at a time."""

    def decay(step):
        return strength * ((step + 0.5) * learning_rate < off)

    return mf.optimizers.pilot(optax.sgd(learning_rate), balance=BALANCE, decay=decay, where="all")


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
