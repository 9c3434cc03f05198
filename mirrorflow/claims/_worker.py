"""The process that does tasks for another one: messages come in at stdin, answers go out where stdout was.

Whatever an experiment prints goes to stderr, which the parent keeps in a log.
"""

import os
import pathlib
import signal
import sys

from ._frames import receive, send


def main() -> None:
    """Do tasks until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interruption means
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    tasks = sys.stdin.buffer
    start = receive(tasks)
    from ._tasks import Done, as_plain, describe, execute, prepare, understand

    prepare()
    send(answers, True)  # ready
    while True:
        try:
            message = receive(tasks)
        except EOFError:
            return
        try:
            done = execute(understand(message), pathlib.Path(start["folder"]))
        except Exception as error:
            done = Done(failure=describe(error))
        send(answers, as_plain(done))


if __name__ == "__main__":
    main()
