"""Tables in NumPy's archives, in one of three forms.

- an array of features (samples, features), named `X`, `inputs`, `design`, `features`, `data`, or the only one with two
  axes, and a target (samples,) by a name of its own; `names` (or `feature_names`, `columns`) may name the features;
- one array with two axes and `columns`, the names of its columns, the target's among them;
- arrays (samples,) alone, each of them a column.
"""

import pathlib
import zipfile

import numpy as np

from ._table import Table, from_array, some

FEATURES = ("X", "x", "inputs", "design", "features", "data")
NAMES = ("columns", "names", "feature_names")


def read_npz(path: pathlib.Path) -> Table:
    """The table in an archive.

    **Raises:** `ValueError` that says in words what is wrong with it.
    """
    arrays = _arrays(path)
    matrices = [name for name, array in arrays.items() if array.ndim == 2 and array.shape[1] > 1]
    matrix = next((name for name in FEATURES if name in matrices), None)
    if matrix is None and matrices:
        if len(matrices) > 1:
            raise ValueError(f"{path} has several arrays with two axes ({some(matrices)}); name the features X.")
        matrix = matrices[0]
    names = next((arrays.pop(name) for name in NAMES if name in arrays and arrays[name].dtype.kind in "US"), None)
    columns, features = {}, None
    if matrix is not None:
        values = arrays.pop(matrix)
        features = _names(path, matrix, values.shape[1], names)
        columns = {name: from_array(name, column) for name, column in zip(features, values.T, strict=True)}
    length = len(next(iter(columns.values())).cells) if columns else None
    for name, array in arrays.items():
        column = array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
        if column.ndim != 1:
            raise ValueError(f"{path}: {name} must have one axis (samples,), got shape {array.shape}.")
        if length is not None and len(column) != length:
            first = matrix or next(iter(columns))
            raise ValueError(f"{path}: {name} has {len(column)} samples and {first} has {length}; they must agree.")
        if name in columns:
            raise ValueError(f"{path}: {name!r} is an array and also the name of a column of {matrix}.")
        length = len(column)
        columns[name] = from_array(name, column)
    if not length:
        raise ValueError(f"{path} has no rows of data.")
    return Table(path, columns, features)


def _arrays(path: pathlib.Path) -> dict[str, np.ndarray]:
    try:
        archive = np.load(path, allow_pickle=False)
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} is no archive of NumPy arrays (np.savez): {error}") from None
    if not isinstance(archive, np.lib.npyio.NpzFile):
        raise ValueError(f"{path} holds one array without a name; save the arrays by name with np.savez.")
    with archive:
        if not archive.files:
            raise ValueError(f"{path} is empty: it holds no arrays.")
        return {name: _array(path, archive, name) for name in archive.files}


def _array(path: pathlib.Path, archive: np.lib.npyio.NpzFile, name: str) -> np.ndarray:
    try:
        array = archive[name]
    except ValueError:
        raise ValueError(
            f"{path}: {name} holds Python objects, which are not read because that could run foreign code; save it as "
            "an array of numbers or of text (dtype str)."
        ) from None
    except (OSError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path}: {name} cannot be read: {error}") from None
    if array.dtype.kind not in "fiubUS":
        raise ValueError(f"{path}: {name} must hold real numbers or text, got an array of {array.dtype}.")
    if array.ndim == 0:
        raise ValueError(f"{path}: {name} is a single value; every array must have an axis of samples.")
    return array


def _names(path: pathlib.Path, matrix: str, count: int, names: np.ndarray | None) -> tuple[str, ...]:
    if names is None:
        return tuple(f"{matrix}{place}" for place in range(1, count + 1))
    found = [name.decode() if isinstance(name, bytes) else str(name) for name in names.ravel()]
    if len(found) != count:
        raise ValueError(f"{path}: {len(found)} names for the {count} columns of {matrix}.")
    twice = sorted({name for name in found if found.count(name) > 1})
    if twice:
        raise ValueError(f"{path} has several columns with one name: {some(twice)}. Name each differently.")
    return tuple(found)
