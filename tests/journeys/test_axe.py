"""Every page of the way from chart to draft, seen by axe."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.conftest import Stack
from tests.journeys.test_launch_to_draft import ACT_NOW, NO_WEIGHT, open_chart, press


def violations(page: Any, stack: Stack) -> list[str]:
    """axe's findings in the app's own frame, one line each."""
    (app,) = [frame for frame in page.frames if frame.url.startswith(stack.app)]
    found = Axe().run(app).response
    assert len(found["passes"]) > 5, "axe saw no page"
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found["violations"]]


@pytest.mark.parametrize("patient", [ACT_NOW, NO_WEIGHT])
def test_the_patient_page_passes_axe(page: Any, stack: Stack, patient: str) -> None:
    open_chart(page, stack, patient)
    assert violations(page, stack) == []


def test_dose_review_and_receipt_pass_axe(page: Any, stack: Stack) -> None:
    frame = open_chart(page, stack, ACT_NOW)
    for words in ("What the calculation used", "as the EHR will store it"):
        press(frame, words)
        assert violations(page, stack) == []
