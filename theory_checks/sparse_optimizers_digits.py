"""Pages 05 and 06 on handwritten digits: sign flips under Sign-In, and small weights in fine-tuning."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import scipy.stats

import mirrorflow as mf

from ._digits import tables
from ._stepping import generator, walk
from .sparse_optimizers_factors import LETTERS as FACTORS
from .sparse_optimizers_factors import SIGN_IN
from .sparse_optimizers_nano import LETTERS, PAPER

DRAWS = tuple(range(8))
WIDTH, BATCH, TRAINED = 64, 64, 1297
SIZES = {"first": (WIDTH, 64), "second": (WIDTH, WIDTH), "head": (10, WIDTH)}


def images(key, number):
    """Pixels and digits in an order drawn anew: the first 1297 to learn from, 500 to test on."""
    pixels, digit = tables()
    order = generator(key, number).permutation(len(digit))
    return pixels[order].reshape(-1, 64), digit[order]


def begun(key, number):
    """A network 64-64-64-10 without biases, weights N(0, 2/inputs)."""
    draw = generator(key, 1000 + number)
    return {name: draw.normal(size=shape) * np.sqrt(2 / shape[1]) for name, shape in SIZES.items()}


def outputs(theta, pixels):
    """Ten scores for each image."""
    hidden = jax.nn.relu(jax.nn.relu(pixels @ theta["first"].T) @ theta["second"].T)
    return hidden @ theta["head"].T


def loss(theta, pixels, digit):
    """The mean cross-entropy."""
    return -jnp.mean(jax.nn.log_softmax(outputs(theta, pixels))[jnp.arange(len(digit)), digit])


def batch_slope(key, pixels, digit, theta, k):
    """∇ of the loss on 64 images drawn for step k."""
    rows = jax.random.randint(jax.random.fold_in(key, k), (BATCH,), 0, len(digit))
    return jax.grad(loss)(theta, pixels[rows], digit[rows])


def right(theta, pixels, digit):
    """The share of images told right."""
    hidden = np.maximum(np.maximum(pixels @ theta["first"].T, 0) @ theta["second"].T, 0)
    return float(np.mean(np.argmax(hidden @ theta["head"].T, axis=1) == digit))


def interval(values):
    """The mean and the half-width of its 95 % interval by Student."""
    values = np.asarray(values)
    width = scipy.stats.t.ppf(0.975, len(values) - 1) * scipy.stats.sem(values)
    return float(values.mean()), float(width)


# --- sign flips ------------------------------------------------------------------------------------------------------

STEPS, SAVES, RATE = 1500, 16, 0.1
DENSITIES = (0.2, 0.1, 0.05)


def plain(learning_rate, masks):
    """Gradient descent on fixed masks."""
    return mf.sparsity.masked(optax.sgd(learning_rate), masks)


def sign_in(learning_rate, masks):
    """Sign-In with β=1 and a reset every hundred steps, on fixed masks."""
    inside = mf.optimizers.sign_in(optax.sgd(learning_rate), balance=1.0, reset_every=100)
    return mf.sparsity.masked(inside, masks)


def no_resets(learning_rate, masks):
    """The same without resets."""
    return mf.sparsity.masked(mf.optimizers.pilot(optax.sgd(learning_rate), balance=1.0, decay=0.0), masks)


WAYS = {"plain": plain, "Sign-In": sign_in, "without resets": no_resets}


@mf.experiment(cases=mf.cases.grid(way=tuple(WAYS), density=DENSITIES, draw=DRAWS), slow=True)
def sparse(case, key):
    """1500 steps of 0.1 on batches of 64 from random masks: weights at 16 points, accuracies at the end."""
    pixels, digit = images(key, case.draw)
    start = begun(key, case.draw)
    masks = mf.sparsity.random_masks(jax.random.fold_in(key, case.draw), start, case.density)
    start = {name: np.where(masks[name], start[name] / np.sqrt(case.density), 0) for name in start}
    gradient = jax.tree_util.Partial(batch_slope, jax.random.fold_in(key, case.draw), pixels[:TRAINED], digit[:TRAINED])
    save = np.linspace(0, STEPS, SAVES).astype(int)
    thetas = walk(WAYS[case.way], gradient, start, save, learning_rate=RATE, masks=masks)
    thetas = {name: np.asarray(theta) for name, theta in thetas.items()}
    end = {name: theta[-1] for name, theta in thetas.items()}
    flips = {name: np.mean((theta * theta[0] < 0)[:, theta[0] != 0], axis=1) for name, theta in thetas.items()}
    return {"flips": flips, "test": right(end, pixels[TRAINED:], digit[TRAINED:])}


def flipped(runs, layer=None):
    """The share of weights whose sign at the end is not that of the start, one number a draw."""
    shares = []
    for _, run in runs:
        parts = run["flips"] if layer is None else {layer: run["flips"][layer]}
        sizes = np.array([np.prod(SIZES[name]) for name in parts])
        shares.append(np.sum(sizes * [part[-1] for part in parts.values()]) / sizes.sum())
    return np.array(shares)


@mf.claim(
    "sparse-optimizers/sign-in-flips",
    on=sparse,
    across=("way", "draw"),
    statement=r"\text{from random masks, training } m\odot w \text{ with resets flips more signs than plain training}",
    source=SIGN_IN,
    status="published",
    expects="measured",
    tolerance=mf.tolerance(0.0, because="a difference is as good as its 95 % interval"),
    figure="sign-flips-on-digits",
    variables=FACTORS,
)
def more_flips(runs, way="Sign-In", than="plain"):
    """The share of weights, paired over eight draws of network, masks and images."""
    gain, width = interval(flipped(runs.where(way=way)) - flipped(runs.where(way=than)))
    note = ", ".join(f"{name}: {flipped(runs.where(way=name)).mean():.3f}" for name in WAYS)
    return mf.Comparison(0.0, gain, relation="at least", scale=1.0, uncertainty=width, note=note)


more_flips.control("fewer", way="plain", than="Sign-In")


@mf.claim(
    "sparse-optimizers/sign-in-flips-near-output",
    on=sparse,
    across=("way", "draw"),
    statement=r"\text{the signs that flip more with Sign-In than in plain training are near the output}",
    source=SIGN_IN,
    status="published",
    expects="measured",
    tolerance=mf.tolerance(0.0, because="a difference is as good as its 95 % interval"),
    figure="sign-flips-on-digits",
    variables=FACTORS,
)
def near_output(runs, near="head", far="first"):
    """What Sign-In adds to the share of flips in the last layer, less what it adds in the first."""
    gains = {
        layer: flipped(runs.where(way="Sign-In"), layer) - flipped(runs.where(way="plain"), layer) for layer in SIZES
    }
    gain, width = interval(gains[near] - gains[far])
    note = ", ".join(f"{layer}: {value.mean():+.3f}" for layer, value in gains.items())
    return mf.Comparison(0.0, gain, relation="at least", scale=1.0, uncertainty=width, note=note)


near_output.control("near the input", near="first", far="head")


@mf.claim(
    "sparse-optimizers/sign-in-accuracy",
    on=sparse,
    across=("way", "draw"),
    statement=r"\text{from random masks Sign-In tells more test images right than plain training}",
    source=SIGN_IN,
    status="published",
    expects="measured",
    tolerance=mf.tolerance(0.0, because="a difference is as good as its 95 % interval"),
    variables=FACTORS,
)
def accuracy(runs, way="Sign-In", than="plain"):
    """The share of 500 images, paired over eight draws; one learning rate for both."""
    shares = {name: np.array([run["test"] for _, run in runs.where(way=name)]) for name in WAYS}
    gain, width = interval(shares[way] - shares[than])
    note = ", ".join(f"{name}: {share.mean():.3f}" for name, share in shares.items())
    return mf.Comparison(0.0, gain, relation="at least", scale=1.0, uncertainty=width, note=note)


accuracy.control("fewer", way="plain", than="Sign-In")


# --- small weights in fine-tuning ------------------------------------------------------------------------------------

OLD = 5
FINE = {"Adam": optax.adam, "NanoAdam": functools.partial(mf.optimizers.nano_adam, density=0.1, interval=50)}
RATES = (1e-3, 3e-3, 1e-2)
PRETRAINING, FINETUNING = 1500, 300


@mf.experiment(cases=mf.cases.grid(optimizer=tuple(FINE), rate=RATES, draw=DRAWS), slow=True)
def tuned(case, key):
    """A network that knows the digits 0 to 4 learns 5 to 9: gradients at the start, accuracies on both at the end."""
    pixels, digit = images(key, case.draw)
    old = digit < OLD
    learn, test = np.arange(len(digit)) < TRAINED, np.arange(len(digit)) >= TRAINED
    start = begun(key, case.draw)

    def gradient(rows, step):
        return jax.tree_util.Partial(batch_slope, jax.random.fold_in(key, step), pixels[rows][:600], digit[rows][:600])

    numbers = {"learning_rate": 1e-3}
    known = walk(optax.adam, gradient(learn & old, 1), start, [PRETRAINING], **numbers)
    known = {name: np.asarray(theta[0]) for name, theta in known.items()}
    end = walk(FINE[case.optimizer], gradient(learn & ~old, 2), known, [FINETUNING], learning_rate=case.rate)
    end = {name: np.asarray(theta[0]) for name, theta in end.items()}
    fresh = (pixels[learn & ~old][:600], digit[learn & ~old][:600])
    seen = {"fine-tuning": overlap(known, *fresh), "from scratch": overlap(start, *fresh)}
    return {
        "overlap": seen,
        "old": right(end, pixels[test & old], digit[test & old]),
        "new": right(end, pixels[test & ~old], digit[test & ~old]),
        "moved": np.sqrt(sum(np.sum((end[name] - known[name]) ** 2) for name in SIZES)),
    }


SLOPE = jax.jit(jax.grad(loss))


def overlap(theta, pixels, digit, share=0.1):
    """For both hidden layers the share of the largest gradients on the smallest weights, and the rank correlation."""
    slopes, found = SLOPE(theta, pixels, digit), []
    for name in ("first", "second"):
        size, slope = np.abs(theta[name]).ravel(), np.abs(np.asarray(slopes[name])).ravel()
        kept = (slope > 0) & (size > 0)
        size, slope = size[kept], slope[kept]
        count = round(share * len(size))
        both = np.intersect1d(np.argsort(size)[:count], np.argsort(-slope)[:count])
        found.append((len(both) / count, scipy.stats.spearmanr(size, slope).statistic))
    return np.array(found)


@mf.claim(
    "sparse-optimizers/large-gradients-on-small-weights",
    on=tuned,
    across=True,
    statement=r"\text{the largest } 10\,\% \text{ of gradients sit on the smallest } 10\,\% \text{ of weights}"
    r"\text{ more often in fine-tuning than from scratch}",
    source=PAPER,
    status="published",
    expects="measured",
    tolerance=mf.tolerance(0.0, because="a difference is as good as its 95 % interval"),
    figure="small-weights-on-digits",
    variables=LETTERS,
)
def large_on_small(runs, less="from scratch", more="fine-tuning"):
    """Paired over eight draws, the two hidden layers; chance is 0.1. And the rank correlation of |g| and |θ|."""
    runs = runs.where(optimizer="Adam", rate=RATES[0])
    parts = {}
    for layer, name in enumerate(("first", "second")):
        shares = {when: np.array([run["overlap"][when][layer] for _, run in runs]) for when in (less, more)}
        gain, width = interval(shares[more][:, 0] - shares[less][:, 0])
        note = "; ".join(f"{when}: {s[:, 0].mean():.3f}, ρ={s[:, 1].mean():+.3f}" for when, s in shares.items())
        parts[name] = mf.Comparison(0.0, gain, relation="at least", scale=1.0, uncertainty=width, note=note)
    return parts


large_on_small.control("less often", less="fine-tuning", more="from scratch")


@mf.claim(
    "sparse-optimizers/nano-adam-forgets-less",
    on=tuned,
    across=("optimizer", "draw"),
    statement=r"\text{NanoAdam keeps more of the task of pre-training than Adam at the same learning rate}",
    source=PAPER,
    status="published",
    expects="measured",
    tolerance=mf.tolerance(0.0, because="a difference is as good as its 95 % interval"),
    figure="small-weights-on-digits",
    variables=LETTERS,
)
def forgets_less(runs, keeps="NanoAdam", loses="Adam"):
    """The share of test images of the digits 0 to 4 that are told right after 300 steps on 5 to 9, paired."""
    old = {name: np.array([run["old"] for _, run in runs.where(optimizer=name)]) for name in FINE}
    new = {name: np.array([run["new"] for _, run in runs.where(optimizer=name)]) for name in FINE}
    gain, width = interval(old[keeps] - old[loses])
    note = "; ".join(f"{name}: old {old[name].mean():.3f}, new {new[name].mean():.3f}" for name in FINE)
    return mf.Comparison(0.0, gain, relation="at least", scale=1.0, uncertainty=width, note=note)


forgets_less.control("less", keeps="Adam", loses="NanoAdam")
