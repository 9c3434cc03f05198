"""What makes no sense is refused in words that name the argument, what was given and what is allowed."""

import re
import subprocess
import sys
import textwrap

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf

RANDOM = np.random.default_rng(0)
DESIGN, TARGET = RANDOM.standard_normal((3, 5)), RANDOM.standard_normal(3)
PROBLEM = mf.problems.LinearRegression(DESIGN, TARGET)
KEY = jax.random.key(0)
FAMILY = mf.potentials.RegularizedHyperbolicEntropy(1.0, 0.0, 0.1)
HALF_LINE = mf.Flow(PROBLEM, potential=mf.potentials.BalancedSteepest(2, 2.0))
HADAMARD = mf.reparameterizations.Hadamard
SPARSE = mf.problems.SparseRegression
SENSING = mf.problems.MatrixSensing


def spoilt(array, value):
    """The array with one entry replaced."""
    held = np.array(array, float)
    held.flat[1] = value
    return held


def product(**more):
    return mf.Flow(PROBLEM, reparameterization=HADAMARD(2), **more)


def entropy(**more):
    return mf.Flow(PROBLEM, potential=mf.potentials.HyperbolicEntropy(1.0), **more)


def run(flow, start, until=None, **more):
    return mf.integrate(flow, start, until=mf.until.time(1.0) if until is None else until, **more)


# what is wrong: (the call, what the words must have: the argument, what was given, what is allowed)
REFUSED = {
    # shapes
    "target of another length": (lambda: mf.problems.LinearRegression(DESIGN, np.ones(4)), "target", "4", "3"),
    "design with one axis": (
        lambda: mf.problems.LinearRegression(np.ones(3), np.ones(3)),
        "design", r"\(3,\)", "samples, features",
    ),
    "truth of another length": (lambda: SPARSE(DESIGN, TARGET, np.ones(4)), "truth", "4", "5"),
    "sensing: target of another length": (lambda: SENSING(np.ones((4, 2, 2)), np.ones(3)), "target", "3", "4"),
    "sensing: matrices with two axes": (
        lambda: SENSING(np.ones((4, 2)), np.ones(4)),
        "measurements", r"\(4, 2\)", "axes|shape",
    ),
    "start of another shape": (lambda: run(entropy(), np.zeros(4)), "start", r"\(4,\)", r"\(5,\)"),
    "factors of another shape": (
        lambda: run(product(), np.zeros((3, 5))),
        "start|parameters", r"\(3, 5\)", r"\(2, 5\)",
    ),
    "factors with a missing axis": (lambda: run(product(), np.zeros(5)), "start|parameters", r"\(5,\)", r"\(2, 5\)"),
    "lift of another shape": (lambda: product().lift(x=np.zeros(4), balance=1.0), "x", r"\(4,\)", r"\(5,\)"),
    "balance of another shape": (
        lambda: product().lift(x=np.zeros(5), balance=np.ones(4)),
        "balance", r"\(4,\)", r"\(5,\)",
    ),
    "scale of another shape": (
        lambda: run(mf.Flow(PROBLEM, potential=mf.potentials.HyperbolicEntropy(np.ones(4))), np.zeros(5)),
        "HyperbolicEntropy|scale|potential", "4", "5",
    ),
    # NaN and infinity, in data and start
    "NaN in the design": (
        lambda: mf.problems.LinearRegression(spoilt(DESIGN, np.nan), TARGET),
        "design", "nan", "finite",
    ),
    "infinity in the target": (
        lambda: mf.problems.LinearRegression(DESIGN, spoilt(TARGET, np.inf)),
        "target", "inf", "finite",
    ),
    "NaN in measurements": (
        lambda: SENSING(spoilt(np.ones((4, 2, 2)), np.nan), np.ones(4)),
        "measurements", "nan", "finite",
    ),
    "NaN in the start": (lambda: run(entropy(), spoilt(np.zeros(5), np.nan)), "start", "nan", "finite"),
    "infinity in the factors": (lambda: run(product(), spoilt(np.zeros((2, 5)), np.inf)), "start", "inf", "finite"),
    "NaN in what is lifted": (lambda: product().lift(x=spoilt(np.zeros(5), np.nan), balance=1.0), "x", "nan", "finite"),
    "text in the design": (
        lambda: mf.problems.LinearRegression(np.array([["a", "b"]]), np.ones(1)),
        "design", "a", "real",
    ),
    "complex start": (lambda: run(entropy(), np.zeros(5) + 1j), "start", r"1\.j", "real"),
    # numbers out of their range
    "scale of 0": (lambda: mf.potentials.HyperbolicEntropy(0.0), "scale", "0", "positive"),
    "scale below 0": (lambda: mf.potentials.HyperbolicEntropy(np.array([1.0, -0.5])), "scale", "-0.5", "positive"),
    "infinite scale": (lambda: mf.potentials.HyperbolicEntropy(np.inf), "scale", "inf", "finite"),
    "power of 1": (lambda: mf.potentials.Power(1.0), "p", "1", "greater than 1"),
    "power below 1": (lambda: mf.potentials.Power(0.5), "p", "0.5", "greater than 1"),
    "q above 2": (lambda: mf.geometries.Steepest(2.5), "q", "2.5", r"\[1, 2\]"),
    "q below 1": (lambda: mf.geometries.Steepest(0.9), "q", "0.9", r"\[1, 2\]"),
    "q of a potential": (lambda: mf.potentials.SteepestFamily(2, 3.0, 1.0), "q", "3", r"\[1, 2\]"),
    "smoothing below 0": (
        lambda: mf.geometries.Steepest(1.0, smoothing=-1e-3),
        "smoothing", "-0.001", "non-negative|positive",
    ),
    "depth of 1": (lambda: HADAMARD(1), "depth", "1", "at least 2"),
    "depth of 0 for a potential": (lambda: mf.potentials.SteepestFamily(0, 2.0, 1.0), "depth", "0", "at least 2"),
    "power difference of 1": (lambda: mf.reparameterizations.PowerDifference(1), "power", "1", "at least 2"),
    "negative coupled decay": (lambda: mf.decay.Coupled(-0.1), "strength", "-0.1", "non-negative"),
    "negative decoupled decay": (lambda: mf.decay.Decoupled(-0.1), "strength", "-0.1", "non-negative"),
    "negative piecewise decay": (
        lambda: mf.decay.Coupled(mf.schedules.Piecewise([0.1, -0.2], [1.0])),
        "strength|values", "-0.2", "non-negative",
    ),
    "negative balance": (lambda: product().lift(x=np.zeros(5), balance=-1.0), "balance", "-1", "non-negative"),
    "switch-off in the past": (
        lambda: mf.schedules.switch_off(0.1, at=-1.0),
        "at|jumps|times", "-1", "positive|non-negative",
    ),
    "support larger than the features": (
        lambda: SPARSE.sample(KEY, samples=3, features=5, support=6),
        "support", "6", "5",
    ),
    "support below 0": (lambda: SPARSE.sample(KEY, samples=3, features=5, support=-1), "support", "-1", "at least 0"),
    "no samples": (lambda: SPARSE.sample(KEY, samples=0, features=5, support=1), "samples", "0", "at least 1"),
    "rank above the shape": (lambda: SENSING.sample(KEY, shape=(2, 3), rank=3, measurements=4), "rank", "3", "2"),
    # combinations
    "potential and reparameterization": (
        lambda: mf.Flow(PROBLEM, potential=mf.potentials.Quadratic(), reparameterization=HADAMARD(2)),
        "potential", "both", "one of the two",
    ),
    "neither of the two": (lambda: mf.Flow(PROBLEM), "potential", "neither", "one of the two"),
    "family and decay": (
        lambda: mf.Flow(PROBLEM, potential=FAMILY, decay=mf.decay.Coupled(0.1)),
        "decay", "family", "no decay",
    ),
    "spectral geometry of coordinates": (
        lambda: product(geometry=mf.geometries.Spectral()),
        "spectral", "Hadamard", "matri",
    ),
    "lift to a potential": (lambda: entropy().lift(x=np.zeros(5), balance=1.0), "lift", "potential", "starts at x"),
    # domains
    "start outside a half-line": (
        lambda: run(HALF_LINE, np.array([1.0, 1.0, -0.1, 1.0, 1.0])),
        "start", "-0.1", "domain",
    ),
    "start at the edge of the domain": (
        lambda: run(HALF_LINE, np.array([1.0, 1.0, 0.0, 1.0, 1.0])),
        "start", "0", "domain",
    ),
    # ends, saves and solvers
    "end at 0": (lambda: mf.until.time(0.0), "until.time", "0", "positive"),
    "end before 0": (lambda: mf.until.time(-1.0), "until.time", "-1", "positive"),
    "infinite end": (lambda: mf.until.time(np.inf), "until.time", "inf", "finite"),
    "tolerance of stationarity": (lambda: mf.until.stationary(0.0), "stationary|tolerance", "0", "positive"),
    "save beyond the end": (lambda: run(entropy(), np.zeros(5), save=np.array([0.5, 2.0])), "save", "2", "end"),
    "save backwards": (lambda: run(entropy(), np.zeros(5), save=np.array([0.5, 0.2])), "save", "", "increasing"),
    "one save point": (lambda: run(entropy(), np.zeros(5), save=1), "save", "1", "at least 2"),
    "no steps": (lambda: run(entropy(), np.zeros(5), max_steps=0), "max_steps", "0", "at least 1"),
    "relative tolerance below rounding": (lambda: run(entropy(), np.zeros(5), rtol=1e-17), "rtol", "1e-17", "e-1"),
    "relative tolerance of one": (lambda: run(entropy(), np.zeros(5), rtol=2.0), "rtol", "2", "less than 1"),
    "checkpoint in no folder": (
        lambda: run(entropy(), np.zeros(5), checkpoint="/no/folder/x.npz"),
        "checkpoint", "/no/folder/x.npz", "folder that exists",
    ),
    "design of truth values": (
        lambda: mf.problems.LinearRegression(np.eye(2) > 0, np.ones(2)), "design", "True", "real",
    ),
    "negative absolute tolerance": (
        lambda: run(entropy(), np.zeros(5), atol=-1e-9),
        "atol", "-1e-09", "positive|non-negative",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_makes_no_sense_is_refused_by_name_value_and_what_is_allowed(name):
    call, argument, given, allowed = REFUSED[name]
    with pytest.raises(ValueError) as refused:
        call()
    for words in (argument, given, allowed):
        assert re.search(words, str(refused.value)), f"{words!r} is not in: {refused.value}"


# Statuses of runs that go wrong on the way: (flow, start, more arguments, words of the status).
UPHILL = mf.problems.Objective(lambda x: -jnp.sum(x), dimension=2)
FAULTS = {
    "u⁴−v⁴ with a strong signal": (
        mf.Flow(UPHILL, reparameterization=mf.reparameterizations.PowerDifference(4)),
        np.full((2, 2), 0.7), {}, "blew up",
    ),
    "factors that reach zero together": (
        mf.Flow(
            mf.problems.Objective(lambda x: jnp.sum(x), dimension=2),
            reparameterization=HADAMARD(2),
            geometry=mf.geometries.Steepest(1.0, smoothing=1e-3),
        ),
        np.full((2, 2), 0.5), {}, "tied|together",
    ),
    "a step limit": (entropy(), np.zeros(5), {"max_steps": 3}, "step limit"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_what_goes_wrong_on_the_way_is_a_status_in_words_with_finite_points(name):
    flow, start, more, words = FAULTS[name]
    path = run(flow, start, mf.until.time(5.0), save=50, **more)
    assert not path.status.ok
    assert re.search(words, str(path.status)), str(path.status)
    for leaf in (path.time, path.x, path.loss, path.parameters):
        assert np.isfinite(np.asarray(leaf)).all()


WRONG_TYPES = """
    mf.integrate(flow, x, until=3.0) ## until ## float ## mf.until
    mf.integrate(flow, x, until=mf.until.time(1.0), clock="log") ## clock ## 'log' ## mf.clocks
    mf.integrate(flow, x, until=mf.until.time(1.0), solver="Tsit5") ## solver ## 'Tsit5' ## diffrax
    mf.integrate(flow, x, until=mf.until.time(1.0), save="all") ## save ## all ## number
    mf.integrate(flow, x, until=mf.until.time(1.0), max_steps=1.5) ## max_steps ## 1.5 ## integer
    mf.integrate(flow, x, until=mf.until.time(1.0), progress="yes") ## progress ## 'yes' ## True, False or None
    mf.until.time(1.0) | 3 ## until ## 3 ## mf.until
    mf.integrate("flow", x, until=mf.until.time(1.0)) ## flow ## 'flow' ## mf.Flow
    mf.Flow("problem", potential=mf.potentials.Quadratic()) ## problem ## 'problem' ## mf.problems
    mf.Flow(problem, potential="entropy") ## potential ## 'entropy' ## mf.potentials
    mf.Flow(problem, reparameterization=2) ## reparameterization ## 2 ## mf.reparameterizations
    mf.Flow(problem, potential=mf.potentials.Quadratic(), geometry="sign") ## geometry ## 'sign' ## mf.geometries
    mf.Flow(problem, potential=mf.potentials.Quadratic(), decay=0.1) ## decay ## 0.1 ## mf.decay
    mf.reparameterizations.Hadamard(2.0) ## depth ## 2.0 ## integer
    mf.potentials.HyperbolicEntropy("big") ## scale ## big ## real
    mf.decay.Coupled("strong") ## strength ## strong ## number
    mf.problems.SparseRegression.sample(0, samples=3, features=5, support=1) ## key ## 0 ## jax.random
    mf.networks.MLP((2, 1), key=3) ## key ## 3 ## jax.random
    mf.networks.MLP(2, key=3) ## sizes ## 2 ## two integers
    mf.networks.MLP((2, 2.5, 1), key=3) ## sizes[1] ## 2.5 ## integer
    mf.networks.MLP((2, 3, 1), key=3, bias="no") ## bias ## 'no' ## False
    mf.networks.Convolutional(8, (2,), 1, key=3) ## shape ## 8 ## height
    mf.networks.Convolutional((1, 8, 8), 2, 1, key=3) ## channels ## 2 ## each convolution
    mf.problems.NetworkClassification("mlp", x, x) ## network ## 'mlp' ## mf.networks
    mf.problems.NetworkClassification.sample(0, "mlp", 3) ## network ## 'mlp' ## mf.networks
"""


def test_wrong_types_are_refused_in_words_without_a_type_checker():
    """In a process of its own: in the tests' process the type checker would speak first."""
    program = textwrap.dedent(
        """
        import sys, numpy as np, mirrorflow as mf
        mf.enable_float64()
        problem = mf.problems.LinearRegression(np.eye(2), np.ones(2))
        flow, x = mf.Flow(problem, potential=mf.potentials.Quadratic()), np.zeros(2)
        bad = []
        for line in sys.stdin.read().strip().splitlines():
            call, *words = (part.strip() for part in line.split("##"))
            try:
                eval(call)
            except ValueError as error:
                bad += [f"{call}: {word!r} is not in: {error}" for word in words if word not in str(error)]
            except Exception as error:
                bad.append(f"{call}: {type(error).__name__}: {error}")
            else:
                bad.append(f"{call} was not refused")
        print("\\n".join(bad))
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=WRONG_TYPES, capture_output=True, text=True, check=True
    )
    assert not done.stdout.strip(), done.stdout
