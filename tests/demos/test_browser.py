"""The demo in a browser: a slider moves, the picture changes, and the page's numbers are the package's.

Without Chromium it is skipped, unless MIRRORFLOW_BROWSER=required.
"""

import base64
import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.parse

import pytest

import mirrorflow
from mirrorflow.content.demos import _scale_and_decay as flows

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
FIRST, LATER = 240.0, 60.0  # seconds until the first picture (all may have to be compiled), and until any other
LAYERS = ".panel .layer"


@pytest.fixture
def browser():
    if CHROMIUM is None:
        if os.environ.get("MIRRORFLOW_BROWSER") == "required":
            pytest.fail("MIRRORFLOW_BROWSER=required, and there is no chromium here.")
        pytest.skip("there is no chromium here")
    return CHROMIUM


@contextlib.contextmanager
def served(log: pathlib.Path):
    """The address of the demo, served by the command in a group of processes that ends with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "mirrorflow.cli", "demo", "--headless", "--port", str(port)]
    environment = {**os.environ, "PYTHONPATH": str(pathlib.Path(mirrorflow.__file__).parents[1])}
    with log.open("w") as file:
        server = subprocess.Popen(command, stdout=file, stderr=file, env=environment, start_new_session=True)
    try:
        deadline = time.monotonic() + FIRST
        while True:
            assert server.poll() is None and time.monotonic() < deadline, log.read_text()
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait(10)


def test_slider_moves_the_picture_and_the_numbers_are_the_packages(browser, tmp_path):
    playwright = pytest.importorskip("playwright.sync_api")
    said, asked = [], []
    with served(tmp_path / "server.log") as address, playwright.sync_playwright() as play:
        window = play.chromium.launch_persistent_context(
            tmp_path / "profile", executable_path=browser, args=FLAGS, viewport={"width": 1280, "height": 900}
        )
        try:
            page = window.new_page()
            page.set_default_timeout(1000 * LATER)
            page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
            page.on("pageerror", lambda error: said.append(str(error)))
            page.on("request", lambda request: asked.append(request.url))
            page.goto(address)
            page.wait_for_selector("#rho-predicted", timeout=1000 * FIRST)
            page.wait_for_selector(LAYERS)
            assert page.locator(LAYERS).count() == 4 and page.locator("[role=slider]").count() == 4
            before = layers(page)
            assert numbers(page) == expected(balance=1.0)

            page.locator("[role=slider]").first.focus()
            page.keyboard.press("ArrowLeft")
            after = until(lambda: layers(page), lambda seen: all(a != b for a, b in zip(before, seen, strict=True)))
            assert all(base64.b64decode(picture.partition(",")[2]).startswith(b"<?xml") for picture in after)
            wanted = expected(balance=10**-0.1)
            assert until(lambda: numbers(page), lambda seen: seen == wanted) != expected(balance=1.0)
        finally:
            window.close()
    assert not said
    assert {urllib.parse.urlsplit(url).hostname for url in asked if not url.startswith(("data:", "blob:"))} == {
        "127.0.0.1"
    }


def layers(page):
    return [image.get_attribute("src") for image in page.locator(LAYERS).all()]


def numbers(page):
    return [page.locator(f"#{name}").inner_text() for name in ("rho-predicted", "rho-measured", "excess-one")]


def expected(balance):
    """What the page must say with the other sliders as they start."""
    run = flows.run(flows.data(flows.SEEDS[0]), balance=balance, strength=0.4, switch=1.0)
    _, one = run.data.excess(run.limit)
    return [f"{run.scale_predicted[-1]:.6g}", f"{run.scale_measured[-1]:.6g}", f"{one:.4f}"]


def until(look, wanted):
    """What `look` sees once it is as wanted, or at the latest after a while."""
    deadline = time.monotonic() + LATER
    while True:
        seen = look()
        if wanted(seen):
            return seen
        assert time.monotonic() < deadline, seen
        time.sleep(0.05)
