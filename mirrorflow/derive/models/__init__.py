"""Models whose laws are known or can be derived: parameters as symbols, and what data sees of them."""

from ._attention import attention as attention
from ._convolutional import convolutional_network as convolutional_network
from ._diagonal import diagonal_network as diagonal_network
from ._factorizations import low_rank_adaptation as low_rank_adaptation
from ._factorizations import matrix_factorization as matrix_factorization
from ._factorizations import nonnegative_factorization as nonnegative_factorization
from ._factorizations import symmetric_factorization as symmetric_factorization
from ._input_convex import input_convex_network as input_convex_network
from ._linear import linear_network as linear_network
from ._network import network as network
from ._normalized import normalized_layer as normalized_layer
from ._relu import relu_network as relu_network
from ._softmax import softmax_layer as softmax_layer
