"""What the product says of itself: what it is for, what it is not for, and how it stands to the regulator (DSI-14, DSI-16)."""

import re
from pathlib import Path

import pytest

from smartapp.cdshooks.service_catalog import ORDER_SELECT, ORDER_SIGN, PATIENT_VIEW

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.req("DSI-14")
@pytest.mark.parametrize("place", ["README.md", "templates/base.html"])
def test_nobody_is_promised_an_alarm(place: str) -> None:
    text = " ".join(re.sub(r"\n> ?", " ", (ROOT / place).read_text()).split())
    assert re.search(r"[Dd]oes not replace\s+monitoring or alarms", text)
    assert "not for emergency decisions" in text


@pytest.mark.req("DSI-14", "CDS-02")
def test_every_service_says_so_too() -> None:
    for service in (PATIENT_VIEW, ORDER_SELECT, ORDER_SIGN):
        assert "Does not replace monitoring or alarms; not for emergency decisions" in service.usage_requirements


@pytest.mark.req("DSI-16")
def test_the_regulatory_note_is_there_and_linked() -> None:
    note = (ROOT / "docs" / "regulatory.md").read_text()
    assert re.search(r"^\d{4}-\d\d-\d\d\. Not legal advice", note, re.M)
    assert "not cleared or approved" in note
    assert [number for number in "1234" if not re.search(rf"^{number}\. ", note, re.M)] == []
    assert "Open question" in note
    assert "docs/regulatory.md" in (ROOT / "README.md").read_text()
