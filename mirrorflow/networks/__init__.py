"""Networks without biases, positively homogeneous in their parameters."""

from ._activations import AbstractActivation as AbstractActivation
from ._activations import LeakyReLU as LeakyReLU
from ._activations import Linear as Linear
from ._activations import ReLU as ReLU
from ._activations import SquaredReLU as SquaredReLU
from ._base import AbstractNetwork as AbstractNetwork
from ._convolutional import Convolutional as Convolutional
from ._mlp import MLP as MLP
