"""Page 02: what decay does to the range, for u^{2k}−v^{2k} and for log u − log v."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

import mirrorflow as mf

from ._quadrature import Panels
from .regularized import BY_QUADRATURE, FINE

RANGE = "arXiv:2504.12883, range shrinking; theory page 02 (lasting effects)"
COORDINATES = 3
WITHIN = Panels.graded(0.25, 1.0)
POINTS = len(WITHIN.times)
ALL_BUT = 0.98  # of the time to a blow-up is saved evenly, then its last point


class Pull(eqx.Module):
    """⟨slope, x⟩ + ½·curvature·‖x−centre‖²"""

    slope: jax.Array
    curvature: jax.Array
    centre: jax.Array

    def __call__(self, x):
        return self.slope @ x + 0.5 * self.curvature * jnp.sum((x - self.centre) ** 2)


def pulled(slope=0.0, curvature=0.0, centre=0.0):
    """A problem in three coordinates whose numbers are traced."""
    slope, centre = (jnp.asarray(part, float) * jnp.ones(COORDINATES) for part in (slope, centre))
    return mf.problems.Objective(Pull(slope, jnp.asarray(float(curvature)), centre), COORDINATES)


# --- u^{2k} − v^{2k} -------------------------------------------------------------------------------------------------


def powers_flow(k, problem, strength):
    """x=u^{2k}−v^{2k} with the penalty that commutes, Σu^{2k}+v^{2k}."""
    decay = mf.decay.Coupled(strength, penalty=mf.decay.PowerSum(2.0 * k))
    return mf.Flow(problem, reparameterization=mf.reparameterizations.PowerDifference(2 * k), decay=decay)


@mf.experiment(cases=mf.cases.grid(k=(2, 3), strength=(0.0, 0.5)))
def powers(case, key):
    """A quadratic loss on u^{2k}−v^{2k}, with and without decay."""
    problem = pulled(curvature=1.0, centre=jax.random.normal(key, (COORDINATES,)))
    start = jax.random.uniform(jax.random.fold_in(key, 1), (2, COORDINATES), minval=0.5, maxval=0.8)
    path = mf.integrate(
        powers_flow(case.k, problem, case.strength), start, until=mf.until.time(1.0), save=WITHIN.times, **FINE
    )
    return {"path": path, "gradient": jax.vmap(problem.gradient)(path.x)}


@mf.claim(
    "regularized/powers-closed-form",
    on=powers,
    statement=r"u = \left[u_0^{2-2k} + 4k(k-1)(\ell+A)\right]^{-1/(2k-2)},\quad "
    r"v = \left[v_0^{2-2k} + 4k(k-1)(-\ell+A)\right]^{-1/(2k-2)}",
    source=RANGE,
    status="proved",
    tolerance=BY_QUADRATURE,
    variables={r"\ell": "∫₀ᵗ∂f", "A": "∫₀ᵗα"},
)
def powers_closed_form(case, run, sign=1.0):
    """Between the brackets, u^{2−2k} and v^{2−2k}, ℓ by quadrature; the penalty is Σu^{2k}+v^{2k}."""
    integral, spent = WITHIN.integral(run["gradient"]), sign * case.strength * WITHIN.edges[:, None]
    brackets = WITHIN.at_edges(run["path"].parameters) ** (2 - 2 * case.k)
    added = 4 * case.k * (case.k - 1) * np.stack([spent + integral, spent - integral], axis=1)
    return mf.Comparison(predicted=brackets[0] + added, measured=brackets)


powers_closed_form.control("decay taken off the brackets instead of added", sign=-1.0)

START = 0.7


def time_of_blow_up(k, strength, sign=1.0):
    """Where the bracket u₀^{2−2k} + 4k(k−1)(−t + sign·αt) of the loss −x is 0."""
    return START ** (2 - 2 * k) / (4 * k * (k - 1) * (1 - sign * strength))


@mf.experiment(cases=mf.cases.grid(k=(2, 3), strength=(0.0, 0.25, 0.5)), ends="any")
def blow_up(case, key):
    """The loss −x on u^{2k}−v^{2k} from u₀=v₀=0.7, until u is infinite."""
    saves = np.linspace(0.0, ALL_BUT * time_of_blow_up(case.k, case.strength), POINTS)
    flow, start = powers_flow(case.k, pulled(slope=-1.0), case.strength), jnp.full((2, COORDINATES), START)
    return mf.integrate(flow, start, until=mf.until.time(2.0), save=saves, **FINE)


@mf.claim(
    "regularized/blow-up-delayed",
    on=blow_up,
    statement=r"f=-x:\quad u \to \infty \text{ at } t = \frac{u_0^{2-2k}}{4k(k-1)(1-\alpha)}\quad"
    r"(k=2,\ u_0=0.7:\ .2551 \text{ for } \alpha=0,\ .5102 \text{ for } \alpha=\tfrac12)",
    source=RANGE,
    status="proved",
    tolerance=mf.tolerance(1e-6, because="the last step before the blow-up ends within rounding of it"),
    figure="range",
)
def blow_up_delayed(case, path, sign=1.0):
    """The last time that the integrator reaches, and that its status says so."""
    predicted = np.where(sign * case.strength < 1, time_of_blow_up(case.k, case.strength, sign), np.inf)
    return {
        "time": mf.Comparison(predicted=predicted, measured=path.time[-1]),
        "words": mf.Comparison(predicted="blew up", measured=str(path.status)[:7]),
    }


blow_up_delayed.control("decay brings it forward", sign=-1.0)


@mf.claim(
    "regularized/printed-range",
    on=blow_up,
    statement=r"u^{2k}-v^{2k}:\quad \text{dual domain}\ "
    r"\left(-\tfrac{v_0^{2-2k}}{4k(k-1)}+A,\ \tfrac{u_0^{2-2k}}{4k(k-1)}-A\right) \text{ shrinks with decay}",
    source="arXiv:2504.12883, range shrinking, as published; theory page 02 (lasting effects)",
    status="printed",
    expects="refuted",
    tolerance=mf.tolerance(1e-6, because="the last step before the blow-up ends within rounding of it"),
    erratum=r"For $u^{2k}-v^{2k}$ the dual domain is said to shrink with decay. It grows: it is "
    r"$(-(v_0^{2-2k}/4k(k-1)+A),\ u_0^{2-2k}/4k(k-1)+A)$, and decay delays the blow-up ($k=2$, $u_0=0.7$, $f=-x$: from "
    r"0.2551 to 0.5102 for $\alpha=\frac12$). What shrinks is the $x$ that a bounded dual can reach.",
    variables={"A": "∫₀ᵗα"},
    figure="range",
)
def printed_range(case, path, sign=-1.0):
    """The dual at the blow-up, which is −ℓ=t for the loss −x, is the end of the domain then."""
    time, first = np.asarray(path.time[-1]), START ** (2 - 2 * case.k) / (4 * case.k * (case.k - 1))
    return mf.Comparison(predicted=first + sign * case.strength * time, measured=time, scale=first)


printed_range.control("it grows with decay", sign=1.0)

DUAL = 0.15  # of the two ends of the domain without decay, .2551 for k=2 and .1735 for k=3


@mf.experiment(cases=mf.cases.grid(k=(2, 3), strength=(0.0, 0.5, 1.0, 2.0)))
def reach(case, key):
    """The loss −x on u^{2k}−v^{2k} until the dual is 0.15: how far x has come."""
    flow, start = powers_flow(case.k, pulled(slope=-1.0), case.strength), jnp.full((2, COORDINATES), START)
    return mf.integrate(flow, start, until=mf.until.time(DUAL), save=np.linspace(0.0, DUAL, POINTS), **FINE)


def reached(k, spent):
    """x where the dual is 0.15 after this decay, from u₀=v₀=0.7."""
    power, rate = 2 - 2 * k, 4 * k * (k - 1)
    # A bracket that a wrong sign makes negative is no flow's; its size stands in, so that a number is refuted.
    brackets = [START**power + rate * (spent + dual) for dual in (-DUAL, DUAL)]
    return np.abs(brackets[0]) ** (2 * k / power) - np.abs(brackets[1]) ** (2 * k / power)


@mf.claim(
    "regularized/reachable-shrinks",
    on=reach,
    across="strength",
    statement=r"\text{the } x \text{ reached with } |\ell| \le E \text{ falls with the decay spent:}\quad "
    r"x = \left[u_0^{2-2k}+c(A-E)\right]^{-k/(k-1)} - \left[v_0^{2-2k}+c(A+E)\right]^{-k/(k-1)},\ c=4k(k-1)",
    source=RANGE,
    status="proved",
    tolerance=mf.tolerance(1e-6, because="the solver's tolerance is 1e-9 per step, of an x that grows fast"),
    figure="range",
)
def reachable_shrinks(runs, sign=1.0):
    """E=0.15, A=α·0.15 for four strengths α."""
    predicted = reached(runs[0].case.k, sign * DUAL * np.array([case.strength for case, _ in runs]))
    measured = np.array([path.x[-1, 0] for _, path in runs])
    return {
        "closed form": mf.Comparison(predicted=predicted, measured=measured),
        "falls": mf.Comparison(predicted=0.0, measured=sign * np.diff(measured), relation="at most"),
    }


reachable_shrinks.control("the sign of the published range", sign=-1.0)


# --- log u − log v ---------------------------------------------------------------------------------------------------

FIRST, SECOND = 1.0, 0.8
LOGS = Panels.graded(0.5, 1.0)
PULLS = {"down": {"slope": 1.0}, "up": {"slope": -1.0}, "to a point": {"curvature": 1.0, "centre": 0.5}}


def log_ratio(theta):
    """log u − log v"""
    return jnp.log(theta[0]) - jnp.log(theta[1])


def sum_of_logs(theta):
    """Σ log u + log v"""
    return jnp.sum(jnp.log(theta))


def end_of_logs(pull, strength, sign=1.0):
    """Where u²=u₀²−2ℓ−2A or v²=v₀²+2ℓ−2A is 0, with |ℓ|=t under a linear pull; both together at a point of rest."""
    if pull == "to a point":
        return (FIRST**2 + SECOND**2) / (4 * sign * strength)
    return (FIRST if pull == "down" else SECOND) ** 2 / (2 * (1 + sign * strength))


@mf.experiment(
    cases=mf.cases.grid(pull=("down", "up"), strength=(0.0, 0.2)) + mf.cases.single(pull="to a point", strength=0.2),
    ends="any",
)
def logarithms(case, key):
    """log u − log v from (1, 0.8) with the penalty Σ log u + log v, until u or v is 0."""
    problem = pulled(**PULLS[case.pull])
    decay = mf.decay.Coupled(case.strength, penalty=sum_of_logs)
    flow = mf.Flow(problem, reparameterization=mf.reparameterizations.Custom(log_ratio), decay=decay)
    start = jnp.stack([jnp.full(COORDINATES, FIRST), jnp.full(COORDINATES, SECOND)])
    last = ALL_BUT * end_of_logs(case.pull, case.strength)
    path = mf.integrate(flow, start, until=mf.until.time(10.0), save=LOGS.times * last, **FINE)
    gradient = jax.vmap(problem.gradient)(path.x[:POINTS])
    return {"path": path, "integral": last * LOGS.integral(gradient), "x": LOGS.at_edges(path.x[:POINTS])}


@mf.claim(
    "regularized/log-potential",
    on=logarithms,
    statement=r"x=\log u-\log v,\ h=\log u+\log v,\ a=-A:\quad -\ell_t = R_a'(x_t) = "
    r"\tfrac12\left[(u_0^2+v_0^2+4a)\,\sigma(2x_t) - u_0^2 - 2a\right]",
    source="arXiv:2504.12883; theory pages 01 (table of reparameterizations) and 02",
    status="published",
    tolerance=BY_QUADRATURE,
    variables={r"\sigma": "the logistic function", r"\ell": "∫₀ᵗ∂f", "A": "∫₀ᵗα"},
    figure="range",
)
def log_potential(case, run, sign=-1.0):
    """Up to 98 % of the time to the end, ℓ by quadrature."""
    level = sign * case.strength * LOGS.at_edges(run["path"].time[:POINTS])[:, None]
    share = 1 / (1 + np.exp(-2 * np.asarray(run["x"])))
    predicted = 0.5 * ((FIRST**2 + SECOND**2 + 4 * level) * share - FIRST**2 - 2 * level)
    return mf.Comparison(predicted=predicted, measured=-np.asarray(run["integral"]), scale=1.0)


log_potential.control("a = +A", sign=1.0)


@mf.claim(
    "regularized/log-domain",
    on=logarithms,
    statement=r"\log u-\log v:\quad \text{dual domain } \left(-\tfrac{u_0^2}{2}-a,\ \tfrac{v_0^2}{2}+a\right),\ a=-A,"
    r"\text{ shrinks and is empty from } a=-\tfrac14(u_0^2+v_0^2) \text{ on}",
    source=RANGE,
    status="published",
    tolerance=mf.tolerance(1e-6, because="the last step before the end is within rounding of it"),
    variables={"A": "∫₀ᵗα"},
    figure="range",
)
def log_domain(case, run, sign=1.0):
    """Where the flow ends: under a linear pull at one end of the domain, near a point of rest when it is empty."""
    return mf.Comparison(predicted=end_of_logs(case.pull, case.strength, sign), measured=run["path"].time[-1])


log_domain.control("a domain that grows", sign=-1.0)
