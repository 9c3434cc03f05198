"""Bregman projections carry their certificate; these tests hold it against the definition."""

import dataclasses

import numpy as np
import pytest

import mirrorflow as mf

P = mf.potentials
SAMPLES, FEATURES = 8, 20
FLAT = 2e-4  # the cone solver knows the least value to 1e-8, and with it x to the square root of that


@dataclasses.dataclass(frozen=True)
class Data:
    """Anything with a design and a target is a regression."""

    design: np.ndarray
    target: np.ndarray


def regression(seed=0, samples=SAMPLES, features=FEATURES, positive=False):
    generator = np.random.default_rng(seed)
    design = generator.normal(size=(samples, features))
    truth = (
        generator.uniform(0.1, 1, features) if positive else generator.normal(size=features) * (np.arange(features) < 4)
    )
    return Data(design, design @ truth), truth


POTENTIALS = {
    "quadratic": P.Quadratic(),
    "power-1.05": P.Power(1.05),
    "power-1.5": P.Power(1.5),
    "power-3": P.Power(3.0),
    "power-20": P.Power(20.0),
    "hyperbolic-entropy": P.HyperbolicEntropy(1.0),
    "hyperbolic-entropy-scales": P.HyperbolicEntropy(np.logspace(-8, 3, FEATURES)),
    "hyperbolic-entropy-1e-12": P.HyperbolicEntropy(1e-12),
    "hyperbolic-entropy-1e-300": P.HyperbolicEntropy(1e-300),
    "hyperbolic-aware": P.HyperbolicAware(5.0),
    "hyperbolic-aware-1e12": P.HyperbolicAware(1e12),
    "tilted": P.TiltedHyperbolicEntropy(1e-3, 2.0),
    "tilted-below-floats": P.TiltedHyperbolicEntropy(log_scale=-1500.0, log_ratio=0.3),
    "steepest-2-1": P.SteepestFamily(2, 1.0, 0.1),
    "steepest-3-1.5": P.SteepestFamily(3, 1.5, 1e-6),
    "steepest-3-2-bounded": P.SteepestFamily(3, 2.0, 1e-2),
    "balanced-3-1": P.BalancedSteepest(3, 1.0),
    "power-difference-4": P.PowerDifferencePotential(4, 0.1, 0.2),
}
POSITIVE = {
    "balanced-2-2": P.BalancedSteepest(2, 2.0),
    "balanced-3-2": P.BalancedSteepest(3, 2.0),
    "balanced-4-1.9": P.BalancedSteepest(4, 1.9),
}


@pytest.mark.parametrize("name", POTENTIALS)
@pytest.mark.parametrize("level", [0.0, 0.1])
def test_projection_is_feasible_and_optimal_to_rounding(name, level):
    problem, _ = regression()
    found = mf.predict.bregman_projection(problem, POTENTIALS[name], np.full(FEATURES, level))
    certify(problem, POTENTIALS[name], np.full(FEATURES, level), found)


@pytest.mark.parametrize("name", POSITIVE)
@pytest.mark.parametrize("level", [1e-6, 0.3, 5.0])
def test_projection_stays_inside_a_half_line(name, level):
    problem, _ = regression(positive=True)
    found = mf.predict.bregman_projection(problem, POSITIVE[name], np.full(FEATURES, level))
    certify(problem, POSITIVE[name], np.full(FEATURES, level), found)
    assert np.all(found.x > 0)


def certify(problem, potential, start, found):
    """Ax=b and ∇R(x)−∇R(start) = Aᵀν, recomputed here."""
    assert np.linalg.norm(problem.design @ found.x - problem.target) <= 1e-12 * np.linalg.norm(problem.target)
    change = found.dual - np.asarray(potential.mirror_map(start))
    assert np.linalg.norm(change - problem.design.T @ found.multipliers) <= 2e-12 * np.linalg.norm(change)
    assert found.residual < 1e-12 and found.kkt < 1e-12
    seen = np.abs(found.x) > 1e-150  # ∇R of smaller x is below the range of floats
    np.testing.assert_allclose(np.asarray(potential.mirror_map(found.x))[seen], found.dual[seen], rtol=1e-10)


@pytest.mark.parametrize("name", ["quadratic", "power-1.5", "power-3", "hyperbolic-entropy", "hyperbolic-aware"])
def test_every_interpolator_is_farther_by_the_pythagorean_identity(name):
    """D(y,x₀) = D(y,x*)+D(x*,x₀) for every y with Ay=b."""
    problem, truth = regression(1)
    potential, start = POTENTIALS[name], np.linspace(-0.2, 0.3, FEATURES)
    found = mf.predict.bregman_projection(problem, potential, start)
    step = np.random.default_rng(2).normal(size=FEATURES)
    step -= np.linalg.pinv(problem.design) @ (problem.design @ step)
    for other in (truth, found.x + step):
        through = potential.divergence(other, found.x) + found.value
        np.testing.assert_allclose(potential.divergence(other, start), through, rtol=1e-11)


def test_quadratic_projection_is_the_pseudo_inverse():
    problem, _ = regression(3)
    start = np.random.default_rng(4).normal(size=FEATURES)
    found = mf.predict.bregman_projection(problem, P.Quadratic(), start)
    expected = start + np.linalg.pinv(problem.design) @ (problem.target - problem.design @ start)
    np.testing.assert_allclose(found.x, expected, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("p", [1.5, 3.0])
def test_power_projection_agrees_with_a_cone_solver(p):
    import cvxpy as cp

    problem, _ = regression(5)
    x = cp.Variable(FEATURES)
    cp.Problem(cp.Minimize(cp.pnorm(x, p)), [problem.design @ x == problem.target]).solve(solver=cp.CLARABEL)
    found = mf.predict.bregman_projection(problem, P.Power(p), np.zeros(FEATURES))
    np.testing.assert_allclose(found.x, x.value, atol=FLAT)
    assert np.linalg.norm(found.x, p) <= np.linalg.norm(x.value, p) * (1 + 1e-8)


@pytest.mark.parametrize("scale", [1.0, 1e-2])
def test_hyperbolic_projection_agrees_with_a_cone_solver(scale):
    """R(x) = min{p·log(2p/ρ)−p + n·log(2n/ρ)−n : p−n=x}, since its conjugate is ρ·cosh z: an exponential cone."""
    import cvxpy as cp

    problem, _ = regression(6)
    plus, minus = cp.Variable(FEATURES), cp.Variable(FEATURES)
    entropies = sum(cp.sum(cp.kl_div(part, scale / 2)) for part in (plus, minus))
    rows = [problem.design @ (plus - minus) == problem.target]
    cp.Problem(cp.Minimize(entropies), rows).solve(solver=cp.CLARABEL)
    found = mf.predict.bregman_projection(problem, P.HyperbolicEntropy(scale), np.zeros(FEATURES))
    np.testing.assert_allclose(found.x, (plus - minus).value, atol=FLAT)
    np.testing.assert_allclose(found.value, entropies.value, rtol=1e-6)


def test_small_scale_finds_the_interpolator_of_least_l1_norm():
    from scipy.optimize import linprog

    problem, _ = regression(7)
    both = np.hstack([problem.design, -problem.design])
    least = linprog(np.ones(2 * FEATURES), A_eq=both, b_eq=problem.target).fun
    norms = [
        np.abs(mf.predict.bregman_projection(problem, P.HyperbolicEntropy(scale), np.zeros(FEATURES)).x).sum()
        for scale in (1.0, 1e-9, 1e-200)
    ]
    assert norms[0] > norms[1] > norms[2] and abs(norms[2] / least - 1) < 1e-7


def test_redundant_rows_change_nothing():
    problem, _ = regression(8)
    mixing = np.random.default_rng(9).normal(size=(30, SAMPLES))
    tall = Data(mixing @ problem.design, mixing @ problem.target)  # 30 rows of rank 8, more rows than features
    doubled = Data(np.vstack([problem.design, problem.design[:3]]), np.append(problem.target, problem.target[:3]))
    expected = mf.predict.bregman_projection(problem, P.HyperbolicEntropy(0.1), np.zeros(FEATURES))
    for same in (tall, doubled):
        found = mf.predict.bregman_projection(same, P.HyperbolicEntropy(0.1), np.zeros(FEATURES))
        np.testing.assert_allclose(found.x, expected.x, rtol=1e-9, atol=1e-11)
        certify(same, P.HyperbolicEntropy(0.1), np.zeros(FEATURES), found)


def test_an_interpolating_start_is_its_own_projection():
    problem, truth = regression(10)
    found = mf.predict.bregman_projection(problem, P.HyperbolicEntropy(0.1), truth)
    np.testing.assert_array_equal(found.x, truth)
    assert found.iterations == 0 and found.value == 0 and found.kkt == 0


def test_a_start_below_the_range_of_floats_is_given_by_its_dual():
    """Decay leaves m⊙w at x₀~e^{−1500}; its dual is 0 as ever, and the tilt still shows in the limit."""
    problem, _ = regression(12)
    tilted = P.TiltedHyperbolicEntropy(log_scale=-1500.0, log_ratio=np.linspace(-40, 40, FEATURES))
    found = mf.predict.bregman_projection(problem, tilted, start_dual=np.zeros(FEATURES))
    assert found.residual < 1e-12 and found.kkt < 1e-12
    np.testing.assert_allclose(found.dual, problem.design.T @ found.multipliers, rtol=1e-9)
    np.testing.assert_allclose(found.value, tilted.value(found.x), rtol=1e-12)
    ordinary, dual = P.HyperbolicEntropy(0.1), np.linspace(-1, 1, FEATURES)
    pair = [
        mf.predict.bregman_projection(problem, ordinary, **given)
        for given in ({"start": np.asarray(ordinary.inverse_mirror_map(dual))}, {"start_dual": dual})
    ]
    np.testing.assert_allclose(pair[0].x, pair[1].x, rtol=1e-11)
    np.testing.assert_allclose(pair[0].value, pair[1].value, rtol=1e-11)


def test_forty_samples_of_a_hundred_features_take_few_steps():
    problem = mf.problems.LinearRegression(*dataclasses.astuple(regression(11, samples=40, features=100)[0]))
    for scale, steps in ((1.0, 6), (1e-3, 15), (1e-12, 30)):
        found = mf.predict.bregman_projection(problem, P.HyperbolicEntropy(scale), np.zeros(100))
        assert found.iterations <= steps and max(found.residual, found.kkt) < 1e-12
