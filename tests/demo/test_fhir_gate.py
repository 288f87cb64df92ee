import pytest

from smartapp.demo.faults import Fault
from tests.demo.visits import APP, BASE, SCOPE, Visit, a_transaction, an_order

ORDER_EXISTS = f"identifier={APP}/proposal|1"


def token(visit: Visit, scope: str = SCOPE, patient: str = "lindqvist") -> str:
    return str(visit.tokens(scope=scope, launch=visit.demo.create_launch(patient))["access_token"])


def resolved(visit: Visit, path: str, code: str = "3255-7") -> str:
    """The path with `@patient` replaced by the id of that patient's newest result of a code."""
    before, at, patient = path.partition("@")
    search = [("patient", patient), ("code", code), ("_sort", "-date")]
    return before + str(visit.demo.hospital.server.everything("Observation", search)[0]["id"]) if at else path


@pytest.mark.parametrize("path", ["/Patient/lindqvist", "/Observation?patient=lindqvist", ""])
def test_no_token_no_answer(visit: Visit, path: str) -> None:
    answer = visit.fhir("GET", path)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert 'error="invalid_token"' in visit.fhir("GET", path, "guessed").headers["WWW-Authenticate"]


def test_metadata_is_open_and_tells_the_truth(visit: Visit) -> None:
    statement = visit.fhir("GET", "/metadata").get_json()
    orders = next(one for one in statement["rest"][0]["resource"] if one["type"] == "MedicationRequest")
    assert orders["conditionalCreate"] is True
    assert statement["rest"][0]["security"]["service"][0]["coding"][0]["code"] == "SMART-on-FHIR"
    visit.demo.faults.switch_on(Fault.NO_CONDITIONAL_CREATE)
    statement = visit.fhir("GET", "/metadata").get_json()
    assert not any(one["conditionalCreate"] for one in statement["rest"][0]["resource"])


@pytest.mark.parametrize(
    ("scope", "method", "path", "status"),
    [
        ("patient/Observation.rs", "GET", "/Observation?patient=lindqvist", 200),
        ("patient/Observation.r", "GET", "/Observation?patient=lindqvist", 403),
        ("patient/Observation.s", "GET", "/Observation/@lindqvist", 403),
        ("patient/Observation.r", "GET", "/Observation/@lindqvist", 200),
        ("patient/Observation.read", "GET", "/Observation?patient=lindqvist", 200),
        ("patient/*.read", "GET", "/Condition?patient=lindqvist", 200),
        ("patient/*.*", "GET", "/Patient/lindqvist", 200),
        ("patient/*.rs", "GET", "/Patient/lindqvist", 200),
        ("patient/Observation.write", "GET", "/Observation?patient=lindqvist", 403),
        ("patient/Observation.rs", "GET", "/Condition?patient=lindqvist", 403),
        ("patient/*.rs", "GET", "/Patient/tanaka", 403),
        ("patient/*.rs", "GET", "/Observation/@tanaka", 403),
        ("patient/*.rs", "GET", "/Observation?patient=tanaka", 403),
        ("patient/*.rs", "GET", "/Observation?subject=Patient/tanaka", 403),
        ("patient/*.rs", "GET", "/Observation?patient.name=x", 403),
        ("patient/*.rs", "GET", "/Patient?_has:Observation:patient:code=3255-7", 403),
        ("patient/*.rs", "GET", "/Patient?_revinclude=Observation:patient", 403),
        ("patient/*.rs", "GET", "/Patient/lindqvist/$everything", 403),
        ("patient/*.rs", "GET", "/Patient/tanaka/Observation", 403),
        ("patient/*.rs", "GET", "/Observation/_history", 403),
        ("patient/*.rs", "GET", "/_history", 403),
        ("patient/*.rs", "GET", "/Practitioner/osei", 200),
        ("user/Observation.rs", "GET", "/Observation?patient=tanaka", 200),
        ("user/Observation.read", "GET", "/Observation/@tanaka", 200),
    ],
)
@pytest.mark.req("SAL-52", "SAL-53")
def test_scopes_on_reads(visit: Visit, scope: str, method: str, path: str, status: int) -> None:
    assert visit.fhir(method, resolved(visit, path), token(visit, f"launch {scope}")).status_code == status


@pytest.mark.parametrize(
    ("scope", "patient", "status"),
    [
        ("patient/MedicationRequest.c", "lindqvist", 201),
        ("patient/MedicationRequest.write", "lindqvist", 201),
        ("patient/MedicationRequest.*", "lindqvist", 201),
        ("patient/MedicationRequest.rs", "lindqvist", 403),
        ("patient/MedicationRequest.read", "lindqvist", 403),
        ("patient/ServiceRequest.c", "lindqvist", 403),
        ("patient/MedicationRequest.c", "tanaka", 403),
    ],
)
def test_scopes_on_writes(visit: Visit, scope: str, patient: str, status: int) -> None:
    answer = visit.fhir("POST", "/MedicationRequest", token(visit, f"launch {scope}"), an_order(patient))
    assert answer.status_code == status


def test_a_search_without_patient_finds_only_the_launch_patient(visit: Visit) -> None:
    found = visit.fhir("GET", "/Observation?code=3255-7&_count=50", token(visit)).get_json()
    assert {entry["resource"]["subject"]["reference"] for entry in found["entry"]} == {"Patient/lindqvist"}
    assert found["total"] == len(found["entry"])


@pytest.mark.req("SAL-54")
def test_a_constrained_scope_hides_what_it_does_not_name(visit: Visit) -> None:
    category = "http://terminology.hl7.org/CodeSystem/observation-category"
    held = token(visit, f"launch patient/Observation.rs?category={category}|laboratory")
    assert visit.fhir("GET", "/Observation?code=8310-5", held).get_json()["total"] == 0
    assert visit.fhir("GET", "/Observation?code=3255-7", held).get_json()["total"] > 5
    assert visit.fhir("GET", resolved(visit, "/Observation/@lindqvist", "8310-5"), held).status_code == 403
    assert visit.fhir("GET", resolved(visit, "/Observation/@lindqvist"), held).status_code == 200


@pytest.mark.req("FHIR-20")
def test_pages_are_at_most_fifty_and_lead_to_all(visit: Visit) -> None:
    held, path, seen = (
        token(visit),
        "/Observation?patient=lindqvist&_sort=-date&_count=1000&date=ge2026-02-01T00:00:00Z",
        [],
    )
    pages = 0
    while path:
        page = visit.fhir("GET", path, held).get_json()
        assert len(page["entry"]) <= 50
        seen += [entry["resource"]["id"] for entry in page["entry"]]
        following = next((link["url"] for link in page["link"] if link["relation"] == "next"), "")
        path, pages = following.removeprefix(f"{BASE}/fhir"), pages + 1
    assert pages > 3
    assert len(seen) == len(set(seen)) == page["total"]


def test_search_by_post_and_several_codes(visit: Visit) -> None:
    form = {"patient": "lindqvist", "code": "http://loinc.org|3255-7,http://loinc.org|777-3", "_count": "50"}
    answer = visit.client.post(
        "/fhir/Observation/_search", data=form, headers={"Authorization": f"Bearer {token(visit)}"}, base_url=BASE
    )
    codes = {entry["resource"]["code"]["coding"][0]["code"] for entry in answer.get_json()["entry"]}
    assert codes == {"3255-7", "777-3"}


def test_conditional_create_makes_one(visit: Visit) -> None:
    held = token(visit)
    first = visit.fhir("POST", "/MedicationRequest", held, an_order(), If_None_Exist=ORDER_EXISTS)
    second = visit.fhir("POST", "/MedicationRequest", held, an_order(), If_None_Exist=ORDER_EXISTS)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.get_json()["id"] == second.get_json()["id"]


def test_transaction_writes_both_once(visit: Visit) -> None:
    held = token(visit)
    first = visit.fhir("POST", "", held, a_transaction()).get_json()
    again = visit.fhir("POST", "", held, a_transaction()).get_json()
    assert [entry["response"]["status"] for entry in first["entry"]] == ["201 Created", "201 Created"]
    assert again["entry"][0]["response"]["status"] == "200 OK"
    assert (
        visit.demo.hospital.server.everything("MedicationRequest", [("identifier", f"{APP}/proposal|1")])[0]["id"]
        == first["entry"][0]["resource"]["id"]
    )


@pytest.mark.parametrize("scope", ["patient/MedicationRequest.crus", "patient/Provenance.c"])
def test_transaction_is_refused_whole_if_one_entry_is_not_granted(visit: Visit, scope: str) -> None:
    assert visit.fhir("POST", "", token(visit, f"launch {scope}"), a_transaction()).status_code == 403
    assert visit.demo.hospital.server.everything("MedicationRequest", [("identifier", f"{APP}/proposal|1")]) == []


def test_transaction_cannot_reach_another_patient(visit: Visit) -> None:
    assert visit.fhir("POST", "", token(visit), a_transaction("tanaka")).status_code == 403
    other = visit.fhir("POST", "", token(visit, patient="tanaka"), a_transaction("tanaka"))
    assert other.status_code == 200
    assert (
        visit.fhir("POST", "", token(visit), a_transaction("lindqvist")).status_code == 403
    )  # the identifier is the other's


def test_batch_is_answered_entry_by_entry(visit: Visit) -> None:
    asked = [
        {"request": {"method": "GET", "url": url}}
        for url in ("Patient/lindqvist", "Patient/tanaka", "Observation?code=3255-7")
    ]
    answer = visit.fhir(
        "POST", "", token(visit), {"resourceType": "Bundle", "type": "batch", "entry": asked}
    ).get_json()
    assert [entry["response"]["status"] for entry in answer["entry"]] == ["200", "403", "200"]


def test_update_and_delete_only_what_is_granted_and_ours(visit: Visit) -> None:
    held = token(visit)
    order = visit.fhir("POST", "/MedicationRequest", held, an_order()).get_json()
    path = f"/MedicationRequest/{order['id']}"
    assert visit.fhir("PUT", path, held, {**order, "status": "cancelled"}).status_code == 200
    assert visit.fhir("PUT", path, held, {**order, "subject": {"reference": "Patient/tanaka"}}).status_code == 403
    assert visit.fhir("DELETE", path, held).status_code == 403


@pytest.mark.parametrize(
    "body", [{"resourceType": "MedicationRequest", "status": "draft"}, {"resourceType": "Observation"}, {}]
)
def test_an_invalid_resource_is_refused(visit: Visit, body: dict[str, str]) -> None:
    assert (
        visit.fhir(
            "POST", "/MedicationRequest", token(visit), {**body, "subject": {"reference": "Patient/lindqvist"}}
        ).status_code
        == 400
    )


@pytest.mark.parametrize(
    ("fault", "status"),
    [(Fault.EXPIRED_TOKEN, 401), (Fault.FHIR_429, 429), (Fault.FHIR_500, 500)],
)
def test_faults_on_reading(visit: Visit, fault: Fault, status: int) -> None:
    held = token(visit)
    visit.demo.faults.switch_on(fault, resource="Observation", seconds=2)
    answer = visit.fhir("GET", "/Observation?patient=lindqvist", held)
    assert answer.status_code == status
    assert answer.headers.get("Retry-After") == ("2" if status == 429 else None)
    assert visit.fhir("GET", "/Patient/lindqvist", held).status_code == (401 if fault is Fault.EXPIRED_TOKEN else 200)


def test_a_refreshed_token_works_while_launched_ones_count_as_expired(visit: Visit) -> None:
    tokens = visit.tokens(scope=f"{SCOPE} online_access")
    visit.demo.faults.switch_on(Fault.EXPIRED_TOKEN)
    form = {
        "grant_type": "refresh_token",
        "refresh_token": tokens["refresh_token"],
        "client_id": "fibrinogen-watch-public",
    }
    fresh = visit.post("/token", form).get_json()["access_token"]
    assert visit.fhir("GET", "/Patient/lindqvist", fresh).status_code == 200


def test_a_dropped_response_has_been_stored(visit: Visit) -> None:
    held = token(visit)
    visit.demo.faults.switch_on(Fault.DROPPED_RESPONSE)
    answer = visit.fhir("POST", "", held, a_transaction())
    assert (answer.status_code, answer.get_data()) == (500, b"")
    found = visit.client.post(
        "/fhir/MedicationRequest/_search",
        data={"identifier": f"{APP}/proposal|1"},
        headers={"Authorization": f"Bearer {held}"},
    )
    assert found.get_json()["total"] == 1


@pytest.mark.parametrize(("fault", "status"), [(Fault.NO_CONDITIONAL_CREATE, 412), (Fault.NO_TRANSACTION, 405)])
def test_faults_on_writing(visit: Visit, fault: Fault, status: int) -> None:
    held = token(visit)
    visit.demo.faults.switch_on(fault, resource="*")
    assert visit.fhir("POST", "", held, a_transaction()).status_code == status
    assert visit.demo.hospital.server.everything("MedicationRequest", [("identifier", f"{APP}/proposal|1")]) == []


@pytest.mark.parametrize("by_transaction", [True, False])
def test_an_altered_write_is_stored_altered(visit: Visit, by_transaction: bool) -> None:
    held = token(visit)
    visit.demo.faults.switch_on(Fault.ALTERED_WRITE)
    if by_transaction:
        stored = visit.fhir("POST", "", held, a_transaction()).get_json()["entry"][0]["resource"]
    else:
        stored = visit.fhir("POST", "/MedicationRequest", held, an_order()).get_json()
    assert stored["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]["value"] == 1


def test_lost_unit_and_broken_entry(visit: Visit) -> None:
    held = token(visit)
    visit.demo.faults.switch_on(Fault.LOST_UNIT)
    newest = visit.fhir("GET", "/Observation?code=3255-7&_sort=-date", held).get_json()["entry"][0]["resource"]
    assert newest["valueQuantity"] == {"value": 0.8}
    visit.demo.faults.switch_on(Fault.BROKEN_OBSERVATION)
    page = visit.fhir("GET", "/Observation?code=777-3", held).get_json()
    assert [entry["resource"].get("valueQuantity") for entry in page["entry"]].count("broken") == 1
