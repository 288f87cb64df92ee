"""The patient-view hook as a client calls it: discovery, prefetch states, cards, refusals, CORS."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smartapp.cdshooks.card_text import escaped
from smartapp.cdshooks.serialization import shortened
from smartapp.factory import create_app
from smartapp.storage.database import Database
from tests import charts as c
from tests.cdshooks.calls import ACT, bundle, call, prefetch
from tests.sites import open_settings
from tests.stories.hooked import app_client

URL = "/cds-services/coagulopathy-patient-view"
EHR = "http://127.0.0.1:8001"
NAMES = st.sampled_from(
    ["hook", "context", "prefetch", "patientId", "userId", "fhirServer", "resourceType", "entry", "resource", "x"]
)
LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=20)
BODIES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=5), max_leaves=20
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    return app_client(Path(tmp_path_factory.mktemp("hooks")))


def post(client: FlaskClient, body: Any, **headers: str) -> Any:
    raw = body if isinstance(body, bytes) else c.dumps(body)
    return client.post(URL, data=raw, content_type="application/json", headers=headers)


def cards(client: FlaskClient, *resources: c.Resource, **replaced: Any) -> list[dict[str, Any]]:
    answer = post(client, call(prefetch=prefetch(*resources, **replaced)))
    assert answer.status_code == 200, answer.get_data(as_text=True)
    found: list[dict[str, Any]] = answer.json["cards"]
    for card in found:
        check_card(card)
    return found


def check_card(card: dict[str, Any]) -> None:
    """What this patient's cards hold beyond what every card is checked for."""
    assert "P1" not in card["source"]["url"]
    assert len(card["overrideReasons"]) == 7
    assert "decision support" in card["detail"].lower()
    assert next(link["url"] for link in card["links"] if link["type"] == "smart") == "http://127.0.0.1:8000/launch"
    orders = [a["resource"] for s in card.get("suggestions", []) for a in s["actions"]]
    assert all(order["subject"] == {"reference": "Patient/P1"} for order in orders)


@pytest.mark.req("CDS-01", "CDS-02", "CDS-03", "CDS-04", "CDS-05", "CDS-06")
def test_discovery(client: FlaskClient) -> None:
    answer = client.get("/cds-services", headers={"Authorization": "Bearer foreign"})
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    services = answer.json["services"]
    assert len({service["id"] for service in services}) == len(services)


@pytest.mark.req("CDS-20", "CDS-21", "CDS-28")
def test_prefetch_templates_stay_within_what_2_0_clients_can_do(client: FlaskClient) -> None:
    for template in client.get("/cds-services").json["services"][0]["prefetch"].values():
        assert template.count("{{") == template.count("{{context.patientId}}") == 1
        assert "today()" not in template
        kind, _, query = template.partition("?")
        names = [part.split("=")[0] for part in query.split("&") if part]
        assert set(names) <= {"patient", "code", "category", "date", "_count", "_sort"}
        assert "_count=1&" not in template + "&" or "_sort" in names
        assert kind.split("/")[0].isalpha()


@pytest.mark.req(
    "CDS-40", "CDS-41", "CDS-42", "CDS-43", "CDS-44", "CDS-45", "CDS-46", "CDS-48", "CDS-49", "CDS-50", "CDS-51"
)
def test_a_patient_who_needs_fibrinogen_gets_one_card_with_both_products(client: FlaskClient) -> None:
    found = cards(client, *ACT)
    assert [card["indicator"] for card in found] == ["critical"]
    card = found[0]
    assert "0.8 g/L (80 mg/dL)" in card["summary"]
    labels = [suggestion["label"] for suggestion in card["suggestions"]]
    assert len(labels) == 2
    assert "units" in labels[0]
    assert "mg" in labels[1]
    kinds = [[action["resource"]["resourceType"] for action in s["actions"]] for s in card["suggestions"]]
    assert kinds == [["MedicationRequest", "ServiceRequest"]] * 2
    for words in (
        "REP-03 v2",
        "evidence L2",
        "Observation/fib",
        "Condition/crs".replace("Condition/crs", "CRS grade 3"),
    ):
        assert words in card["detail"].replace("\\", "")


@pytest.mark.req("CDS-53", "CDS-13")
def test_equal_calls_give_equal_cards_with_fresh_uuids(client: FlaskClient) -> None:
    first, second = cards(client, *ACT), cards(client, *reversed(ACT))
    assert {card["uuid"] for card in first}.isdisjoint(card["uuid"] for card in second)
    assert [without_uuids(card) for card in first] == [without_uuids(card) for card in second]


def without_uuids(card: dict[str, Any]) -> Any:
    return {
        **{name: value for name, value in card.items() if name != "uuid"},
        "suggestions": [{**s, "uuid": ""} for s in card.get("suggestions", [])],
    }


@pytest.mark.req("CDS-40")
def test_nothing_to_say_is_an_empty_list(client: FlaskClient) -> None:
    assert cards(client, c.patient("1990-01-10"), c.fibrinogen("0.5")) == []


@pytest.mark.req("CDS-10", "DSI-10")
@pytest.mark.parametrize("user", ["Patient/P1", "RelatedPerson/1"])
def test_patients_get_no_professional_guidance(client: FlaskClient, user: str) -> None:
    answer = post(client, call(context={"userId": user, "patientId": "P1"}))
    assert answer.json == {"cards": []}


@pytest.mark.req("CDS-22")
def test_null_is_known_to_be_none(client: FlaskClient) -> None:
    assert cards(client, *ACT, weight=None, medicationRequests=None)[0]["indicator"] == "critical"


@pytest.mark.req("CDS-22", "DQ-17")
def test_an_outcome_is_a_failed_read_that_is_named(client: FlaskClient) -> None:
    failed = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}
    found = cards(client, *ACT, conditions=failed)
    assert any("could not be read" in card["summary"] for card in found)
    assert not any("suggestions" in card for card in found)


@pytest.mark.req("CDS-23")
@pytest.mark.parametrize(
    "missing", [("patient",), ("fibrinogen",), ("procedures",), ("administrations",), ("conditions",)]
)
def test_required_data_absent_and_not_to_be_had_is_412(client: FlaskClient, missing: tuple[str, ...]) -> None:
    answer = post(client, call(prefetch=prefetch(*ACT, **dict.fromkeys(missing, ...))))
    assert answer.status_code == 412
    assert answer.json["resourceType"] == "OperationOutcome"
    assert missing[0] in answer.get_data(as_text=True)
    assert "cards" not in answer.json


@pytest.mark.req("CDS-22", "CDS-23")
def test_any_other_missing_key_is_a_named_gap(client: FlaskClient) -> None:
    found = cards(client, *ACT, allergies=...)
    assert any("Allergies could not be read" in card["summary"] + card["detail"] for card in found)


@pytest.mark.req("CDS-24")
@pytest.mark.parametrize("fibrinogen", [c.fibrinogen("0.9", hours_ago=25), c.fibrinogen("0.9", "mg/dL")])
def test_clinically_insufficient_is_200_with_cannot_assess(client: FlaskClient, fibrinogen: c.Resource) -> None:
    found = cards(client, c.patient("1990-01-10"), c.infusion(), c.crs(3), fibrinogen)
    assert any("Cannot assess" in card["summary"] for card in found)


@pytest.mark.req("CDS-25")
def test_a_prefetched_page_with_more_behind_it_is_incomplete(client: FlaskClient) -> None:
    paged = {
        **bundle(*[r for r in ACT if r["resourceType"] == "Observation"]),
        "link": [{"relation": "next", "url": f"{EHR}/fhir?p=2"}],
    }
    found = cards(client, *ACT, fibrinogen=paged)
    assert any("incomplete" in card["summary"] + card["detail"] for card in found)
    assert not any("suggestions" in card for card in found)


@pytest.mark.req("CDS-26", "DQ-19")
def test_another_patients_result_changes_nothing_and_is_reported(client: FlaskClient) -> None:
    foreign = c.fibrinogen("0.2", hours_ago=0.5, id_="foreign", subject={"reference": "Patient/P2"})
    before, after = cards(client, *ACT), cards(client, *ACT, foreign)
    assert before[0]["summary"] == after[0]["summary"]
    assert any("does not belong to this patient" in card["detail"] for card in after)


@pytest.mark.req("CDS-26", "DQ-17", "DQ-19", "FHIR-04", "FHIR-29")
@pytest.mark.parametrize(
    "infusion",
    [
        c.infusion(subject={"reference": "Patient/P2"}),
        c.infusion(modifierExtension=[{"url": "https://ehr.test/odd", "valueBoolean": True}]),
        c.infusion(code="odd", performedDateTime=7),
    ],
    ids=["foreign", "modified", "malformed"],
)
def test_a_record_that_may_tell_of_an_infusion_is_never_silently_left_out(
    client: FlaskClient, infusion: c.Resource
) -> None:
    others = [resource for resource in ACT if resource["id"] not in (infusion["id"], "crs")]
    (card,) = cards(client, *others, infusion)
    assert card["summary"].startswith("Cannot tell whether CAR-T cells were given: Procedure/cart")
    assert "suggestions" not in card
    (with_crs,) = cards(client, *others, c.crs(3), infusion)
    assert with_crs["summary"].startswith("Cytokine release syndrome is recorded, no CAR-T infusion was recognised")
    assert "Procedure/cart" in with_crs["detail"]


@pytest.mark.req("CDS-14")
def test_unknown_members_are_ignored(client: FlaskClient) -> None:
    body = call(extension={"x": 1}, future=True)
    body["context"] = {**body["context"], "unknown": [1, 2]}
    assert post(client, body).status_code == 200


@pytest.mark.req("CDS-15", "CDS-16", "CDS-30", "CDS-33", "CDS-70", "CDS-71")
@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"hook": "order-sign"}, "hook"),
        ({"hook": ...}, "hook"),
        ({"hookInstance": ...}, "hookInstance"),
        ({"hookInstance": ""}, "hookInstance"),
        ({"hookInstance": 7}, "hookInstance"),
        ({"context": ...}, "context"),
        ({"context": []}, "context"),
        ({"context": {"userId": "Practitioner/7"}}, "patientId"),
        ({"context": {"userId": "Practitioner/7", "patientId": "../x"}}, "patientId"),
        ({"context": {"userId": "7", "patientId": "P1"}}, "userId"),
        ({"context": {"userId": "Practitioner/7", "patientId": "P1", "encounterId": "a/b"}}, "encounterId"),
        ({"prefetch": []}, "prefetch"),
        ({"prefetch": {"patient": "x"}}, "prefetch.patient"),
        ({"fhirAuthorization": {"access_token": "t"}}, "fhirAuthorization"),
        ({"fhirServer": 7}, "fhirServer"),
    ],
)
def test_malformed_calls_name_the_member(client: FlaskClient, change: dict[str, Any], names: str) -> None:
    answer = post(client, call(**change))
    assert answer.status_code == 400
    outcome = answer.json
    assert outcome["resourceType"] == "OperationOutcome"
    assert names in outcome["issue"][0]["details"]["text"]


@pytest.mark.req("CDS-73")
@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"hook": "patient-view", "hook": "patient-view"}',
        b'{"hook": NaN}',
        b'{"context": {"patientId": "P1", "patientId": "P2"}}',
        b'{"prefetch": {"patient": null, "patient": null}}',
        b'{"context": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b"\xff\xfe",
    ],
)
def test_hostile_documents_end_quickly(client: FlaskClient, raw: bytes) -> None:
    assert post(client, raw).status_code == 400


@pytest.mark.req("CDS-73", "CDS-70")
@pytest.mark.parametrize("megabytes", [5.5, 7])
def test_a_body_that_is_too_large(client: FlaskClient, megabytes: float) -> None:
    answer = post(client, b'{"x": "' + b"x" * int(megabytes * 1024 * 1024) + b'"}')
    assert answer.status_code == 413
    assert answer.json["resourceType"] == "OperationOutcome"


@pytest.mark.req("CDS-70")
def test_other_statuses_are_json_too(client: FlaskClient) -> None:
    unknown = client.post("/cds-services/unknown", data=b"{}", content_type="application/json")
    assert (unknown.status_code, unknown.json["resourceType"]) == (404, "OperationOutcome")
    wrong = client.get(URL)
    assert wrong.status_code == 405
    assert "POST" in wrong.headers["Allow"]
    assert wrong.json["resourceType"] == "OperationOutcome"
    form = client.post(URL, data=b"{}", content_type="text/plain")
    assert (form.status_code, form.json["resourceType"]) == (415, "OperationOutcome")


@pytest.mark.req("CDS-32", "CDS-70")
def test_a_foreign_fhir_server_is_refused(client: FlaskClient) -> None:
    for server in ("https://evil.test/fhir", "http://169.254.169.254/", f"{EHR}/fhir/x", f"{EHR}/fhir?x=1"):
        answer = post(client, call(fhirServer=server))
        assert answer.status_code == 401
        assert answer.json == {"error": "unauthorized"}


@pytest.mark.req("CDS-80")
def test_production_answers_401(tmp_path: Path) -> None:
    development = open_settings(tmp_path)
    Database(development.database).upgrade()
    production = development.model_copy(update={"mode": "production"})
    answer = post(create_app(production, now=lambda: c.NOW).test_client(), call())
    assert (answer.status_code, answer.json) == (401, {"error": "unauthorized"})


@pytest.mark.req("CDS-95", "CDS-96")
@pytest.mark.parametrize("path", ["/cds-services", URL])
@pytest.mark.parametrize(
    ("origin", "allowed"),
    [(EHR, True), ("http://127.0.0.1:80010", False), ("null", False), (f"{EHR}.evil.test", False)],
)
def test_cors(client: FlaskClient, path: str, origin: str, allowed: bool) -> None:
    answers = [client.options(path, headers={"Origin": origin}), client.get(path, headers={"Origin": origin})]
    answers.append(post(client, b"{}", Origin=origin))
    assert answers[0].status_code in (200, 204)
    for answer in answers:
        assert (answer.headers.get("Access-Control-Allow-Origin") == origin) is allowed
        assert "Origin" in answer.headers["Vary"]
        assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.req("CDS-43")
@pytest.mark.parametrize(
    "name", ["<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "# big", "a|b", "`code`", "&lt;script&gt;"]
)
def test_record_text_is_inert_markdown(name: str) -> None:
    text = escaped(name)
    assert "<" not in text
    assert "](" not in text
    assert not text.startswith("#")


@pytest.mark.req("CDS-43", "SEC-06")
def test_hostile_record_text_reaches_no_card_as_markup(client: FlaskClient) -> None:
    code = {"coding": [{"system": c.ICD10CM, "code": "I82.401"}], "text": "<script>[x](javascript:1)"}
    evil = {**c.condition("dvt", "I82.401", 240), "code": code}
    for card in cards(client, *ACT, evil):
        assert "](javascript" not in card["detail"]


@pytest.mark.req("CDS-41")
@given(st.text(max_size=400))
def test_summaries_are_short_in_utf_16(text: str) -> None:
    assert len(shortened(text).encode("utf-16-le", "surrogatepass")) // 2 < 140


@pytest.mark.req("CDS-73", "CDS-71")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=BODIES)
def test_no_body_is_a_500(client: FlaskClient, body: Any) -> None:
    answer = client.post(URL, data=json.dumps(body), content_type="application/json")
    assert answer.status_code < 500
    marked = call(
        context={"userId": "Practitioner/7", "patientId": "P1"},
        prefetch={"patient": body, "fibrinogen": body, "procedures": body},
    )
    assert post(client, marked).status_code < 500
