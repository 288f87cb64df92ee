"""Text to copy: whole sentences with value, both units, time and what is not known."""

from tests import charts
from tests.web.browsing import Browser
from tests.web.desk import act_now, jane


def test_the_handoff_line_names_the_patient_the_answer_and_what_is_unknown() -> None:
    page = Browser(act_now().app).get()
    assert (
        "Jane DOE, F 30 y, tisagenlecleucel day +6: ACT NOW. Consider fibrinogen replacement: 0.8 g/L (80 mg/dL), "
        "drawn 07:00, 60 min ago, day +6, CRS 3 (recorded). Bleeding: not recorded. Next fibrinogen due 13:00."
        in page.text
    )


def test_the_note_tells_reason_options_source_and_that_it_is_decision_support() -> None:
    text = Browser(act_now().app).get().text
    note = text[text.index("Copy the handoff line") :]
    for words in (
        "because it is below 1.0 g/L",
        "Options: cryoprecipitate",
        "crs-coagulopathy 1.1",
        "REP-03",
        "verify before acting",
    ):
        assert words in note


def test_where_nothing_can_be_assessed_the_note_says_so() -> None:
    text = Browser(jane(charts.crs(3)).app).get().text
    assert "CANNOT ASSESS — no usable fibrinogen" in text[text.index("Handoff line") :]
