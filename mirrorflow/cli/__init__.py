"""The command `mirrorflow`: verify, list, explain, paper, figure, falsify, replay, demo, run, derive, train.

Nothing that computes is imported here, so that `mirrorflow --help` answers at once; each command imports what it needs.
"""

import os
import sys


def main() -> None:
    """Run the command line."""
    from .. import _environment

    if sys.argv[1:2] != ["train"]:  # which has the machine for itself, all cores and any accelerator
        os.environ.update(_environment.shared())  # before anything reads them
    try:
        from ._app import app
    except ModuleNotFoundError as error:
        if error.name not in ("typer", "rich"):
            raise
        sys.exit("The command line needs typer and rich: pip install 'mirrorflow[cli]'.")
    app()
