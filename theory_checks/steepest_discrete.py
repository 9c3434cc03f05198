"""Page 03: the discrete twins of steepest flows: sign descent, Adam, AdamW, normalized steps."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import scipy.interpolate

import mirrorflow as mf

from ._landscapes import COORDINATES, landscape, product
from .steepest import FEATURES, LETTERS, network, regression

SOURCE = "theory page 03, numerics that matter (discrete counterparts)"
END, SAVES = 0.5, 26
DECAY = 0.5
BETAS = {"b1": 0.9, "b2": 0.99}
STEEPEST = mf.flows.scale_by_geometry(mf.geometries.Steepest(q=1.5, smoothing=1e-9))
TWINS = {  # the transformation for a step size; q; the flow's decay; the fewest steps
    "sign descent": (lambda step: optax.sign_sgd(step), 1.0, DECAY, 25),
    "steepest, q=3/2": (lambda step: optax.chain(STEEPEST, optax.sgd(step)), 1.5, 0.0, 25),
    "normalized gradient": (lambda step: optax.normalize_by_update_norm(-step), 2.0, 0.0, 25),
    "Adam": (lambda step: optax.adam(step, **BETAS), 1.0, 0.0, 3200),
    "AdamW": (lambda step: optax.adamw(step, weight_decay=DECAY, **BETAS), 1.0, DECAY, 3200),
}


def traced(make, **numbers) -> optax.GradientTransformation:
    """make(**numbers), its numbers traced, so that all their values share one compiled program."""
    numbers = jax.tree.map(jnp.asarray, numbers)
    return optax.GradientTransformation(
        jax.tree_util.Partial(_init, make, numbers), jax.tree_util.Partial(_update, make, numbers)
    )


def _init(make, numbers, parameters):
    return make(**numbers).init(parameters)


def _update(make, numbers, updates, state, parameters=None):
    return make(**numbers).update(updates, state, parameters)


def quadratic(q: float, decay: float):
    """Two factors on ½Σk(x−b)² far from its minima, so that no slope changes its sign, and a start."""
    problem = landscape(stiffness=np.linspace(0.5, 1.5, COORDINATES), target=np.linspace(1.5, 3.0, COORDINATES))
    flow = product(problem, 2, q, mf.decay.Decoupled(decay), smoothing=1e-6)
    return flow, flow.lift(x=np.linspace(0.1, 0.4, COORDINATES), balance=0.5)


def by_length(path, lengths):
    """x of a gradient flow's path where it is as long as each of `lengths`, by cubic splines."""
    problem, factors = path.flow.problem, np.asarray(path.parameters)
    slope = problem.function.slope(np.asarray(path.x))
    speed = np.sqrt(np.sum((slope[:, None] * factors) ** 2, axis=(1, 2)))
    time = np.asarray(path.time)
    length = scipy.interpolate.CubicSpline(time, speed).antiderivative()(time)
    return scipy.interpolate.CubicSpline(length, np.asarray(path.x))(lengths)


@mf.experiment(cases=mf.cases.grid(twin=tuple(TWINS)))
def twins(case, key):
    """A flow on two factors and its discrete twin at step sizes η, η/2 and η/4: their largest distance in x."""
    make, q, decay, fewest = TWINS[case.twin]
    flow, start = quadratic(q, decay)
    counts = fewest * np.array([1, 2, 4])
    path = mf.integrate(flow, start, until=mf.until.time(END), save=np.linspace(0, END, SAVES))
    stepped = quadratic(q, 0.0)[0] if case.twin == "AdamW" else flow  # AdamW decays by itself
    errors = []
    for count in counts:
        step = END / count
        run = mf.discretize(stepped, traced(make, step=step), steps=int(count), step_size=step).run(start, save=SAVES)
        x = by_length(path, np.asarray(run.time)) if case.twin == "normalized gradient" else np.asarray(path.x)
        errors.append(np.max(np.abs(np.asarray(run.x) - x)))
    return {"step": END / counts, "error": np.asarray(errors)}


@mf.claim(
    "steepest/discrete-twins",
    on=twins,
    statement=r"\max_k\|x_k-x(k\eta)\|_\infty = O(\eta)",
    source=SOURCE,
    status="derived here",
    new=False,
    tolerance=mf.tolerance(0.2, because="an order is told from its neighbours within ±0.2"),
    variables=LETTERS | {r"\eta": "step size", "x(t)": "the flow; for normalized steps, by the length of its path"},
)
def order(case, result, expected=1.0):
    """Fitted to three step sizes; Adam's memory of 100 steps is short against all of them."""
    fit = mf.observe.fit_exponent(result["step"], result["error"])
    note = "distances " + ", ".join(f"{error:.2g}" for error in result["error"])
    return mf.Comparison(expected, fit.exponent, scale=1.0, uncertainty=min(fit.half_width, 0.1), note=note)


order.control("half order", expected=0.5)
order.control("second order", expected=2.0)


MEMORIES = {1.0: (1e-3, 0.999), 0.1: (2e-4, 0.998), 0.01: (5e-5, 0.995), 0.001: (1e-5, 0.99)}  # η/(1−β₂): η and β₂
ADAMS = LETTERS | {
    "t": "steps times step size",
    r"\tau": "memory of Adam's mean square, η/(1−β₂), in the time of the flow",
}


# Refined is the step at the same memory τ, and the finer runs are those with the steps of MEMORIES.
@mf.experiment(cases=mf.cases.grid(optimizer=("Adam with L2", "AdamW"), memory=tuple(MEMORIES)), accuracies=(2.0, 1.0))
def adams(case, key):
    """Adam with the gradient of ¼‖θ‖², and AdamW with decay ½, on two factors and underdetermined regression."""
    step, b2 = MEMORIES[case.memory]
    with mf.accuracy(1.0) as coarser:
        step, b2 = step * coarser, 1 - (1 - b2) * coarser
    decay = mf.decay.Coupled(DECAY / 2) if case.optimizer == "Adam with L2" else None
    flow = network(regression(key), 2, 1.0, decay)
    start = flow.lift(x=jnp.full(FEATURES, 0.05), balance=0.3)
    make = _adamw if decay is None else optax.adam
    return mf.discretize(flow, traced(make, learning_rate=step, b2=b2), steps=round(8 / step), step_size=step).run(
        start, save=81
    )


def _adamw(learning_rate, b2):
    return optax.adamw(learning_rate, b2=b2, weight_decay=DECAY)


def law(path, rate=DECAY):
    """|w₁|−|w₂| against e^{−rate·t} times its start."""
    factors, time = np.abs(np.asarray(path.parameters)), np.asarray(path.time)
    measured = factors[:, 0] - factors[:, 1]
    return mf.Comparison(np.exp(-rate * time)[:, None] * measured[0], measured)


def distance(path):
    """The largest distance from the law, in units of the largest start."""
    one = law(path)
    return np.max(np.abs(one.measured - one.predicted)) / np.max(one.predicted)


@mf.claim(
    "steepest/adamw-balance",
    on=adams,
    across=True,
    statement=r"\text{AdamW (default } \beta, \ \eta=10^{-3}): |w_1|-|w_2| = (\text{initial})\,e^{-\alpha t},"
    r" \text{ as for sign flow}",
    source="arXiv:2603.02064; theory page 03, balance and experiments",
    status="heuristic",
    expects="measured",
    tolerance=mf.tolerance(0.1, because="steps of 1e-3, and averages lag behind when slopes change sign"),
    variables=ADAMS,
    notes="The mean squares of the two gradients remember factors of a thousand steps ago, so that the two factors do "
    "not move alike where the slope changes its sign: see adamw-balance-short-memory.",
)
def adamw(runs, rate=DECAY):
    """At 81 times up to t=8; τ=1."""
    return law(runs.only(optimizer="AdamW", memory=1.0), rate)


adamw.control("without decay", rate=0.0)


@mf.claim(
    "steepest/adamw-balance-short-memory",
    on=adams,
    across=True,
    statement=r"\text{AdamW: } |w_1|-|w_2| \to (\text{initial})\,e^{-\alpha t} \text{ as } \tau=\frac{\eta}{1-\beta_2}"
    r" \to 0",
    source="theory page 03, balance (decoupled decay, q=1), for Adam as the discrete twin of sign flow",
    status="derived here",
    tolerance=mf.tolerance(0.02, because="of the balance at the start, which halving the step at one memory changes"),
    variables=ADAMS,
)
def short_memory(runs, optimizer="AdamW"):
    """The largest distance over all times: below a tenth of the start's for τ=0.001, and it falls with τ."""
    gaps = np.array([distance(runs.only(optimizer=optimizer, memory=memory)) for memory in MEMORIES])
    note = ", ".join(f"τ={memory:g}: {gap:.3g}" for memory, gap in zip(MEMORIES, gaps, strict=True))
    return {
        "at τ=0.001": mf.Comparison(0.1, gaps[-1], relation="at most", scale=1.0, note=note),
        "falls with τ": mf.Comparison(0.0, np.diff(gaps), relation="at most", scale=1.0),
    }


short_memory.control("Adam with L2", optimizer="Adam with L2")


@mf.claim(
    "steepest/adam-with-l2-balance",
    on=adams,
    across=True,
    statement=r"\text{Adam with L2: } |w_1|-|w_2| = (\text{initial})\,e^{-\alpha t}",
    source="arXiv:2603.02064; theory page 03, balance and experiments",
    status="heuristic",
    expects="measured",
    tolerance=mf.tolerance(0.1, because="steps of 1e-3, as for AdamW"),
    variables=ADAMS,
    notes="For every memory: the decay is inside the sign.",
)
def adam_with_l2(runs, rate=DECAY):
    """The law of decoupled decay, asserted of the coupled one."""
    return {f"τ={case.memory:g}": law(path, rate) for case, path in runs.where(optimizer="Adam with L2")}


adam_with_l2.control("without decay", rate=0.0)


@mf.claim(
    "steepest/adam-learns-sparse",
    on=adams,
    across=True,
    statement=r"\text{coupled decay of two factors is } \ell_1: \ "
    r"\|x\|_1 \text{ is smaller under Adam with L2 than under AdamW}",
    source="theory page 03, what decay regularizes towards, and experiments",
    status="heuristic",
    tolerance=mf.tolerance(0.0, because="an order, not a number"),
    variables=ADAMS,
)
def learned(runs, smaller="Adam with L2"):
    """‖x‖₁ at the end of both, for each memory."""
    parts = {}
    for memory in MEMORIES:
        norms = {case.optimizer: np.sum(np.abs(np.asarray(path.x)[-1])) for case, path in runs.where(memory=memory)}
        (larger,) = set(norms) - {smaller}
        note = ", ".join(f"{name}: ‖x‖₁={norm:.4g}" for name, norm in norms.items())
        parts[f"τ={memory:g}"] = mf.Comparison(norms[larger], norms[smaller], relation="at most", note=note)
    return parts


learned.control("the other way round", smaller="AdamW")
