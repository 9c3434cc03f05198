"""Optimizers of sparse training as optax transformations, and the operators that they are made of."""

from . import operators as operators
from ._ham import ham as ham
from ._horst import horst as horst
from ._nano_adam import NanoAdam as NanoAdam
from ._nano_adam import nano_adam as nano_adam
from ._pilot import SparsityControl as SparsityControl
from ._pilot import pilot as pilot
from ._sign_in import sign_in as sign_in
from ._sparse_opt import neuron_scales as neuron_scales
from ._sparse_opt import sparse_opt as sparse_opt
from .operators import Operator as Operator
from .operators import as_transformation as as_transformation
from .operators import commutator as commutator
from .operators import compose as compose
from .operators import descent as descent
from .operators import exponential as exponential
from .operators import hyperbolic as hyperbolic
from .operators import shrink as shrink
