"""Which engine answers for a model and a flow: exact arithmetic where it can, double precision elsewhere."""

from typing import Any

import jax
import jax.numpy as jnp

from .. import _checks
from ..reparameterizations import AbstractReparameterization, Custom
from ._decays import damping, decay_rate
from ._flow import DerivedFlow
from ._inputs import exponent, symbolic_model
from ._laws import ConservationLaws
from ._limits import check_size
from ._model import Model
from ._numeric_laws import function_model, symbolic_fields
from ._ring import NotPolynomial


def answer(
    model: Any,
    variables: Any,
    *,
    metric: Any,
    geometry: Any,
    decay: Any,
    momentum: Any,
    degree: Any,
    limit: Any,
    seed: Any,
) -> ConservationLaws:
    """See `conservation_laws`."""
    degree = _checks.integer("degree", degree, at_least=1)
    seed = _checks.integer("seed", seed, at_least=0)
    limit = float(_checks.positive("limit", limit))
    flow = DerivedFlow(metric, exponent(geometry), decay_rate(decay), damping(momentum))
    if isinstance(model, Custom) or (callable(model) and not isinstance(model, Model | AbstractReparameterization)):
        return _of_function(flow, model, variables, degree, seed)
    resolved = symbolic_model(model, variables)
    flow.check_names(resolved)
    check_size(resolved, flow.momentum is not None, limit)
    if flow.q is None:
        return _in_numbers(flow, resolved, degree, seed)
    try:
        return flow.derive(resolved, degree, limit, seed)
    except NotPolynomial as error:
        if flow.decay is not None or flow.momentum is not None or flow.q.free_symbols:
            raise ValueError(
                f"model must have gradients that are rational functions of the variables and of their exponentials, "
                f"roots and the like, with rational coefficients, for this flow. {error}"
            ) from error
    return _in_numbers(flow, resolved, degree, seed)


def _of_function(flow: DerivedFlow, function: Any, example: Any, degree: int, seed: int) -> ConservationLaws:
    if example is None:
        raise ValueError("variables must be given with a function: an example of θ, any pytree of real arrays.")
    with jax.enable_x64(True):
        example = jax.tree.map(_widened, example)
        model, numeric = function_model(function, example)
        return flow.numeric(model, numeric, degree, seed)


def _widened(leaf: Any) -> Any:
    """Real arrays in double precision; what is something else is refused later, with its name."""
    floating = hasattr(leaf, "dtype") and jnp.issubdtype(leaf.dtype, jnp.floating)
    return jnp.asarray(leaf, jnp.float64) if floating or isinstance(leaf, float) else leaf


def _in_numbers(flow: DerivedFlow, model: Model, degree: int, seed: int) -> ConservationLaws:
    free = set().union(*(feature.free_symbols for feature in model.features)) - set(model.variables)
    if free:
        raise ValueError(f"model must have numbers in place of the constants {sorted(map(str, free))} for this flow.")
    with jax.enable_x64(True):
        return flow.numeric(model, symbolic_fields(model), degree, seed)
