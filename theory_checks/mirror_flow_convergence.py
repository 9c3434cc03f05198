"""Page 01: convergence of mirror flow to critical points, and what the condition on the domain is for."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

import mirrorflow as mf

from ._side_by_side import SideBySide
from .mirror_flow import EXPLICIT

CONVERGENCE = "arXiv:2207.04036; theory page 01 (convergence)"
SIZE = 6
LOSSES = ("convex", "quasi-convex", "flat on a sphere")
POTENTIALS = {
    "negative entropy": mf.potentials.NegativeEntropy,
    "entropy": lambda: mf.potentials.HyperbolicEntropy(0.5),
}
TIMES = np.append(0.0, np.geomspace(0.1, 300.0, 40))

EARLY = np.append(0.0, np.geomspace(0.1, 30.0, 40))


class Quasiconvex(eqx.Module):
    """f(x) = Σ_k φ_k(s_k), s_k=‖B(x_k−c_k)‖² for each part, φ increasing: s, s/(1+s) or ∫|s−1|."""

    matrix: np.ndarray
    centres: np.ndarray

    def __call__(self, x):
        """f(x)"""
        away = (x.reshape(-1, SIZE) - self.centres) @ jnp.asarray(self.matrix).T
        s = jnp.sum(away**2, axis=1).reshape(-1, len(LOSSES))
        flat = jnp.where(s[:, 2] < 1, s[:, 2] - s[:, 2] ** 2 / 2, s[:, 2] ** 2 / 2 - s[:, 2] + 1)
        return jnp.sum(s[:, 0] + s[:, 1] / (1 + s[:, 1]) + flat)


@mf.experiment(cases=mf.cases.single())
def landing(case, key):
    """Three losses and two potentials side by side, centres inside the domain, from outside the sphere."""
    keys = jax.random.split(key, 3)
    matrix = np.asarray(jax.random.normal(keys[0], (4, SIZE))) / 2
    centres = 0.5 + np.asarray(jax.random.uniform(keys[1], (len(POTENTIALS) * len(LOSSES), SIZE)))
    problem = mf.problems.Objective(Quasiconvex(matrix, centres), centres.size)
    flow = mf.Flow(problem, potential=SideBySide(tuple(make() for make in POTENTIALS.values())))
    start = centres + 1.0 + 2.0 * np.asarray(jax.random.uniform(keys[2], (SIZE,)))
    path = mf.integrate(
        flow, start.ravel(), until=mf.until.time(TIMES[-1]), save=TIMES, rtol=1e-9, atol=1e-12, solver=EXPLICIT
    )
    return {"path": path, "matrix": matrix, "centres": centres, "gradient": problem.gradient(path.x[-1])}


def parts_of(run):
    """(potential, loss) with the squared distance s_t and the gradient at the end."""
    away = (np.asarray(run["path"].x).reshape(len(TIMES), -1, SIZE) - run["centres"]) @ np.asarray(run["matrix"]).T
    s, gradient = (away**2).sum(axis=2), np.asarray(run["gradient"]).reshape(-1, SIZE)
    names = [(potential, loss) for potential in POTENTIALS for loss in LOSSES]
    return {name: (s[:, k], gradient[k]) for k, name in enumerate(names)}


@mf.claim(
    "mirror-flow/convergence",
    on=landing,
    statement=r"f \text{ quasi-convex},\ \arg\min f \cap \mathrm{dom}\,R \ne \emptyset \;\Rightarrow\; "
    r"\nabla f(x_t) \to 0;\quad f \text{ convex} \Rightarrow x_t \to \text{a minimizer}",
    source=CONVERGENCE,
    status="published",
    tolerance=mf.tolerance(1e-7, because="after 300 units of time what is left is the solver's error"),
    notes="The sphere where the third loss is flat holds a flow only from outside: rounding carries it on to 0.",
    variables={"R": "negative or hyperbolic entropy", "f": "increasing functions of ‖B(x−c)‖²"},
)
def convergence(case, run, at=-1):
    """The gradient at the end; for a minimizer also ‖B(x−c)‖."""
    parts = {}
    for (potential, loss), (s, gradient) in parts_of(run).items():
        parts[f"{potential}, {loss}: ∇f"] = mf.Comparison(predicted=0.0, measured=np.linalg.norm(gradient))
        if loss == "convex":
            parts[f"{potential}, {loss}: f−f*"] = mf.Comparison(predicted=0.0, measured=s[at], scale=1.0)
    return parts


convergence.control("at t=0.3 already", at=6)


@mf.experiment(cases=mf.cases.grid(centre=(-1.0, 1.0)))
def edge(case, key):
    """R=x·log x−x and f=½(x−c)², c outside or inside the domain x>0, from six starts."""
    flow = mf.Flow(
        mf.problems.LinearRegression(np.eye(SIZE), np.full(SIZE, case.centre)),
        potential=mf.potentials.NegativeEntropy(),
    )
    return mf.integrate(
        flow, np.geomspace(0.1, 5.0, SIZE), until=mf.until.time(30.0), save=EARLY, rtol=1e-9, solver=EXPLICIT
    )


@mf.claim(
    "mirror-flow/without-the-domain-condition",
    on=edge,
    across=True,
    statement=r"\nabla f(x_t) \to 0 \text{ for every convex } f,\text{ with no condition on } \arg\min f "
    r"\text{ and the domain}",
    source=CONVERGENCE + ": false, R=x log x−x and f=½(x+1)²",
    status="derived here",
    new=False,
    expects="refuted",
    tolerance=mf.tolerance(1e-6, because="30 units of time leave e^{−30} of the distance"),
    notes="With f=½(x+1)² all starts go to x=0, where f'=1. It is a variant of the theorem that nobody prints.",
)
def without_condition(runs, centre=-1.0):
    """f'(x) at the end."""
    x = np.asarray(runs.only(centre=centre).x[-1])
    return mf.Comparison(predicted=0.0, measured=x - centre, scale=1.0)


without_condition.control("f=½(x−1)², whose minimum is in the domain", centre=1.0)
