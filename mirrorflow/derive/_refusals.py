"""The rows of theory page 03's table that are refused, each with what would have to vanish."""

import sympy

from ._branches import Branches
from ._commutes import commutes
from ._decayed import SymbolicDecay
from ._mirror_condition import inside_the_direction
from ._orbit import Orbit
from ._refusal import ProvedNotAMirrorFlow
from ._setting import Setting, depth_of
from ._vanish import vanishes


def inside(curve: Orbit, pull: SymbolicDecay, asked: Setting) -> ProvedNotAMirrorFlow:
    """Coupled decay, which the direction map of q<2 has inside it."""
    witness = inside_the_direction(curve, pull, asked)
    assert not vanishes(witness)
    return ProvedNotAMirrorFlow(
        f"Coupled decay stands inside the direction map of {_below(asked.q)}, so what it adds to the velocity of x "
        "depends on f', and on this orbit it is no multiple of ∂g/∂θ_i that all parameters share.",
        witness,
    )


def _below(q: sympy.Expr) -> str:
    return f"q={q}<2" if q.is_number else f"{q}<2"


def refused(
    asked: Setting, whole: Branches, pull: SymbolicDecay, speed: sympy.Expr, share: sympy.Expr
) -> ProvedNotAMirrorFlow:
    """The bracket for q=2, else what is left of ∂_x(drift/S) − ∂_t(1/S).

    `share`: S·[∂_x(drift/S) − ∂_t(1/S)]/α, which is not zero.
    """
    if asked.q == 2:
        h = sympy.Add(*(v**2 for v in asked.variables)) if not pull.coupled else _penalty(pull)
        answer = commutes([asked.feature], h, variables=asked.variables)
        if not answer.holds:
            depth, words = depth_of(asked.given), ""
            if depth and answer.multiple is not None:
                words = f": it is {answer.multiple}·∇g, 2(L−2)∇g with L={depth}"
            return ProvedNotAMirrorFlow(
                f"The decay does not commute with the reparameterization, [∇h,∇g] is not zero{words}.", answer.witness
            )
    a = {whole.curve.parameter: sympy.Symbol("a", positive=True)}
    over = whole.curve.speed.xreplace(a) if share.has(whole.curve.parameter) else speed
    return ProvedNotAMirrorFlow(
        "A mirror flow needs ∂_x(drift/S) = ∂_t(1/S); the difference is not zero.",
        sympy.factor(pull.strength * share.xreplace(a)) / over,
    )


def _penalty(pull: SymbolicDecay) -> sympy.Expr:
    """h from its separable derivatives."""
    return sympy.Add(*(sympy.integrate(rate, v) for v, rate in pull.rates.items()))
