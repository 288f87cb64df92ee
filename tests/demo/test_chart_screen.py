import json
import re

import pytest
import responses
from werkzeug.test import TestResponse

from smartapp.demo.faults import Fault
from tests.demo.visits import APP, BASE, Visit, a_transaction

DISCOVERY = {
    "services": [
        {
            "hook": "patient-view",
            "id": "coagulopathy-patient-view",
            "prefetch": {
                "patient": "Patient/{{context.patientId}}",
                "fibrinogen": "Observation?patient={{context.patientId}}&code=http://loinc.org|3255-7&_sort=-date&_count=3",
                "vitals": "Observation?patient={{context.patientId}}&category=vital-signs",
            },
        }
    ]
}
CARD = {
    "uuid": "1",
    "summary": "ACT NOW <b>Replace</b>",
    "indicator": "critical",
    "detail": "F 0.80 g/L",
    "source": {"label": "Fibrinogen Watch"},
    "suggestions": [{"label": "Concentrate 3000 mg"}],
    "links": [
        {"label": "Review dose", "url": f"{APP}/launch", "type": "smart", "appContext": "ctx-1"},
        {"label": "x", "url": "javascript:x", "type": "absolute"},
    ],
}


def chart(
    visit: Visit, patient: str = "lindqvist", cards: object = None, status: int = 200
) -> tuple[TestResponse, list[dict[str, object]]]:
    """The chart page with an app that answers these cards, and the hook calls it made."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as app:
        app.get(f"{APP}/cds-services", json=DISCOVERY)
        app.post(f"{APP}/cds-services/coagulopathy-patient-view", json={"cards": cards or []}, status=status)
        page = visit.client.get(f"/chart/{patient}", base_url=BASE)
        calls = [json.loads(call.request.body) for call in app.calls if call.request.method == "POST"]
    return page, calls


def test_the_list_names_every_story(visit: Visit) -> None:
    page = visit.client.get("/", base_url=BASE).get_data(as_text=True)
    assert "DEMO" in page
    assert all(story.title in page.replace("&#39;", "'") for story in visit.demo.hospital.stories.values())


@pytest.mark.parametrize("path", ["/", "/console", "/faults"])
def test_pages_have_one_heading_a_policy_and_no_inline_script(visit: Visit, path: str) -> None:
    answer = visit.client.get(path, base_url=BASE)
    text = answer.get_data(as_text=True)
    assert text.count("<h1") == 1
    assert "script" not in text
    assert "style=" not in text
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_cards_are_shown_as_text_with_a_button_that_launches(visit: Visit) -> None:
    page, calls = chart(visit, cards=[CARD])
    text = page.get_data(as_text=True)
    assert "ACT NOW &lt;b&gt;Replace&lt;/b&gt;" in text
    assert 'value="ctx-1"' in text
    assert "Concentrate 3000 mg" in text
    assert 'href="javascript:' not in text
    assert text.count("<h1") == 1
    assert calls[0]["context"] == {
        "userId": "Practitioner/osei",
        "patientId": "lindqvist",
        "encounterId": "lindqvist-stay",
    }


def test_the_hook_call_carries_complete_prefetch_and_a_token_that_works(visit: Visit) -> None:
    _, calls = chart(visit)
    sent = calls[0]["prefetch"]
    assert isinstance(sent, dict)
    assert sent["patient"]["id"] == "lindqvist"
    assert len(sent["vitals"]["entry"]) == sent["vitals"]["total"] > 50
    assert [link["relation"] for link in sent["fibrinogen"]["link"]] == ["self"]
    authorization = calls[0]["fhirAuthorization"]
    assert isinstance(authorization, dict)
    assert visit.fhir("GET", "/Observation?patient=lindqvist", authorization["access_token"]).status_code == 200
    assert visit.fhir("GET", "/Observation?patient=tanaka", authorization["access_token"]).status_code == 403


def test_prefetch_shows_the_same_faults_as_reading(visit: Visit) -> None:
    visit.demo.faults.switch_on(Fault.LOST_UNIT)
    _, calls = chart(visit)
    sent = calls[0]["prefetch"]
    assert isinstance(sent, dict)
    assert sent["fibrinogen"]["entry"][0]["resource"]["valueQuantity"] == {"value": 0.8}


def test_an_app_that_does_not_answer_is_said(visit: Visit) -> None:
    with responses.RequestsMock():
        page = visit.client.get("/chart/tanaka", base_url=BASE).get_data(as_text=True)
    assert "did not answer. Is it running?" in page


def test_an_app_that_answers_an_error_is_said(visit: Visit) -> None:
    page, _ = chart(visit, status=500)
    assert "answered 500" in page.get_data(as_text=True)


def test_the_frame_launches_the_app_for_this_chart(visit: Visit) -> None:
    answer = visit.client.post("/chart/lindqvist/launch", data={"app_context": "ctx-1"}, base_url=BASE)
    assert answer.status_code == 303
    found = re.fullmatch(
        rf"{APP}/launch\?iss=http%3A%2F%2F127.0.0.1%3A8001%2Ffhir&launch=([\w-]+)", answer.headers["Location"]
    )
    assert found is not None
    tokens = visit.tokens(launch=found[1])
    assert (tokens["patient"], tokens["appContext"]) == ("lindqvist", "ctx-1")


@pytest.mark.parametrize(
    ("value", "unit", "ago"),
    [("1.20", "g/L", "0"), ("1,20", "g/L", "5"), ("120", "mg/dL", "2026-03-01T07:50:00+00:00")],
)
def test_an_added_result_is_the_newest(visit: Visit, value: str, unit: str, ago: str) -> None:
    answer = visit.post("/chart/lindqvist/results", {"value": value, "unit": unit, "collected": ago})
    assert answer.status_code == 303
    newest = visit.demo.hospital.server.everything(
        "Observation", [("patient", "lindqvist"), ("code", "3255-7"), ("_sort", "-date")]
    )[0]
    assert (str(newest["valueQuantity"]["value"]), newest["valueQuantity"]["code"]) == (value.replace(",", "."), unit)


@pytest.mark.parametrize(
    ("value", "unit", "ago"),
    [
        ("low", "g/L", "0"),
        ("-1", "g/L", "0"),
        ("1.2", "mg", "0"),
        ("1.2", "g/L", "yesterday"),
        ("1.2", "g/L", "99999"),
        ("1.2", "g/L", "2026-03-01T09:00:00Z"),
    ],
)
def test_a_result_that_means_nothing_is_not_stored(visit: Visit, value: str, unit: str, ago: str) -> None:
    before = visit.demo.hospital.server.store.history()[0]
    with responses.RequestsMock():
        answer = visit.post("/chart/lindqvist/results", {"value": value, "unit": unit, "collected": ago})
    assert answer.status_code == 400
    assert "Give a number" in answer.get_data(as_text=True)
    assert visit.demo.hospital.server.store.history()[0] == before


def test_an_order_is_shown_with_status_identifier_and_author(visit: Visit) -> None:
    visit.fhir("POST", "", visit.tokens()["access_token"], a_transaction(number="proposal-77"))
    text = chart(visit)[0].get_data(as_text=True)
    for words in ("Fibrinogen concentrate", "3000 mg", "draft proposal", "identifier proposal-77", "Practitioner/osei"):
        assert words in text


def test_reset_undoes_everything(visit: Visit) -> None:
    token = visit.tokens()["access_token"]
    visit.fhir("POST", "", token, a_transaction())
    visit.post("/chart/lindqvist/results", {"value": "1", "unit": "g/L", "collected": "0"})
    visit.demo.faults.switch_on(Fault.FHIR_500)
    assert visit.post("/reset", {}).status_code == 303
    assert visit.demo.faults.names() == ()
    assert visit.fhir("GET", "/Patient/lindqvist", token).status_code == 401
    server = visit.demo.hospital.server
    assert server.everything("MedicationRequest", [("identifier", f"{APP}/proposal|1")]) == []
    newest = server.everything("Observation", [("patient", "lindqvist"), ("code", "3255-7"), ("_sort", "-date")])[0]
    assert str(newest["valueQuantity"]["value"]) == "0.80"


def test_an_unknown_chart_is_not_found(visit: Visit) -> None:
    assert visit.client.get("/chart/nobody", base_url=BASE).status_code == 404


def test_faults_are_set_from_their_page(visit: Visit) -> None:
    visit.post("/faults", {"on": "slow_fhir", "resource": "Condition", "seconds": "1.5"})
    setting = visit.demo.faults.on(Fault.SLOW_FHIR, "Condition")
    assert setting is not None
    assert setting.seconds == 1.5
    assert visit.demo.faults.on(Fault.SLOW_FHIR, "Patient") is None
    visit.post("/faults", {})
    assert visit.demo.faults.names() == ()


@pytest.mark.req("SEC-05")
def test_the_console_shows_exchanges_without_tokens(visit: Visit) -> None:
    tokens = visit.tokens()
    visit.fhir("GET", "/Observation?code=3255-7", tokens["access_token"])
    page = visit.client.get("/console", base_url=BASE).get_data(as_text=True)
    for words in ("authorize", "/token", "/fhir/Observation?code=3255-7"):
        assert words in page
    for secret in (tokens["access_token"], tokens["id_token"], "v" * 60):
        assert secret not in page
    visit.post("/console/clear", {})
    assert "Nothing was exchanged yet" in visit.client.get("/console", base_url=BASE).get_data(as_text=True)


def test_every_switch_is_set_on_the_first_page_and_reset_there(visit: Visit) -> None:
    first = visit.client.get("/", base_url=BASE).get_data(as_text=True)
    assert set(re.findall(r'type="checkbox" name="on" value="(\w+)"', first)) == set(Fault)
    answer = visit.post("/faults", {"on": "two_charts", "back": "patients"})
    assert answer.headers["Location"] == "/#faults"
    assert visit.demo.faults.names() == ("two_charts",)
    visit.post("/reset", {})
    assert visit.demo.faults.names() == ()


def test_two_charts_are_opened_at_the_same_moment(visit: Visit) -> None:
    assert chart(visit)[0].get_data(as_text=True).count("<iframe") == 1
    visit.demo.faults.switch_on(Fault.TWO_CHARTS)
    page = chart(visit)[0].get_data(as_text=True)
    assert re.findall(r'<iframe [^>]*src="/chart/(\w+)/launch"', page) == ["lindqvist", "moreau"]
