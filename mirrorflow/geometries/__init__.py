"""Directions of steepest descent: which norm a small step is measured in."""

from ._base import AbstractGeometry as AbstractGeometry
from ._spectral import Spectral as Spectral
from ._steepest import AbstractSteepest as AbstractSteepest
from ._steepest import Euclidean as Euclidean
from ._steepest import Sign as Sign
from ._steepest import Steepest as Steepest
