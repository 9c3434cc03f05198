"""Page 06, sparse training: densities that are exact, zeros that are zeros, moments that are forgotten."""

import jax
import jax.numpy as jnp
import numpy as np
import optax

import mirrorflow as mf

from ._stepping import generator, walk

PAPER = "theory page 06 (dynamic sparse training)"
SHAPES = {"first": (12, 20), "second": (5, 12)}
STEPS, INTERVAL, DENSITY, SAMPLES, RATE = 60, 10, 0.2, 40, 0.01
LETTERS = {"N": "number of weights of all layers", "d": "density asked for"}


def static(base, masks):
    """Fixed masks."""
    return mf.sparsity.masked(base, masks)


def evolved(base, masks):
    """SET."""
    return mf.sparsity.sparse_evolution(base, masks, key=jax.random.key(7), interval=INTERVAL)


def rigl(base, masks):
    """RigL."""
    return mf.sparsity.rigl(base, masks, interval=INTERVAL)


def gradual(base, masks):
    """Gradual pruning from dense, over from step 40 on."""
    del masks
    return mf.sparsity.gradual(base, density=DENSITY, begin=5, end=40, interval=INTERVAL)


METHODS = {"static": static, "SET": evolved, "RigL": rigl, "gradual pruning": gradual}


def with_adam(method, learning_rate, masks):
    """`method` around Adam."""
    return method(optax.adam(learning_rate), masks)


def slope(inputs, outputs, theta, k):
    """∇ of the mean squared residual of a relu network of two layers."""
    del k

    def loss(theta):
        hidden = jax.nn.relu(inputs @ theta["first"].T)
        return jnp.mean((hidden @ theta["second"].T - outputs) ** 2)

    return jax.grad(loss)(theta)


def inside(theta, state):
    """θ, the masks in force and Adam's mean of the gradient."""
    return {"theta": theta, "masks": optax.tree.get(state, "masks"), "moments": optax.tree.get(state, "mu")}


@mf.experiment(cases=mf.cases.grid(method=("SET", "RigL")), full=mf.cases.grid(method=("static", "gradual pruning")))
def runs_on_masks(case, key):
    """60 steps of Adam on a network of 12×20 and 5×12 weights at density 0.2, masks made by ERK; all steps saved."""
    draw = generator(key)
    inputs, outputs = draw.normal(size=(SAMPLES, 20)), draw.normal(size=(SAMPLES, 5))
    start = {name: draw.normal(size=shape) / np.sqrt(shape[1]) for name, shape in SHAPES.items()}
    masks = mf.sparsity.random_masks(key, start, DENSITY, distribution="erk")
    if case.method != "gradual pruning":
        start = {name: np.where(masks[name], start[name], 0.0) for name in start}
    make = jax.tree_util.Partial(with_adam, METHODS[case.method])
    gradient = jax.tree_util.Partial(slope, inputs, outputs)
    seen = walk(make, gradient, start, np.arange(STEPS + 1), watch=inside, learning_rate=RATE, masks=masks)
    return jax.tree.map(np.asarray, seen)


def flat(run, name):
    """θ, masks or moments of both layers, shape (steps, weights)."""
    return np.concatenate([run[name][layer].reshape(STEPS + 1, -1) for layer in SHAPES], axis=1)


def asked(method, total):
    """How many weights there are to be after each step."""
    counts = np.full(STEPS + 1, round(DENSITY * total))
    if method == "gradual pruning":
        counts[:6], last, count = total, counts[-1], total
        for step in range(5, STEPS):
            if step in (5, 15, 25, 35, 40):
                count = np.round(last + (total - last) * (1 - (step - 5) / 35) ** 3)
            counts[step + 1] = count
    return counts


@mf.claim(
    "sparse-optimizers/exact-density",
    on=runs_on_masks,
    statement=r"\text{static, SET, RigL: exactly } \operatorname{round}(dN) \text{ weights after every step; gradual"
    r" pruning: as many as its cubic law says}",
    source=PAPER + "; arXiv:1707.04780; arXiv:1911.11134; arXiv:1710.01878",
    status="published",
    tolerance=mf.tolerance(0.0, because="weights are counted"),
    variables=LETTERS,
)
def exact_density(case, run, more=0):
    """Entries of the masks that are True, after each of 60 steps."""
    held = flat(run, "masks").sum(axis=1)
    return mf.Comparison(asked(case.method, flat(run, "masks").shape[1]) + more, held, relation="identical")


exact_density.control("one more", more=1)


@mf.claim(
    "sparse-optimizers/exact-zeros",
    on=runs_on_masks,
    statement=r"\text{pruned weights are exactly } 0 \text{ after every step, whatever Adam's moments hold}",
    source=PAPER,
    status="published",
    tolerance=mf.tolerance(0.0, because="exact: 0 or not"),
    variables=LETTERS,
)
def exact_zeros(case, run, where=False):
    """Weights where the mask is False that are not 0, after each of 60 steps."""
    wrong = np.sum((flat(run, "theta") != 0) & (flat(run, "masks") == where), axis=1)
    return mf.Comparison(np.zeros(STEPS + 1, int), wrong, relation="identical")


exact_zeros.control("weights where it is True", where=True)


@mf.claim(
    "sparse-optimizers/grown-weights-begin-at-zero",
    on=runs_on_masks,
    across=True,
    statement=r"\text{a grown weight begins at } 0 \text{ with moments } 0:\ \text{Adam's first step, its } k\text{th}"
    r"\text{ in all, moves it by } \eta\,\frac{(1-\beta_1)/(1-\beta_1^k)}{\sqrt{(1-\beta_2)/(1-\beta_2^k)}}",
    source=PAPER,
    status="published",
    tolerance=mf.tolerance(1e-3, because="Adam's ε=1e-8 beside slopes of 1e-3 and more"),
    variables=LETTERS | {r"\eta,\beta_1,\beta_2": "Adam's numbers, 0.01, 0.9 and 0.999"},
    notes="Adam's count of steps goes on, so that the first step of a grown weight is not η: 0.5 to 0.8 of it here.",
)
def grown(runs, methods=("SET", "RigL"), fresh=False):
    """|θ| after the step that grows it, for the weights whose slope is not 0; and the mean of pruned weights."""
    parts = {}
    for method in methods:
        run = runs.only(method=method)
        theta, masks, mean = (flat(run, name) for name in ("theta", "masks", "moments"))
        told, seen = [], []
        for k in range(INTERVAL, STEPS, INTERVAL):
            new = masks[k + 1] & ~masks[k] & (np.abs(mean[k + 1]) > 1e-4)
            count = 1 if fresh else k + 1
            ratio = 0.1 / (1 - 0.9**count) / np.sqrt(0.001 / (1 - 0.999**count))
            told.append(np.full(new.sum(), RATE * ratio))
            seen.append(np.abs(theta[k + 1, new]))
        parts[method] = mf.Comparison(np.concatenate(told), np.concatenate(seen))
        parts[f"{method}, pruned"] = mf.Comparison(0.0, np.where(masks, 0.0, mean), scale=1.0)
    return parts


grown.control("as the first step of all", fresh=True)
