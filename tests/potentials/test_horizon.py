"""The norms of max-margin problems."""

import jax
import numpy as np
import pytest

import mirrorflow as mf

Lp = mf.potentials.Lp


@pytest.mark.parametrize("p", [1.0, 1.3, 2.0, 7.0, np.inf])
def test_norms_agree_with_numpy_over_the_range_of_floats(p):
    x = np.array([3.0, -0.4, 1e-3, 0.0])
    for scale in (1.0, 1e-200, 1e200):
        np.testing.assert_allclose(Lp(p)(scale * x), scale * np.linalg.norm(x, p), rtol=1e-14)
    assert Lp(p)(np.zeros(3)) == 0


@pytest.mark.parametrize("p", [1.0, 1.3, 2.0, np.inf])
def test_hoelder_with_the_dual_norm(p):
    x, y = np.array([3.0, -0.4, 1e-3]), np.array([-1.0, 2.0, 5.0])
    assert abs(x @ y) <= Lp(p)(x) * Lp(p).dual(y)
    assert Lp(p).dual.dual == Lp(p)


def test_horizons_are_values():
    assert Lp(1) == Lp(1.0) != Lp(2) and len({Lp(1), Lp(1.0)}) == 1
    assert repr(Lp(np.inf)) == "Lp(p=inf)"


def test_horizons_of_the_potentials():
    P = mf.potentials
    assert P.Quadratic().horizon == Lp(2) and P.Power(1.5).horizon == Lp(1.5)
    assert P.HyperbolicEntropy(1e-3).horizon == P.HyperbolicAware(2.0).horizon == Lp(1)
    assert P.SteepestFamily(2, 2.0, 0.1).horizon == Lp(1) and P.SteepestFamily(2, 1.0, 0.1).horizon == Lp(1.5)
    assert P.BalancedSteepest(2, 1.0).horizon == Lp(1.5)
    assert P.SteepestFamily(3, 2.0, 0.1).horizon is None  # the mirror map is bounded


def test_norms_differentiate():
    x = np.array([3.0, -4.0])
    np.testing.assert_allclose(jax.grad(Lp(2.0))(x), x / 5, rtol=1e-14)
