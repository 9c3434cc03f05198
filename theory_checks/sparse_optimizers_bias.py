"""Page 06, HAM: what its two numbers regularize towards, and the product that it is close to."""

import jax
import numpy as np
import optax
import scipy.optimize

import mirrorflow as mf

from ._stepping import ORDER, generator, order_of, steady, walk
from .sparse_optimizers import FEATURES, LETTERS, PAPER, ham, page_penalty, regression

# --- where it rests --------------------------------------------------------------------------------------------------

RESTS = np.array([0.04, 0.02, 0.01])
REST_TIME, PENALTY = 600.0, 0.4


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
    statement=r"R_\alpha \text{ has the shape of } \ell_2^2 \text{ as } \alpha\to0 \text{ and of } \ell_1 \text{ as }"
    r" \alpha\to\infty",
    source=PAPER,
    status="published",
    tolerance=mf.tolerance(0.02, because="α|θ| is below 0.02 at the one end; at the other an order is asserted"),
    figure="shape-of-ham",
    variables=LETTERS,
)
def shape(runs, near="ℓ2", far="ℓ1"):
    """The distance from least ℓ2 norm at α=0.01; and that from least ℓ1 norm, which falls at every tenfold α."""
    distances = np.array([away(run, far) for _, run in runs])
    words = ", ".join(f"{distance:.3f}" for distance in distances)
    return {
        "least ℓ2 norm": mf.Comparison(0.0, away(runs.only(alpha=ALPHAS[0]), near), scale=1.0),
        "towards least ℓ1 norm": mf.Comparison(0.0, np.diff(distances), relation="at most", scale=1.0, note=words),
        "nearer": mf.Comparison(away(runs.only(alpha=ALPHAS[-1]), near), distances[-1], relation="at most", scale=1.0),
    }


shape.control("the other way round", near="ℓ1", far="ℓ2")
