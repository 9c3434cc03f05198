"""What is minimized: a loss f of the predictor x."""

from ._base import AbstractProblem as AbstractProblem
from ._classification import Classification as Classification
from ._coding import SparseCoding as SparseCoding
from ._completion import MatrixCompletion as MatrixCompletion
from ._least_squares import AbstractLeastSquares as AbstractLeastSquares
from ._linear import LinearRegression as LinearRegression
from ._linear import SparseRegression as SparseRegression
from ._network import NetworkClassification as NetworkClassification
from ._objective import Objective as Objective
from ._sensing import MatrixSensing as MatrixSensing
from ._teacher_neuron import TeacherNeuron as TeacherNeuron
