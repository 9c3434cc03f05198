"""The conjectures that come with the package say what they should."""

import jax
import numpy as np
import pytest

import mirrorflow as mf


@pytest.mark.slow
def test_smaller_scale_does_not_always_mean_a_smaller_norm():
    found = mf.claims.falsify("conjectures/smaller-scale-smaller-norm", seed=3)
    assert found.outcome == "refuted" and found.counterexample.minimal
    assert mf.claims.replay(found.counterexample).outcome == "refuted"


def test_norm_of_the_limit_rises_from_scale_two_to_scale_one():
    """x₁+x₃=−1, 2x₂−x₁=−2: the limit in closed form, by minimizing over the line of solutions."""
    from scipy.optimize import brentq

    def limit(rho):
        def slope(s):  # of R along the line x=(s, s/2−1, −1−s)
            return np.arcsinh(s / rho) + np.arcsinh((s / 2 - 1) / rho) / 2 - np.arcsinh((-1 - s) / rho)

        s = brentq(slope, -10.0, 10.0, xtol=1e-14)
        return np.abs([s, s / 2 - 1, -1 - s]).sum()

    assert limit(1.0) > limit(2.0) + 1e-3
    entries = {"a11": 1, "a12": 0, "a13": 1, "a21": -1, "a22": 2, "a23": 0, "b1": -1, "b2": -2}
    check = mf.claims.conjecture("conjectures/smaller-scale-smaller-norm").check
    compared = check(**entries, scale=1.0, ratio=2.0)
    np.testing.assert_allclose([compared.measured, compared.predicted], [limit(1.0), limit(2.0)], rtol=1e-9)


def test_limit_is_the_projection_in_a_few_cases():
    found = mf.claims.falsify("conjectures/limit-is-projection", budget=3)
    assert found.outcome == "survived" and found.worst.relative < 0.1


@pytest.mark.parametrize("p", [2.0, 2.5])
def test_multipliers_certify_the_largest_margin(p):
    from mirrorflow.content.checks.conjectures import dual_of_max_margin

    q = p / (p - 1)
    signed = np.asarray(mf.problems.Classification.sample(jax.random.key(4), samples=4, features=3).signed_inputs)
    multipliers, margin = dual_of_max_margin(signed, q)
    sides = multipliers @ signed
    x = np.sign(sides) * np.abs(sides) ** (q - 1)
    reached = (signed @ x).min() / np.linalg.norm(x, ord=p)  # weak duality: no x has a larger margin than the dual
    assert multipliers.min() >= 0 and multipliers.sum() == pytest.approx(1.0)
    assert reached == pytest.approx(margin, rel=1e-5) and reached <= margin * (1 + 1e-12)
