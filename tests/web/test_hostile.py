"""Every text of a record may be hostile: it stays text on every page (SEC-06)."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests import charts
from tests.web.browsing import Browser, Page
from tests.web.desk import NAMED, ROOT, Ward

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7*7}}${7*7}\u202e&amp;"
STRUCTURE = re.compile(
    r"resourceType|id|status|reference|system|code|unit|comparator|intent|birthDate|gender|.*Date|.*DateTime|start|end|lastUpdated|instant"
)


def spoilt(value: Any, name: str = "") -> Any:
    """The resource with every free text replaced, and texts added where FHIR has room for them."""
    if isinstance(value, dict):
        return {key: spoilt(member, key) for key, member in value.items()}
    if isinstance(value, list):
        return [spoilt(member, name) for member in value]
    return HOSTILE if isinstance(value, str) and not STRUCTURE.fullmatch(name) else value


def worded(resource: charts.Resource, **more: Any) -> charts.Resource:
    """With a text and a display wherever it has codes, and a note."""
    coded = {
        name: {"text": "x", "coding": [{**coding, "display": "x"} for coding in value["coding"]]}
        for name, value in resource.items()
        if isinstance(value, dict) and "coding" in value
    }
    return {**resource, **coded, "note": [{"text": "x"}], **more}


def record() -> Iterator[charts.Resource]:
    """A chart in which every text that we might show is there."""
    yield charts.patient("1996-01-01", **{**NAMED, "name": [{"text": "x", "family": "x", "given": ["x"]}]})
    yield worded(charts.infusion())
    yield worded(charts.crs(3))
    yield worded(charts.fibrinogen("0.8"), method={"text": "x"})
    yield worded(charts.result("odd", "3255-7", None, "", 2), valueString="x", interpretation=[{"text": "x"}])
    yield worded(charts.result("unit", "3255-7", "1.1", "<b>g</b>", 3), dataAbsentReason={"text": "x"})
    yield worded(charts.weight("70"), performer=[{"display": "x"}])
    yield worded(charts.given("given", "B02BB01"))
    yield worded(charts.condition("bleed", "K92.2"), recorder={"display": "x"})


def assert_inert(page: Page) -> None:
    assert "<script>alert" not in page.html
    assert "<img" not in page.html
    assert "49$" not in page.html
    assert "}}$49" not in page.html


@pytest.mark.req("SEC-06")
def test_hostile_words_in_every_field_stay_text_on_every_page() -> None:
    ward = Ward(*(spoilt(resource) for resource in record()))
    browser = Browser(ward.app)
    page = browser.get()
    assert_inert(page)
    assert "&lt;script&gt;alert(1)" in page.html
    for _ in range(3):
        page = browser.press(page.form("/approve"))
        assert_inert(page)
    assert "Saved as draft" in page.text


@pytest.mark.req("SEC-06")
@pytest.mark.parametrize("field", ["bleeding", "crs_grade", "weight_kg", "suspect", "reason"])
def test_hostile_words_in_a_form_stay_text(field: str) -> None:
    ward = Ward(*record())
    browser = Browser(ward.app)
    assert_inert(browser.press(browser.get().form("/observe"), **{field: HOSTILE}))
    assert_inert(browser.get())


@pytest.mark.req("SEC-06", "DSI-15")
def test_a_hostile_comment_to_a_refusal_stays_text() -> None:
    ward = Ward(*record())
    browser = Browser(ward.app)
    page = browser.press(browser.get().form("/decline"), reason="need-more-info", comment=HOSTILE)
    assert_inert(page)


@pytest.mark.req("SEC-06")
@pytest.mark.parametrize(
    "path", ["/nowhere/{0}", "/rules/{0}", "/l/launch-1/proposals/{0}", "/l/launch-1/?range={0}&looks={0}"]
)
def test_hostile_words_in_an_address_stay_text(path: str) -> None:
    assert_inert(Browser(Ward(*record()).app).get(path.format("%3Cscript%3Ealert(1)%3C/script%3E")))


@pytest.mark.req("SEC-06")
def test_no_template_and_no_module_marks_text_as_safe() -> None:
    templates = "\n".join(path.read_text() for path in (ROOT / "templates").rglob("*.html"))
    code = "\n".join(path.read_text() for path in (ROOT / "smartapp").rglob("*.py"))
    assert re.findall(r"\|\s*safe\b|autoescape\s+false", templates) == []
    assert re.findall(r"\bMarkup\(|render_template_string|autoescape\s*=\s*False", code) == []
