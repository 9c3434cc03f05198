"""The two global switches a program may turn, and nothing turns them by itself."""

import os
import pathlib

import jax


def enable_float64() -> None:
    """Compute in double precision from here on (`jax_enable_x64`).

    The command line, the checks, the figures and the tests do this; importing the package does not.
    """
    jax.config.update("jax_enable_x64", True)


def cache_folder() -> pathlib.Path:
    """Where compiled programs are kept: `$MIRRORFLOW_CACHE`, or `mirrorflow` in `$XDG_CACHE_HOME` or in ~/.cache."""
    explicit = os.environ.get("MIRRORFLOW_CACHE")
    if explicit:
        return pathlib.Path(explicit)
    return pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "mirrorflow"


def enable_compile_cache(folder: str | os.PathLike | None = None) -> pathlib.Path:
    """Keep compiled programs on disk, so that a second process compiles nothing that a first one has compiled.

    **Arguments:** `folder`: where (default: `cache_folder()`).

    **Returns:** the folder.
    """
    path = pathlib.Path(folder) if folder is not None else cache_folder() / "programs"
    path.mkdir(parents=True, exist_ok=True)
    jax.config.update("jax_compilation_cache_dir", str(path))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    jax.config.update("jax_persistent_cache_enable_xla_caches", "none")
    return path
