"""The symbolic form of every potential and its stable numeric form are the same function, at 50 digits."""

import mpmath
import numpy as np
import pytest
import sympy

import mirrorflow as mf

P = mf.potentials
# Numbers that floats hold exactly, so that both forms speak of the same function; points from tiny to large.
POTENTIALS = {
    "quadratic": P.Quadratic(),
    "power-1.25": P.Power(1.25),
    "power-3.5": P.Power(3.5),
    "hyperbolic-entropy": P.HyperbolicEntropy(0.75),
    "hyperbolic-entropy-tiny": P.HyperbolicEntropy(2.0**-900),
    "hyperbolic-aware": P.HyperbolicAware(1.5),
    "hyperbolic-aware-small": P.HyperbolicAware(2.0**-30),
    "hyperbolic-aware-large": P.HyperbolicAware(2.0**30),
    "tilted": P.TiltedHyperbolicEntropy(log_scale=-1.5, log_ratio=0.75, factor=0.25),
    "steepest-2-1": P.SteepestFamily(2, 1.0, 0.5),
    "steepest-2-2": P.SteepestFamily(2, 2.0, 0.5),
    "steepest-3-1.5": P.SteepestFamily(3, 1.5, 0.25),
    "steepest-5-1.25": P.SteepestFamily(5, 1.25, 2.0),
    "steepest-4-2-bounded": P.SteepestFamily(4, 2.0, 0.5),
    "balanced-3-1": P.BalancedSteepest(3, 1.0),
    "balanced-2-2": P.BalancedSteepest(2, 2.0),
    "balanced-4-2-negative": P.BalancedSteepest(4, 2.0, side=-1),
    "power-difference-3": P.PowerDifferencePotential(3, log_u=-0.5, log_v=-0.75),
    "power-difference-5": P.PowerDifferencePotential(5, log_u=0.25, log_v=-0.125),
    "log-difference": P.LogDifferencePotential(square_u=0.75, square_v=2.5),
    "log-difference-past-the-start": P.LogDifferencePotential(square_u=-0.75, square_v=2.5),
    "cosh": P.Cosh(),
    "negative-entropy": P.NegativeEntropy(),
    "log-barrier": P.LogBarrier(),
}
SIZES = 2.0 ** np.array([-60.0, -9.0, -0.5, 1.5, 12.0])
ROUNDING = 400 * np.finfo(float).eps


@pytest.mark.parametrize("name", POTENTIALS)
def test_value_and_mirror_map_agree_with_the_symbols(name):
    potential, x = POTENTIALS[name], sympy.Symbol("x", real=True)
    value = potential.expression(x)
    slope = value.diff(x)
    for size in SIZES:
        for point in {side * size for side in (-1.0, 1.0) if _inside(side, potential.domain)}:
            exact = sympy.Float(point, 60)
            pair = [mpmath.mpf(form.subs(x, exact).evalf(50)._mpf_) for form in (value, slope)]
            if max(pair) > np.finfo(float).max:
                assert potential.value([point]) == np.inf == abs(potential.mirror_map([point])[0])
                continue
            # the value is a difference of x·z and Q: it is known to rounding of these
            scale = abs(point * pair[1]) + abs(pair[0])
            assert abs(float(potential.value([point])) - pair[0]) <= ROUNDING * scale, point
            # in tilted potentials and powers of differences the dual is a difference of the part that depends on x
            allowed = ROUNDING * (abs(pair[1]) + _offset(potential))
            assert abs(float(potential.mirror_map([point])[0]) - pair[1]) <= allowed, point


@pytest.mark.parametrize("name", POTENTIALS)
def test_metric_agrees_with_the_second_derivative_of_the_symbols(name):
    potential, x = POTENTIALS[name], sympy.Symbol("x", real=True)
    slope = potential.expression(x).diff(x)
    side = 1.0 if _inside(1.0, potential.domain) else -1.0
    for size in SIZES[1::2]:
        with mpmath.workdps(60):
            point, step = side * mpmath.mpf(size), mpmath.mpf(size) * mpmath.mpf(10) ** -12
            ends = [mpmath.mpf(slope.subs(x, sympy.Float(point + sign * step, 60)).evalf(50)._mpf_) for sign in (-1, 1)]
            curvature = float((ends[1] - ends[0]) / (2 * step))
        # the difference quotient at 50 digits is right to the square of its relative step
        assert abs(float(potential.metric([side * size])[0]) / curvature - 1) < ROUNDING


def test_numbers_with_several_values_stay_symbols():
    x = sympy.Symbol("x", real=True)
    expression = P.HyperbolicEntropy(np.array([1.0, 2.0])).expression(x)
    assert {symbol.name for symbol in expression.free_symbols} == {"x", "rho"}


def _inside(side, domain):
    return domain[0] < side < domain[1]


def _offset(potential):
    if isinstance(potential, P.TiltedHyperbolicEntropy):
        return float(potential.factor * abs(potential.log_ratio))
    return 0.0
