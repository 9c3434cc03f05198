"""Where a regression ends: the prediction against the conditions of optimality written out here, and against flows."""

import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize

import mirrorflow as mf

SAMPLES, FEATURES = 4, 9
SPENT = 0.3
DRAWS = np.random.default_rng(7)
DESIGN = DRAWS.normal(size=(SAMPLES, FEATURES)) / np.sqrt(SAMPLES)
PROBLEM = mf.problems.LinearRegression(DESIGN, DESIGN @ np.where(np.arange(FEATURES) < 2, 1.0, 0.0))
POSITIVE = mf.problems.LinearRegression(DESIGN, DESIGN @ DRAWS.uniform(0.2, 1.0, FEATURES))
TILTED = 0.3 * DRAWS.normal(size=FEATURES)
SWITCHED_OFF = mf.schedules.switch_off(2 * SPENT, at=0.5)
PRODUCT = mf.reparameterizations.Hadamard(depth=2)


def outside_range(vector):
    """The share of a vector that lies outside the range of Aᵀ."""
    basis, _ = np.linalg.qr(DESIGN.T)
    return np.linalg.norm(vector - basis @ (basis.T @ vector)) / np.linalg.norm(vector)


def is_optimal(found, dual, problem=PROBLEM):
    """Ax=b, and the dual that the start and the decay leave at x lies in the range of Aᵀ."""
    return np.linalg.norm(DESIGN @ found.x - problem.target) < 1e-10 and outside_range(dual) < 1e-9


@pytest.mark.parametrize("x", [np.zeros(FEATURES), TILTED], ids=["from 0", "tilted"])
@pytest.mark.parametrize(
    "decay, exponent",
    [(mf.decay.Coupled(SWITCHED_OFF), 4.0), (mf.decay.Decoupled(SWITCHED_OFF), 2.0), (None, 0.0)],
    ids=["coupled", "decoupled", "no decay"],
)
def test_limit_of_a_product_minimizes_the_entropy_whose_scale_the_decay_left(x, decay, exponent):
    flow = mf.Flow(PROBLEM, reparameterization=PRODUCT, decay=decay)
    start = flow.lift(x=x, balance=0.8)
    (m, w), found = np.asarray(start), mf.predict.limit(flow, start)
    rho = 0.4 * np.exp(-exponent * SPENT)
    assert is_optimal(found, np.arcsinh(found.x / rho) - np.log((m + w) / (m - w)))


def test_the_flow_of_a_product_ends_at_its_limit_and_not_at_that_without_its_decay():
    flow = mf.Flow(PROBLEM, reparameterization=PRODUCT, decay=mf.decay.Coupled(SWITCHED_OFF))
    start = flow.lift(x=TILTED, balance=0.8)
    end = mf.integrate(flow, start, until=mf.until.stationary(1e-9)).x[-1]
    np.testing.assert_allclose(mf.predict.limit(flow, start).x, end, atol=1e-6)
    free = mf.Flow(PROBLEM, reparameterization=PRODUCT)
    assert np.max(np.abs(mf.predict.limit(free, start).x - end)) > 1e-2


@pytest.mark.parametrize("spent", [0.0, SPENT])
def test_limit_of_a_power_difference_solves_the_closed_form_of_its_brackets(spent):
    decay = mf.decay.Coupled(mf.schedules.switch_off(2 * spent, at=0.5), penalty=mf.decay.PowerSum(4))
    flow = mf.Flow(PROBLEM, reparameterization=mf.reparameterizations.PowerDifference(4), decay=decay)
    u, v = start = np.stack([np.linspace(0.5, 0.7, FEATURES), np.linspace(0.6, 0.4, FEATURES)])
    found = mf.predict.limit(flow, start)

    def x_of(integral, i):  # page 02 with k=2
        return (u[i] ** -2 + 8 * (integral + spent)) ** -2 - (v[i] ** -2 + 8 * (spent - integral)) ** -2

    room = 1e-12
    ends = [(-(u[i] ** -2) / 8 - spent + room, v[i] ** -2 / 8 + spent - room) for i in range(FEATURES)]
    integral = [
        scipy.optimize.brentq(lambda s, i=i: x_of(s, i) - found.x[i], *ends[i], xtol=1e-15) for i in range(FEATURES)
    ]
    assert is_optimal(found, np.array(integral))


def test_decay_of_an_entropic_flow_shrinks_the_point_that_is_projected():
    x0 = np.linspace(0.2, 0.6, FEATURES)
    entropy = mf.potentials.NegativeEntropy()
    flow = mf.Flow(POSITIVE, potential=entropy, decay=mf.decay.Decoupled(SWITCHED_OFF))
    found = mf.predict.limit(flow, x0)
    assert is_optimal(found, np.log(found.x / (np.exp(-SPENT) * x0)), POSITIVE)
    assert outside_range(np.log(found.x / x0)) > 1e-2  # the decay matters


def test_a_balanced_product_shrinks_by_the_rate_of_both_factors():
    x0 = np.linspace(0.2, 0.6, FEATURES)
    flow = mf.Flow(POSITIVE, reparameterization=PRODUCT, decay=mf.decay.Coupled(SWITCHED_OFF))
    found = mf.predict.limit(flow, flow.lift(x=x0, balance=0.0))
    assert is_optimal(found, np.log(found.x / (np.exp(-4 * SPENT) * x0)), POSITIVE)


def test_without_decay_the_limit_is_the_projection_of_the_start():
    flow = mf.Flow(PROBLEM, potential=mf.potentials.Quadratic())
    least = TILTED + np.linalg.pinv(DESIGN) @ (np.asarray(PROBLEM.target) - DESIGN @ TILTED)
    np.testing.assert_allclose(mf.predict.limit(flow, TILTED).x, least, atol=1e-12)


def test_limit_refuses_what_is_no_projection():
    sign = mf.Flow(PROBLEM, reparameterization=PRODUCT, geometry=mf.geometries.Steepest(q=1.0, smoothing=1e-2))
    with pytest.raises(ValueError, match=r"gradient geometry \(q=2\) only"):
        mf.predict.limit(sign, sign.lift(x=TILTED, balance=0.8))
    decay = mf.decay.Decoupled(SWITCHED_OFF)
    with pytest.raises(ValueError, match=r"depends on the path"):
        mf.predict.limit(mf.Flow(PROBLEM, potential=mf.potentials.Quadratic(), decay=decay), TILTED)


@pytest.mark.parametrize("balance", [0.8, 0.0])
def test_limit_refuses_a_decay_that_never_ends(balance):
    flow = mf.Flow(POSITIVE, reparameterization=PRODUCT, decay=mf.decay.Coupled(0.1))
    with pytest.raises(ValueError, match=r"diverge|no limit"):
        mf.predict.limit(flow, flow.lift(x=np.full(FEATURES, 0.3), balance=balance))


def test_limit_refuses_a_map_whose_potential_has_no_closed_form():
    cubes = mf.reparameterizations.Custom(lambda theta: theta + theta**3)
    flow = mf.Flow(PROBLEM, reparameterization=cubes)
    with pytest.raises(ValueError, match=r"closed form"):
        mf.predict.limit(flow, jnp.asarray(TILTED))


def test_limit_refuses_data_that_nothing_interpolates():
    rows = np.vstack([DESIGN, DESIGN[0]])
    problem = mf.problems.LinearRegression(rows, np.append(np.asarray(PROBLEM.target), 9.0))
    with pytest.raises(ValueError, match=r"No x interpolates"):
        mf.predict.limit(mf.Flow(problem, potential=mf.potentials.Quadratic()), TILTED)
