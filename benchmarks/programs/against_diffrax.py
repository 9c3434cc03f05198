"""One flow with mirrorflow and directly in diffrax: `against_diffrax.py SAMPLES FEATURES END NUMBER FIRST`.

`FIRST` is the side whose first call, compilation included, is timed before anything of the other has run; after that
the two take turns.
"""

import json
import sys

import jax
from measuring import medians, seconds
from twins import twins, with_diffrax, with_mirrorflow

import mirrorflow as mf

SAVE, REPEATS = 50, 11

mf.enable_float64()
samples, features, end, number, first = (*map(int, sys.argv[1:5]), sys.argv[5])
twin = twins(samples, features, float(end))[number]
sides = {"mirrorflow": with_mirrorflow(twin, SAVE), "diffrax": with_diffrax(twin, SAVE)}


def timed(side: str) -> float:
    return seconds(lambda: jax.block_until_ready(jax.tree.leaves(sides[side]())))


first_call = timed(first)
path, solution = sides["mirrorflow"](), sides["diffrax"]()
run = medians({side: lambda side=side: timed(side) for side in sides}, REPEATS)
report = {
    "name": twin.name,
    "compile": first_call - run[first],
    "run": run,
    "difference": float(abs(path.x - jax.vmap(twin.predictor)(solution.ys)).max()),
}
print(json.dumps(report))
