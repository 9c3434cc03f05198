"""Conservation laws of a model under a flow: found, counted, and known to be complete."""

from typing import Any

from ._laws import ConservationLaws
from ._limits import LIMIT

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
      inverse metric as a sympy matrix, symmetric and without negative eigenvalues. The model's own unless given, which
      is mostly the Euclidean one.
    - `geometry`: `mf.geometries.Steepest(q)`, `Sign()`, `Spectral()`, "gradient", "sign", or the exponent q as a number
      or a symbol.
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
    # python-flint is an extra, so that the engine loads when it is asked.
    from ._dispatch import answer

    return answer(
        model,
        variables,
        metric=metric,
        geometry=geometry,
        decay=decay,
        momentum=momentum,
        degree=degree,
        limit=limit,
        seed=seed,
    )
