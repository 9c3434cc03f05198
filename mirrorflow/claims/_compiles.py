"""How many programs were compiled, and how many were found compiled on disk."""

import contextlib
import dataclasses
from collections.abc import Iterator

import jax.monitoring

_COMPILED = "/jax/core/compile/backend_compile_duration"  # fires for every program, found on disk or not
_FOUND = "/jax/compilation_cache/cache_hits"


@dataclasses.dataclass(eq=False)
class Programs:
    """Counts of compiled programs."""

    compiled: int = 0
    loaded: int = 0

    def add(self, other: "Programs") -> None:
        """Count the other's programs too."""
        self.compiled += other.compiled
        self.loaded += other.loaded


_open: list[Programs] = []
_listening = False


@contextlib.contextmanager
def count() -> Iterator[Programs]:
    """Count the programs that are compiled or loaded inside the block; blocks nest."""
    _listen()
    programs = Programs()
    _open.append(programs)
    try:
        yield programs
    finally:
        _open.remove(programs)


def _listen() -> None:
    global _listening
    if not _listening:
        jax.monitoring.register_event_duration_secs_listener(_duration)
        jax.monitoring.register_event_listener(_event)
        _listening = True


def _duration(event: str, duration_secs: float, **_: object) -> None:
    if event == _COMPILED:
        for programs in _open:
            programs.compiled += 1


def _event(event: str, **_: object) -> None:
    if event == _FOUND:
        for programs in _open:
            programs.loaded += 1
            programs.compiled -= 1
