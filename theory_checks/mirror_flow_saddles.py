"""Page 01: from saddle to saddle. Gradient flow on u⊙v from a vanishing start, in its dual, against the jumps."""

import numpy as np
import scipy.interpolate

import mirrorflow as mf

from ._data import diabetes
from .mirror_flow import EXPLICIT
from .mirror_flow_limits import FEATURES, POINTS, SAMPLES

SOURCE = "arXiv:2304.00488; theory page 01 (saddle-to-saddle)"
LOGS = (18.420680743952367, 70.0, 280.0, 690.7755278982137, 1120.0, 4480.0)  # μ=1e-8 … 1e-300, and below floats
JUMPS = 4
WINDOW = np.linspace(-11.0, 11.0, 45)
VARIABLES = {
    r"\mu": "u²−v²=2μ",
    r"\lambda_\mu": "½log(1/μ), the unit of τ",
    "q": "the dual, q∈∂‖β‖₁",
    r"\tau_k": "the jumps of the limit",
}


@mf.experiment(cases=mf.cases.grid(data=("diabetes",), log=LOGS))
def saddles(case, key):
    """β=μ·sinh(2z), dz=−∇f dt from 0, to the middle of the plateau after the fourth jump; dense around the jumps."""
    problem = diabetes(key, samples=SAMPLES)
    path = mf.predict.saddle_jumps(problem)
    unit, jumps = case.log / 2, path.times[: JUMPS + 1]
    end = unit * (jumps[JUMPS - 1] + jumps[JUMPS]) / 2
    windows = (unit * jumps[:JUMPS, None] + WINDOW).ravel()
    even = np.linspace(0.0, end, POINTS - windows.size)
    times = np.sort(np.concatenate([even, np.clip(windows, 1e-3, end - 1e-3) + 1e-6 * np.arange(windows.size)]))
    potential = mf.potentials.TiltedHyperbolicEntropy(log_scale=-case.log, factor=0.5)
    flow = mf.Flow(problem, potential=potential)
    until = mf.until.time(end)  # a rule about rest would refine every plateau
    made = mf.integrate(flow, np.zeros(FEATURES), until=until, save=times, rtol=1e-9, atol=1e-12, solver=EXPLICIT)
    return {
        "path": made,
        "tau": times / unit,
        "jumps": jumps,
        "plateaus": path.plateaus[: JUMPS + 1],
        "dual": path.dual(times / unit),
    }


def jump_times(run):
    """τ at which the coordinate that joins at each jump is half way to the plateau, by a monotone spline of log|β|."""
    x, tau = np.asarray(run["path"].x), np.asarray(run["tau"])
    plateaus, jumps = np.asarray(run["plateaus"]), np.asarray(run["jumps"])
    found = []
    for before, after, jump in zip(plateaus[:-1], plateaus[1:], jumps, strict=False):
        joins = np.argmax(np.where(before == 0, np.abs(after), 0.0))
        there = x[:, joins] != 0
        height = np.log(np.abs(x[there, joins])) - np.log(np.abs(after[joins]) / 2)
        roots = scipy.interpolate.PchipInterpolator(tau[there], height).roots(extrapolate=False)
        found.append(roots[np.argmin(np.abs(roots - jump))] if len(roots) else np.nan)
    return np.array(found)


def midway(run):
    """The points nearest to the middles of the plateaus: their indices, and their plateaus."""
    tau, jumps = np.asarray(run["tau"]), np.asarray(run["jumps"])
    middles = (jumps[:-1] + jumps[1:]) / 2
    return np.array([np.argmin(np.abs(tau - middle)) for middle in middles[: JUMPS - 1]])


@mf.claim(
    "mirror-flow/plateaus",
    on=saddles,
    across="data",
    statement=r"\beta_\mu(\tau) \to \text{the plateaus of the jump sequence, } \mu\to0",
    source=SOURCE,
    status="published",
    tolerance=mf.tolerance(1e-3, because="inactive coordinates on short plateaus are a small power of μ"),
    figure="saddle-to-saddle",
    variables=VARIABLES,
)
def plateaus(runs, later=0):
    """The middles of the first three plateaus at μ=e^{−4480}, on the diabetes data."""
    run = runs.only(log=LOGS[-1])
    x = np.asarray(run["path"].x)[midway(run)]
    return mf.Comparison(predicted=np.asarray(run["plateaus"])[1 + later : JUMPS + later], measured=x)


plateaus.control("the plateau after it", later=1)


@mf.claim(
    "mirror-flow/jump-times",
    on=saddles,
    across="data",
    statement=r"\tau_k(\mu) - \tau_k \to 0 \text{ as } C_k/\log(1/\mu)",
    source=SOURCE + "; measured",
    status="heuristic",
    tolerance=mf.tolerance(0.1, because="between log(1/μ)=1120 and 4480 the constants still move"),
    figure="saddle-to-saddle",
    variables=VARIABLES,
)
def jumps(runs, power=1.0):
    """log(1/μ)^power times the shift of each jump: at 1120 against 4480."""
    shifts = [jump_times(run := runs.only(log=log)) - np.asarray(run["jumps"])[:JUMPS] for log in LOGS[-2:]]
    one, other = (np.array(log) ** power * shift for log, shift in zip(LOGS[-2:], shifts, strict=True))
    return mf.Comparison(predicted=other, measured=one)


jumps.control("∝ log(1/μ)^{−2}", power=2.0)
