"""Rules and evidence, and the operations routes."""

from smartapp.clinical.rules import all_rules
from tests.web.browsing import Browser
from tests.web.desk import act_now


def test_every_rule_stands_in_the_list_and_has_its_page() -> None:
    browser = Browser(act_now().app)
    index = browser.get("/rules")
    ids = [row.id for rule in all_rules() for row in rule.rows]
    assert all(f"/rules/{id_}" in index.html for id_ in ids)
    page = browser.get("/rules/REP-03")
    assert page.headings == ["REP-03 v2: Below 1.0 g/L with CRS, unknown CRS or after tocilizumab"]
    assert "Buechner" in page.text


def test_a_definition_has_its_page_too() -> None:
    page = Browser(act_now().app).get("/rules/DQ-05")
    assert page.headings == ["DQ-05 v1: Units by UCUM code, else by exact text; none or two that disagree: not used"]
    assert "no outcome of its own" in page.text


def test_the_sites_parameters_stand_beside_the_defaults() -> None:
    page = Browser(act_now().app).get("/rules")
    assert "replace_below.severe" in page.text


def test_an_unknown_rule_is_not_found() -> None:
    assert Browser(act_now().app).get("/rules/REP-99").status == 404


def test_health_and_readiness_hold_no_patient_data() -> None:
    client = Browser(act_now().app).client
    assert client.get("/healthz").json == {"status": "ok"}
    assert client.get("/readyz").json == {"status": "ready"}


def test_a_rule_shows_the_parameters_it_uses_with_the_sites_value_beside_the_default() -> None:
    page = Browser(act_now().app).get("/rules/REP-05")
    assert "Parameters of this site" in page.text
    assert "replace_below.severe" in page.text


def test_the_rules_stand_under_what_they_are_about() -> None:
    text = Browser(act_now().app).get("/rules").text
    order = [
        text.index(words) for words in ("Which patients the guideline is about", "CRS grade", "What stands against")
    ]
    assert order == sorted(order)
