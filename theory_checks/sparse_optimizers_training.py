"""Page 06, SparseOpt in training: norms that drift and directions that turn."""

import jax
import jax.numpy as jnp
import numpy as np
import optax

import mirrorflow as mf

from ._normalized import factor, loss, spread_masks, whitened
from ._stepping import generator, walk
from .sparse_optimizers_skew import LETTERS, PAPER

SAMPLES, FEATURES, NEURONS, CLASSES = 256, 64, 32, 5
FAN_INS = np.round(np.geomspace(4, FEATURES, NEURONS)).astype(int)
RATE, ENDS = 0.5, (0, 1000)
TRAINED = LETTERS | {
    "D": "√(1−s_i), of SparseOpt",
    "G": "gradient of the layer, rows G_i",
    r"\hat G": "the same without skew, rows ‖w_i‖G_i",
    r"\eta": "step size",
}


def masks_of(mask):
    """The masks of both layers."""
    return {"layer": mask, "top": jnp.ones((CLASSES, NEURONS), bool)}


def plain(learning_rate, decay, mask):
    """Gradient descent with decay on fixed masks."""
    base = optax.chain(optax.add_decayed_weights(decay), optax.sgd(learning_rate))
    return mf.sparsity.masked(base, masks_of(mask))


def corrected(learning_rate, decay, mask):
    """The same under SparseOpt."""
    base = optax.chain(optax.add_decayed_weights(decay), optax.sgd(learning_rate))
    inside = mf.optimizers.sparse_opt(base, masks=masks_of(mask), neuron_axis=0)
    return mf.sparsity.masked(inside, masks_of(mask))


def classified(inputs, labels, theta, k):
    """∇L on all samples."""
    del k
    return jax.grad(loss)(theta, inputs, labels)


def task(key, fan_ins):
    """Whitened inputs, noisy labels of a linear teacher, and a layer whose neuron i has fan_ins[i] weights."""
    draw = generator(key)
    inputs = whitened(draw, SAMPLES, FEATURES)
    scores = inputs @ draw.normal(size=(FEATURES, CLASSES)) + 2 * draw.normal(size=(SAMPLES, CLASSES))
    mask = spread_masks(draw, fan_ins, FEATURES)
    layer = draw.normal(size=(NEURONS, FEATURES)) / np.sqrt(FEATURES) * mask
    top = draw.normal(size=(CLASSES, NEURONS)) / np.sqrt(NEURONS)
    gradient = jax.tree_util.Partial(classified, inputs, np.argmax(scores, axis=1))
    return gradient, mask, {"layer": layer, "top": top}


@jax.jit
def _looked_at(inputs, labels, theta):
    slope = jax.grad(loss)(theta, inputs, labels)["layer"]
    return slope, factor(theta["layer"], theta["top"], inputs, labels)


def looked_at(inputs, labels, thetas):
    """Of every θ the gradient of the layer, and the factor of each neuron."""
    thetas = jax.tree.map(np.asarray, thetas)
    each = [jax.tree.map(lambda leaf, at=at: leaf[at], thetas) for at in range(len(thetas["layer"]))]
    slopes, factors = zip(*[_looked_at(inputs, labels, theta) for theta in each], strict=True)
    return {"gradient": np.stack(slopes), "factor": np.stack(factors)}


# --- norms and directions --------------------------------------------------------------------------------------------

METHODS = {"plain": plain, "corrected": corrected}


@mf.experiment(cases=mf.cases.grid(method=tuple(METHODS), decay=(0.0, 0.01)), slow=True)
def trained(case, key):
    """32 neurons of 4 to 64 weights behind batch normalization, before and after 1000 steps of η=½ on 256 samples."""
    gradient, mask, start = task(key, FAN_INS)
    numbers = {"learning_rate": RATE, "decay": case.decay, "mask": mask}
    thetas = walk(METHODS[case.method], gradient, start, ENDS, **numbers)
    seen = looked_at(*gradient.args, thetas)
    return {"layer": np.asarray(thetas["layer"]), "mask": mask} | {
        name: np.asarray(part) for name, part in seen.items()
    }


def norms(run):
    """‖w_i‖ before and after, shape (2, neurons)."""
    return np.linalg.norm(run["layer"], axis=2)


def shares(run):
    """1−s_i"""
    return run["mask"].sum(axis=1) / FEATURES


@mf.claim(
    "sparse-optimizers/skew-after-training",
    on=trained,
    statement=r"\text{the factor between } \partial L/\partial z_i \text{ and the gradient above the normalization is }"
    r"\frac1{\sigma_i}=\frac1{\|w_i\|} \text{ before and after training, whatever } s_i \text{ (whitened inputs)}",
    source=PAPER + " (exact cause)",
    status="proved",
    tolerance=mf.tolerance(1e-9, because="an identity, up to rounding; inputs are whitened to 1e-15"),
    figure="factor-after-training",
    variables=TRAINED,
)
def after_training(case, run, norm=norms):
    """32 neurons before and after 1000 steps."""
    told = 1 / norm(run)
    return mf.Comparison(told, run["factor"], scale=told)


def by_share(run):
    """√(1−s_i) times the root of the mean of ‖w_i‖²/(1−s_i)."""
    share = shares(run)
    return np.sqrt(share) * np.sqrt(np.mean(norms(run) ** 2 / share, axis=1, keepdims=True))


after_training.control("in proportion to (1−s_i)^{−1/2}", norm=by_share)


def exponent(run):
    """How the norm depends on 1−s_i at the end, relative to the start."""
    size = norms(run)
    return (
        mf.observe.fit_exponent(shares(run), size[1]).exponent - mf.observe.fit_exponent(shares(run), size[0]).exponent
    )


@mf.claim(
    "sparse-optimizers/norms-under-decay",
    on=trained,
    across=True,
    statement=r"\|w_i\|\propto(1-s_i)^{1/2+\delta}:\ |\delta|\le0.1 \text{ without weight decay; under it } \delta"
    r"\text{ is larger by } 0.1 \text{ or more with SparseOpt than without}",
    source=PAPER,
    status="derived here",
    tolerance=mf.tolerance(0.0, because="bounds with room: below 0.05, and above 0.13"),
    figure="factor-after-training",
    variables=TRAINED,
    notes="∇L is orthogonal to w_i, so that without decay norms grow by terms of order η² only. Under decay they "
    "forget their start: growth and decay balance at ‖w_i‖⁴ ∝ D_i‖Ĝ_i‖², in which the correction D_i itself is.",
)
def under_decay(runs, decay=0.01):
    """The change of the fitted exponent."""
    still = {case.method: exponent(run) for case, run in runs.where(decay=0.0)}
    moved = {case.method: exponent(run) for case, run in runs.where(decay=decay)}
    gain = moved["corrected"] - moved["plain"]
    parts = {name: mf.Comparison(0.1, abs(change), relation="at most", scale=1.0) for name, change in still.items()}
    return parts | {"under decay": mf.Comparison(0.1, gain, relation="at least", scale=1.0, note=f"by {gain:.2f}")}


under_decay.control("without decay", decay=0.0)


def cosine(one, other):
    """Of two arrays as vectors."""
    return np.sum(one * other) / (np.linalg.norm(one) * np.linalg.norm(other))


def directions(run, at):
    """G on its mask, the same without skew, and D·G."""
    slope = run["gradient"][at] * run["mask"]
    return slope, slope * norms(run)[at][:, None], slope * np.sqrt(shares(run))[:, None]


@mf.claim(
    "sparse-optimizers/skew-turns-the-gradient",
    on=trained,
    statement=r"\text{sparsities that differ turn the gradient of the layer: at the start } \cos(G,\hat G)\le0.95,"
    r"\quad \cos(DG,\hat G)\ge0.95",
    source=PAPER,
    status="published",
    tolerance=mf.tolerance(0.0, because="bounds with room"),
    variables=TRAINED,
    notes="What D leaves are the norms of four or five random weights that are not their mean.",
)
def turns(case, run, at=0):
    """At the start; and after training D leaves at most half of 1−cos."""
    slope, straight, mended = directions(run, at)
    raw, left = cosine(slope, straight), cosine(mended, straight)
    after = directions(run, 1)
    words = f"cos(G,Ĝ)={raw:.3f}, cos(DG,Ĝ)={left:.3f}; after: "
    words += f"{cosine(after[0], after[1]):.3f}, {cosine(after[2], after[1]):.3f}"
    return {
        "G": mf.Comparison(0.95, raw, relation="at most", scale=1.0, note=words),
        "DG": mf.Comparison(0.95, left, relation="at least", scale=1.0),
        "after": mf.Comparison(
            (1 - cosine(after[0], after[1])) / 2, 1 - cosine(after[2], after[1]), relation="at most", scale=1.0
        ),
    }


turns.control("after training", at=1)
