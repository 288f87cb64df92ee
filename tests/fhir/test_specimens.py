"""Specimens wherever they are: codes, status, words, time of collection, and one that is not there (DQ-28)."""

from typing import Any

import pytest

from smartapp.clinical.terminology import Analyte
from tests import charts as c
from tests.fhir.reading import picture_of

V2 = "http://terminology.hl7.org/CodeSystem/v2-"


def specimen(**more: Any) -> c.Resource:
    return {"resourceType": "Specimen", "id": "s", "subject": c.SUBJECT, **more}


def condition(table: str, code: str, system: str = V2) -> dict[str, Any]:
    return {"condition": [{"coding": [{"system": f"{system}{table}", "code": code}]}]}


def fib(reference: str = "Specimen/s", **more: Any) -> c.Resource:
    return c.fibrinogen("0.8", specimen={"reference": reference}, **more)


GOOD = [condition("0493", code) for code in ("COOL", "FROZ", "ROOM", "LIVE", "CFU")] + [
    condition("0490", "EX"),
    {"condition": [{"text": "not clotted"}]},
    {"status": "available"},
    {},
]
BAD = [
    *(condition("0493", code) for code in ("CLOT", "CON", "HEM", "AUT", "SNR")),
    *(condition("0490", code) for code in ("RC", "RH", "QS", "RB", "RN", "RA")),
    condition("0493", "CLOT", "http://hl7.org/fhir/v2/"),
    {"status": "unsatisfactory"},
    {"condition": [{"text": "clotted"}]},
    {"note": [{"text": "haemolysed"}]},
]


@pytest.mark.req("DQ-28", "DQ-10")
@pytest.mark.parametrize("where", ["in the answer", "contained", "absolute", "versioned"])
@pytest.mark.parametrize("bad", BAD)
def test_a_bad_specimen_makes_the_result_unusable_wherever_it_is(bad: dict[str, Any], where: str) -> None:
    match where:
        case "contained":
            resources = [fib("#s", contained=[specimen(**bad)])]
        case "absolute":
            resources = [fib("https://ehr.test/fhir/Specimen/s"), specimen(**bad)]
        case "versioned":
            resources = [fib("Specimen/s/_history/2"), specimen(**bad)]
        case _:
            resources = [fib(), specimen(**bad)]
    picture = picture_of(*resources)
    assert list(picture.series(Analyte.FIBRINOGEN)) == []
    assert [str(unusable.reason) for unusable in picture.unusable_fibrinogen] == ["specimen"]


@pytest.mark.req("DQ-28")
@pytest.mark.parametrize("good", GOOD)
def test_a_good_specimen_changes_nothing(good: dict[str, Any]) -> None:
    picture = picture_of(fib(), specimen(**good))
    (result,) = picture.series(Analyte.FIBRINOGEN)
    assert (result.flags, picture.gaps) == ((), ())


@pytest.mark.req("DQ-28")
@pytest.mark.parametrize("there", [[], [specimen(status="entered-in-error")], [{**specimen(), "collection": "bad"}]])
def test_a_named_specimen_that_is_not_read_leaves_a_flag_and_an_issue(there: list[c.Resource]) -> None:
    picture = picture_of(fib(), *there)
    (result,) = picture.series(Analyte.FIBRINOGEN)
    assert "specimen_not_read" in result.flags
    assert "DQ-28" in {gap.rule for gap in picture.gaps}


TIMES: dict[str, tuple[dict[str, Any], float, bool]] = {
    "15 min before: the result's": ({"collectedDateTime": c.ago(hours=1.25)}, 1, False),
    "16 min before: the specimen's": ({"collectedDateTime": c.ago(hours=1.27)}, 1.27, True),
    "30 h before": ({"collectedDateTime": c.ago(hours=30)}, 30, True),
    "by its period": ({"collectedPeriod": {"start": c.ago(hours=31), "end": c.ago(hours=30)}}, 30, True),
    "after the result": ({"collectedDateTime": c.ago(hours=0.5)}, 1, False),
    "the same day without a time": ({"collectedDateTime": "2026-03-01"}, 1, False),
}


@pytest.mark.req("DQ-28", "DQ-02")
@pytest.mark.parametrize("name", TIMES)
def test_a_specimen_collected_before_the_result_is_the_time_of_collection(name: str) -> None:
    collection, hours, noted = TIMES[name]
    picture = picture_of(fib(), specimen(collection=collection))
    (result,) = picture.series(Analyte.FIBRINOGEN)
    assert abs((c.NOW - result.collected.at).total_seconds() / 3600 - hours) < 0.001
    assert ("DQ-02" in {gap.rule for gap in picture.gaps}) is noted
