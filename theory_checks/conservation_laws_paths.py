"""Page 07: every derived law holds along the flow of a network on random data, and no altered one does."""

from typing import Any

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

import mirrorflow as mf

from . import _law_counts as counts
from ._law_paths import derived, drift, flat, sampled
from ._side_by_side import SideBySide

models = mf.derive.models
POINTS, SAMPLES, END = 31, 5, 1.5
TIMES = np.linspace(0.0, END, POINTS)
EXPLICIT = diffrax.Tsit5()
RTOL = 1e-9
KEPT = mf.tolerance(1e-6, because="the solver's tolerance is 1e-9 per step, of θ as large as the terms of a law")
LETTERS = {"h": "a law, relative to the largest sum of its terms' sizes on the path"}


class Networks(eqx.Module):
    """Outputs on data of all networks side by side, each with parameters and inputs of its own."""

    inputs: dict[str, Any]
    outputs: dict[str, Any] = eqx.field(static=True)

    def __call__(self, theta):
        """x, network after network"""
        return jnp.concatenate([self.outputs[k](theta[k], jnp.asarray(self.inputs[k])).ravel() for k in self.outputs])


class Misfit(eqx.Module):
    """f(x) = Σ c_i log cosh(x_i−b_i)"""

    weights: np.ndarray
    targets: np.ndarray

    def __call__(self, x):
        """f(x)"""
        return jnp.sum(self.weights * jnp.log(jnp.cosh(x - self.targets)))


def misfit(rng, networks, theta):
    """A random loss of the networks' outputs."""
    size = jax.eval_shape(networks, theta).shape[0]
    return mf.problems.Objective(Misfit(rng.uniform(0.5, 1.5, size), rng.standard_normal(size)), size)


def linear(theta, inputs):
    """W₃W₂W₁X"""
    return theta["W3"] @ theta["W2"] @ theta["W1"] @ inputs


def gates(inputs, neurons):
    """Which neuron is active on which input, fixed: a ReLU network between two kinks, on which it would slide."""
    return (jnp.sin(37.0 * jnp.arange(1.0, neurons + 1)[:, None] * inputs[:1]) > 0).astype(float)


def relu(theta, inputs):
    """A network with one hidden layer of given activations, with biases where it has them"""
    hidden = theta["W1"] @ inputs + (theta["b1"][:, None] if "b1" in theta else 0.0)
    active = gates(inputs, hidden.shape[0])
    return theta["W2"] @ (active * hidden) + (theta["b2"][:, None] if "b2" in theta else 0.0)


def attention(theta, inputs):
    """OᵀVX·softmax(XᵀKᵀQX)"""
    scores = (theta["key"] @ inputs).T @ (theta["query"] @ inputs)
    return theta["output"].T @ theta["value"] @ inputs @ jax.nn.softmax(scores, axis=0)


GRADIENT = {
    "UVᵀ": (models.matrix_factorization(2, 3, 2), lambda theta, x: theta["left"] @ theta["right"].T @ x, 3),
    "linear network": (models.linear_network(2, 3, 2, 1), linear, 2),
    "ReLU network": (models.relu_network(2, 3, 1, biases=True), relu, 2),
    "product of four": (models.linear_network(1, 1, 1, 1, 1), lambda t, x: jnp.prod(jnp.stack([*t.values()])) * x, 1),
    "attention": (models.attention(2, 2), attention, 2),
    "softmax layer": (models.softmax_layer(3, 2), lambda theta, x: jax.nn.softmax(theta["theta"] @ x, axis=0), 2),
}


# --- gradient flow, with decay and without ---------------------------------------------------------------------------


@mf.experiment(cases=mf.cases.grid(decay=("none", "on a schedule")))
def gradient(case, key):
    """Six networks on random data under gradient flow of a random loss; decay decoupled, on three random steps."""
    rng = counts.generator(key)
    theta = {name: sampled(model, rng) for name, (model, _, _) in GRADIENT.items()}
    networks = Networks(
        {name: rng.standard_normal((width, SAMPLES)) for name, (_, _, width) in GRADIENT.items()},
        {name: output for name, (_, output, _) in GRADIENT.items()},
    )
    strengths = rng.uniform(0.2, 1.5, 3) * (case.decay != "none")
    schedule = mf.schedules.Piecewise(strengths, times=[0.3 * END, 0.7 * END])
    flow = mf.Flow(
        misfit(rng, networks, theta),
        reparameterization=mf.reparameterizations.Custom(networks),
        decay=mf.decay.Decoupled(schedule),
    )
    path = mf.integrate(flow, theta, until=mf.until.time(END), save=TIMES, rtol=RTOL, atol=1e-12, solver=EXPLICIT)
    decayed = np.asarray(jax.vmap(schedule.integral)(jnp.asarray(TIMES)))
    states = {name: flat(model, path.parameters[name]) for name, (model, _, _) in GRADIENT.items()}
    return {"status": path.status, "decayed": decayed, "states": states}


def compared(laws, states, decayed=0.0, **law):
    """The largest drift of all laws, relative to their terms."""
    return mf.Comparison(0.0, drift(laws, states, decayed, **law), scale=1.0)


@mf.claim(
    "conservation-laws/along-gradient-flow",
    on=gradient,
    statement=r"\dot\theta=-\nabla\mathcal L-\lambda_t\theta:\quad h(\theta_t)=h(\theta_0)\,e^{-c\int\lambda},"
    r"\ c=\deg h, \text{ for every derived law}",
    source=f"{counts.MARCOTTE}; {counts.PAGE} (decay)",
    status="proved",
    tolerance=KEPT,
    figure="laws-along-trajectories",
    variables=LETTERS | {r"\lambda_t": "the decay, on three random steps, or none"},
)
def along_gradient_flow(case, run, altered=False):
    """All laws of six networks at 31 times, of degree 2 and, for the softmax layer, 1."""
    return {
        name: compared(derived(model, decay="decoupled"), run["states"][name], run["decayed"], altered=altered)
        for name, (model, _, _) in GRADIENT.items()
    }


along_gradient_flow.control("a term of each law with the other sign", altered=True)


@mf.claim(
    "conservation-laws/degree-of-decay",
    on=gradient,
    across=True,
    statement=r"h(\theta e^{\int\lambda}) \text{ is constant}:\quad h(\theta_t)=h(\theta_0)\,e^{-2\int\lambda} "
    r"\text{ for a law of degree } 2",
    source=f"{counts.PAGE} (decay)",
    status="proved",
    tolerance=KEPT,
    variables=LETTERS | {r"\lambda_t": "the decay, on three random steps"},
)
def degree_of_decay(runs, degree=2.0):
    """UVᵀ, linear and ReLU network, product and attention."""
    run = runs.only(decay="on a schedule")
    return {
        name: compared(derived(model, decay="decoupled"), run["states"][name], run["decayed"], degree=degree)
        for name, (model, _, _) in GRADIENT.items()
        if name != "softmax layer"
    }


degree_of_decay.control("the parameters' own rate", degree=1.0)

# --- mirror flow -----------------------------------------------------------------------------------------------------

P, ENTROPY = mf.potentials, mf.potentials.NegativeEntropy()
MIRROR = {  # two arrays of six entries each, with their potentials
    "non-negative factorization": (models.nonnegative_factorization(3, 3, 2), (ENTROPY, ENTROPY)),
    "convex-input network": (models.input_convex_network(2, 3, 2), (ENTROPY, P.Quadratic())),
    "power and cosh": (models.relu_network(2, 3, 2), (P.Power(3.0), P.Cosh())),
    "two entropies": (models.relu_network(2, 3, 2), (P.HyperbolicEntropy(0.5), P.HyperbolicAware(2.0))),
}
MIRROR_OUTPUTS = {
    "non-negative factorization": lambda theta, x: theta["left"] @ theta["right"].T @ x[:3],
    "convex-input network": lambda theta, x: theta["outer"] @ (gates(x, 3) * (theta["inner"].T @ x[:2])),
    "power and cosh": lambda theta, x: relu(theta, x[:2]),
    "two entropies": lambda theta, x: relu(theta, x[:2]),
}


class Together(eqx.Module):
    """The loss as a function of all parameters in one vector."""

    misfit: Misfit
    networks: Networks

    def __call__(self, x):
        """f(θ)"""
        return self.misfit(self.networks(unpacked(x)))


def unpacked(x):
    """The arrays of all networks."""
    rows, found = x.reshape(-1, 6), {}
    for i, (name, (model, _)) in enumerate(MIRROR.items()):
        found[name] = {a: rows[2 * i + k].reshape(array.shape) for k, (a, array) in enumerate(model.arrays.items())}
    return found


@mf.experiment(cases=mf.cases.single())
def mirror(case, key):
    """Four networks on random data, each array of six entries with the mirror flow of its own potential."""
    rng = counts.generator(key, 2)
    x = rng.uniform(0.5, 1.1, 12 * len(MIRROR))
    networks = Networks(dict.fromkeys(MIRROR, rng.standard_normal((3, SAMPLES))), MIRROR_OUTPUTS)
    loss = misfit(rng, networks, unpacked(x)).function
    problem = mf.problems.Objective(Together(loss, networks), x.size)
    potential = SideBySide(tuple(each for _, pair in MIRROR.values() for each in pair))
    flow = mf.Flow(problem, potential=potential)
    until = mf.until.time(0.5)
    path = mf.integrate(flow, x, until=until, save=TIMES / 3, rtol=RTOL, atol=1e-12, solver=EXPLICIT)
    states = np.split(np.asarray(path.x), len(MIRROR), axis=1)
    return {"status": path.status, "states": dict(zip(MIRROR, states, strict=True))}


@mf.claim(
    "conservation-laws/along-mirror-flow",
    on=mirror,
    statement=r"d\nabla R_i(W_i)=-\nabla_{W_i}\mathcal L\,dt:\quad h(\theta_t)=h(\theta_0) \text{ for every law:}"
    r"\ \mathbf 1^\top u_k-\mathbf 1^\top v_k,\ \mathbf 1^\top u_k-\tfrac12\|v_k\|^2,\ Q_1-Q_2",
    source=f"{counts.MIRROR}; {counts.PAGE} (general mirror flow), page 04 (balance)",
    status="proved",
    tolerance=KEPT,
    figure="laws-along-trajectories",
    variables=LETTERS | {"R_i": "the potential of an array"},
)
def along_mirror_flow(case, run, altered=False):
    """All laws of four networks at 31 times."""
    parts = {}
    for name, (model, pair) in MIRROR.items():
        laws = derived(model, metric=dict(zip(model.arrays, pair, strict=True)))
        parts[name] = compared(laws, run["states"][name], altered=altered)
    return parts


along_mirror_flow.control("a term of each law with the other sign", altered=True)

# --- momentum --------------------------------------------------------------------------------------------------------

DAMPING = 0.7
MOVING = {f"{n}×{m}, rank {r}": (n, m, r) for n, m, r in [(2, 3, 3), (1, 1, 3)]}


class Push(eqx.Module):
    """(θ̇, −τθ̇−∇𝓛) for all factorizations, each with ½‖C⊙(UVᵀ−X)‖²."""

    weights: dict[str, Any]
    targets: dict[str, Any]

    def loss(self, theta):
        """The sum of the losses"""
        products = {name: factors["left"] @ factors["right"].T for name, factors in theta.items()}
        return sum(jnp.sum((self.weights[k] * (x - self.targets[k])) ** 2) / 2 for k, x in products.items())

    def __call__(self, time, state, damping):
        """The velocity of (θ, θ̇)"""
        theta, velocity = state
        slopes = jax.grad(self.loss)(theta)
        return velocity, jax.tree.map(lambda v, g: -damping * v - g, velocity, slopes)


@mf.experiment(cases=mf.cases.single())
def momentum(case, key):
    """Heavy-ball flow of two factorizations with random losses from random velocities, τ=0.7."""
    rng = counts.generator(key, 3)
    sizes = {name: models.matrix_factorization(*size) for name, size in MOVING.items()}
    start = tuple({name: sampled(model, rng) for name, model in sizes.items()} for _ in range(2))
    push = Push(*({name: rng.standard_normal(size[:2]) for name, size in MOVING.items()} for _ in range(2)))
    with mf.accuracy(1.0) as factor:
        rtol = RTOL * factor
    numbers = jax.tree.map(jnp.asarray, (push, start, rtol))  # traced, so that other numbers compile nothing
    theta, velocity = jax.tree.map(np.asarray, _followed(*numbers))
    states = {name: (flat(model, theta[name]), flat(model, velocity[name])) for name, model in sizes.items()}
    return {"time": 2 * TIMES, "states": states}


@eqx.filter_jit
def _followed(push, start, rtol):
    control = diffrax.PIDController(rtol=rtol, atol=rtol * 1e-3)
    save = diffrax.SaveAt(ts=2 * jnp.asarray(TIMES))
    return diffrax.diffeqsolve(
        diffrax.ODETerm(push), EXPLICIT, 0.0, 2 * END, None, start, DAMPING, saveat=save, stepsize_controller=control
    ).ys


@mf.claim(
    "conservation-laws/along-heavy-ball",
    on=momentum,
    statement=r"\ddot\theta+\tau\dot\theta=-\nabla:\quad h(\theta_t,\dot\theta_t)=h(\theta_0,\dot\theta_0)\,e^{-\tau t}"
    r" \text{ for every derived law}",
    source=f"{counts.MIRROR}; {counts.PAGE} (linear, heavy-ball momentum)",
    status="proved",
    tolerance=KEPT,
    figure="laws-along-trajectories",
    variables=LETTERS | {r"\tau": "the damping"},
)
def along_heavy_ball(case, run, altered=False, degree=None):
    """All laws of two factorizations, one of a scalar, at 31 times."""
    parts = {}
    for name, (n, m, r) in MOVING.items():
        laws = derived(models.matrix_factorization(n, m, r), momentum="heavy-ball")
        decayed = DAMPING * np.asarray(run["time"])
        parts[name] = compared(laws, tuple(run["states"][name]), decayed, altered=altered, degree=degree)
    return parts


along_heavy_ball.control("a term of each law with the other sign", altered=True)
along_heavy_ball.control("without the weight of time", degree=0.0)

# --- steepest flow ---------------------------------------------------------------------------------------------------

STEEPEST = {
    "product of four": (models.linear_network(1, 1, 1, 1, 1), GRADIENT["product of four"][1]),
    "1×1, rank 2": (models.matrix_factorization(1, 1, 2), lambda theta, x: theta["left"] @ theta["right"].T),
    "2×1, rank 3": (models.matrix_factorization(2, 1, 3), lambda theta, x: theta["left"] @ theta["right"].T),
}


@mf.experiment(cases=mf.cases.grid(q=(1.0, 1.37)))
def steepest(case, key):
    """A product of four numbers and two factorizations under steepest flow, until before an entry vanishes."""
    rng = counts.generator(key, 4)
    theta = {name: sampled(model, rng) for name, (model, _) in STEEPEST.items()}
    networks = Networks(dict.fromkeys(STEEPEST, np.ones((1, 1))), {k: output for k, (_, output) in STEEPEST.items()})
    flow = mf.Flow(
        misfit(rng, networks, theta),
        reparameterization=mf.reparameterizations.Custom(networks),
        geometry=mf.geometries.Steepest(case.q, smoothing=1e-4),
    )
    until, save = mf.until.time(0.4), 0.4 * TIMES / END
    path = mf.integrate(flow, theta, until=until, save=save, rtol=1e-8, atol=1e-12, solver=EXPLICIT)
    states = {name: flat(model, path.parameters[name]) for name, (model, _) in STEEPEST.items()}
    return {"status": path.status, "states": states}


@mf.claim(
    "conservation-laws/along-steepest-flow",
    on=steepest,
    statement=r"\dot\theta=-\mathrm{sgn}(\nabla)|\nabla|^{q-1}:\quad |x_i|^q-|x_j|^q;\quad q=1,\ UV^\top:\ "
    r"u_{ik}\,\mathrm{sgn}\,v_{jk}-u_{il}\,\mathrm{sgn}\,v_{jl},\ |u_k|-|v_k|",
    source=f"{counts.PAGE} (q-steepest; sign flow), page 03 (balance)",
    status="derived here",
    tolerance=mf.tolerance(1e-3, because="the sign map is smoothed, and forces pass through zero"),
    figure="laws-along-trajectories",
    variables=LETTERS | {"q": "the exponent"},
)
def along_steepest_flow(case, run, altered=False):
    """The product for both q; the factorizations for sign flow, where no entry vanishes."""
    parts = {}
    for name, (model, _) in STEEPEST.items():
        laws = derived(model, geometry=case.q)
        if len(laws):
            parts[name] = compared(laws, run["states"][name], altered=altered)
    return parts


along_steepest_flow.control("a term of each law with the other sign", altered=True)
