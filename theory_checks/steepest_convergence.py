"""Page 03: how fast steepest flows on products descend, and where sign flow ends."""

import jax.numpy as jnp
import numpy as np

import mirrorflow as mf

from ._landscapes import COORDINATES, landscape, product
from .steepest import FEATURES, LETTERS, POINTS, SMOOTHING, network, regression

SOURCE = "arXiv:2603.02064; theory page 03, convergence"
SIZE = 0.7  # of the factors that are not 0


@mf.experiment(cases=mf.cases.grid(depth=(2, 3, 4), q=(1.0, 1.5, 2.0)))
def descent(case, key):
    """Regression from x=0: one factor 0, the others of size 0.7, saved at times that grow from 1e-3 to 1."""
    problem = regression(key)
    flow = network(problem, case.depth, case.q)
    start = flow.lift(x=jnp.zeros(FEATURES), balance=SIZE**case.q)
    times = np.append(0.0, np.geomspace(1e-3, 1.0, POINTS - 1))
    path = mf.integrate(flow, start, until=mf.until.time(1.0), save=times)
    design, target = np.asarray(problem.design), np.asarray(problem.target)
    gradient = (np.asarray(path.x) @ design.T - target) @ design
    return {"path": path, "gradient": gradient}


@mf.claim(
    "steepest/convergence-bound",
    on=descent,
    statement=r"\int\|\nabla f\|^2dt \le \frac{B^{2-q}(f_0-f_\infty)}{\mu}, \quad \mu=s^{q(L-1)}, \ B\ge|\partial_if|",
    source=SOURCE,
    status="published",
    tolerance=mf.tolerance(0.01, because="the integral is a trapezoidal sum over times 19 % apart"),
    variables=LETTERS | {"s": "size of the factors, one of which is 0", "B": "largest slope along the path"},
)
def bound(case, result, factor=1.0, exponent=lambda q: 2 - q):
    """Up to t=1, with f_0−f_1 in place of f_0−f_∞."""
    path, gradient = result["path"], np.asarray(result["gradient"])
    square, time = np.sum(gradient**2, axis=1), np.asarray(path.time)
    integral = np.sum((square[1:] + square[:-1]) * np.diff(time)) / 2
    loss = np.asarray(path.loss)
    mu = factor * SIZE ** (case.q * (case.depth - 1))
    largest = np.max(np.abs(gradient))
    return mf.Comparison(largest ** exponent(case.q) * (loss[0] - loss[-1]) / mu, integral, relation="at most")


bound.control("μ twice as large", factor=2.0)
bound.control("without the factor B^{2−q}", exponent=lambda q: 0.0)


@mf.claim(
    "steepest/smaller-q-more-coercive",
    on=descent,
    across="q",
    statement=r"\mu=\min S = s^{q(L-1)}: \text{ smaller } q \text{ means larger } \mu \text{ when } s<1",
    source=SOURCE,
    status="proved",
    tolerance=mf.tolerance(0.02, because="dual increments are trapezoidal sums over times 19 % apart"),
    variables=LETTERS | {"s": "size of the factors, one of which is 0"},
)
def more_coercive(runs, power=lambda q: 2 - q):
    """The smallest speed along each path over that of gradient flow: s^{−(2−q)(L−1)} ≥ 1."""
    slowest = {case.q: _slowest(result, case.q) for case, result in runs}
    depth = runs[0].case.depth
    return {
        f"q={q:g}": mf.Comparison(SIZE ** (-power(q) * (depth - 1)), value / slowest[2.0])
        for q, value in slowest.items()
    }


def _slowest(result, q):
    """min |Δx_i|/|∫sign(∂_if)|∂_if|^{q−1}dt|: the least of S that the path shows, without its factors.

    Between saved times up to 0.05, for slopes that are large against the smoothing.
    """
    gradient, path = np.asarray(result["gradient"]), result["path"]
    direction = gradient * np.hypot(gradient, SMOOTHING) ** (q - 2)
    dual = (direction[1:] + direction[:-1]) / 2 * np.diff(np.asarray(path.time))[:, None]
    steep = (np.minimum(np.abs(gradient[1:]), np.abs(gradient[:-1])) > 1) & (np.asarray(path.time) <= 0.05)[1:, None]
    return np.min(np.abs(np.diff(np.asarray(path.x), axis=0) / dual)[steep])


more_coercive.control("the same for every q", power=lambda q: 0.0)
more_coercive.control("smaller q means smaller μ", power=lambda q: q - 2)


BOWLS = {  # curvatures k and minima b
    "alike": (0.5, 0.2 * (-1.0) ** np.arange(COORDINATES)),
    "0.5 to 3": (np.linspace(0.5, 3.0, COORDINATES), 0.2 * np.cos(np.arange(COORDINATES))),
}


@mf.experiment(cases=mf.cases.grid(depth=(2, 3), q=(1.0, 1.5, 2.0), curvatures=tuple(BOWLS)))
def strongly_convex(case, key):
    """½Σk(x−b)² with curvatures k≥0.5 and minima |b|≤0.2, from x=0 with factors of size 0.7."""
    stiffness, target = BOWLS[case.curvatures]
    flow = product(landscape(stiffness=stiffness, target=target), case.depth, case.q, smoothing=1e-3)
    start = flow.lift(x=np.zeros(COORDINATES), balance=SIZE**case.q)
    times = np.append(0.0, np.geomspace(1e-3, 3.0, 78))
    path = mf.integrate(flow, start, until=mf.until.time(3.0), save=times)
    return {"time": path.time, "loss": path.loss, "slope": np.max(np.abs(stiffness * target)), "convexity": 0.5}


@mf.claim(
    "steepest/linear-rate",
    on=strongly_convex,
    statement=r"f-f_* \le (f_0-f_*)\,e^{-2\sigma\mu B^{q-2}t} \text{ for } \sigma\text{-strongly convex } f",
    source=SOURCE + "; the constant is the one that its derivation gives",
    status="published",
    tolerance=mf.tolerance(1e-3, because="the sign of slopes of 0.1 is smoothed over 1e-3, a tenth of it when refined"),
    variables=LETTERS | {r"\sigma": "the smallest curvature", r"\mu": "s^{q(L−1)}", "B": "largest slope"},
    figure="convergence",
)
def linear_rate(case, result, faster=1.0):
    """(f−f_*)/(f₀−f_*) over its bound, at all times t>0; f_*=0. Nearly 1 at first where the curvatures are alike."""
    mu = SIZE ** (case.q * (case.depth - 1))
    rate = 2 * float(result["convexity"]) * mu * float(result["slope"]) ** (case.q - 2)
    time, loss = np.asarray(result["time"]), np.asarray(result["loss"])
    return mf.Comparison(1.0, (loss / loss[0] * np.exp(faster * rate * time))[1:], relation="at most")


linear_rate.control("a rate a quarter larger", faster=1.25)


@mf.experiment(
    cases=mf.cases.single(q=1.0, end=1.5) + mf.cases.single(q=1.5, end=8.0) + mf.cases.single(q=2.0, end=40.0)
)
def limits(case, key):
    """Two factors on underdetermined regression until they interpolate, and the Bregman projection of their start."""
    problem = regression(key)
    flow = network(problem, 2, case.q)
    start = flow.lift(x=jnp.zeros(FEATURES), balance=0.3)
    path = mf.integrate(flow, start, until=mf.until.time(case.end), save=POINTS)
    mirror = network(problem, 2, case.q).as_mirror_flow(start)
    projection = mf.predict.bregman_projection(problem, mirror.potential, np.zeros(FEATURES))
    return {"x": path.x[-1], "projection": projection.x, "misfit": 2 * path.loss[-1] / np.sum(problem.target**2)}


def _ends(result):
    return {
        "limit": mf.Comparison(np.asarray(result["projection"]), np.asarray(result["x"])),
        "interpolates": mf.Comparison(0.0, float(result["misfit"]), scale=1.0),
    }


@mf.claim(
    "steepest/limit-is-projection-at-2",
    on=limits,
    across=True,
    statement=r"q=2: \ x_\infty=\operatorname*{arg\,min}\{D_R(x,x_0): Ax=b\}",
    source="theory page 01 (limits), for the potential of page 03; arXiv:2603.02064",
    status="proved",
    tolerance=mf.tolerance(1e-5, because="what is left of the misfit after a time of 40"),
    variables=LETTERS,
)
def projection_at_two(runs, q=2.0):
    """Two factors; R is a hyperbolic entropy."""
    return _ends(runs.only(q=q))


projection_at_two.control("the same at q=3/2", q=1.5)


@mf.claim(
    "steepest/sign-limit-is-projection",
    on=limits,
    across=True,
    statement=r"q<2: \ x_\infty=\operatorname*{arg\,min}\{D_R(x,x_0): Ax=b\}",
    source="theory page 03 (R of the induced mirror flow), read as pages 01 and 02 read theirs; arXiv:2603.02064",
    status="derived here",
    expects="refuted",
    tolerance=mf.tolerance(1e-2, because="a tenth of the smoothing's effect; the difference is of the size of x"),
    erratum="For $q<2$ the limit is no Bregman projection: $\\nabla R(x_t)-\\nabla R(x_0)$ is an integral of"
    " $\\operatorname{sign}(\\nabla f)|\\nabla f|^{q-1}$, which leaves the range of $A^T$.",
    variables=LETTERS,
)
def sign_projection(runs, powers=(1.0, 1.5)):
    """Both interpolate; neither is the projection."""
    return {f"{part}, q={q:g}": row for q in powers for part, row in _ends(runs.only(q=q)).items()}


sign_projection.control("gradient flow", powers=(2.0,))
