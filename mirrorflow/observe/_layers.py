"""What a path has to be for the observers of networks."""

import jax.numpy as jnp

from .._types import Real
from ..flows import Trajectory
from ..problems import NetworkClassification


def classifier(name: str, path: Trajectory) -> NetworkClassification:
    """The problem of the path; `ValueError` if it is no network's, in the name of the observer that asks."""
    problem = path.flow.problem
    if not isinstance(problem, NetworkClassification):
        raise ValueError(
            f"{name} looks at the neurons of a network, a path of a NetworkClassification; got a path of a "
            f"{type(problem).__name__}."
        )
    return problem


def layers(path: Trajectory) -> tuple[Real, ...]:
    """The weights of each layer, the points along their first axes."""
    return tuple(jnp.asarray(weights) for weights in path.x)
