"""The contract of the table of resources: each type is named where it cannot be read, is another's, or must not be used (FHIR-03, 04)."""

from typing import Any

import pytest

from smartapp.clinical.picture import GapKind
from smartapp.fhir.chart import Answer, AnswerState, Chart
from smartapp.fhir.data_gaps import unread_topics
from smartapp.fhir.queries import QUERIES
from smartapp.fhir.resource_readers import READER_OF, READERS, ResourceReader
from tests import charts as c
from tests.fhir.reading import only_gap, picture_of

OF_A_PATIENT = [reader for reader in READERS if reader.topic is not None and reader.kind != "Patient"]
LOOKED_UP = {"Medication", "BiologicallyDerivedProduct", "Specimen"}
SUBJECT = {"AllergyIntolerance": "patient"}


def record(reader: ResourceReader, **more: Any) -> c.Resource:
    subject = SUBJECT.get(reader.kind, "subject")
    return {"resourceType": reader.kind, "id": "x", "status": "final", subject: c.SUBJECT, **more}


@pytest.mark.req("FHIR-03")
@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.kind)
def test_an_unreadable_one_is_named_with_its_part_of_the_chart(reader: ResourceReader) -> None:
    gap = only_gap(picture_of(record(reader, meta=7)))
    assert (gap.kind, gap.source, gap.topic) == (GapKind.UNREADABLE, f"{reader.kind}/x", reader.topic)


@pytest.mark.req("FHIR-04")
@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.kind)
def test_one_with_a_modifier_is_not_used(reader: ResourceReader) -> None:
    gap = only_gap(picture_of(record(reader, modifierExtension=[{"url": "http://x.test/not"}])))
    assert (gap.source, gap.topic) == (f"{reader.kind}/x", reader.topic)


@pytest.mark.req("DQ-19")
@pytest.mark.parametrize("reader", OF_A_PATIENT, ids=lambda reader: reader.kind)
def test_another_patient_s_is_named_and_left_out(reader: ResourceReader) -> None:
    foreign = {SUBJECT.get(reader.kind, "subject"): {"reference": "Patient/P2"}}
    gap = only_gap(picture_of(record(reader, **foreign)))
    assert (gap.rule, gap.topic) == ("DQ-19", reader.topic)


@pytest.mark.req("DQ-17", "FHIR-29")
@pytest.mark.parametrize("state", [AnswerState.FAILED, AnswerState.NOT_PERMITTED, AnswerState.INCOMPLETE])
@pytest.mark.parametrize("reader", OF_A_PATIENT, ids=lambda reader: reader.kind)
def test_a_part_that_failed_or_was_refused_is_unread(reader: ResourceReader, state: AnswerState) -> None:
    chart = Chart.empty("P1").with_answers(Answer(query=reader.kind, state=state))
    assert set(unread_topics(chart)) == {reader.topic}


def test_what_a_record_refers_to_has_a_reader_or_is_looked_up() -> None:
    assert {kind for reader in READERS for kind in reader.refers} <= {*READER_OF, *LOOKED_UP}


@pytest.mark.req("FHIR-13")
def test_every_type_that_is_asked_for_has_a_reader() -> None:
    assert {query.resource for query in QUERIES} - {*READER_OF, *LOOKED_UP} == {"Encounter"}
