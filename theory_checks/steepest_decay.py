"""Page 03: what weight decay makes balanced steepest flows regularize towards."""

import numpy as np
import scipy.optimize

import mirrorflow as mf

from ._landscapes import COORDINATES, POINTS, landscape, metric_exponent, product

SOURCE = "theory page 03, what weight decay regularizes towards (the published reading is that of arXiv:2603.02064)"
TARGETS = 0.4 + 0.2 * np.arange(COORDINATES)  # 1, the page's own, among them
LETTERS = {
    "L": "number of factors, equal in size",
    "q": "exponent of the steepest flow",
    "p": "q/(q−1)",
    r"\alpha": "strength of the decay",
}


@mf.experiment(cases=mf.cases.grid(depth=(2, 3), q=(1.0, 1.5, 2.0)))
def drift(case, key):
    """Balanced products under decoupled decay 0.5 on a ramp of slope −1."""
    flow = product(landscape(push=1.0), case.depth, case.q, mf.decay.Decoupled(0.5))
    start = flow.lift(x=np.linspace(0.1, 0.7, COORDINATES), balance=0.0)
    return mf.integrate(flow, start, until=mf.until.time(0.78), save=POINTS)


def drift_potential(x, depth, q):
    """M = L/(L(2−q)+q)·|x|^{2−q(L−1)/L}"""
    return depth / (depth * (2 - q) + q) * np.abs(x) ** (2 - q * (depth - 1) / depth)


@mf.claim(
    "steepest/drift-of-decay",
    on=drift,
    statement=r"d\nabla R = -\operatorname{sign}(\nabla f)|\nabla f|^{q-1}dt-\alpha\nabla M\,dt,"
    r" \quad M=\frac{L}{L(2-q)+q}\sum|x|^{2-q(L-1)/L}",
    source=SOURCE,
    status="proved",
    tolerance=mf.tolerance(1e-5, because="Simpson's rule over points 0.01 apart; the solver's 1e-8 per step"),
    variables=LETTERS,
)
def drift_of_decay(case, path, potential=drift_potential):
    """∇R(x_t)−∇R(x₀) against t−α∫∇M, M being differentiated numerically."""
    x, time = np.asarray(path.x), np.asarray(path.time)
    gap, step = 1 - metric_exponent(case.depth, case.q), 1e-5
    dual = np.log(x) / case.depth if abs(gap) < 1e-12 else x**gap / (case.depth * gap)
    slope = (potential(x + step, case.depth, case.q) - potential(x - step, case.depth, case.q)) / (2 * step)
    even = slice(None, None, 2)  # Simpson's rule reaches every other point
    area = np.cumsum(slope[:-2:2] + 4 * slope[1:-1:2] + slope[2::2], axis=0) * (time[1] - time[0]) / 3
    predicted = time[even, None] - 0.5 * np.concatenate([np.zeros((1, COORDINATES)), area])
    return mf.Comparison(predicted, dual[even] - dual[0], unit="time")


drift_of_decay.control("M = Σ|x|^{2−q(L−1)/L}/2", potential=lambda x, L, q: np.abs(x) ** (2 - q * (L - 1) / L) / 2)
drift_of_decay.control("the M of gradient flow", potential=lambda x, L, q: drift_potential(x, L, 2.0))


@mf.experiment(
    cases=mf.cases.grid(depth=(2, 3), q=(1.25, 1.5, 2.0), strength=(0.1,))
    + mf.cases.grid(depth=(2, 3), q=(1.1,), strength=(0.6,))
    + mf.cases.grid(depth=(2, 3), q=(1.5,), strength=(0.5,))
)
def resting(case, key):
    """½(x−b)² for thirteen b from 0.4 to 2.8 under decoupled decay, balanced, run until it rests."""
    decay = mf.decay.Decoupled(case.strength)
    flow = product(landscape(stiffness=1.0, target=TARGETS), case.depth, case.q, decay, smoothing=1e-7)
    start = flow.lift(x=np.ones(COORDINATES), balance=0.0)
    return mf.integrate(flow, start, until=mf.until.time(40.0), save=POINTS).x[-1]


def stationary(force) -> np.ndarray:
    """The largest x<b with b−x=force(x), for each target b; 0 if there is none."""
    found = []
    for target in TARGETS:
        grid = np.linspace(1e-3, target, 2000)
        excess = target - grid - force(grid)
        if excess.max() <= 0:
            found.append(0.0)
            continue
        low = grid[np.argmax(excess)]
        found.append(scipy.optimize.brentq(lambda x, b=target: b - x - force(x), low, target, xtol=1e-14))
    return np.asarray(found)


def conjugate(q: float) -> float:
    """p = q/(q−1)"""
    return q / (q - 1)


def towards_drift(depth, q, strength):
    """The gradient of αM."""
    return lambda x: strength * x ** (1 - q * (depth - 1) / depth)


def outside_the_sign(depth, q, strength):
    """The gradient of (L/p)·α^{p−1}·Σ|x|^{p/L}."""
    p = conjugate(q)
    return lambda x: strength ** (p - 1) * x ** (p / depth - 1)


@mf.claim(
    "steepest/decay-at-2",
    on=resting,
    across=True,
    statement=r"q=2: \text{ the flow under decoupled decay comes to rest where } f+\alpha M \text{ is stationary}",
    source=SOURCE,
    status="proved",
    tolerance=mf.tolerance(1e-5, because="what is left after a time of 40, and the solver's 1e-10"),
    variables=LETTERS | {"M": r"\frac L2\sum|x|^{2/L}"},
)
def decay_at_two(runs, q=2.0):
    """Thirteen targets, L=2 and 3."""
    return {
        f"L={case.depth}": mf.Comparison(stationary(towards_drift(case.depth, case.q, case.strength)), x)
        for case, x in runs.where(q=q, strength=0.1)
    }


decay_at_two.control("the same at q=3/2", q=1.5)


@mf.claim(
    "steepest/regularizes-towards-M",
    on=resting,
    across=True,
    statement=r"q<2: \text{ the flow under decoupled decay comes to rest where } f+\alpha M \text{ is stationary}",
    source="arXiv:2603.02064, as read on theory page 03, which refutes it",
    status="published",
    expects="refuted",
    tolerance=mf.tolerance(1e-5, because="what is left after a time of 40, and the solver's 1e-10"),
    erratum="Published reading: for $q<2$ decoupled decay regularizes towards $M$. The drift $-\\alpha\\nabla M$ stands"
    " outside the direction map; what rests is stationary for $f+\\frac Lp\\alpha^{p-1}\\sum|x|^{p/L}$, $p=q/(q-1)$.",
    variables=LETTERS,
)
def towards_m(runs, law=towards_drift):
    """Includes the page's own case: α=0.1, L=2, q=3/2, b=1."""
    parts = {}
    for case, x in runs:
        if case.q < 2:
            predicted = stationary(law(case.depth, case.q, case.strength))
            parts[str(case)] = mf.Comparison(predicted, x)
    page = runs.only(depth=2, q=1.5, strength=0.1)
    one = int(np.argmin(np.abs(TARGETS - 1)))
    predicted = stationary(law(2, 1.5, 0.1))[one]
    parts["the page's case: .990050 seen, .9025 read"] = mf.Comparison(predicted, float(page[one]))
    return parts


towards_m.control("f+(L/p)α^{p−1}Σ|x|^{p/L}", law=outside_the_sign)


@mf.claim(
    "steepest/stationary-points",
    on=resting,
    statement=r"\text{decoupled decay: stationary points are those of }"
    r" f+\frac Lp\alpha^{p-1}\sum|x|^{p/L}, \quad p=\frac{q}{q-1}",
    source=SOURCE,
    status="proved",
    tolerance=mf.tolerance(1e-5, because="what is left after a time of 40, and the solver's 1e-10"),
    variables=LETTERS,
)
def stationary_points(case, x, law=outside_the_sign):
    """Thirteen targets; at q=2 this is M again."""
    return mf.Comparison(stationary(law(case.depth, case.q, case.strength)), np.asarray(x))


stationary_points.control("f+αM", law=towards_drift)
stationary_points.control(
    "without the factor L (exponent p)", law=lambda L, q, a: lambda x: a ** (conjugate(q) - 1) * x ** (conjugate(q) - 1)
)


@mf.experiment(cases=mf.cases.grid(depth=(2, 3), q=(1.0, 1.5, 2.0)))
def resting_coupled(case, key):
    """The same landscapes under coupled decay 0.05; the smoothing does not move points of rest."""
    decay = mf.decay.Coupled(0.05)
    flow = product(landscape(stiffness=1.0, target=TARGETS), case.depth, case.q, decay, smoothing=0.1)
    start = flow.lift(x=np.ones(COORDINATES), balance=0.0)
    return mf.integrate(flow, start, until=mf.until.time(40.0), save=POINTS).x[-1]


@mf.claim(
    "steepest/coupled-regularizer",
    on=resting_coupled,
    statement=r"\text{coupled decay } f+\alpha\|\theta\|^2: \text{ stationary points are those of }"
    r" f+\alpha L\sum|x|^{2/L}, \text{ any } q",
    source=SOURCE,
    status="proved",
    tolerance=mf.tolerance(1e-5, because="what is left after a time of 40, and the solver's 1e-10"),
    variables=LETTERS,
)
def coupled_regularizer(case, x, constant=lambda depth: depth, exponent=lambda depth, q: 2 / depth):
    """The points of rest, and the exponent with which the force b−x of the regularizer grows, fitted."""
    power = exponent(case.depth, case.q)
    predicted = stationary(lambda x: 0.05 * constant(case.depth) * power * x ** (power - 1))
    fit = mf.observe.fit_exponent(x, TARGETS - np.asarray(x))
    return {
        "points": mf.Comparison(predicted, np.asarray(x)),
        "exponent": mf.Comparison(power, fit.exponent + 1, uncertainty=fit.half_width),
    }


coupled_regularizer.control("without the factor L", constant=lambda depth: 1.0)
coupled_regularizer.control(
    "decoupled decay's p/L where there is a p", exponent=lambda depth, q: conjugate(q) / depth if q > 1 else 2 / depth
)


@mf.claim(
    "steepest/exponents-of-decay",
    on=resting,
    statement=r"\text{decoupled decay: the exponent of what stationary points minimize is } p/L:"
    r" \ \ell_1 \text{ at } L=q=2, \ \ell_{3/2} \text{ at } L=2, q=\tfrac32",
    source=SOURCE + ", table",
    status="proved",
    tolerance=mf.tolerance(1e-3, because="b−x loses three digits where the regularizer is weak"),
    variables=LETTERS,
)
def exponents_of_decay(case, x, exponent=lambda depth, q: conjugate(q) / depth):
    """Fitted to the force b−x at the points of rest; its prefactor is α^{p−1}."""
    fit = mf.observe.fit_exponent(x, TARGETS - np.asarray(x))
    strength = case.strength ** (conjugate(case.q) - 1)
    return {
        "exponent": mf.Comparison(exponent(case.depth, case.q), fit.exponent + 1, uncertainty=fit.half_width),
        "prefactor": mf.Comparison(1.0, fit.prefactor / strength),
    }


exponents_of_decay.control("that of M, 2−q(L−1)/L", exponent=lambda depth, q: 2 - q * (depth - 1) / depth)


@mf.experiment(cases=mf.cases.grid(depth=(2, 3)))
def boxed(case, key):
    """Sign flow under decoupled decay 0.8 on the same landscapes."""
    flow = product(landscape(stiffness=1.0, target=TARGETS), case.depth, 1.0, mf.decay.Decoupled(0.8), smoothing=5e-3)
    start = flow.lift(x=np.ones(COORDINATES), balance=0.0)
    return mf.integrate(flow, start, until=mf.until.time(20.0), save=POINTS).x[-1]


@mf.claim(
    "steepest/box",
    on=boxed,
    statement=r"q\to1: \text{ the regularizer becomes the box } |x_i|\le\alpha^{-L}",
    source=SOURCE,
    status="proved",
    tolerance=mf.tolerance(2e-2, because="sliding along f'=0 is off by twice the smoothing, 5e-3 and a tenth of it"),
    variables=LETTERS,
)
def box(case, x, bound=lambda depth: 0.8**-depth):
    """Minima of ½(x−b)² within the box are reached, those outside end at its edge: neither ℓ_{3/2} nor ℓ₁."""
    return mf.Comparison(np.minimum(TARGETS, bound(case.depth)), np.asarray(x))


box.control("the same edge 1/α at every depth", bound=lambda depth: 1 / 0.8)
box.control("no box", bound=lambda depth: np.inf)
