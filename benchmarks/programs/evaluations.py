"""Right-hand sides that `integrate` needs when nothing is said about solvers, and that each of diffrax's needs."""

import json

import diffrax
import jax.numpy as jnp
from twins import ATOL, RTOL, twins, with_diffrax

import mirrorflow as mf

SOLVERS = (diffrax.Bosh3(), diffrax.Tsit5(), diffrax.Dopri5(), diffrax.Dopri8())  # second order takes 20 times as many
ENDS = (1.0, 20.0)  # accuracy sets the step at first, stability later


def evaluations_per_step(solver: diffrax.AbstractERK) -> int:
    return len(solver.tableau.c) + 1 - solver.tableau.fsal


mf.enable_float64()
found = []
for twin in twins(samples=40, features=100, end=ENDS[-1]):
    tight = with_diffrax(twin, 2, diffrax.Dopri8(), rtol=1e-12, atol=1e-13)
    solves = {type(solver).__name__: (solver, with_diffrax(twin, 2, solver)) for solver in SOLVERS}
    for end in ENDS:
        exact = twin.predictor(tight(end).ys[-1])
        theirs = {}
        for name, (solver, solve) in solves.items():
            solution = solve(end)
            count = int(solution.stats["num_steps"]) * evaluations_per_step(solver)
            theirs[name] = count, float(jnp.abs(twin.predictor(solution.ys[-1]) - exact).max())
        path = mf.integrate(twin.flow, twin.start, until=mf.until.time(end), rtol=RTOL, atol=ATOL)
        ours = path.stats["right_hand_sides"], float(jnp.abs(path.x[-1] - exact).max())
        found.append({"name": twin.name, "end": end, "ours": ours, "theirs": theirs})
print(json.dumps(found))
