"""Environment variables under which processes share a machine; imports nothing, because libraries read them once."""

import os

_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_SINGLE = "--xla_cpu_multi_thread_eigen=false"


def shared() -> dict[str, str]:
    """One thread each, the processor unless the user names another platform, no grabbing of a GPU's whole memory."""
    flags = os.environ.get("XLA_FLAGS", "")
    wanted = dict.fromkeys(_ONE_THREAD, "1") | {"JAX_PLATFORMS": "cpu", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
    found = {name: os.environ.get(name, value) for name, value in wanted.items()}
    return found | {"XLA_FLAGS": flags if _SINGLE in flags else f"{flags} {_SINGLE}".strip()}
