"""The demo EHR with a profile allows what standards/ehr-profiles.md declares, to the letter, and has its habits."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from smartapp.demo.app import create_demo
from smartapp.demo.faults import Fault
from tests.demo.visits import APP, BASE, Visit, a_transaction, an_order

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
EPIC, ORACLE = "epic-2026-05", "oracle-2026-08"
EVERYTHING = "launch patient/*.cruds"


@pytest.fixture(scope="module")
def profiled() -> dict[str, Visit]:
    """One demo EHR a profile."""
    folders = {"template_folder": str(ROOT / "templates"), "static_folder": str(ROOT / "static")}
    return {
        name: Visit(create_demo(base_url=BASE, app_url=APP, now=lambda: NOW, profile=name, **folders))
        for name in (EPIC, ORACLE)
    }


@pytest.fixture(params=[EPIC, ORACLE])
def either(profiled: dict[str, Visit], request: Any) -> Visit:
    """Each of the two."""
    return cleaned(profiled[request.param])


def cleaned(visit: Visit) -> Visit:
    visit.demo.faults.clear()
    visit.demo.conformance.clear()
    return visit


def token(visit: Visit) -> str:
    return str(visit.tokens(scope=EVERYTHING, launch=visit.demo.create_launch("lindqvist"))["access_token"])


ALLOWED = [
    (EPIC, "GET", "/Patient/lindqvist"),
    (EPIC, "GET", "/Patient?_id=lindqvist"),
    (EPIC, "GET", "/Observation?patient=lindqvist&code=http://loinc.org|3255-7&date=ge2026-01-01&_count=1000"),
    (EPIC, "GET", "/Observation?patient=lindqvist&category=laboratory"),
    (EPIC, "GET", "/MedicationAdministration?patient=lindqvist&effective-time=ge2026-01-01"),
    (EPIC, "GET", "/ServiceRequest?patient=lindqvist&identifier=x|1"),
    (EPIC, "GET", "/Encounter?patient=lindqvist"),
    (EPIC, "GET", "/DiagnosticReport?patient=lindqvist&date=ge2026-01-01"),
    (ORACLE, "GET", "/Observation?patient=lindqvist&_lastUpdated=ge2026-01-01"),
    (ORACLE, "GET", "/MedicationRequest?patient=lindqvist&status=draft&intent=proposal"),
    (ORACLE, "GET", "/Encounter?patient=lindqvist&status=in-progress"),
    (ORACLE, "GET", "/Practitioner/osei"),
]
REFUSED = [
    (EPIC, "GET", "/Observation?patient=lindqvist&_sort=-date"),
    (EPIC, "GET", "/Observation?patient=lindqvist&_lastUpdated=ge2026-01-01"),
    (EPIC, "GET", "/Observation?code=http://loinc.org|3255-7"),
    (EPIC, "GET", "/MedicationRequest?patient=lindqvist&_include=MedicationRequest:medication"),
    (EPIC, "GET", "/MedicationRequest?patient=lindqvist&identifier=x|1"),
    (EPIC, "GET", "/ServiceRequest?identifier=x|1"),
    (EPIC, "GET", "/Encounter?patient=lindqvist&date=ge2026-01-01"),
    (EPIC, "GET", "/Provenance?patient=lindqvist"),
    (EPIC, "GET", "/Subscription?status=active"),
    (EPIC, "GET", "/Practitioner?_id=osei"),
    (EPIC, "GET", "/Condition?patient=lindqvist&code:text=x"),
    (EPIC, "POST", "/MedicationRequest"),
    (EPIC, "DELETE", "/ServiceRequest/x"),
    (ORACLE, "GET", "/Observation?patient=lindqvist&issued=ge2026-01-01"),
    (ORACLE, "GET", "/MedicationRequest?patient=lindqvist&identifier=x|1"),
    (ORACLE, "GET", "/Encounter?patient=lindqvist&location=x"),
    (ORACLE, "GET", "/List?patient=lindqvist"),
    (ORACLE, "POST", "/ServiceRequest"),
    (ORACLE, "POST", "/Provenance"),
    (ORACLE, "PUT", "/MedicationRequest/x"),
]


@pytest.mark.req("FHIR-61")
@pytest.mark.parametrize(("name", "method", "path"), ALLOWED)
def test_what_is_declared_is_answered(profiled: dict[str, Visit], name: str, method: str, path: str) -> None:
    visit = cleaned(profiled[name])
    assert visit.fhir(method, path, token(visit)).status_code == 200
    assert visit.demo.refusals == ()


@pytest.mark.req("FHIR-61")
@pytest.mark.parametrize(("name", "method", "path"), REFUSED)
def test_all_else_is_refused_and_written_down(profiled: dict[str, Visit], name: str, method: str, path: str) -> None:
    visit = cleaned(profiled[name])
    body = {**an_order(), "resourceType": path.split("/")[1]} if method in ("POST", "PUT") else None
    answer = visit.fhir(method, path, token(visit), body)
    assert answer.status_code in (400, 405)
    assert answer.get_json()["resourceType"] == "OperationOutcome"
    (refusal,) = visit.demo.refusals
    assert refusal.method == method
    assert visit.client.get("/refused").get_json()["refused"][0]["why"] == refusal.why


def test_neither_transactions_nor_conditions(either: Visit) -> None:
    granted = token(either)
    assert either.fhir("POST", "", granted, a_transaction()).status_code == 405
    condition = {"If_None_Exist": "identifier=x|1"}
    assert either.fhir("POST", "/Observation", granted, {"resourceType": "Observation"}, **condition).status_code == 405
    assert len(either.demo.refusals) == 2


def test_a_batch_where_it_is_declared_and_each_of_its_entries_is_looked_at(profiled: dict[str, Visit]) -> None:
    asked = [
        {"request": {"method": "GET", "url": url}} for url in ("Patient/lindqvist", "Provenance?patient=lindqvist")
    ]
    batch = {"resourceType": "Bundle", "type": "batch", "entry": asked}
    oracle, epic = cleaned(profiled[ORACLE]), cleaned(profiled[EPIC])
    answer = oracle.fhir("POST", "", token(oracle), batch)
    assert [one["response"]["status"] for one in answer.get_json()["entry"]] == ["200", "400"]
    assert epic.fhir("POST", "", token(epic), batch).status_code == 405


def test_a_hundred_results_then_a_warning_and_a_page_that_can_expire(profiled: dict[str, Visit]) -> None:
    visit = cleaned(profiled[EPIC])
    for number in range(150):
        visit.demo.hospital.server.create(
            {
                "resourceType": "Observation",
                "status": "final",
                "code": {"text": "many"},
                "subject": {"reference": "Patient/lindqvist"},
                "category": [{"coding": [{"code": "many"}]}],
                "effectiveDateTime": f"2026-02-01T{number // 60:02d}:{number % 60:02d}:00Z",
            }
        )
    granted, search = token(visit), "/Observation?patient=lindqvist&category=many&_count=1000"
    first = visit.fhir("GET", search, granted).get_json()
    modes = [entry["search"]["mode"] for entry in first["entry"]]
    assert (modes.count("match"), modes.count("outcome")) == (100, 1)
    assert first["entry"][-1]["resource"]["issue"][0]["severity"] == "warning"
    times = [entry["resource"]["effectiveDateTime"] for entry in first["entry"][:-1]]
    assert times == sorted(times, reverse=True)
    assert "_sort" not in first["link"][0]["url"]
    following = next(link["url"] for link in first["link"] if link["relation"] == "next").removeprefix(f"{BASE}/fhir")
    assert len(visit.fhir("GET", following, granted).get_json()["entry"]) == 50
    assert visit.fhir("GET", following, granted).status_code == 410
    again = visit.fhir("GET", search, granted).get_json()
    visit.demo.faults.switch_on(Fault.EXPIRED_PAGE)
    expired = visit.fhir("GET", again["link"][1]["url"].removeprefix(f"{BASE}/fhir"), granted)
    assert expired.status_code == 410
    assert expired.get_json()["issue"][0]["code"] == "expired"
    visit.demo.reset()


def test_a_search_by_post_ignores_the_query_string(either: Visit) -> None:
    headers = {"Authorization": f"Bearer {token(either)}"}
    path = "/fhir/Observation/_search?patient=lindqvist"
    ignored = either.client.post(path, data={"category": "laboratory"}, headers=headers, base_url=BASE)
    assert ignored.status_code == 400
    asked = either.client.post(path, data={"patient": "lindqvist", "code": "3255-7"}, headers=headers, base_url=BASE)
    assert asked.status_code == 200
    assert [refusal.why for refusal in either.demo.refusals] == ["A search for Observation without a patient"]


def test_medications_are_contained(profiled: dict[str, Visit]) -> None:
    visit = cleaned(profiled[ORACLE])
    server = visit.demo.hospital.server
    drug = server.create({"resourceType": "Medication", "code": {"text": "Fibrinogen concentrate"}})
    order = {name: value for name, value in an_order().items() if name != "medicationCodeableConcept"}
    server.create({**order, "medicationReference": {"reference": f"Medication/{drug['id']}"}, "intent": "plan"})
    found = visit.fhir("GET", "/MedicationRequest?patient=lindqvist&intent=plan", token(visit)).get_json()
    (given,) = [entry["resource"] for entry in found["entry"] if "medicationReference" in entry["resource"]]
    assert given["medicationReference"] == {"reference": "#medication"}
    assert given["contained"][0]["code"] == {"text": "Fibrinogen concentrate"}
    visit.demo.reset()


def test_the_identifier_of_an_order_is_dropped(profiled: dict[str, Visit]) -> None:
    visit = cleaned(profiled[ORACLE])
    made = visit.fhir("POST", "/MedicationRequest", token(visit), an_order())
    assert made.status_code == 201
    assert "identifier" not in visit.demo.hospital.server.read("MedicationRequest", made.get_json()["id"])
    visit.demo.reset()


def test_break_the_glass_has_a_code_of_its_own(either: Visit) -> None:
    either.demo.faults.switch_on(Fault.BREAK_THE_GLASS, resource="Observation")
    answer = either.fhir("GET", "/Observation?patient=lindqvist", token(either))
    assert answer.status_code == 403
    assert answer.get_json()["issue"][0]["details"]["coding"][0]["code"] == "59178"


def test_the_profile_is_named(either: Visit) -> None:
    named = either.client.get("/refused").get_json()
    assert named == {"profile": either.demo.conformance.profile.name, "refused": []}
    statement = either.fhir("GET", "/metadata").get_json()
    assert named["profile"] in statement["implementation"]["description"]
