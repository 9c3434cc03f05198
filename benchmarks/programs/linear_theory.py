"""How long the predictions and the long flows of the linear theory take, second calls: `linear_theory.py PART`."""

import json
import sys

import cvxpy
import jax
import jax.numpy as jnp
import numpy as np
from measuring import seconds

import mirrorflow as mf

mf.enable_float64()


def margins() -> list[dict]:
    """Max-margin problems of 500 samples in 200 features, beside the same cone program solved once by cvxpy."""
    problem = mf.problems.Classification.sample(jax.random.key(0), samples=500, features=200)
    signed, found = np.asarray(problem.signed_inputs), []
    for p in (1.0, 2.0, 3.0, np.inf):
        horizon = mf.potentials.Lp(p)
        mf.predict.max_margin(problem, horizon)
        best = {}
        taken = seconds(lambda horizon=horizon, best=best: best.update(best=mf.predict.max_margin(problem, horizon)))
        x = cvxpy.Variable(200)
        program = cvxpy.Problem(cvxpy.Minimize(cvxpy.norm(x, "inf" if np.isinf(p) else p)), [signed @ x >= 1])
        alone = seconds(lambda program=program: program.solve(solver=cvxpy.CLARABEL))
        error = abs(best["best"].margin * program.value - 1)
        found.append({"name": f"ℓ{p:g}", "seconds": taken, "alone": alone, "gap": best["best"].gap, "error": error})
    return found


def projections() -> list[dict]:
    """Bregman projections of 1000 samples in 5000 features."""
    problem = mf.problems.SparseRegression.sample(jax.random.key(0), samples=1000, features=5000, support=50)
    potentials = {
        "hyperbolic entropy, ρ=1": mf.potentials.HyperbolicEntropy(1.0),
        "hyperbolic entropy, ρ=1e-6": mf.potentials.HyperbolicEntropy(1e-6),
        "power 3/2": mf.potentials.Power(1.5),
        "power 3": mf.potentials.Power(3.0),
    }
    found = []
    for name, potential in potentials.items():
        project = lambda potential=potential: mf.predict.bregman_projection(problem, potential, np.zeros(5000))  # noqa: E731
        project()
        answer = {}
        taken = seconds(lambda project=project, answer=answer: answer.update(found=project()))
        worst = max(answer["found"].residual, answer["found"].kkt)
        found.append({"name": name, "seconds": taken, "worst": worst, "steps": answer["found"].iterations})
    return found


def long_flows() -> list[dict]:
    """Linear classification to log t=1e5 on 12 samples with 6 features."""
    problem = mf.problems.Classification.sample(jax.random.key(1), samples=12, features=6)
    found = []
    for p in (1.5, 2.0, 3.0):
        flow = mf.Flow(problem, potential=mf.potentials.Power(p))
        settings = {"clock": mf.clocks.Log(), "until": mf.until.log_time(1e5), "save": 50}
        run = lambda flow=flow, settings=settings: mf.integrate(flow, jnp.zeros(6), **settings)  # noqa: E731
        path = run()
        taken = seconds(lambda run=run: jax.block_until_ready(run().x))
        best = mf.predict.max_margin(problem, flow.potential.horizon)
        gap = 1 - float(mf.observe.margin(path, flow.potential.horizon)[-1]) / best.margin
        found.append({"name": f"power {p:g}", "seconds": taken, "gap": gap, "steps": path.stats["steps"]})
    return found


print(json.dumps({"margins": margins, "projections": projections, "long_flows": long_flows}[sys.argv[1]]()))
