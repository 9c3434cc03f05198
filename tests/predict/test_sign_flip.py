"""Predicted flips against SciPy's integration of the same neuron, and the shape of the separatrix."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp

import mirrorflow as mf


def gradient(x):
    """∇f written out once more, for d ≥ 1."""
    a, w = x[0], x[1:]
    radius = np.linalg.norm(w)
    across = np.linalg.norm(w[1:])
    left = np.pi - np.arctan2(across, w[0])
    overlap = (across + left * w[0]) / (2 * np.pi)
    turn = across / radius * w / radius
    turn[0] += left
    return np.concatenate([[a * radius**2 / 2 - overlap], a * (a * w / 2 - turn / (2 * np.pi))])


def flips_by_scipy(start, balances):
    """Whether a>0 before ‖w‖ is 1e-5."""
    balance = None if balances is None else np.array([balances[0]] + [balances[1]] * (len(start) - 1))

    def velocity(_, x):
        return -gradient(x) if balance is None else -np.hypot(2 * x, balance) * gradient(x)

    def flipped(_, x):
        return x[0]

    def vanished(_, x):
        return np.linalg.norm(x[1:]) - 1e-5

    for event in (flipped, vanished):
        setattr(event, "terminal", True)  # noqa: B010 (how SciPy wants it)
    run = solve_ivp(velocity, (0, 1e4), start, events=[flipped, vanished], rtol=1e-8, atol=1e-11)
    return len(run.t_events[0]) > 0


W = np.array([[0.5, 0.3], [0.2, -0.6], [-0.3, 0.5], [0.45, -0.2]])


@pytest.mark.parametrize("balances", [None, (1.0, 0.5), (0.3, 0.8), (0.7, 0.7)])
def test_the_separatrix_separates(balances):
    sizes = np.asarray(mf.predict.separatrix(W, balances))
    for w, size in zip(W, sizes, strict=True):
        inside, outside = np.array([-0.97 * size, *w]), np.array([-1.03 * size, *w])
        told = mf.predict.sign_flip(np.stack([inside, outside]), balances)
        assert told.flips.tolist() == [True, False]
        assert [flips_by_scipy(start, balances) for start in (inside, outside)] == [True, False]


def test_margin_vanishes_on_the_separatrix_and_is_the_balance_that_separates():
    beta1, beta2 = 0.8, 0.3
    start = np.concatenate([-np.asarray(mf.predict.separatrix(W, (beta1, beta2)))[:, None], W], axis=1)
    np.testing.assert_allclose(mf.predict.sign_flip(start, (beta1, beta2)).margin, 0, atol=1e-15)
    np.testing.assert_allclose(mf.predict.separating_balance(start, beta2), beta1, rtol=1e-12)


@pytest.mark.parametrize("size", [1e-200, 1e-30, 1.0, 1e200])
def test_plain_flow_has_no_scale(size):
    """It is the same for (a,w) and c·(a,w), also where squares are 0 or infinite."""
    found = mf.predict.sign_flip(size * np.array([[-0.5, 0.3, -0.41], [-0.5, 0.3, -0.39]]))
    assert found.flips.tolist() == [True, False] and not np.isnan(found.margin).any()
    np.testing.assert_allclose(mf.predict.separatrix(size * np.array([0.3, 0.4])), 0.5 * size, rtol=1e-15)


def test_large_balances_give_the_criterion_of_plain_flow():
    starts = np.concatenate([-np.full((4, 1), 0.55), W], axis=1)
    plain = mf.predict.sign_flip(starts)
    large = mf.predict.sign_flip(starts, (1e7, 1e7))
    # √(4x²+β²)−β = 2x²/β to leading order
    np.testing.assert_allclose(large.margin * 1e7 / 2, plain.margin, rtol=1e-9)


def test_on_the_line_the_sizes_being_equal_the_larger_balance_must_be_on_a():
    starts = np.array([[-0.4, 0.4]] * 3)
    told = mf.predict.sign_flip(starts, (np.array([1.0, 0.5, 0.7]), np.array([0.5, 1.0, 0.7])))
    assert told.flips.tolist() == [True, False, False]


def test_negative_weights_on_the_line_and_on_the_axis_never_learn():
    told = mf.predict.sign_flip(np.array([[0.5, -0.4], [-0.1, -0.4]]), (2.0, 0.1))
    assert not told.flips.any() and not told.succeeds.any()
    off = mf.predict.sign_flip(np.array([[0.5, -0.4, 1e-9], [-0.1, -0.4, 0.0]]))
    assert off.succeeds.tolist() == [True, False]


def test_without_a_balance_a_sign_stays():
    starts = np.array([[-0.1, 0.5, 0.2], [0.5, -0.5, 0.2], [0.0, 0.5, 0.2]])
    assert mf.predict.sign_flip(starts, (0.0, 0.5)).succeeds.tolist() == [False, True, False]
    assert mf.predict.sign_flip(starts, (0.5, 0.0)).succeeds.tolist() == [True, False, True]


def test_a_uniform_balance_reaches_further_off_the_axes():
    angle = np.linspace(0.1, 1.4, 7)
    w = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    assert (np.asarray(mf.predict.separatrix(w, (0.5, 0.5))) > 1).all()
    assert float(mf.predict.separatrix(np.array([0.0, 1.0]), (0.5, 0.5))) == pytest.approx(1.0, rel=1e-14)


def test_predictions_are_the_same_inside_a_compiled_function():
    starts = np.concatenate([-np.full((4, 1), 0.5), W], axis=1)
    told = mf.predict.sign_flip(starts, (1.0, 0.5))
    compiled = jax.jit(lambda starts: mf.predict.sign_flip(starts, (1.0, 0.5)))(jnp.asarray(starts))
    assert np.asarray(compiled.flips).tolist() == told.flips.tolist()
    np.testing.assert_allclose(compiled.margin, told.margin, rtol=1e-13, atol=1e-15)


def test_escape_time_solves_its_equation():
    radius, beta, angle = 0.4, 0.02, 0.01

    def rate(angle):
        return angle**5 * np.hypot(2 * radius * angle, beta) / (6 * np.pi**2 * radius**2)

    slope = 1e-5 * angle
    later, sooner = (float(mf.predict.misaligned_escape_time(angle + s, radius, beta)) for s in (slope, -slope))
    assert (sooner - later) / (2 * slope) == pytest.approx(1 / rate(angle), rel=1e-8)


def test_escape_exponents_lie_between_four_and_five():
    angle = np.array([1e-6, 1e-3, 1.0])

    def exponent(balance):
        times = mf.predict.misaligned_escape_time(np.stack([angle, angle * 1.001]), np.full((2, 3), 0.5), balance)
        return np.diff(np.log(times), axis=0)[0] / np.log(1.001)

    np.testing.assert_allclose(exponent(None), -4, rtol=1e-9)
    np.testing.assert_allclose(exponent(0.0), -5, rtol=1e-9)
    mixed = exponent(1e-3)
    assert mixed[0] == pytest.approx(-4, abs=1e-4) and mixed[2] == pytest.approx(-5, abs=1e-4)
    assert -5 < mixed[1] < -4


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: mf.predict.sign_flip([0.5, 0.0, 0.0]), "no flow leaves the saddle"),
        (lambda: mf.predict.sign_flip([0.5]), "start must hold"),
        (lambda: mf.predict.sign_flip([0.5, 1.0], (-1.0, 0.5)), "β₁ of balances must be non-negative"),
        (lambda: mf.predict.sign_flip([0.5, 1.0], (1.0, -0.5)), "β₂ of balances must be non-negative"),
        (lambda: mf.predict.sign_flip([0.5, 1.0], 1.0), "balances must be a pair"),
        (lambda: mf.predict.sign_flip(np.ones((4, 2)), (np.ones(3), 1.0)), r"β₁ of balances must be .*\(4,\).*\(3,\)"),
        (
            lambda: mf.predict.separating_balance(np.ones((3, 2)), np.ones(2)),
            r"β₂ of balances must be .*\(3,\).*\(2,\)",
        ),
        (lambda: mf.predict.separatrix(1.0), "last axis"),
        (lambda: mf.predict.separating_balance([0.5, 1.0], -1.0), "β₂ of balances must be non-negative"),
        (lambda: mf.predict.misaligned_escape_time(0.0, 1.0), "angle must be positive"),
        (lambda: mf.predict.misaligned_escape_time(0.1, 1.0, -1.0), "balance must be non-negative"),
    ],
)
def test_bad_input_is_refused_in_words(call, words):
    with pytest.raises(ValueError, match=words):
        call()
