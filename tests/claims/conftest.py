"""Claims made in a test are forgotten after it; runs go to a folder of the test's own."""

import pytest

from mirrorflow.claims import _loading, _registry


@pytest.fixture(autouse=True)
def own_registry(monkeypatch):
    _loading.load_installed()  # once a process, and not forgotten after the first test that asks for it
    monkeypatch.setattr(_registry, "_claims", dict(_registry._claims))
    monkeypatch.setattr(_registry, "_waiting", dict(_registry._waiting))


@pytest.fixture(autouse=True)
def own_output(monkeypatch, tmp_path):
    monkeypatch.setenv("MIRRORFLOW_OUT", str(tmp_path / "out"))
    return tmp_path / "out"
