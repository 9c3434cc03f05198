"""Inverses of increasing functions, in symbols."""

import functools
from typing import Any

import sympy


class inverse_function(sympy.Function):
    """f⁻¹(x) for an increasing function f on ℝ, with its derivative and its value to any precision.

    **Arguments:** `f`: a `sympy.Lambda` of one symbol; `x`: an expression.

    >>> import sympy
    >>> x, y = sympy.symbols("x y", real=True)
    >>> from mirrorflow.potentials._inverse_function import inverse_function
    >>> root = inverse_function(sympy.Lambda(y, y + y**3), x)
    >>> root.subs(x, 10).evalf(5), root.diff(x).subs(x, 10).evalf(5)
    (2.0000, 0.076923)
    """

    nargs = (2,)

    def fdiff(self, argindex: int = 2) -> sympy.Expr:
        """1/f'(f⁻¹(x))"""
        if argindex != 2:
            raise sympy.core.function.ArgumentIndexError(self, argindex)
        function: Any = self.args[0]
        slope = function.expr.diff(function.variables[0])
        return 1 / slope.subs(function.variables[0], self)

    def _eval_is_extended_real(self) -> bool | None:
        return self.args[1].is_extended_real

    def _eval_derivative(self, s: sympy.Symbol) -> sympy.Expr:
        inner: Any = self.args[1]
        return self.fdiff(2) * inner.diff(s)

    def _eval_evalf(self, prec: int) -> sympy.Expr | None:
        function: Any = self.args[0]
        x: Any = self.args[1]
        if not x.is_number or function.free_symbols:
            return None
        return sympy.Float(_evaluated(function, x, 128 * (1 + prec // 128)), precision=prec)


@functools.lru_cache(maxsize=1024)  # the root occurs many times in one expression, in a few precisions
def _evaluated(function: Any, x: Any, prec: int) -> Any:
    from mpmath import mp, workprec

    with workprec(prec + 40):
        return _root(mp, _compiled(function), mp.mpf(x.evalf(mp.dps)._mpf_))


@functools.lru_cache(maxsize=64)
def _compiled(function: Any) -> Any:
    return sympy.lambdify(function.variables, function.expr, "mpmath")


def _root(mp: Any, function: Any, target: Any) -> Any:
    """Doubling until the root is bracketed, then regula falsi."""
    if function(mp.zero) == target:
        return mp.zero
    side = mp.one if function(mp.zero) < target else -mp.one
    inner, outer = mp.zero, side
    while side * (function(outer) - target) < 0:
        inner, outer = outer, 2 * outer
    while inner == 0 and side * (function(outer / 2) - target) > 0:
        outer = outer / 2
    inner = inner if inner != 0 else outer / 2
    if function(inner) == target:
        return inner
    return mp.findroot(lambda y: function(y) - target, (inner, outer), solver="anderson", maxsteps=500)
