"""How long a neuron stays near −e₁, where hardly a signal reaches it."""

import numpy as np

from .. import _checks
from .._types import Numeric, Real


def misaligned_escape_time(angle: Numeric, radius: Numeric, balance: Numeric | None = None) -> Real:
    """The time in which the w of `problems.TeacherNeuron` leaves the neighbourhood of −e₁, from an angle ε off it.

    Once a has fallen to what the signal there sustains, a = (π−φ)³/(3πr) with r=‖w‖ fixed, the angle ψ=π−φ grows as
    ψ̇ = ψ⁵/(6π²r²) times the metric of the coordinate that grows, 1 for plain gradient flow, √(4r²ψ²+β₂²) for m⊙w:

    t = (3π²/2)r²ε^{−4} (plain); t = (3π²/5)r·ε^{−5}·₂F₁(½,5/2;7/2;−(β₂/2rε)²) (m⊙w),

    to leading order in ε: ε^{−5} for rε≫β₂, ε^{−4} for rε≪β₂. It is the time from a≈0; from elsewhere the angle
    changes by O(ε) of itself before. Only where w outlasts a (the `margin` of `sign_flip` is positive).

    **Arguments:** `angle`: ε>0, radians; `radius`: r>0, the ‖w‖ left when a has come to 0; `balance`: β₂ ≥ 0 of a
    product m⊙w with w_⊥ in one coordinate, nothing for plain gradient flow. Numbers, or arrays of one shape.

    **Returns:** times in the loss's unit.

    **Raises:** `ValueError` for an angle or radius that is not positive, or a balance below 0.

    **Source:** theory page 05 (escape from near −e₁); the constants are derived here.

    >>> bool(np.isclose(mf.predict.misaligned_escape_time(0.01, 1.0), 1.5 * np.pi**2 * 1e8))
    True
    """
    from scipy.special import hyp2f1

    angle = np.asarray(_checks.positive("angle", angle, shape=None))
    radius = np.asarray(_checks.positive("radius", radius, shape=None))
    if balance is None:
        return np.asarray(1.5 * np.pi**2 * radius**2 * angle**-4.0)
    beta = np.asarray(_checks.nonnegative("balance", balance, shape=None))
    bend = hyp2f1(0.5, 2.5, 3.5, -((beta / (2 * radius * angle)) ** 2))
    return np.asarray(0.6 * np.pi**2 * radius * angle**-5.0 * bend)
