"""Page 04, networks: what convex duality conserves, neuron by neuron, with and without decay."""

import jax
import jax.numpy as jnp
import numpy as np

import mirrorflow as mf

from ._networks import PUBLISHED, VARIABLES, drawn, entries, followed
from ._quadrature import Panels

BALANCE = PUBLISHED + " (balance from convex duality)"
EXACT = mf.tolerance(1e-6, because="the solver's tolerance is 1e-8 a step, and steps end at kinks")


# --- two layers of ReLU ------------------------------------------------------------------------------------------


@mf.experiment(cases=mf.cases.grid(p=(1.5, 2.0), draw=(0,)), full=mf.cases.grid(p=(1.5, 2.0, 3.0), draw=(1, 2)))
def two_layers(case, key):
    """A 4-8-1 ReLU network and 10 samples to log 𝓛=−300, powers |x|^p/p."""
    return followed(*drawn(jax.random.fold_in(key, case.draw), (4, 8, 1), 10), mf.potentials.Power(case.p))


def sides(path, degree=None, power=None):
    """Q of the weights into each hidden neuron over the activation's degree, and Q of those out of it, by points."""
    network = path.flow.problem.network
    potentials = path.flow.layer_potentials if power is None else (mf.potentials.Power(power),) * len(path.x)
    sizes = tuple(p.balance_density(jnp.asarray(w)) for p, w in zip(potentials, path.x, strict=True))
    degree = network.activation.degree if degree is None else degree

    def at(point):
        weights = tuple(size[point] for size in sizes)
        hidden = range(network.hidden_layers)
        into = [network.incoming(layer, weights) / degree for layer in hidden]
        return jnp.concatenate(into), jnp.concatenate([network.outgoing(layer, weights) for layer in hidden])

    return tuple(np.asarray(side) for side in jax.lax.map(at, jnp.arange(len(path.time))))


def drift(into, out_of):
    """That the differences stay what they are at first, in units of the largest Q of a neuron."""
    balance = into - out_of
    scale = max(np.abs(into).max(), np.abs(out_of).max())
    return mf.Comparison(predicted=np.zeros_like(balance), measured=balance - balance[:1], scale=scale)


@mf.claim(
    "homogeneous/balance",
    on=two_layers,
    statement=r"Q(w_j) - Q(a_j) \text{ is constant for every ReLU neuron } j,\quad Q = R^*\circ\nabla R",
    source=BALANCE,
    status="proved",
    tolerance=EXACT,
    variables=VARIABLES,
)
def balance(case, path, power=None):
    """At all points; for a control, Q of another power."""
    return drift(*sides(path, power=power))


balance.control("the squares of weights, for every power but 2 (for 2: cubes)", power=3.0)


@mf.claim(
    "homogeneous/balance-of-layers",
    on=two_layers,
    statement=r"Q(W_1) - Q(W_2) \text{ is constant}",
    source=BALANCE,
    status="proved",
    tolerance=EXACT,
    variables=VARIABLES,
)
def balance_of_layers(case, path, weight=1.0):
    """The sums over the neurons."""
    into, out_of = sides(path)
    return drift(into.sum(axis=1, keepdims=True), weight * out_of.sum(axis=1, keepdims=True))


balance_of_layers.control("half of the second layer", weight=0.5)


# --- deeper, other activations, another potential in each layer ----------------------------------------------------

DEEP = {"squared relu, depth 3": ("squared relu", (4, 10, 8, 1))}


def mixture(depth):
    """Hyperbolic entropy, the square, cosh: no two layers alike."""
    all_of_them = (mf.potentials.HyperbolicEntropy(0.5), mf.potentials.Power(2.0), mf.potentials.Cosh())
    return all_of_them[:depth]


@mf.experiment(cases=mf.cases.grid(network=tuple(DEEP)), slow=True)
def mixed(case, key):
    """Another potential in each layer, to log 𝓛=−30."""
    activation, sizes = DEEP[case.network]
    problem, start = drawn(key, sizes, 6, activation=activation, share=0.98)
    return followed(problem, start, mixture(len(start)), end=-30.0, save=60)


@mf.claim(
    "homogeneous/balance-of-mixtures",
    on=mixed,
    statement=r"R=\sum_l R_l(W_l):\quad Q_l(w_j)/k - Q_{l+1}(a_j) \text{ is constant for every hidden neuron,}"
    r"\quad \sigma(cz)=c^k\sigma(z)",
    source=BALANCE,
    status="derived here",
    tolerance=EXACT,
    figure="balance-of-networks",
    variables={"k": "degree of the activation, 1 for relu and 2 for its square", **VARIABLES},
)
def balance_of_mixtures(case, path, power=None, degree=None):
    """Hyperbolic entropy, gradient flow and cosh, layer by layer."""
    return drift(*sides(path, degree=degree, power=power))


balance_of_mixtures.control("squares of weights in every layer", power=2.0)
balance_of_mixtures.control("the activation's degree taken for 3", degree=3)


# --- decay, and what Q grows by ------------------------------------------------------------------------------------

STRENGTHS = (0.0, 0.1)
KINDS = {
    "power, decoupled": (lambda: mf.potentials.Power(1.5), mf.decay.Decoupled),
    "quadratic, coupled": (lambda: mf.potentials.Power(2.0), mf.decay.Coupled),
    "hyperbolic entropy, decoupled": (lambda: mf.potentials.HyperbolicEntropy(0.5), mf.decay.Decoupled),
}
PANELS = Panels.graded(1.0, 8.0)


@mf.experiment(cases=mf.cases.grid(flow=tuple(KINDS), strength=STRENGTHS), slow=True)
def decayed(case, key):
    """A 4-8-1 network of squared relu under decay to t=8, saved at Gauss points of time."""
    problem, start = drawn(key, (4, 8, 1), 10, activation="squared relu")
    potential, decay = KINDS[case.flow]
    flow = mf.Flow(problem, potential=potential(), decay=decay(case.strength))
    return mf.integrate(flow, start, until=mf.until.time(8.0), save=PANELS.times, rtol=1e-9, atol=1e-12)


@mf.claim(
    "homogeneous/balance-under-decay",
    on=decayed,
    statement=r"B_j(t) = B_j(0)\,e^{-\alpha p t} \text{ for } |x|^p/p \text{ and decoupled } \alpha;\quad "
    r"B_j(0)\,e^{-4\alpha t} \text{ for } x^2/2 \text{ and coupled } \alpha;\quad "
    r"\dot B_j = -\alpha(E_j^{in}/k - E_j^{out}),\ E=\langle\theta,\nabla^2R\,\theta\rangle \text{ in general}",
    source="derived from d∇R(θ)=−∇𝓛dt−α∇²R(θ)θdt and dQ=⟨θ,d∇R⟩; theory page 04 (balance)",
    status="derived here",
    tolerance=mf.tolerance(1e-6, because="the solver's tolerance is 1e-9 a step, and the quadrature's error is below"),
    variables={"B_j": "Q(w_j)/k−Q(a_j), k the degree of the activation", r"\alpha": "the decay", **VARIABLES},
)
def balance_under_decay(case, path, factor=1.0):
    """Against B(0)e^{−rate·t} where closed, else against the integral, at the edges of the panels."""
    into, out_of = (PANELS.at_edges(side) for side in sides(path))
    measured, scale = into - out_of, max(into.max(), out_of.max())
    rate = {"power, decoupled": 1.5, "quadratic, coupled": 4.0}.get(case.flow)
    if rate is None:
        lost = case.strength * PANELS.integral(np.subtract(*energies(path)))
        predicted = measured[:1] - factor * lost
    else:
        predicted = measured[:1] * np.exp(-factor * rate * case.strength * PANELS.edges)[:, None]
    return mf.Comparison(predicted=predicted, measured=measured, scale=scale)


balance_under_decay.control("twice the rate", factor=2.0)


def energies(path):
    """⟨w,∇²R w⟩ of the weights into each neuron over the activation's degree, and of those out of it."""
    network = path.flow.problem.network
    potential = path.flow.layer_potentials[0]

    def at(theta):
        sizes = tuple(w**2 * potential.metric(w) for w in theta)
        return network.incoming(0, sizes) / network.activation.degree, network.outgoing(0, sizes)

    return tuple(np.asarray(side) for side in jax.lax.map(at, tuple(jnp.asarray(w) for w in path.x)))


@mf.claim(
    "homogeneous/growth-of-the-balance-function",
    on=decayed,
    statement=r"\dot Q = L\,\nu - \alpha\langle\theta,\nabla^2R\,\theta\rangle \text{ (decoupled)},\qquad "
    r"\dot Q = L\,\nu - 2\alpha\|\theta\|^2 \text{ (coupled)}",
    source=BALANCE + "; with decay derived here",
    status="derived here",
    tolerance=mf.tolerance(
        1e-5, because="where a preactivation passes 0 the integrand is less smooth than the quadrature"
    ),
    variables=VARIABLES,
)
def growth_of_balance(case, path, degree=None):
    """Q(θ_t)−Q(θ_0) against the integral, at the edges of the panels."""
    problem, potential = path.flow.problem, path.flow.layer_potentials[0]
    rows = entries(path)
    total = np.asarray(jnp.sum(potential.balance_density(jnp.asarray(rows)), axis=1))
    pairs = np.asarray(jax.lax.map(lambda theta: problem.margins(theta), tuple(jnp.asarray(w) for w in path.x)))
    gain = (problem.degree if degree is None else degree) * (np.exp(-pairs) * pairs).sum(axis=1)
    coupled = case.flow.endswith(", coupled")
    weights = 2.0 if coupled else np.asarray(potential.metric(jnp.asarray(rows)))
    loss = case.strength * (rows**2 * weights).sum(axis=1)
    return mf.Comparison(
        predicted=PANELS.integral(gain - loss), measured=PANELS.at_edges(total) - total[0], scale=total.max()
    )


growth_of_balance.control("degree 2, that of relu", degree=2.0)
