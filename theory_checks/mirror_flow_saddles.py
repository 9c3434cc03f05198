"""Page 01: from saddle to saddle. Gradient flow on u⊙v from a vanishing start, in its dual, against the jumps."""

import numpy as np
import scipy.interpolate

import mirrorflow as mf

from ._data import diabetes

SOURCE = "arXiv:2304.00488; theory page 01 (saddle-to-saddle)"
LOGS = (18.420680743952367, 70.0, 280.0, 690.7755278982137, 1120.0, 4480.0)  # μ = 1e-8, …, 1e-300, and far below floats
SAMPLES, FEATURES = 20, 64
JUMPS = 4
APART = 0.2  # of τ
WINDOW = np.linspace(-25.0, 25.0, 101)  # of time around a jump
VARIABLES = {
    r"\mu": "u²−v²=2μ",
    r"\lambda_\mu": "½log(1/μ), the unit of τ",
    "q": "the dual, q∈∂‖β‖₁",
    r"\tau_k": "the jumps of the limit",
}


def regression(data, key):
    """20 samples, 64 features: the diabetes data, or four ±1 among normal features."""
    if data == "diabetes":
        return diabetes(key, samples=SAMPLES)
    made = mf.problems.SparseRegression.sample(key, samples=SAMPLES, features=FEATURES, support=JUMPS)
    return mf.problems.LinearRegression(made.design / np.sqrt(SAMPLES), made.target / np.sqrt(SAMPLES))


@mf.experiment(cases=mf.cases.grid(data=("planted", "diabetes"), log=LOGS))
def saddles(case, key):
    """β=μ·sinh(2z), dz=−∇f dt from 0, to the middle of the plateau after the fourth jump; dense around the jumps."""
    problem = regression(case.data, key)
    sequence = mf.predict.saddle_jumps(problem)
    # After the last jump there is room without end.
    jumps = np.append(sequence.times, sequence.times[-1] + 1.0)[: JUMPS + 1]
    unit = case.log / 2
    middles = (jumps[:-1] + jumps[1:]) / 2
    end = float(unit * middles[-1])
    times = np.unique(np.clip(np.append((unit * jumps[:JUMPS, None] + WINDOW).ravel(), unit * middles), 0.0, end))
    times = np.concatenate([times, end * (1 - 1e-9 * np.arange(JUMPS * len(WINDOW) + JUMPS - len(times), 0, -1))])
    times = np.sort(times)
    potential = mf.potentials.TiltedHyperbolicEntropy(log_scale=-case.log, factor=0.5)
    flow, until = mf.Flow(problem, potential=potential), mf.until.time(end)
    path = mf.integrate(flow, np.zeros(FEATURES), until=until, save=times, rtol=1e-9, atol=1e-11)
    return {
        "path": path,
        "tau": times / unit,
        "jumps": jumps,
        "plateaus": np.asarray(sequence.plateaus)[: JUMPS + 1],
        "duals": np.stack([np.asarray(sequence.dual(tau)) for tau in middles]),
        "middles": middles,
    }


def apart(run):
    """Which of the jumps have plateaus of at least 0.2 on both sides: shorter ones are not told apart at these μ."""
    lengths = np.diff(np.append(0.0, run["jumps"]))
    return (lengths[:-1] >= APART) & (lengths[1:] >= APART)


def jump_times(run):
    """τ at which the coordinate that joins at each jump is half way to its plateau, by a monotone spline."""
    x, tau = np.asarray(run["path"].x), np.asarray(run["tau"])
    plateaus, found = np.asarray(run["plateaus"]), []
    for before, after, jump in zip(plateaus[:-1], plateaus[1:], np.asarray(run["jumps"])[:JUMPS], strict=True):
        joins = np.argmax(np.where(before == 0, np.abs(after), 0.0))
        height = x[:, joins] / after[joins] - 0.5
        roots = scipy.interpolate.PchipInterpolator(tau, height).roots(extrapolate=False)
        found.append(roots[np.argmin(np.abs(roots - jump))] if len(roots) else np.nan)
    return np.array(found)


def midway(run):
    """x at the middles of the plateaus after each jump."""
    tau = np.asarray(run["tau"])
    nearest = [np.argmin(np.abs(tau - middle)) for middle in np.asarray(run["middles"])]
    return np.asarray(run["path"].x)[nearest]


@mf.claim(
    "mirror-flow/plateaus",
    on=saddles,
    across="log",
    statement=r"\beta_\mu(\tau) \to \text{the plateaus of the jump sequence, } \mu\to0",
    source=SOURCE,
    status="published",
    tolerance=mf.tolerance(
        5e-3, because="what relaxes after a jump, e^{−rate·t}, where a plateau is short or its rate small"
    ),
    figure="saddle-to-saddle",
    variables=VARIABLES,
)
def plateaus(runs, later=1):
    """The middles of the plateaus (of at least 0.2) after the first jumps, at μ=e^{−4480}."""
    run = runs.only(log=LOGS[-1])
    lengths = np.diff(run["jumps"]) >= APART
    predicted = np.asarray(run["plateaus"])[later : JUMPS + later][lengths]
    return mf.Comparison(predicted=predicted, measured=midway(run)[lengths])


plateaus.control("the plateau before it", later=0)


@mf.claim(
    "mirror-flow/inactive-coordinates",
    on=saddles,
    across=True,
    statement=r"|\beta_j| = \tfrac12\mu^{1-|q_j|} \text{ off the support of a plateau}",
    source=SOURCE,
    status="published",
    tolerance=mf.tolerance(
        0.3, because="the dual is off by O(1/log(1/μ)), as the jump times are: tested times log(1/μ)/70"
    ),
    figure="saddle-to-saddle",
    variables=VARIABLES,
)
def inactive_coordinates(runs, power=lambda q: 1 - np.abs(q)):
    """Exponents of μ, log(2|β_j|)/log μ, at the middles of the plateaus, in units of 70/log(1/μ)."""
    predicted, measured, scale = [], [], []
    for case, run in runs:
        x, duals, plateau = midway(run), np.asarray(run["duals"]), np.asarray(run["plateaus"])[1:]
        off = (plateau == 0) & (x != 0) & (np.abs(duals) < 0.9) & (np.diff(run["jumps"]) >= APART)[:, None]
        predicted.append(power(duals[off]))
        measured.append(-np.log(2 * np.abs(x[off])) / case.log)
        scale.append(np.full(int(off.sum()), 70.0 / case.log))
    return mf.Comparison(
        predicted=np.concatenate(predicted), measured=np.concatenate(measured), scale=np.concatenate(scale)
    )


inactive_coordinates.control("μ itself, whatever the dual", power=np.ones_like)


@mf.claim(
    "mirror-flow/jump-times",
    on=saddles,
    across=True,
    statement=r"\tau_k(\mu) - \tau_k \sim C_k/\log(1/\mu)",
    source=SOURCE + " (what converges slowly)",
    status="heuristic",
    tolerance=mf.tolerance(0.05, because="jumps 0.2 apart still feel each other at log(1/μ)=280"),
    figure="saddle-to-saddle",
    variables=VARIABLES,
    notes="The constants are level to five digits from log(1/μ)=700 on.",
)
def jump_shifts(runs, power=-1.0):
    """Exponents of the shifts in log(1/μ), fitted from μ=e^{−280} to e^{−4480}, of the jumps that stand apart."""
    used, exponents = [log for log in LOGS if log >= 280], []
    for data in dict.fromkeys(case.data for case, _ in runs):
        chosen = [runs.only(data=data, log=log) for log in used]
        shifts = np.array([(jump_times(run) - np.asarray(run["jumps"])[:JUMPS])[apart(run)] for run in chosen])
        exponents += [mf.observe.fit_exponent(used, np.abs(shift)).exponent for shift in shifts.T]
    return mf.Comparison(predicted=power, measured=exponents, scale=1.0)


jump_shifts.control("∝ log(1/μ)^{−2}", power=-2.0)
