"""A result (a trajectory, a dictionary of arrays, any pytree) as named arrays and the rest.

Arrays go to an `.npz` that any program can open, under the names a reader would use (`x`, `flow.problem.design`).
What is left, the shape of the pytree with a slot where each array was, is pickled by cloudpickle: it holds the flow
with its functions, and so a trajectory comes back with the flow that made it.
"""

import dataclasses
import io
import re
import zipfile
from typing import Any

import cloudpickle
import jax
import jax.numpy as jnp
import numpy as np


@dataclasses.dataclass(frozen=True)
class Slot:
    """Where an array was: its name in the file, and what it was there."""

    name: str
    kind: str  # "numpy", "jax" or the name of a random generator


def pack(result: Any) -> tuple[dict[str, np.ndarray], bytes]:
    """The arrays of `result` by name, and the pickled rest."""
    leaves, treedef = jax.tree_util.tree_flatten_with_path(result)
    arrays: dict[str, np.ndarray] = {}
    rest = []
    for path, leaf in leaves:
        kind = _kind(leaf)
        if kind is None:
            rest.append(leaf)
            continue
        name = _unused(_name(path), arrays)
        arrays[name] = np.asarray(jax.random.key_data(leaf) if kind not in ("numpy", "jax") else leaf)
        rest.append(Slot(name, kind))
    return arrays, cloudpickle.dumps(jax.tree_util.tree_unflatten(treedef, rest))


def unpack(arrays: Any, rest: bytes) -> Any:
    """The result that `pack` took apart."""
    skeleton = cloudpickle.loads(rest)
    return jax.tree_util.tree_map(
        lambda leaf: _restore(arrays[leaf.name], leaf.kind) if isinstance(leaf, Slot) else leaf,
        skeleton,
        is_leaf=lambda leaf: isinstance(leaf, Slot),
    )


def write_archive(arrays: dict[str, np.ndarray]) -> bytes:
    """The bytes of an `.npz` (written member by member: `np.savez` cannot take an array that is called "file")."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as members:
        for name, array in arrays.items():
            with members.open(f"{name}.npy", "w") as member:
                np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)
    return archive.getvalue()


def read_archive(data: bytes) -> dict[str, np.ndarray]:
    """The arrays of an `.npz`."""
    with np.load(io.BytesIO(data), allow_pickle=False) as members:
        return {name: members[name] for name in members.files}


def _kind(leaf: Any) -> str | None:
    if isinstance(leaf, jax.Array):
        if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
            return str(jax.random.key_impl(leaf))
        return "jax"
    if isinstance(leaf, np.ndarray | np.generic) and not leaf.dtype.hasobject:
        return "numpy"
    return None


def _restore(array: np.ndarray, kind: str) -> Any:
    if kind == "numpy":
        return array
    if kind == "jax":
        return jnp.asarray(array)
    return jax.random.wrap_key_data(jnp.asarray(array), impl=kind)


def _name(path: Any) -> str:
    text = jax.tree_util.keystr(path, simple=True, separator=".")
    return re.sub(r"[^\w.\-]+", "_", text) or "value"


def _unused(name: str, taken: dict[str, np.ndarray]) -> str:
    candidate, count = name, 1
    while candidate in taken:
        count += 1
        candidate = f"{name}_{count}"
    return candidate
