"""The file in which a training keeps its state: NumPy's own format, nothing in it is executed."""

import io
import json
import pathlib
import zipfile
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from .._files import write_atomically

NAME = "state.npz"
WORDS = "words"


class Kept(NamedTuple):
    """What a file holds: `leaves` of the state, `rows` of the history, the `mark` of what determines it, `seconds`."""

    leaves: list[np.ndarray]
    rows: list[dict[str, Any]]
    mark: dict[str, Any]
    seconds: float


class Checkpoint:
    """The state of one training in a folder."""

    def __init__(self, folder: pathlib.Path):
        self.path = folder / NAME

    def read(self) -> Kept | None:
        """What is kept, None if nothing is.

        **Raises:** `ValueError` if the file is not a state.
        """
        if not self.path.exists():
            return None
        try:
            # Opened here: NumPy leaves a file that it cannot read open.
            with self.path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
                words = json.loads(str(archive[WORDS]))
                leaves = [archive[str(index)] for index in range(len(archive.files) - 1)]
                return Kept(leaves, words["rows"], words["mark"], words["seconds"])
        except (ValueError, KeyError, TypeError, OSError, EOFError, AttributeError, zipfile.BadZipFile) as error:
            words = f"{self.path} cannot be read as the state of a training: {error}. Start over with fresh=True."
            raise ValueError(words) from error

    def write(self, state: Any, rows: list[dict[str, Any]], mark: dict[str, Any], seconds: float) -> None:
        """Keep this in place of what was kept; a kill meanwhile leaves the older file."""
        held: dict[str, Any] = {str(index): encoded(leaf) for index, leaf in enumerate(jax.tree.leaves(state))}
        held[WORDS] = np.asarray(json.dumps({"rows": rows, "mark": mark, "seconds": seconds}))
        buffer = io.BytesIO()
        np.savez(buffer, **held)
        write_atomically(self.path, buffer.getvalue(), durable=True)

    def restored(self, kept: Kept, like: Any) -> Any:
        """The state of the structure of `like`.

        **Raises:** `ValueError` if it does not fit.
        """
        fresh, structure = jax.tree.flatten(like)
        fits = len(fresh) == len(kept.leaves) and all(map(_fits, kept.leaves, fresh))
        if not fits:
            raise ValueError(f"{self.path} holds a state of another structure. Start over with fresh=True.")
        return jax.tree.unflatten(structure, list(map(decoded, kept.leaves, fresh)))


def encoded(leaf: Any) -> np.ndarray:
    """A leaf as NumPy can write it: keys as their numbers, types that NumPy has not as their bytes."""
    if is_key(leaf):
        return np.asarray(jax.random.key_data(leaf))
    held = np.asarray(leaf)
    return held if held.dtype.isbuiltin == 1 else np.frombuffer(held.tobytes(), np.uint8)


def decoded(held: np.ndarray, like: Any) -> jax.Array:
    """The leaf of the type and shape of `like`."""
    if is_key(like):
        return jax.random.wrap_key_data(jnp.asarray(held), impl=jax.random.key_impl(like))
    if held.dtype != like.dtype:
        held = np.frombuffer(held.tobytes(), like.dtype).reshape(like.shape)
    return jnp.asarray(held)


def _fits(held: np.ndarray, like: Any) -> bool:
    wanted = jax.eval_shape(jax.random.key_data, like) if is_key(like) else like
    if np.dtype(wanted.dtype).isbuiltin == 1:
        return held.shape == wanted.shape and held.dtype == wanted.dtype
    return held.dtype == np.uint8 and held.size == wanted.size * np.dtype(wanted.dtype).itemsize


def is_key(leaf: Any) -> bool:
    """Whether the leaf is a key, or keys, of jax.random in the new form."""
    return jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)
