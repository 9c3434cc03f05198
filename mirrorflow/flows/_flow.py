"""A flow: four choices, checked to make sense together."""

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .. import _checks
from .._types import Numeric, Parameters
from ..decay import AbstractDecay, Coupled, SquaredNorm
from ..geometries import AbstractGeometry, Euclidean, Sign, Spectral
from ..potentials import AbstractPotential, AbstractPotentialFamily
from ..potentials import Spectral as SpectralPotential
from ..problems import AbstractProblem, NetworkClassification
from ..reparameterizations import AbstractCoordinatewise, AbstractReparameterization, GradedProduct
from ._dynamics import AbstractDynamics, FamilyDynamics, PotentialDynamics, ReparameterizedDynamics
from ._flow_checks import check_exact_sign, check_network, check_positive_definite, checked_layers
from ._graded_dynamics import GradedDynamics
from ._network_dynamics import NetworkDynamics
from ._spectral_dynamics import SpectralDynamics


def _still(reparameterization: AbstractReparameterization, theta: Parameters) -> Any:
    """Which coordinates of x no parameter moves; where they share parameters, whether none of them is moved."""
    if isinstance(reparameterization, AbstractCoordinatewise):
        return jnp.all(reparameterization.partials(theta) == 0, axis=0)
    moved = reparameterization.pull_back(theta, jnp.ones_like(reparameterization(theta)))
    return jnp.all(jnp.stack([jnp.all(leaf == 0) for leaf in jax.tree.leaves(moved)]))


class Flow(eqx.Module):
    """A problem, coordinates, a geometry and a decay.

    With a `potential` R:           d∇R(x) = −direction(∇f(x)) dt.
    With a `reparameterization` g:  θ̇ = −direction(∇_θ f(g(θ))), x = g(θ).

    `decay=mf.decay.Coupled(α)` adds the gradient 2αθ before the direction map, `mf.decay.Decoupled(α)` subtracts αθ
    after it (for a potential, θ is x).

    **Arguments:**

    - `problem`: what is minimized.
    - `potential` *or* `reparameterization`: the coordinates.
    - `geometry`: the direction map, gradient flow unless given.
    - `decay`: none unless given.

    **Raises:** `ValueError` if a part is not what it should be, if both or neither coordinates are given, or if the
    combination makes no mathematical sense.

    **Source:** theory pages 00, 02 and 03.

    >>> problem = mf.problems.LinearRegression(jnp.ones((1, 2)), jnp.ones(1))
    >>> flow = mf.Flow(problem, reparameterization=mf.reparameterizations.Hadamard(depth=2))
    >>> path = mf.integrate(flow, flow.lift(x=jnp.zeros(2), balance=1.0), until=mf.until.stationary(1e-9))
    >>> path.x[-1].round(6).tolist()
    [0.5, 0.5]
    """

    problem: AbstractProblem
    potential: Any
    reparameterization: AbstractReparameterization | None
    geometry: AbstractGeometry
    decay: AbstractDecay | None

    def __init__(
        self,
        problem: AbstractProblem,
        *,
        potential: AbstractPotential
        | AbstractPotentialFamily
        | SpectralPotential
        | Sequence[AbstractPotential]
        | None = None,
        reparameterization: AbstractReparameterization | None = None,
        geometry: AbstractGeometry | None = None,
        decay: AbstractDecay | None = None,
    ):
        self.problem = problem
        self.potential = tuple(potential) if isinstance(potential, list | tuple) else potential
        self.reparameterization = reparameterization
        self.geometry = Euclidean() if geometry is None else geometry
        self.decay = decay

    def __check_init__(self):
        _checks.instance("problem", self.problem, AbstractProblem, "a problem of mf.problems")
        _checks.instance("geometry", self.geometry, AbstractGeometry, "a geometry of mf.geometries")
        if self.decay is not None:
            _checks.instance("decay", self.decay, AbstractDecay, "mf.decay.Coupled(…) or mf.decay.Decoupled(…)")
        if (self.potential is None) == (self.reparameterization is None):
            given = "neither" if self.potential is None else "both"
            raise ValueError(f"A flow has a potential or a reparameterization, one of the two; {given} was given.")
        if isinstance(self.problem, NetworkClassification):
            check_network(self)
            return
        if self.potential is not None:
            allowed = AbstractPotential | AbstractPotentialFamily | SpectralPotential
            _checks.instance("potential", self.potential, allowed, "a potential of mf.potentials")
        else:
            _checks.instance(
                "reparameterization",
                self.reparameterization,
                AbstractReparameterization,
                "a reparameterization of mf.reparameterizations",
            )
        self._check_combination()

    def _check_combination(self) -> None:
        if isinstance(self.potential, AbstractPotentialFamily) and self.decay is not None:
            raise ValueError("A family of potentials already holds the decay: give the flow no decay of its own.")
        if isinstance(self.potential, SpectralPotential):
            self._check_spectral(self.potential)
        if isinstance(self.reparameterization, GradedProduct):
            self._check_graded()
        if isinstance(self.geometry, Spectral):
            if isinstance(self.reparameterization, AbstractCoordinatewise):
                raise ValueError(
                    "The spectral geometry acts on matrices; "
                    f"{type(self.reparameterization).__name__} has factors coordinate by coordinate."
                )
            if self.potential is not None and len(self.problem.shape) != 2:
                raise ValueError(f"The spectral geometry needs a matrix x, the problem has shape {self.problem.shape}.")

        if isinstance(self.geometry, Sign) and self.geometry.smoothing is None:
            check_exact_sign(self)

    def _check_spectral(self, potential: SpectralPotential) -> None:
        shape = tuple(self.problem.shape)
        if len(shape) != 2 or (potential.symmetric and shape[0] != shape[1]):
            kind = "a square matrix" if potential.symmetric else "a matrix"
            raise ValueError(f"A spectral potential acts on {kind} x, the problem has shape {shape}.")
        if not isinstance(self.geometry, Euclidean | Spectral):
            raise ValueError(
                "A spectral potential goes with the Euclidean or the spectral geometry; "
                f"{type(self.geometry).__name__} acts entry by entry and knows no singular values."
            )

    def _check_graded(self) -> None:
        if not isinstance(self.geometry, Euclidean):
            raise ValueError(
                "A graded product follows gradient flow, which is linear in the factors; "
                f"{type(self.geometry).__name__} is not. Use its `plain` product."
            )
        if isinstance(self.decay, Coupled) and not isinstance(self.decay.penalty, SquaredNorm):
            raise ValueError("A graded product decays with the penalty ‖U‖²+‖V‖² only, which scales its factors.")

    @property
    def layer_potentials(self) -> tuple[AbstractPotential, ...]:
        """The potential of each layer of a network.

        **Raises:** `ValueError` for a problem that is no network's.
        """
        if not isinstance(self.problem, NetworkClassification):
            raise ValueError(f"layer_potentials are those of a network, not of a {type(self.problem).__name__}.")
        if isinstance(self.potential, tuple):
            return self.potential
        return (self.potential,) * len(self.problem.shape)

    @property
    def dynamics(self) -> AbstractDynamics:
        """The differential equation."""
        if isinstance(self.problem, NetworkClassification):
            return NetworkDynamics(
                problem=self.problem, potentials=self.layer_potentials, geometry=self.geometry, decay=self.decay
            )
        if isinstance(self.reparameterization, GradedProduct):
            return GradedDynamics(
                problem=self.problem,
                reparameterization=self.reparameterization,
                geometry=self.geometry,
                decay=self.decay,
            )
        if self.reparameterization is not None:
            return ReparameterizedDynamics(
                problem=self.problem,
                reparameterization=self.reparameterization,
                geometry=self.geometry,
                decay=self.decay,
            )
        if isinstance(self.potential, AbstractPotentialFamily):
            return FamilyDynamics(
                problem=self.problem, potential=self.potential, geometry=self.geometry, decay=self.decay
            )
        if isinstance(self.potential, SpectralPotential):
            return SpectralDynamics(
                problem=self.problem, potential=self.potential, geometry=self.geometry, decay=self.decay
            )
        assert self.potential is not None
        return PotentialDynamics(
            problem=self.problem, potential=self.potential, geometry=self.geometry, decay=self.decay
        )

    def lift(self, x: Numeric, balance: Numeric | None = None) -> Parameters:
        """A start θ with g(θ)=x: for a Hadamard product the last factor is the small, sign-carrying one.

        |w_i|^q − |w_L|^q = balance for i<L, with the q of the flow's geometry.

        **Arguments:** `x`: of the problem's shape; `balance`: ≥ 0, a number or of the shape of x. It is 0 unless given,
        and must be given where that would be a saddle, which the flow never leaves: where an entry of x is 0.

        **Raises:** `ValueError` with a potential (it starts at x itself), another shape, a balance below 0, or none
        given at such a saddle.
        """
        if self.reparameterization is None:
            raise ValueError("A flow with a potential starts at x itself; only a reparameterization is lifted.")
        x = _checks.number("x", x, shape=None)
        if tuple(x.shape) != tuple(self.problem.shape):
            raise ValueError(f"x must have the problem's shape {self.problem.shape}, got shape {tuple(x.shape)}.")
        q = getattr(self.geometry, "q", 2.0)
        if balance is not None:
            return self.reparameterization.lift(x, balance, q)
        theta = self.reparameterization.lift(x, 0.0, q)
        still = _still(self.reparameterization, theta)
        if not _checks.is_traced(still) and np.any(still):
            where = "" if np.ndim(still) == 0 else f" (at index {tuple(np.argwhere(still)[0].tolist())})"
            raise ValueError(
                f"balance must be given where x is 0{where}: a positive one to leave it, or 0 to stay; with none given "
                "it would be 0, a saddle at which every derivative of x by the parameters is 0."
            )
        return theta

    def check_start(self, start: Parameters) -> Parameters:
        """The start as arrays of one floating type; `ValueError` if it has the wrong shape, is not finite, or lies
        outside the potential's domain.
        """
        if isinstance(self.problem, NetworkClassification):
            held = checked_layers(self.problem, self.layer_potentials, start)
        elif self.reparameterization is not None:
            held = jax.tree.map(lambda leaf: _checks.number("start", leaf, shape=None), start)
            if not jax.tree.leaves(held):
                raise ValueError("start has no parameters.")
            self.reparameterization.check(held, tuple(self.problem.shape))
        else:
            assert self.potential is not None
            spectral = self.potential if isinstance(self.potential, SpectralPotential) else None
            if isinstance(self.potential, SpectralPotential):
                held = _checks.number("start", start, shape=None)
            else:
                held = _checks.in_open_interval("start", start, self.potential.domain)
            if tuple(held.shape) != tuple(self.problem.shape):
                raise ValueError(f"start must have the problem's shape {self.problem.shape}, got {tuple(held.shape)}.")
            if spectral is not None and spectral.symmetric and not _checks.is_traced(held):
                check_positive_definite(np.asarray(held))
        return jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.result_type(float)), held)

    def as_mirror_flow(self, start: Parameters) -> "Flow":
        """The (time-dependent, steepest) mirror flow that theory says this flow is, from this start.

        **Returns:** a flow whose `potential` (or family of potentials), with its `domain`, is the one theory gives, and
        whose trajectory in x is the same. Balanced products with coupled decay and q<2 are flows of f+αLΣ|x|^{2/L};
        there the factors smooth their own gradients ∂x/∂w·∂f, the mirror flow ∂f, so that the two agree as the
        smoothing goes to 0, until the decay brings a coordinate to 0, where the mirror flow ends (tied factors).

        **Raises:** `NotAMirrorFlow`, with the witness: a bracket that does not vanish, a decay that does not commute.

        **Source:** the table of theory page 03.
        """
        from ._equivalence import equivalent_mirror_flow

        return equivalent_mirror_flow(self, start)
