"""Pages 05 and 06 on handwritten digits: sign flips under Sign-In, from random masks."""

import jax
import numpy as np
import optax

import mirrorflow as mf

from ._digit_networks import DRAWS, SIZES, TRAINED, batch_slope, begun, images, positive, right
from ._stepping import walk
from .sparse_optimizers_sign_in import LETTERS as FACTORS
from .sparse_optimizers_sign_in import SIGN_IN

STEPS, SAVES, RATE, DECAY = 1500, 16, 0.05, 0.01
DENSITIES = (0.2, 0.1, 0.05)


def momentum(learning_rate):
    """Gradient descent with momentum 0.9."""
    return optax.sgd(learning_rate, momentum=0.9)


def plain(learning_rate, masks):
    """The same with the gradient of ½·0.01‖θ‖² on fixed masks."""
    return mf.sparsity.masked(optax.chain(optax.add_decayed_weights(DECAY), momentum(learning_rate)), masks)


def sign_in(learning_rate, masks):
    """Sign-In with β=1, a reset every twenty steps and the decay of θ that `plain` has, on fixed masks."""
    inside = mf.optimizers.sign_in(momentum(learning_rate), balance=1.0, reset_every=20, decay=DECAY / 4)
    return mf.sparsity.masked(inside, masks)


def no_resets(learning_rate, masks):
    """The same without resets."""
    return mf.sparsity.masked(mf.optimizers.pilot(momentum(learning_rate), balance=1.0, decay=DECAY / 4), masks)


WAYS = {"plain": plain, "Sign-In": sign_in, "without resets": no_resets}


@mf.experiment(cases=mf.cases.grid(way=tuple(WAYS), density=DENSITIES, draw=DRAWS), slow=True)
def sparse(case, key):
    """1500 steps of 0.05 on batches of 64 from random masks: flips at 16 points, accuracies at the end."""
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
    note = ", ".join(f"{name}: {flipped(runs.where(way=name)).mean():.3f}" for name in WAYS)
    return positive(flipped(runs.where(way=way)) - flipped(runs.where(way=than)), note)


more_flips.control("fewer", way="plain", than="Sign-In")


@mf.claim(
    "sparse-optimizers/resets-flip-signs",
    on=sparse,
    across=("way", "draw"),
    statement=r"\text{under decay } m\odot w \text{ with resets flips more signs than without}",
    source=SIGN_IN + " (ablation)",
    status="published",
    tolerance=mf.tolerance(0.0, because="a difference is as good as its 95 % interval"),
    figure="sign-flips-on-digits",
    variables=FACTORS,
)
def resets_flip(runs, way="Sign-In", than="without resets"):
    """The share of weights, paired over eight draws; what is told right in the note."""
    more, spread = mf.observe.interval(told_right(runs, way) - told_right(runs, than))
    note = f"told right: {more:+.3f} ± {spread:.3f}"
    return positive(flipped(runs.where(way=way)) - flipped(runs.where(way=than)), note)


def told_right(runs, way):
    """The share of test images told right, one number a draw."""
    return np.array([run["test"] for _, run in runs.where(way=way)])


resets_flip.control("fewer", way="without resets", than="Sign-In")


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
    note = ", ".join(f"{layer}: {value.mean():+.3f}" for layer, value in gains.items())
    return positive(gains[near] - gains[far], note)


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
    figure="sign-flips-on-digits",
    variables=FACTORS,
)
def accuracy(runs, way="Sign-In", than="plain"):
    """The share of 500 images, paired over eight draws; one learning rate for both."""
    shares = {name: told_right(runs, name) for name in WAYS}
    note = ", ".join(f"{name}: {share.mean():.3f}" for name, share in shares.items())
    return positive(shares[way] - shares[than], note)


accuracy.control("fewer", way="plain", than="Sign-In")
