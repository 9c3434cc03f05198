"""Derived Legendre functions: second derivatives against S from the factors, page formulas, numeric potentials."""

import re

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest
import sympy as sp

import mirrorflow as mf
from mirrorflow.derive._legendre import legendre
from mirrorflow.derive._legendre_table import legendre_table
from mirrorflow.derive._numeric_potential import _RootMetric

MAPS = mf.reparameterizations
X = sp.Symbol("x", real=True)
POSITIVE = sp.Symbol("x", positive=True)
Q, LAMBDA, B = (sp.Symbol(name, positive=True) for name in ("q", "lambda", "b"))
U, V, W = sp.symbols("u v w", real=True)
DIGITS = 30


def close(value, reference, digits=DIGITS):
    value, reference = (mp.mpf(sp.N(each, digits + 15)) for each in (value, reference))
    return mp.fabs(value - reference) <= mp.mpf(10) ** (-digits) * mp.fabs(reference)


def speed_of_product(x, depth, q, balance):
    """S from the factors themselves, found by bisection."""
    with mp.workdps(DIGITS + 20):
        x, q, balance = mp.fabs(mp.mpf(x)), mp.mpf(q), mp.mpf(balance)
        size = lambda a: a * (a**q + balance) ** ((depth - 1) / q) - x  # noqa: E731
        a = mp.findroot(size, (mp.mpf(0), x + 1), solver="anderson", tol=mp.mpf(10) ** -90)
        factors = [(a**q + balance) ** (1 / q)] * (depth - 1) + [a]
        return mp.fsum(mp.fprod(w for j, w in enumerate(factors) if j != i) ** q for i in range(depth))


@pytest.mark.parametrize(("depth", "q"), [(2, "1"), (3, "1.5"), (4, "2")])
def test_the_derivatives_of_a_products_potential_are_those_of_one_over_s(depth, q):
    balance = "0.7"
    function = legendre(MAPS.Hadamard(depth), sp.Rational(balance), sp.Rational(q))
    # away from 0, where the signs of sympy's derivatives jump
    slope, metric = (
        each.diff(X).replace(sp.DiracDelta, lambda *_: sp.Integer(0))
        for each in (function.expression(X), function.mirror_map(X))
    )
    for place in ("-1.7", "0.2"):
        x, s = sp.Rational(place), speed_of_product(place, depth, q, balance)
        assert close(metric.subs(X, x), 1 / s) and close(function.metric(x), 1 / s)
        assert close(slope.subs(X, x), function.mirror_map(x))
    assert function.domain == sp.S.Reals and function.legendre and function.leaves_origin is True
    assert function.closed_form == (depth == 2)


def test_the_hyperbolic_entropy_is_that_of_page_two():
    beta = sp.Symbol("beta", positive=True)
    function = legendre(MAPS.Hadamard(depth=2), balance=beta)
    rho = beta / 2
    assert sp.simplify(function.expression(X).diff(X, 2) - 1 / sp.sqrt(4 * X**2 + beta**2)) == 0
    page = (X * sp.asinh(X / rho) - sp.sqrt(X**2 + rho**2)) / 2
    assert sp.simplify(function.expression(X) - page) == 0
    assert function.expression(X) == legendre(MAPS.DiagonalAttention(), beta).expression(X)


def test_sign_flow_of_two_factors_has_the_potential_of_page_three():
    page = (4 * sp.Abs(X) + LAMBDA**2) ** sp.Rational(3, 2) / 12 - LAMBDA * sp.Abs(X) / 2
    assert sp.simplify(legendre(MAPS.Hadamard(2), LAMBDA, mf.geometries.Sign()).expression(X) - page) == 0


def test_two_factors_have_a_hypergeometric_potential_for_every_q():
    function = legendre(MAPS.Hadamard(2), LAMBDA, Q)
    assert sp.simplify(function.metric(X) - 1 / sp.sqrt(4 * sp.Abs(X) ** Q + LAMBDA**2)) == 0
    second = function.expression(POSITIVE).diff(POSITIVE, 2)
    for q, x in (("1.1", "0.4"), ("1.9", "0.05")):
        point = {Q: sp.Rational(q), LAMBDA: sp.Rational(3, 5), POSITIVE: sp.Rational(x)}
        assert close(second.subs(point), function.metric(POSITIVE).subs(point))


@pytest.mark.parametrize("depth", (2, 3, 6))
def test_balanced_products_have_the_power_of_page_three_for_every_depth_and_q(depth):
    function = legendre(MAPS.Hadamard(depth), 0, Q)
    m = Q * (depth - 1) / depth
    page = POSITIVE ** (2 - m) / (depth * (1 - m) * (2 - m))
    assert sp.simplify(function.expression(POSITIVE) - page) == 0
    edge = sp.Rational(depth, depth - 1)
    for q in (edge - sp.Rational(1, 100), edge + sp.Rational(1, 100)):
        if q <= 2:
            free = bool(q < edge)
            assert bool(sp.sympify(function.leaves_origin).subs(Q, q)) == free
            assert sp.sympify(function.domain).subs(Q, q) == (sp.S.Reals if free else sp.Interval.open(0, sp.oo))
    critical = legendre(MAPS.Hadamard(depth), 0, edge)
    assert sp.simplify(critical.expression(POSITIVE) - (POSITIVE * sp.log(POSITIVE) - POSITIVE) / depth) == 0
    assert critical.leaves_origin is False and "entropic" in critical.reason


def test_the_side_is_chosen_where_x_cannot_change_it():
    left = legendre(MAPS.Hadamard(3), 0, side=-1)
    assert left.domain == sp.Interval.open(-sp.oo, 0) and left.potential.domain == (-np.inf, 0.0)
    assert float(left.metric(sp.Rational(-2))) == pytest.approx(float(left.potential.metric(-2.0)), rel=1e-14)
    with pytest.raises(ValueError, match="side"):
        legendre(MAPS.LogDifference(), 1, side=1)


def test_the_difference_of_squares_has_a_quarter_of_the_hyperbolic_entropy():
    rho = 2 * B**2
    page = (X * sp.asinh(X / rho) - sp.sqrt(X**2 + rho**2)) / 4
    assert sp.simplify(legendre(MAPS.PowerDifference(2), B).expression(X) - page) == 0


@pytest.mark.parametrize("power", [3])
def test_the_difference_of_powers_inverts_h_of_page_one(power):
    alpha = sp.Rational(4, 5)
    function = legendre(MAPS.PowerDifference(power), alpha)
    exponent, scale = sp.Rational(power, power - 2), sp.Integer(power * (power - 2))
    for z in map(sp.Rational, ("0.3",)):
        x = sp.N(alpha**power * ((1 - z) ** -exponent - (1 + z) ** -exponent), DIGITS + 25)
        assert close(function.mirror_map(x), z * alpha ** (2 - power) / scale, DIGITS - 2)
        u = alpha * (1 - z) ** sp.Rational(-1, power - 2)
        v = alpha * (1 + z) ** sp.Rational(-1, power - 2)
        assert close(function.metric(x), 1 / (power**2 * (u ** (2 * power - 2) + v ** (2 * power - 2))), DIGITS - 2)
    assert not function.closed_form and function.domain == sp.S.Reals


def test_the_log_difference_has_the_logistic_mirror_map_of_page_one():
    page = (2 * B**2 / (1 + sp.exp(-2 * X)) - B**2) / 2
    function = legendre(MAPS.LogDifference(), B)
    assert sp.simplify((function.mirror_map(X) - page).rewrite(sp.exp)) == 0
    assert sp.simplify((function.expression(X).diff(X) - page).rewrite(sp.exp)) == 0


def test_squares_give_the_negative_entropy():
    function = legendre([U**2], variables=[U])
    assert sp.simplify(function.expression(POSITIVE) - (POSITIVE * sp.log(POSITIVE) - POSITIVE) / 4) == 0
    assert function.domain == sp.Interval.open(0, sp.oo) and function.legendre
    x = np.array([0.2, 1.5])
    scaled = mf.potentials.NegativeEntropy().metric(x) / 4
    assert np.allclose(function.potential.metric(x), scaled, rtol=1e-12)


OWN = {
    "exp": ([sp.exp(U)], {}, 2, X**-2, sp.Interval.open(0, sp.oo)),
    "sinh": ([sp.sinh(U)], {}, 2, 1 / (1 + X**2), sp.S.Reals),
    "sum of squares": ([U**2 + V**2], {U: 1, V: 2}, 2, 1 / (4 * X), sp.Interval.open(0, sp.oo)),
    "u³ and sign flow": ([U**3], {}, 1, 1 / (3 * sp.Abs(X) ** sp.Rational(2, 3)), sp.S.Reals),
    "identity": ([U], {}, 1, sp.Integer(1), sp.S.Reals),
}


@pytest.mark.parametrize("name", OWN)
def test_a_users_own_function_of_one_coordinate(name):
    given, start, q, metric, domain = OWN[name]
    function = legendre(given, start or 0, q, variables=sorted(given[0].free_symbols, key=str))
    assert function.domain == domain
    assert sp.simplify((function.expression(X).diff(X, 2) - metric).subs(X, POSITIVE)) == 0


def test_three_factors_of_different_sizes_are_solved_through_the_root():
    start = {U: 1, V: 2, W: 3}
    function = legendre([U * V * W], start, variables=[U, V, W])
    x = sp.Integer(6)
    assert close(function.metric(x), sp.Rational(1, (2 * 3) ** 2 + (1 * 3) ** 2 + (1 * 2) ** 2))
    numeric = _RootMetric(function._found.parametric)
    assert np.allclose(numeric(jnp.array([6.0, -6.0])), 1 / 49, rtol=1e-12)
    assert float(jax.grad(lambda x: numeric(x))(6.0)) == pytest.approx(
        float(function.metric(X).diff(X).subs(X, x).evalf())
    )
    with pytest.raises(ValueError, match="closed form"):
        function.expression(X)


def test_tanh_has_a_real_legendre_potential_on_its_open_interval():
    function = legendre([sp.tanh(U)], variables=[U])
    assert function.domain == sp.Interval.open(-1, 1) and function.legendre and function.leaves_origin is True
    assert not function.expression(X).has(sp.I) and "not Legendre" not in function.reason
    for x in map(sp.Rational, ("-0.9", "0.3")):
        assert close(function.mirror_map(x), sp.atanh(x) / 2 + x / (2 * (1 - x**2)))
        assert close(function.expression(X).diff(X, 2).subs(X, x), 1 / (1 - x**2) ** 2)


@pytest.mark.parametrize("start", [B, {U: B, V: B}], ids=["level", "point"])
def test_a_quotient_crosses_the_origin_where_its_numerator_does(start):
    """u²+v² is conserved: S=(1+x²)²/(u²+v²)."""
    function = legendre([U / V], start, variables=[U, V])
    square = B if start is B else 2 * B**2
    assert sp.simplify(function.metric(X) - square / (1 + X**2) ** 2) == 0
    assert function.domain == sp.S.Reals and "S(0)>0" in function.reason


@pytest.mark.slow
def test_an_orbit_of_bounded_parameters_is_solved_through_the_root():
    """u/v² has 2u²+v²=2λ, so that |u| stays below √λ while x runs through ℝ."""
    potential = legendre([U / V**2], 2, variables=[U, V]).potential
    x = np.array([0.3, -5.0])
    u = (np.sqrt(1 + 32 * x**2) - 1) / (4 * np.abs(x))
    square = 4 - 2 * u**2
    assert np.allclose(potential.metric(x), 1 / (square**-2 + 4 * u**2 / square**3), rtol=1e-10)


def test_constants_need_a_sign():
    k = sp.Symbol("k", positive=True)
    given = {U: B, V: B}
    function = legendre([k * (sp.log(U) - sp.log(V))], given, variables=[U, V])
    point = {X: sp.Rational(1, 3), k: sp.Rational(5, 4), B: sp.Rational(3, 2)}
    page = B**2 / (2 * k**2 * sp.cosh(X / k) ** 2)  # u²+v²=2B², S=k²(u⁻²+v⁻²)
    assert close(function.metric(X).subs(point), page.subs(point)) and function.domain == sp.S.Reals
    for unknown in (sp.Symbol("k"), sp.Symbol("k", real=True)):
        with pytest.raises(ValueError, match=r"constant k is not known.*positive=True"):
            legendre([unknown * (sp.log(U) - sp.log(V))], given, variables=[U, V])


def test_a_potential_that_ends_before_its_slope_does_is_not_legendre():
    function = legendre([POSITIVE ** sp.Rational(3, 2)], variables=[POSITIVE])
    assert not function.legendre and function.domain == sp.Interval.open(0, sp.oo)
    with pytest.raises(ValueError, match="not Legendre"):
        _ = function.potential
    assert not legendre(MAPS.PowerDifference(2), B, 1).legendre


NUMERIC = {
    "w₁w₂": (MAPS.Hadamard(2), 0.4, None, mf.potentials.SteepestFamily),
    "w₁w₂w₃, q=2": (MAPS.Hadamard(3), 0.4, None, mf.potentials.SteepestFamily),
    "w₁w₂w₃, balanced": (MAPS.Hadamard(3), 0.0, None, mf.potentials.BalancedSteepest),
    "w₁w₂w₃, balanced, q=1": (MAPS.Hadamard(3), 0.0, 1.0, mf.potentials.BalancedSteepest),
    "u²−v²": (MAPS.PowerDifference(2), 0.6, None, mf.potentials.TiltedHyperbolicEntropy),
    "u³−v³": (MAPS.PowerDifference(3), 0.6, None, mf.potentials.PowerDifferencePotential),
    "log u−log v": (MAPS.LogDifference(), 0.6, None, mf.potentials.LogDifferencePotential),
}


@pytest.mark.parametrize("name", NUMERIC)
def test_the_numeric_potential_is_the_derived_one(name):
    given, balance, q, kind = NUMERIC[name]
    function = legendre(given, balance, q)
    potential = function.potential
    x = np.array([0.15, 0.8, 2.5])
    places = [sp.Rational(str(each)) for each in x]
    assert isinstance(potential, kind)
    assert tuple(map(float, (function.domain.inf, function.domain.sup))) == potential.domain
    assert np.allclose(potential.metric(x), [float(sp.N(function.metric(each), 20)) for each in places], rtol=1e-11)
    slopes = np.array([float(sp.N(function.mirror_map(each), 20)) for each in places])
    assert np.allclose(np.diff(potential.mirror_map(x)), np.diff(slopes), rtol=1e-10)


@pytest.mark.parametrize(("depth", "q", "balance"), [(3, 2.0, 0.4), (3, 1.0, 0.0), (3, 2.0, 0.0)])
def test_the_flow_itself_names_the_same_potential(depth, q, balance):
    problem = mf.problems.LinearRegression(jnp.ones((1, 2)), jnp.ones(1))
    geometry = mf.geometries.Steepest(q)
    flow = mf.Flow(problem, reparameterization=MAPS.Hadamard(depth), geometry=geometry)
    named = flow.as_mirror_flow(flow.lift(x=np.array([0.3, 0.5]), balance=balance)).potential
    derived = legendre(MAPS.Hadamard(depth), balance, geometry).potential
    assert type(derived) is type(named) and derived.domain == named.domain
    assert np.allclose(derived.metric(np.array([0.3, 0.5])), named.metric(np.array([0.3, 0.5])), rtol=1e-12)


def test_the_table_of_page_three_comes_out():
    for row in legendre_table([2, 3], [1, mf.geometries.Steepest(2.0)]):
        m, half = row.metric_exponent, sp.Interval.open(0, sp.oo)
        assert m == row.q * (row.depth - 1) / row.depth
        assert row.function.legendre
        assert row.function.domain == (half if row.balanced and m >= 1 else sp.S.Reals)
        assert row.function.leaves_origin is not (row.balanced and bool(m >= 1))
    table = legendre_table([2], [2]).to_latex()
    assert table.count(r"\\") == 3 and r"\operatorname{asinh}" in table


def test_maps_that_do_not_commute_are_refused_with_their_bracket():
    for given in (MAPS.MatrixProduct(2, 2, 2), MAPS.Attention(2, 1)):
        with pytest.raises(mf.NotAMirrorFlow, match="Lie bracket") as caught:
            legendre(given)
        assert caught.value.witness != 0
    with pytest.raises(mf.NotAMirrorFlow, match="Spectral"):
        legendre(MAPS.Hadamard(2), 0, mf.geometries.Spectral())


BAD = {
    "negative": (lambda: legendre(MAPS.Hadamard(2), -1), "non-negative"),
    "unsigned symbol": (lambda: legendre(MAPS.Hadamard(2), sp.Symbol("b")), "positive"),
    "zero for a difference": (lambda: legendre(MAPS.PowerDifference(2)), "balance must be positive"),
    "text": (lambda: legendre(MAPS.Hadamard(2), "much"), "balance"),
    "q": (lambda: legendre(MAPS.Hadamard(2), 1, 3), r"\[1, 2\]"),
    "q without a sign": (lambda: legendre(MAPS.Hadamard(2), 1, sp.Symbol("q")), "positive symbol"),
    "q of many digits": (lambda: legendre(MAPS.Hadamard(2), 1, 2**0.5), "denominator.*sympy.sqrt"),
    "side": (lambda: legendre(MAPS.Hadamard(2), 1, side=2), "side"),
    "numbers": (lambda: legendre(MAPS.Custom(lambda t: t)), "expressions"),
    "several that commute": (lambda: legendre(MAPS.QuadraticForm([np.eye(2), np.diag([1.0, 2.0])])), "start θ₀"),
    "a point without a variable": (lambda: legendre([U * V], {U: 1}, variables=[U, V]), "each of"),
    "a singular point": (lambda: legendre([U**2 - V**2], {U: 0, V: 1}, variables=[U, V]), "regular orbit"),
    "at rest inside": (lambda: legendre([sp.sin(U)], variables=[U]), "rest"),
    "not separable": (lambda: legendre([U * V + W * U**2], {U: 1, V: 1, W: 1}, variables=[U, V, W]), "not be solved"),
    "symbols left": (lambda: legendre(MAPS.Hadamard(2), LAMBDA).potential, "numbers for"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_in_words(name):
    call, words = BAD[name]
    with pytest.raises(ValueError, match=words) as caught:
        call()
    assert not re.search(r"\b_[a-z]", str(caught.value)), "names of dummies"
