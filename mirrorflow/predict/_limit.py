"""Where a flow on underdetermined regression ends, without integrating it."""

import jax.numpy as jnp
import numpy as np

from .. import _checks
from .._types import Parameters
from ..flows import Flow
from ..geometries import AbstractSteepest
from ..potentials import AbstractPotential, AbstractPotentialFamily
from ._bregman import BregmanProjection, bregman_projection


def limit(flow: Flow, start: Parameters) -> BregmanProjection:
    """x_∞ = argmin{R_∞(x)−⟨z₀,x⟩ : Ax=b}, the limit of a gradient-type flow of ½‖Ax−b‖².

    The flow is a mirror flow d∇R_t(x_t)=−∇f dt (`flow.as_mirror_flow`), and ∇f stays in the range of Aᵀ. So the limit
    is the Bregman projection in R_∞ of the point whose dual is the start's: ∇R_∞(x_∞)−∇R₀(x₀) ∈ range Aᵀ, Ax_∞=b.

    **Arguments:** `flow`: on a regression, with gradient geometry (q=2), and a decay that is switched off or
    integrable; `start`: θ for a reparameterization, x for a potential.

    **Returns:** `x` and its certificate, see `BregmanProjection`.

    **Raises:** `ValueError` for q<2 (the limit is then no projection), for a decay whose integral diverges (the limit
    then does not interpolate), for a decay whose effect on the dual depends on the path, or if nothing interpolates;
    `NotAMirrorFlow` where the flow is none.

    **Source:** Mirror, Mirror of the Flow (arXiv:2504.12883) with the corrected constant; theory pages 01 and 02.

    >>> problem = mf.problems.LinearRegression(jnp.array([[1.0, 2.0]]), jnp.array([1.0]))
    >>> flow = mf.Flow(problem, reparameterization=mf.reparameterizations.Hadamard(depth=2))
    >>> mf.predict.limit(flow, flow.lift(x=jnp.zeros(2), balance=1e-9)).x.round(3).tolist()
    [0.0, 0.5]
    """
    _checks.instance("flow", flow, Flow, "an mf.Flow")
    if not (isinstance(flow.geometry, AbstractSteepest) and flow.geometry.smooth):
        raise ValueError(
            "limit is known for gradient geometry (q=2) only: for other directions d∇R leaves the range of Aᵀ, and the "
            "limit is not a Bregman projection (theory page 01)."
        )
    held = flow.check_start(start)
    x0 = held if flow.reparameterization is None else flow.reparameterization(held)
    mirror = flow.as_mirror_flow(held)
    potential = mirror.potential
    if isinstance(potential, AbstractPotentialFamily):
        final = potential.limit()
        if not isinstance(final, AbstractPotential):
            raise ValueError(
                "limit needs a potential in closed form; the reparameterization's own map is known only as a function."
            )
        return bregman_projection(flow.problem, final, start_dual=potential.at(jnp.zeros(())).mirror_map(x0))
    if not isinstance(potential, AbstractPotential):
        raise ValueError(
            f"limit is known for potentials of coordinates; {type(potential).__name__} acts on singular values."
        )
    if mirror.decay is None:
        return bregman_projection(flow.problem, potential, x0)
    return bregman_projection(flow.problem, potential, _after_decay(mirror, potential, x0))


def _after_decay(mirror: Flow, potential: AbstractPotential, x0):
    """The point whose dual is the start's after the whole decay, where that does not depend on the path.

    Decay moves the dual by −α∇Q(x): by a known amount where ∇Q is constant on the domain (the entropic potential).
    """
    total = mirror.decay.strength.total()  # type: ignore[union-attr]
    if not np.isfinite(total):
        raise ValueError("The decay's integral diverges: the flow then does not end at an interpolator of the data.")
    slope = potential.metric_times_identity(x0)
    other = potential.metric_times_identity(2.0 * x0)
    if total > 0 and not np.allclose(slope, other, rtol=1e-9, atol=0):
        raise ValueError(
            "Decay moves the dual by −α∇Q(x), which depends on the path for this potential: the limit is not a Bregman "
            "projection that is known beforehand."
        )
    return potential.inverse_mirror_map(potential.mirror_map(x0) - total * slope)
