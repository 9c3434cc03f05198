"""Page 03: which mirror flow a steepest flow on a product is, and why some are none."""

import jax
import numpy as np

import mirrorflow as mf

from ._landscapes import COORDINATES, POINTS, inverse_metric, landscape, metric, mirror_map, product

SOURCE = "theory page 03, which mirror flow is it (the setting is that of arXiv:2603.02064)"
DEPTHS, POWERS, DECAYS, STARTS = (2, 3, 4), (1.0, 1.5, 2.0), ("none", "decoupled", "coupled"), ("small", "balanced")
DECAY = 0.5
BALANCES = np.linspace(0.4, 1.0, COORDINATES)
STEP = 1e-4
LETTERS = {"L": "number of factors", "q": "exponent of the steepest flow", r"\alpha": "strength of the decay"}


def _decay(kind: str):
    """Coupled(α/2), Decoupled(α), or a decay of 0."""
    if kind == "coupled":
        return mf.decay.Coupled(DECAY / 2)
    return mf.decay.Decoupled(DECAY if kind == "decoupled" else 0.0)


def _name(depth, q, decay, start):
    return f"L={depth}, q={q:g}, {decay} decay, {'one small factor' if start == 'small' else 'balanced'}"


@mf.experiment(cases=mf.cases.grid(depth=DEPTHS, q=POWERS, decay=DECAYS))
def answers(case, key):
    """What as_mirror_flow says of a flow, from a start with one small factor and from a balanced one."""
    flow = product(landscape(stiffness=1.0, target=1.0), case.depth, case.q, _decay(case.decay))
    x = 0.1 + np.asarray(jax.random.uniform(key, (COORDINATES,)))
    return {start: _words(flow, flow.lift(x=x, balance=0.3 if start == "small" else 0.0)) for start in STARTS}


def _words(flow, start) -> str:
    try:
        mirror = flow.as_mirror_flow(start)
    except mf.NotAMirrorFlow:
        return "refused"
    except ValueError:  # a mirror flow, for which there is no potential
        return "no family"
    if isinstance(mirror.potential, mf.potentials.RegularizedHyperbolicEntropy):
        return "R of time"
    low, _ = mirror.potential.domain
    return ("fixed R on ℝ" if low == -np.inf else "fixed R on a half-line") + _added(mirror.decay)


def _added(decay) -> str:
    if decay is None:
        return ""
    return " and a penalty inside" if isinstance(decay, mf.decay.Coupled) else " and a drift"


def table(depth, q, decay, start) -> str:
    """The table of page 03 with the rows that it leaves open, and balanced starts with coupled decay accepted."""
    domain = "ℝ" if start == "small" or q * (depth - 1) < depth else "a half-line"
    if decay == "none":
        return f"fixed R on {domain}"
    if q < 2 and decay == "coupled":
        return "refused" if start == "small" else f"fixed R on {domain} and a penalty inside"
    if start == "balanced":
        return f"fixed R on {domain} and a drift"
    if depth == 2:
        return "R of time" if q == 2 else "refused"
    return "no family" if is_mirror_flow(depth, q, decay) else "refused"


def optimistic(depth, q, decay, start) -> str:
    """The table with the row (L=2, q<2, decoupled, unbalanced) accepted, as L=2 and q=2 is."""
    return "R of time" if (depth, decay, start) == (2, "decoupled", "small") else table(depth, q, decay, start)


def printed(depth, q, decay, start) -> str:
    """The table as printed, with coupled decay at q<2 refused from any start."""
    return "refused" if q < 2 and decay == "coupled" else table(depth, q, decay, start)


@mf.claim(
    "steepest/which-mirror-flow",
    on=answers,
    statement=r"\text{which flows on } x=\prod_i w_i \text{ are mirror flows, by depth, } q, \text{ decay and start}",
    source=SOURCE,
    status="derived here",
    tolerance=mf.tolerance(0.0, because="words are the same or not"),
    variables=LETTERS,
    notes="Two rows differ from the page: coupled decay at q<2 is refused from unbalanced starts only (see"
    " steepest/coupled-balanced), and L≥3, q<2, decoupled, unbalanced, on which it is silent, is refused except at m=1,"
    " a mirror flow whose potential is not among the toolkit's (see steepest/decay-and-depth).",
)
def which(case, result, answer=table):
    """54 flows: the potential's kind and domain, or a refusal."""
    told = {start: answer(case.depth, case.q, case.decay, start) for start in STARTS}
    return {start: mf.Comparison(words, result[start]) for start, words in told.items()}


which.control("coupled decay at q<2 refused from balanced starts, as printed", answer=printed)
which.control("L=2, q<2, unbalanced, decoupled accepted", answer=optimistic)


@mf.experiment(cases=mf.cases.grid(depth=(2, 3), q=(1.25, 1.5, 2.0), decay=DECAYS))
def impulses(case, key):
    """A slope of −1 then +1 on six coordinates, +1 then −1 on six more of the same starts; one small factor."""
    half = COORDINATES // 2
    first = np.append(np.repeat([1.0, -1.0], half), 0.0)
    x0 = 0.2 + 0.4 * np.asarray(jax.random.uniform(key, (half,)))
    theta = None
    for push in (first, -first):
        flow = product(landscape(push=push), case.depth, case.q, _decay(case.decay))
        theta = flow.lift(x=np.append(np.tile(x0, 2), 0.3), balance=0.5) if theta is None else theta
        theta = mf.integrate(flow, theta, until=mf.until.time(0.6), save=POINTS).parameters[-1]
    x = np.prod(np.asarray(theta), axis=0)
    return {"down first": x[:half], "up first": x[half : 2 * half]}


def is_mirror_flow(depth, q, decay) -> bool:
    """No decay, decoupled decay at m=1, or coupled decay where it is the same thing."""
    return decay == "none" or (abs(depth - q * (depth - 1)) < 1e-12 and (decay == "decoupled" or q == 2))


@mf.claim(
    "steepest/order-of-impulses",
    on=impulses,
    statement=r"d\nabla R_t(x_t)=-F(\nabla f)\,dt \Rightarrow x_t \text{ depends on } \textstyle\int F(\nabla f)\,dt"
    r" \text{ alone: so it does without decay and, unbalanced and decaying, for } m=1 \text{ only}",
    source=SOURCE,
    status="derived here",
    tolerance=mf.tolerance(
        0.0, because="where the order matters it does so by 0.05 or more, elsewhere by less than 1e-6"
    ),
    variables=LETTERS | {"F": "the direction map", "m": "q(L−1)/L"},
    notes="No mirror flow with a potential of time, whichever, could make the order matter. The page's refusals are"
    " confirmed; L=3, q=3/2 with decoupled decay, on which its table is silent, is a mirror flow.",
)
def order(case, result, mirror=is_mirror_flow):
    """Two opposite impulses in either order, starts with one small factor: whether x ends at the same place."""
    difference = float(np.max(np.abs(result["down first"] - result["up first"])))
    words = {False: "the order matters", True: "the order does not matter"}
    expected = words[bool(mirror(case.depth, case.q, case.decay))]
    return mf.Comparison(expected, words[difference < 1e-4], note=f"the two ends differ by {difference:.2g}")


order.control("decoupled decay is harmless for L=2", mirror=lambda depth, q, decay: decay == "none" or depth == 2)
order.control("only gradient flow of L=2 may decay", mirror=lambda depth, q, decay: decay == "none" or depth * q == 4)


@mf.experiment(
    cases=mf.cases.grid(depth=(2,), q=(1.0, 1.5, 2.0))
    + mf.cases.grid(depth=(3,), q=(1.0, 1.5, 2.0))
    + mf.cases.grid(depth=(4,), q=(1.0, 4 / 3, 2.0))
)
def decaying_ramp(case, key):
    """Unbalanced products under decoupled decay on a ramp of slope −1, and S as a function of x and λ along the way."""
    depth, q = case.depth, case.q
    flow = product(landscape(push=1.0), depth, q, mf.decay.Decoupled(DECAY))
    x0 = 0.05 + 0.3 * np.asarray(jax.random.uniform(key, (COORDINATES,)))
    start = flow.lift(x=x0, balance=BALANCES)
    path = mf.integrate(flow, start, until=mf.until.time(0.6), save=POINTS)
    x, time = np.asarray(path.x), np.asarray(path.time)[:, None]

    def family(time):
        return mf.potentials.SteepestFamily(depth, q, BALANCES * np.exp(-q * DECAY * time) * np.ones_like(x))

    drift = [DECAY * depth * y * np.asarray(metric(family(time), y)) for y in (x + STEP, x - STEP)]
    ahead, behind = [np.asarray(metric(family(s), x)) for s in (time + STEP, time - STEP)]
    return {
        "time": time,
        "S": inverse_metric(path.parameters, q),
        "curl": (drift[0] - drift[1] - ahead + behind) / (2 * STEP),
        "dual": mirror_map(family(time), x),
    }


def _curl(case, result, factor):
    curl = factor(case.depth, case.q) * DECAY / result["S"]
    return mf.Comparison(curl, result["curl"], scale=float(np.max(DECAY / result["S"])))


@mf.claim(
    "steepest/refusal-of-two",
    on=decaying_ramp,
    across=True,
    statement=r"L=2: \ S=\sqrt{4|x|^q+\lambda_t^2},\ \lambda_t=\lambda e^{-qA}: \quad"
    r" \partial_x\frac{2\alpha x}{S}-\partial_t\frac1S = \frac{(2-q)\alpha}{S}",
    source=SOURCE,
    status="proved",
    tolerance=mf.tolerance(1e-4, because="derivatives are differences over 1e-4; S is that of factors solved to 1e-8"),
    variables=LETTERS | {"A": r"\int\alpha"},
)
def refusal_of_two(runs, factor=lambda depth, q: 2 - q):
    """At points of the paths; S on the right is that of the factors."""
    return {f"q={case.q:g}": _curl(case, result, factor) for case, result in runs.where(depth=2)}


refusal_of_two.control("zero for every q: a mirror flow", factor=lambda depth, q: 0.0)
refusal_of_two.control("α/S for every q", factor=lambda depth, q: 1.0)


@mf.claim(
    "steepest/decay-and-depth",
    on=decaying_ramp,
    statement=r"\partial_x\frac{\alpha Lx}{S}-\partial_t\frac1S = \frac{(L-q(L-1))\,\alpha}{S}:"
    r" \text{ decoupled decay of unbalanced products commutes iff } m=\frac{q(L-1)}{L}=1",
    source=SOURCE + "; by Euler's identity, S(c^Lx,c^qλ)=c^{q(L−1)}S(x,λ)",
    status="derived here",
    tolerance=mf.tolerance(1e-4, because="derivatives are differences over 1e-4; S is that of factors solved to 1e-8"),
    variables=LETTERS | {"m": "metric exponent"},
    notes="At L=2 this is the page's (2−q)α/S, at q=2 its bracket 2(L−2)∇g. It also decides the row its table leaves"
    " open: L≥3, q<2, decoupled, unbalanced is no mirror flow, except q=L/(L−1).",
)
def decay_and_depth(case, result, factor=lambda depth, q: depth - q * (depth - 1)):
    """At points of the paths; S on the right is that of the factors."""
    return _curl(case, result, factor)


decay_and_depth.control("(2−q)α/S at every depth", factor=lambda depth, q: 2 - q)
decay_and_depth.control("vanishes for q=2 at every depth", factor=lambda depth, q: (2 - q) * depth / 2)


@mf.claim(
    "steepest/decay-at-entropic-exponent",
    on=decaying_ramp,
    across=True,
    statement=r"q=\frac{L}{L-1}: \ d\nabla R_{\lambda_t}(x_t)=-\operatorname{sign}(\nabla f)|\nabla f|^{q-1}dt,"
    r" \quad \lambda_t=\lambda e^{-q\int\alpha} \text{ under decoupled decay}",
    source=SOURCE,
    status="derived here",
    tolerance=mf.tolerance(1e-4, because="the solver's 1e-8 per step"),
    variables=LETTERS | {r"R_\lambda": "the steepest family with balance λ"},
    notes="The time-dependent mirror flow of page 02 (L=2, q=2) is the first of a family: L=3, q=3/2; L=4, q=4/3; …",
)
def entropic(runs, power=lambda depth: depth / (depth - 1)):
    """On a slope of −1 the dual variable of the family at λ_t advances by the time."""
    parts = {}
    for case, result in runs:
        if abs(case.q - power(case.depth)) < 1e-12:
            dual = np.asarray(result["dual"])
            time = np.broadcast_to(result["time"], dual.shape)
            parts[f"L={case.depth}, q={case.q:.4g}"] = mf.Comparison(time, dual - dual[0], unit="time")
    return parts


entropic.control("q=2 at every depth", power=lambda depth: 2.0)
entropic.control("q=1 at every depth", power=lambda depth: 1.0)


@mf.experiment(cases=mf.cases.grid(depth=(2, 3, 4, 6)))
def brackets(case, key):
    """The Lie bracket of ∇‖θ‖² and ∇⟨v,g⟩ for a product at a random point, and ∇⟨v,g⟩ there."""
    product_map = mf.reparameterizations.Hadamard(depth=case.depth)
    keys = jax.random.split(key)
    theta = jax.random.normal(keys[0], (case.depth, COORDINATES))
    weights = jax.random.normal(keys[1], (COORDINATES,))

    @jax.jit
    def bracket(theta):
        def gradient(point):
            return product_map.pull_back(point, weights)

        def penalty(point):
            return 2 * point

        along_penalty = jax.jvp(gradient, (theta,), (penalty(theta),))[1]
        along_gradient = jax.jvp(penalty, (theta,), (gradient(theta),))[1]
        return along_penalty - along_gradient, gradient(theta)

    found, gradient = bracket(theta)
    word = mf.reparameterizations.decay_bracket(product_map, theta, mf.decay.SquaredNorm()).relative
    return {"bracket": found, "gradient": gradient, "relative": word}


@mf.claim(
    "steepest/refusal-of-depth",
    on=brackets,
    statement=r"[\nabla\|\theta\|^2,\nabla g] = 2(L-2)\nabla g \text{ for } g=\prod_{i=1}^L w_i",
    source=SOURCE + "; page 02, general theorem",
    status="proved",
    tolerance=mf.tolerance(1e-12, because="rounding: derivatives are exact"),
    variables=LETTERS,
)
def refusal_of_depth(case, result, factor=lambda depth: 2 * (depth - 2)):
    """By automatic differentiation at a random point; and the relative size that decay_bracket reports, (L−2)/L."""
    gradient = np.asarray(result["gradient"])
    scale = float(np.max(np.abs(gradient)))
    ratio = factor(case.depth) / (2 * case.depth)
    return {
        "bracket": mf.Comparison(factor(case.depth) * gradient, np.asarray(result["bracket"]), scale=scale),
        "relative": mf.Comparison(ratio, float(result["relative"]), scale=1.0),
    }


refusal_of_depth.control("2(L−1)∇g", factor=lambda depth: 2 * (depth - 1))
