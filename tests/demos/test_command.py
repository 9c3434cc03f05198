"""`mirrorflow demo` as far as nothing is served."""

import socket
import sys

import pytest
from typer.testing import CliRunner

from mirrorflow.cli import _demo


@pytest.fixture
def command(monkeypatch):
    """Run the command in this process; what it would become is kept instead."""
    from mirrorflow.cli._app import app

    became = []
    monkeypatch.setattr(_demo.os, "execve", lambda *call: became.append(call))

    def run(*arguments):
        became.clear()
        return CliRunner().invoke(app, ["demo", *arguments]), became

    return run


def test_only_demo_is_served_to_this_machine_alone(command):
    result, ((program, line, environment),) = command("--headless")
    assert result.exit_code == 0 and program == sys.executable
    assert line[line.index("--host") + 1] == "127.0.0.1" and line[line.index("--port") + 1] in result.stderr
    assert "run" in line and "--headless" in line and "--include-code" not in line
    assert environment["MARIMO_SKIP_UPDATE_CHECK"] == "1" and environment["MARIMO_TRACING"] == "0"


def test_demo_is_found_by_either_spelling_and_opened_for_editing(command):
    for name in ("scale-and-decay", "scale_and_decay"):
        _, ((_, line, _),) = command(name, "--edit", "--no-browser")
        assert "edit" in line and any(part.endswith("scale_and_decay.py") for part in line)


def test_unknown_demo_gets_near_ones(command):
    result, became = command("scale-and-decoy")
    assert result.exit_code == 2 and "did you mean scale-and-decay?" in result.stderr and not became
    assert "there are scale-and-decay." in command("x")[0].stderr


def test_several_demos_are_listed(command, monkeypatch):
    monkeypatch.setattr(_demo, "names", lambda: ["one", "other"])
    result, became = command()
    assert result.exit_code == 2 and "2 demos: one, other." in result.stdout and not became


def test_port_in_use_is_refused(command):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result, became = command("--port", str(taken.getsockname()[1]))
    assert result.exit_code == 2 and "cannot be used" in result.stderr and not became


def test_missing_marimo_says_which_extra_to_install(command, monkeypatch):
    monkeypatch.setitem(sys.modules, "marimo", None)
    result, became = command()
    assert result.exit_code == 2 and "mirrorflow[demo]" in " ".join(result.stderr.split()) and not became
