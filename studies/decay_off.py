"""Weight decay switched off at different times: what stays of it in a vision transformer."""

import functools

import jax.numpy as jnp
import optax

import mirrorflow as mf
from mirrorflow import plotting
from mirrorflow.content.studies._common import ACCURACY, LOSS, START, key_of, scored, settings, trained, transformer
from mirrorflow.content.studies._curves import curves


@functools.cache
def optimizer(kind, share, steps):
    """A constant rate and a decay λ of the kernels that is 0 from `share`·`steps` on."""

    def make(learning_rate, decay):
        def now(step):
            return decay * (step < share * steps)

        kernels = mf.networks.kernels
        decayed = optax.add_decayed_weights(now, kernels)
        if kind == "AdamW":
            return optax.chain(optax.scale_by_adam(), decayed, optax.scale_by_learning_rate(learning_rate))
        if kind == "Adam + L2":
            return optax.chain(decayed, optax.scale_by_adam(), optax.scale_by_learning_rate(learning_rate))
        return optax.chain(decayed, optax.trace(0.9), optax.scale_by_learning_rate(learning_rate))

    return make


def shape(seen):
    """Nuclear over Frobenius norm of KᵀQ of each head, relative to √d, its mean; the norm of the kernels."""
    ratios = []
    for block in seen.network.blocks:
        attention = block.attention
        key, query = (
            layer.weight.reshape(attention.heads, -1, layer.weight.shape[1])
            for layer in (attention.key, attention.query)
        )
        # The singular values of KᵀQ, width × width, are those of the small product of the triangular factors.
        small = jnp.linalg.qr(jnp.swapaxes(key, 1, 2))[1] @ jnp.swapaxes(
            jnp.linalg.qr(jnp.swapaxes(query, 1, 2))[1], 1, 2
        )
        values = jnp.linalg.svd(small, compute_uv=False)
        ratios.append(jnp.sum(values, 1) / jnp.sqrt(jnp.sum(values**2, 1) * values.shape[1]))
    kernels = mf.networks.weights(seen.network, mf.networks.kernels(seen.network)).values()
    squares = sum(jnp.sum(one**2) for one in kernels)
    small = sum(jnp.sum(jnp.abs(one) < 0.1 * jnp.sqrt(jnp.mean(one**2))) for one in kernels)
    return {
        "ratio": jnp.mean(jnp.stack(ratios)),
        "norm": jnp.sqrt(squares),
        "sparse": small / sum(one.size for one in kernels),
    }


def run(trial):
    size, share = trial.size, trial.setting["off"]
    steps = size["steps"]
    network = transformer("images", key_of(trial, START), width=size["width"], depth=size["depth"])
    make = optimizer(trial.arm.recipe, share, steps)
    found = trained(trial, network, make, steps=steps, batch=32, observe=shape)
    history = found.history
    return scored(trial, found, **{name: history[name][-1] for name in ("ratio", "norm", "sparse")})


def draw(results):
    figure, axes = plotting.canvas(1, 3, height=2.6)
    panels = (
        ("accuracy", 100, "test accuracy in %"),
        ("ratio", 1, r"$\|K^\top Q\|_*/(\sqrt{d}\,\|K^\top Q\|_F)$"),
        ("norm", 1, "norm of all kernels"),
    )
    for panel, (measure, factor, words) in zip(axes, panels, strict=True):
        curves(panel, results, measure, "off", x=lambda share: 100 * share, factor=factor)
        panel.set(xlabel="decay until, % of training", ylabel=words)
    plotting.letters(axes)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    return figure


S = mf.studies
STUDY = S.Study(
    name="decay-off",
    title="Weight decay, switched off on the way",
    question="How much of what weight decay does lasts when it is switched off?",
    source="theory page 02 (three lasting effects, attention)",
    run=run,
    arms=(
        S.Arm("SGD", "SGD", {"learning_rate": (1e-2, 1.0)}, {"decay": 2e-3}, why="momentum 0.9, λ = 0.002, coupled"),
        S.Arm("AdamW", "AdamW", {"learning_rate": (3e-4, 3e-2)}, {"decay": 0.1}, why="λ = 0.1, decoupled"),
        S.Arm("Adam + L2", "Adam + L2", {"learning_rate": (3e-4, 3e-2)}, {"decay": 1e-3}, why="λ = 0.001, coupled"),
    ),
    baseline="SGD",
    measures=(
        ACCURACY,
        LOSS,
        S.Measure("ratio", "Nuclear over Frobenius norm of KᵀQ, in √d, mean over heads", digits=3),
        S.Measure("norm", "Norm of all kernels", digits=2),
        S.Measure("sparse", "Entries below a tenth of their kernel's root mean square, in %", factor=100.0, digits=1),
    ),
    small=S.Size(
        settings(off=(0.0, 0.5)),
        seeds=2,
        trials=0,
        numbers={"width": 8, "depth": 1, "steps": 20},
        arms=("AdamW",),
    ),
    full=S.Size(
        settings(off=(0.0, 0.25, 0.5, 0.75, 1.0)),
        seeds=8,
        trials=7,
        numbers={"width": 32, "depth": 2, "steps": 1200},
    ),
    tuned_in={"off": 1.0},
    draw=draw,
)

if __name__ == "__main__":
    S.main()
