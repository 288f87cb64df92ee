"""The switches on writing, one by one (the app before them: tests/writeback)."""

import threading
import time
from typing import Any

import pytest
from werkzeug.test import TestResponse

from smartapp.demo.faults import SENTENCES, Fault
from smartapp.demo.write_faults import FOREIGN
from tests.demo.test_fhir_gate import ORDER_EXISTS, token
from tests.demo.visits import APP, Visit, a_transaction, an_order


def written(visit: Visit, held: str, **headers: str) -> TestResponse:
    return visit.fhir("POST", "/MedicationRequest", held, an_order(), **headers)


def stored(visit: Visit) -> list[Any]:
    return visit.demo.hospital.server.everything("MedicationRequest", [("identifier", f"{APP}/proposal|1")])


def searched(visit: Visit, held: str) -> TestResponse:
    path, form = "/fhir/MedicationRequest/_search", {"identifier": f"{APP}/proposal|1"}
    return visit.client.post(path, data=form, headers={"Authorization": f"Bearer {held}"})


def test_every_switch_has_its_sentence() -> None:
    assert set(SENTENCES) == set(Fault)


@pytest.mark.parametrize(
    ("fault", "status", "kept"),
    [
        (Fault.REFUSED_WRITE, 422, 0),
        (Fault.FAILED_ANSWER, 422, 1),
        (Fault.CUT_BEFORE, 500, 0),
        (Fault.CUT_AFTER, 500, 1),
    ],
)
def test_a_write_may_fail_before_or_after_it_is_stored(visit: Visit, fault: Fault, status: int, kept: int) -> None:
    held = token(visit)
    visit.demo.faults.switch_on(fault, resource="MedicationRequest", status=422)
    assert (written(visit, held).status_code, len(stored(visit))) == (status, kept)
    assert visit.demo.faults.acted(fault) == 1


def test_a_refused_transaction_stores_nothing(visit: Visit) -> None:
    held = token(visit)
    visit.demo.faults.switch_on(Fault.REFUSED_WRITE, resource="Bundle", status=501)
    assert (visit.fhir("POST", "", held, a_transaction()).status_code, stored(visit)) == (501, [])


@pytest.mark.parametrize(("fault", "kept"), [(Fault.HELD_BEFORE, 0), (Fault.HELD_AFTER, 1)])
def test_a_held_write_goes_on_when_the_switch_goes_off(visit: Visit, fault: Fault, kept: int) -> None:
    held, faults = token(visit), visit.demo.faults
    faults.switch_on(fault, resource="MedicationRequest", seconds=30)
    writing = threading.Thread(target=written, args=(visit, held))
    writing.start()
    while not faults.acted(fault):
        time.sleep(0.01)
    assert len(stored(visit)) == kept
    faults.switch_off(fault)
    writing.join()
    assert len(stored(visit)) == 1


@pytest.mark.parametrize(
    ("fault", "place"),
    [(Fault.RELATIVE_LOCATION, "MedicationRequest/"), (Fault.FOREIGN_LOCATION, f"{FOREIGN}/"), (Fault.NO_LOCATION, "")],
)
def test_the_place_of_what_was_stored(visit: Visit, fault: Fault, place: str) -> None:
    held = token(visit)
    visit.demo.faults.switch_on(fault)
    found = written(visit, held).headers.get("Location", "")
    assert found.startswith(place)
    assert bool(found) == bool(place)


@pytest.mark.parametrize(("fault", "kind"), [(Fault.NO_BODY, None), (Fault.OUTCOME_BODY, "OperationOutcome")])
def test_the_body_of_the_answer(visit: Visit, fault: Fault, kind: str | None) -> None:
    held = token(visit)
    visit.demo.faults.switch_on(fault)
    answer = written(visit, held, Prefer="return=representation")
    assert (answer.status_code, (answer.get_json(silent=True) or {}).get("resourceType")) == (201, kind)


def test_an_index_that_lags_is_seen_past_by_a_condition(visit: Visit) -> None:
    held = token(visit)
    written(visit, held)
    visit.demo.faults.switch_on(Fault.LAGGING_SEARCH, resource="*")
    assert searched(visit, held).get_json()["total"] == 0
    assert written(visit, held, If_None_Exist=ORDER_EXISTS).status_code == 200


def test_searches_by_post_may_be_refused(visit: Visit) -> None:
    held = token(visit)
    visit.demo.faults.switch_on(Fault.NO_POST_SEARCH, resource="*")
    assert searched(visit, held).status_code == 405


def test_what_was_stored_may_not_be_read(visit: Visit) -> None:
    held = token(visit)
    order = written(visit, held).get_json()
    visit.demo.faults.switch_on(Fault.NO_READ_BACK, resource="MedicationRequest", status=403)
    assert visit.fhir("GET", f"/MedicationRequest/{order['id']}", held).status_code == 403
    assert visit.fhir("GET", "/Patient/lindqvist", held).status_code == 200


@pytest.mark.parametrize(
    ("fault", "name", "value"),
    [
        (Fault.ALTERED_STATUS, "status", "active"),
        (Fault.ALTERED_PRODUCT, "medicationCodeableConcept", "Albumin"),
        (Fault.NORMALISED_WRITE, "extension", "https://ehr.example.org/source"),
    ],
)
def test_what_is_stored_may_be_changed(visit: Visit, fault: Fault, name: str, value: str) -> None:
    held = token(visit)
    visit.demo.faults.switch_on(fault)
    assert value in str(written(visit, held).get_json()[name])


def test_conditions_may_be_ignored(visit: Visit) -> None:
    held = token(visit)
    visit.demo.faults.switch_on(Fault.IGNORED_CONDITION)
    assert [written(visit, held, If_None_Exist=ORDER_EXISTS).status_code for _ in range(2)] == [201, 201]


def test_the_metadata_may_be_absent_or_silent(visit: Visit) -> None:
    visit.demo.faults.switch_on(Fault.SILENT_METADATA)
    rest = visit.fhir("GET", "/metadata").get_json()["rest"][0]
    assert "interaction" not in rest
    assert not any("conditionalCreate" in kind for kind in rest["resource"])
    visit.demo.faults.switch_on(Fault.NO_METADATA)
    assert visit.fhir("GET", "/metadata").status_code == 404


def test_a_colleague_orders_after_the_third_reading_of_orders(visit: Visit) -> None:
    held = visit.tokens()["access_token"]
    visit.demo.faults.switch_on(Fault.DUPLICATE_ORDER)
    readings = [visit.fhir("GET", "/MedicationRequest?patient=lindqvist", held).get_json() for _ in range(5)]
    found = [
        [e["resource"] for e in one.get("entry", ()) if "Lund" in str(e["resource"].get("requester"))]
        for one in readings
    ]
    assert [len(orders) for orders in found] == [0, 0, 0, 1, 1]
    (order,) = found[-1]
    assert (order["status"], order["medicationCodeableConcept"]["text"]) == ("active", "Cryoprecipitate")
    visit.demo.reset()
    assert "Lund" not in str(visit.demo.hospital.server.everything("MedicationRequest", [("patient", "lindqvist")]))


def test_an_order_may_be_stored_for_another_patient(visit: Visit) -> None:
    held = visit.tokens()["access_token"]
    visit.demo.faults.switch_on(Fault.ALTERED_PATIENT)
    assert written(visit, held).status_code == 201
    assert [order["subject"]["reference"] for order in stored(visit)] == ["Patient/haddad"]


def test_changes_of_a_stored_order_may_be_refused(visit: Visit) -> None:
    held = visit.tokens()["access_token"]
    order = written(visit, held).get_json()
    visit.demo.faults.switch_on(Fault.REFUSED_UPDATE, resource="MedicationRequest", status=409)
    changed = {**order, "status": "cancelled"}
    assert visit.fhir("PUT", f"/MedicationRequest/{order['id']}", held, changed).status_code == 409
    assert [one["status"] for one in stored(visit)] == ["draft"]
