"""`mirrorflow demo`."""

import difflib
import importlib
import importlib.util
import os
import pkgutil
import socket
import sys

from ._words import err, out, plural, refuse

FOLDER = "mirrorflow.content.demos"
HOST = "127.0.0.1"
# Nothing is sent or fetched: no look-up of newer versions, no traces.
QUIET = {"MARIMO_SKIP_UPDATE_CHECK": "1", "MARIMO_TRACING": "0"}


def names() -> list[str]:
    """Names of all demos, found without importing them."""
    found = (module.name for module in pkgutil.iter_modules(importlib.import_module(FOLDER).__path__))
    return sorted(name.replace("_", "-") for name in found if not name.startswith("_"))


def open_demo(name: str | None, *, port: int, headless: bool, edit: bool) -> None:
    """Serve a demo in place of this process; lists them if there are several and none is named."""
    known = names()
    if name is None and len(known) != 1:
        out().print(f"{plural(len(known), 'demo')}: {', '.join(known)}. Name one.", soft_wrap=True)
        raise SystemExit(2)
    chosen = known[0] if name is None else name.replace("_", "-")
    if chosen not in known:
        close = difflib.get_close_matches(chosen, known, n=3, cutoff=0.4)
        near = f"did you mean {' or '.join(close)}?" if close else f"there are {', '.join(known)}."
        refuse(f"There is no demo {name!r}; {near}")
    if importlib.util.find_spec("marimo") is None:
        refuse("The demos need marimo: pip install 'mirrorflow[demo]'.")
    port = _free(port)
    err().print(f"{chosen}: http://{HOST}:{port}  (Ctrl-C ends it)", soft_wrap=True)
    sys.stderr.flush()
    command = [sys.executable, "-m", "marimo", "--quiet", "--yes", "edit" if edit else "run", _file(chosen)]
    options = ["--host", HOST, "--port", str(port), "--no-token", *(["--headless"] if headless else [])]
    os.execve(sys.executable, command + options, {**os.environ, **QUIET})


def _file(name: str) -> str:
    found = importlib.util.find_spec(f"{FOLDER}.{name.replace('-', '_')}")
    assert found is not None and found.origin is not None
    return found.origin


def _free(port: int) -> int:
    """The port, or any free one for 0."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            refuse(f"Port {port} cannot be used: {error.strerror}. Without --port a free one is taken.")
        return probe.getsockname()[1]
