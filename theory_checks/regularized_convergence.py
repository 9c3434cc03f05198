"""Page 02: convergence, for quasi-convex losses while the decay spent is finite, and once decay is switched off."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

import mirrorflow as mf

from .regularized import OFF, VARIABLES, dual, scale
from .regularized_rates import CONVERGENCE, rates

SAMPLES, FEATURES = 4, 8
END = 400.0


class Saturating(eqx.Module):
    """1 − (1+‖Ax−b‖²)^{−½}: quasi-convex, and not convex where ‖Ax−b‖² > ½."""

    design: jax.Array
    target: jax.Array

    def __call__(self, x):
        """f(x)"""
        return 1 - (1 + jnp.sum((self.design @ x - self.target) ** 2)) ** -0.5


EXPONENTS = {"finite": 3.0, "infinite": 0.0}


@mf.experiment(cases=mf.cases.grid(spending=tuple(EXPONENTS)))
def saturating(case, key):
    """A quasi-convex loss of four samples and eight features on m⊙w, with decay 0.3/(1+t)³, or 0.3 for ever."""
    keys = jax.random.split(key)
    design = jnp.linalg.qr(jax.random.normal(keys[0], (FEATURES, SAMPLES)))[0].T
    direction = jax.random.normal(keys[1], (SAMPLES,))
    target = 2 * direction / jnp.linalg.norm(direction)
    decay = mf.decay.Coupled(mf.schedules.Power(0.3, exponent=EXPONENTS[case.spending], timescale=1.0))
    problem = mf.problems.Objective(Saturating(design, target), FEATURES)
    flow = mf.Flow(problem, reparameterization=mf.reparameterizations.Hadamard(depth=2), decay=decay)
    start = flow.lift(x=jnp.zeros(FEATURES), balance=1.0)
    times = np.append(0.0, np.geomspace(0.1, END, 100))
    path = mf.integrate(flow, start, until=mf.until.time(END), save=times)
    residual = np.linalg.norm(np.asarray(path.x) @ np.asarray(design).T - np.asarray(target), axis=1)
    return {"path": path, "gradient": problem.gradient(path.x[-1]), "residual": residual}


@mf.claim(
    "regularized/quasi-convex-convergence",
    on=saturating,
    across=True,
    statement=r"f \text{ quasi-convex},\ \textstyle\int_0^\infty\alpha < \infty:\quad x_t \to x_\infty,\ "
    r"\nabla f(x_\infty) = 0",
    source=CONVERGENCE,
    status="published",
    tolerance=mf.tolerance(1e-4, because="at t=200 the decay has 4e-6 left to spend, and 2e-8 is left of it at t=400"),
    variables=VARIABLES,
    notes="f = 1−(1+‖Ax−b‖²)^{−1/2}, from where it is not convex.",
    figure="convergence",
)
def quasi_convex(runs, spending="finite"):
    """The gradient at t=400, how far x moved since t=200, and that the start is where the loss is not convex."""
    run = runs.only(spending=spending)
    x, late = np.asarray(run["path"].x), np.asarray(run["path"].time) >= END / 2
    return {
        "∇f(x) = 0": mf.Comparison(predicted=0.0, measured=np.asarray(run["gradient"]), scale=1.0),
        "x has settled": mf.Comparison(predicted=0.0, measured=x[late] - x[-1], scale=1.0),
        "not convex at first": mf.Comparison(predicted=0.5, measured=run["residual"][0] ** 2, relation="at least"),
    }


quasi_convex.control("decay for ever, ∫α infinite", spending="infinite")


@mf.claim(
    "regularized/limit-after-switch-off",
    on=rates,
    across="decay",
    statement=r"\alpha_t = 0 \text{ for } t \ge T,\ f \text{ convex}:\quad \lim_{t\to\infty} x_t \text{ exists, and "
    r"} \nabla R_{\rho_T}(x_\infty) \in \mathrm{range}(A^T)",
    source="arXiv:2504.12883, existence of a limit (contracting families); theory page 02 (convergence and optimality)",
    status="published",
    tolerance=mf.tolerance(1e-5, because="what is left to go falls as e^{−0.48 t}, to 2e-6 at t=27"),
    variables={**VARIABLES, "T": "end of the decay"},
    figure="rates",
)
def after_switch_off(runs, since=OFF):
    """Regression with many minimizers: how far x moves after t=27, the loss there, and which of them it comes to."""
    run = runs.only(decay="switched off")
    path, time = run["path"], np.asarray(run["path"].time)
    x, rho = np.asarray(path.x), scale(run)[np.argmax(time >= since)]
    gradient, (basis, _) = dual(run, rho)[-1], np.linalg.qr(np.asarray(path.flow.problem.design).T)
    return {
        "x has settled": mf.Comparison(predicted=0.0, measured=x[time >= 27.0] - x[-1], scale=1.0),
        "the loss is 0": mf.Comparison(predicted=0.0, measured=path.loss[-1], scale=1.0),
        "∇R in the range of Aᵀ": mf.Comparison(
            predicted=0.0, measured=np.linalg.norm(gradient - basis @ (basis.T @ gradient)), scale=1.0
        ),
    }


after_switch_off.control("the potential of the start, R_{ρ₀}", since=0.0)
