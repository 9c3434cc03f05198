"""Page 02: decoupled decay of x in a mirror flow regularizes by the balance function Q of its potential."""

import jax
import numpy as np

import mirrorflow as mf

from ._quadrature import Panels
from .regularized import FINE

STRENGTH = 0.5
END = 150.0
PANELS = Panels.graded(1.0, 10.0, END)
# potential, its mirror map and the slope of its Q, from the table on theory page 01
POTENTIALS = {
    "power 3/2": (
        lambda: mf.potentials.Power(1.5),
        lambda x: np.sign(x) * np.sqrt(np.abs(x)),
        lambda x: np.sign(x) * np.sqrt(np.abs(x)) / 2,
    ),
    "hyperbolic entropy": (
        lambda: mf.potentials.HyperbolicEntropy(0.3),
        lambda x: np.arcsinh(x / 0.3),
        lambda x: x / np.hypot(x, 0.3),
    ),
    "hyperbolic-aware": (
        lambda: mf.potentials.HyperbolicAware(2.0),
        lambda x: np.sign(x) * np.log1p(2 * np.abs(x)) / 2,
        lambda x: x / (1 + 2 * np.abs(x)),
    ),
}


@mf.experiment(cases=mf.cases.grid(potential=tuple(POTENTIALS)))
def decays(case, key):
    """Underdetermined regression by a mirror flow with −βx added to ẋ, to rest."""
    made = mf.problems.SparseRegression.sample(key, samples=8, features=12, support=3)
    problem = mf.problems.LinearRegression(made.design / np.sqrt(8), made.target / np.sqrt(8))
    flow = mf.Flow(problem, potential=POTENTIALS[case.potential][0](), decay=mf.decay.Decoupled(STRENGTH))
    start = 0.5 * jax.random.normal(jax.random.fold_in(key, 1), (12,))
    path = mf.integrate(flow, start, until=mf.until.time(END), save=PANELS.times, **FINE)
    return {"path": path, "gradient": jax.vmap(problem.gradient)(path.x)}


@mf.claim(
    "regularized/decay-is-the-balance-function",
    on=decays,
    statement=r"\nabla Q = \nabla^2R\,x:\quad \dot x = -(\nabla^2R)^{-1}\nabla f - \beta x \;\Leftrightarrow\; "
    r"d\nabla R(x) = -\nabla(f + \beta Q)(x)\,dt,\quad x_\infty = \arg\min f+\beta Q",
    source="arXiv:2504.12883; theory page 02 (decay is the balance function)",
    status="proved",
    tolerance=mf.tolerance(
        1e-4, because="∫∇f is a quadrature, and x = z|z| of the power has a kink where it crosses 0"
    ),
    variables={"Q": "R*(∇R(x)), from the table on theory page 01", r"\beta": "strength of the decoupled decay"},
)
def decay_is_the_balance_function(case, run, slope=None):
    """∇R(x_t) against the integral of ∇f+β∇Q by quadrature, and ∇f+β∇Q=0 at the end."""
    _, mirror_map, of_balance = POTENTIALS[case.potential]
    x = np.asarray(run["path"].x)
    total = np.asarray(run["gradient"]) + STRENGTH * (slope or of_balance)(x)
    dual = mirror_map(PANELS.at_edges(x))
    return {
        "mirror flow of f+βQ": mf.Comparison(predicted=dual[0] - PANELS.integral(total), measured=dual, scale=1.0),
        "rest": mf.Comparison(predicted=0.0, measured=total[-1]),
    }


decay_is_the_balance_function.control("½‖x‖² in place of Q", slope=lambda x: x)
