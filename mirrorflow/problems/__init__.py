"""What is minimized: a loss f of the predictor x."""

from ._base import AbstractProblem as AbstractProblem
from ._classification import Classification as Classification
from ._linear import LinearRegression as LinearRegression
from ._linear import SparseRegression as SparseRegression
from ._objective import Objective as Objective
from ._sensing import MatrixSensing as MatrixSensing
