"""The patient page: verdict, identity, both units, gaps named, and what the clinician adds."""

import gzip
import re
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from smartapp.clinical.picture import Bedside, BleedingLevel
from smartapp.clinical.terminology import CarTProduct
from smartapp.fhir.chart import AnswerState
from smartapp.fhir.queries import QUERIES
from smartapp.web.launch import UserKind
from tests import charts
from tests.web.browsing import Browser
from tests.web.desk import LAUNCH, ORIGIN, ROOT, act_now, jane

LIMIT_BYTES = 120 * 1024


def entered(suspect: str = "", reason: str = "", **known: Any) -> Bedside:
    """What is stored after one entry by hand, made now."""
    suspects = {suspect: reason} if suspect else {}
    names = [*(name for name in known if not name.startswith("infusion")), *suspects]
    names += ["infusion"] if "infusion_date" in known else []
    users = dict.fromkeys(names, "Dr N Osei, Practitioner")
    return Bedside(**known, suspects=suspects, times=dict.fromkeys(names, charts.NOW), users=users)


def test_the_verdict_stands_first_with_both_units_time_and_age() -> None:
    page = Browser(act_now().app).get()
    assert page.headings == ["■ ACT NOW"]
    assert "0.8 g/L (80 mg/dL), drawn 07:00, 60 min ago, day +6, CRS 3 (recorded)" in page.text
    assert page.text.index("ACT NOW") < page.text.index("Results")


@pytest.mark.req("SAL-59")
def test_identity_stands_on_every_page_and_every_button_that_leads_to_a_write() -> None:
    browser = Browser(act_now().app)
    page = browser.get()
    for fact in ("Jane DOE", "F 30 y", "born 1996-01-01", "ID 4821", "tisagenlecleucel day +6", "70 kg (12 h ago)"):
        assert fact in page.text
    review = browser.press(page.form("/approve"))
    assert "Jane DOE" in review.title
    assert "Continue for Jane DOE" in review.text


@pytest.mark.parametrize(
    ("value", "crs", "heading"),
    [
        ("0.8", 3, "■ ACT NOW"),
        ("1.2", 3, "▲ REPLACE"),
        ("1.5", 3, "● RECHECK by 15:00"),
        ("3.1", 0, "○ NO REPLACEMENT ADVISED"),
    ],
)
def test_each_state_has_its_shape_and_word(value: str, crs: int, heading: str) -> None:
    page = Browser(jane(charts.fibrinogen(value), charts.weight("70"), *([charts.crs(crs)] if crs else [])).app).get()
    assert page.headings == [heading]


def test_a_patient_without_car_t_is_outside_scope_and_gets_no_form() -> None:
    ward = act_now()
    told = ("Procedure", "Condition")  # the infusion, and the CRS that would speak for one (DQ-24)
    ward.source.resources = tuple(r for r in ward.source.resources if r["resourceType"] not in told)
    page = Browser(ward.app).get()
    assert page.headings == ["◇ OUTSIDE SCOPE — no CAR-T infusion found"]
    assert not [form for form in page.forms if form.action.endswith("/approve")]


def test_nothing_usable_is_cannot_assess() -> None:
    page = Browser(jane(charts.fibrinogen("0.9", hours_ago=25), charts.weight("70"), charts.crs(3)).app).get()
    assert page.headings == ["◇ CANNOT ASSESS — no usable fibrinogen"]


@pytest.mark.req("DQ-17")
@pytest.mark.parametrize(
    ("state", "word"),
    [
        (AnswerState.FAILED, "could not be read"),
        (AnswerState.INCOMPLETE, "incomplete"),
        (AnswerState.NOT_PERMITTED, "not permitted"),
    ],
)
def test_laboratory_results_known_to_be_incomplete_show_no_dose_and_no_form(state: AnswerState, word: str) -> None:
    page = Browser(act_now(refused={"fibrinogen": state}).app).get()
    assert word in page.text
    assert "3000 mg" not in page.text
    assert not [form for form in page.forms if form.action.endswith("/approve")]


@pytest.mark.req("DQ-17", "FHIR-29")
@pytest.mark.parametrize(
    ("state", "words"),
    [
        (AnswerState.FAILED, "could not be read"),
        (AnswerState.INCOMPLETE, "incomplete"),
        (AnswerState.NOT_PERMITTED, "not permitted"),
    ],
)
def test_results_that_were_not_read_are_never_said_not_to_exist(state: AnswerState, words: str) -> None:
    page = Browser(jane(charts.crs(3), refused={"fibrinogen": state, "vitalSigns": state}).app).get()
    assert page.headings == [f"◇ CANNOT ASSESS — fibrinogen results {words}"]
    assert f"Fibrinogen results {words}: look for them in the EHR" in page.text
    assert "no usable fibrinogen" not in page.text.partition("What the rules say")[0]
    assert "not recorded Vital signs" not in page.text
    assert "Missing: " not in page.text.partition("What the rules say")[0]
    assert ("Try to read again" in page.text) is (state is not AnswerState.NOT_PERMITTED)


@pytest.mark.req("DQ-17", "FHIR-29")
def test_of_a_patient_and_a_weight_that_were_not_read_no_blocker_says_not_recorded() -> None:
    page = Browser(act_now(refused={"patient": AnswerState.FAILED, "vitalSigns": AnswerState.FAILED}).app).get()
    assert "Birth date could not be read (DQ-12)" in page.text
    assert "The birth date could not be read: no age rules" in page.text
    assert "eight is not recorded" not in page.text
    assert "irth date is not recorded" not in page.text


@pytest.mark.req("DQ-17")
def test_where_nothing_was_read_no_results_are_said_to_stand_below() -> None:
    page = Browser(jane(refused={query.name: AnswerState.FAILED for query in QUERIES}).app).get()
    assert "Laboratory results could not be read." in page.text
    assert "stand below" not in page.text


@pytest.mark.req("DQ-17")
def test_a_bleeding_patient_whose_results_were_not_read_is_told_so() -> None:
    ward = jane(refused={"fibrinogen": AnswerState.FAILED})
    ward.bedside = Bedside(bleeding=BleedingLevel.MAJOR)
    assert "may be considered: fibrinogen results could not be read, CRS" in Browser(ward.app).get().text


def test_a_result_without_a_unit_is_named_and_marked_on_the_chart() -> None:
    lost = charts.fibrinogen("0.5", hours_ago=0.5, id_="lost", valueQuantity={"value": Decimal("0.5")})
    page = Browser(jane(charts.fibrinogen("0.8"), lost, charts.crs(3)).app).get()
    assert "could not be read" in page.text
    assert 'class="point unread"' in page.html


@pytest.mark.req("SEC-06")
def test_hostile_words_from_the_record_stay_text() -> None:
    ward = act_now()
    ward.source.resources = tuple(
        {**r, "name": [{"text": "<img src=x onerror=alert(1)>"}]} if r["resourceType"] == "Patient" else r
        for r in ward.source.resources
    )
    page = Browser(ward.app).get()
    assert "<img" not in page.html
    assert "&lt;img src=x" in page.html


@pytest.mark.req("SAL-73", "DSI-10")
def test_a_patient_user_gets_no_advice() -> None:
    page = Browser(act_now(user=UserKind.PATIENT).app).get()
    assert page.headings == ["This app is for health-care professionals"]
    assert "0.8" not in page.text
    assert [form.action for form in page.forms] == [f"/l/{LAUNCH}/sign-out"]


@pytest.mark.req("SAL-73")
def test_an_unknown_user_reads_only() -> None:
    page = Browser(act_now(user=UserKind.UNKNOWN).app).get()
    assert page.headings == ["■ ACT NOW"]
    assert "Read only" in page.text
    assert [form.action for form in page.forms] == [f"/l/{LAUNCH}/sign-out"]


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        ({"bleeding": "major"}, entered(bleeding=BleedingLevel.MAJOR)),
        ({"crs_grade": "0"}, entered(crs_grade=0)),
        ({"weight_kg": "62,5"}, entered(weight_kg=Decimal("62.5"))),
        ({"suspect": "Observation/fib", "reason": "clotted"}, entered(suspect="Observation/fib", reason="clotted")),
        (
            {"infusion_product": "tisagenlecleucel", "infusion_date": "2026-02-20"},
            entered(infusion_product=CarTProduct.TISAGENLECLEUCEL, infusion_date=date(2026, 2, 20)),
        ),
        ({"standing": "MedicationRequest/7"}, Bedside(standing=frozenset({"MedicationRequest/7"}))),
    ],
)
def test_what_the_clinician_adds_is_kept(fields: dict[str, str], kept: Bedside) -> None:
    ward = act_now()
    browser = Browser(ward.app)
    assert browser.press(browser.get().form("/observe"), **fields).status == 200
    assert ward.entered == [kept]


@pytest.mark.parametrize(
    "fields",
    [
        {"infusion_product": "tisagenlecleucel", "infusion_date": "soon"},
        {"infusion_product": "water", "infusion_date": "2026-02-20"},
        {"infusion_product": "tisagenlecleucel", "infusion_date": "2026-03-09"},
        {},
        {"bleeding": "none_recorded"},
        {"crs_grade": "6"},
        {"crs_grade": "x"},
        {"weight_kg": "0"},
        {"weight_kg": "x"},
    ],
)
def test_what_cannot_be_taken_is_refused(fields: dict[str, str]) -> None:
    ward = act_now()
    browser = Browser(ward.app)
    assert browser.press(browser.get().form("/observe"), **fields).status in (400, 422)
    assert ward.entered == []


@pytest.mark.parametrize("typed", ["abc", "900", "3.000", "1.0", "1.4", "301"])
def test_a_weight_that_cannot_be_used_is_refused_in_words_of_a_weight(typed: str) -> None:
    browser = Browser(act_now().app)
    page = browser.press(browser.get().form("/observe"), weight_kg=typed)
    assert page.headings == ["This weight cannot be used"]
    assert "in kg, such as 62.5" in page.text
    assert "3000" not in page.text
    assert "Open the patient page" in page.text


@pytest.mark.req("CRS-02")
def test_a_death_takes_a_step_of_its_own_and_can_be_taken_back() -> None:
    ward = act_now()
    browser = Browser(ward.app)
    grades = [[value for name, value in form.buttons if name == "crs_grade"] for form in browser.get().forms]
    assert ["0", "1", "2", "3", "4"] in grades
    assert 'name="died" value="yes" required' in browser.get().html
    ward.bedside = Bedside(crs_grade=5, times={"crs_grade": charts.NOW})
    page = browser.get()
    assert page.headings == ["◇ OUTSIDE SCOPE — CRS grade 5 was added by hand"]
    assert "Added by you: CRS grade 5, at 08:00" in page.text
    back = next(form for form in page.forms if ("take_back", "crs_grade") in form.buttons)
    browser.press(back, take_back="crs_grade")
    assert ward.entered == [Bedside()]
    assert ["0", "1", "2", "3", "4"] in [[v for n, v in form.buttons if n == "crs_grade"] for form in page.forms]


def test_each_thing_added_by_hand_is_marked_and_can_be_taken_back() -> None:
    ward = act_now()
    source = "Observation/fibrinogen"
    ward.bedside = Bedside(bleeding=BleedingLevel.MAJOR, weight_kg=Decimal("82.5"), suspects={source: "clotted"})
    page = Browser(ward.app).get()
    taken = [value for form in page.forms for name, value in form.buttons if name == "take_back"]
    assert taken == ["bleeding", "weight_kg", source]
    assert "major bleeding (added by you)" in page.text
    assert "Bleeding: major, added by you" in page.text


@pytest.mark.req("DQ-10")
def test_a_suspect_result_is_marked_in_every_table_and_is_not_the_latest() -> None:
    ward = jane(charts.fibrinogen("1.37", hours_ago=9), charts.fibrinogen("0.92", id_="clot"), charts.crs(2))
    ward.bedside = Bedside(suspects={"Observation/clot": "clotted"})
    page = Browser(ward.app).get()
    assert "Fibrinogen 1.37 g/L 137 mg/dL" in page.text
    assert "Fibrinogen 0.92 g/L" not in page.text
    assert "Observation/clot marked suspect by you (clotted): not used" in page.text
    rows = [form for form in page.forms if form.action.endswith("/observe")]
    assert "Observation/clot" not in [form.fields.get("suspect") for form in rows]
    assert [form.buttons for form in rows].count([("take_back", "Observation/clot")]) == 2


def test_a_result_that_is_only_too_old_is_not_called_missing() -> None:
    old = charts.result("inr", "6301-6", "1.4", "1", hours_ago=30)
    text = Browser(jane(charts.fibrinogen("0.8"), charts.crs(3), old).app).get().text
    assert "INR (none of the last 24 h)" in text
    assert "aPTT," in text


@pytest.mark.req("SEC-03")
def test_signing_out_ends_the_launch() -> None:
    browser = Browser(act_now().app)
    assert browser.press(browser.get().form("/sign-out")).headings == ["Signed out"]
    ended = browser.get()
    assert ended.status == 401
    assert "Reference number" in ended.text


@pytest.mark.req("SEC-07")
def test_another_browser_gets_nothing() -> None:
    page = Browser(act_now().app, cookie="stolen").get()
    assert page.status == 401
    assert "Jane" not in page.html


@pytest.mark.parametrize("chosen", ["24h", "72h", "all", "nonsense"])
def test_the_chart_has_its_ranges(chosen: str) -> None:
    page = Browser(act_now().app).get(f"/l/{LAUNCH}/?range={chosen}")
    assert page.html.count('aria-current="true"') == 1


def test_a_page_and_its_style_weigh_little() -> None:
    browser = Browser(act_now().app)
    parts = (browser.get().html.encode(), (ROOT / "static" / "app.css").read_bytes())
    assert sum(len(gzip.compress(part)) for part in parts) < LIMIT_BYTES


def test_home_names_what_this_is_and_where_to_start() -> None:
    page = Browser(act_now().app).get("/")
    assert page.headings == ["Fibrinogen Watch"]
    assert "/standalone/demo" in page.html


@pytest.mark.req("SEC-04")
def test_observe_and_sign_out_need_our_own_page() -> None:
    browser = Browser(act_now().app)
    page = browser.get()
    for ending in ("/observe", "/sign-out"):
        form = page.form(ending)
        assert browser.press(form, {"Origin": "https://evil.example"}, bleeding="major").status == 403
        assert browser.press(form, {"Origin": ORIGIN}, bleeding="major", csrf_token="x").status == 403


def test_where_the_session_may_not_write_the_order_stands_as_text_to_copy() -> None:
    ward = act_now()
    ward.writer.why_not = "not permitted: the EHR did not grant this session to create MedicationRequest"
    page = Browser(ward.app).get()
    assert "Not permitted: the EHR did not grant" in page.text
    assert "fibrinogen concentrate 3000 mg IV, 3 vials" in page.text


@pytest.mark.req("SAL-59")
def test_each_order_to_copy_is_one_product_and_names_its_patient() -> None:
    ward = act_now()
    ward.writer.why_not = "not permitted: the EHR did not grant this session to create MedicationRequest"
    texts = re.findall(r'<textarea id="order-text-\d"[^>]*>(.*?)</textarea>', Browser(ward.app).get().html, re.DOTALL)
    products = [text.partition("\n")[2] for text in texts]
    assert {text.partition("\n")[0] for text in texts} == {"Jane DOE, F 30 y, born 1996-01-01, ID 4821"}
    assert [order.partition(" IV,")[0] for order in products] == [
        "cryoprecipitate 10 single-donor units (= 2 pools of 5)",
        "fibrinogen concentrate 3000 mg",
    ]


def test_the_patient_without_a_weight_is_asked_beside_the_reason() -> None:
    ward = jane(charts.fibrinogen("0.8"), charts.crs(3))
    browser = Browser(ward.app)
    form = next(form for form in browser.get().forms if "weight_kg" in form.fields)
    browser.press(form, weight_kg="62.5")
    assert ward.entered == [entered(weight_kg=Decimal("62.5"))]


def test_a_result_is_marked_suspect_by_one_press() -> None:
    ward = act_now()
    browser = Browser(ward.app)
    form = next(form for form in browser.get().forms if "suspect" in form.fields)
    assert form.buttons[0] == ("reason", "clotted")
    browser.press(form, reason="clotted")
    assert ward.entered == [entered(suspect="Observation/fib", reason="clotted")]


def test_a_bound_is_a_bound_in_both_units() -> None:
    page = Browser(jane(charts.fibrinogen("<0.6"), charts.weight("70"), charts.crs(3)).app).get()
    assert "<0.6 g/L (<60 mg/dL), drawn" in page.text


def test_what_the_verdict_needs_is_awaited_before_there_is_one() -> None:
    ward = act_now(refused={"conditions": AnswerState.AWAITED})
    page = Browser(ward.app).get()
    assert page.headings == ["◇ READING — no verdict yet"]
    assert "Awaited: conditions" in page.text
    assert "Jane DOE" in page.text
    assert f'http-equiv="refresh" content="3; url=/l/{LAUNCH}/?looks=1&amp;range=all"' in page.html
    assert not [form for form in page.forms if form.action.endswith("/approve")]


def test_a_verdict_that_does_not_need_what_is_awaited_is_shown_without_a_form() -> None:
    ward = act_now(refused={"allergies": AnswerState.AWAITED})
    page = Browser(ward.app).get()
    assert page.headings == ["■ ACT NOW"]
    assert "Still reading: allergies" in page.text
    assert not [form for form in page.forms if form.action.endswith("/approve")]


@pytest.mark.parametrize(("query", "looks"), [("looks=4", 4), ("looks=x", 0), ("looks=-1", 0), ("looks=999", 0)])
def test_the_page_counts_its_looks(query: str, looks: int) -> None:
    ward = act_now(refused={"allergies": AnswerState.AWAITED})
    page = Browser(ward.app).get(f"/l/{LAUNCH}/?{query}")
    assert ward.looked == [looks]
    assert f"looks={looks + 1}&" in page.html


def test_a_complete_page_does_not_refresh_itself() -> None:
    page = Browser(act_now().app).get()
    assert "refresh" not in page.html
    assert "Refresh" not in page.response.headers


def test_while_the_chart_is_read_identity_is_sent_ahead_of_the_page() -> None:
    ward = act_now()
    ward.slow = True
    answer = Browser(ward.app).client.get(f"/l/{LAUNCH}/", buffered=False)
    first, *rest = (part.decode() for part in answer.response)
    for words in ("Jane DOE", "born 1996-01-01", "Signed in as Dr N Osei", "reading results 4 of 11"):
        assert words in first
    assert "reading results 9 of 11" in rest[0]
    assert "ACT NOW" not in first + rest[0]
    assert "ACT NOW" in "".join(rest)
    assert "".join(rest).rstrip().endswith("</html>")


def test_a_page_that_comes_in_parts_is_the_page_that_comes_at_once() -> None:
    ward = act_now()
    whole = Browser(ward.app).get()
    ward.slow = True
    in_parts = Browser(ward.app).get()
    assert in_parts.headings == whole.headings
    assert [form.action for form in in_parts.forms] == [form.action for form in whole.forms]
    assert in_parts.html.count("<main") == in_parts.html.count("</html>") == 1


@pytest.mark.req("SEC-34")
def test_a_failure_after_the_first_part_ends_the_page_with_words() -> None:
    ward = act_now()
    ward.slow = ward.breaks = True
    page = Browser(ward.app).get()
    assert page.headings == ["Something failed here"]
    assert page.response.headers["X-Request-ID"] in page.text
    assert "secret" not in page.html


@pytest.mark.req("DQ-17", "SAL-56")
@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("procedures", "CAR-T infusion not permitted"),
        ("conditions", "Bleeding: not permitted"),
        ("patient", "birth date not permitted"),
        ("bloodCounts", "not permitted"),
    ],
)
def test_what_may_not_be_read_is_never_called_not_recorded(query: str, words: str) -> None:
    page = Browser(act_now(refused={query: AnswerState.NOT_PERMITTED}).app).get()
    assert words in page.text


def test_the_page_says_what_would_change_the_advice() -> None:
    text = Browser(jane(charts.fibrinogen("1.2"), charts.crs(2), charts.weight("70")).app).get().text
    assert "What would change this advice" in text
    assert "Fibrinogen 0.99 g/L (99 mg/dL) instead of 1.2: ACT NOW" in text
    assert "CRS grade 3 instead of 2: REPLACE" in text
    assert re.search(r"With falling fibrinogen, platelets below 50, [^:]* or overt DIC by score: ", text)


def test_a_change_between_doses_names_urgency_and_both_states() -> None:
    text = Browser(act_now().app).get().text
    assert "CRS grade 0 instead of 3: less urgent, REPLACE (warning) instead of ACT NOW (critical)" in text


def test_a_change_within_a_state_names_what_changes() -> None:
    text = Browser(jane(charts.fibrinogen("1.6"), charts.crs(2), charts.weight("70")).app).get().text
    assert (
        "Fibrinogen 1.49 g/L (149 mg/dL) instead of 1.6: more urgent, RECHECK (warning) instead of RECHECK (info)"
        in text
    )


@pytest.mark.req("DQ-04")
def test_a_bound_stays_a_bound_in_the_card_and_in_what_would_change() -> None:
    text = Browser(jane(charts.fibrinogen("<0.6"), charts.crs(2), charts.weight("63.2")).app).get().text
    assert "or lower · minimum dose: true level may be lower" in text
    assert "Fibrinogen 1.0 g/L (100 mg/dL) instead of <0.6: RECHECK" in text


@pytest.mark.req("TRD-01")
@pytest.mark.parametrize(("before", "arrow"), [("2.97", "lower"), ("4.1", "falling")])
def test_the_table_says_falling_only_where_the_trend_rule_does(before: str, arrow: str) -> None:
    earlier = charts.fibrinogen(before, hours_ago=7, id_="before")
    page = Browser(jane(earlier, charts.fibrinogen("2.95"), charts.crs(2), charts.weight("70")).app).get()
    row = page.html.partition('<th scope="row">Fibrinogen</th>')[2].partition("</tr>")[0]
    assert f"> {arrow}</span>" in row
    assert ("▼" in row) is ("Fibrinogen fell from" in page.text) is (arrow == "falling")


@pytest.mark.req("RCK-01")
def test_the_page_says_what_the_doses_did() -> None:
    dose = charts.given("dose", "B02BB01", hours_ago=5, dosage={"dose": {"value": 3000, "unit": "mg", "code": "mg"}})
    levels = (charts.fibrinogen("0.8", hours_ago=6, id_="before"), charts.fibrinogen("1.2", hours_ago=2))
    text = Browser(jane(*levels, dose, charts.crs(3), charts.weight("70")).app).get().text
    assert "What the doses given did" in text
    assert "Recovery: 0.4 / 0.73 = 55 %" in text


@pytest.mark.req("CRS-03")
def test_each_grade_stands_with_its_criteria() -> None:
    text = Browser(act_now().app).get().text
    for words in (
        "fever (38.0 °C or more) only",
        "low-flow cannula (6 L/min or less)",
        "two or more vasopressors (not counting vasopressin)",
    ):
        assert words in text


def test_the_verdict_is_one_sentence_and_its_reason_says_nothing_twice() -> None:
    text = Browser(act_now().app).get().text
    answer = text[text.index("ACT NOW") : text.index("preferred")]
    assert answer.count("Consider") == 1
    assert "Because it is below 1.0 g/L (100 mg/dL) with severe CRS." in answer


def test_where_no_fibrinogen_is_usable_the_newest_is_named_with_its_age() -> None:
    text = Browser(jane(charts.fibrinogen("0.9", hours_ago=25), charts.weight("70"), charts.crs(3)).app).get().text
    assert "none is usable: the newest is 0.9 g/L (90 mg/dL), drawn 28 Feb 07:00, 25 h ago, day +5" in text


@pytest.mark.req("CRS-03")
def test_a_suggested_grade_is_confirmed_by_one_press_beside_the_verdict() -> None:
    fever = charts.result("temp", "8310-5", "39", "Cel")
    ward = jane(charts.fibrinogen("0.8"), charts.weight("70"), fever)
    browser = Browser(ward.app)
    page = browser.get()
    assert "CRS 1 (suggested, not recorded: confirm)" in page.text
    form = next(form for form in page.forms if ("crs_grade", "1") in form.buttons)
    browser.press(form, crs_grade="1")
    assert ward.entered == [entered(crs_grade=1)]


def test_a_result_marked_suspect_is_named_by_value_and_time_as_the_clinicians_own() -> None:
    ward = act_now()
    ward.bedside = Bedside(suspects={"Observation/fib": "clotted"})
    assert "Added by you: fibrinogen 0.8 g/L of 07:00 is suspect (clotted)" in Browser(ward.app).get().text


def test_outside_scope_nothing_is_asked_of_the_clinician() -> None:
    ward = act_now()
    ward.source.resources = tuple(r for r in ward.source.resources if r["resourceType"] != "Procedure")
    page = Browser(ward.app).get()
    assert [
        form.action
        for form in page.forms
        if form.action.endswith("/observe") and not {"suspect", "infusion_date"} & set(form.fields)
    ] == []
    assert any("infusion_date" in form.fields for form in page.forms)


@pytest.mark.req("MON-01", "REP-09")
def test_what_rules_say_is_told_in_the_sites_time_as_all_else_on_the_page() -> None:
    dose = charts.given("dose", "B02BB01", hours_ago=0, dosage={"dose": {"value": 3000, "unit": "mg", "code": "mg"}})
    ward = jane(charts.fibrinogen("0.8"), charts.weight("70"), charts.crs(3), dose, zone=ZoneInfo("Europe/Oslo"))
    page = Browser(ward.app).get()
    assert "Product given at 09:00: recheck before another dose" in page.text
    assert "Europe/Oslo" in page.text
    assert not re.search(r"\d\d UTC", page.text)


@pytest.mark.req("SEC-07")
def test_the_foot_of_the_page_names_patient_and_date_since_it_may_stand_on_a_second_sheet() -> None:
    foot = Browser(act_now().app).get().text.rpartition("times are UTC")[0][-160:]
    assert "Jane DOE, F 30 y, born 1996-01-01, ID 4821" in foot
    assert "assessed 1 Mar 2026 08:00" in foot
