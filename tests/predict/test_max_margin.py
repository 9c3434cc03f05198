"""Largest margins against linear programs, cone programs and enumeration, and against their own duality."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf

Lp = mf.potentials.Lp
max_margin = mf.predict.max_margin
EXPONENTS = [1.0, 1.05, 1.5, 2.0, 3.0, 20.0, np.inf]


def separable(samples, features, seed=0):
    random = np.random.default_rng(seed)
    inputs, teacher = random.normal(size=(samples, features)), random.normal(size=features)
    return mf.problems.Classification(inputs, np.sign(inputs @ teacher))


def signed(problem):
    return np.asarray(problem.labels)[:, None] * np.asarray(problem.inputs)


def conjugate(p):
    return 1.0 if np.isinf(p) else np.inf if p == 1 else p / (p - 1)


@pytest.mark.parametrize("p", EXPONENTS)
@pytest.mark.parametrize("samples, features", [(12, 6), (15, 40), (60, 10)])
def test_two_bounds_meet(p, samples, features):
    """γ(x) ≤ γ* ≤ ‖Zᵀλ‖_{p'}/Σλ for every x and every λ≥0, recomputed here."""
    problem = separable(samples, features, seed=samples)
    best, rows = max_margin(problem, Lp(p)), signed(problem)
    assert best.multipliers.min() >= 0
    np.testing.assert_allclose(np.linalg.norm(best.direction, p), 1, rtol=1e-13)
    np.testing.assert_allclose(np.linalg.norm(best.multipliers @ rows, conjugate(p)), 1, rtol=1e-12)
    np.testing.assert_allclose((rows @ best.direction).min(), best.margin, rtol=1e-13)
    np.testing.assert_allclose(1 / best.multipliers.sum(), best.margin, rtol=1e-12)
    np.testing.assert_allclose((rows @ best.solution).min(), 1, rtol=1e-12)
    np.testing.assert_allclose(best.shares.sum(), 1, rtol=1e-14)
    assert abs(best.gap) < 1e-12 and not best.degenerate


@pytest.mark.parametrize("p", EXPONENTS)
def test_only_samples_at_the_margin_have_multipliers(p):
    problem = separable(12, 6)
    best, rows = max_margin(problem, Lp(p)), signed(problem)
    np.testing.assert_allclose(rows[best.support] @ best.solution, 1, rtol=1e-11)
    others = np.delete(np.arange(12), best.support)
    assert (rows[others] @ best.solution).min() > 1 + 1e-6 and not best.multipliers[others].any()
    np.testing.assert_allclose(best.dual @ best.direction, 1, rtol=1e-12)


def test_l1_agrees_with_a_linear_program_and_carries_its_slacks():
    from scipy.optimize import linprog

    problem = separable(20, 15, seed=4)
    rows = signed(problem)
    program = linprog(np.ones(30), np.hstack([-rows, rows]), -np.ones(20), method="highs-ipm")
    best = max_margin(problem, Lp(1))
    np.testing.assert_allclose(1 / best.margin, program.fun, rtol=1e-9)
    np.testing.assert_allclose(best.solution, program.x[:15] - program.x[15:], atol=1e-7)
    moving = np.abs(best.direction) > 1e-9
    np.testing.assert_allclose(best.dual_slacks[moving], 0, atol=1e-12)
    assert best.dual_slacks[~moving].min() > 0 and moving.sum() == len(best.support)


def test_linf_agrees_with_a_linear_program():
    from scipy.optimize import linprog

    problem = separable(20, 15, seed=5)
    rows = signed(problem)
    inside = np.vstack([np.column_stack([sign * np.eye(15), -np.ones(15)]) for sign in (1, -1)])
    outside = np.column_stack([-rows, np.zeros(20)])
    free = [(None, None)] * 16
    program = linprog(np.eye(16)[15], np.vstack([inside, outside]), np.repeat([0.0, -1.0], [30, 20]), bounds=free)
    best = max_margin(problem, Lp(np.inf))
    np.testing.assert_allclose(1 / best.margin, program.fun, rtol=1e-9)
    with pytest.raises(ValueError, match=r"dual_slacks belong to the horizon Lp\(1\), got Lp\(p=inf\)"):
        _ = best.dual_slacks


@pytest.mark.parametrize("p", [1.5, 2.0, 3.0])
def test_lp_agrees_with_a_cone_program(p):
    import cvxpy as cp

    problem = separable(20, 15, seed=6)
    x = cp.Variable(15)
    program = cp.Problem(cp.Minimize(cp.pnorm(x, p)), [signed(problem) @ x >= 1])
    program.solve(solver=cp.CLARABEL)
    best = max_margin(problem, Lp(p))
    np.testing.assert_allclose(1 / best.margin, program.value, rtol=1e-7)
    np.testing.assert_allclose(best.solution, x.value, atol=1e-3)
    assert np.linalg.norm(best.solution, p) <= program.value * (1 + 1e-9)


@pytest.mark.parametrize("p", [1.0, np.inf])
@pytest.mark.parametrize("seed", range(3))
def test_polyhedral_margins_agree_with_the_enumeration_of_all_vertices(p, seed):
    """The maximum of min_i⟨x,z_i⟩ over the ball is at a vertex: features+1 equalities among margins and faces."""
    problem = separable(5, 3, seed=seed)
    rows = signed(problem)
    signs = np.array(list(itertools.product([-1, 1], repeat=3)))
    faces = signs if p == 1 else np.vstack([np.eye(3), -np.eye(3)])
    system = np.vstack([np.column_stack([-rows, np.ones(5)]), np.column_stack([faces, np.zeros(len(faces))])])
    limits = np.repeat([0.0, 1.0], [5, len(faces)])
    largest = 0.0
    for chosen in itertools.combinations(range(len(system)), 4):
        part = system[list(chosen)]
        if abs(np.linalg.det(part)) > 1e-9:
            vertex = np.linalg.solve(part, limits[list(chosen)])
            if (system @ vertex <= limits + 1e-9).all():
                largest = max(largest, vertex[3])
    np.testing.assert_allclose(max_margin(problem, Lp(p)).margin, largest, rtol=1e-9)


def test_margins_are_continuous_in_the_exponent():
    problem = separable(12, 6)
    for p, near, change in ((1.0, 1 + 1e-4, 1e-3), (2.0, 2 + 1e-6, 1e-5), (np.inf, 200.0, np.log(6) / 200)):
        np.testing.assert_allclose(max_margin(problem, Lp(near)).margin, max_margin(problem, Lp(p)).margin, rtol=change)


GAUGES = {
    "l2": (lambda x: jnp.sqrt(jnp.sum(x**2)), Lp(2)),
    "l3": (lambda x: jnp.sum(jnp.abs(x) ** 3) ** (1 / 3), Lp(3)),
    "l1": (lambda x: jnp.sum(jnp.abs(x)), Lp(1)),
    "linf": (lambda x: jnp.max(jnp.abs(x)), Lp(np.inf)),
}


@pytest.mark.parametrize("name", GAUGES)
def test_a_gauge_given_as_a_function_has_the_margin_of_its_norm(name):
    gauge, norm = GAUGES[name]
    problem = separable(12, 6)
    numeric, closed = max_margin(problem, gauge), max_margin(problem, norm)
    np.testing.assert_allclose(numeric.margin, closed.margin, rtol=1e-10)
    np.testing.assert_allclose(numeric.direction, closed.direction, atol=1e-7)
    np.testing.assert_allclose(numeric.multipliers, closed.multipliers, atol=1e-7)
    assert 0 <= numeric.gap < 1e-9


@pytest.mark.parametrize("seed", range(2))
def test_gauges_with_kinks_and_without_symmetry_agree_with_a_cone_program(seed):
    import cvxpy as cp

    problem = separable(12, 6, seed=seed)
    x = cp.Variable(6)
    models = (
        (lambda x: jnp.sqrt(jnp.sum(x**2)) + 0.3 * x[0], cp.norm(x, 2) + 0.3 * x[0]),
        (lambda x: jnp.sum(jnp.abs(x)) + 2 * jnp.sqrt(jnp.sum(x**2)), cp.norm(x, 1) + 2 * cp.norm(x, 2)),
    )
    for gauge, model in models:
        program = cp.Problem(cp.Minimize(model), [signed(problem) @ x >= 1])
        program.solve(solver=cp.CLARABEL)
        best = max_margin(problem, gauge)
        np.testing.assert_allclose(1 / best.margin, program.value, rtol=1e-7)
        np.testing.assert_allclose(best.solution, x.value, atol=1e-3)
        assert abs(best.gap) < 1e-8


@pytest.mark.parametrize("horizon", [Lp(1), Lp(2), Lp(np.inf)])
def test_margins_scale_with_the_data_over_the_range_of_floats(horizon):
    problem = separable(12, 6)
    expected = max_margin(problem, horizon)
    for size in (1e-200, 1e200):
        scaled = mf.problems.Classification(size * problem.inputs, problem.labels)
        best = max_margin(scaled, horizon)
        np.testing.assert_allclose(best.margin, size * expected.margin, rtol=1e-12)
        np.testing.assert_allclose(best.direction, expected.direction, atol=1e-12)
        np.testing.assert_allclose(best.multipliers, expected.multipliers / size, rtol=1e-9)


@pytest.mark.parametrize("p", [1.0, 1.5, 2.0, 3.0, np.inf])
def test_margins_thin_against_the_data_are_found(p):
    """(1,0) and (−1,ε) with y=1: the direction is (ε/2,1) up to size, with the margin ε/2 in the limit of small ε."""
    for thin in (1e-4, 1e-8, 1e-10):
        problem = mf.problems.Classification(np.array([[1.0, 0.0], [-1.0, thin]]), np.ones(2))
        best = max_margin(problem, Lp(p))
        np.testing.assert_allclose(
            best.margin, thin / 2, rtol=2 * thin + 1e-6 if p == 1 else 2 * thin ** min(p, 2) + 1e-6
        )


@pytest.mark.parametrize("p", [1.0, 1.5, 2.0, np.inf])
def test_repeated_samples_change_the_multipliers_alone(p):
    problem = separable(8, 4, seed=3)
    twice = mf.problems.Classification(np.tile(problem.inputs, (2, 1)), np.tile(problem.labels, 2))
    once, again = max_margin(problem, Lp(p)), max_margin(twice, Lp(p))
    np.testing.assert_allclose(again.margin, once.margin, rtol=1e-12)
    np.testing.assert_allclose(again.direction, once.direction, atol=1e-10)
    np.testing.assert_allclose(again.multipliers.reshape(2, 8).sum(axis=0), once.multipliers, rtol=1e-8, atol=1e-10)
    assert again.degenerate and not once.degenerate


def test_faces_of_optimal_directions_are_reported():
    """Under ℓ∞ one sample alone leaves the entries free that it does not see."""
    problem = mf.problems.Classification(np.array([[1.0, 0.0]]), np.ones(1))
    assert max_margin(problem, Lp(np.inf)).degenerate and not max_margin(problem, Lp(2)).degenerate


@pytest.mark.parametrize("horizon", [Lp(1), Lp(1.5), Lp(2), Lp(np.inf), GAUGES["l2"][0]])
def test_data_that_nothing_separates_are_refused_with_the_combination_that_vanishes(horizon):
    problem = separable(8, 4)
    contradiction = mf.problems.Classification(
        np.vstack([problem.inputs, problem.inputs[:1]]), np.append(problem.labels, -problem.labels[0])
    )
    with pytest.raises(ValueError, match=r"No x separates the data.*0\.5 of sample 0, 0\.5 of sample 8"):
        max_margin(contradiction, horizon)
    random = np.random.default_rng(1)
    noise = mf.problems.Classification(random.normal(size=(40, 3)), random.choice([-1.0, 1.0], 40))
    with pytest.raises(ValueError, match="No x separates the data"):
        max_margin(noise, horizon)


def test_a_sample_at_the_origin_is_never_separated():
    for inputs in (np.zeros((2, 2)), np.array([[1.0, 2.0], [0.0, 0.0]])):
        with pytest.raises(ValueError, match="No x separates the data"):
            max_margin(mf.problems.Classification(inputs, np.ones(2)), Lp(1))


@pytest.mark.parametrize(
    "horizon, message",
    [
        (None, "has no horizon"),
        (3.0, r"Lp\(p\) or a gauge"),
        (lambda x: jnp.sum(x**2), r"φ\(sx\)=sφ\(x\)"),
        (lambda x: jnp.sum(x), "finite and positive"),
    ],
)
def test_horizons_that_are_none_are_refused_in_words(horizon, message):
    with pytest.raises(ValueError, match=message):
        max_margin(separable(5, 3), horizon)


def test_problems_without_labels_are_refused_in_words():
    with pytest.raises(ValueError, match=r"problem must have inputs and labels.*LinearRegression"):
        max_margin(mf.problems.LinearRegression(np.eye(2), np.ones(2)), Lp(2))


@pytest.mark.parametrize(("sizes", "labels"), [((2, 3, 1), [1.0, -1.0]), ((2, 3, 3), [2, 0]), ((2, 2), [1, 0])])
def test_networks_are_refused_whose_margin_is_not_that_of_their_inputs(sizes, labels):
    network = mf.networks.MLP(sizes, key=jax.random.key(0))
    problem = mf.problems.NetworkClassification(network, np.eye(2), labels)
    with pytest.raises(ValueError, match=r"problem must be linear in x.*NetworkClassification.*kkt_residual"):
        max_margin(problem, Lp(2))


def test_a_network_without_hidden_layers_is_a_linear_classifier():
    linear, network = separable(6, 3), mf.networks.MLP((3, 1), key=jax.random.key(0))
    problem = mf.problems.NetworkClassification(network, linear.inputs, linear.labels)
    assert max_margin(problem, Lp(2)).margin == max_margin(linear, Lp(2)).margin


def test_a_potential_on_the_orthant_finds_the_margin_of_nonnegative_directions():
    """The other sign of the second feature would give a larger margin, which x>0 cannot take."""
    problem = mf.problems.Classification([[1.0, -1.0], [0.2, -0.6]], [1.0, 1.0])
    horizon = mf.potentials.NegativeEntropy().horizon
    best = mf.predict.max_margin(problem, horizon)
    np.testing.assert_allclose(best.direction, [1.0, 0.0], atol=1e-12)
    assert best.margin == pytest.approx(0.2, rel=1e-12) and abs(best.gap) < 1e-12
    assert mf.predict.max_margin(problem, mf.potentials.Lp(1)).margin > best.margin
    np.testing.assert_allclose(best.dual_slacks, [0.0, 4.0], atol=1e-12)


def test_data_that_no_nonnegative_direction_separates_are_refused():
    problem = mf.problems.Classification([[-1.0, -1.0]], [1.0])
    with pytest.raises(ValueError, match="No x≥0 separates"):
        mf.predict.max_margin(problem, mf.potentials.Lp(1, orthant=True))
