"""Environment variables under which processes share a machine; imports nothing, because libraries read them once."""

import os

_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
# One core a process, so nothing is split among threads. Programs here are large and run briefly: XLA's older emitters
# compile them in half the time, and what comes out is as fast.
_FLAGS = (
    "--xla_cpu_multi_thread_eigen=false",
    "--xla_cpu_parallel_codegen_split_count=1",
    "--xla_cpu_use_fusion_emitters=false",
)


def shared() -> dict[str, str]:
    """One thread each, the processor unless the user names another platform, no grabbing of a GPU's whole memory."""
    flags = os.environ.get("XLA_FLAGS", "")
    missing = [flag for flag in _FLAGS if flag.partition("=")[0] not in flags]
    wanted = dict.fromkeys(_ONE_THREAD, "1") | {"JAX_PLATFORMS": "cpu", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
    found = {name: os.environ.get(name, value) for name, value in wanted.items()}
    return found | {"XLA_FLAGS": " ".join([flags, *missing]).strip()}
