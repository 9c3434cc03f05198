"""Laws in the hands of a user: as JAX functions, as text and LaTeX, with rates that the package's own flows follow."""

import os
import subprocess
import sys

import jax
import jax.numpy as jnp
import math_core
import numpy as np
import pytest
import sympy

import mirrorflow as mf

RANDOM = np.random.default_rng(5)
U, V, W = sympy.symbols("u v w", real=True)
PRODUCT = mf.reparameterizations.MatrixProduct(rows=2, columns=3, rank=2)
HADAMARD = mf.reparameterizations.Hadamard(depth=2)
LAMBDA = sympy.Symbol("lambda", positive=True)


def numbers(law, values):
    return float(sympy.lambdify(law.variables, law.expression)(*values))


def test_residuals_are_functions_of_jax():
    found = mf.derive.conservation_laws([U * V * W], [U, V, W])
    theta = jnp.array([1.0, 2.0, 5.0])
    expected = [numbers(law, theta) for law in found]
    np.testing.assert_allclose(found.residual(theta), expected)
    np.testing.assert_allclose(jax.jit(found.residual)(theta), expected)
    many = jnp.stack([theta, 2 * theta])
    np.testing.assert_allclose(jax.vmap(found.residual)(many), [expected, [4 * e for e in expected]])
    slope = jax.grad(found[0].residual)(theta)
    at = dict(zip((U, V, W), (1, 2, 5), strict=True))
    exact = [float(sympy.diff(found[0].expression, x).subs(at)) for x in (U, V, W)]
    np.testing.assert_allclose(slope, exact)
    np.testing.assert_allclose(found.residual({"u": 1.0, "v": 2.0, "w": 5.0}), expected)


def test_residuals_take_the_parameters_of_the_reparameterization():
    found = mf.derive.conservation_laws(PRODUCT)
    theta = {"left": RANDOM.normal(size=(2, 2)), "right": RANDOM.normal(size=(3, 2))}
    gram = theta["left"].T @ theta["left"] - theta["right"].T @ theta["right"]
    values = np.asarray(found.residual(theta))
    assert len(values) == 3
    for value in values:
        assert np.abs(np.abs(gram) - np.abs(value)).min() < 1e-12
    flat = np.concatenate([theta["left"].ravel(), theta["right"].ravel()])
    np.testing.assert_allclose(found.residual(flat), values)


def test_residuals_of_coordinatewise_models_take_all_coordinates_at_once():
    (law,) = mf.derive.conservation_laws(HADAMARD)
    theta = RANDOM.normal(size=(2, 7))
    values = law.residual(theta)
    assert values.shape == (7,)
    np.testing.assert_allclose(np.abs(values), np.abs(theta[0] ** 2 - theta[1] ** 2))


@pytest.mark.parametrize(
    "theta, words",
    [
        (np.ones(4), "first axis of length 3"),
        (1.0, "first axis of length 3"),
        ({"u": 1.0, "v": 2.0}, "['u', 'v']"),
        ({"u": np.ones(2), "v": 1.0, "w": 1.0}, "parameters['u']"),
        ([np.ones(3), np.ones(3)], "got shapes"),
    ],
)
def test_other_structures_are_refused(theta, words):
    found = mf.derive.conservation_laws([U * V * W], [U, V, W])
    for residual in (found.residual, found[0].residual):
        with pytest.raises(ValueError) as caught:
            residual(theta)
        assert words in str(caught.value)


def test_laws_of_momentum_need_the_velocity():
    found = mf.derive.conservation_laws(PRODUCT, momentum="heavy-ball")
    theta = {"left": RANDOM.normal(size=(2, 2)), "right": RANDOM.normal(size=(3, 2))}
    speed = {"left": RANDOM.normal(size=(2, 2)), "right": RANDOM.normal(size=(3, 2))}
    with pytest.raises(ValueError, match="velocity must be given"):
        found.residual(theta)
    spin = sum((speed[side].T @ theta[side] - theta[side].T @ speed[side]) for side in theta)
    np.testing.assert_allclose(abs(float(found.residual(theta, speed)[0])), abs(spin[0, 1]))


def test_a_list_without_laws_has_an_empty_residual():
    found = mf.derive.conservation_laws([U**2], [U])
    assert found.residual(jnp.ones(1)).shape == (0,)
    assert list(found) == []


def test_laws_with_an_open_exponent_say_so_where_numbers_are_asked_for():
    q = sympy.Symbol("q", positive=True)
    found = mf.derive.conservation_laws([U * V], [U, V], geometry=q)
    for residual in (found.residual, found[0].residual):
        with pytest.raises(ValueError, match="q"):
            residual(np.ones(2))


LATEX = {
    "matrices": (PRODUCT, None, {}),
    "matrices with decay": (PRODUCT, None, {"decay": "decoupled"}),
    "own": ([U * V * W], [U, V, W], {"decay": 0.1}),
    "momentum": (PRODUCT, None, {"momentum": "nesterov"}),
    "heavy ball": ([U * V + W], [U, V, W], {"momentum": 0.5}),
    "steepest": ([U * V], [U, V], {"geometry": 1.5, "decay": "decoupled"}),
    "mirror": ([U * V], [U, V], {"metric": mf.potentials.HyperbolicEntropy(0.5)}),
    "none": ([U**2], [U], {}),
}


@pytest.mark.parametrize("name", LATEX)
def test_latex_renders_as_the_report_renders_it(name):
    model, variables, flow = LATEX[name]
    found = mf.derive.conservation_laws(model, variables, **flow)
    converter = math_core.LatexToMathML()
    for text in (found.to_latex(), *(law.to_latex() for law in found)):
        assert "<math" in converter.convert_with_local_state(text, displaystyle=True)
        assert text.count("{") == text.count("}")


SCRIPT = """
import sympy as sp, mirrorflow as mf
a, b, c, d = sp.symbols("a b c d", real=True)
k, l = sp.symbols("k l", positive=True)
print(mf.derive.conservation_laws([a * b + k * c * d, l * a * d], [a, b, c, d]))
print(mf.derive.conservation_laws([a * b * c], [a, b, c], geometry=1.5, decay="decoupled"))
print(mf.derive.conservation_laws([a * b, c], [a, b, c, d], momentum="heavy-ball"))
print(mf.derive.conservation_laws(mf.reparameterizations.MatrixProduct(2, 2, 2), geometry=1).to_latex())
print(mf.derive.conservation_laws([a**2 + 1 / b], [a, b], metric=None))
print(mf.derive.conservation_laws([a * b], [a, b], metric=mf.potentials.Cosh()))
"""


def test_the_same_seed_gives_the_same_text_in_every_process():
    texts = set()
    for seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": seed}
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True
        )
        texts.add(done.stdout)
    assert len(texts) == 1
    assert "laws" in texts.pop()


def test_words_name_geometries():
    for word, same in (("sign", mf.geometries.Sign()), ("gradient", None)):
        named, given = (mf.derive.conservation_laws([U * V], [U, V], geometry=each) for each in (word, same))
        assert str(named) == str(given)


def test_constant_rates_are_shown_with_time():
    (law,) = mf.derive.conservation_laws([U * V], [U, V], decay=1)
    assert str(law) == "u**2 - v**2  ·  exp(2*t)"
    (law,) = mf.derive.conservation_laws([U * V], [U, V], decay="decoupled")
    assert str(law) == "u**2 - v**2  ·  exp(∫2*lambda)"


def rate_of(**flow):
    (law,) = mf.derive.conservation_laws([U * V], [U, V], **flow)
    return law.rate


def test_rates_follow_the_conventions_of_the_notation_page():
    """Coupled(α) is the penalty α‖θ‖²: 2α a factor. A law of degree q decays at q times the rate of its factors."""
    assert rate_of(decay=mf.decay.Coupled(0.1)) == sympy.Rational(4, 10)
    assert rate_of(decay=mf.decay.Decoupled(0.2)) == sympy.Rational(4, 10)
    assert rate_of(decay=mf.decay.Decoupled(mf.schedules.switch_off(0.2, at=1.0))) == 2 * LAMBDA
    assert rate_of(decay=mf.decay.Coupled(mf.schedules.switch_off(0.2, at=1.0))) == 4 * LAMBDA
    assert rate_of(decay=mf.decay.Decoupled(0.2), geometry=1.5) == sympy.Rational(3, 10)
    assert len(mf.derive.conservation_laws([U * V], [U, V], geometry=1.5, decay="coupled")) == 0


OFF = mf.schedules.switch_off(0.3, at=0.2)
DECAYS = {
    "coupled": (mf.decay.Coupled(0.15), 0.15 * 0.5),
    "decoupled": (mf.decay.Decoupled(0.3), 0.3 * 0.5),
    "switched off": (mf.decay.Decoupled(OFF), 0.3 * 0.2),
    "coupled, switched off": (mf.decay.Coupled(OFF), 0.3 * 0.2),
}


@pytest.mark.parametrize("name", DECAYS)
@pytest.mark.parametrize("kind", ["hadamard", "matrices"])
def test_trajectories_follow_the_rates(name, kind):
    """h(θ_T) = h(θ_0)·e^{−∫rate} up to the accuracy of the integration, 1e-6 relative, at T=0.5."""
    decay, integral = DECAYS[name]
    if kind == "hadamard":
        problem = mf.problems.LinearRegression(RANDOM.normal(size=(2, 3)), RANDOM.normal(size=2))
        model, start = HADAMARD, RANDOM.normal(size=(2, 3))
    else:
        problem = mf.problems.MatrixSensing(RANDOM.normal(size=(4, 2, 3)), RANDOM.normal(size=4))
        model, start = PRODUCT, {"left": RANDOM.normal(size=(2, 2)), "right": RANDOM.normal(size=(3, 2))}
    flow = mf.Flow(problem, reparameterization=model, decay=decay)
    path = mf.integrate(flow, start, until=mf.until.time(0.5), rtol=1e-9, atol=1e-11)
    assert path.status.ok
    found = mf.derive.conservation_laws(model, decay=decay)
    assert found.complete
    end = jax.tree.map(lambda leaf: leaf[-1], path.parameters)
    for law in found:
        # A rate in λ has the integral of the schedule in its place; a number has the time.
        grown = float(law.rate.subs(LAMBDA, integral)) if law.rate.free_symbols else 0.5 * float(law.rate)
        before, after = law.residual(start), law.residual(end)
        np.testing.assert_allclose(after, np.exp(-grown) * before, rtol=1e-6)
