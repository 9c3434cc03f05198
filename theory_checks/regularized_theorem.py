"""Page 02: the general theorem. Which penalties commute, the quadratic case, and the mirror flow itself."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import scipy.linalg
import scipy.optimize

import mirrorflow as mf

from ._quadrature import Panels
from .regularized import (
    BY_QUADRATURE,
    END,
    FINE,
    MASTER,
    OFF,
    PANELS,
    VARIABLES,
    dual,
    problem_and_start,
    scale,
    with_integrals,
)

GENERAL = "arXiv:2504.12883; theory page 02 (general theorem)"


def half_squares(factors):
    """½(‖m‖²+‖w‖²)"""
    return 0.5 * jnp.sum(factors**2)


@mf.experiment(cases=mf.cases.single())
def halved(case, key):
    """The regression of `schedules` with the penalty (α/2)(‖m‖²+‖w‖²), and as the mirror flow of −αθ in the flow."""
    schedule = mf.schedules.switch_off(1.0, at=OFF)
    problem, x = problem_and_start(key)
    product = mf.reparameterizations.Hadamard(depth=2)
    flow = mf.Flow(problem, reparameterization=product, decay=mf.decay.Coupled(schedule, penalty=half_squares))
    start = flow.lift(x=x, balance=1.0)
    ahead = {"until": mf.until.time(END), "save": PANELS.times, **FINE}
    mirror = mf.Flow(problem, reparameterization=product, decay=mf.decay.Decoupled(schedule)).as_mirror_flow(start)
    other = mf.potentials.RegularizedHyperbolicEntropy(mirror.potential.balance, mirror.potential.log_ratio, schedule)
    return {
        **with_integrals(mf.integrate(flow, start, **ahead), schedule),
        "mirror flow": mf.integrate(mirror, x, **ahead),
        "twice the decay": mf.integrate(mf.Flow(problem, potential=other), x, **ahead),
    }


@mf.claim(
    "regularized/half-penalty",
    on=halved,
    statement=r"h = \tfrac12(\|m\|^2+\|w\|^2):\quad m_t^2-w_t^2 = (m_0^2-w_0^2)e^{-2A_t},\quad"
    r"\dot x = -2\sqrt{x^2+\rho_t^2}\,\partial f - 2\alpha_t x,\quad \nabla R_{\rho_t}(x_t) = -\ell_t",
    source=MASTER,
    status="proved",
    tolerance=BY_QUADRATURE,
    variables=VARIABLES,
)
def half_penalty(case, run, exponent=2.0):
    """4A becomes 2A and 4αx becomes 2αx; the three laws of the page with that change."""
    x, strength = np.asarray(run["path"].x), np.asarray(run["strength"])[:, None]
    m, w = np.asarray(run["path"].parameters).swapaxes(0, 1)
    rho = scale(run, exponent=exponent)
    drift = PANELS.integral(-2 * np.hypot(x, rho) * np.asarray(run["gradient"]) - exponent * strength * x)
    integral = PANELS.integral(run["gradient"])
    return {
        "balance": mf.Comparison(predicted=2 * rho, measured=m**2 - w**2),
        "velocity": mf.Comparison(predicted=drift, measured=PANELS.at_edges(x) - x[0], scale=1.0),
        "potential": mf.Comparison(predicted=-integral, measured=PANELS.at_edges(dual(run, rho)), scale=1.0),
    }


half_penalty.control("the exponent of the penalty without ½", exponent=4.0)


@mf.claim(
    "regularized/mirror-flow",
    on=halved,
    statement=r"d\nabla R_{\rho_t}(x_t) = -\nabla f(x_t)\,dt \text{ has the trajectory of } x_t = m_t \odot w_t",
    source=MASTER,
    status="proved",
    tolerance=BY_QUADRATURE,
    variables=VARIABLES,
)
def mirror_flow(case, run, potential="mirror flow"):
    """Two integrations: of the factors, and of the dual variable with `as_mirror_flow`'s family of potentials."""
    return mf.Comparison(predicted=np.asarray(run[potential].x), measured=np.asarray(run["path"].x), scale=1.0)


mirror_flow.control("the family that spends twice the decay", potential="twice the decay")


# --- the quadratic case ----------------------------------------------------------------------------------------------

SIZE, FORMS = 6, 3
QUADRATIC_OFF, QUADRATIC_END = 1.0, 3.0
QUADRATIC_PANELS = Panels.graded(QUADRATIC_OFF, QUADRATIC_END)
LEVELS = (-1.0, -0.5, -0.25, 0.0)  # of a


class HalfForm(eqx.Module):
    """½θᵀBθ"""

    matrix: jax.Array

    def __call__(self, theta):
        return 0.5 * theta @ self.matrix @ theta


def spectra(key):
    """An orthonormal basis, the eigenvalues of the forms A_i in it, and those of B."""
    keys = jax.random.split(key, 3)
    basis = jnp.linalg.qr(jax.random.normal(keys[0], (SIZE, SIZE)))[0]
    return (
        basis,
        jax.random.normal(keys[1], (FORMS, SIZE)),
        jax.random.uniform(keys[2], (SIZE,), minval=0.1, maxval=1.0),
    )


@mf.experiment(cases=mf.cases.single())
def quadratic(case, key):
    """x_i=½θᵀA_iθ with commuting A_i and the penalty ½θᵀBθ; beside it a B that does not commute with the A_i."""
    basis, forms, penalty = spectra(key)
    keys = jax.random.split(jax.random.fold_in(key, 1), 3)
    matrices = jnp.einsum("pk,ik,qk->ipq", basis, forms, basis)
    rotated = jnp.linalg.qr(jax.random.normal(keys[0], (SIZE, SIZE)))[0]
    theta = jax.random.normal(keys[1], (SIZE,))
    form = mf.reparameterizations.QuadraticForm(matrices)
    design = jax.random.normal(keys[2], (FORMS - 1, FORMS))
    problem = mf.problems.LinearRegression(design, design @ form(0.7 * theta[::-1]))
    schedule = mf.schedules.switch_off(1.0, at=QUADRATIC_OFF)
    ahead = {"until": mf.until.time(QUADRATIC_END), "save": QUADRATIC_PANELS.times, **FINE}
    runs = {}
    for name, axes in (("commuting", basis), ("not commuting", rotated)):
        matrix = axes * penalty @ axes.T
        flow = mf.Flow(problem, reparameterization=form, decay=mf.decay.Coupled(schedule, penalty=HalfForm(matrix)))
        path = mf.integrate(flow, theta, **ahead)
        runs[name] = {**with_integrals(path, schedule), "penalty": matrix}
    x = np.asarray(runs["commuting"]["path"].x[:: len(QUADRATIC_PANELS.times) // 4])
    forms, start = np.asarray(forms), np.asarray(theta @ basis)
    for name, sign in (("B ⪰ 0", 1.0), ("B ⪯ 0", -1.0)):
        runs[name] = np.array(
            [[legendre(point, a * sign * np.asarray(penalty), forms, start) for a in LEVELS] for point in x]
        )
    return {**runs, "matrices": matrices}


def legendre(x, decay, forms, start):
    """R_a(x) = max_μ ⟨μ,x⟩ − ¼‖exp(aB+ΣμA)θ₀‖², everything in the common eigenbasis."""

    def parts(mu):
        grown = start**2 * np.exp(2 * (decay + mu @ forms))
        return 0.25 * grown.sum() - mu @ x, 0.5 * forms @ grown - x, forms * grown @ forms.T

    def hessian(mu):
        return parts(mu)[2]

    found = scipy.optimize.minimize(
        lambda mu: parts(mu)[:2],
        np.zeros(FORMS),
        jac=True,
        hess=hessian,
        method="trust-exact",
        options={"gtol": 1e-10},
    )
    return -found.fun


@mf.claim(
    "regularized/quadratic-case",
    on=quadratic,
    statement=r"G_i=\tfrac12\theta^T A_i\theta,\ H=\tfrac12\theta^T B\theta \text{ commuting}:\quad "
    r"x_t = \nabla Q_{a_t}(\mu_t),\quad Q_a(\mu) = \tfrac14 \left\| e^{aB+\sum_i \mu_i A_i}\theta_0 \right\|^2,"
    r"\ a_t=-A_t,\ \mu_t=-\ell_t",
    source=GENERAL,
    status="proved",
    tolerance=BY_QUADRATURE,
    variables={**VARIABLES, "A_i, B": "symmetric matrices, the forms and the penalty"},
)
def quadratic_case(case, runs, penalty="commuting", factor=0.25):
    """∇Q by central differences of its values (error 1e-8), θ and x against the exponential formula."""
    run, times = runs[penalty], slice(None, None, 3)
    mu, spent = -QUADRATIC_PANELS.integral(run["gradient"])[times], QUADRATIC_PANELS.at_edges(run["spent"])[times]
    matrices, matrix = np.asarray(runs["matrices"]), np.asarray(run["penalty"])
    theta, x = (QUADRATIC_PANELS.at_edges(part)[times] for part in (run["path"].parameters, run["path"].x))

    def moved(a, at):
        return scipy.linalg.expm(a * matrix + np.tensordot(at, matrices, 1)) @ theta[0]

    def slope(a, at):
        steps = 1e-4 * np.eye(FORMS)
        return [factor * (np.sum(moved(a, at + s) ** 2) - np.sum(moved(a, at - s) ** 2)) / 2e-4 for s in steps]

    return {
        "parameters": mf.Comparison(
            predicted=np.array([moved(-a, at) for a, at in zip(spent, mu, strict=True)]), measured=theta
        ),
        "predictor": mf.Comparison(
            predicted=np.array([slope(-a, at) for a, at in zip(spent, mu, strict=True)]), measured=x
        ),
    }


quadratic_case.control("a penalty that does not commute with the forms", penalty="not commuting")
quadratic_case.control("½ in place of ¼", factor=0.5)


@mf.claim(
    "regularized/contracting",
    on=quadratic,
    statement=r"B \succeq 0 \;\Rightarrow\; a \mapsto R_a(x) \text{ decreases, } R_a = Q_a^*",
    source=GENERAL,
    status="proved",
    tolerance=mf.tolerance(1e-8, because="R is the value of a maximum that Newton's method finds to 1e-10"),
)
def contracting(case, runs, penalty="B ⪰ 0"):
    """R_a by a numerical Legendre transform at points of the path, for a from −1 to 0."""
    values = runs[penalty]
    return mf.Comparison(
        predicted=0.0, measured=np.diff(values, axis=1), relation="at most", scale=np.abs(values).max()
    )


contracting.control("a negative semi-definite B", penalty="B ⪯ 0")


# --- which penalties are admissible ----------------------------------------------------------------------------------

MAPS = {
    **{f"product of {depth}": (mf.reparameterizations.Hadamard(depth), depth) for depth in (2, 3, 4, 5)},
    **{f"u^{power}-v^{power}": (mf.reparameterizations.PowerDifference(power), power) for power in (2, 4, 6)},
}


def lie(penalty, function, theta):
    """[∇h, ∇g] = ∇²g∇h − ∇²h∇g, and the sizes of its two terms."""
    along = jax.jvp(jax.grad(function), (theta,), (jax.grad(penalty)(theta),))[1]
    back = jax.jvp(jax.grad(penalty), (theta,), (jax.grad(function)(theta),))[1]
    return {"bracket": along - back, "size": jnp.linalg.norm(along) + jnp.linalg.norm(back)}


@eqx.filter_jit
def lies(penalties, function, theta):
    """The gradient of g, and its bracket with each penalty."""
    return {"gradient": jax.grad(function)(theta), **{name: lie(h, function, theta) for name, h in penalties.items()}}


@mf.experiment(cases=mf.cases.grid(map=tuple(MAPS)))
def brackets(case, key):
    """The bracket of a penalty h with one coordinate g of the map, by automatic differentiation at a random point."""
    function, degree = MAPS[case.map]
    theta = jax.random.uniform(key, (degree if case.map.startswith("product") else 2,), minval=0.5, maxval=1.5)
    penalties = {"squares": mf.decay.SquaredNorm(), "powers": mf.decay.PowerSum(float(degree))}
    return {"degree": degree, **lies(penalties, function, theta)}


@mf.claim(
    "regularized/bracket-of-squares",
    on=brackets,
    statement=r"[\nabla \|\theta\|^2, \nabla g] = 2(L-2)\nabla g \text{ for } g=\prod_{i=1}^L w_i "
    r"\text{ and } g=u^L-v^L:\text{ L2 commutes only for } L=2",
    source=GENERAL,
    status="proved",
    tolerance=mf.tolerance(1e-12, because="automatic differentiation of polynomials is exact to rounding"),
)
def bracket_of_squares(case, run, missing=2):
    """Degrees 2 to 6."""
    found = run["squares"]
    predicted = 2 * (run["degree"] - missing) * run["gradient"]
    return mf.Comparison(predicted=predicted, measured=found["bracket"], scale=found["size"])


bracket_of_squares.control("2(L−1)∇g, the bracket without the penalty's own part", missing=1)


@mf.claim(
    "regularized/admissible-penalty",
    on=brackets,
    across=True,
    statement=r"[\nabla h, \nabla g] = 0 \text{ for } g=u^{2k}-v^{2k},\ h=u^{2k}+v^{2k}",
    source=GENERAL,
    status="proved",
    tolerance=mf.tolerance(1e-12, because="automatic differentiation of polynomials is exact to rounding"),
)
def admissible_penalty(runs, penalty="powers"):
    """k = 1, 2, 3."""
    found = {case.map: run[penalty] for case, run in runs if case.map.startswith("u")}
    return {
        name: mf.Comparison(predicted=0.0, measured=one["bracket"], scale=one["size"]) for name, one in found.items()
    }


admissible_penalty.control("‖θ‖², which commutes for k=1 only", penalty="squares")
