"""Page 06, HAM: its flow, and its closed form across sign flips."""

import jax
import numpy as np
import optax

import mirrorflow as mf

from ._stepping import ORDER, generator, order_of, steady, walk

mf.claims.paper("2506.02630", "Hyperbolic Aware Minimization: Implicit Bias for Sparsity")

PAPER = "arXiv:2506.02630; theory page 06 (HAM)"
SAMPLES, FEATURES = 6, 10
LETTERS = {
    r"\theta": "weights",
    r"\eta": "step size",
    r"\alpha, \beta": "the two numbers of HAM",
    "f": "½‖Aθ−b‖², 6 orthonormal rows, 10 features",
}


def ham(learning_rate, alpha, beta):
    """HAM on gradient descent, for arrays of one axis too."""
    base = optax.sgd(learning_rate)
    return mf.optimizers.ham(base, learning_rate=learning_rate, alpha=alpha, beta=beta, where="all")


def exponential(learning_rate, alpha, beta):
    """The second half of HAM alone."""
    return mf.optimizers.as_transformation(mf.optimizers.exponential(learning_rate, alpha, beta))


def regression(key):
    """½‖Aθ−b‖², orthonormal rows of A, and a start half of whose signs are those of no solution."""
    draw = generator(key)
    design = np.linalg.qr(draw.normal(size=(FEATURES, SAMPLES)))[0].T
    goal = draw.normal(size=FEATURES)
    wrong = np.where(np.arange(FEATURES) % 2 == 0, -1.0, 1.0)
    start = wrong * np.sign(goal) * draw.uniform(0.15, 0.45, size=FEATURES)
    return mf.problems.LinearRegression(design, design @ goal), start


# --- the flow --------------------------------------------------------------------------------------------------------

END, SAVES, FEWEST = 2.0, 11, 100


@mf.experiment(cases=mf.cases.grid(alpha=(1.0, 5.0), beta=(0.0, 0.3)))
def twins(case, key):
    """HAM at steps η, η/2 and η/4 beside its flow to t=2, with weights that flip on the way."""
    problem, start = regression(key)
    potential, decay = mf.potentials.HyperbolicAware(case.alpha), mf.decay.Decoupled(case.beta)
    flow = mf.Flow(problem, potential=potential, decay=decay)
    path = mf.integrate(flow, start, until=mf.until.time(END), save=SAVES)
    counts, errors = FEWEST * np.array([1, 2, 4]), []
    for count in counts:
        save = np.arange(SAVES) * (count // (SAVES - 1))
        numbers = {"learning_rate": END / count, "alpha": case.alpha, "beta": case.beta}
        stepped = walk(ham, steady(problem), start, save, **numbers)
        errors.append(np.max(np.abs(np.asarray(stepped) - np.asarray(path.x))))
    return {"step": END / counts, "error": np.asarray(errors), "path": path, "stepped": stepped}


@mf.claim(
    "sparse-optimizers/ham-limit",
    on=twins,
    statement=r"\eta\to0:\quad \dot\theta=-(1+\alpha|\theta|)\odot\nabla f-\beta\theta,\quad"
    r" \max_k\|\theta_k-\theta(k\eta)\|_\infty=O(\eta)",
    source=PAPER,
    status="published",
    tolerance=ORDER,
    variables=LETTERS,
)
def limit(case, result, expected=1.0):
    """The order fitted to η=0.02, 0.01 and 0.005."""
    return order_of(result, expected)


limit.control("half order", expected=0.5)
limit.control("second order", expected=2.0)


@mf.claim(
    "sparse-optimizers/ham-descends",
    on=twins,
    statement=r"\frac{d}{dt}(f+\beta Q)\le0,\quad Q=\sum_i\frac{|\theta_i|}\alpha-\frac{\log(1+\alpha|\theta_i|)}"
    r"{\alpha^2}=\langle\theta,\nabla R\rangle-R",
    source=PAPER + "; page 02 (decay is the balance function)",
    status="proved",
    tolerance=mf.tolerance(1e-12, because="both are falling functions along the steps, up to rounding"),
    variables=LETTERS | {"R": "potential of HAM, R''=1/(1+α|θ|)", "Q": "its balance function"},
)
def descends(case, result, share=1.0):
    """The largest rise of f+βQ between points of the run at η=0.005, and Q of the page against ⟨θ,∇R⟩−R."""
    theta = np.asarray(result["stepped"])
    problem, alpha = result["path"].flow.problem, case.alpha
    penalty = page_penalty(theta, alpha)
    value = np.asarray(jax.vmap(problem.loss)(theta)) + share * case.beta * penalty
    potential = mf.potentials.HyperbolicAware(alpha)
    balance = np.asarray(potential.balance_density(theta)).sum(axis=1)
    return {
        "f+βQ": mf.Comparison(0.0, np.diff(value), relation="at most", scale=1.0),
        "Q": mf.Comparison(share * balance, penalty),
    }


def page_penalty(theta, alpha):
    """Σ|θ|/α − log(1+α|θ|)/α²"""
    size = np.abs(theta)
    return np.sum(size / alpha - np.log1p(alpha * size) / alpha**2, axis=-1)


descends.control("twice the penalty", share=2.0)


# --- across signs ----------------------------------------------------------------------------------------------------

STEP, TURNS = 1e-3, 2000
MAPS = {"HAM": ham, "exponential": exponential}


@mf.experiment(cases=mf.cases.grid(step=tuple(MAPS), alpha=(1.0, 5.0, 20.0)))
def crossings(case, key):
    """β=0, to t=2 at η=1e-3, every step saved; a finer run makes `refined` steps for each of these."""
    problem, start = regression(key)
    with mf.accuracy(1.0) as factor:
        refined = round(1 / factor)
    numbers = {"learning_rate": STEP / refined, "alpha": case.alpha, "beta": 0.0}
    theta = walk(MAPS[case.step], steady(problem), start, np.arange(TURNS * refined + 1), **numbers)
    slopes = (np.asarray(theta) @ problem.design.T - problem.target) @ problem.design
    passed = STEP / refined * np.cumsum(slopes, axis=0)[refined - 1 : -1 : refined]
    return {"theta": np.asarray(theta)[::refined], "slopes": passed}


@mf.claim(
    "sparse-optimizers/ham-closed-form",
    on=crossings,
    across=True,
    statement=r"\beta=0:\quad \theta_t=\operatorname{sign}(z)\frac{e^{\alpha|z|}-1}\alpha,\quad"
    r" z=\operatorname{sign}(\theta_0)\frac{\log(1+\alpha|\theta_0|)}\alpha-\int_0^t\nabla f,"
    r"\text{ also where } \theta \text{ changes its sign}",
    source=PAPER,
    status="proved",
    tolerance=mf.tolerance(5e-3, because="of the largest weight: steps of η=1e-4 at a metric of up to 1+20|θ|"),
    figure="across-zero",
    variables=LETTERS,
)
def closed_form(runs, keeps=False):
    """HAM at all 2000 points of time; and how many of the weights flip, of the ten."""
    parts = {}
    for case, run in runs.where(step="HAM"):
        theta = run["theta"]
        told = from_integral(theta[0], run["slopes"], case.alpha)
        told = np.where(told * theta[0] < 0, 0.0, told) if keeps else told
        flips = int(np.sum(theta[-1] * theta[0] < 0))
        parts[f"α={case.alpha:g}"] = mf.Comparison(told, theta[1:], note=f"{flips} weights flip")
        parts[f"flips, α={case.alpha:g}"] = mf.Comparison(1.0, float(flips), relation="at least")
    return parts


def from_integral(start, passed, alpha):
    """The closed form, `passed` being ∫∇f."""
    dual = np.sign(start) * np.log1p(alpha * np.abs(start)) / alpha - passed
    return np.sign(dual) * np.expm1(alpha * np.abs(dual)) / alpha


closed_form.control("weights stop at 0", keeps=True)


@mf.claim(
    "sparse-optimizers/exponential-keeps-signs",
    on=crossings,
    across=True,
    statement=r"\theta\odot\exp(-\eta(\alpha\operatorname{sign}(\theta)\odot\nabla f+\beta)) \text{ never changes a"
    r" sign; HAM does}",
    source=PAPER,
    status="proved",
    tolerance=mf.tolerance(0.0, because="signs are counted"),
    figure="across-zero",
    variables=LETTERS,
)
def keeps_signs(runs, step="exponential"):
    """Flips of each of ten weights between 2000 steps, half of whose signs are wrong at the start."""
    parts = {}
    for case, run in runs.where(step=step):
        signs = np.sign(run["theta"])
        parts[f"α={case.alpha:g}"] = mf.Comparison(np.zeros(FEATURES, int), np.sum(signs[1:] != signs[:-1], axis=0))
    return parts


keeps_signs.control("HAM", step="HAM")
