"""Page 03: how steepest flows on products of equal factors leave the saddle at the origin."""

import numpy as np

import mirrorflow as mf

from ._landscapes import COORDINATES, POINTS, landscape, metric_exponent, product

SOURCE = "arXiv:2603.02064; theory page 03, saddle escape"
LEVEL = 0.1
STARTS = np.logspace(-18, -6, COORDINATES)
DEPTHS, POWERS = (2, 3, 4), (1.0, 1.5, 2.0)
RAMP = {"push": 1.0, "reach": 1.0}  # f' = −1 exactly up to x=1
TINY = 1e-26  # absolute tolerance: factors start at 1e-9 and below
LETTERS = {"x_0": "the start, all factors equal", "L": "number of factors", "q": "exponent of the steepest flow"}


@mf.experiment(cases=mf.cases.grid(depth=DEPTHS, q=POWERS))
def growth(case, key):
    """Balanced products of 13 sizes on a ramp of slope −1, for a moment: their speeds."""
    sizes = np.logspace(-6, -0.5, COORDINATES)
    flow = product(landscape(**RAMP), case.depth, case.q)
    start = flow.lift(x=sizes, balance=0.0)
    step = 1e-6
    times = step * np.arange(POINTS)
    path = mf.integrate(flow, start, until=mf.until.time(times[-1]), save=times, atol=TINY)
    x = np.asarray(path.x)
    one_sided = np.array([-25, 48, -36, 16, -3]) / (12 * step)
    return {"x": sizes, "speed": one_sided @ x[:5], "path": path}


@mf.claim(
    "steepest/metric-exponent",
    on=growth,
    statement=r"\dot x = L|x|^m \text{ on a slope of } 1, \quad m = \frac{q(L-1)}{L}",
    source="arXiv:2603.02064; theory page 03, the induced mirror flow",
    status="proved",
    tolerance=mf.tolerance(1e-4, because="speeds are fourth-order differences over steps of 1e-6"),
    variables={"m": "metric exponent", "L": "number of factors", "q": "exponent of the steepest flow"},
)
def exponent_of_metric(case, result, power=lambda depth, q: q * (depth - 1) / depth):
    """The exponent is fitted over five decades of x; the prefactor is that of the fit."""
    fit = mf.observe.fit_exponent(result["x"], result["speed"])
    return {
        "exponent": mf.Comparison(power(case.depth, case.q), fit.exponent, uncertainty=fit.half_width),
        "prefactor": mf.Comparison(float(case.depth), fit.prefactor),
    }


exponent_of_metric.control("without the factor q", power=lambda depth, q: 2 * (depth - 1) / depth)


@mf.experiment(cases=mf.cases.grid(depth=DEPTHS, q=POWERS))
def escape(case, key):
    """Balanced products from 1e-18 … 1e-6 on a ramp of slope −1: the times at which they reach 0.1."""
    flow = product(landscape(**RAMP), case.depth, case.q)
    start = flow.lift(x=STARTS, balance=0.0)
    end = 10.0
    while True:
        times = np.geomspace(1e-4, end, POINTS)
        path = mf.integrate(flow, start, until=mf.until.time(end), save=times, atol=TINY)
        if np.min(np.asarray(path.x)[-1]) > LEVEL:
            break
        end *= 10
    for _ in range(7):
        times = _between(*_brackets(path))
        path = mf.integrate(flow, start, until=mf.until.time(times[-1]), save=times, atol=TINY)
    return {"start": STARTS, "time": _crossings(path)}


def _brackets(path):
    """The saved times just before and just after each coordinate reaches the level."""
    time, after = np.asarray(path.time), np.argmax(np.asarray(path.x) >= LEVEL, axis=0)
    return np.where(after > 0, time[np.maximum(after - 1, 0)], 0.0), time[after]


def _between(low, high):
    """As many increasing times as ever, most of them inside the brackets."""
    inside = np.linspace(low, high, (POINTS - 1) // COORDINATES).ravel()
    times = np.unique(inside[inside > 0])
    return np.append(times, times[-1] * np.linspace(1, 2, POINTS - len(times) + 1)[1:])


def _crossings(path):
    """The times at which each coordinate reaches the level, log x being linear in t within the last brackets."""
    low, high = _brackets(path)
    time, log_x = np.asarray(path.time), np.log(np.asarray(path.x))
    before, after = (np.searchsorted(time, side) for side in (low, high))
    columns = np.arange(log_x.shape[1])
    rise = (np.log(LEVEL) - log_x[before, columns]) / (log_x[after, columns] - log_x[before, columns])
    return low + rise * (high - low)


@mf.claim(
    "steepest/escape-time",
    on=escape,
    statement=r"x^{1-m} = x_0^{1-m} + L(1-m)t, \quad x = x_0 e^{Lt} \text{ for } m=1",
    source=SOURCE,
    status="proved",
    tolerance=mf.tolerance(1e-4, because="the times are bracketed to 1e-5 of themselves"),
    variables=LETTERS,
)
def times(case, result, power=lambda q: q):
    """Twelve decades of x₀, relative to each time, against predict.escape_time."""
    predicted = mf.predict.escape_time(case.depth, power(case.q), result["start"], np.full(COORDINATES, LEVEL))
    return mf.Comparison(np.asarray(predicted), result["time"], scale=np.asarray(predicted), unit="time")


times.control("the exponent of gradient flow for every q", power=lambda q: 2.0)
times.control("q half-way to 1", power=lambda q: (1 + q) / 2)


@mf.claim(
    "steepest/escape-exponent",
    on=escape,
    across=True,
    statement=r"t \sim \frac{x_0^{1-m}}{L(m-1)} \text{ for } m>1;"
    r" \text{ gradient flow, } L\ge 3: \frac{x_0^{2/L-1}}{L-2}",
    source=SOURCE,
    status="proved",
    tolerance=mf.tolerance(1e-3, because="a fit over twelve decades of times known to 1e-5"),
    variables=LETTERS,
)
def exponents(runs, exponent=lambda depth, q: 1 - metric_exponent(depth, q)):
    """Fitted to how much longer a ten times closer start takes, so that the way beyond the saddle drops out."""
    parts = {}
    for case, result in runs:
        if metric_exponent(case.depth, case.q) <= 1:
            continue
        fit = mf.observe.fit_exponent(result["start"][:-1], -np.diff(result["time"]))
        gap = exponent(case.depth, case.q)
        prefactor = fit.prefactor / (1 - 10**gap)
        parts[f"exponent, {case}"] = mf.Comparison(gap, fit.exponent, uncertainty=fit.half_width)
        parts[f"prefactor, {case}"] = mf.Comparison(-1 / (case.depth * gap), prefactor)
    return parts


exponents.control("2/L − 1 for every q", exponent=lambda depth, q: 2 / depth - 1)
exponents.control("the exponent of the next depth", exponent=lambda depth, q: 1 - metric_exponent(depth + 1, q))


@mf.claim(
    "steepest/escape-logarithm",
    on=escape,
    across=True,
    statement=r"t = \frac{1}{L}\log\frac{1}{x_0} + \text{const for } m=1; "
    r"\text{ gradient flow, } L=2: \frac12\log\frac1{x_0}",
    source=SOURCE,
    status="proved",
    tolerance=mf.tolerance(1e-3, because="a fit over twelve decades of times known to 1e-5"),
    variables=LETTERS,
)
def logarithm(runs, slope=lambda depth: 1 / depth):
    """Also q=3/2 with L=3, where m=1 too."""
    parts = {}
    for case, result in runs:
        if abs(metric_exponent(case.depth, case.q) - 1) < 1e-12:
            fitted = np.polyfit(-np.log(result["start"]), result["time"], 1)[0]
            parts[str(case)] = mf.Comparison(slope(case.depth), fitted, unit="time per e-fold of 1/x₀")
    return parts


logarithm.control("log(1/x₀) without the ½", slope=lambda depth: 1.0)


@mf.claim(
    "steepest/escape-sign-flow",
    on=escape,
    across=True,
    statement=r"m<1: \ t \to \frac{x^{1-m}}{L(1-m)} \text{ as } x_0\to 0; "
    r"\text{ sign flow leaves in } O(1) \text{ for every } L",
    source=SOURCE,
    status="proved",
    tolerance=mf.tolerance(0.01, because="x₀^{1−m} is 0.2 % of the level's at x₀=1e-12 for the deepest sign flow"),
    variables=LETTERS,
)
def never_saddle(runs, free=lambda depth, q: metric_exponent(depth, q) < 1):
    """Starts from 1e-18 to 1e-12: the time no longer depends on them."""
    parts = {}
    for case, result in runs:
        if free(case.depth, case.q):
            gap = 1 - metric_exponent(case.depth, case.q)
            near = result["start"] <= 1.01e-12
            predicted = LEVEL**gap / (case.depth * gap) if gap > 0 else np.min(result["time"])
            parts[str(case)] = mf.Comparison(predicted, result["time"][near], unit="time")
    return parts


never_saddle.control("every q<2 leaves in O(1)", free=lambda depth, q: q < 2)
