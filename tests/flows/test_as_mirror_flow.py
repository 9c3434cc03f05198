"""The mirror flow that theory names is the flow itself; where there is none, the witness is named (page 03's table)."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf

RANDOM = np.random.default_rng(2)
DESIGN = RANDOM.standard_normal((3, 4))
PROBLEM = mf.problems.LinearRegression(DESIGN, DESIGN @ np.array([1.0, 0.5, 0.8, 0.3]))
X = np.array([0.3, 0.5, 0.2, 0.4])
HADAMARD = mf.reparameterizations.Hadamard
OFF = mf.schedules.switch_off(0.3, at=0.5)
TIMES = np.array([0.2, 0.5, 1.0, 2.0])


def product(depth=2, q=2.0, decay=None):
    geometry = mf.geometries.Steepest(q, smoothing=0.05) if q < 2 else None
    return mf.Flow(PROBLEM, reparameterization=HADAMARD(depth), geometry=geometry, decay=decay)


def paths(flow, start):
    mirror = flow.as_mirror_flow(start)
    x = start if flow.reparameterization is None else flow.reparameterization(start)
    runs = [
        mf.integrate(one, begin, until=mf.until.time(TIMES[-1]), save=TIMES)
        for one, begin in ((flow, start), (mirror, x))
    ]
    assert all(run.status.ok for run in runs), [str(run.status) for run in runs]
    return mirror, *runs


# flow, balance of the lift, kind of the potential, domain
TABLE = {
    "L=2, q=2": (product(), 0.4, mf.potentials.SteepestFamily, np.inf),
    "L=2, q=1.5": (product(q=1.5), 0.4, mf.potentials.SteepestFamily, np.inf),
    "L=2, q=1": (product(q=1.0), 0.4, mf.potentials.SteepestFamily, np.inf),
    "L=2, q=2, balanced": (product(), 0.0, mf.potentials.BalancedSteepest, 0.0),
    "L=2, q=1.5, balanced": (product(q=1.5), 0.0, mf.potentials.BalancedSteepest, np.inf),
    "L=3, q=2": (product(3), 0.4, mf.potentials.SteepestFamily, np.inf),
    "L=3, q=1.5": (product(3, 1.5), 0.4, mf.potentials.SteepestFamily, np.inf),
    "L=3, q=2, balanced": (product(3), 0.0, mf.potentials.BalancedSteepest, 0.0),
    "L=3, q=1, balanced": (product(3, 1.0), 0.0, mf.potentials.BalancedSteepest, np.inf),
    "L=2, coupled": (
        product(decay=mf.decay.Coupled(OFF)), 0.4, mf.potentials.RegularizedHyperbolicEntropy, np.inf,
    ),
    "L=2, decoupled": (
        product(decay=mf.decay.Decoupled(OFF)), 0.4, mf.potentials.RegularizedHyperbolicEntropy, np.inf,
    ),
    "L=3, coupled, balanced": (product(3, decay=mf.decay.Coupled(OFF)), 0.0, mf.potentials.BalancedSteepest, 0.0),
    "L=3, decoupled, balanced": (product(3, decay=mf.decay.Decoupled(0.2)), 0.0, mf.potentials.BalancedSteepest, 0.0),
    "L=2, q=1.5, decoupled, balanced": (
        product(q=1.5, decay=mf.decay.Decoupled(OFF)), 0.0, mf.potentials.BalancedSteepest, np.inf,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_products_are_the_mirror_flows_of_the_table(name):
    flow, balance, kind, bound = TABLE[name]
    mirror, factors, x = paths(flow, flow.lift(x=X, balance=balance))
    assert isinstance(mirror.potential, kind)
    assert np.max(np.abs(mirror.potential.domain[0])) == bound
    # Roots of factors at zero and the kinks of a smoothed sign cost digits.
    np.testing.assert_allclose(x.x, factors.x, atol=2e-6)


@pytest.mark.parametrize("balance", [0.0, 0.4])
def test_negative_starts_and_signed_factors_are_the_same_flow(balance):
    flow = product()
    start = np.array(flow.lift(x=np.array([0.3, -0.5, 0.2, -0.4]), balance=balance))
    _, factors, x = paths(flow, start)
    np.testing.assert_allclose(x.x, factors.x, atol=2e-6)
    # Two signs turned and the factors exchanged: the same x.
    other = -start[::-1]
    np.testing.assert_allclose(paths(flow, other)[2].x, x.x, atol=1e-7)


@pytest.mark.parametrize(
    ("power", "decay"),
    [
        (2, None),
        (2, mf.decay.Coupled(OFF)),
        (2, mf.decay.Decoupled(OFF)),
        (4, None),
        (3, None),
        (4, mf.decay.Coupled(OFF, penalty=mf.decay.PowerSum(4))),
    ],
)
def test_power_differences_are_mirror_flows_with_their_own_decay(power, decay):
    flow = mf.Flow(PROBLEM, reparameterization=mf.reparameterizations.PowerDifference(power), decay=decay)
    start = np.stack([np.full(4, 0.7), np.array([0.5, 0.6, 0.4, 0.5])])
    _, factors, x = paths(flow, start)
    np.testing.assert_allclose(x.x, factors.x, atol=1e-6)


@pytest.mark.parametrize("decay", [None, mf.decay.Coupled(OFF, penalty=mf.decay.LogSum())], ids=["none", "log sum"])
def test_log_differences_are_mirror_flows_and_so_with_their_own_decay(decay):
    flow = mf.Flow(PROBLEM, reparameterization=mf.reparameterizations.LogDifference(), decay=decay)
    start = np.stack([np.full(4, 1.5), np.array([1.2, 1.4, 1.1, 1.3])])
    mirror, factors, x = paths(flow, start)
    np.testing.assert_allclose(x.x, factors.x, atol=1e-7)
    # u²+v² is the twin's, and known: u₀²+v₀²−4A.
    strengths = [0.0 if decay is None else float(decay.strength.integral(t)) for t in TIMES]
    squares = (np.asarray(factors.parameters) ** 2).sum(axis=1)
    np.testing.assert_allclose(squares, (start**2).sum(axis=0) - 4 * np.array(strengths)[:, None], rtol=1e-7)
    if decay is None:
        assert isinstance(mirror.potential, mf.potentials.LogDifferencePotential)
    else:
        assert isinstance(mirror.potential, mf.potentials.RegularizedLogDifference)


def test_a_log_difference_and_its_mirror_flow_end_at_the_same_time():
    """Decay draws u to 0 in finite time; the dual then leaves the shrunken dual domain."""
    decay = mf.decay.Coupled(0.3, penalty=mf.decay.LogSum())
    flow = mf.Flow(PROBLEM, reparameterization=mf.reparameterizations.LogDifference(), decay=decay)
    start = np.ones((2, 4))
    ends = []
    for one, begin in ((flow, start), (flow.as_mirror_flow(start), np.zeros(4))):
        path = mf.integrate(one, begin, until=mf.until.time(10.0), save=5)
        assert not path.status.ok and np.isfinite(np.asarray(path.loss)).all()
        ends.append(float(path.time[-1]))
    # u²+v² = 2−4A is spent at t=5/3 at the latest.
    assert ends[0] <= 5 / 3 * (1 + 1e-6) and ends[1] == pytest.approx(ends[0], rel=1e-5)


def test_diagonal_attention_is_the_mirror_flow_of_a_product_under_any_loss():
    """Softmax attention on two sequences: not convex in x."""
    tokens = RANDOM.standard_normal((2, 3, 4))

    def loss(x):
        matrix = mf.reparameterizations.DiagonalAttention().matrix(x)
        attended = jax.nn.softmax(jnp.einsum("bsi,ij,btj->bst", tokens, matrix, tokens), axis=-1) @ tokens
        return jnp.mean((attended - 0.5) ** 2)

    flow = mf.Flow(
        mf.problems.Objective(loss, dimension=4),
        reparameterization=mf.reparameterizations.DiagonalAttention(),
        decay=mf.decay.Coupled(OFF),
    )
    mirror, factors, x = paths(flow, flow.lift(x=X, balance=0.4))
    assert isinstance(mirror.potential, mf.potentials.RegularizedHyperbolicEntropy)
    np.testing.assert_allclose(x.x, factors.x, atol=2e-6)


@pytest.mark.parametrize(
    "decay",
    [
        pytest.param(None, marks=pytest.mark.slow),
        pytest.param(mf.decay.Coupled(OFF), marks=pytest.mark.slow),
        mf.decay.Decoupled(0.2),
    ],
    ids=["no", "coupled", "decoupled"],
)
def test_commuting_quadratic_forms_are_mirror_flows_through_their_orbit(decay):
    """G_i = ½θᵀA_iθ with diagonal A_i in one rotated basis."""
    basis = np.linalg.qr(RANDOM.standard_normal((3, 3)))[0]
    forms = np.stack([basis @ np.diag(values) @ basis.T for values in ([1.0, 0.0, 0.5], [0.0, 1.0, -0.3])])
    problem = mf.problems.LinearRegression(np.array([[1.0, 0.7]]), np.array([0.9]))
    flow = mf.Flow(problem, reparameterization=mf.reparameterizations.QuadraticForm(forms), decay=decay)
    start = np.array([0.5, -0.4, 0.6])
    mirror, parameters, x = paths(flow, start)
    np.testing.assert_allclose(x.x, parameters.x, atol=1e-6)
    # Q_a(μ) = ¼‖exp(…)θ₀‖²: its gradient is the orbit's inverse mirror map.
    potential = mirror.potential.at(jnp.asarray(0.7))
    rate = 2 if isinstance(decay, mf.decay.Coupled) else 1
    spent = 0.0 if decay is None else rate * float(decay.strength.integral(0.7))

    def quadratic(mu):
        exponent = jnp.einsum("i,ijk->jk", mu, forms) - spent * jnp.eye(3)
        return 0.25 * jnp.sum((jax.scipy.linalg.expm(exponent) @ start) ** 2)

    mu = jnp.array([0.3, -0.2])
    np.testing.assert_allclose(potential.inverse_mirror_map(mu), 2 * jax.grad(quadratic)(mu) / 2, rtol=1e-8)


def test_a_custom_map_that_commutes_is_a_mirror_flow():
    """log u − log v (page 02)."""
    flow = mf.Flow(
        PROBLEM, reparameterization=mf.reparameterizations.Custom(lambda p: jnp.log(p["u"]) - jnp.log(p["v"]))
    )
    start = {"u": np.full(4, 1.5), "v": np.full(4, 1.2)}
    _, parameters, x = paths(flow, start)
    np.testing.assert_allclose(x.x, parameters.x, atol=1e-6)


def test_a_potential_s_flow_is_its_own_mirror_flow():
    flow = mf.Flow(PROBLEM, potential=mf.potentials.HyperbolicEntropy(0.3))
    assert flow.as_mirror_flow(X) is flow


def test_numbers_stay_numbers_to_the_mirror_flow():
    """The balance of the start is read off it, per coordinate."""
    flow = product()
    balance = np.array([0.1, 0.2, 0.3, 0.4])
    potential = flow.as_mirror_flow(flow.lift(x=X, balance=balance)).potential
    np.testing.assert_allclose(potential.metric(X), 1 / np.sqrt(4 * X**2 + balance**2), rtol=1e-9)


NONE = {
    "depth 3 with coupled decay": (product(3, decay=mf.decay.Coupled(0.1)), 0.4, r"Lie bracket.*2\(L−2\)∇g with L=3"),
    "depth 4 with decoupled decay": (product(4, decay=mf.decay.Decoupled(0.1)), 0.4, r"Lie bracket.*L=4"),
    "q below 2, decoupled": (product(q=1.5, decay=mf.decay.Decoupled(0.1)), 0.4, r"αL\(1−m\)/S = 0.5·α/S"),
    "q below 2, coupled": (product(q=1.5, decay=mf.decay.Coupled(0.1)), 0.4, "inside the direction map"),
    "depth 3, q below 2, decoupled": (
        product(3, 1.25, decay=mf.decay.Decoupled(0.1)),
        0.4,
        r"αL\(1−m\)/S = 0.5·α/S with m=q\(L−1\)/L=0.833",
    ),
}


def test_a_log_difference_with_another_decay_is_refused_with_a_bracket():
    start = np.stack([np.full(4, 1.5), np.full(4, 1.2)])
    for decay in (mf.decay.Coupled(0.1), mf.decay.Decoupled(0.1), mf.decay.Coupled(0.1, penalty=mf.decay.PowerSum(1))):
        flow = mf.Flow(PROBLEM, reparameterization=mf.reparameterizations.LogDifference(), decay=decay)
        with pytest.raises(mf.NotAMirrorFlow, match="Lie bracket of h and"):
            flow.as_mirror_flow(start)
    sign = mf.Flow(PROBLEM, reparameterization=mf.reparameterizations.LogDifference(), geometry=mf.geometries.Sign())
    with pytest.raises(ValueError, match="q=2"):
        sign.as_mirror_flow(start)


@pytest.mark.parametrize(("depth", "q"), [(2, 1.0), (2, 1.5), (3, 1.5), (3, 1.75)])
def test_coupled_decay_of_balanced_products_is_a_penalty_inside_the_direction_map(depth, q):
    """The factors smooth ∂x/∂w·∂f and the mirror flow ∂f, so that they agree as the smoothing goes to 0."""
    x0, decay, gaps = np.array([0.3, -0.5, 0.2, -0.4]), mf.decay.Coupled(OFF), []
    for smoothing in (1e-2, 1e-3):
        geometry = mf.geometries.Steepest(q, smoothing=smoothing)
        flow = mf.Flow(PROBLEM, reparameterization=HADAMARD(depth), geometry=geometry, decay=decay)
        start = flow.lift(x=x0, balance=0.0)
        mirror = flow.as_mirror_flow(start)
        assert isinstance(mirror.potential, mf.potentials.BalancedSteepest)
        assert isinstance(mirror.decay.penalty, mf.decay.BalancedSquares)
        runs = [mf.integrate(a, b, until=mf.until.time(0.15), save=4) for a, b in ((flow, start), (mirror, x0))]
        assert all(run.status.ok for run in runs), [str(run.status) for run in runs]
        gaps.append(float(np.max(np.abs(runs[0].x - runs[1].x))))
    # At a distance from {∂_i f+M'=0} the gap is of second order, on it of first order.
    assert gaps[1] < 0.3 * gaps[0] and gaps[1] < 2e-3


def test_coupled_decay_that_draws_balanced_factors_to_zero_ends_the_mirror_flow():
    flow = product(2, 1.0, mf.decay.Coupled(1.0))
    mirror = flow.as_mirror_flow(flow.lift(x=X, balance=0.0))
    path = mf.integrate(mirror, X, until=mf.until.time(5.0))
    assert not path.status.ok and "tied factors" in str(path.status)


def test_unbalanced_decay_at_metric_exponent_one_names_what_is_missing():
    flow = product(3, 1.5, mf.decay.Decoupled(0.1))
    with pytest.raises(ValueError, match=r"time-dependent mirror flow.*mirror_drift") as caught:
        flow.as_mirror_flow(flow.lift(x=X, balance=0.4))
    assert not isinstance(caught.value, mf.NotAMirrorFlow)


@pytest.mark.parametrize("name", NONE)
def test_what_is_none_is_refused_with_its_witness(name):
    flow, balance, words = NONE[name]
    with pytest.raises(mf.NotAMirrorFlow, match=words):
        flow.as_mirror_flow(flow.lift(x=X, balance=balance))


def test_a_decay_of_strength_zero_is_no_decay():
    flow = product(3, decay=mf.decay.Coupled(0.0))
    assert isinstance(flow.as_mirror_flow(flow.lift(x=X, balance=0.4)).potential, mf.potentials.SteepestFamily)


def test_other_maps_are_refused_with_a_bracket():
    matrix = mf.problems.MatrixSensing.sample(jax.random.key(0), shape=(2, 2), rank=1, measurements=3)
    flow = mf.Flow(matrix, reparameterization=mf.reparameterizations.MatrixProduct(2, 2, 2))
    with pytest.raises(mf.NotAMirrorFlow, match="does not commute"):
        flow.as_mirror_flow(flow.lift(x=np.array([[0.3, 0.1], [0.2, 0.5]]), balance=0.1))
    mixed = mf.Flow(
        mf.problems.Objective(lambda x: jnp.sum(x**2), dimension=2),
        reparameterization=mf.reparameterizations.Custom(lambda t: jnp.stack([t[0] ** 2, t[0] * t[1]])),
    )
    attention = mf.Flow(matrix, reparameterization=mf.reparameterizations.Attention(2))
    with pytest.raises(mf.NotAMirrorFlow, match="does not commute"):
        attention.as_mirror_flow(attention.lift(x=np.array([[0.3, 0.1], [0.2, 0.5]]), balance=0.1))
    with pytest.raises(mf.NotAMirrorFlow, match="Lie bracket"):
        mixed.as_mirror_flow(np.array([0.5, 0.7]))


def test_a_bracket_that_vanishes_at_the_start_only_is_found_beside_it():
    flow = mf.Flow(
        mf.problems.Objective(lambda x: jnp.sum(x**2), dimension=2),
        reparameterization=mf.reparameterizations.Custom(lambda t: jnp.stack([t[0] ** 2, t[0] * t[1]])),
    )
    with pytest.raises(mf.NotAMirrorFlow, match="beside the start"):
        flow.as_mirror_flow(np.zeros(2))


UNKNOWN = {
    "mixed balances": (
        lambda: product().as_mirror_flow(np.stack([np.full(4, 0.7), [0.7, 0.5, 0.7, 0.5]])),
        "or in none",
    ),
    "unequal large factors": (
        lambda: product(3).as_mirror_flow(np.array([[0.9], [0.8], [0.1]]) * np.ones((3, 4))),
        "differ by",
    ),
    "balanced at zero": (lambda: product(3).as_mirror_flow(np.zeros((3, 4))), "never leaves it"),
    "shape": (lambda: product().as_mirror_flow(np.ones((3, 4))), "shape"),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_starts_that_theory_does_not_cover_are_refused_in_words(name):
    make, words = UNKNOWN[name]
    with pytest.raises(ValueError, match=words):
        make()
