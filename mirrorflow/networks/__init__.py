"""Networks: homogeneous ones without biases, as the theory has them, and models to train, as practice has them."""

from ._activations import AbstractActivation as AbstractActivation
from ._activations import LeakyReLU as LeakyReLU
from ._activations import Linear as Linear
from ._activations import ReLU as ReLU
from ._activations import SquaredReLU as SquaredReLU
from ._base import AbstractNetwork as AbstractNetwork
from ._convolutional import Convolutional as Convolutional
from ._mlp import MLP as MLP
from ._model import AbstractModel as AbstractModel
from ._perceptron import Perceptron as Perceptron
from ._resnet import ResNet as ResNet
from ._transformer import Transformer as Transformer
from ._vit import ViT as ViT
from ._weights import kernels as kernels
from ._weights import weights as weights
