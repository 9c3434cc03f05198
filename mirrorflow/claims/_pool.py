"""Processes that do tasks: others, one core each, or this one."""

import contextlib
import os
import pathlib
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import IO

from .. import _environment
from ._frames import receive, send
from ._tasks import Call, Done, HoldClaim, RunUnit, Task, execute, from_plain


class ThisProcess:
    """Does tasks here."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder

    def do(self, task: Task) -> Done:
        """Do one task."""
        return execute(task, self.folder)


class OtherProcess:
    """Does tasks in a process of its own, which is started anew if it dies."""

    def __init__(self, folder: pathlib.Path, log: pathlib.Path, limit: float) -> None:
        self.folder, self.log, self.limit = folder, log, limit
        self.process: subprocess.Popen[bytes] | None = None
        self.ready = False
        self._start()

    def do(self, task: Task) -> Done:
        """Do one task there; a process that dies, or needs longer than the limit, is a failure of that task."""
        started = time.monotonic()
        try:
            process = self.process or self._start()
            if not self.ready:
                self.ready = receive(_stream(process.stdout))  # importing takes seconds that are not the task's
            started = time.monotonic()
            with _stopped_after(self.limit, process):
                send(_stream(process.stdin), task.message())
                return from_plain(receive(_stream(process.stdout)))
        except (EOFError, BrokenPipeError):
            return Done(failure=self._bury(task, time.monotonic() - started))

    def kill(self) -> None:
        """End the process; a task that it is doing fails."""
        if self.process is not None:
            self.process.kill()

    def close(self) -> None:
        """Clear away what is left of it, once nobody waits for its answers."""
        if self.process is not None:
            self._clear(self.process)
            self.process = None

    def _start(self) -> "subprocess.Popen[bytes]":
        self.ready = False
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "mirrorflow.claims._worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env={
                    **os.environ,
                    **_environment.shared(),
                    "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path)),
                },
            )
        send(_stream(self.process.stdin), {"folder": str(self.folder.resolve())})
        return self.process

    def _bury(self, task: Task, seconds: float) -> tuple[str, str]:
        process, self.process = self.process, None
        code = self._clear(process) if process else None
        tail = self.log.read_text("utf-8", "replace")[-2000:] if self.log.exists() else ""
        if seconds >= self.limit:
            return f"stopped because it had not ended after {self.limit:g} s ({doing(task)})", tail
        return f"its process ended by itself with code {code} ({doing(task)})", tail

    def _clear(self, process: "subprocess.Popen[bytes]") -> int:
        code = process.wait()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):  # what was not sent has nobody to go to
                _stream(pipe).close()
        return code


@contextlib.contextmanager
def serving(
    workers: Sequence[OtherProcess], serve: Callable[[OtherProcess], None], stop: Callable[[], None]
) -> Iterator[list[threading.Thread]]:
    """A thread for each process that calls `serve` with it; at the end `stop`, and all of them are cleared away."""
    threads = [threading.Thread(target=serve, args=(worker,), daemon=True) for worker in workers]
    try:
        for thread in threads:
            thread.start()
        yield threads
    finally:
        stop()
        for worker in workers:
            worker.kill()
        for thread in threads:
            thread.join()
        for worker in workers:
            worker.close()


def doing(task: Task) -> str:
    """What a task is, in words."""
    match task:
        case RunUnit():
            return f"running {task.unit}"
        case HoldClaim():
            return f"holding {task.claim.name} against its runs"
        case Call():
            return task.words


@contextlib.contextmanager
def _stopped_after(seconds: float, process: "subprocess.Popen[bytes]") -> Iterator[None]:
    timer = threading.Timer(seconds, process.kill)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _stream(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe
