"""The authorization request as a form that sends itself, under the page's own policy (SAL-20)."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from smartapp import assets
from smartapp.cli import serve
from smartapp.demo.app import create_demo
from smartapp.factory import create_app
from tests.conftest import Stack, free_port
from tests.journeys.test_launch_to_draft import ACT_NOW, READ


@pytest.fixture(scope="module")
def posting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The demo, with `authorize_post` set."""
    port, ehr_port = free_port(), free_port()
    app, ehr, folder = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{ehr_port}", tmp_path_factory.mktemp("posting")
    settings = serve.demo_settings(folder, app, ehr)
    (entry,) = settings.ehr
    settings = settings.model_copy(update={"ehr": (entry.model_copy(update={"authorize_post": True}),)})
    serve._prepare(settings)
    places = {"template_folder": str(assets.templates()), "static_folder": str(assets.static())}
    demo = create_demo(base_url=ehr, app_url=app, now=lambda: datetime.now(UTC), **places)
    servers = [serve._start(create_app(settings), port), serve._start(demo, ehr_port)]
    yield Stack(ehr=ehr, app=app, data=folder)
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.req("SAL-20", "SEC-05")
def test_the_form_sends_itself_and_the_launch_goes_on(page: Any, posting: Stack) -> None:
    sent: list[tuple[str, str]] = []
    page.on("request", lambda request: sent.append((request.method, request.url.split("?")[0])))
    page.goto(f"{posting.ehr}/chart/{ACT_NOW}/launch")
    page.locator("form[action$='/approve']").first.wait_for()
    assert page.locator(READ).count() == 1
    assert ("POST", f"{posting.ehr}/authorize") in sent
    assert ("GET", f"{posting.ehr}/authorize") not in sent


@pytest.mark.req("SAL-20")
def test_without_script_its_button_does(chromium: Any, posting: Stack) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{posting.ehr}/chart/{ACT_NOW}/launch")
    page.get_by_role("button", name="Continue").click()
    page.locator("form[action$='/approve']").first.wait_for(timeout=30_000)
    context.close()
