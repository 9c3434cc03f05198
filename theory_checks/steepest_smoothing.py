"""Page 03: the sign map smoothed where it may be, where it may not, and what the smoothing costs."""

import itertools

import diffrax
import equinox as eqx
import jax.numpy as jnp
import numpy as np
import optimistix

import mirrorflow as mf

from .steepest import FEATURES, LETTERS, POINTS, balances, network, regression

SOURCE = "theory page 03, numerics that matter"
WIDTHS = (4e-3, 2e-3, 1e-3, 5e-4, 2.5e-4)


def multiplied(factors):
    """w₁⊙w₂, as a map of which nothing is known but its derivative."""
    return factors[0] * factors[1]


def sign_flow(key, width):
    """Sign flow on two factors and its start; the width is the same at every accuracy."""
    with mf.accuracy(1.0) as factor:
        flow = network(regression(key), 2, 1.0, smoothing=width / factor)
    return flow, flow.lift(x=jnp.full(FEATURES, 0.05), balance=0.3)


@mf.experiment(cases=mf.cases.grid(where=("x", "w"), width=(1e-2, 1e-3)))
def smoothed(case, key):
    """Sign flow on two factors, smoothed in the gradient in x, or in the gradients of the factors."""
    flow, start = sign_flow(key, case.width)
    if case.where == "w":
        unknown = mf.reparameterizations.Custom(multiplied)
        flow = eqx.tree_at(lambda f: f.reparameterization, flow, unknown)
    return mf.integrate(flow, start, until=mf.until.time(1.0), save=POINTS)


def _kept(runs, where):
    parts = {}
    for case, path in runs.where(where=where):
        measured = balances(path, 1.0)
        parts[f"ε={case.width:g}"] = mf.Comparison(np.broadcast_to(measured[0], measured.shape), measured)
    return parts


@mf.claim(
    "steepest/smoothing-in-x",
    on=smoothed,
    across=True,
    statement=r"\dot w_i=-\frac{\partial_xf}{\sqrt{(\partial_xf)^2+\varepsilon^2}}\operatorname{sign}\prod_{j\ne i}w_j"
    r" \text{ keeps } |w_i|-|w_j| \text{ exactly}",
    source=SOURCE,
    status="proved",
    tolerance=mf.tolerance(1e-4, because="the solver's tolerance is 1e-8 per step, over thousands of steps"),
    variables=LETTERS | {r"\varepsilon": "width of the smoothing"},
)
def in_x(runs, where="x"):
    """The balance of 0.3 at all times, in units of itself."""
    return _kept(runs, where)


in_x.control("the gradients of the factors smoothed instead", where="w")


@mf.claim(
    "steepest/smoothing-in-w",
    on=smoothed,
    across=True,
    statement=r"\dot w_i=-\frac{\partial_{w_i}f}{\sqrt{(\partial_{w_i}f)^2+\varepsilon^2}}"
    r" \text{ keeps } |w_i|-|w_j|",
    source=SOURCE + ", which refutes it",
    status="proved",
    expects="refuted",
    tolerance=mf.tolerance(1e-2, because="the drift is of the size of the balance itself at every ε"),
    erratum="Smoothing the product's own gradients breaks $|w_i|-|w_j|$ by $O(1)$; "
    "only $\\partial_xf$ may be smoothed.",
    variables=LETTERS | {r"\varepsilon": "width of the smoothing"},
)
def in_w(runs, where="w"):
    """The balance of 0.3 at all times, in units of itself."""
    return _kept(runs, where)


in_w.control("the gradient in x smoothed", where="x")


@mf.experiment(cases=mf.cases.grid(width=WIDTHS))
def widths(case, key):
    """Sign flow on two factors to its limit and for as long again, at five widths of the smoothing."""
    flow, start = sign_flow(key, case.width)
    path = mf.integrate(flow, start, until=mf.until.time(2.0), save=POINTS, solver=diffrax.Tsit5())
    return {"x": path.x, "steps": path.stats["steps"]}


@mf.claim(
    "steepest/order-of-smoothing",
    on=widths,
    across=True,
    statement=r"\max_t\|x^\varepsilon_t-x^{\varepsilon/2}_t\|_\infty \sim \varepsilon",
    source=SOURCE + " (“report how a result changes as ε→0”)",
    status="open",
    tolerance=mf.tolerance(0.35, because="coordinates begin to slide one by one, which bends the fit"),
    variables=LETTERS | {r"\varepsilon": "width of the smoothing in units of ∇f"},
)
def order_of_smoothing(runs, order=1.0):
    """Fitted to what changes along the path from one width to the next."""
    paths = [np.asarray(result["x"]) for _, result in runs]
    changes = [np.max(np.abs(wide - narrow)) for wide, narrow in itertools.pairwise(paths)]
    fit = mf.observe.fit_exponent(np.asarray(WIDTHS[:-1]), np.asarray(changes))
    note = "changes from width to width: " + ", ".join(f"{change:.2g}" for change in changes)
    return mf.Comparison(order, fit.exponent, scale=1.0, uncertainty=fit.half_width, note=note)


order_of_smoothing.control("second order", order=2.0)


@mf.claim(
    "steepest/steps-of-sliding",
    on=widths,
    across=True,
    statement=r"\text{explicit solvers take } \sim\varepsilon^{-1} \text{ steps along } \partial_if=0",
    source=SOURCE,
    status="heuristic",
    tolerance=mf.tolerance(0.3, because="the way to where it slides takes steps of its own, which bends the fit"),
    variables=LETTERS | {r"\varepsilon": "width of the smoothing in units of ∇f"},
)
def steps(runs, exponent=-1.0):
    """Steps of Tsit5 to the time 2, fitted over a factor of 16 in ε."""
    counts = np.asarray([int(result["steps"]) for _, result in runs], float)
    fit = mf.observe.fit_exponent(np.asarray(WIDTHS), counts)
    note = "steps: " + ", ".join(f"{count:.0f}" for count in counts)
    return mf.Comparison(exponent, fit.exponent, scale=1.0, uncertainty=fit.half_width, note=note)


steps.control("independent of ε", exponent=0.0)


@mf.experiment(cases=mf.cases.grid(solver=("explicit", "implicit", "implicit, frozen Jacobian")), slow=True)
def solvers(case, key):
    """The same sign flow, ε=0.001, with Tsit5, with Kvaerno5 and Newton's method, and with Kvaerno5 as it comes."""
    flow, start = sign_flow(key, 1e-3)
    newton = diffrax.with_stepsize_controller_tols(optimistix.Newton)()
    chosen = {"explicit": diffrax.Tsit5(), "implicit": diffrax.Kvaerno5(root_finder=newton)}
    solver = chosen.get(case.solver, diffrax.Kvaerno5())
    path = mf.integrate(flow, start, until=mf.until.time(2.0), save=POINTS, rtol=1e-6, atol=1e-8, solver=solver)
    return {"x": path.x, "steps": path.stats["steps"]}


@mf.claim(
    "steepest/implicit-slides-faster",
    on=solvers,
    across=True,
    statement=r"\text{along } \partial_if=0 \text{ L-stable implicit solvers need far fewer steps than explicit ones}",
    source=SOURCE,
    status="heuristic",
    tolerance=mf.tolerance(0.0, because="a bound on a count"),
    variables=LETTERS,
    notes="With Newton's method for the stages. The chord iteration that is the solver's default keeps a Jacobian from"
    " the wrong side of the smoothed sign, and most of its steps are rejected.",
)
def implicit(runs, solver="implicit"):
    """Kvaerno5's steps against a tenth of Tsit5's, at the same tolerances."""
    steps = {case.solver: float(result["steps"]) for case, result in runs}
    note = ", ".join(f"{name}: {count:.0f}" for name, count in steps.items())
    return mf.Comparison(0.1 * steps["explicit"], steps[solver], relation="at most", unit="steps", note=note)


implicit.control("with a frozen Jacobian", solver="implicit, frozen Jacobian")
