"""What holds in one cell of signs, or up to one turning point, is not reported as a law everywhere."""

import jax.numpy as jnp
import numpy as np
import pytest
import sympy as sp

import mirrorflow as mf


def test_laws_of_sign_flow_of_a_function_hold_in_every_cell():
    start = jnp.array([0.5, 0.6, 0.7, 0.9])
    found = mf.derive.conservation_laws(lambda t: t[0] * t[1] + t[2] * t[3], start, geometry=1)
    assert found.complete is not True
    random = np.random.default_rng(0)
    for law in found:
        for _ in range(50):
            theta = random.uniform(0.3, 1.0, 4) * random.choice([-1.0, 1.0], 4)
            velocity = np.sign([theta[1], theta[0], theta[3], theta[2]])
            slope = [
                float(sp.diff(law.expression, x).subs(dict(zip(law.variables, theta, strict=True))))
                for x in law.variables
            ]
            assert abs(np.dot(slope, velocity)) < 1e-9


def test_positive_symbols_are_sampled_positive():
    p, q = sp.symbols("p q", positive=True)
    found = mf.derive.conservation_laws([p**q], [p, q])
    assert found.count == 1


def test_an_integral_says_what_its_symbols_are_and_where_it_jumps():
    found = mf.derive.conservation_laws(mf.derive.models.linear_network(1, 2, 2, 1))
    assert "jumps" in found[-1].where
    assert r"\det(s-W_{2}^\top W_{2}" in found.to_latex()


@pytest.mark.parametrize("name", ["legendre", "mirror_drift"])
def test_failures_of_sympy_are_told_in_words(name):
    u, v = sp.symbols("u v", real=True)
    with pytest.raises(ValueError, match="could not be solved"):
        getattr(mf.derive, name)([u * v + u], variables=[u, v])


def test_an_orbit_that_goes_on_through_zero_is_refused():
    u, v = sp.symbols("u v", real=True)
    with pytest.raises(ValueError, match="goes on where u is 0"):
        mf.derive.legendre([u + v**3], variables=[u, v], balance=1)
