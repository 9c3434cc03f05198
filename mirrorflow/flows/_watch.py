"""Long work on the host, shown and interrupted between its pieces."""

import signal
import sys
import threading
import time

BLOCK_SECONDS = 0.5
PATIENCE = 2.0


class Interrupts:
    """Holds the first Ctrl-C back until the piece in progress is done; a second acts at once."""

    def __init__(self):
        self.pending = False
        self._previous = None

    def _remember(self, number, frame) -> None:
        if self.pending and callable(self._previous):
            self._previous(number, frame)
        self.pending = True

    def __enter__(self) -> "Interrupts":
        if threading.current_thread() is threading.main_thread():
            self._previous = signal.signal(signal.SIGINT, self._remember)
        return self

    def __exit__(self, *_) -> None:
        if self._previous is not None:
            signal.signal(signal.SIGINT, self._previous)


class Display:
    """One line in a terminal that says how far long work is; nothing elsewhere unless asked for, nor for short work."""

    def __init__(self, wanted: bool | None):
        self._wanted = sys.stderr.isatty() if wanted is None else wanted
        self._began = time.monotonic()
        self._shown = 0

    def __enter__(self) -> "Display":
        return self

    @property
    def due(self) -> bool:
        """Whether there is anyone to tell by now."""
        return self._wanted and time.monotonic() - self._began > PATIENCE

    def say(self, words: str) -> None:
        """Replace the line."""
        sys.stderr.write(f"\r  {words.ljust(self._shown)}")
        sys.stderr.flush()
        self._shown = len(words)

    def __exit__(self, *_) -> None:
        if self._shown:
            sys.stderr.write("\n")


def next_block(block: int, seconds: float, least: int, most: int) -> int:
    """As many pieces as half a second holds, at most doubled at a time."""
    wanted = block * BLOCK_SECONDS / max(seconds, 1e-3)
    return int(min(max(wanted, least), 2 * block, most))
