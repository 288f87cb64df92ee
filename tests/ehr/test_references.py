"""What records name by reference only is read beside them; only older results missing is told from any results missing."""

import json
from typing import Any

import pytest

from smartapp.ehr.source import FhirChartSource
from smartapp.fhir.chart import Answer, AnswerState
from smartapp.fhir.page_order import newest_first
from smartapp.fhir.queries import BY_NAME
from smartapp.fhir.references import missing_references
from smartapp.outbound import HttpReply
from tests import charts as c
from tests.charts import NOW
from tests.ehr.test_client import BASE, Ehr, client, reply


class Server:
    """Resources by type and id; counts the reads by id."""

    def __init__(self, *resources: c.Resource, search_specimens: bool = True) -> None:
        self.resources, self.search_specimens, self.read = resources, search_specimens, []

    def __call__(self, url: str) -> HttpReply:
        kind, _, id_ = url.removeprefix(f"{BASE}/").partition("?")[0].partition("/")
        found = [r for r in self.resources if r["resourceType"] == kind and id_ in ("", r["id"])]
        if id_:
            self.read.append(f"{kind}/{id_}")
            return reply(json.loads(c.dumps(found[0]))) if found else reply(status=404)
        if kind == "Specimen" and not self.search_specimens:
            return reply(status=404)
        return reply(json.loads(c.bundle(*found, kind="searchset")))


def answers(server: Server, *names: str) -> dict[str, Answer]:
    source = FhirChartSource(client(Ehr(server)), "P1", as_of=lambda: NOW, may_read=lambda _: "")
    return {answer.query: answer for answer in source.answer([BY_NAME[name] for name in names])}


def kinds(answer: Answer) -> list[str]:
    return [json.loads(raw)["resourceType"] for raw in answer.resources]


FIBRINOGEN = c.fibrinogen("0.8", specimen={"reference": "Specimen/s1"})
SPECIMEN = {"resourceType": "Specimen", "id": "s1", "status": "unsatisfactory", "subject": c.SUBJECT}


@pytest.mark.req("DQ-28")
def test_a_specimen_found_by_its_own_search_is_not_read_again() -> None:
    server = Server(FIBRINOGEN, SPECIMEN)
    found = answers(server, "specimens", "fibrinogen")
    assert kinds(found["specimens"]) == ["Specimen"]
    assert server.read == []


@pytest.mark.req("DQ-28", "FHIR-29")
def test_a_specimen_is_read_by_its_id_where_no_search_gives_it() -> None:
    server = Server(FIBRINOGEN, SPECIMEN, search_specimens=False)
    found = answers(server, "specimens", "fibrinogen")
    assert found["specimens"].state is AnswerState.NOT_OFFERED
    assert kinds(found["fibrinogen"]) == ["Observation", "Specimen"]


@pytest.mark.req("FHIR-13")
def test_a_medication_and_its_ingredient_are_read() -> None:
    given = {
        "resourceType": "MedicationAdministration",
        "id": "g",
        "status": "completed",
        "medicationReference": {"reference": f"{BASE}/Medication/m/_history/3"},
    }
    mixed = {
        "resourceType": "Medication",
        "id": "m",
        "ingredient": [{"itemReference": {"reference": "Medication/part"}}],
    }
    server = Server(given, mixed, {"resourceType": "Medication", "id": "part"})
    found = answers(server, "administrations")["administrations"]
    assert server.read == ["Medication/m", "Medication/part"]
    assert kinds(found) == ["MedicationAdministration", "Medication", "Medication"]


@pytest.mark.req("SAL-88", "FHIR-13")
@pytest.mark.parametrize(
    "reference", ["https://other.example/fhir/Medication/m", "#m", "urn:uuid:1", "Medication/../x", "Device/d", ""]
)
def test_what_lies_elsewhere_is_not_asked_for(reference: str) -> None:
    record = json.dumps({"medicationReference": {"reference": reference}}).encode()
    assert missing_references([record], ["Medication"], BASE) == ()


@pytest.mark.req("9.7", "DQ-30", "DQ-28")
@pytest.mark.parametrize(
    ("record", "wanted"),
    [
        ({"resourceType": "Procedure", "usedReference": [{"reference": "BiologicallyDerivedProduct/b"}]}, "BiologicallyDerivedProduct/b"),
        ({"resourceType": "Observation", "hasMember": [{"reference": "Observation/o"}]}, "Observation/o"),
        ({"resourceType": "DiagnosticReport", "specimen": [{"reference": "Specimen/s"}]}, "Specimen/s"),
        ({"resourceType": "DiagnosticReport", "contained": [{"resourceType": "Observation", "specimen": {"reference": "Specimen/s"}}]}, "Specimen/s"),
        ({"resourceType": "MedicationDispense", "medicationReference": {"reference": "Medication/m"}}, "Medication/m"),
    ],
    ids=["blood product", "member of a panel", "specimen of a report", "specimen of a contained result", "dispense"],
)  # fmt: skip
def test_each_kind_of_reference(record: dict[str, Any], wanted: str) -> None:
    asked = ["Medication", "Specimen", "BiologicallyDerivedProduct", "Observation"]
    assert missing_references([json.dumps(record).encode()], asked, BASE) == (wanted,)
    assert missing_references([json.dumps(record).encode()], asked, BASE, here=[wanted]) == ()
    assert missing_references([json.dumps({**record, "status": "entered-in-error"}).encode()], asked, BASE) == ()


SORTED, UNSORTED = f"{BASE}/Observation?patient=P1&_sort=-date", f"{BASE}/Observation?patient=P1"


@pytest.mark.req("DQ-17")
@pytest.mark.parametrize(
    ("self_url", "hours", "expected"),
    [
        (SORTED, [1, 3, 30], True),
        (SORTED, [1, 1], True),
        (SORTED, [3, 1], False),
        (UNSORTED, [1, 3], False),
        ("", [1, 3], False),
        (f"{UNSORTED}&_sort=date", [1, 3], False),
        (SORTED, [1, None], False),
    ],
)
def test_only_a_search_that_says_it_is_sorted_and_is_lacks_older_results_only(
    self_url: str, hours: list[float | None], expected: bool
) -> None:
    dated = [c.fibrinogen("1", hours_ago=h or 0, id_=str(i)) for i, h in enumerate(hours)]
    for record, hour in zip(dated, hours, strict=True):
        if hour is None:
            del record["effectiveDateTime"]
    assert newest_first(self_url, [c.dumps(record) for record in dated]) is expected


def paged(self_url: str, *hours: float, name: str = "fibrinogen") -> Answer:
    """A search whose second page fails."""
    entries = [{"resource": c.fibrinogen("1.8", hours_ago=h, id_=f"f{h}")} for h in hours]
    links = [{"relation": "self", "url": self_url}, {"relation": "next", "url": f"{BASE}/next"}]
    first = json.loads(c.dumps({"resourceType": "Bundle", "type": "searchset", "link": links, "entry": entries}))
    ehr = Ehr(lambda url: reply(status=500) if url.endswith("/next") else reply(first))
    source = FhirChartSource(client(ehr), "P1", as_of=lambda: NOW, may_read=lambda _: "")
    return source.answer([BY_NAME[name]])[0]


@pytest.mark.req("DQ-17")
def test_a_page_that_cannot_be_read_says_whether_only_older_results_are_missing() -> None:
    known, unknown = paged(SORTED + "&code=x", 1, 3), paged(UNSORTED + "&code=x", 1, 3)
    assert (known.state, known.only_older_missing) == (AnswerState.INCOMPLETE, True)
    assert (unknown.state, unknown.only_older_missing) == (AnswerState.INCOMPLETE, False)


@pytest.mark.req("DQ-17", "DQ-30")
@pytest.mark.parametrize(("oldest", "state"), [(49, AnswerState.COMPLETE), (47, AnswerState.INCOMPLETE)])
def test_of_panels_only_what_is_missing_of_48_hours_makes_them_incomplete(oldest: float, state: AnswerState) -> None:
    assert paged(SORTED + "&category=laboratory&date=x", 1, oldest, name="panels").state is state
