"""Type aliases, written once."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from jax import Array
from jaxtyping import Float, Shaped

# A number or array as a user writes it: a Python number, a sequence, a NumPy array, a JAX array or a tracer.
Numeric: TypeAlias = Any
# What the checks return and objects hold: concrete values as NumPy arrays, everything else as JAX arrays. NumPy's
# number types come in where it returns them in place of 0-d arrays; a type checker is better off without them.
if TYPE_CHECKING:
    Held: TypeAlias = np.ndarray | Array
    Real: TypeAlias = np.ndarray | Array
    Scalar: TypeAlias = np.ndarray | Array
    Anything: TypeAlias = np.ndarray | Array
else:
    Held = np.ndarray | np.generic | Array
    Real = Float[Array, "..."] | Float[np.ndarray, "..."] | np.generic
    Scalar = Float[Array, ""] | Float[np.ndarray, ""] | np.floating
    Anything = Shaped[Array, "..."] | np.ndarray
Parameters: TypeAlias = Any  # any pytree of arrays
TimeFunction: TypeAlias = Callable[[Any], Any]
