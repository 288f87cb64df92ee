"""Text to copy: whole sentences with value, both units, time, what was given, what stops a dose, and what is not known."""

from decimal import Decimal

import pytest

from smartapp.clinical.picture import Bedside
from smartapp.fhir.chart import AnswerState
from tests import charts
from tests.web.browsing import Browser
from tests.web.desk import Ward, act_now, jane

LINE, NOTE = "Handoff line", "Text for the note"


def texts(ward: Ward) -> tuple[str, str]:
    """The handoff line and the note, as on the page."""
    text = Browser(ward.app).get().text
    line = text[text.index(LINE) : text.index("Copy the note")]
    both = line.split("Copy the handoff line")
    return both[0], both[1]


def lost() -> charts.Resource:
    """A result without its unit, 30 min old."""
    return charts.fibrinogen("0.5", hours_ago=0.5, id_="lost", valueQuantity={"value": Decimal("0.5")})


def saved(ward: Ward) -> None:
    browser = Browser(ward.app)
    page = browser.get()
    for _ in range(3):
        page = browser.press(page.form("/approve"))


def declined(ward: Ward) -> None:
    browser = Browser(ward.app)
    browser.press(browser.get().form("/decline"), reason="need-more-info")


def dose(hours_ago: float, mg: int = 3000) -> charts.Resource:
    amount = {"dose": {"value": mg, "unit": "mg", "code": "mg"}}
    return charts.given("dose", "B02BB01", hours_ago=hours_ago, dosage=amount)


def test_the_handoff_line_names_the_patient_the_answer_and_what_is_unknown() -> None:
    line, _ = texts(act_now())
    assert (
        "Jane DOE, F 30 y, tisagenlecleucel day +6: ACT NOW. Consider fibrinogen replacement: 0.8 g/L (80 mg/dL), "
        "drawn 07:00, 60 min ago, day +6, CRS 3 (recorded). Bleeding not recorded: confirm at the bedside. "
        "Fibrinogen product in the last 24 h: none recorded. "
        "Bleeding: not recorded. Next fibrinogen due 13:00." in line
    )


def test_the_note_tells_reason_options_source_and_that_it_is_decision_support() -> None:
    _, note = texts(act_now())
    for words in (
        "Because it is below 1.0 g/L",
        "Options: cryoprecipitate",
        "crs-coagulopathy 1.2",
        "REP-03",
        "verify before acting",
    ):
        assert words in note


def test_where_nothing_can_be_assessed_the_note_says_so() -> None:
    text = Browser(jane(charts.crs(3)).app).get().text
    assert "CANNOT ASSESS — no usable fibrinogen" in text[text.index("Handoff line") :]


@pytest.mark.req("REP-09")
def test_both_texts_tell_the_dose_that_was_given_and_that_a_recheck_comes_first() -> None:
    ward = act_now()
    ward.source.resources = (*ward.source.resources, dose(0.5))
    for text in texts(ward):
        assert "in the last 24 h: fibrinogen concentrate 3000 mg, 07:30, 30 min ago" in text
        assert "Product given at 07:30: recheck before another dose" in text


@pytest.mark.req("RCK-01")
def test_both_texts_tell_what_the_dose_did() -> None:
    before = charts.fibrinogen("0.7", hours_ago=6, id_="before")
    for text in texts(jane(before, dose(5), charts.fibrinogen("0.8"), charts.weight("70"), charts.crs(3))):
        assert "fibrinogen concentrate 3000 mg, 03:00, 5 h ago (0.7 → 0.8 g/L)" in text


@pytest.mark.req("DQ-02")
def test_a_dose_of_yesterday_without_a_time_may_be_of_the_last_24_h() -> None:
    undated = charts.given("dose", "B02BB01", effectiveDateTime="2026-02-28")
    for text in texts(jane(undated, charts.fibrinogen("0.8"), charts.weight("70"), charts.crs(3))):
        assert "in the last 24 h: fibrinogen concentrate amount not recorded, 28 Feb, time not recorded" in text


@pytest.mark.req("SAF-01")
def test_both_texts_tell_what_stands_against_the_dose() -> None:
    ward = act_now()
    ward.source.resources = (*ward.source.resources, charts.condition("dvt", "I82.401", 24))
    line, note = texts(ward)
    assert "Ask haematology first: I82.401 24 h ago." in line
    assert "Ask haematology first: I82.401 24 h ago." in note
    assert "Options, none to be drafted now: cryo" in note


@pytest.mark.req("DQ-17")
@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("administrations", "Fibrinogen product in the last 24 h: could not be read"),
        ("allergies", "Not read whole: allergies (could not be read)"),
    ],
)
def test_both_texts_tell_what_was_not_read(query: str, words: str) -> None:
    for text in texts(act_now(refused={query: AnswerState.FAILED})):
        assert words in text


@pytest.mark.req("DQ-11", "FC-06")
def test_both_texts_tell_that_the_weight_is_missing() -> None:
    line, note = texts(jane(charts.fibrinogen("0.8"), charts.crs(3)))
    assert "Weight is not recorded: confirm weight" in line
    assert "cryoprecipitate (no dose can be calculated), or fibrinogen concentrate (no dose" in note


@pytest.mark.req("DQ-05", "DQ-17")
def test_both_texts_tell_of_a_newer_result_that_could_not_be_used() -> None:
    for text in texts(jane(charts.fibrinogen("1.6", hours_ago=3), lost(), charts.crs(2))):
        assert "The newest fibrinogen (drawn 07:30) has no unit: ring the laboratory or repeat now" in text


def test_both_texts_tell_of_a_result_marked_suspect() -> None:
    ward = jane(charts.fibrinogen("1.6", hours_ago=3, id_="old"), charts.fibrinogen("0.8"), charts.crs(3))
    ward.bedside = Bedside(suspects={"Observation/fib": "clotted"})
    for text in texts(ward):
        assert (
            "A newer fibrinogen, drawn 07:00, 60 min ago, could not be used: 0.8 g/L was marked suspect (clotted)"
            in text
        )


def test_both_texts_tell_of_the_draft_that_was_saved() -> None:
    ward = act_now()
    saved(ward)
    for text in texts(ward):
        assert "Saved as draft: cryoprecipitate 10 single-donor units (= 2 pools of 5), MedicationRequest/12." in text


def test_both_texts_tell_what_was_declined_and_why() -> None:
    ward = act_now()
    declined(ward)
    for text in texts(ward):
        assert "Declined: cryoprecipitate 10 single-donor units (= 2 pools of 5) (repeat pending)." in text
