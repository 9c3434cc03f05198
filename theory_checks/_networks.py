"""Random networks and data that a network of the same kind separates, and their flows by the loss clock."""

import jax
import jax.numpy as jnp
import numpy as np

import mirrorflow as mf

PUBLISHED = "arXiv:2605.19458; theory page 04"
VARIABLES = {
    r"\theta": "all weights of the network",
    "L": "degree of homogeneity, f(cθ)=c^L·f(θ)",
    "q_i": "margins y_i f(θ;z_i)",
    r"\mathcal L": "Σ exp(−q_i), unless said otherwise",
    "Q": "⟨θ,∇R(θ)⟩−R(θ), the balance function",
    r"\nu": "Σ exp(−q_i)·q_i",
}


def drawn(key, sizes, samples, activation="relu", loss="exponential", share=0.8):
    """Inputs N(0,I), labels from a random teacher, and a start that is `share` of the teacher, the rest fresh weights.

    A start that has nothing of the teacher often leaves a class to units that are off on all of it: the loss then
    tends to 1 or more, and nothing of this page applies.
    """
    keys = jax.random.split(key, 3)
    network = mf.networks.MLP(sizes, key=keys[0], activation=activation)
    teacher = network.initial(keys[1])
    inputs = jax.random.normal(keys[2], (samples, sizes[0]))
    outputs = teacher.forward(teacher.parameters, inputs)[:, 0]
    labels = jnp.where(outputs < 0, -1.0, 1.0)
    problem = mf.problems.NetworkClassification(network, inputs, labels, loss=loss)
    rest = np.sqrt(1 - share**2)
    return problem, jax.tree.map(lambda a, b: share * a + rest * b, teacher.parameters, network.parameters)


def followed(problem, start, potential, end=-300.0, save=100, **settings):
    """By the loss clock to log 𝓛=`end`, saved at even steps of it."""
    flow, until = mf.Flow(problem, potential=potential), mf.until.log_loss(end)
    return mf.integrate(flow, start, clock=mf.clocks.Loss(), until=until, save=save, **settings)


def entries(path):
    """All weights in one row for each point."""
    return np.concatenate([np.asarray(w).reshape(len(w), -1) for w in path.x], axis=1)


def rises(margin, log_loss, below=0.0):
    """That `margin` never falls once log 𝓛 is below, relative to its largest value.

    By its smallest rise: single ones, between points that two accuracies reach at other times, differ by far more.
    """
    some = np.asarray(margin)[np.asarray(log_loss) < below]
    return mf.Comparison(predicted=0.0, measured=np.diff(some).min(), relation="at least", scale=np.abs(some).max())
