"""How the trained parameters θ make the predictor x = g(θ)."""

from ._attention import Attention as Attention
from ._base import AbstractCoordinatewise as AbstractCoordinatewise
from ._base import AbstractReparameterization as AbstractReparameterization
from ._bracket import bracket as bracket
from ._bracket import decay_bracket as decay_bracket
from ._custom import Custom as Custom
from ._diagonal_attention import DiagonalAttention as DiagonalAttention
from ._graded_product import GradedProduct as GradedProduct
from ._hadamard import AbstractProduct as AbstractProduct
from ._hadamard import Hadamard as Hadamard
from ._log_difference import LogDifference as LogDifference
from ._matrix_product import MatrixProduct as MatrixProduct
from ._power_difference import PowerDifference as PowerDifference
from ._quadratic_form import QuadraticForm as QuadraticForm
from ._symmetric_product import SymmetricProduct as SymmetricProduct
