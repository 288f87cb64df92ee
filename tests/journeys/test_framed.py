"""The app inside a page of another site: partitioned cookies, and a window of its own where they are lost (SEC-02)."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from smartapp import assets
from smartapp.cli import serve
from smartapp.demo.app import create_demo
from smartapp.factory import create_app
from tests.conftest import _ARGS, BROWSERS, Stack, free_port
from tests.journeys.test_launch_to_draft import ACT_NOW, READ, press

PHASED_OUT = "--test-third-party-cookie-phaseout"  # third-party cookies are blocked, partitioned ones are not


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The app at localhost, the demo EHR at 127.0.0.1: two sites for a browser."""
    port, ehr_port = free_port(), free_port()
    app, ehr, folder = f"http://localhost:{port}", f"http://127.0.0.1:{ehr_port}", tmp_path_factory.mktemp("apart")
    settings = serve.demo_settings(folder, app, ehr)
    serve._prepare(settings)
    places = {"template_folder": str(assets.templates()), "static_folder": str(assets.static())}
    demo = create_demo(base_url=ehr, app_url=app, now=lambda: datetime.now(UTC), **places)
    servers = [serve._start(create_app(settings), port), serve._start(demo, ehr_port)]
    yield Stack(ehr=ehr, app=app, data=folder)
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def guarded(chromium: Any, apart: Stack, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Opens a Chromium that blocks third-party cookies; `without_any`: the app's partitioned ones too."""
    path = os.environ.get("BROWSER_UNDER_TEST") or next(filter(None, map(shutil.which, BROWSERS)), None)
    opened: list[Any] = []

    def open_one(*, without_any: bool) -> Any:
        (tmp_path / "Default").mkdir()
        blocked = {f"{apart.app},{apart.ehr}": {"setting": 2}} if without_any else {}
        settings = {"profile": {"content_settings": {"exceptions": {"cookies": blocked}}}}
        (tmp_path / "Default" / "Preferences").write_text(json.dumps(settings))
        context = chromium.browser_type.launch_persistent_context(
            tmp_path, executable_path=path, args=[*_ARGS.split(), PHASED_OUT]
        )
        opened.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        return page

    yield open_one
    for context in opened:
        context.close()


@pytest.mark.req("SEC-02")
def test_a_framed_app_of_another_site_keeps_its_session(guarded: Callable[..., Any], apart: Stack) -> None:
    page = guarded(without_any=False)
    page.goto(f"{apart.ehr}/chart/{ACT_NOW}")
    frame = page.frame_locator("iframe")
    frame.locator(READ).wait_for()
    assert "ACT NOW" in frame.locator("main").inner_text()
    press(frame, "What the calculation used")


@pytest.mark.req("SEC-02")
def test_where_every_cookie_is_lost_the_app_opens_in_a_window_of_its_own(
    guarded: Callable[..., Any], apart: Stack
) -> None:
    page = guarded(without_any=True)
    page.goto(f"{apart.ehr}/chart/{ACT_NOW}")
    frame = page.frame_locator("iframe")
    frame.get_by_text("The browser kept no cookie").wait_for()
    with page.expect_popup() as opened:
        frame.get_by_role("link", name="Open in a new window").click()
    opened.value.locator(READ).wait_for()
    assert "ACT NOW" in opened.value.locator("main").inner_text()
