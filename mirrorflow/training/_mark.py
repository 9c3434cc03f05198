"""What determines a training, in a form that can be kept and compared."""

import hashlib
import re
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from ._checkpoint import encoded, is_key
from ._loop import State, Task

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def mark_of(task: Task, params: Any, statistics: Any, state: State) -> dict[str, Any]:
    """The parts on which the steps depend, each by name: small ones as they are, large ones as a digest."""
    return {
        "network": digest((params, statistics, task.frame)),
        "data": digest(task.data),
        "make_optimizer": f"{_name(task.make_optimizer)}, state {_shapes(state.optimizer)}",
        "numbers": {name: _short(value) for name, value in sorted(task.numbers.items())},
        "batch": task.batch,
        "clip": None if task.clip is None else _short(task.clip),
        "loss": _name(task.loss),
        "key": _short(task.key),
    }


def differences(kept: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What differs, in words."""
    found = []
    for part in now:
        there, here = kept.get(part), now[part]
        if there == here:
            continue
        if isinstance(there, dict) and isinstance(here, dict):
            found += [f"{part}[{name!r}] {words}" for name, words in _each(there, here)]
        else:
            found.append(f"{part} {_words(there, here)}")
    return found


def digest(tree: Any) -> str:
    """Of the structure of a tree and every number in it, the same in every process."""
    arrays, rest = eqx.partition(tree, eqx.is_array)
    words = _ADDRESS.sub("", f"{jax.tree.structure(arrays)} {rest}")
    made = hashlib.sha256(words.encode())
    for leaf in jax.tree.leaves(arrays):
        held = encoded(jnp.asarray(leaf))
        made.update(f"{leaf.dtype}{leaf.shape}".encode())
        made.update(np.ascontiguousarray(held).tobytes())
    return made.hexdigest()[:16]


def _shapes(tree: Any) -> str:
    words = f"{jax.tree.structure(tree)} {[(leaf.shape, str(leaf.dtype)) for leaf in jax.tree.leaves(tree)]}"
    return hashlib.sha256(_ADDRESS.sub("", words).encode()).hexdigest()[:16]


def _name(function: Any) -> str:
    name = getattr(function, "__qualname__", None)
    return _ADDRESS.sub("", repr(function)) if name is None else f"{function.__module__}.{name}"


def _short(value: Any) -> Any:
    leaves = jax.tree.leaves(value)
    if len(leaves) == 1 and leaves[0] is value and value.ndim == 0 and not is_key(value):
        return np.asarray(value).item()
    return digest(value)


def _each(there: dict[str, Any], here: dict[str, Any]) -> list[tuple[str, str]]:
    names = sorted({*there, *here})
    return [(name, _words(there.get(name), here.get(name))) for name in names if there.get(name) != here.get(name)]


def _words(there: Any, here: Any) -> str:
    if isinstance(there, str) or isinstance(here, str):
        return "is another one"
    return f"was {there}, now {here}"
