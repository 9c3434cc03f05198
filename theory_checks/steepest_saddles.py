"""Page 03: how long the saddle at 0 holds a diagonal network on regression, synthetic and real."""

import numpy as np

import mirrorflow as mf

from ._data import diabetes
from ._landscapes import mirror_map
from .steepest import LETTERS, network

SOURCE = "arXiv:2603.02064, diagonal networks on regression; theory page 03 (saddle escape, experiments)"
SAMPLES, FEATURES, SUPPORT = 300, 100, 5
SIZES = (1e-1, 1e-2, 1e-3)
LEVEL = 0.005  # |x| that counts as having left the saddle
LEFT = {2: 0.8, 3: 0.1, 4: 0.8}  # the share of the loss at which runs end; L=3 is followed to its end for the figure
VARIABLES = LETTERS | {
    "s": "size at the start of all factors but one, which is 0",
    "T": "time until some |x_i| reaches 0.005",
}


def regression(data, key):
    """300×100 with five non-zeros and normal rows, or 20 of the diabetes patients; f is half a mean square."""
    if data == "diabetes":
        return diabetes(key, samples=20)
    made = mf.problems.SparseRegression.sample(key, samples=SAMPLES, features=FEATURES, support=SUPPORT)
    return mf.problems.LinearRegression(made.design / np.sqrt(SAMPLES), made.target / np.sqrt(SAMPLES))


@mf.experiment(
    cases=mf.cases.grid(data=("planted",), depth=(2, 3, 4), q=(1.0, 2.0), size=SIZES)
    + mf.cases.grid(data=("diabetes",), depth=(3,), q=(1.0, 2.0), size=SIZES)
)
def saddles(case, key):
    """Steepest flow from x=0, one factor 0 and the others of equal size, until the loss has fallen."""
    problem = regression(case.data, key)
    features = problem.design.shape[1]
    flow = network(problem, case.depth, case.q)
    start = flow.lift(x=np.zeros(features), balance=case.size**case.q)
    slope = np.abs(problem.design.T @ problem.target).max()
    mirror = mirror_map(flow.as_mirror_flow(start).potential, np.full(features, LEVEL))[0]
    end = mf.until.loss(LEFT[case.depth] * np.sum(problem.target**2) / 2)
    path = mf.integrate(flow, start, until=end, save=times(float(mirror) / slope ** (case.q - 1)))
    return {
        "time": np.asarray(path.time),
        "share": np.asarray(path.loss) / np.asarray(path.loss)[0],
        "escape": reached(np.asarray(path.time), np.abs(np.asarray(path.x)).max(axis=1)),
        "slope": slope,
        "mirror": mirror,
    }


def times(expected):
    """From 1e-3 to 1e8, a twentieth apart, and a thousandth apart around the expected escape."""
    return np.sort(np.concatenate([[0.0], np.geomspace(1e-3, 1e8, 400), expected * np.linspace(0.9, 1.1, 201)]))


def reached(time, size):
    """When the largest |x_i| is 0.005, its logarithm being linear in time between points; infinite if it never is."""
    if not (size >= LEVEL).any():
        return np.inf
    after = int(np.argmax(size >= LEVEL))
    share = np.log(LEVEL / size[after - 1]) / np.log(size[after] / size[after - 1])
    return time[after - 1] + share * (time[after] - time[after - 1])


def law(case, run):
    """∇R(0.005)/‖∇f(0)‖_∞^{q−1}"""
    return float(run["mirror"]) / float(run["slope"]) ** (case.q - 1)


@mf.claim(
    "steepest/escape-of-regression",
    on=saddles,
    statement=r"T = \frac{\nabla R(0.005)}{\|\nabla f(0)\|_\infty^{q-1}}, \quad R''=\frac1S",
    source="theory page 03, the induced mirror flow, with the slope of the start",
    status="derived here",
    tolerance=mf.tolerance(0.02, because="on the way to 0.005 the slope changes by a hundredth or less"),
    variables=VARIABLES,
    figure="saddle-of-regression",
)
def escape_of_regression(case, run, factor=1.0):
    """Relative to the time itself, for starts from 0.1 down to 0.001; the sign flow does not feel the slope."""
    predicted = law(case, run) * factor
    return mf.Comparison(predicted, float(run["escape"]), scale=predicted, unit="time")


escape_of_regression.control("five hundredths longer", factor=1.05)


@mf.claim(
    "steepest/saddle-of-regression",
    on=saddles,
    across=True,
    statement=r"\text{gradient flow: } T \propto s^{-(L-2)} \text{ for } L\ge 3, \ "
    r"T \sim \tfrac{1}{\|\nabla f(0)\|_\infty}\log\tfrac1s \text{ for } L=2; \quad"
    r"\text{sign flow: } T \to 0.005^{1/L}",
    source=SOURCE,
    status="published",
    tolerance=mf.tolerance(0.05, because="s is not yet at 0: of an exponent between two s, or of a time"),
    variables=VARIABLES,
    figure="saddle-of-regression",
)
def saddle_of_regression(runs, exponent=lambda depth, q: (2 - depth) * (q - 1)):
    """The exponent, or what a decade adds, between s=0.01 and s=0.001; for sign flow the time at s=0.001."""
    parts = {}
    for data, depth, q in sorted({(case.data, case.depth, case.q) for case, _ in runs}):
        found = runs.where(data=data, depth=depth, q=q)
        time = np.array([float(run["escape"]) for _, run in found])
        name, power = f"{data}, L={depth}, q={q:g}", exponent(depth, q)
        if power != 0:
            measured = np.log(time[-1] / time[-2]) / np.log(SIZES[-1] / SIZES[-2])
            parts[name] = mf.Comparison(power, measured, scale=1.0, note="exponent of s")
        elif q == 2 and depth == 2:
            slope = float(found[-1].result["slope"])
            parts[name] = mf.Comparison(np.log(10) / slope, time[-1] - time[-2], note="added by a decade of s")
        else:
            parts[name] = mf.Comparison(LEVEL ** (1 / depth), time[-1], unit="time")
    return parts


saddle_of_regression.control("gradient flow leaves as sign flow does", exponent=lambda depth, q: 0.0)
saddle_of_regression.control("sign flow waits as gradient flow does", exponent=lambda depth, q: 2.0 - depth)
