"""Page 04 in the plane: where flows of one data set turn, one potential after another."""

import jax.numpy as jnp
import numpy as np

import mirrorflow as mf

from .max_margin import PUBLISHED, VARIABLES, best_of

SIGNED = np.array([[1.2, 0.6], [2.5, -0.3], [1.5, 2.0], [1.3, 1.0]])
LOG_TIMES = np.geomspace(0.1, 1e5, 61)
PLANE = {
    "quadratic": (mf.potentials.Quadratic, 2.0),
    "power 3": (lambda: mf.potentials.Power(3.0), 3.0),
    "entropy": (lambda: mf.potentials.HyperbolicEntropy(0.1), 1.0),
    "cosh": (mf.potentials.Cosh, np.inf),
}


@mf.experiment(cases=mf.cases.grid(potential=tuple(PLANE)), slow=True)
def in_the_plane(case, key):
    """Four samples in two dimensions, from x=0 to log t=1e5."""
    flow = mf.Flow(mf.problems.Classification(SIGNED, np.ones(len(SIGNED))), potential=PLANE[case.potential][0]())
    clock, until, save = mf.clocks.Log(), mf.until.log_time(LOG_TIMES[-1]), mf.clocks.LogTimes(LOG_TIMES)
    return mf.integrate(flow, jnp.zeros(2), clock=clock, until=until, save=save, solver=mf.solvers.ImplicitMirror())


@mf.claim(
    "max-margin/in-the-plane",
    on=in_the_plane,
    statement=r"x_t/\min_i m_i \to \arg\min\{\phi(x) : y_i\langle x,z_i\rangle \ge 1\}",
    source=PUBLISHED + " (characterization)",
    status="published",
    tolerance=mf.tolerance(
        0.02, because="(log t)^{−δ} of hyperbolic entropy, whose slack is ½ here, is 3e-3 at log t=1e5"
    ),
    figure="max-margin-in-the-plane",
    variables=VARIABLES,
)
def reached(case, path, exponent=lambda p: p):
    """The point at log t=1e5, scaled to margin 1, against the convex program's."""
    best = best_of(path, exponent(PLANE[case.potential][1]))
    x = np.asarray(path.x)[-1]
    return mf.Comparison(predicted=best.solution, measured=x / (SIGNED @ x).min(), scale=1.0)


reached.control("another horizon: ℓ2 for all others, ℓ1 for it", exponent=lambda p: 1.0 if p == 2 else 2.0)
