"""How far the factors of a product are from each other, along a path."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp

from .._types import Numeric, Parameters, Real
from ..flows import Trajectory
from ..networks import AbstractNetwork
from ..potentials import AbstractPotential
from ..problems import NetworkClassification
from ..reparameterizations import AbstractProduct, Attention, LogDifference, MatrixProduct, PowerDifference
from ._layers import layers


class Balance(NamedTuple):
    """`values`, shape (points, …), and `max_drift`: their largest change since the first point, relative to the largest
    that either of the two sides they compare has been.
    """

    values: Real
    max_drift: Real


def balance(path: Trajectory) -> Balance:
    """The quantity that compares the factors of x, with the exponent q of the path's own geometry.

    - Hadamard, diagonal attention: |w_i|^q−|w_L|^q for i<L, shape (points, L−1, …); its sides are |w_i|^q and |w_L|^q.
    - matrix product: UᵀU−VᵀV, shape (points, rank, rank); its sides are UᵀU and VᵀV, by their largest entries;
      attention: the same with U=Kᵀ and V=Qᵀ.
    - network: Q(incoming)/k−Q(outgoing) for each hidden neuron, one layer after the other, shape (points, neurons), k
      the degree of the activation (1 for relu) and Q the balance function of each layer's potential; its sides are the
      two terms. Over the neurons of a layer these sum to Q(W_l)/k−Q(W_{l+1}).
    - power difference: with s=1−(D−1)(q−1), which is 2−D for gradient flow, u^s+v^s, and u·v where s=0; shape
      (points, …); its two sides are the first and the present value. Difference of logarithms: the same with D=0.

    Geometries without an exponent count as q=2. `max_drift` is max|B_t−B_0| over the largest size of either side, both
    maxima over all points and entries; 0 if nothing was ever there.

    **Raises:** `ValueError` for a potential or a reparameterization for which no balance is known, or a network without
    hidden layers.

    **Source:** theory pages 01 to 04.

    >>> problem = mf.problems.LinearRegression(jnp.ones((1, 2)), jnp.ones(1))
    >>> flow = mf.Flow(problem, reparameterization=mf.reparameterizations.Hadamard(depth=2))
    >>> path = mf.integrate(flow, flow.lift(x=jnp.zeros(2), balance=0.25), until=mf.until.time(1.0), save=5)
    >>> mf.observe.balance(path).values.round(6)[-1].tolist(), bool(mf.observe.balance(path).max_drift < 1e-6)
    ([[0.25, 0.25]], True)
    """
    if isinstance(path.flow.problem, NetworkClassification):
        if path.flow.problem.network.hidden_layers == 0:
            raise ValueError("balance compares the two sides of hidden neurons, and this network has no hidden layer.")
        return _network(path.flow.problem.network, path.flow.layer_potentials, layers(path))
    reparameterization = path.flow.reparameterization
    if reparameterization is None:
        raise ValueError(
            "balance compares the factors of a reparameterization, or the layers of a network; this path was made in x "
            "itself."
        )
    q = getattr(path.flow.geometry, "q", 2.0)
    if isinstance(reparameterization, AbstractProduct):
        return _hadamard(jnp.asarray(path.parameters), q)
    if isinstance(reparameterization, MatrixProduct):
        return _matrix_product(path.parameters)
    if isinstance(reparameterization, Attention):
        return _matrix_product(reparameterization.factors(path.parameters))
    if isinstance(reparameterization, PowerDifference):
        return _power_difference(jnp.asarray(path.parameters), reparameterization.power, q)
    if isinstance(reparameterization, LogDifference):
        return _power_difference(jnp.asarray(path.parameters), 0, q)
    name = type(reparameterization).__name__
    raise ValueError(f"balance is known for products and for differences of powers or logarithms, not for {name}.")


@eqx.filter_jit
def _network(network: AbstractNetwork, potentials: tuple[AbstractPotential, ...], x: tuple[Real, ...]) -> Balance:
    def sides(theta):
        sizes = tuple(p.balance_density(weights) for p, weights in zip(potentials, theta, strict=True))
        hidden = range(network.hidden_layers)
        incoming = [network.incoming(layer, sizes) / network.activation.degree for layer in hidden]
        return jnp.concatenate(incoming), jnp.concatenate([network.outgoing(layer, sizes) for layer in hidden])

    incoming, outgoing = jax.lax.map(sides, x)
    values = incoming - outgoing
    return Balance(values, _drift(values, jnp.maximum(jnp.max(jnp.abs(incoming)), jnp.max(jnp.abs(outgoing)))))


def _hadamard(factors: Real, q: Numeric) -> Balance:
    sizes = jnp.abs(factors)
    values = _difference_of_powers(sizes[:, :-1], jnp.broadcast_to(sizes[:, -1:], sizes[:, :-1].shape), q)
    return Balance(values, _drift(values, jnp.max(sizes) ** q))


def _difference_of_powers(a: Real, b: Real, q: Numeric) -> Real:
    """a^q−b^q for a, b ≥ 0, without cancellation where they are close."""
    large, small = jnp.maximum(a, b), jnp.minimum(a, b)
    divisor = jnp.where(large > 0, large, 1.0)
    gap = -(large**q) * jnp.expm1(q * jnp.log1p((small - large) / divisor))
    return jnp.where(large > 0, jnp.sign(a - b) * gap, 0.0)


def _matrix_product(parameters: Parameters) -> Balance:
    left, right = (jnp.asarray(parameters[side]) for side in ("left", "right"))
    grams = [jnp.swapaxes(factor, -1, -2) @ factor for factor in (left, right)]
    size = jnp.maximum(*(jnp.max(jnp.abs(gram)) for gram in grams))
    return Balance(grams[0] - grams[1], _drift(grams[0] - grams[1], size))


def _power_difference(factors: Real, power: int, q: Numeric) -> Balance:
    u, v = factors[:, 0], factors[:, 1]
    exponent = 1 - (power - 1) * (jnp.asarray(q) - 1)
    values = jnp.where(exponent == 0, u * v, u**exponent + v**exponent)
    return Balance(values, _drift(values, jnp.max(jnp.abs(values))))


def _drift(values: Real, size: Real) -> Real:
    change = jnp.max(jnp.abs(values - values[:1]))
    return jnp.where(size > 0, change / jnp.where(size > 0, size, 1.0), 0.0)
