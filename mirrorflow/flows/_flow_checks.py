"""What a flow and its start are refused for, beyond the kinds of their parts."""

from typing import TYPE_CHECKING

import numpy as np

from .. import _checks
from .._types import Parameters
from ..decay import Coupled
from ..geometries import AbstractSteepest, Sign
from ..potentials import AbstractPotential, AbstractPotentialFamily
from ..problems import NetworkClassification
from ..reparameterizations import AbstractCoordinatewise

if TYPE_CHECKING:
    from ._flow import Flow


def check_exact_sign(flow: "Flow") -> None:
    """The kinks of exact signs are those of ∇f in x: nothing else may stand inside of the sign."""
    if isinstance(flow.potential, AbstractPotentialFamily):
        raise ValueError("Sign(smoothing=None) needs a potential that does not change in time, not a family.")
    if isinstance(flow.decay, Coupled):
        raise ValueError(
            "Sign(smoothing=None) goes with decoupled decay or none: coupled decay stands inside of the sign."
        )
    if flow.reparameterization is not None and not isinstance(flow.reparameterization, AbstractCoordinatewise):
        raise ValueError(
            "Sign(smoothing=None) goes with factors coordinate by coordinate; those of "
            f"{type(flow.reparameterization).__name__} have signs of their own. Give it a smoothing."
        )


def check_network(flow: "Flow") -> None:
    """The predictor of a network is its parameters, on which potentials act entry by entry."""
    network = flow.problem
    assert isinstance(network, NetworkClassification)
    if flow.reparameterization is not None:
        raise ValueError(
            "The parameters of a network are its coordinates: give the flow a potential (Quadratic() for gradient "
            f"flow) instead of {type(flow.reparameterization).__name__}."
        )
    each = flow.potential if isinstance(flow.potential, tuple) else (flow.potential,)
    for potential in each:
        allowed = "a potential of mf.potentials, or a sequence of them, one a layer"
        _checks.instance("potential", potential, AbstractPotential, allowed)
    if isinstance(flow.potential, tuple) and len(each) != len(network.shape):
        raise ValueError(f"potential must be one for each of the {len(network.shape)} layers, got {len(each)}.")
    if not isinstance(flow.geometry, AbstractSteepest):
        raise ValueError(
            f"A network goes with coordinatewise geometries; {type(flow.geometry).__name__} acts on one matrix."
        )
    if isinstance(flow.geometry, Sign) and flow.geometry.smoothing is None:
        raise ValueError("geometry must be smoothed for a network: Sign(smoothing=ε) with ε > 0.")


def checked_layers(
    problem: NetworkClassification, potentials: tuple[AbstractPotential, ...], start: Parameters
) -> Parameters:
    if not isinstance(start, tuple | list) or len(start) != len(problem.shape):
        given = f"{len(start)}" if isinstance(start, tuple | list) else type(start).__name__
        raise ValueError(f"start must be a tuple of {len(problem.shape)} layers like network.parameters, got {given}.")
    layers = []
    for i, (leaf, shape, potential) in enumerate(zip(start, problem.shape, potentials, strict=True)):
        held = _checks.in_open_interval(f"start[{i}]", leaf, potential.domain)
        if tuple(held.shape) != tuple(shape):
            raise ValueError(f"start[{i}] must have the layer's shape {tuple(shape)}, got {tuple(held.shape)}.")
        layers.append(held)
    return tuple(layers)


def check_positive_definite(start: np.ndarray) -> None:
    if not np.allclose(start, start.T, rtol=1e-9, atol=1e-12 * np.abs(start).max()):
        raise ValueError("start must be a symmetric positive definite matrix; it is not symmetric.")
    lowest = np.linalg.eigvalsh(start)[0]
    if not lowest > 0:
        raise ValueError(
            f"start must be a symmetric positive definite matrix; its smallest eigenvalue is {lowest:.3g}."
        )
