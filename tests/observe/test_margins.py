"""Margins and directions against their definition, over the range of floats."""

import equinox as eqx
import jax
import numpy as np
import pytest

import mirrorflow as mf

Lp = mf.potentials.Lp
random = np.random.default_rng(0)
INPUTS, LABELS = random.standard_normal((7, 4)), np.where(random.standard_normal(7) > 0, 1.0, -1.0)
X = random.standard_normal((5, 4))


def gauge(x):
    """A gauge that is no Lp and not symmetric."""
    return jax.numpy.sqrt(jax.numpy.sum(x**2)) + 0.25 * x[0]


def path_of(x, inputs=INPUTS, labels=LABELS):
    problem = mf.problems.Classification(inputs, labels)
    return mf.Trajectory.from_arrays(time=np.arange(len(x), dtype=float), parameters=x, problem=problem)


@pytest.mark.parametrize("horizon", [Lp(1), Lp(1.5), Lp(2), Lp(np.inf), gauge])
def test_margin_is_the_least_signed_score_over_the_size(horizon):
    expected = (LABELS * (X @ INPUTS.T)).min(axis=1) / [horizon(x) for x in X]
    np.testing.assert_allclose(mf.observe.margin(path_of(X), horizon), expected, rtol=1e-12)
    np.testing.assert_allclose(
        mf.observe.direction(path_of(X), horizon), X / np.array([horizon(x) for x in X])[:, None], rtol=1e-12
    )


@pytest.mark.parametrize("horizon", [Lp(1), Lp(3), gauge])
def test_margin_and_direction_do_not_depend_on_the_size(horizon):
    for scale in (1e-300, 1e307):
        for observer in (mf.observe.margin, mf.observe.direction):
            np.testing.assert_allclose(
                observer(path_of(scale * X), horizon), observer(path_of(X), horizon), rtol=1e-12, atol=1e-15
            )


def test_the_sign_of_the_margin_tells_whether_x_separates():
    separating = np.linalg.lstsq(INPUTS[:4], LABELS[:4], rcond=None)[0]
    path = path_of(np.array([separating, -separating]), INPUTS[:4], LABELS[:4])
    values = np.asarray(mf.observe.margin(path, Lp(2)))
    np.testing.assert_allclose(values, np.array([1, -1]) / np.linalg.norm(separating), rtol=1e-10)


def test_nothing_has_no_direction_and_margin_zero():
    path = path_of(np.zeros((2, 4)))
    for horizon in (Lp(1), Lp(2), gauge):
        assert mf.observe.margin(path, horizon).tolist() == [0.0, 0.0]
        assert not np.asarray(mf.observe.direction(path, horizon)).any()


def test_margins_of_traced_paths_have_derivatives_at_zero_too():
    path = path_of(np.concatenate([X[:1], np.zeros((1, 4))]))
    read = eqx.filter_jit(lambda path: mf.observe.margin(path, Lp(2)))
    np.testing.assert_allclose(read(path), mf.observe.margin(path, Lp(2)), rtol=1e-13)
    slopes = jax.grad(lambda x: mf.observe.margin(eqx.tree_at(lambda p: p.x, path, x), Lp(2)).sum())(path.x)
    assert np.isfinite(slopes).all() and np.abs(slopes[0]).max() > 0


def test_what_has_no_margin_is_refused_in_words(in_x):
    with pytest.raises(ValueError, match=r"problem with margins.*Objective"):
        mf.observe.margin(in_x(X), Lp(2))
    with pytest.raises(ValueError, match="has no horizon"):
        mf.observe.margin(path_of(X), None)
    with pytest.raises(ValueError, match=r"norm or gauge.*got 2"):
        mf.observe.direction(path_of(X), 2)
