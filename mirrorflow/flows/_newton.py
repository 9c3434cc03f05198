"""Newton's method for the stages of implicit solvers."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import optimistix

# A stage is solved when a correction is this part of what a step may err; the next one would be its square.
SETTLED = 1e-3
# Growth of corrections from which on they are taken to diverge.
DIVERGING = 2.0
# Corrections that no longer shrink by this factor, and are this small against the unknown, are rounding.
STAGNANT = 0.25
ROUNDING = 1e-7


class StageNewton(optimistix.AbstractRootFinder):
    """Newton's method that ends as soon as its correction is far below the tolerance.

    optimistix's own either wants the residual below the *absolute* tolerance, which rounding denies to a state of 1e5,
    or compares two corrections, and takes those of a start that was right already, which are rounding, for divergence.
    Where the unknown is the increment of a large state that hardly moves, its tolerance is below rounding, too.
    """

    rtol: Any
    atol: Any
    norm: Callable[[Any], Any] = optimistix.max_norm

    @property
    def _newton(self) -> optimistix.Newton:
        return optimistix.Newton(self.rtol, self.atol, self.norm, cauchy_termination=False)

    def init(self, *args: Any, **kwargs: Any) -> Any:
        """As optimistix's."""
        return self._newton.init(*args, **kwargs)

    def step(self, *args: Any, **kwargs: Any) -> Any:
        """As optimistix's."""
        return self._newton.step(*args, **kwargs)

    def terminate(self, fn: Any, y: Any, args: Any, options: Any, state: Any, tags: Any) -> Any:
        """Whether the last correction is small or rounding, or larger than the one before."""
        stagnant = (state.step >= 2) & (state.diffsize > STAGNANT * state.diffsize_prev)
        rounding = stagnant & (optimistix.max_norm(state.diff) < ROUNDING * optimistix.max_norm(y))
        settled = (state.diffsize < SETTLED) | rounding
        grown = (state.step >= 2) & (state.diffsize > DIVERGING * state.diffsize_prev)
        diverged = (state.step >= 1) & ~settled & (grown | ~jnp.isfinite(state.diffsize))
        failed = state.result != optimistix.RESULTS.successful
        bad = optimistix.RESULTS.where(diverged, optimistix.RESULTS.nonlinear_divergence, optimistix.RESULTS.successful)
        return settled | diverged | failed, optimistix.RESULTS.where(failed, state.result, bad)

    def postprocess(self, *args: Any, **kwargs: Any) -> Any:
        """As optimistix's."""
        return self._newton.postprocess(*args, **kwargs)
