"""Page 03: the mirror flow that steepest flow on a product is, on a ramp, where its dual variable is a clock."""

import jax
import numpy as np

import mirrorflow as mf

from ._landscapes import (
    COORDINATES,
    POINTS,
    inverse_metric,
    landscape,
    metric_exponent,
    mirror_map,
    product,
)

SOURCE = "arXiv:2603.02064; theory page 03, the induced mirror flow"
DEPTHS, POWERS = (2, 3, 4), (1.0, 1.5, 2.0)
BALANCES = np.linspace(0.8, 1.2, COORDINATES)
END = 0.7
TINY = 1e-26
LETTERS = {"L": "number of factors", "q": "exponent of the steepest flow", r"\lambda": "|w_i|^q−|w_L|^q for i<L"}


@mf.experiment(cases=mf.cases.grid(depth=DEPTHS, q=POWERS))
def small_factor(case, key):
    """Products with one small factor, balances from 0.8 to 1.2, that a ramp of slope −1 drives from x<0 to x>0."""
    flow = product(landscape(push=1.0), case.depth, case.q)
    x0 = -0.3 + 0.25 * np.asarray(jax.random.uniform(key, (COORDINATES,)))
    path = mf.integrate(flow, flow.lift(x=x0, balance=BALANCES), until=mf.until.time(END), save=POINTS)
    other = case.q - 0.5 if case.q > 1 else 1.5
    balances = np.broadcast_to(BALANCES, path.x.shape)
    own, wrong = (mf.potentials.SteepestFamily(case.depth, q, balances) for q in (case.q, other))
    return {"path": path, "dual": mirror_map(own, path.x), "dual of another q": mirror_map(wrong, path.x)}


@mf.claim(
    "steepest/dual-clock",
    on=small_factor,
    statement=r"d\nabla R(x) = -\operatorname{sign}(\nabla f)|\nabla f|^{q-1}dt,"
    r" \quad R'' = \frac{1}{S}, \quad S=\sum_i\prod_{j\ne i}|w_j|^q",
    source=SOURCE,
    status="proved",
    tolerance=mf.tolerance(1e-4, because="1e-8 per step, and a vertical tangent of |w_L|^{q−1} where x crosses 0"),
    variables=LETTERS,
)
def dual_clock(case, result, dual="dual"):
    """On a slope of −1 the dual variable of the steepest family advances by exactly the time, through x=0."""
    z = np.asarray(result[dual])
    time = np.asarray(result["path"].time)
    return mf.Comparison(np.broadcast_to(time[:, None], z.shape), z - z[0], unit="time")


dual_clock.control("the potential of a neighbouring q", dual="dual of another q")


@mf.claim(
    "steepest/metric",
    on=small_factor,
    statement=r"\dot x = -S\,\operatorname{sign}(\nabla f)|\nabla f|^{q-1}, \quad S = \sum_i\prod_{j\ne i}|w_j|^q",
    source=SOURCE,
    status="proved",
    tolerance=mf.tolerance(5e-3, because="velocities are differences over 0.05, and for q=1 S has a kink at x=0"),
    variables=LETTERS,
)
def metric(case, result, power=lambda q: q):
    """The velocity along the path against S of the factors there."""
    path = result["path"]
    x, step = np.asarray(path.x), float(path.time[1] - path.time[0])
    weights = np.array([-1, 9, -45, 0, 45, -9, 1]) / (60 * step)
    velocity = sum(weight * x[k : len(x) - 6 + k] for k, weight in enumerate(weights))
    return mf.Comparison(inverse_metric(path.parameters, power(case.q))[3:-3], velocity, unit="1/time")


metric.control("the squares of the other factors, whatever q is", power=lambda q: 2.0)


@mf.claim(
    "steepest/metric-of-two",
    on=small_factor,
    across=True,
    statement=r"L=2: \ R'' = \frac{1}{\sqrt{4|x|^q+\lambda^2}}",
    source=SOURCE,
    status="proved",
    tolerance=mf.tolerance(1e-4, because="the balance is conserved to what the solver makes of 1e-8 per step"),
    variables=LETTERS,
)
def metric_of_two(runs, four=4.0):
    """1/S of the factors along the path."""
    parts = {}
    for case, result in runs.where(depth=2):
        path = result["path"]
        predicted = 1 / np.sqrt(four * np.abs(np.asarray(path.x)) ** case.q + BALANCES**2)
        parts[f"q={case.q:g}"] = mf.Comparison(predicted, 1 / inverse_metric(path.parameters, case.q))
    return parts


metric_of_two.control("|x|^q without the 4", four=1.0)


def hyperbolic_entropy(x, balance):
    """½x·arcsinh(2x/λ) − ¼√(4x²+λ²)"""
    return x * np.arcsinh(2 * x / balance) / 2 - np.sqrt(4 * x**2 + balance**2) / 4


def sign_entropy(x, balance):
    """(4|x|+λ²)^{3/2}/12 − λ|x|/2"""
    return (4 * np.abs(x) + balance**2) ** 1.5 / 12 - balance * np.abs(x) / 2


@mf.claim(
    "steepest/closed-forms",
    on=small_factor,
    across=True,
    statement=r"L=2: \ q=2: R=\tfrac12 x\operatorname{arcsinh}\tfrac{2x}{\lambda}-\tfrac14\sqrt{4x^2+\lambda^2};"
    r" \quad q=1: R=\tfrac{1}{12}(4|x|+\lambda^2)^{3/2}-\tfrac12\lambda|x|",
    source=SOURCE,
    status="proved",
    tolerance=mf.tolerance(1e-5, because="R is differentiated numerically over 1e-5; the smoothing costs 5e-7"),
    variables=LETTERS,
)
def closed_forms(runs, sign_flow=sign_entropy, gradient_flow=hyperbolic_entropy):
    """R′(x_t)−R′(x₀) against the time, as on a slope of −1 it must be."""
    parts = {}
    for q, form in ((1.0, sign_flow), (2.0, gradient_flow)):
        path = runs.only(depth=2, q=q)["path"]
        x, step = np.asarray(path.x), 1e-5
        dual = (form(x + step, BALANCES) - form(x - step, BALANCES)) / (2 * step)
        time = np.broadcast_to(np.asarray(path.time)[:, None], x.shape)
        parts[f"q={q:g}"] = mf.Comparison(time, dual - dual[0], unit="time")
    return parts


closed_forms.control("with 2λ in place of λ", gradient_flow=lambda x, balance: hyperbolic_entropy(x, 2 * balance))
closed_forms.control(
    "q=1 without its second term", sign_flow=lambda x, balance: (4 * np.abs(x) + balance**2) ** 1.5 / 12
)


@mf.claim(
    "steepest/one-small-factor",
    on=small_factor,
    statement=r"|w_i|^q=|w_L|^q+\lambda, \ \lambda>0: \ "
    r"S>0 \text{ everywhere, } x \text{ crosses } 0 \text{ for every } L, q",
    source=SOURCE,
    status="proved",
    tolerance=mf.tolerance(2e-4, because="the crossing is interpolated between points 0.009 apart"),
    variables=LETTERS,
)
def crossing(case, result, free=lambda depth, q: True):
    """The time of the crossing is ∇R(0)−∇R(x₀) by the steepest family's own mirror map."""
    x, time = np.asarray(result["path"].x), np.asarray(result["path"].time)
    crossed = (x[0] < 0) & (x[-1] > 0)
    expected = np.full(crossed.shape, free(case.depth, case.q))
    after = np.argmax(x >= 0, axis=0)
    at = [_root(time[k - 2 : k + 2], x[k - 2 : k + 2, i]) for i, k in enumerate(np.maximum(after, 2))]
    return {
        "has crossed": mf.Comparison(expected, crossed),
        "time of the crossing": mf.Comparison(-np.asarray(result["dual"])[0], np.asarray(at), unit="time"),
    }


crossing.control("only where a balanced start would (m<1)", free=lambda depth, q: metric_exponent(depth, q) < 1)


def _root(time, x):
    """The time at which the cubic through four points is 0, t being a polynomial in x."""
    return float(np.polyfit(x, time - time[0], 3)[-1] + time[0])


@mf.claim(
    "steepest/coercivity",
    on=small_factor,
    statement=r"\min_x S = s^{q(L-1)}, \text{ attained at } x=0, "
    r"\text{ for one factor } 0 \text{ and the others of size } s",
    source="arXiv:2603.02064; theory page 03, convergence",
    status="proved",
    tolerance=mf.tolerance(1e-4, because="S at the crossing is extrapolated from the four points before it"),
    variables=LETTERS | {"s": r"\lambda^{1/q}"},
)
def coercivity(case, result, power=lambda depth, q: q * (depth - 1)):
    """S where each path crosses 0, and the smallest S along it."""
    path, depth, q = result["path"], case.depth, case.q
    values, small = inverse_metric(path.parameters, q), np.abs(np.asarray(path.parameters)[:, -1]) ** q
    after = np.maximum(np.argmax(np.asarray(path.x) >= 0, axis=0), 4)
    at_zero = [np.polyfit(small[k - 4 : k, i], values[k - 4 : k, i], 3)[-1] for i, k in enumerate(after)]
    predicted = (BALANCES ** (1 / q)) ** power(depth, q)
    return {
        "at 0": mf.Comparison(predicted, np.asarray(at_zero)),
        "nowhere smaller": mf.Comparison(predicted, np.min(values, axis=0), relation="at least"),
    }


coercivity.control("one factor more", power=lambda depth, q: q * depth)
coercivity.control("without q", power=lambda depth, q: depth - 1)
