"""Page 06, HAM: its flow, its closed form across sign flips, and what its two numbers regularize towards."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import scipy.optimize

import mirrorflow as mf

from ._stepping import ORDER, generator, order_of, steady, walk

mf.claims.paper("2506.02630", "Sign-preserving and Hyperbolic Aware Minimization")

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
    """β=0, to t=2 at η=1e-3, every step saved; `refined` counts the steps that the finer run makes for each of these."""
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


# --- where it rests --------------------------------------------------------------------------------------------------

RESTS = np.array([0.02, 0.01, 0.005])
REST_TIME, PENALTY = 80.0, 0.4


@mf.experiment(cases=mf.cases.grid(alpha=(1.0, 5.0)))
def rests(case, key):
    """HAM with β=0.4 until it rests, at three step sizes."""
    problem, start = regression(key)
    ends = []
    for rate in RESTS:
        numbers = {"learning_rate": rate, "alpha": case.alpha, "beta": PENALTY}
        ends.append(walk(ham, steady(problem), start, [round(REST_TIME / rate)], **numbers)[0])
    return {"step": RESTS, "ends": np.stack(ends), "design": problem.design, "target": problem.target}


@mf.claim(
    "sparse-optimizers/ham-rest",
    on=rests,
    statement=r"\beta>0,\ \eta\to0:\quad \theta_k\to\arg\min f+\beta\sum_i\Big(\frac{|\theta_i|}\alpha-"
    r"\frac{\log(1+\alpha|\theta_i|)}{\alpha^2}\Big),\text{ up to } O(\eta)",
    source=PAPER + "; page 02 (decay is the balance function)",
    status="proved",
    tolerance=ORDER,
    variables=LETTERS,
)
def rest(case, run, alpha=lambda alpha: alpha):
    """The order in η of the distance from the minimizer that a Newton method of SciPy's finds."""
    goal = minimizer(run["design"], run["target"], PENALTY, alpha(case.alpha))
    errors = np.max(np.abs(run["ends"] - goal), axis=1)
    return order_of({"step": run["step"], "error": errors}, 1.0)


def minimizer(design, target, beta, alpha):
    """argmin ½‖Aθ−b‖² + βQ; α=0 stands for its limit Q=½‖θ‖²."""

    def value(theta):
        residual = design @ theta - target
        return residual @ residual / 2 + beta * (page_penalty(theta, alpha) if alpha else theta @ theta / 2)

    def slope(theta):
        return design.T @ (design @ theta - target) + beta * theta / (1 + alpha * np.abs(theta))

    def curvature(theta):
        return design.T @ design + beta * np.diag(1 / (1 + alpha * np.abs(theta)) ** 2)

    start = np.linalg.lstsq(design, target, rcond=None)[0]
    tight = {"gtol": 1e-12, "maxiter": 1000}
    return scipy.optimize.minimize(value, start, jac=slope, hess=curvature, method="trust-exact", options=tight).x


rest.control("½‖θ‖², the limit α→0, in place of Q", alpha=lambda alpha: 0.0)


# --- a balanced product ----------------------------------------------------------------------------------------------

SIZES = 0.01 / 2 ** np.arange(4)


def product(learning_rate, decay):
    """Gradient descent on m⊙w with m²=w² and decay."""
    return mf.optimizers.pilot(optax.sgd(learning_rate), balance=0.0, decay=decay, where="all")


@mf.experiment(cases=mf.cases.grid(decay=(0.0, 0.5)))
def products(case, key):
    """One step on m⊙w from balanced factors, for four step sizes and twenty weights and slopes."""
    draw = generator(key)
    theta, slope = draw.normal(size=20), draw.normal(size=20)
    gradient = jax.tree_util.Partial(_always, slope)
    moved = [walk(product, gradient, theta, [1], learning_rate=rate, decay=case.decay)[0] for rate in SIZES]
    return {"theta": theta, "slope": slope, "moved": np.stack(moved)}


def _always(slope, theta, k):
    del theta, k
    return slope


@mf.claim(
    "sparse-optimizers/ham-of-products",
    on=products,
    statement=r"m^2=w^2:\quad \theta'=\theta\odot e^{-\eta(2\operatorname{sign}(\theta)\nabla f+4\alpha)}"
    r"-\eta^2\theta\,(\operatorname{sign}(\theta)\nabla f+2\alpha)^2+O(\eta^3)",
    source=PAPER + " to O(η²); its coefficient here",
    status="derived here",
    tolerance=ORDER,
    variables=LETTERS | {r"\alpha": "strength of the penalty α(m²+w²)"},
)
def of_products(case, run, twice=2.0, leading=1.0):
    """The orders of what is left without and with the term in η²."""
    sign, theta, slope, rates = np.sign(run["theta"]), run["theta"], run["slope"], SIZES[:, None]
    both = sign * slope + 2 * case.decay
    left = run["moved"] - theta * np.exp(-twice * rates * both)
    after = left + leading * rates**2 * theta * both**2
    return {
        "order": order_of({"step": SIZES, "error": np.max(np.abs(left), axis=1)}, 2.0),
        "with the next term": order_of({"step": SIZES, "error": np.max(np.abs(after), axis=1)}, 3.0),
    }


of_products.control("half of the exponent", twice=1.0)
of_products.control("half of the next term", leading=0.5)


# --- the shape of the potential --------------------------------------------------------------------------------------

ALPHAS = (0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)
QUIET = 60.0


@mf.experiment(cases=mf.cases.grid(alpha=ALPHAS), accuracies=(2.0, 1.0))
def shapes(case, key):
    """β=0 from θ=0 until f is 0, at steps of 0.05/(1+α); the interpolators of least ℓ2 and least ℓ1 norm beside it."""
    problem, _ = regression(key)
    with mf.accuracy(1.0) as factor:
        rate = 0.05 * factor / (1 + case.alpha)
    numbers = {"learning_rate": rate, "alpha": case.alpha, "beta": 0.0}
    end = walk(ham, steady(problem), np.zeros(FEATURES), [round(QUIET / rate)], **numbers)[0]
    design, target = np.asarray(problem.design), np.asarray(problem.target)
    return {"end": np.asarray(end), "design": design, "target": target, "ℓ2": np.linalg.pinv(design) @ target,
            "ℓ1": least_l1(design, target)}  # fmt: skip


def least_l1(design, target):
    """argmin{‖x‖₁ : Ax=b}, a linear program in the positive and the negative part."""
    split = np.concatenate([design, -design], axis=1)
    found = scipy.optimize.linprog(np.ones(split.shape[1]), A_eq=split, b_eq=target, method="highs")
    return found.x[: design.shape[1]] - found.x[design.shape[1] :]


def away(run, norm):
    """The distance from the interpolator of least norm, relative to that."""
    return np.linalg.norm(run["end"] - run[norm]) / np.linalg.norm(run[norm])


@mf.claim(
    "sparse-optimizers/ham-bias",
    on=shapes,
    statement=r"\beta=0,\ \theta_0=0:\quad \theta_\infty=\arg\min\{R_\alpha(\theta): A\theta=b\},\quad"
    r" R_\alpha=\sum\frac{(1+\alpha|\theta_i|)\log(1+\alpha|\theta_i|)-\alpha|\theta_i|}{\alpha^2}",
    source=PAPER + "; page 01 (limits)",
    status="published",
    tolerance=mf.tolerance(0.02, because="of the largest weight: steps of 0.05/(1+α) shift the limit in proportion"),
    figure="shape-of-ham",
    variables=LETTERS,
)
def bias(case, run, alpha=lambda alpha: alpha):
    """Where HAM comes to rest against the Bregman projection of 0, from a Newton method on its dual."""
    problem = mf.problems.LinearRegression(run["design"], run["target"])
    told = mf.predict.bregman_projection(problem, mf.potentials.HyperbolicAware(alpha(case.alpha)), np.zeros(FEATURES))
    return mf.Comparison(np.asarray(told.x), run["end"])


bias.control("α ten times as large", alpha=lambda alpha: 10 * alpha)


@mf.claim(
    "sparse-optimizers/ham-shape",
    on=shapes,
    across=True,
    statement=r"\text{the shape of } R_\alpha \text{ is } \ell_2^2 \text{ as } \alpha\to0 \text{ and } \ell_1 \text{ as }"
    r" \alpha\to\infty",
    source=PAPER,
    status="published",
    tolerance=mf.tolerance(0.02, because="α|θ| is below 0.02 at the one end; at the other an order is asserted"),
    figure="shape-of-ham",
    variables=LETTERS,
)
def shape(runs, near="ℓ2", far="ℓ1"):
    """At α=0.01 the distance from least ℓ2 norm; and the distance from least ℓ1 norm, which falls at every tenfold α."""
    distances = np.array([away(run, far) for _, run in runs])
    words = ", ".join(f"{distance:.3f}" for distance in distances)
    return {
        "least ℓ2 norm": mf.Comparison(0.0, away(runs.only(alpha=ALPHAS[0]), near), scale=1.0),
        "towards least ℓ1 norm": mf.Comparison(0.0, np.diff(distances), relation="at most", scale=1.0, note=words),
        "nearer": mf.Comparison(away(runs.only(alpha=ALPHAS[-1]), near), distances[-1], relation="at most", scale=1.0),
    }


shape.control("the other way round", near="ℓ1", far="ℓ2")
