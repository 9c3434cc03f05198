"""Page 06, NanoAdam in fine-tuning on handwritten digits: where large gradients are, and what is forgotten."""

import functools

import jax
import numpy as np
import optax
import scipy.stats

import mirrorflow as mf

from ._digit_networks import DRAWS, SIZES, TRAINED, batch_slope, begun, images, loss, positive, right
from ._stepping import walk
from .sparse_optimizers_nano import LETTERS, PAPER

OLD = 5
FINE = {"Adam": optax.adam, "NanoAdam": functools.partial(mf.optimizers.nano_adam, density=0.1, interval=50)}
RATES = (2e-4, 5e-4, 1e-3, 2e-3, 4e-3)
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
    return {
        "old": right(end, pixels[test & old], digit[test & old]),
        "new": right(end, pixels[test & ~old], digit[test & ~old]),
        "moved": np.sqrt(sum(np.sum((end[name] - known[name]) ** 2) for name in SIZES)),
    }


SLOPE = jax.jit(jax.grad(loss))


def adamw(learning_rate, decay):
    """AdamW."""
    return optax.adamw(learning_rate, weight_decay=decay)


@mf.experiment(cases=mf.cases.grid(decay=(0.0, 1.0), draw=DRAWS), slow=True)
def pretrained(case, key):
    """Where gradients on the digits 5 to 9 are, in a network that knows 0 to 4 and in one that knows nothing."""
    pixels, digit = images(key, case.draw)
    old, learn = digit < OLD, np.arange(len(digit)) < TRAINED
    start = begun(key, case.draw)
    rows = np.flatnonzero(learn & old)[:600]
    gradient = jax.tree_util.Partial(batch_slope, jax.random.fold_in(key, case.draw), pixels[rows], digit[rows])
    known = walk(adamw, gradient, start, [2 * PRETRAINING], learning_rate=1e-3, decay=case.decay)
    fresh = np.flatnonzero(learn & ~old)[:600]
    known = {name: np.asarray(theta[0]) for name, theta in known.items()}
    return {
        "fine-tuning": overlap(known, pixels[fresh], digit[fresh]),
        "from scratch": overlap(start, pixels[fresh], digit[fresh]),
    }


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
    on=pretrained,
    across="draw",
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
    parts = {}
    for layer, name in enumerate(("first", "second")):
        shares = {when: np.array([run[when][layer] for _, run in runs]) for when in (less, more)}
        note = "; ".join(f"{when}: {s[:, 0].mean():.3f}, ρ={s[:, 1].mean():+.3f}" for when, s in shares.items())
        parts[name] = positive(shares[more][:, 0] - shares[less][:, 0], note)
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
    note = "; ".join(f"{name}: old {old[name].mean():.3f}, new {new[name].mean():.3f}" for name in FINE)
    return positive(old[keeps] - old[loses], note)


forgets_less.control("less", keeps="Adam", loses="NanoAdam")


LEARNED = 0.95


@mf.claim(
    "sparse-optimizers/nano-adam-forgets-less-for-as-much-learned",
    on=tuned,
    across=True,
    statement=r"\text{NanoAdam keeps more of the task of pre-training than Adam}"
    r"\text{ where both have learned the new one as well}",
    source=PAPER,
    status="open",
    tolerance=mf.tolerance(0.0, because="a difference is as good as its 95 % interval"),
    figure="small-weights-on-digits",
    variables=LETTERS,
    notes="The learning rates are those at which each tells 95 % of the new digits right, between five that were run.",
)
def for_as_much(runs, keeps="NanoAdam", loses="Adam"):
    """The share of old digits told right where that of the new ones is 0.95, by interpolation, paired over draws."""
    old = {name: np.array([kept_at(runs.where(optimizer=name, draw=draw)) for draw in DRAWS]) for name in FINE}
    note = "; ".join(f"{name}: {share.mean():.3f}" for name, share in old.items())
    return positive(old[keeps] - old[loses], note)


def kept_at(runs):
    """What is told right of the old digits where the new ones first reach 0.95, over the learning rates of one draw."""
    old, new = (np.array([run[which] for _, run in runs]) for which in ("old", "new"))
    best = np.maximum.accumulate(new)
    return float(np.interp(LEARNED, best + 1e-9 * np.arange(len(best)), old))


for_as_much.control("less", keeps="Adam", loses="NanoAdam")
