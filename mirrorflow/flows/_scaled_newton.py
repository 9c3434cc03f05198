"""A damped Newton method for equations whose terms differ by factors far beyond the range of floats."""

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import optimistix

from .._types import Anything, Real, Scalar
from ._newton import ROUNDING, SETTLED, STAGNANT

MOST_ITERATIONS = 25
MOST_HALVINGS = 40


class ScaledNewton(eqx.Module):
    """Newton's method with the equations divided by e^{exponents} and the Jacobian scaled from both sides.

    The exponents are found anew at every iterate and held in it; a correction is halved until the residual, in these
    units, falls. It ends as `StageNewton` does: by a correction far below the tolerance, or by one that is rounding.
    """

    rtol: Any
    atol: Any
    norm: Callable[[Any], Any] = optimistix.max_norm

    def solve(
        self,
        exponents: Callable[[Real], Real],
        residual: Callable[[Real, Real], Real],
        jacobian: Callable[[Real, Real], Real],
        guess: Real,
    ) -> "Solved":
        """A root of `residual(·, exponents(·))` near `guess`; all in one shape, the Jacobian twice that."""

        def step(carry: _Iterate) -> _Iterate:
            own = exponents(carry.unknown)
            rows, matrix = _rows_scaled(jacobian(carry.unknown, own).reshape(guess.size, guess.size))
            short = residual(carry.unknown, own)
            correction = -_solved(matrix, rows * jnp.ravel(short)).reshape(guess.shape)
            size = jnp.max(jnp.abs(correction) / (self.atol + self.rtol * jnp.abs(carry.unknown)))

            def merit(unknown):
                value = jnp.sqrt(jnp.mean((rows * jnp.ravel(residual(unknown, own))) ** 2))
                return jnp.where(jnp.isfinite(value), value, jnp.inf)

            before = merit(carry.unknown)

            def too_far(trial):
                part, halvings = trial
                falls = merit(carry.unknown + part * correction) <= (1 - part / 4) * before
                return ~falls & (size * part > 1) & (halvings < MOST_HALVINGS)

            part, _ = jax.lax.while_loop(too_far, lambda trial: (trial[0] / 2, trial[1] + 1), (jnp.ones(()), 0))
            moved = carry.unknown + part * correction
            stagnant = (carry.iterations >= 2) & (size > STAGNANT * carry.size)
            rounding = jnp.max(jnp.abs(correction)) < ROUNDING * jnp.max(jnp.abs(moved))
            settled = (part == 1) & ((size < SETTLED) | (stagnant & rounding))
            failed = ~jnp.isfinite(size) | (carry.iterations + 1 >= MOST_ITERATIONS)
            return _Iterate(moved, size, carry.iterations + 1, settled, settled | failed)

        first = _Iterate(
            guess, jnp.full((), jnp.inf, guess.dtype), jnp.asarray(0), jnp.asarray(False), jnp.asarray(False)
        )
        last = jax.lax.while_loop(lambda carry: ~carry.ended, step, first)
        return Solved(last.unknown, last.settled & jnp.all(jnp.isfinite(last.unknown)), last.iterations)


class Solved(NamedTuple):
    """The root, whether it is one, and after how many iterations."""

    unknown: Real
    found: Anything
    iterations: Anything


class _Iterate(NamedTuple):
    unknown: Real
    size: Scalar
    iterations: Anything
    settled: Anything
    ended: Anything


def scaled_solve(matrix: Real, right: Real) -> Real:
    """The solution of a linear system whose rows and columns differ widely in size."""
    rows, scaled = _rows_scaled(matrix)
    return _solved(scaled, rows * right)


def _rows_scaled(matrix: Real) -> tuple[Real, Real]:
    rows = _reciprocal(jnp.max(jnp.abs(matrix), axis=1))
    return rows, rows[:, None] * matrix


def _solved(matrix: Real, right: Real) -> Real:
    columns = _reciprocal(jnp.max(jnp.abs(matrix), axis=0))
    return columns * jnp.linalg.solve(matrix * columns[None], right)


def _reciprocal(size: Real) -> Real:
    return 1 / jnp.where(size > 0, size, 1.0)
