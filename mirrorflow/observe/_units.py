"""What the neurons of a network do along a path: how many of them, how large, in which directions."""

import equinox as eqx
import jax
import jax.numpy as jnp

from .. import _checks
from .._types import Anything, Numeric, Real
from ..flows import Trajectory
from ..networks import AbstractNetwork
from ..problems import NetworkClassification
from ._layers import classifier, layers


def unit_strengths(path: Trajectory, layer: int = 0) -> Real:
    """‖w_j‖^k·‖a_j‖ for each neuron j of a hidden layer, with the weights w_j into it and a_j out of it.

    k is the degree of the activation (1 for relu), so that the strength is that of the function: w_j→c·w_j,
    a_j→c^{−k}·a_j change neither. Norms are Euclidean, whatever the potential.

    **Arguments:** `layer`: the hidden layer, 0 for the first.

    **Returns:** shape (points, neurons).

    **Raises:** `ValueError` for a path that is no network's, or a layer it does not have.

    **Source:** theory page 04 (feature learning).
    """
    network = classifier("unit_strengths", path).network
    return _strengths(network, layers(path), network.check_layer(layer))


def participation_ratio(path: Trajectory, layer: int = 0) -> Real:
    """(Σ_j s_j)²/Σ_j s_j² of the strengths s_j of `unit_strengths`: about how many neurons of a hidden layer count.

    Between 1 (one neuron) and the number of neurons (all of one strength); 0 if all strengths are 0.

    **Arguments:** `layer`: the hidden layer, 0 for the first.

    **Returns:** shape (points,).

    **Raises:** `ValueError` for a path that is no network's, or a layer it does not have.

    **Source:** theory page 04 (feature learning).

    >>> network = mf.networks.MLP((2, 3, 1), key=jax.random.key(0))
    >>> problem = mf.problems.NetworkClassification(network, jnp.eye(2), jnp.ones(2))
    >>> theta = (np.array([[[3.0, 4.0], [0.0, 5.0], [1.0, 0.0]]]), np.array([[[2.0, -2.0, 0.0]]]))
    >>> path = mf.Trajectory.from_arrays(time=[0.0], parameters=theta, problem=problem)
    >>> mf.observe.unit_strengths(path).tolist(), mf.observe.participation_ratio(path).tolist()
    ([[10.0, 10.0, 0.0]], [2.0])
    """
    network = classifier("participation_ratio", path).network
    return _participation(_strengths(network, layers(path), network.check_layer(layer)))


def active_units(path: Trajectory, tolerance: Numeric = 0.01, layer: int = 0) -> Anything:
    """How many neurons of a hidden layer are strong, and give something other than 0 on some sample.

    **Arguments:** `tolerance`: the strength (see `unit_strengths`) that counts, relative to the strongest neuron, in
    [0, 1]; `layer`: the hidden layer, 0 for the first.

    **Returns:** counts, shape (points,).

    **Raises:** `ValueError` for a path that is no network's, a layer it does not have, or a tolerance outside [0, 1].

    **Source:** theory page 04 (feature learning).
    """
    problem = classifier("active_units", path)
    tolerance = jnp.asarray(_checks.in_interval("tolerance", tolerance, 0.0, 1.0))
    return _active(problem, layers(path), tolerance, problem.network.check_layer(layer))


def unit_cosines(path: Trajectory, layer: int = 0) -> Real:
    """The cosines between the weights w_i and w_j into two neurons of a hidden layer; 0 where one of them is 0.

    **Arguments:** `layer`: the hidden layer, 0 for the first.

    **Returns:** shape (points, neurons, neurons).

    **Raises:** `ValueError` for a path that is no network's, or a layer it does not have.

    **Source:** theory page 04 (feature learning).
    """
    network = classifier("unit_cosines", path).network
    return _cosines(network, layers(path), network.check_layer(layer))


def alignment(path: Trajectory, layer: int = 0) -> Real:
    """Σ_{i≠j} s_is_j·|cos(w_i,w_j)| / Σ_{i≠j} s_is_j: the mean |cosine| between two neurons, weighted by strengths.

    Between 0 (weights of different neurons are orthogonal) and 1 (all are parallel); 1 where fewer than two neurons
    have any strength, since nothing differs then.

    **Arguments:** `layer`: the hidden layer, 0 for the first.

    **Returns:** shape (points,).

    **Raises:** `ValueError` for a path that is no network's, or a layer it does not have.

    **Source:** theory page 04 (feature learning).
    """
    network = classifier("alignment", path).network
    layer = network.check_layer(layer)
    return _alignment(_strengths(network, layers(path), layer), _cosines(network, layers(path), layer))


def weight_sparsity(path: Trajectory, tolerance: Numeric = 1e-3, layer: int | None = None) -> Real:
    """The share of the weights with |w| ≤ tolerance·(the largest |w| of their layer).

    **Arguments:** `tolerance`: in [0, 1]; `layer`: the layer of weights, 0 for the first; nothing for all of them.

    **Returns:** shape (points,), in [0, 1].

    **Raises:** `ValueError` for a path that is no network's, a layer it does not have, or a tolerance outside [0, 1].

    **Source:** theory page 04 (feature learning).
    """
    count = len(classifier("weight_sparsity", path).shape)
    tolerance = jnp.asarray(_checks.in_interval("tolerance", tolerance, 0.0, 1.0))
    if layer is not None and _checks.integer("layer", layer, at_least=0) >= count:
        raise ValueError(f"layer must be below the number of layers, {count}, got {layer}.")
    weights = layers(path)
    return _sparsity(weights if layer is None else weights[layer : layer + 1], tolerance)


@eqx.filter_jit
def _strengths(network: AbstractNetwork, x: tuple[Real, ...], layer: int) -> Real:
    def one(theta):
        into, out_of = network.incoming_weights(layer, theta), network.outgoing_weights(layer, theta)
        return _lengths(into) ** network.activation.degree * _lengths(out_of)

    return jax.lax.map(one, x)


@jax.jit
def _participation(strengths: Real) -> Real:
    scaled, _ = _scaled(strengths)
    square = jnp.sum(scaled**2, axis=1)
    return jnp.where(square > 0, jnp.sum(scaled, axis=1) ** 2 / jnp.where(square > 0, square, 1.0), 0.0)


@eqx.filter_jit
def _active(problem: NetworkClassification, x: tuple[Real, ...], tolerance: Real, layer: int) -> Anything:
    network = problem.network
    strengths = _strengths(network, x, layer)
    strong = (strengths > 0) & (strengths >= tolerance * jnp.max(strengths, axis=1, keepdims=True))

    def answers(theta):
        signals = network.activation(network.entering(theta, problem.inputs)[layer])
        return jnp.any(jnp.moveaxis(signals, 1, 0).reshape(signals.shape[1], -1) != 0, axis=1)

    return jnp.sum(strong & jax.lax.map(answers, x), axis=1)


@eqx.filter_jit
def _cosines(network: AbstractNetwork, x: tuple[Real, ...], layer: int) -> Real:
    def one(theta):
        weights, _ = _scaled(network.incoming_weights(layer, theta))
        lengths = jnp.linalg.norm(weights, axis=1, keepdims=True)
        units = weights / jnp.where(lengths > 0, lengths, 1.0)
        return units @ units.T

    return jax.lax.map(one, x)


@jax.jit
def _alignment(strengths: Real, cosines: Real) -> Real:
    scaled, _ = _scaled(strengths)
    pairs = scaled[:, :, None] * scaled[:, None, :] * (1 - jnp.eye(scaled.shape[1], dtype=scaled.dtype))[None]
    total = jnp.sum(pairs, axis=(1, 2))
    sum_of_cosines = jnp.sum(pairs * jnp.abs(cosines), axis=(1, 2))
    return jnp.where(total > 0, sum_of_cosines / jnp.where(total > 0, total, 1.0), 1.0)


@jax.jit
def _sparsity(x: tuple[Real, ...], tolerance: Real) -> Real:
    flat = [jnp.abs(leaf.reshape(leaf.shape[0], -1)) for leaf in x]
    small = [leaf <= tolerance * jnp.max(leaf, axis=1, keepdims=True) for leaf in flat]
    return jnp.mean(jnp.concatenate(small, axis=1), axis=1, dtype=x[0].dtype)


def _scaled(rows: Real) -> tuple[Real, Real]:
    """Each row divided by its largest |entry|, and that; nothing over- or underflows."""
    largest = jnp.max(jnp.abs(rows), axis=1, keepdims=True)
    return rows / jnp.where(largest > 0, largest, 1.0), largest


def _lengths(rows: Real) -> Real:
    scaled, largest = _scaled(rows)
    return largest[:, 0] * jnp.linalg.norm(scaled, axis=1)
