"""Pages 05 and 06: Sign-In as an optimizer, its flow, its balance, and what the base optimizer does to that."""

import jax
import numpy as np
import optax

import mirrorflow as mf

from ._factor_flows import BALANCE, FEWEST, LETTERS, flow_of
from ._stepping import ORDER, generator, order_of, steady, walk
from .sparse_optimizers import FEATURES, regression

SIGN_IN = "arXiv:2504.12801; theory pages 05 and 06 (Sign-In)"
END = 2.0


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


# --- sign steps of the factors ---------------------------------------------------------------------------------------

TINY, FEW = 1e-3, 150


def sign_steps(learning_rate):
    """Sign descent on m and w, without resets."""
    return mf.optimizers.pilot(optax.sign_sgd(learning_rate), balance=BALANCE, decay=0.0, where="all")


def descent_steps(learning_rate):
    """Gradient descent on m and w, without resets."""
    return mf.optimizers.pilot(optax.sgd(learning_rate), balance=BALANCE, decay=0.0, where="all")


@mf.experiment(cases=mf.cases.grid(base=("sign", "gradient")))
def signs(case, key):
    """150 steps of 1e-3 on m⊙w from |θ|=1, so that no w passes 0: the factors after each."""
    problem, start = regression(key)
    make, save = (sign_steps if case.base == "sign" else descent_steps), np.arange(FEW + 1)
    _, m, w = walk(make, steady(problem), np.sign(start), save, watch=factors, learning_rate=TINY)
    return {"m": np.asarray(m), "w": np.asarray(w)}


@mf.claim(
    "sparse-optimizers/balance-under-sign-steps",
    on=signs,
    across=True,
    statement=r"\text{sign descent on } m\odot w \text{ keeps } |m|-|w| \text{ exactly, not } m^2-w^2,"
    r"\text{ as long as } w\ne0",
    source="arXiv:2603.02064; theory pages 03 (balance, q=1) and 06 (Sign-In)",
    status="proved",
    tolerance=mf.tolerance(1e-12, because="an identity, up to the rounding of 150 steps"),
    variables=LETTERS,
    notes="Adam on the factors is close to it: which balance a reset restores depends on the base optimizer.",
)
def under_signs(runs, base="sign", power=1):
    """|m|^q−|w|^q of ten weights at 150 steps, q=1 for sign descent."""
    run = runs.only(base=base)
    balance = np.abs(run["m"]) ** power - np.abs(run["w"]) ** power
    return mf.Comparison(np.tile(balance[0], (FEW + 1, 1)), balance)


under_signs.control("m²−w²", power=2)
under_signs.control("gradient descent", base="gradient")
