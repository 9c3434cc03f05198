"""Escape times of exponentials are exact, and sign flips are counted."""

import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf
from mirrorflow import observe


@pytest.mark.parametrize("points", [2, 3, 17])
@pytest.mark.parametrize("start", [1e-300, 1e-12, 0.3])
def test_escape_of_an_exponential_is_exact_whatever_is_saved(in_x, start, points):
    time = np.linspace(0.0, 5.0, points)
    rate = np.log(2.0 / start) / 5.0
    path = in_x(-start * np.exp(rate * time)[:, None], time)
    levels = np.geomspace(start, 1.99, 9)
    expected = np.log(levels / start) / rate
    np.testing.assert_allclose(observe.escape_time(path, levels), expected, rtol=1e-11, atol=1e-11)


def test_escape_grows_with_the_level_and_ends_in_infinity(in_x):
    path = in_x(np.abs(np.random.default_rng(1).standard_normal((30, 4))))
    times = np.asarray(observe.escape_time(path, np.linspace(0.01, 9.0, 50)))
    assert (times[1:] >= times[:-1]).all()
    assert times[0] == 0.0 and times[-1] == np.inf


def test_escape_of_one_coordinate_and_of_the_largest(in_x):
    time = np.linspace(0.0, 4.0, 9)
    path = in_x(np.stack([1e-3 * np.exp(time), 1e-2 * np.exp(time / 2)], axis=1), time)
    np.testing.assert_allclose(observe.escape_time(path, 0.03, coordinate=0), np.log(30.0), rtol=1e-12)
    np.testing.assert_allclose(observe.escape_time(path, 0.03, coordinate=-1), 2 * np.log(3.0), rtol=1e-12)
    np.testing.assert_allclose(observe.escape_time(path, 0.03), 2 * np.log(3.0), rtol=1e-12)


def test_escape_of_an_entry_of_a_matrix(in_x):
    x = np.zeros((3, 2, 2))
    x[:, 1, 0] = [1.0, 2.0, 4.0]
    assert observe.escape_time(in_x(x), 2.0, coordinate=(1, 0)) == 1.0
    assert observe.escape_time(in_x(x), 2.0, coordinate=(0, 1)) == np.inf


def test_from_zero_the_first_stretch_is_straight(in_x):
    assert observe.escape_time(in_x([[0.0], [4.0]]), 1.0) == 0.25


def test_escape_along_a_saddle_follows_the_flow():
    # ẋ = x(1−x) for f = −x+x²/2 and the entropic potential of a balanced product: x = 1/(1+(1/x₀−1)e^{−2t}).
    problem = mf.problems.LinearRegression(jnp.eye(1), jnp.ones(1))
    flow = mf.Flow(problem, reparameterization=mf.reparameterizations.Hadamard(depth=2))
    path = mf.integrate(flow, flow.lift(x=jnp.full(1, 1e-6), balance=0.0), until=mf.until.time(20.0), save=4001)
    expected = np.log((1e6 - 1) / (1 / 0.5 - 1)) / 2
    # Between saves 0.005 apart log x is bent by at most (1/8)·0.005²·max|(log x)''| ≤ 3e-6·1.
    assert abs(float(observe.escape_time(path, 0.5)) - expected) < 1e-5


@pytest.mark.parametrize(("to", "coordinate"), [(0.0, None), (-1.0, None), (np.inf, None), (1.0, 2), (1.0, (0, 0))])
def test_bad_levels_and_coordinates_are_refused(in_x, to, coordinate):
    with pytest.raises(ValueError, match=r"to must be|coordinate must be"):
        observe.escape_time(in_x([[1.0, 2.0]]), to, coordinate=coordinate)


@pytest.mark.parametrize("turns", [0, 1, 5])
def test_a_cosine_flips_at_each_of_its_zeros(in_x, turns):
    time = np.linspace(0.0, 1.0, 200)
    flips = observe.sign_flips(in_x(np.cos(np.pi * turns * time)[:, None]))
    assert flips.tolist() == [turns]


@pytest.mark.parametrize(
    ("values", "flips"),
    [([1, 0, 1], 0), ([1, 0, -1], 1), ([0, 0, -1], 0), ([0, 1, -1], 1), ([-1, 0, 0, 1, 0, -1, 0], 2), ([0, 0], 0)],
)
def test_zeros_are_no_sign(in_x, values, flips):
    assert observe.sign_flips(in_x(np.array(values)[:, None])).tolist() == [flips]


def test_flips_keep_the_shape_of_x_and_forget_scale_and_side(in_x):
    x = np.random.default_rng(2).standard_normal((40, 3, 4))
    flips = np.asarray(observe.sign_flips(in_x(x)))
    assert flips.shape == (3, 4)
    np.testing.assert_array_equal(flips, (np.diff(np.sign(x), axis=0) != 0).sum(axis=0))
    np.testing.assert_array_equal(flips, observe.sign_flips(in_x(-1e-200 * x)))
