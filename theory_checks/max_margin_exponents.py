"""Page 04, linear models: the exponents of the rates, fitted with their intervals on many data sets."""

import jax.numpy as jnp
import numpy as np
from scipy.optimize import brentq

import mirrorflow as mf

from ._margin_ensembles import follow, gaussian, lanes
from .max_margin import VARIABLES
from .max_margin_many import LOG_TIMES, many_cosh, many_powers

RATES = "theory page 04 (rates)"
LATE = LOG_TIMES >= 1e4


def norms(found, p):
    """φ(x) of every data set at the late points, shape (sets, points)."""
    return np.linalg.norm(found["x"][:, LATE], ord=p, axis=2)


def fits(abscissa, rows):
    """Exponents and half-widths of their 95 % intervals, one for each row."""
    found = [mf.observe.fit_exponent(abscissa, row) for row in rows]
    return np.array([fit.exponent for fit in found]), np.array([fit.half_width for fit in found])


@mf.claim(
    "max-margin/norm-exponents",
    on=many_powers,
    statement=r"\phi(x_t) \asymp (\log t)^{1/L},\quad L=1",
    source=RATES,
    status="heuristic",
    expects="holds",
    tolerance=mf.tolerance(3e-3, because="(p−2)·log log t over log t is left, up to 1e-3 at log t=1e4"),
    figure="fitted-exponents",
    variables=VARIABLES,
)
def norm_exponents(case, found, degree=1.0):
    """The exponent in log t from log t=1e4 on, one for each data set."""
    exponents, half_widths = fits(LOG_TIMES[LATE], norms(found, case.p))
    return mf.Comparison(predicted=1 / degree, measured=exponents, uncertainty=half_widths, scale=1.0)


norm_exponents.control("degree 2", degree=2.0)


def loss_exponents_of(found):
    """The exponents of t𝓛 in log t, with half-widths."""
    return fits(LOG_TIMES[LATE], np.exp(found["log_loss"][:, LATE] + LOG_TIMES[LATE]))


@mf.claim(
    "max-margin/loss-exponents",
    on=many_powers,
    statement=r"\mathcal L \asymp (\log t)^{\alpha/L-2}/t,\quad \alpha=p,\ L=1",
    source=RATES,
    status="heuristic",
    expects="holds",
    tolerance=mf.tolerance(0.03, because="terms of relative order (log t)^{1−p}, 1e-2 at log t=1e4 and p=3/2"),
    figure="fitted-exponents",
    variables=VARIABLES,
)
def loss_exponents(case, found, law=lambda p: mf.predict.loss_exponents(1.0, p).log_time):
    """The exponent of t𝓛 in log t from log t=1e4 on, one for each data set."""
    exponents, half_widths = loss_exponents_of(found)
    return mf.Comparison(predicted=law(case.p), measured=exponents, uncertainty=half_widths, scale=1.0)


loss_exponents.control("one more: p−1", law=lambda p: p - 1)


def cosh_slopes(found):
    """Slopes of ‖x‖_∞ and of −log 𝓛 in log t from log t=1e4 on, shape (2, sets)."""
    log_time = LOG_TIMES[LATE]
    rows = np.concatenate([norms(found, np.inf), -found["log_loss"][:, LATE]])
    offset = log_time - log_time.mean()
    return (rows @ offset / (offset @ offset)).reshape(2, -1)


@mf.claim(
    "max-margin/cosh-exponents",
    on=many_cosh,
    statement=r"\|x_t\|_\infty \sim \frac{\log t}{1+\gamma^*},\qquad \mathcal L \sim t^{-\gamma^*/(1+\gamma^*)}",
    source=RATES + " (linear cosh)",
    status="heuristic",
    expects="holds",
    tolerance=mf.tolerance(1e-3, because="constants over log t=1e4, at which the fit begins, are left"),
    figure="fitted-exponents",
    variables=VARIABLES,
)
def cosh_exponents(case, found, share=lambda margin: 1 / (1 + margin)):
    """Slopes in log t from log t=1e4 on, two for each data set."""
    margins = np.array([best.margin for _, best in lanes(found, np.inf)])
    predicted = np.stack([share(margins), margins * share(margins)])
    return mf.Comparison(predicted=predicted, measured=cosh_slopes(found), scale=1.0)


cosh_exponents.control("as if log t/γ, as every homogeneous potential", share=lambda margin: 1 / margin)


# --- how slowly level sets take the shape of their horizon -----------------------------------------------------------

LOG_SIZES = np.geomspace(20.0, 650.0, 25)
POINT = np.array([1.0, 0.5, 0.25])
SCALE = 0.1


def entropy(x):
    """Hyperbolic entropy with R(0)=0, ρ=0.1."""
    return x * np.arcsinh(x / SCALE) - (np.hypot(x, SCALE) - SCALE)


def balance(x):
    """Q of hyperbolic entropy, √(x²+ρ²), its constant included."""
    return np.hypot(x, SCALE)


# Value of one coordinate, exponent of the horizon, and the law of the error: a power of log(‖x‖/ρ) or of ‖x‖.
SHAPES = {
    "entropy": (entropy, 1.0, "log", -1.0),
    "x² log": (lambda x: x**2 * np.log1p(x), 2.0, "log", -1.0),
    "x³ᐟ² log": (lambda x: x**1.5 * np.log1p(x), 1.5, "log", -1.0),
    "x³+x²": (lambda x: x**3 + x**2, 3.0, "size", -1.0),
    "balance": (balance, 1.0, "size", -2.0),
}


def horizon_errors(name):
    """|R⁻¹(ΣR(x_i))/φ_∞(x) − 1| at sizes of x that grow, and what they are a power of.

    Up to e^650 for logarithmic laws; up to e^9 for powers, whose error falls below rounding.
    """
    value, p, kind, _ = SHAPES[name]
    logs = np.linspace(2.0, 9.0, 25) if kind == "size" else LOG_SIZES / (1.0 if p == 1 else 2.2)
    errors = []
    for log in logs:
        x = np.exp(log) * POINT
        target, size = np.sum(value(x)), np.sum(POINT**p) ** (1 / p)
        radius = brentq(lambda u, log=log, target=target: value(np.exp(log) * u) / target - 1, 0.1, 10.0, xtol=1e-15)
        errors.append(abs(radius / size - 1))
    return np.exp(logs) if kind == "size" else logs - np.log(SCALE if name == "entropy" else 1.0), np.array(errors)


@mf.experiment(cases=mf.cases.grid(shape=tuple(SHAPES)))
def shapes(case, key):
    """Level sets of R against their horizon, at one direction; no flow is integrated."""
    abscissa, errors = horizon_errors(case.shape)
    return {"abscissa": abscissa, "errors": errors}


@mf.claim(
    "max-margin/horizon-errors",
    on=shapes,
    statement=r"\text{the gauge of } \{R\le R(x)\} \text{ misses } \phi_\infty \text{ by } 1/\log(\|x\|/\rho) "
    r"\text{ for } |x|\log|x| \text{ and } |x|^\alpha\log|x|,\ \text{by a power of } \|x\| "
    r"\text{ for } Q \text{ and sums}",
    source=RATES,
    status="heuristic",
    expects="holds",
    tolerance=mf.tolerance(0.1, because="the next term is of relative order 1/log‖x‖, 0.05 at the first point"),
    figure="horizon-errors",
    variables=VARIABLES,
    notes="With ‖x_t‖ ~ log t that is 1/log log t. Q of hyperbolic entropy, √(x²+ρ²), misses ℓ1 by ρ²/‖x‖² only.",
)
def horizon_error_law(case, found, swapped=False):
    """The exponent of the error, in log(‖x‖/ρ) or in ‖x‖."""
    law = SHAPES[case.shape][3]
    fit = mf.observe.fit_exponent(found["abscissa"], found["errors"])
    return mf.Comparison(
        predicted=2 * law if swapped else law, measured=fit.exponent, uncertainty=fit.half_width, scale=1.0
    )


horizon_error_law.control("twice as fast", swapped=True)


# --- a flow that is as slow as that -----------------------------------------------------------------------------------


def slow_potential():
    """R''=1+log(1+x²), so that R ~ x²·log|x|, whose horizon is ℓ2."""
    return mf.potentials.Custom(metric=lambda x: 1 + jnp.log1p(x**2))


@mf.experiment(cases=mf.cases.grid(sets=(40,)), slow=True)
def logarithmic(case, key):
    """x²·log|x| to log t=1e5 on every data set."""
    return follow(gaussian(key, case.sets), slow_potential(), LOG_TIMES)


def turn(best):
    """‖P(u·log|u|)‖ of the ℓ2 solution u of norm 1, P the projection on what the support leaves free."""
    rows, unit = best.signed_inputs[np.asarray(best.support)], best.direction
    bent = unit * np.log(np.abs(unit))
    return np.linalg.norm(bent - np.linalg.pinv(rows) @ (rows @ bent))


def away(found):
    """‖x/‖x‖₂−x*‖ at every point, shape (sets, points), and what theory expects of its product with log‖x‖."""
    pairs = list(lanes(found, 2.0))
    distances = [np.linalg.norm(x / np.linalg.norm(x, axis=1)[:, None] - best.direction, axis=1) for x, best in pairs]
    return np.array(distances), np.array([turn(best) for _, best in pairs])


@mf.claim(
    "max-margin/logarithmic-direction",
    on=logarithmic,
    statement=r"R\sim x^2\log|x|:\quad \log\|x_t\|\cdot\Big(\frac{x_t}{\|x_t\|_2}-x^*\Big) \to -P(x^*\log|x^*|),\quad"
    r" \|x_t\|\sim\log t",
    source=RATES + ": potentials |θ|^α·log|θ| ~1/log log t; the constant by perturbation of the ℓ2 problem",
    status="derived here",
    new=True,
    tolerance=mf.tolerance(0.15, because="log‖x‖ ≈ 11 at log t=1e5, and the next term is of that relative order"),
    figure="slow-directions",
    variables={"P": "the projection on the directions in which all support vectors keep their margin", **VARIABLES},
)
def logarithmic_direction(case, found, kept=1.0):
    """The distance at log t=1e5 times log‖x‖−½, in units of the law: the median of the data sets that it moves.

    R'=x(2log|x|−1) far away, whence the ½. Data sets with as many support vectors as features are not moved.
    """
    distances, expected = away(found)
    chosen = expected > 0.05
    sizes = np.log(np.linalg.norm(found["x"][chosen, -1], axis=1)) - 0.5
    return mf.Comparison(
        predicted=kept, measured=np.median(distances[chosen, -1] * sizes / expected[chosen]), scale=1.0
    )


logarithmic_direction.control("half of it", kept=0.5)
