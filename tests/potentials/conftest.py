"""The table of potentials: whoever adds one adds one line here."""

import dataclasses
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf

P = mf.potentials
SIZE = 6  # of all arrays, so that compiled programs are shared


@dataclasses.dataclass(frozen=True)
class Case:
    """A potential with the decades of |x| and the sides of the origin on which it is tested."""

    potential: mf.potentials.AbstractPotential
    decades: tuple[float, float] = (-3.0, 2.0)
    sides: tuple[float, ...] = (-1.0, 1.0)

    def points(self, seed, size=SIZE):
        """Points away from 0 and from each other's mirror images."""
        generator = np.random.default_rng(seed)
        return generator.choice(self.sides, size) * 10 ** generator.uniform(*self.decades, size)


class Entropic(eqx.Module):
    """1/√(x²+ρ²) with a traced ρ, as a user writes it."""

    scale: Any = eqx.field(converter=np.asarray)

    def __call__(self, x):
        return 1 / jnp.sqrt(x**2 + self.scale**2)


SCALES = np.array([0.3, 1e-6, 20.0, 1.0, 0.05, 3e3])
TABLE = {
    "quadratic": Case(P.Quadratic()),
    "power-1.2": Case(P.Power(1.2)),
    "power-3": Case(P.Power(3.0)),
    "power-7.5": Case(P.Power(7.5), decades=(-2, 2)),
    "hyperbolic-entropy": Case(P.HyperbolicEntropy(0.7)),
    "hyperbolic-entropy-small": Case(P.HyperbolicEntropy(1e-300), decades=(-200, 10)),
    "hyperbolic-entropy-scales": Case(P.HyperbolicEntropy(SCALES)),
    "hyperbolic-aware": Case(P.HyperbolicAware(1.3)),
    "hyperbolic-aware-large": Case(P.HyperbolicAware(1e9)),
    "tilted": Case(P.TiltedHyperbolicEntropy(0.4, 1.7)),
    "tilted-quarter": Case(P.TiltedHyperbolicEntropy(SCALES, np.linspace(-1, 2, SIZE), factor=0.25)),
    "tilted-below-floats": Case(P.TiltedHyperbolicEntropy(log_scale=-1600.0, log_ratio=0.3)),
    "steepest-3-1.5": Case(P.SteepestFamily(3, 1.5, 0.2)),
    "steepest-3-1-tiny": Case(P.SteepestFamily(3, 1.0, 1e-9)),
    "steepest-4-1.2": Case(P.SteepestFamily(4, 1.2, SCALES[::-1] + 0.01)),
    "steepest-3-2-bounded": Case(P.SteepestFamily(3, 2.0, 0.5), decades=(-3, 1)),
    "balanced-3-1": Case(P.BalancedSteepest(3, 1.0)),
    "balanced-2-2": Case(P.BalancedSteepest(2, 2.0), sides=(1.0,)),
    "balanced-3-1.6-negative": Case(P.BalancedSteepest(3, 1.6, side=-1), sides=(-1.0,)),
    "balanced-3-2": Case(P.BalancedSteepest(3, 2.0), sides=(1.0,)),
    "balanced-nearly-entropic": Case(P.BalancedSteepest(3, 1.5 + 1e-4), sides=(1.0,)),
    "power-difference-3": Case(P.PowerDifferencePotential(3, 0.6, 0.5)),
    "power-difference-4": Case(P.PowerDifferencePotential(4, 0.3 + SCALES, 0.9), decades=(-3, 1)),
    "log-difference": Case(P.LogDifferencePotential(0.6, 1.5), decades=(-3, 0.5)),
    "log-difference-starts": Case(P.LogDifferencePotential(0.3 + SCALES, 0.9), decades=(-3, 0.5)),
    "cosh": Case(P.Cosh(), decades=(-3, 1)),
    "negative-entropy": Case(P.NegativeEntropy(), sides=(1.0,)),
    "log-barrier": Case(P.LogBarrier(), sides=(1.0,)),
    "custom-metric": Case(P.Custom(metric=Entropic(0.3)), decades=(-3, 1)),
    "custom-value": Case(P.Custom(value=lambda x: x * jnp.log(x) - x, domain=(0, np.inf)), sides=(1.0,)),
}


@pytest.fixture(params=TABLE)
def case(request):
    """One line of the table."""
    return TABLE[request.param]
