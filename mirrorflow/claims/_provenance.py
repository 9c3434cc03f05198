"""What determines every result besides the experiment: the package's code, the libraries, the machine's arithmetic."""

import functools
import hashlib
import importlib.metadata
import pathlib
import platform
from typing import Any

import jax

LIBRARIES = ("mirrorflow", "jax", "jaxlib", "diffrax", "equinox", "optimistix", "lineax", "optax", "numpy", "scipy")
# rooms that look at results and compute none
LOOKING = {"claims", "studies", "content", "plotting", "report", "cli", "cli.py"}


@functools.cache
def versions() -> dict[str, str]:
    """Versions of Python and of the libraries that results depend on."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            if name == "mirrorflow":
                found[name] = _own_version()
    return found


@functools.cache
def package_digest() -> str:
    """The digest of the sources of the rooms that compute."""
    root = pathlib.Path(__file__).resolve().parents[1]
    total = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        relative = path.relative_to(root)
        if relative.parts[0] not in LOOKING:
            total.update(str(relative.as_posix()).encode() + b"\0" + path.read_bytes())
    return total.hexdigest()


def circumstances() -> dict[str, Any]:
    """Everything outside the experiment that a result is stored under."""
    return {
        "package": package_digest(),
        "versions": versions(),
        "backend": jax.default_backend(),
        "float64": bool(jax.config.read("jax_enable_x64")),
    }


def _own_version() -> str:
    from .. import __version__

    return __version__
