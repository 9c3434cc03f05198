"""Legendre functions: one a file, each with its mirror map, metric, conjugate, divergence, horizon and symbols."""

from ._balanced_steepest import BalancedSteepest
from ._base import AbstractDualPair, AbstractPotential, AbstractPotentialFamily
from ._cosh import Cosh
from ._custom import Custom
from ._horizon import Lp, Schatten
from ._hyperbolic_aware import HyperbolicAware
from ._hyperbolic_entropy import HyperbolicEntropy
from ._log_barrier import LogBarrier
from ._log_difference import LogDifferencePotential
from ._negative_entropy import NegativeEntropy
from ._numeric_horizon import NumericHorizon, numeric_horizon
from ._power import Power
from ._power_difference import PowerDifferencePotential
from ._quadratic import Quadratic
from ._regularized_entropy import RegularizedHyperbolicEntropy
from ._regularized_log_difference import RegularizedLogDifference
from ._regularized_power_difference import RegularizedPowerDifference
from ._spectral import Spectral
from ._steepest_family import SteepestFamily
from ._tilted import TiltedHyperbolicEntropy

__all__ = [
    "AbstractDualPair",
    "AbstractPotential",
    "AbstractPotentialFamily",
    "BalancedSteepest",
    "Cosh",
    "Custom",
    "HyperbolicAware",
    "HyperbolicEntropy",
    "LogBarrier",
    "LogDifferencePotential",
    "Lp",
    "NegativeEntropy",
    "NumericHorizon",
    "Power",
    "PowerDifferencePotential",
    "Quadratic",
    "RegularizedHyperbolicEntropy",
    "RegularizedLogDifference",
    "RegularizedPowerDifference",
    "Schatten",
    "Spectral",
    "SteepestFamily",
    "TiltedHyperbolicEntropy",
    "numeric_horizon",
]
