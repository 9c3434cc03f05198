"""The induced flow in x: formulas of pages 02 and 03, refusals with their witnesses, and integrated paths."""

import functools
import re

import jax.numpy as jnp
import numpy as np
import pytest
import sympy as sp
from scipy.integrate import solve_ivp

import mirrorflow as mf
from mirrorflow.derive._mirror_drift import mirror_drift
from mirrorflow.derive._symbolic import symbolic

MAPS, DECAY = mf.reparameterizations, mf.decay
Q, LAMBDA, B = (sp.Symbol(name, positive=True) for name in ("q", "lambda", "b"))


def test_two_factors_with_coupled_decay_follow_page_two():
    found = mirror_drift(MAPS.Hadamard(2), LAMBDA, decay="coupled")
    rho = LAMBDA * sp.exp(-4 * found.spent) / 2
    page = -2 * sp.sqrt(found.x**2 + rho**2) * found.slope - 4 * found.strength * found.x
    assert sp.simplify(found.expression - page) == 0 and found.regularizer is None


def test_decoupled_decay_of_twice_the_strength_is_the_same_flow():
    coupled = mirror_drift(MAPS.Hadamard(2), LAMBDA, decay=DECAY.Coupled(0.3))
    decoupled = mirror_drift(MAPS.Hadamard(2), LAMBDA, decay=DECAY.Decoupled(0.6))
    assert sp.simplify(coupled.expression - decoupled.expression) == 0


@pytest.mark.parametrize("depth", [2, 4])
def test_balanced_products_keep_their_metric_and_drift_by_depth(depth):
    for decay, q, rate in (("coupled", 2, 2), ("decoupled", 2, 1), ("decoupled", Q, 1)):
        found = mirror_drift(MAPS.Hadamard(depth), 0, q, decay)
        x, m = sp.Symbol("x", positive=True), sp.sympify(q) * (depth - 1) / depth
        assert sp.simplify(found.drift - rate * depth * found.strength * found.x) == 0
        assert sp.simplify(found.speed.subs(found.x, x) - depth * x**m) == 0
        page = rate * found.strength * depth / (depth * (2 - sp.sympify(q)) + q) * x ** (2 - m)
        assert sp.simplify(found.regularizer.subs(found.x, x) - page) == 0


def witness(*arguments, **named):
    with pytest.raises(mf.NotAMirrorFlow) as caught:
        mirror_drift(*arguments, **named)
    assert caught.value.witness != 0
    return caught.value.witness, str(caught.value)


def test_unbalanced_deep_products_are_refused_with_their_bracket():
    for depth, decay in ((3, "coupled"), (4, "decoupled")):
        found, words = witness(MAPS.Hadamard(depth), LAMBDA, decay=decay)
        others = sp.Mul(*(sp.Symbol(f"w{i}", real=True) for i in range(2, depth + 1)))
        assert found == 2 * (depth - 2) * others and "2(L−2)∇g" in words


def test_two_factors_with_decoupled_decay_are_refused_by_page_threes_difference():
    found, _ = witness(MAPS.Hadamard(2), LAMBDA, Q, "decoupled")
    x, alpha, spent = sp.Symbol("x", positive=True), sp.Symbol("alpha", positive=True), sp.Symbol("A", nonnegative=True)
    s = sp.sqrt(4 * x**Q + LAMBDA**2 * sp.exp(-2 * Q * spent))
    ours = found.subs(sp.Symbol("x", real=True), x)
    assert sp.simplify(ours - (2 - Q) * alpha / s) == 0
    by_definition = (2 * alpha * x / s).diff(x) - alpha * (1 / s).diff(spent)
    point = {x: sp.Rational(3, 4), Q: sp.Rational(5, 4), LAMBDA: sp.Rational(2, 3), alpha: 1, spent: sp.Rational(1, 5)}
    assert abs((ours - by_definition).subs(point).evalf(40)) < 1e-35


@pytest.mark.parametrize("depth", [2, 3])
def test_coupled_decay_of_balanced_products_is_a_penalty_inside_the_direction_map(depth):
    x = sp.Symbol("x", positive=True)
    for q in (1, Q):
        found = mirror_drift(MAPS.Hadamard(depth), 0, q, "coupled")
        assert (
            sp.simplify(found.regularizer.subs(found.x, x) - found.strength * depth * x ** sp.Rational(2, depth)) == 0
        )
        assert sp.simplify(found.inside.subs(found.x, x) - found.regularizer.subs(found.x, x).diff(x)) == 0
        assert found.drift == 0 and "f+M" in found.steps[-1][0]
    # against the factors: ẋ=Σ∏_{j≠i}w_j·ẇ_i, ẇ=−sgn(G)|G|^{q−1}, G=f'·∏_{j≠i}w_j+2αw
    for f, w in ((-1.3, 0.7), (0.4, -0.6)):
        alpha, q, others = 0.3, 1.4, w ** (depth - 1)
        total = others * f + 2 * alpha * w
        expected = -depth * others * np.sign(total) * abs(total) ** (q - 1)
        point = {found.x: w**depth, found.slope: f, found.strength: alpha, Q: q}
        if depth == 3 or w > 0:
            assert float(found.expression.subs(point)) == pytest.approx(expected, rel=1e-12)


def test_one_parameter_with_coupled_decay_follows_its_penalty_in_x():
    u = sp.Symbol("u", real=True)
    found = mirror_drift([u**3], 0, 1.5, "coupled", variables=[u])
    assert sp.simplify(found.regularizer - found.strength * sp.Abs(found.x) ** sp.Rational(2, 3)) == 0


@pytest.mark.parametrize(("balance", "q"), [(LAMBDA, 1), (LAMBDA, 1.5), (LAMBDA, Q)])
def test_coupled_decay_inside_the_direction_map_is_refused(balance, q):
    found, words = witness(MAPS.Hadamard(2), balance, q, "coupled")
    numbers = {s: sp.Rational(i + 3, 4) for i, s in enumerate(sorted(found.free_symbols - {Q}, key=str))}
    assert found.subs(numbers).subs(Q, 1.3) < 0  # sums of concave powers
    assert "no multiple" in words


def test_unbalanced_decoupled_decay_is_a_mirror_flow_exactly_where_the_metric_exponent_is_one():
    found = mirror_drift(MAPS.Hadamard(3), LAMBDA, 1.5, "decoupled")
    assert found.expression.has(found.spent)
    for q, excess in ((1, 1), (1.75, -0.5)):
        witness_of, _ = witness(MAPS.Hadamard(3), sp.Rational(1, 2), q, "decoupled")
        symbols = {"x": sp.Rational(2), "A": sp.Rational(0), "alpha": sp.Rational(1)}
        at = {s: symbols[s.name] for s in witness_of.free_symbols}
        factor = mf.potentials.SteepestFamily(3, float(q), 0.5).metric(2.0)
        assert float(witness_of.subs(at).evalf()) == pytest.approx(excess * float(factor), rel=1e-10)


MOVING = {
    "w₁w₂, coupled": (MAPS.Hadamard(2), 0.4, None, DECAY.Coupled(0.2)),
    "w₁w₂w₃, q=1.5, decoupled": (MAPS.Hadamard(3), 0.4, 1.5, DECAY.Decoupled(0.2)),
    "u³−v³, Σ|θ|³": (MAPS.PowerDifference(3), 0.6, None, DECAY.Coupled(0.2, DECAY.PowerSum(3))),
    "log u−log v, Σlog θ": (MAPS.LogDifference(), 0.9, None, DECAY.Coupled(0.2, DECAY.LogSum())),
}


@functools.cache
def derived(name):
    return mirror_drift(*MOVING[name])


@pytest.mark.slow
def test_other_maps_follow_the_penalty_that_commutes():
    squares = mirror_drift(MAPS.PowerDifference(2), B, decay=DECAY.Coupled(0.3))
    t = next(s for s in squares.speed.free_symbols if s.name == "t")
    page = 4 * sp.sqrt(squares.x**2 + 4 * B**4 * sp.exp(-sp.Rational(12, 5) * t))
    assert sp.simplify(squares.speed - page) == 0
    logs, balance = derived("log u−log v, Σlog θ"), sp.Rational(9, 10)
    t = next(s for s in logs.speed.free_symbols if s.name == "t")
    start = 2 * balance**2 - 4 * sp.Rational(1, 5) * t
    page = start / (2 * (sp.cosh(2 * logs.x) + 1))  # from R'=½[(u₀²+v₀²+4a)σ(2x)−…], a=−A
    point = {logs.x: sp.Rational(3, 7), t: sp.Rational(1, 9)}
    assert abs((logs.metric - page).subs(point).evalf(40)) < 1e-35
    for refused in (MAPS.PowerDifference(3), MAPS.LogDifference()):
        witness(refused, B, decay="decoupled")


@pytest.mark.parametrize("name", MOVING)
def test_x_has_the_velocity_that_the_parameters_give_it(name):
    """Along a path with f' = −1−x/4, which keeps its sign, so that steepest directions stay smooth."""
    given, balance, q, decay = MOVING[name]
    found, exponent = derived(name), 2.0 if q is None else q
    start = np.asarray(given.lift(jnp.array(0.1), balance, exponent))
    model = symbolic(given)
    x_of = sp.lambdify(model.variables, model.features[0])
    partials = sp.lambdify(model.variables, [model.features[0].diff(v) for v in model.variables])
    pulls = {DECAY.SquaredNorm: lambda w: 2 * w, DECAY.PowerSum: lambda w: 3 * w**2, DECAY.LogSum: lambda w: 1 / w}
    pull = pulls[type(decay.penalty)] if isinstance(decay, DECAY.Coupled) else lambda w: w

    def parameters(_, theta):
        slope, g = -1 - x_of(*theta) / 4, np.array(partials(*theta))
        return -np.sign(g * slope) * np.abs(g * slope) ** (exponent - 1) - 0.2 * pull(theta)

    times = np.linspace(0, 0.1, 3)
    path = solve_ivp(parameters, (0, 0.1), start, method="DOP853", t_eval=times, rtol=1e-11, atol=1e-13).y.T
    for t, theta in zip(times, path, strict=True):
        x = x_of(*theta)
        values = {found.x: x, found.slope: -1 - x / 4, sp.Symbol("t", nonnegative=True): t}
        expected = np.dot(partials(*theta), parameters(t, theta))
        assert float(found.expression.subs(values).evalf()) == pytest.approx(expected, rel=1e-8)


def test_the_flow_in_x_ends_where_the_parameters_do():
    flow = mf.Flow(
        mf.problems.LinearRegression(jnp.array([[1.0]]), jnp.array([1.0])),
        reparameterization=MAPS.Hadamard(2),
        decay=DECAY.Coupled(0.2),
    )
    path = mf.integrate(flow, flow.lift(x=jnp.array([0.1]), balance=0.4), until=mf.until.time(1.0), rtol=1e-9)
    found = mirror_drift(MAPS.Hadamard(2), 0.4, decay=DECAY.Coupled(0.2))
    time = sp.Symbol("t", nonnegative=True)
    velocity = sp.lambdify((time, found.x), found.expression.subs(found.slope, found.x - 1))
    x = solve_ivp(lambda t, x: [velocity(t, x[0])], (0, 1), [0.1], method="DOP853", rtol=1e-10, atol=1e-12).y[0, -1]
    assert x == pytest.approx(float(path.x[-1, 0]), rel=1e-6) and abs(x - 0.1) > 0.1


def test_the_steps_can_be_read_on_paper():
    found = mirror_drift(MAPS.Hadamard(2), LAMBDA, decay="coupled")
    latex = found.to_latex()
    assert latex.startswith(r"\begin{align*}") and latex.count(r":}\\") == len(found.steps)
    texts = re.findall(r"\\text\{(.*?)\}", latex)
    assert texts and all(re.fullmatch(r"[A-Za-z ,;:-]*", text) for text in texts), texts
    assert r"\text{With decay, the law changes with }A=\int\alpha\,dt\text{ by:}" in latex
    formulas = [formula for _, formula in found.steps]
    assert any(r"w_{1}^{2} - w_{2}^{2}=\lambda e^{- 4 A}" in formula for formula in formulas)
    assert any(r"4 \alpha w_{1} w_{2}=4 \alpha x" in formula for formula in formulas)
    assert latex.count("{") == latex.count("}")


def test_bad_input_is_refused_in_words():
    for call, words in (
        (lambda: mirror_drift(MAPS.Hadamard(2), 1, decay="l3"), "coupled"),
        (lambda: mirror_drift(MAPS.Hadamard(2), 1, decay=DECAY.Coupled(1.0, lambda t: t.sum())), "symbols"),
        (lambda: mirror_drift(MAPS.Hadamard(2), 1, side=3), "side"),
        (lambda: mirror_drift(MAPS.Custom(lambda t: t)), "expressions"),
    ):
        with pytest.raises(ValueError, match=words):
            call()
