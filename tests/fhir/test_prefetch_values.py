"""A prefetch value that is not what was asked for is never read as none (CDS-22, FHIR-09, FHIR-29)."""

from typing import Any

import pytest

from smartapp.clinical.picture import Topic
from smartapp.fhir.chart import AnswerState
from smartapp.fhir.chart_from_json import UnusableFile, prefetched_answer, read_file, sent_chart
from smartapp.fhir.data_gaps import unread_topics
from tests import charts as c

PROCEDURE = c.infusion()


def bundle(*entries: Any, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "searchset", "entry": list(entries), **more}


def outcome(severity: str, code: str) -> dict[str, Any]:
    issue = {"severity": severity, "code": code, "details": {"text": "content withheld"}}
    return {"search": {"mode": "outcome"}, "resource": {"resourceType": "OperationOutcome", "issue": [issue]}}


ODD: dict[str, Any] = {
    "an empty object": {},
    "a wrapped answer": {"response": {"status": "200 OK"}, "resource": bundle({"resource": PROCEDURE})},
    "an entry": {"resource": PROCEDURE},
    "an array of Bundles": [bundle({"resource": PROCEDURE})],
    "an array of resources": [PROCEDURE],
    "an empty array": [],
    "a text": "Procedure/cart",
    "a number": 0,
    "false": False,
    "Parameters": {"resourceType": "Parameters", "parameter": [{"name": "x", "resource": PROCEDURE}]},
    "a resource of another kind": c.patient("1996-01-01"),
    "a type that is no word": {"resourceType": 7},
    "an outcome": {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]},
    "a Bundle in a Bundle": bundle({"resource": bundle({"resource": PROCEDURE})}),
    "Parameters in a Bundle": bundle({"resource": {"resourceType": "Parameters"}}),
    "an entry without a resource": bundle({"fullUrl": "https://ehr.test/fhir/Procedure/cart"}),
    "an entry that is the resource itself": bundle(PROCEDURE),
    "an entry with an empty resource": bundle({"resource": {}}),
    "an entry that is a text": bundle("Procedure/cart"),
    "records of another kind": bundle({"resource": c.fibrinogen("0.8")}),
    "suppressed": bundle(outcome("warning", "suppressed")),
    "suppressed as information": bundle(outcome("information", "suppressed")),
    "forbidden in part": bundle({"resource": PROCEDURE}, outcome("warning", "forbidden")),
    "an error": bundle(outcome("error", "processing")),
}


@pytest.mark.req("CDS-22", "FHIR-09", "FHIR-29")
@pytest.mark.parametrize("name", ODD)
def test_an_odd_value_is_never_whole_and_names_its_part_of_the_chart(name: str) -> None:
    answer = prefetched_answer("procedures", c.dumps(ODD[name]))
    assert answer.state in (AnswerState.FAILED, AnswerState.INCOMPLETE)
    assert answer.reason
    chart = sent_chart("P1", "https://ehr.test/fhir", {"procedures": c.dumps(ODD[name])})
    assert Topic.PROCEDURES in unread_topics(chart)


WHOLE: dict[str, Any] = {
    "null": None,
    "an empty Bundle": bundle(),
    "a Bundle": bundle({"resource": PROCEDURE}),
    "a Bundle with an included record": bundle(
        {"resource": PROCEDURE}, {"resource": c.patient("1996-01-01"), "search": {"mode": "include"}}
    ),
    "one resource": PROCEDURE,
    "a remark": bundle({"resource": PROCEDURE}, outcome("warning", "informational")),
    "a deleted entry": bundle({"request": {"method": "DELETE", "url": "Procedure/x"}}),
}


@pytest.mark.req("CDS-22")
@pytest.mark.parametrize("name", WHOLE)
def test_what_was_asked_for_is_whole(name: str) -> None:
    assert prefetched_answer("procedures", c.dumps(WHOLE[name])).state is AnswerState.COMPLETE


@pytest.mark.req("CDS-22")
def test_an_odd_value_under_a_key_of_the_caller_s_own_is_remarked_on() -> None:
    answer = prefetched_answer("mine", b"{}")
    assert answer.notices


@pytest.mark.req("FHIR-29")
@pytest.mark.parametrize("sent", [None, {}, bundle(), {**c.patient("1996-01-01"), "id": "P2"}])
def test_a_patient_that_is_not_there_is_unread(sent: Any) -> None:
    chart = sent_chart("P1", "", {"patient": c.dumps(sent)})
    assert Topic.PATIENT in unread_topics(chart)


@pytest.mark.req("FHIR-29")
@pytest.mark.parametrize(
    "body",
    [
        [bundle({"resource": c.patient("1996-01-01")})],
        bundle({"resource": c.patient("1996-01-01")}, {"resource": bundle({"resource": PROCEDURE})}),
        bundle({"resource": c.patient("1996-01-01")}, {"resource": {"resourceType": "Parameters"}}),
        bundle({"resource": c.patient("1996-01-01")}, {"fullUrl": "urn:uuid:1"}),
        {"resource": bundle({"resource": c.patient("1996-01-01")})},
    ],
)
def test_a_file_whose_entries_hold_others_is_refused_with_the_place(body: Any) -> None:
    with pytest.raises(UnusableFile):
        read_file(c.dumps(body), None)
