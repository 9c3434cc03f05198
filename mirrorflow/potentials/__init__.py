"""Legendre functions: one a file, each with its mirror map, metric, conjugate, divergence, horizon and symbols."""

from ._balanced_steepest import BalancedSteepest
from ._base import AbstractDualPair, AbstractPotential, AbstractPotentialFamily
from ._horizon import Lp
from ._hyperbolic_aware import HyperbolicAware
from ._hyperbolic_entropy import HyperbolicEntropy
from ._power import Power
from ._power_difference import PowerDifferencePotential
from ._quadratic import Quadratic
from ._regularized_entropy import RegularizedHyperbolicEntropy
from ._regularized_power_difference import RegularizedPowerDifference
from ._steepest_family import SteepestFamily
from ._tilted import TiltedHyperbolicEntropy

__all__ = [
    "AbstractDualPair",
    "AbstractPotential",
    "AbstractPotentialFamily",
    "BalancedSteepest",
    "HyperbolicAware",
    "HyperbolicEntropy",
    "Lp",
    "Power",
    "PowerDifferencePotential",
    "Quadratic",
    "RegularizedHyperbolicEntropy",
    "RegularizedPowerDifference",
    "SteepestFamily",
    "TiltedHyperbolicEntropy",
]
