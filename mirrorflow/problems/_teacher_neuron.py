"""One neuron that learns another."""

import math
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .. import _checks
from .._types import Held, Numeric, Real, Scalar
from ._base import AbstractProblem

TERMS = 10  # of the power series below, used up to an angle of ½, where the last one is 1e-20


class TeacherNeuron(AbstractProblem):
    """f(a,w) = ½E(a·relu⟨w,z⟩−relu z₁)² for z~N(0,I_d): a student neuron, a teacher neuron, infinitely many samples.

    f = ¼(a²‖w‖²+1) − a·J(w) with J = ‖w‖(sin φ+(π−φ)cos φ)/2π and φ the angle between w and e₁ (the arc-cosine
    kernel). d=1: ¼(aw−1)² for w>0 and ¼(a²w²+1) for w<0. Every formula keeps its digits at φ=0, where f is 0, near
    φ=π, where J ~ ‖w‖(π−φ)³/6π is all that moves the student, and for a and ‖w‖ of any size.

    The predictor is x=(a,w₁,…,w_d). **At w=0** f has no gradient: it falls as −a·J(v) in the direction v. There
    relu'(0)=0 is taken, as in frameworks for networks, and the gradient is 0: no flow leaves w=0. Flows that fail from
    a<0 end there, those of m⊙w in finite time, and steps become ever smaller near it. So a run or a sweep that asks who
    learns the teacher goes `until.loss(1e-6) | until.stationary(1e-19)` with a `max_steps` (20,000 will do), not to a
    time, and a sweep names an implicit solver: `solver=diffrax.Kvaerno5(), rtol=1e-4, atol=1e-15`.

    **Arguments:** `dimension`: d ≥ 1.

    **Raises:** `ValueError` for a dimension that is not an integer of at least 1.

    **Source:** arXiv:2504.12801; Cho and Saul 2009 (the kernel); theory page 05.

    >>> problem = mf.problems.TeacherNeuron(2)
    >>> problem.loss(jnp.array([2.0, 0.5, 0.0])).item(), problem.gradient(jnp.array([1.0, -1.0, 0.0])).tolist()
    (0.0, [0.5, -0.5, 0.0])
    """

    nonnegative: ClassVar[bool] = True
    dimension: int = eqx.field(static=True)

    def __init__(self, dimension: int):
        self.dimension = _checks.integer("dimension", dimension, at_least=1)

    @property
    def shape(self) -> tuple[int, ...]:
        """(1+d,)"""
        return (1 + self.dimension,)

    @property
    def axis_names(self) -> tuple[str, ...]:
        """The entries of x: a, then w."""
        return ("weight",)

    def start(self, a: Numeric, w: Numeric) -> Held:
        """x=(a,w), refused at w=0, which no flow leaves.

        **Arguments:** `a`: a number; `w`: shape (d,), or a number for d=1.

        **Raises:** `ValueError` for another shape, or w=0.
        """
        a, w = _checks.number("a", a), _checks.number("w", w, shape=None)
        numpy = _checks.array_module(a, w)
        w = numpy.atleast_1d(w)
        if w.shape != (self.dimension,):
            raise ValueError(f"w must have shape (dimension,) = {(self.dimension,)}, got shape {tuple(w.shape)}.")
        if not _checks.is_traced(w) and not np.any(np.asarray(w)):
            raise ValueError(
                "w must not be 0: relu(⟨w,z⟩) is then 0 for every input, the gradient is 0 by relu'(0)=0, and no flow "
                "leaves the saddle (a, 0)."
            )
        return numpy.concatenate([numpy.atleast_1d(a), w])

    def loss(self, x: Real) -> Scalar:
        """f(x); infinite where it leaves the range of floats."""
        log_size, value = _scaled_loss(jnp.asarray(x))
        return jnp.exp(2 * log_size) * value

    def log_loss(self, x: Real) -> Scalar:
        """log f(x), finite where f overflows."""
        log_size, value = _scaled_loss(jnp.asarray(x))
        return jnp.log(value) + 2 * log_size

    def scaled_gradient(self, x: Real) -> tuple[Scalar, Real]:
        """(s, e^{−s}∇f) with s=0 unless a‖w‖ is huge."""
        return _scaled_gradient(jnp.asarray(x))


class _Polar(eqx.Module):
    """w=r·unit, sin φ, whether cos φ≥0, and ψ=min(φ,π−φ)."""

    radius: Scalar
    unit: Real
    sine: Scalar
    acute: jax.Array
    angle: Scalar


def _polar(w: Real) -> _Polar:
    radius = _norm(w)
    unit = w / jnp.where(radius > 0, radius, 1.0)
    sine, acute = _norm(unit[1:]), unit[0] >= 0
    cosine = jnp.where(radius > 0, jnp.abs(unit[0]), 1.0)
    return _Polar(radius, unit, sine, acute, jnp.arctan2(sine, cosine))


def _norm(w: Real) -> Scalar:
    """‖w‖ without squares that leave the range of floats; its derivative is 0 at 0."""
    largest = jax.lax.stop_gradient(jnp.max(jnp.abs(w), initial=0.0))
    ratios = w / jnp.where(largest > 0, largest, 1.0)
    square = jnp.sum(ratios**2)
    return jnp.where(largest > 0, largest * jnp.sqrt(jnp.where(largest > 0, square, 1.0)), 0.0)


def _products(a: Scalar, first: Scalar, polar: _Polar) -> tuple[Scalar, Scalar, Scalar, Scalar, Scalar]:
    """(s, a‖w‖, aw₁, a‖w‖−1, 1), all but s times e^{−s}; s=0 unless a‖w‖ is so large that its square may overflow.

    The difference keeps its digits also where aw₁ is 1 and ‖w‖ almost w₁.
    """
    radius = polar.radius
    logs = jnp.log(jnp.where(a == 0, 1.0, jnp.abs(a))) + jnp.log(jnp.where(radius > 0, radius, 1.0))
    moderate = (logs < 0.4 * jnp.log(jnp.finfo(logs.dtype).max)) | (a == 0) | (radius == 0)
    log_size = jax.lax.stop_gradient(jnp.where(moderate, 0.0, logs))
    half = jnp.exp(-log_size / 2)
    product, along, one = (a * half) * (radius * half), (a * half) * (first * half), jnp.exp(-log_size)
    aligned = (along - one) + product * 2 * jnp.sin(polar.angle / 2) ** 2
    return log_size, product, along, jnp.where(polar.acute, aligned, product - one), one


@jax.custom_jvp
def _scaled_loss(x: Real) -> tuple[Scalar, Scalar]:
    """(s, e^{−2s}f): a sum of terms of one sign on either side of a=0."""
    polar = _polar(x[1:])
    log_size, product, _, excess, one = _products(x[0], x[1], polar)
    gap, kernel = _kernel(polar)
    aligned = 0.25 * excess**2 + one * product * gap
    opposed = 0.25 * (product**2 + one**2) - one * product * kernel
    return log_size, jnp.where(product > 0, aligned, opposed)


@_scaled_loss.defjvp
def _(primals, tangents):
    (x,), (tangent,) = primals, tangents
    log_size, value = _scaled_loss(x)
    _, gradient = _scaled_gradient(x)
    return (log_size, value), (jnp.zeros_like(log_size), jnp.exp(-log_size) * jnp.sum(gradient * tangent))


def _scaled_gradient(x: Real) -> tuple[Scalar, Real]:
    """(s, e^{−s}∇f): ∂_af=‖w‖(½a‖w‖−k), ∂_wf=a(½a w−∇J), 2π∇J=sin φ·w/‖w‖+(π−φ)e₁."""
    polar = _polar(x[1:])
    log_size, product, along, excess, one = _products(x[0], x[1], polar)
    gap, kernel = _kernel(polar)
    outer = jnp.where(polar.acute, 0.5 * excess + one * gap, 0.5 * product - one * kernel)
    turned = _without_leading(polar.angle, lambda k: 2 ** (2 * k), lambda t: t - jnp.sin(t) * jnp.cos(t)) / (2 * jnp.pi)
    first = jnp.where(polar.acute, 0.5 * (along - one) + one * turned, 0.5 * along - one * turned)
    across = (0.5 * product - one * polar.sine / (2 * jnp.pi)) * polar.unit[1:]
    inner = jnp.where(polar.radius > 0, jnp.concatenate([first[None], across]), 0.0)
    return log_size, jnp.concatenate([(polar.radius * outer)[None], x[0] * inner])


def _kernel(polar: _Polar) -> tuple[Scalar, Scalar]:
    """½−k and k, k=J/‖w‖: the small one of the two is computed, the other is its difference from ½."""
    t = polar.angle
    bent = _without_leading(t, lambda k: 1, lambda t: t - jnp.sin(t))
    gap = ((jnp.pi - t) * 2 * jnp.sin(t / 2) ** 2 + bent) / (2 * jnp.pi)
    left = _without_leading(t, lambda k: 2 * k, lambda t: jnp.sin(t) - t * jnp.cos(t)) / (2 * jnp.pi)
    return jnp.where(polar.acute, gap, 0.5 - left), jnp.where(polar.acute, 0.5 - gap, left)


def _without_leading(t: Scalar, weight, formula) -> Scalar:
    """Σ_{k≥1} (−1)^{k+1}·weight(k)·t^{2k+1}/(2k+1)!, which `formula` gives with cancellation for small t."""
    small = t < 0.5
    near = jnp.where(small, t, 0.0)
    coefficients = [(-1) ** (k + 1) * weight(k) / math.factorial(2 * k + 1) for k in range(TERMS, 0, -1)]
    series = near**3 * jnp.polyval(jnp.asarray(coefficients, t.dtype), near**2)
    return jnp.where(small, series, formula(jnp.where(small, 1.0, t)))
