"""Page 06, NanoAdam: Adam at density 1, its memory, which weights move, and the neuron that learns a new one."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax

import mirrorflow as mf

from ._stepping import ORDER, generator, order_of, walk

mf.claims.paper("2506.21374", "Pay Attention to Small Weights")

PAPER = "arXiv:2506.21374; theory page 06 (NanoAdam)"
LETTERS = {
    r"\theta": "weights",
    "k": "density: the share of a matrix's weights that move",
    "I": "the set of them, those of least |θ|",
}

# --- beside Adam -----------------------------------------------------------------------------------------------------

SHAPE, SAMPLES, STEPS, INTERVAL = (6, 10), 40, 150, 50
NANOS = {k: functools.partial(mf.optimizers.nano_adam, density=k, interval=INTERVAL) for k in (0.3, 1.0)}


def residual_slope(inputs, outputs, weights, k):
    """∇ of the mean of ½(Wx−y)²"""
    del k
    return (inputs @ weights.T - outputs).T @ inputs / len(inputs)


@mf.experiment(cases=mf.cases.grid(density=tuple(NANOS)))
def beside(case, key):
    """NanoAdam and Adam on a regression of 6 outputs on 10 inputs, 150 steps of 0.02, all of them saved."""
    draw = generator(key)
    inputs, outputs = draw.normal(size=(SAMPLES, SHAPE[1])), draw.normal(size=(SAMPLES, SHAPE[0]))
    start, gradient = draw.normal(size=SHAPE), jax.tree_util.Partial(residual_slope, inputs, outputs)
    save = np.arange(STEPS + 1)
    dense = walk(optax.adam, gradient, start, save, learning_rate=0.02)
    theta = walk(NANOS[case.density], gradient, start, save, learning_rate=0.02)
    return {"adam": np.asarray(dense), "nano": np.asarray(theta)}


@mf.claim(
    "sparse-optimizers/nano-adam-of-density-1",
    on=beside,
    across=True,
    statement=r"k=1:\ \text{NanoAdam is Adam}",
    source=PAPER,
    status="published",
    tolerance=mf.tolerance(1e-12, because="an identity, up to the rounding of 150 steps"),
    variables=LETTERS,
)
def density_one(runs, density=1.0):
    """All weights at 150 steps."""
    run = runs.only(density=density)
    return mf.Comparison(run["adam"], run["nano"])


density_one.control("density 0.3", density=0.3)


@mf.claim(
    "sparse-optimizers/nano-adam-moves-the-smallest",
    on=beside,
    across=True,
    statement=r"\text{between two choices only } \theta_I \text{ moves, } I \text{ the } k \text{ of least } |\theta|"
    r"\text{ at the last choice}",
    source=PAPER,
    status="published",
    tolerance=mf.tolerance(0.0, because="exact: entries are the same floats or not, and sets are equal or not"),
    variables=LETTERS,
)
def smallest_move(runs, order=1):
    """At density 0.3, for the three choices in 150 steps."""
    theta, pairs = runs.only(density=0.3)["nano"].reshape(STEPS + 1, -1), []
    for at in range(0, STEPS, INTERVAL):
        least = np.argsort(order * np.abs(theta[at]))[: round(0.3 * theta.shape[1])]
        pairs.append((np.sort(least), np.flatnonzero(np.any(theta[at : at + INTERVAL + 1] != theta[at], axis=0))))
    told, moved = (np.stack(sets) for sets in zip(*pairs, strict=True))
    return mf.Comparison(told, moved, relation="identical")


smallest_move.control("those of largest |θ|", order=-1)


# --- its memory ------------------------------------------------------------------------------------------------------


@mf.experiment(cases=mf.cases.grid(density=(0.02, 0.05, 0.1, 0.25, 0.5)))
def bytes_of_state(case, key):
    """Of Adam's and of NanoAdam's state for five matrices of 300×300 and their biases, in single precision."""
    del key
    like = {f"matrix {k}": jax.ShapeDtypeStruct((300, 300), jnp.float32) for k in range(5)}
    like |= {f"bias {k}": jax.ShapeDtypeStruct((300,), jnp.float32) for k in range(5)}

    def size(optimizer):
        zeros = jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), like)
        state = jax.eval_shape(optimizer.init, zeros)
        return float(sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(state)))

    return {"adam": size(optax.adam(1e-3)), "nano": size(mf.optimizers.nano_adam(1e-3, density=case.density))}


@mf.claim(
    "sparse-optimizers/nano-adam-memory",
    on=bytes_of_state,
    statement=r"\text{state of NanoAdam} \le 1.6\,k\cdot\text{state of Adam, and the moments of biases}",
    source=PAPER,
    status="published",
    tolerance=mf.tolerance(0.0, because="bytes are counted; 1.5 k for moments and indices of four bytes each"),
    variables=LETTERS,
    notes="The paper's indices have two bytes and its moments too, so that 6kS bytes stand against 4S; with moments of "
    "two bytes and indices of four, as here, it is 2k.",
)
def memory(case, run, factor=1.6):
    """Relative to the bytes of Adam."""
    biases = 8.0 * 5 * 300
    return mf.Comparison(
        factor * case.density * run["adam"] + biases, run["nano"], relation="at most", scale=run["adam"]
    )


memory.control("as much as the share of weights", factor=1.0)


# --- one neuron learns a new one -------------------------------------------------------------------------------------

SIZES = 0.04 / 2 ** np.arange(3)
POINTS, SMALL, DRAWS, TURNS = 300, 12, 16, 3000


@jax.jit
def learned(inputs, residuals, neurons):
    """Each (a,w) after 3000 steps of ½ on ½·mean(a·relu(wx)−residual)²."""

    def distance(neuron, residual):
        return jnp.mean((neuron[0] * jax.nn.relu(inputs @ neuron[1:]) - residual) ** 2) / 2

    slope = jax.vmap(jax.grad(distance))
    return jax.lax.fori_loop(0, TURNS, lambda _, now: now - 0.5 * slope(now, residuals), neurons)


@mf.experiment(cases=mf.cases.grid(sign=("same", "other")))
def new_neuron(case, key):
    """A student that knows two neurons and has 12 of size ε besides; the target has one neuron more, of size 1.

    Only the smallest neuron is trained, on 300 samples in the plane, for three ε and 16 draws of everything else. What
    it has to learn is the new neuron less what the other small ones do.
    """
    draw = generator(key)
    inputs = draw.normal(size=(POINTS, 2))
    new, signs = turned(draw, (DRAWS,)), draw.choice([-1.0, 1.0], size=DRAWS)
    others, weights = turned(draw, (DRAWS, SMALL)), draw.uniform(0.5, 1.0, size=(DRAWS, SMALL))
    weights *= draw.choice([-1.0, 1.0], size=weights.shape)
    known = np.maximum(np.einsum("pi,dji->dpj", inputs, others), 0)
    told = signs[:, None] * np.maximum(new @ inputs.T, 0)
    residuals = told - SIZES[:, None, None] * np.einsum("dpj,dj->dp", known, weights)
    least = np.sqrt(0.4 * SIZES)[:, None, None]
    # |a|>‖w‖, so that the flow keeps the sign of a.
    first = 1.1 * (signs if case.sign == "same" else -signs)[:, None]
    starts = least * np.concatenate([first, turned(draw, (DRAWS,))], axis=1)
    ends = np.asarray(learned(inputs, residuals.reshape(-1, POINTS), starts.reshape(-1, 3))).reshape(starts.shape)
    reached = ends[..., :1] * ends[..., 1:]
    return {"error": np.linalg.norm(reached - signs[:, None] * new, axis=-1)}


def turned(draw, shape):
    """Unit vectors in the plane."""
    angle = draw.uniform(0, 2 * np.pi, size=shape)
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1)


@mf.claim(
    "sparse-optimizers/nano-learns-a-new-neuron",
    on=new_neuron,
    across=True,
    statement=r"\text{training only } j=\arg\min|a_j|\|w_j\|,\ \operatorname{sign}a_j=\operatorname{sign}\tilde a:"
    r"\quad a_jw_j\to\tilde a\tilde w+O(\varepsilon)",
    source=PAPER,
    status="published",
    tolerance=ORDER,
    figure="one-neuron-learns",
    variables=LETTERS | {r"\tilde a,\tilde w": "the new neuron", r"\varepsilon": "size |a_j|‖w_j‖ of the small ones"},
)
def learns(runs, sign="same"):
    """The order in ε of the median over 16 draws of ‖a_jw_j−ãw̃‖."""
    return order_of({"step": SIZES, "error": np.median(runs.only(sign=sign)["error"], axis=1)}, 1.0)


learns.control("the other sign", sign="other")
