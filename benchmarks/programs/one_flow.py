"""One flow from a fresh process: how long it takes after the imports, and how many programs had to be compiled."""

import collections
import json
import time

import jax
import jax.numpy as jnp

import mirrorflow as mf

count = collections.Counter()
jax.monitoring.register_event_listener(lambda event, **_: count.update([event.rpartition("/")[2]]))
mf.enable_float64()
mf.enable_compile_cache()
problem = mf.problems.SparseRegression.sample(jax.random.key(0), samples=40, features=100, support=5)
flow = mf.Flow(problem, reparameterization=mf.reparameterizations.Hadamard(depth=2))
start = flow.lift(x=jnp.zeros(100), balance=0.5)
settings = {"until": mf.until.time(5.0), "save": 50}  # naming them loads the rooms: imports are timed elsewhere
jax.block_until_ready(start)

begin = time.perf_counter()
path = mf.integrate(flow, start, **settings)
jax.block_until_ready(path.x)
taken = time.perf_counter() - begin
compiled = count["compile_requests_use_cache"] - count["cache_hits"]
print(json.dumps({"seconds": taken, "compiled": compiled, "status": str(path.status)}))
