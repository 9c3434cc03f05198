"""A changed number compiles nothing; a changed structure does. Counted in traces, which each compilation needs."""

import collections

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf

RANDOM = np.random.default_rng(0)
HADAMARD = mf.reparameterizations.Hadamard
TRACES = collections.Counter()


def regression(seed=0, samples=3, features=5):
    random = np.random.default_rng(seed)
    return mf.problems.LinearRegression(random.standard_normal((samples, features)), random.standard_normal(samples))


class Counting(mf.problems.AbstractProblem):
    """½‖x−target‖² that counts how often its gradient is traced."""

    target: np.ndarray

    @property
    def shape(self):
        return np.shape(self.target)

    @property
    def axis_names(self):
        return ("feature",)

    def loss(self, x):
        return 0.5 * jnp.sum((x - self.target) ** 2)

    def log_loss(self, x):
        return jnp.log(self.loss(x))

    def gradient(self, x):
        TRACES["gradient"] += 1
        return x - self.target

    def scaled_gradient(self, x):
        return jnp.zeros(()), self.gradient(x)


PROBLEM = Counting(np.array([0.5, -0.3, 0.2]))


def run(flow, *, balance=0.4, x=0.1, end=1.0, rtol=1e-6, atol=1e-9, save=3, start=None, **more):
    if start is None:
        start = flow.lift(x=np.full(3, x), balance=balance) if flow.reparameterization else np.full(3, x)
    return mf.integrate(flow, start, until=mf.until.time(end), rtol=rtol, atol=atol, save=save, **more)


def product(q=1.5, smoothing=0.1, strength=0.1, depth=2, switch=0.5, target=None):
    problem = PROBLEM if target is None else Counting(target)
    return mf.Flow(
        problem,
        reparameterization=HADAMARD(depth),
        geometry=mf.geometries.Steepest(q, smoothing=smoothing),
        decay=mf.decay.Decoupled(mf.schedules.switch_off(strength, at=switch)),
    )


def entropy(scale=0.5, target=None):
    return mf.Flow(PROBLEM, potential=mf.potentials.HyperbolicEntropy(scale=scale))


def steepest(q=1.5, balance=0.3):
    return mf.Flow(PROBLEM, potential=mf.potentials.SteepestFamily(3, q, np.full(3, balance)))


NUMBERS = {
    "q": lambda: run(product(q=1.25)),
    "smoothing": lambda: run(product(smoothing=0.2)),
    "strength of the decay": lambda: run(product(strength=0.3)),
    "time of the jump": lambda: run(product(switch=0.25)),
    "data": lambda: run(product(target=np.array([1.0, 2.0, 3.0]))),
    "start": lambda: run(product(), x=0.2),
    "balance": lambda: run(product(), balance=0.7),
    "end": lambda: run(product(), end=2.0),
    "relative tolerance": lambda: run(product(), rtol=1e-7),
    "absolute tolerance": lambda: run(product(), atol=1e-8),
    "step limit": lambda: run(product(), max_steps=5000),
    "scale": lambda: run(entropy(scale=2.0)),
    "q of a potential": lambda: run(steepest(q=1.1)),
    "balance of a potential": lambda: run(steepest(balance=0.6)),
}
STRUCTURES = {
    "depth": lambda: run(product(depth=3)),
    "number of saves": lambda: run(product(), save=4),
    "clock": lambda: run(product(), clock=mf.clocks.Log()),
}


@pytest.fixture(scope="module")
def warmed():
    for flow in (product(), entropy(), steepest()):
        run(flow)


def traced(action):
    before = TRACES["gradient"]
    assert action().status.ok
    return TRACES["gradient"] - before


@pytest.mark.parametrize("name", NUMBERS)
def test_a_changed_number_compiles_nothing(name, warmed):
    assert traced(NUMBERS[name]) == 0


@pytest.mark.parametrize("name", STRUCTURES)
def test_a_changed_structure_is_noticed_by_this_count(name, warmed):
    assert traced(STRUCTURES[name]) > 0


def test_accuracy_compiles_nothing(warmed):
    def finer():
        with mf.accuracy(0.3):
            return run(product())

    assert traced(finer) == 0


def test_a_seed_compiles_nothing():
    """Samplers give arrays of one shape: another key is another set of numbers."""
    from jax._src import test_util

    def run_seed(seed):
        problem = mf.problems.SparseRegression.sample(jax.random.key(seed), samples=4, features=7, support=2)
        flow = mf.Flow(problem, reparameterization=HADAMARD(2))
        return mf.integrate(flow, flow.lift(x=np.full(7, 0.1), balance=0.5), until=mf.until.time(0.5))

    run_seed(0)
    with test_util.count_jit_and_pmap_lowerings() as count:
        run_seed(1)
    assert count() == 0


def test_a_second_run_of_everything_compiles_nothing():
    """Not only the flow's own program: saving, statistics and statuses neither."""
    from jax._src import test_util

    run(product())
    with test_util.count_jit_and_pmap_lowerings() as count:
        run(product(q=1.3, strength=0.2, switch=0.7), x=0.3, balance=0.1, end=3.0)
    assert count() == 0
