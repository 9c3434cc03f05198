"""Page 03: the balance of a product's factors, and the mirror flow it makes of steepest flow on a regression."""

import jax.numpy as jnp
import numpy as np

import mirrorflow as mf

mf.claims.paper("2603.02064", "Never Saddle for Reparameterized Steepest Descent as Mirror Flow")

SOURCE = "arXiv:2603.02064; theory page 03, balance"
DEPTHS, POWERS = (2, 3, 4), (1.0, 1.5, 2.0)
SAMPLES, FEATURES, SUPPORT = 6, 10, 2
POINTS = 41
SMOOTHING = 1e-2  # of gradients of size 10; a tenth of it in the finer runs
OFF = 0.5  # when decays are switched off
LETTERS = {
    "w_i": "the factors of x",
    "q": "exponent of the steepest flow",
    r"\alpha": "strength of the decay",
    "L": "number of factors",
}


def network(problem, depth: int, q: float, decay=None, smoothing: float = SMOOTHING) -> mf.Flow:
    """Steepest flow on x=∏w_i; no decay is one of strength 0, so that it shares its compiled program."""
    return mf.Flow(
        problem,
        reparameterization=mf.reparameterizations.Hadamard(depth=depth),
        geometry=mf.geometries.Steepest(q=q, smoothing=smoothing),
        decay=mf.decay.Decoupled(mf.schedules.switch_off(0.0, at=OFF)) if decay is None else decay,
    )


def regression(key):
    """Six samples of ten features, two of them in the support."""
    return mf.problems.SparseRegression.sample(key, samples=SAMPLES, features=FEATURES, support=SUPPORT)


def balances(path, power: float) -> np.ndarray:
    """|w_i|^power − |w_L|^power for i<L, shape (points, L−1, features)."""
    sizes = np.abs(np.asarray(path.parameters)) ** power
    return sizes[:, :-1] - sizes[:, -1:]


@mf.experiment(cases=mf.cases.grid(depth=DEPTHS, q=POWERS), full=mf.cases.grid(depth=(5,), q=(1.0, 1.25, 2.0)))
def networks(case, key):
    """Diagonal networks with one small factor on an underdetermined sparse regression, no decay."""
    flow = network(regression(key), case.depth, case.q)
    start = flow.lift(x=jnp.full(FEATURES, 0.05), balance=0.3)
    return mf.integrate(flow, start, until=mf.until.time(1.0), save=POINTS)


@mf.claim(
    "steepest/balance",
    on=networks,
    statement=r"|w_i|^q - |w_j|^q \text{ is constant along the flow}",
    source=SOURCE,
    status="proved",
    tolerance=mf.tolerance(1e-4, because="the solver's tolerance is 1e-8 per step; the smoothing does not enter"),
    variables=LETTERS,
)
def balance(case, path, power=lambda q: q):
    """All factors against the last, at all times, relative to the balance of 0.3."""
    measured = balances(path, power(case.q))
    return mf.Comparison(np.broadcast_to(measured[0], measured.shape), measured)


balance.control("exponent too large by ½", power=lambda q: q + 0.5)
balance.control("squares for every q", power=lambda q: 2.0)


@mf.experiment(cases=mf.cases.grid(depth=DEPTHS, q=POWERS))
def decaying(case, key):
    """The same networks with decoupled decay 0.8 that is switched off at t=0.5."""
    decay = mf.decay.Decoupled(mf.schedules.switch_off(0.8, at=OFF))
    flow = network(regression(key), case.depth, case.q, decay)
    start = flow.lift(x=jnp.full(FEATURES, 0.05), balance=0.3)
    return mf.integrate(flow, start, until=mf.until.time(1.0), save=POINTS)


@mf.claim(
    "steepest/balance-decoupled",
    on=decaying,
    statement=r"|w_i|^q - |w_j|^q = (\text{initial})\, e^{-q\int\alpha} \text{ under decoupled decay}",
    source=SOURCE,
    status="proved",
    tolerance=mf.tolerance(2e-5, because="the solver's tolerance is 1e-8 per step, over some hundreds of them"),
    variables=LETTERS,
)
def balance_decoupled(case, path, rate=lambda q: q):
    """∫α grows to 0.4 at t=0.5 and stays there."""
    measured = balances(path, case.q)
    total = 0.8 * np.minimum(np.asarray(path.time), OFF)
    predicted = np.exp(-rate(case.q) * total)[:, None, None] * measured[0]
    return mf.Comparison(predicted, measured)


balance_decoupled.control("e^{−2∫α} for every q", rate=lambda q: 2.0)
balance_decoupled.control("e^{−∫α} for every q", rate=lambda q: 1.0)


@mf.experiment(cases=mf.cases.grid(depth=(2, 3), q=POWERS, decay=("coupled", "decoupled")))
def two_decays(case, key):
    """Coupled(0.4) and Decoupled(0.8), the same flow at q=2, both switched off at t=0.5."""
    if case.decay == "coupled":
        decay = mf.decay.Coupled(mf.schedules.switch_off(0.4, at=OFF))
    else:
        decay = mf.decay.Decoupled(mf.schedules.switch_off(0.8, at=OFF))
    flow = network(regression(key), case.depth, case.q, decay)
    start = flow.lift(x=jnp.full(FEATURES, 0.05), balance=0.3)
    return mf.integrate(flow, start, until=mf.until.time(1.0), save=POINTS)


def _decayed(path, q):
    """(predicted, measured) of the law for decoupled decay, at all times."""
    measured = balances(path, q)
    total = 0.8 * np.minimum(np.asarray(path.time), OFF)
    return np.exp(-q * total)[:, None, None] * measured[0], measured


@mf.claim(
    "steepest/balance-coupled-at-2",
    on=two_decays,
    across=True,
    statement=r"q=2: \ |w_i|^2-|w_j|^2 = (\text{initial})\, e^{-4\int\alpha} \text{ under coupled decay } \alpha",
    source=SOURCE,
    status="proved",
    tolerance=mf.tolerance(1e-4, because="the solver's tolerance is 1e-8 per step"),
    variables=LETTERS,
)
def coupled_at_two(runs, q=2.0):
    """Coupled(α) is Decoupled(2α) for gradient flow."""
    return {
        f"L={case.depth}": mf.Comparison(*_decayed(path, case.q)) for case, path in runs.where(q=q, decay="coupled")
    }


coupled_at_two.control("the same law at q=3/2", q=1.5)


@mf.claim(
    "steepest/balance-coupled-below-2",
    on=two_decays,
    across=True,
    statement=r"q<2: \ |w_i|^q-|w_j|^q = (\text{initial})\, e^{-q\int\alpha} \text{ under coupled decay}",
    source=SOURCE,
    status="proved",
    expects="refuted",
    tolerance=mf.tolerance(1e-3, because="far above what the solver does, far below what the decay does"),
    erratum="For $q<2$ the law $|w_i|^q-|w_j|^q=(\\text{initial})e^{-q\\int\\alpha}$ holds for decoupled decay only.",
    notes="The page says so itself: for q<2 the balance law is one of decoupled decay.",
    variables=LETTERS,
)
def coupled_below_two(runs, decay="coupled"):
    """The law of decoupled decay, asserted of coupled decay."""
    return {
        f"L={case.depth}, q={case.q:g}": mf.Comparison(*_decayed(path, case.q))
        for case, path in runs.where(decay=decay)
        if case.q < 2
    }


coupled_below_two.control("decoupled decay on the same problems", decay="decoupled")


@mf.experiment(
    cases=mf.cases.grid(depth=DEPTHS, q=POWERS, start=("one small factor",))
    + mf.cases.grid(depth=(2, 3), q=POWERS, start=("balanced",))
)
def twins(case, key):
    """A network, the mirror flow that as_mirror_flow says it is, and that of a larger balance or without the decay."""
    small = case.start == "one small factor"
    x0 = np.linspace(-0.1, 0.1, FEATURES) if small else np.full(FEATURES, 0.5)
    end = mf.until.time(1.0 if small else 0.2)

    def mirror(balance, decay):
        decoupled = mf.decay.Decoupled(mf.schedules.switch_off(decay, at=OFF))  # after the balanced runs' end
        flow = network(regression(key), case.depth, case.q, None if small else decoupled)
        start = flow.lift(x=x0, balance=balance)
        return mf.integrate(flow.as_mirror_flow(start), x0, until=end, save=POINTS), flow, start

    own, flow, start = mirror(0.3 if small else 0.0, 0.5)
    other, _, _ = mirror(0.4 if small else 0.0, 0.25)
    return {"network": mf.integrate(flow, start, until=end, save=POINTS), "mirror": own, "another mirror": other}


@mf.claim(
    "steepest/mirror-flow",
    on=twins,
    statement=r"x_t=\prod_i w_i \text{ is the mirror flow } "
    r"d\nabla R(x)=-\operatorname{sign}(\nabla f)|\nabla f|^{q-1}dt"
    r"-\alpha\nabla M\,dt, \quad R''=\frac1S",
    source="arXiv:2603.02064; theory page 03, the induced mirror flow, and its table (rows 1–3 and 6)",
    status="proved",
    tolerance=mf.tolerance(1e-4, because="two solutions to 1e-8 per step; both smooth the sign alike"),
    variables=LETTERS | {"M": r"decay's potential, \nabla M=R''Lx; \alpha=0 for the starts with one small factor"},
)
def same_path(case, result, mirror="mirror"):
    """x from the factors and x from the potential, at all times."""
    return mf.Comparison(np.asarray(result[mirror].x), np.asarray(result["network"].x))


same_path.control("the potential of a balance of 0.4 for 0.3, or half the decay", mirror="another mirror")
