"""The tables of a configuration: what each choice of data, network, optimizer and sparsity may be told."""

from ..networks._weights import NOT_KERNELS
from ._config_fields import (
    ANY,
    DENSITY,
    NONNEGATIVE,
    OPEN_SHARE,
    POSITIVE,
    RATE,
    SHARE,
    SWITCH,
    TEXT,
    WORDS,
    Field,
    choice,
    integer,
    several,
)

Table = dict[str, Field]

_TEST: Table = {"test": OPEN_SHARE.otherwise(None)}
DATA: dict[str, Table] = {
    "digits": {**_TEST, "classes": several(integer(0), least=2).otherwise(None), "relabel": SWITCH.otherwise(True)},
    "characters": {
        **_TEST,
        "source": choice("reference", "library").otherwise("reference"),
        "length": integer(1).otherwise(64),
    },
    "arrays": {"path": TEXT, **_TEST, "classes": integer(1).otherwise(None), "standardize": SWITCH.otherwise(True)},
}

_DTYPE = choice("float32", "bfloat16", "float16", "float64").otherwise("float32")
_NORMALIZATION = choice("batch", "layer", "none")
_BLOCKS: Table = {
    "width": integer(1).otherwise(None),
    "depth": integer(1).otherwise(None),
    "heads": integer(1).otherwise(None),
    "expansion": integer(1).otherwise(None),
    "dtype": _DTYPE,
}
NETWORKS: dict[str, Table] = {
    "perceptron": {
        "widths": several(integer(1), least=1),
        "normalization": _NORMALIZATION.otherwise("none"),
        "activation": choice("relu", "gelu", "tanh", "linear").otherwise("relu"),
        "bias": SWITCH.otherwise(True),
        "dtype": _DTYPE,
    },
    "resnet": {
        "width": integer(1).otherwise(16),
        "blocks": several(integer(1), least=1).otherwise((3, 3, 3)),
        "normalization": _NORMALIZATION.otherwise("batch"),
        "dtype": _DTYPE,
    },
    "vit": {"patch": integer(1).otherwise(2), **_BLOCKS},
    "transformer": _BLOCKS,
}

_DECAY: Table = {"weight_decay": NONNEGATIVE.otherwise(None)}
_ADAM: Table = {
    "b1": RATE.otherwise(0.9),
    "b2": RATE.otherwise(0.999),
    "eps": POSITIVE.otherwise(1e-8),
}
_MOMENTUM: Table = {"momentum": RATE.otherwise(None), "nesterov": SWITCH.otherwise(False)}
_EXCLUDE: Table = {"exclude": WORDS.otherwise(NOT_KERNELS)}
PLAIN: dict[str, Table] = {
    "sgd": {**_MOMENTUM, "l2": NONNEGATIVE.otherwise(None), **_DECAY},
    "sign": {**_MOMENTUM, **_DECAY},
    "adam": {**_ADAM, "l2": NONNEGATIVE.otherwise(None)},
    "adamw": {**_ADAM, "weight_decay": NONNEGATIVE.otherwise(1e-4)},
    "muon": {"beta": RATE.otherwise(0.95), **_DECAY, **_EXCLUDE},
    "horst": {
        "scale": POSITIVE.otherwise(1e-2),
        "driver": choice("adaptive", "gradient", "ham").otherwise("adaptive"),
        "order": choice("hyperbolic last", "hyperbolic first").otherwise("hyperbolic last"),
        "alpha": NONNEGATIVE.otherwise(200.0),
        "beta": NONNEGATIVE.otherwise(0.0),
        **_ADAM,
        **_DECAY,
    },
    "nano_adam": {
        "density": DENSITY.otherwise(0.1),
        "final_density": DENSITY.otherwise(None),
        "decay_steps": integer(1).otherwise(None),
        "interval": integer(1).otherwise(100),
        **_ADAM,
        **_DECAY,
        **_EXCLUDE,
    },
}
AROUND: dict[str, Table] = {
    "ham": {"alpha": NONNEGATIVE.otherwise(200.0), "beta": NONNEGATIVE.otherwise(1e-3), **_EXCLUDE},
    "pilot": {"balance": NONNEGATIVE.otherwise(1.0), "decay": NONNEGATIVE.otherwise(1e-4), **_EXCLUDE},
    "sign_in": {
        "balance": NONNEGATIVE.otherwise(1.0),
        "reset_every": integer(1),
        "decay": NONNEGATIVE.otherwise(0.0),
        **_EXCLUDE,
    },
    "sparse_opt": {"correct": choice("update", "gradient").otherwise("update")},
}
OPTIMIZERS = PLAIN | AROUND
# What an optimizer goes around: those that know which weights are kernels by name do so in their own factors too.
BASES = {name: tuple(PLAIN) if name == "sparse_opt" else ("sgd", "sign", "adam", "adamw", "muon") for name in AROUND}
# Optimizers that do not see a constant scale of their gradient.
ADAPTIVE = ("sign", "adam", "adamw", "muon", "horst", "nano_adam")
OF_EVERY_OPTIMIZER: Table = {"learning_rate": POSITIVE, "clip": POSITIVE.otherwise(None)}

_FALLING: Table = {"warmup": integer(0)._replace(traced=True).otherwise(None), "final": SHARE.otherwise(0.0)}
SCHEDULES: dict[str, Table] = {
    "constant": {"warmup": _FALLING["warmup"]},
    "cosine": _FALLING,
    "linear": _FALLING,
}

_WHERE: Table = {"exclude": WORDS.otherwise(NOT_KERNELS), "biases": SWITCH.otherwise(False)}
_MASKS: Table = {
    "masks": Field(
        "'random', 'erk', 'magnitude', or 'n:m' with whole numbers such as '2:4'",
        lambda value: value if _is_kind(value) else None,
        "erk",
    ),
    "density": DENSITY.otherwise(None),
    **_WHERE,
}
_REWIRING: Table = {
    **_MASKS,
    "interval": integer(1).otherwise(None),
    "fraction": SHARE.otherwise(0.3),
    "stop": integer(1).otherwise(None),
}
_TARGET: Table = {"density": DENSITY, **_WHERE}
SPARSITY: dict[str, Table] = {
    "none": {},
    "static": _MASKS,
    "set": _REWIRING,
    "rigl": _REWIRING,
    "gradual": {
        **_TARGET,
        "begin": integer(0).otherwise(None),
        "end": integer(1).otherwise(None),
        "interval": integer(1).otherwise(None),
    },
    "ac_dc": {
        **_TARGET,
        "warmup": integer(0).otherwise(None),
        "compressed": integer(1).otherwise(None),
        "dense": integer(1).otherwise(None),
        "end": integer(1).otherwise(None),
    },
    "str": {"initial": ANY.otherwise(-10.0), "decay": NONNEGATIVE.otherwise(1e-4), **_WHERE},
}

TRAINING: Table = {
    "steps": integer(1),
    "batch": integer(1).otherwise(64),
    "seed": integer(0).otherwise(0),
    "evaluate_every": integer(1).otherwise(None),
    "out": TEXT.otherwise(None),
}


def groups(kind: str) -> tuple[int, int] | None:
    """(n, m) of masks "n:m", None for others."""
    parts = kind.split(":")
    if len(parts) != 2 or not all(part.isdecimal() and part.isascii() for part in parts):
        return None
    n, m = map(int, parts)
    return (n, m) if 1 <= n <= m else None


def _is_kind(value: object) -> bool:
    return isinstance(value, str) and (value in ("random", "erk", "magnitude") or groups(value) is not None)
