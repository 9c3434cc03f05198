"""Mirror flow of ReLU networks: `networks.py small POTENTIAL LOG_LOSS`, or `networks.py wide WIDTH STEPS [float32]`.

`small`: the net 5-10-1 on 16 samples to a log loss; steps, seconds without compilation, drift of the balances, share
that slid. `wide`: an MLP on all 1,797 digits, ten classes, a fixed number of attempted steps across kinks; steps and
floating-point operations a second, on whatever device JAX finds (also by itself on a GPU).
"""

import json
import sys

import jax
import numpy as np
from measuring import circumstances, medians, seconds

import mirrorflow as mf

POTENTIALS = {
    "quadratic": mf.potentials.Quadratic,
    "power 1.5": lambda: mf.potentials.Power(1.5),
    "power 3": lambda: mf.potentials.Power(3.0),
    "hyperbolic entropy": lambda: mf.potentials.HyperbolicEntropy(0.3),
    "cosh": mf.potentials.Cosh,
}


def small(name: str, log_loss: float) -> dict:
    network = mf.networks.MLP((5, 10, 1), key=jax.random.key(0))
    problem = mf.problems.NetworkClassification.sample(jax.random.key(3), network, 16)
    flow, last = mf.Flow(problem, potential=POTENTIALS[name]()), {}

    def run():
        until = mf.until.log_loss(log_loss)
        last["path"] = mf.integrate(flow, network.parameters, clock=mf.clocks.Loss(), until=until)
        jax.block_until_ready(last["path"].x)

    first = seconds(run)
    taken = medians({"run": lambda: seconds(run)}, 3)["run"]
    path = last["path"]
    return {
        "seconds": taken,
        "compile": first - taken,
        "status": str(path.status),
        "drift": float(mf.observe.balance(path).max_drift),
        **path.stats,
    }


def wide(width: int, steps: int, precision: str) -> dict:
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    network = mf.networks.MLP((64, width, 10), key=jax.random.key(0))
    problem = mf.problems.NetworkClassification(network, images / 16, labels)
    flow, last = mf.Flow(problem, potential=mf.potentials.Quadratic()), {}
    tolerances = {"rtol": 1e-4, "atol": 1e-6}

    def run(count):
        until = mf.until.log_loss(-1e6)
        last["path"] = mf.integrate(
            flow, network.parameters, clock=mf.clocks.Loss(), until=until, max_steps=count, slide=False, **tolerances
        )
        jax.block_until_ready(last["path"].x)

    run(1)
    little, long = (medians({"run": lambda count=count: seconds(lambda: run(count))}, 3)["run"] for count in (1, steps))
    per_step = (long - little) / (steps - 1)
    path = last["path"]
    evaluations = path.stats["right_hand_sides"] / path.stats["steps"]
    # Two layers: forward, and backward to weights and to signals (not to the inputs), 2 operations a multiplication.
    operations = 2 * len(labels) * width * (2 * 64 + 3 * 10)
    device = jax.devices()[0]
    return {
        "device": f"{device.platform}: {device.device_kind}",
        "precision": precision,
        "width": width,
        "steps": path.stats["steps"],
        "rejected": path.stats["rejected"],
        "log loss": [float(path.log_loss[0]), float(path.log_loss[-1])],
        "steps per second": 1 / per_step,
        "operations per second": evaluations * operations / per_step,
    }


if sys.argv[1] == "small":
    mf.enable_float64()
    report = small(sys.argv[2], float(sys.argv[3]))
else:
    precision = (*sys.argv[4:], "float64")[0]
    if precision == "float64":
        mf.enable_float64()
    report = {**wide(int(sys.argv[2]), int(sys.argv[3]), precision), **circumstances()}
report = {key: value if not isinstance(value, np.generic) else value.item() for key, value in report.items()}
print(json.dumps(report))
