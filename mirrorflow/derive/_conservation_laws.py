"""Conservation laws of a model under a flow: found, counted, and known to be complete."""

from typing import Any

import jax
import jax.numpy as jnp

from .. import _checks
from ..reparameterizations import AbstractReparameterization, Custom
from ._decays import damping, decay_rate
from ._flow import DerivedFlow
from ._inputs import exponent, symbolic_model
from ._laws import ConservationLaws
from ._limits import LIMIT, check_size
from ._model import Model
from ._numeric_laws import function_model, symbolic_fields
from ._ring import NotPolynomial

DEGREE = 4


def conservation_laws(
    model: Any,
    variables: Any = None,
    *,
    metric: Any = None,
    geometry: Any = None,
    decay: Any = None,
    momentum: Any = None,
    degree: Any = DEGREE,
    limit: Any = LIMIT,
    seed: Any = 0,
) -> ConservationLaws:
    """The functions h(θ) that a flow keeps for every loss and every data set, and whether there are more.

    h is one iff ∇h is orthogonal to every velocity, at every θ. Data sees θ through functions φ_k, so that velocities
    are M∇φ_k with the inverse metric M; there are D − dim Lie(W) independent laws, W the span of these fields and
    Lie(W) the algebra that they generate. Laws are searched in bases that grow (the model's own candidates, sums of
    functions of one parameter, monomials by degree) by exact linear algebra, and counted by the rank of the fields and
    their brackets modulo a prime. That rank is no larger than the true one: when as many laws are found as counted,
    the list is proved complete. Nothing is searched beyond that point.

    **Arguments:**

    - `model`: one of `mf.derive.models`, a reparameterization, sympy expressions φ_k, or a JAX function θ ↦ φ(θ).
    - `variables`: with expressions, the symbols that are trained (others are constants); with a function (or
      `reparameterizations.Custom`), an example of θ.
    - `metric`: a potential for all parameters or a mapping from the names of arrays to potentials (mirror flow), or the
      inverse metric as a sympy matrix. The model's own unless given, which is mostly the Euclidean one.
    - `geometry`: `mf.geometries.Steepest(q)`, `Sign()`, `Spectral()`, or the exponent q, as a number or a symbol.
    - `decay`: "decoupled" or "coupled" (at the rate λ), an object of `mf.decay` with the penalty ‖θ‖², or a rate.
    - `momentum`: the damping τ of θ̈+τθ̇=−∇𝓛 as a number or an expression in t ("heavy-ball": τ, "nesterov": 3/t).
    - `degree`: the largest degree of monomials searched.
    - `limit`: the largest expected number of products of polynomials (about 1e6 take 10 s).
    - `seed`: of the random points.

    **Returns:** `ConservationLaws`: the laws with their rates, `count`, `complete` (True, False, or None where nothing
    can be concluded), forms, LaTeX and a JAX function.

    **Raises:** `ValueError` for an empty list, variables that are no symbols, expressions that are not differentiable,
    flows that do not go together, or a size beyond `limit`, with an estimate.

    **Source:** Marcotte, Gribonval, Peyré (arXiv:2307.00144, 2405.12888, 2506.06194); theory page 07.

    >>> import sympy as sp
    >>> u, v, w = sp.symbols("u v w", real=True)
    >>> laws = mf.derive.conservation_laws([u * v * w], [u, v, w])
    >>> [str(law) for law in laws], laws.complete
    (['v**2 - w**2', 'u**2 - w**2'], True)
    """
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
