"""`make screenshots`: pictures of the main pages, as the demo EHR's first patient shows them, for README and docs."""

import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from smartapp.cli.serve import demo_servers
from tests.conftest import _ARGS, free_port

CLOCK = datetime(2026, 3, 1, 3, 13, tzinfo=UTC)
PATIENT = "lindqvist"


def main(folder: Path, browser: str) -> None:
    """Patient page, dose review and receipt by day; patient page by night in a side panel; the chart with card and app."""
    folder.mkdir(parents=True, exist_ok=True)
    port, ehr_port = free_port(), free_port()
    with (
        tempfile.TemporaryDirectory() as data,
        demo_servers(Path(data), port=port, ehr_port=ehr_port, frozen=CLOCK) as ehr,
        sync_playwright() as play,
    ):
        chromium = play.chromium.launch(executable_path=browser, args=_ARGS.split())
        app = f"http://127.0.0.1:{port}"
        _take(chromium, ehr, app, folder, ("light", 1280, ""))
        _take(chromium, ehr, app, folder, ("dark", 640, "-dark-640"))
        chromium.close()


def _take(chromium: Any, ehr: str, app: str, folder: Path, look: tuple[str, int, str]) -> None:
    theme, width, name = look
    page = chromium.new_context(viewport={"width": width, "height": 860}, color_scheme=theme).new_page()
    page.goto(f"{ehr}chart/{PATIENT}")
    page.frame_locator("iframe").locator("main:not(:has([role=status]))").wait_for()
    if not name:
        page.screenshot(path=folder / "chart.png")
    (frame,) = [each for each in page.frames if each.url.startswith(app)]
    page.goto(frame.url)
    page.locator("main:not(:has([role=status]))").wait_for()
    page.screenshot(path=folder / f"patient{name}.png")
    if not name:
        for step in ("dose-review", "receipt"):
            page.locator("form[action$='/approve'] button.primary").first.click()
            page.wait_for_load_state()
            page.screenshot(path=folder / f"{step}.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
