"""Page 03: whether a balanced product reaches the origin, stalls before it, or runs away from it in finite time."""

import numpy as np

import mirrorflow as mf

from ._landscapes import COORDINATES, POINTS, landscape, metric_exponent, product

SOURCE = "arXiv:2603.02064; theory page 03, the induced mirror flow"
STARTS = np.linspace(0.2, 0.5, COORDINATES)
END = 4.0
LETTERS = {"m": "metric exponent q(L−1)/L", "L": "number of factors", "q": "exponent of the steepest flow"}


@mf.experiment(cases=mf.cases.grid(depth=(2, 3, 4), q=(1.0, 1.5, 2.0), push=(-1.0, 1.0)), ends="any")
def ramp(case, key):
    """Balanced products from 0.2 … 0.5 that a slope of ±1 drives towards the origin or away from it."""
    flow = product(landscape(push=case.push, reach=1e100), case.depth, case.q)
    times = np.linspace(0.0, END, POINTS)
    start = flow.lift(x=STARTS, balance=0.0)
    path = mf.integrate(flow, start, until=mf.until.time(END), save=times, max_steps=6000)
    x = np.full((POINTS, COORDINATES), np.nan)
    reached = np.searchsorted(times, path.time[-1], side="right")
    x[:reached] = path.x[:reached]
    return {"times": times, "x": x, "end": path.time[-1], "status": str(path.status)}


def _gap(depth, q):
    """1−m"""
    return 1 - metric_exponent(depth, q)


def _law(case, time, gap):
    """x by x^{1−m} = x₀^{1−m} ± L(1−m)t, and its limit for m=1; 0 from when the right side is."""
    if abs(gap) < 1e-12:
        return STARTS * np.exp(case.push * case.depth * time)
    return np.maximum(STARTS**gap + case.push * case.depth * gap * time, 0.0) ** (1 / gap)


@mf.claim(
    "steepest/origin-reached",
    on=ramp,
    across=True,
    statement=r"m<1: \text{ the origin is reached in the time } \frac{x_0^{1-m}}{L(1-m)};"
    r" \quad m\ge 1: \text{ never, the sign of } x \text{ is fixed}",
    source=SOURCE,
    status="proved",
    tolerance=mf.tolerance(1e-4, because="1e-8 per step, and a velocity that ends with a kink"),
    variables=LETTERS,
)
def reached(runs, gap=_gap):
    """Downhill with slope 1: whether 1 % of the start is undercut for good, and the law of x on the way there."""
    parts = {}
    for case, result in runs.where(push=-1.0):
        room, x = gap(case.depth, case.q), np.asarray(result["x"])
        time = STARTS[0] ** room / (case.depth * room) if room > 1e-12 else np.inf
        on_the_way = np.asarray(result["times"]) < 0.97 * time
        predicted = _law(case, np.asarray(result["times"])[on_the_way, None], room)
        parts[f"law, {_name(case)}"] = mf.Comparison(predicted, x[on_the_way])
        stays = bool(np.all(x > 0)) and float(result["end"]) >= END
        parts[f"origin, {_name(case)}"] = mf.Comparison(_words(time < END), _words(not stays))
    return parts


reached.control("as for L=2 at every depth", gap=lambda depth, q: _gap(2, q))
reached.control("the metric exponent of sign flow for every q", gap=lambda depth, q: _gap(depth, 1.0))


@mf.claim(
    "steepest/tied-factors",
    on=ramp,
    across=True,
    statement=r"\text{factors tied in size reach 0 together, which ends the run with a status, iff } m<1",
    source=SOURCE,
    status="proved",
    tolerance=mf.tolerance(
        1e-3, because="factors are followed to 1e-7, at L=2, q=3/2 its root from the end of their time"
    ),
    variables=LETTERS,
)
def tied(runs, gap=_gap):
    """The words and the time of the ending."""
    parts = {}
    for case, result in runs.where(push=-1.0):
        room = gap(case.depth, case.q)
        met = room > 1e-12
        parts[f"ending, {_name(case)}"] = mf.Comparison(bool(met), "tied factors" in result["status"])
        time = STARTS[0] ** room / (case.depth * room) if met else END
        parts[f"time, {_name(case)}"] = mf.Comparison(time, float(result["end"]), unit="time")
    return parts


tied.control("for every m≤1", gap=lambda depth, q: _gap(depth, q) + 0.1)


@mf.claim(
    "steepest/blow-up",
    on=ramp,
    across=True,
    statement=r"m>1: \ x=\infty \text{ at } t = \frac{x_0^{1-m}}{L(m-1)} \text{ on a slope of 1};"
    r" \quad m\le1: \text{ never}",
    source=SOURCE,
    status="proved",
    tolerance=mf.tolerance(1e-4, because="1e-8 per step, and the steps underflow just before the end"),
    variables=LETTERS,
)
def blow_up(runs, gap=_gap):
    """Uphill from 0 with slope 1; the largest start is the first to leave every bound."""
    parts = {}
    for case, result in runs.where(push=1.0):
        room, time = gap(case.depth, case.q), float(result["end"])
        burst = room < -1e-12
        predicted = STARTS[-1] ** room / (case.depth * -room) if burst else np.inf
        parts[f"ending, {_name(case)}"] = mf.Comparison(bool(predicted < END), "blew up" in result["status"])
        if predicted < END:
            parts[f"time, {_name(case)}"] = mf.Comparison(predicted, time, unit="time")
    return parts


blow_up.control("every gradient flow, L=2 too", gap=lambda depth, q: _gap(depth, q) - 0.2)


def _name(case):
    return f"L={case.depth}, q={case.q:g}"


def _words(reaches):
    return "reached" if reaches else "not reached"


@mf.experiment(
    cases=mf.cases.single(depth=2, q=1.0) + mf.cases.single(depth=2, q=1.5) + mf.cases.single(depth=3, q=1.0)
)
def free_crossing(case, key):
    """Mirror flows of balanced potentials with m<1 from x₀ in [−0.3, 0], 0 itself included, to the minimum at 1."""
    potential = mf.potentials.BalancedSteepest(case.depth, case.q)
    flow = mf.Flow(
        landscape(push=1.0),
        potential=potential,
        geometry=mf.geometries.Steepest(q=case.q),
        decay=mf.decay.Decoupled(0.0),
    )
    return mf.integrate(flow, np.linspace(-0.3, 0.0, COORDINATES), until=mf.until.time(2.0), save=POINTS)


@mf.claim(
    "steepest/origin-crossed",
    on=free_crossing,
    statement=r"m<1: \ R=\frac{|x|^{2-m}}{L(1-m)(2-m)} \text{ is Legendre on } \mathbb{R},"
    r" \text{ the origin is crossed freely, and left at once by } x_0=0",
    source=SOURCE,
    status="proved",
    tolerance=mf.tolerance(1e-5, because="the smoothing of 1e-3 costs 5e-7 of each velocity"),
    variables=LETTERS,
)
def crossed(case, path, gap=_gap):
    """The path on a slope of −1: sign(x)|x|^{1−m} grows by L(1−m)t."""
    room = gap(case.depth, case.q)
    x0, time = np.asarray(path.x)[0], np.asarray(path.time)[:, None]
    root = np.sign(x0) * np.abs(x0) ** room + case.depth * room * time
    return mf.Comparison(np.sign(root) * np.abs(root) ** (1 / room), np.asarray(path.x))


crossed.control("the metric exponent (L−1)/L for every q", gap=lambda depth, q: _gap(depth, 1.0 if q > 1 else 1.1))
