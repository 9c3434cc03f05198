"""Page 02: one layer of attention, X=KᵀQ. The diagonal case is m⊙w and exact, the general case is measured."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

import mirrorflow as mf

from ._quadrature import Panels
from .regularized import BY_QUADRATURE, FINE, VARIABLES, dual, scale, with_integrals

SEQUENCES, TOKENS, WIDTH = 2, 3, 6
OFF, END = 2.0, 20.0
PANELS = Panels.graded(OFF, END)
SWITCH = int(np.argmax(PANELS.times >= OFF))


class Attention(eqx.Module):
    """½·mean‖softmax(Z X Zᵀ)Z − Y‖² over sequences Z, for a matrix X or for the diagonal of one."""

    inputs: jax.Array
    outputs: jax.Array

    def __call__(self, x):
        return 0.5 * jnp.mean(jnp.sum((attend(x, self.inputs) - self.outputs) ** 2, axis=(1, 2)))


def attend(x, inputs):
    """softmax(Z X Zᵀ)Z for every sequence Z."""
    matrix = x if jnp.ndim(x) == 2 else jnp.diag(x)
    scores = jnp.einsum("bsi,ij,btj->bst", inputs, matrix, inputs)
    return jax.nn.softmax(scores, axis=-1) @ inputs


def teacher(key, x):
    """The problem whose outputs a layer with this X makes."""
    inputs = jax.random.normal(key, (SEQUENCES, TOKENS, WIDTH))
    return mf.problems.Objective(Attention(inputs, attend(x, inputs)), jnp.shape(x))


@mf.experiment(cases=mf.cases.single())
def diagonal_attention(case, key):
    """K and Q diagonal: x=k⊙q under a loss that is not convex, decay switched off at t=2."""
    problem = teacher(key, jnp.array([1.0, -1.0, 0.0, 0.0, 0.0, 0.0]))
    schedule = mf.schedules.switch_off(0.1, at=OFF)
    flow = mf.Flow(
        problem, reparameterization=mf.reparameterizations.Hadamard(depth=2), decay=mf.decay.Coupled(schedule)
    )
    start = flow.lift(x=0.3 * jax.random.normal(jax.random.fold_in(key, 1), (WIDTH,)), balance=1.0)
    path = mf.integrate(flow, start, until=mf.until.time(END), save=PANELS.times, **FINE)
    return with_integrals(path, schedule)


@mf.claim(
    "regularized/diagonal-attention",
    on=diagonal_attention,
    statement=r"K, Q \text{ diagonal},\ x = k \odot q:\quad \nabla R_{\rho_t}(x_t) = -\int_0^t \nabla f",
    source="arXiv:2504.12883, attention; theory page 02 (problems to run it on)",
    status="published",
    tolerance=BY_QUADRATURE,
    variables=VARIABLES,
)
def attention_potential(case, run, exponent=4.0):
    """The master formula with the loss of a softmax layer."""
    gradient = PANELS.at_edges(dual(run, scale(run, exponent=exponent)))
    return mf.Comparison(predicted=-PANELS.integral(run["gradient"]), measured=gradient, scale=1.0)


attention_potential.control("the exponent of the penalty with ½", exponent=2.0)


@mf.experiment(cases=mf.cases.grid(strength=(0.0, 0.05, 0.2), draw=(0, 1)))
def attention(case, key):
    """X=KᵀQ with full matrices and fewer outputs than parameters, decay switched off at t=2."""
    keys = jax.random.split(jax.random.fold_in(key, case.draw), 4)
    problem = teacher(keys[1], jax.random.normal(keys[0], (WIDTH, WIDTH)))
    decay = mf.decay.Coupled(mf.schedules.switch_off(case.strength, at=OFF))
    flow = mf.Flow(problem, reparameterization=mf.reparameterizations.MatrixProduct(WIDTH, WIDTH, WIDTH), decay=decay)
    key_matrix, query_matrix = jax.random.normal(keys[2], (2, WIDTH, WIDTH)) / 2
    start = {"left": key_matrix.T, "right": query_matrix.T}
    return mf.integrate(flow, start, until=mf.until.time(END), save=PANELS.times, **FINE)


@mf.claim(
    "regularized/attention-ratio",
    on=attention,
    across="strength",
    statement=r"X=K^TQ:\quad \frac{\|X\|_*}{\|X\|_F} \text{ at the end is smaller after decay } 0.2 \text{ for } t<2 "
    r"\text{ than without}",
    source="arXiv:2504.12883, attention; theory page 02 (problems to run it on)",
    status="published",
    expects="measured",
    tolerance=mf.tolerance(1e-5, because="the path is known to 1e-9, its small singular values to less"),
    figure="matrix-ratio",
    notes="The general case is outside the theorem: weaker decay (0.05) raises the ratio in some draws.",
)
def attention_ratio(runs, order=1):
    """Two draws, 18 units of time after the decay has ended."""
    without, strong = (mf.observe.nuclear_frobenius_ratio(runs.only(strength=value))[-1] for value in (0.0, 0.2))
    return mf.Comparison(predicted=0.0, measured=order * np.asarray(strong - without), relation="at most")


attention_ratio.control("it is larger", order=-1)
