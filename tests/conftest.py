"""The whole stack and a real browser, for the tests that use the product as people do."""

import os
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, request_finished
from playwright.sync_api import sync_playwright

from smartapp.cli.serve import demo_servers
from tests.cdshooks.checker import listen

pytest_plugins = ("tests.databases",)

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ARGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)


_LISTEN = (
    "document.addEventListener('securitypolicyviolation', "
    "event => console.error('Content Security Policy: ' + event.violatedDirective + ' ' + event.blockedURI));"
)


@dataclass(frozen=True)
class Stack:
    """The demo EHR and the app, both listening; the app's database lies in `data`."""

    ehr: str
    app: str
    data: Path


_GIVEN: set[int] = set()


def free_port() -> int:
    """A port nobody listens on, and that was not given before."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port not in _GIVEN:
            _GIVEN.add(port)
            return port


@pytest.fixture(autouse=True)
def hook_answers_are_checked() -> Iterator[None]:
    """Every answer of the hooks that any test produces in this process keeps to the specification (CDS-03, CDS-40 to CDS-51)."""
    problems: list[str] = []

    def check(sender: Flask, response: Response, **_: Any) -> None:
        listen(sender, response, problems)

    with request_finished.connected_to(check):
        yield
    assert problems == []


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Both servers as `smartapp demo` starts them."""
    port, ehr_port = free_port(), free_port()
    folder = Path(tmp_path_factory.mktemp("stack"))
    with demo_servers(folder, port=port, ehr_port=ehr_port, frozen=None) as address:
        yield Stack(ehr=address.rstrip("/"), app=f"http://127.0.0.1:{port}", data=folder)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A headless Chromium; without one the test is skipped with the reason (with CI set, `.ci/test` fails before)."""
    path = os.environ.get("BROWSER_UNDER_TEST") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if not path:
        pytest.skip("no Chromium found and none could be installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_ARGS.split())
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Any) -> Iterator[Any]:
    """A fresh page in a context of its own; console errors and blocked content fail the test."""
    context = chromium.new_context(viewport={"width": 1280, "height": 1000})
    context.add_init_script(_LISTEN)
    opened = context.new_page()
    opened.set_default_timeout(20_000)
    problems: list[str] = []
    opened.on(
        "console", lambda message: problems.append(message.text) if "Content Security Policy" in message.text else None
    )
    yield opened
    context.close()
    assert problems == []
