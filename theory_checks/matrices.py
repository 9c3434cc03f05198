"""Pages 01 and 02, matrices: rank is learned one by one from a vanishing start, and when."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

import mirrorflow as mf

mf.claims.paper("2012.09839", "Towards Resolving the Implicit Bias of Gradient Descent for Matrix Factorization")
mf.claims.paper("2301.11500", "Understanding Incremental Learning of Gradient Descent: Matrix Sensing")

SIDE, MEASUREMENTS = 5, 40
SPECTRUM = np.array([2.0, 1.0, 0.5, 0.0, 0.0])
DECADES = (30, 60, 120, 240)
LEVEL = -10.0  # a singular value e^{−10} counts as arriving: far from both its start and its plateau
POINTS = 400
APART = 0.15  # of τ: on shorter plateaus X does not come to rest at these scales
SOURCE = "arXiv:2012.09839; arXiv:2301.11500; theory page 01 (saddle-to-saddle)"
VARIABLES = {
    "s": "size of the factors at first",
    "L": "log(1/s), the unit of time of τ=t/L",
    r"X_k": "minimum of f over rank k, next to X_{k−1}",
    r"\mu_{k,i}": "i-th eigenvalue, orthogonal to the range of X_k, of −(∇f+∇fᵀ), or singular value of ∇f, at X_k",
    "e_i": "log σ_i(U_t)/log s",
}


def normal(key, *shape):
    """Independent normal numbers."""
    return jax.random.normal(key, shape)


@functools.partial(jax.jit, static_argnums=1)
def _sensing(key, symmetric):
    keys = jax.random.split(key, 3)
    operators = normal(keys[0], MEASUREMENTS, SIDE, SIDE) / np.sqrt(MEASUREMENTS)
    left, right = (jnp.linalg.qr(normal(k, SIDE, SIDE))[0] for k in keys[1:])
    if symmetric:
        operators, right = (operators + operators.swapaxes(1, 2)) / 2, left
    truth = left * SPECTRUM[None] @ right.T
    return operators, jnp.tensordot(operators, truth, 2)


def sensing(key, symmetric):
    """40 measurements of a 5×5 matrix of rank 3 with singular values 2, 1, ½ and random singular vectors."""
    return mf.problems.MatrixSensing(*_sensing(key, symmetric))


def product(name):
    """The graded product UUᵀ of full width, or UVᵀ of one less: there no determinant is in the way."""
    return mf.reparameterizations.GradedProduct(
        SIDE, SIDE if name == "UUᵀ" else SIDE - 1, None if name == "UUᵀ" else SIDE
    )


def from_scale(problem, name, log, end, key):
    """Gradient flow of factors N(0, s²) to τ=`end`."""
    made = product(name)
    parts = normal(key, 1 if name == "UUᵀ" else 2, SIDE, made.rank)
    start = made.factors(*parts, log_scale=-log)
    flow, until = mf.Flow(problem, reparameterization=made), mf.until.time(end * log)
    return mf.integrate(flow, start, until=until, save=POINTS, rtol=1e-9, atol=1e-11)


@mf.experiment(
    cases=mf.cases.grid(product=("UUᵀ",), draw=(0,), decades=DECADES),
    full=mf.cases.grid(product=("UUᵀ",), draw=(1, 2, 3), decades=DECADES)
    + mf.cases.grid(product=("UVᵀ",), draw=(0, 1, 2, 3), decades=DECADES),
)
def ranks(case, key):
    """From s=1e-30, 1e-60, 1e-120 and 1e-240 until well after the third rank has arrived."""
    key = jax.random.fold_in(key, case.draw)
    log, symmetric = case.decades * np.log(10), case.product == "UUᵀ"
    problem = sensing(key, symmetric)
    jumps = mf.predict.rank_jumps(problem, symmetric=symmetric, rank=product(case.product).rank)
    stops = np.append(jumps.times, 1.4 * jumps.times[-1])
    path = from_scale(problem, case.product, log, stops[-1], jax.random.fold_in(key, 9))
    middles = (stops[1:] + stops[:-1]) / 2
    return {
        "path": path,
        "tau": np.asarray(path.time) / log,
        "logs": mf.observe.log_singular_values(path),
        "times": jumps.times,
        "middles": middles,
        "plateaus": jumps.at(middles),
        "ranks": jumps.ranks[1:],
        "exponents": jumps.exponents(middles),
        "first": 1 - middles[:, None] * jumps.rates[:1],
        "rates": jumps.rates,
    }


def at_middles(run, values):
    """The rows of `values` nearest to the middles of the plateaus."""
    return np.asarray(values)[[np.argmin(np.abs(run["tau"] - middle)) for middle in np.asarray(run["middles"])]]


def arrivals(run, log):
    """t at which the k-th singular value of X reaches e^{−10}, on the straight line of the two points before."""
    logs, times = np.asarray(run["logs"]), np.asarray(run["tau"]) * log
    found = []
    for k in range(len(np.asarray(run["times"]))):
        before = int(np.argmax(logs[:, k] > LEVEL)) - 1
        slope = np.diff(logs[before - 1 : before + 1, k])[0] / np.diff(times[before - 1 : before + 1])[0]
        found.append(times[before] + (LEVEL - logs[before, k]) / slope)
    return np.array(found)


@mf.claim(
    "matrices/arrival-times",
    on=ranks,
    across="decades",
    statement=r"t_k(s) = \tau_k\log\tfrac1s + O(1),\quad \tau_{k+1}-\tau_k = e_{k+1}(\tau_k)/\mu_{k,1}",
    source=SOURCE,
    status="derived here",
    tolerance=mf.tolerance(
        5e-3, because="where two rates are close the O(1) still changes by some tenths between s=1e-120 and 1e-240"
    ),
    figure="incremental-rank",
    variables=VARIABLES,
    notes="Factors in general position; rank is counted by singular values above e^{−10}.",
)
def arrival_times(runs, law="jumps"):
    """dt_k/dL between s=1e-120 and 1e-240, for the three ranks; relative to each τ_k."""
    logs = np.array(DECADES[-2:]) * np.log(10)
    low, high = (runs.only(decades=decades) for decades in DECADES[-2:])
    slopes = (arrivals(high, logs[1]) - arrivals(low, logs[0])) / (logs[1] - logs[0])
    times = np.asarray(high["times"])
    predicted = times if law == "jumps" else 1 / np.asarray(high["rates"])[0, : len(times)]
    return mf.Comparison(predicted=predicted / times, measured=slopes / times, scale=1.0)


arrival_times.control("the growth at the first saddle all along, t_k = L/μ_{0,k}", law="first saddle")


@mf.claim(
    "matrices/first-growth",
    on=ranks,
    statement=r"t < t_1:\quad U_t = e^{-(\nabla f(0)+\nabla f(0)^T)t}\,U_0, \text{ in every singular value}",
    source=SOURCE,
    status="proved",
    tolerance=mf.tolerance(
        1e-5, because="the solver's tolerance is 1e-9 per step and unit of log σ, over hundreds of both"
    ),
    variables=VARIABLES,
)
def first_growth(case, run, mixed=True):
    """½log σ_i of UUᵀ (of UVᵀ: log σ_i of (U;V)) up to 0.9·τ₁, where X is still below 1e-6."""
    path, product = run["path"], run["path"].flow.reparameterization
    theta = {name: np.asarray(leaf) for name, leaf in path.parameters.items()}
    early = np.asarray(run["tau"]) < 0.9 * np.asarray(run["times"])[0]
    measured = mf.observe.graded_log_sizes(theta["mixing"][early], theta["log_scales"][early])
    basis = np.eye(product.height)
    operator = np.asarray(product.driven(basis, path.flow.problem.gradient(np.zeros(path.x.shape[1:]))))
    rates, vectors = np.linalg.eigh(operator)
    rates, vectors = rates[::-1], vectors[:, ::-1]
    first = (
        vectors.T
        @ theta["frame"][0]
        @ (np.exp(theta["log_scales"][0] - theta["log_scales"][0, :1])[:, None] * theta["mixing"][0])
    )
    grown = np.asarray(path.time)[early, None] * rates + theta["log_scales"][0, 0]
    if mixed:
        predicted = mf.observe.graded_log_sizes(np.broadcast_to(first, (len(grown), *first.shape)), grown)
    else:
        predicted = measured[:1] + grown[:, : product.rank] - grown[:1, : product.rank]
    return mf.Comparison(predicted=predicted, measured=measured, scale=1.0)


first_growth.control("each singular value at its own rate from the start on", mixed=False)


@mf.claim(
    "matrices/plateaus",
    on=ranks,
    across="decades",
    statement=r"X_t \to X_k = \arg\min\{f : \mathrm{rank}\,X = k\} \text{ between arrivals } k \text{ and } k+1",
    source=SOURCE,
    status="published",
    tolerance=mf.tolerance(
        1e-4, because="what the next singular value has grown to, s^{2e}, and the last has relaxed to"
    ),
    figure="incremental-rank",
    variables=VARIABLES,
)
def plateaus(runs, later=0):
    """At the middles of the plateaus of at least 0.15 of τ, for s=1e-240; X_k by Newton's method, without the flow."""
    run = runs.only(decades=DECADES[-1])
    stops = slice(None) if not later else slice(None, -1)
    lasting = (np.diff(run["times"], append=np.asarray(run["tau"])[-1]) >= APART)[stops]
    predicted, measured = np.asarray(run["plateaus"])[later:], at_middles(run, run["path"].x)[stops]
    return mf.Comparison(predicted=predicted[lasting], measured=measured[lasting])


plateaus.control("the plateau after it", later=1)


@mf.claim(
    "matrices/exponents",
    on=ranks,
    across="decades",
    statement=r"\sigma_i(X_t) = s^{2e_i+o(1)},\quad \dot e_i = -\mu_{k,i-k} \text{ for } i>k",
    source=SOURCE,
    status="derived here",
    tolerance=mf.tolerance(
        0.02, because="where two rates are close the O(1) still changes by some units between s=1e-120 and 1e-240"
    ),
    figure="incremental-rank",
    variables=VARIABLES,
    notes="In general position; a direction of its own rate (commuting measurements) does otherwise.",
)
def exponents(runs, law="exponents"):
    """−½·d log σ_i/dL of what has not arrived, at the middles of the plateaus; σ down to 1e-600."""
    low, high = (runs.only(decades=decades) for decades in DECADES[-2:])
    change = at_middles(low, low["logs"]) - at_middles(high, high["logs"])
    later = np.arange(np.shape(high["rates"])[1])[None] >= np.asarray(high["ranks"])[:, None]
    unit = 2 * (DECADES[-1] - DECADES[-2]) * np.log(10)
    return mf.Comparison(predicted=np.asarray(high[law])[later], measured=change[later] / unit, scale=1.0)


exponents.control("the growth at the first saddle all along", law="first")


@mf.claim(
    "matrices/rank-on-plateaus",
    on=ranks,
    statement=r"\#\{\sigma_i(X_t) > 10^{-4}\sigma_1\} = k \text{ between arrivals } k \text{ and } k+1",
    source=SOURCE,
    status="published",
    tolerance=mf.tolerance(0, because="a count"),
    figure="incremental-rank",
    variables=VARIABLES,
)
def rank_on_plateaus(case, run, tolerance=1e-4):
    """At the middles of the plateaus."""
    counted = mf.observe.numerical_rank(run["path"], tolerance)
    return mf.Comparison(predicted=np.asarray(run["ranks"]), measured=at_middles(run, counted))


rank_on_plateaus.control("counting from 1e-200 on, what has not arrived counts too", tolerance=1e-200)
