"""A file in which interrupted runs keep their states: NumPy's own format, nothing in it is executed."""

import hashlib
import os
import pathlib
import zipfile
from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import numpy as np

STEPS = "explicit steps"


class Checkpoint:
    """The states of a call's passes, each under the mark of what determines it; without a path, nothing is kept."""

    def __init__(self, path: str | os.PathLike | None):
        self._path = None if path is None else pathlib.Path(path)
        if self._path is not None and self._path.is_dir():
            raise ValueError(f"checkpoint must be a file, got the folder {self._path}.")
        if self._path is not None and not self._path.parent.is_dir():
            raise ValueError(f"checkpoint must be a file in a folder that exists, got {self._path}.")

    def __bool__(self) -> bool:
        return self._path is not None

    def __str__(self) -> str:
        return str(self._path)

    def read(self, mark: str) -> tuple[list[np.ndarray], int | None] | None:
        """The leaves of the state under `mark`, and after how many steps the implicit solver took over, if it did.

        **Raises:** `ValueError` if the file is not a checkpoint.
        """
        kept = self._all()
        if f"{mark}/{STEPS}" not in kept:
            return None
        steps = int(kept[f"{mark}/{STEPS}"])
        leaves = [kept[f"{mark}/{index}"] for index in range(sum(name.startswith(mark) for name in kept) - 1)]
        return leaves, None if steps < 0 else steps

    def write(self, mark: str, leaves: Sequence[Any], explicit_steps: int | None) -> None:
        """Keep the leaves in place of what stood under `mark`; a kill meanwhile leaves the older file."""
        assert self._path is not None
        kept: dict[str, Any] = {name: array for name, array in self._all().items() if not name.startswith(mark)}
        kept[f"{mark}/{STEPS}"] = np.asarray(-1 if explicit_steps is None else explicit_steps)
        kept |= {f"{mark}/{index}": np.asarray(leaf) for index, leaf in enumerate(leaves)}
        partial = self._path.with_name(self._path.name + ".partial")
        with partial.open("wb") as file:
            np.savez(file, **kept)
        partial.replace(self._path)

    def _all(self) -> dict[str, np.ndarray]:
        if self._path is None or not self._path.exists():
            return {}
        try:
            # Opened here: NumPy leaves a file that it cannot read open.
            with self._path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
                return {name: archive[name] for name in archive.files}
        except (ValueError, OSError, EOFError, AttributeError, zipfile.BadZipFile) as error:
            words = f"checkpoint {self._path} cannot be read: {error}. Delete it to begin anew."
            raise ValueError(words) from error


def fingerprint(*parts: Any) -> str:
    """What determines a run: the structure of the task, every number in it, the start, the versions."""
    arrays, rest = eqx.partition(parts, eqx.is_array)
    digest = hashlib.sha256(f"{jax.__version__} {jax.tree.structure(arrays)} {rest}".encode())
    for leaf in jax.tree.leaves(arrays):
        array = np.asarray(leaf)
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()
