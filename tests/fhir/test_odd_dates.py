"""Dates as charts should never have them: each gives an answer, in every time zone, wherever it stands."""

from collections.abc import Callable
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

import pytest

from smartapp.clinical.assessment import assess
from smartapp.clinical.derived_facts import Action
from smartapp.clinical.policy import build_policy
from tests import charts as c
from tests.fhir.reading import picture_of

ZONES: tuple[tzinfo, ...] = (UTC, ZoneInfo("Pacific/Kiritimati"), ZoneInfo("America/Los_Angeles"))
DATES = (
    "0001",
    "0001-01",
    "0001-01-01",
    "0001-01-01T00:00:00+14:00",
    "0000-01-01",
    "9999",
    "9999-12",
    "9999-12-31",
    "9999-12-31T23:59:59-12:00",
    "2026",
    "2026-03",
    "2026-13",
    "2026-02-30",
    "20260301",
    "2026-03-01T08:00:00",
    "2026-03-01T24:00:00Z",
    "2026-03-01T08:00:60Z",
    " 2026-03-01",
    "now",
    "",
)
PATIENT, CART, CRS, WEIGHT, FIB = c.patient("1990-01-10"), c.infusion(), c.crs(3), c.weight("70"), c.fibrinogen("0.8")
SITE = {"crs_grade_codes": "urn:site|grade"}


def order(date: str) -> c.Resource:
    return {
        "resourceType": "MedicationRequest",
        "id": "order",
        "status": "active",
        "intent": "order",
        "subject": c.SUBJECT,
        "medicationCodeableConcept": {"coding": [{"system": c.ATC, "code": "B02BB01"}]},
        "authoredOn": date,
    }


def plan(date: str) -> c.Resource:
    request = {
        "resourceType": "ServiceRequest",
        "id": "plan",
        "status": "active",
        "intent": "order",
        "subject": c.SUBJECT,
    }
    return {**request, "code": {"text": "Kymriah"}, "occurrenceDateTime": date}


def grade(date: str) -> c.Resource:
    listed = {"coding": [{"system": "urn:site", "code": "grade"}]}
    return {**c.result("grade", "x", None, "1"), "code": listed, "valueInteger": 3, "effectiveDateTime": date}


def issued(date: str) -> c.Resource:
    return {name: value for name, value in c.fibrinogen("0.8", issued=date).items() if name != "effectiveDateTime"}


def dose(date: str) -> c.Resource:
    body = {name: value for name, value in c.given("dose", "B02BB01").items() if name != "effectiveDateTime"}
    return {**body, "effectivePeriod": {"start": c.ago(hours=5), "end": date}}


PLACES: dict[str, Callable[[str], tuple[c.Resource, ...]]] = {
    "birth": lambda date: (c.patient(date), CART, CRS, WEIGHT, FIB),
    "death": lambda date: (c.patient("1990-01-10", deceasedDateTime=date), CART, CRS, WEIGHT, FIB),
    "infusion": lambda date: (PATIENT, c.infusion(performedDateTime=date), CRS, WEIGHT, FIB),
    "plan": lambda date: (PATIENT, plan(date)),
    "CRS": lambda date: (PATIENT, CART, c.crs(3, onsetDateTime=date, recordedDate=date), WEIGHT, FIB),
    "CRS over": lambda date: (PATIENT, CART, c.crs(3, abatementDateTime=date), WEIGHT, FIB),
    "CRS grade": lambda date: (PATIENT, CART, grade(date), WEIGHT, FIB),
    "collection": lambda date: (PATIENT, CART, CRS, WEIGHT, c.fibrinogen("0.8", effectiveDateTime=date)),
    "issue": lambda date: (PATIENT, CART, CRS, WEIGHT, issued(date)),
    "bleeding": lambda date: (PATIENT, CART, FIB, c.condition("bleed", "K92.1", onsetDateTime=date, recordedDate=date)),
    "dose": lambda date: (PATIENT, CART, CRS, WEIGHT, FIB, c.given("dose", "B02BB01", effectiveDateTime=date)),
    "end of a dose": lambda date: (PATIENT, CART, CRS, WEIGHT, FIB, dose(date)),
    "order": lambda date: (PATIENT, CART, CRS, WEIGHT, FIB, order(date)),
    "vital sign": lambda date: (PATIENT, CART, FIB, c.result("temp", "8310-5", "39", "Cel", effectiveDateTime=date)),
}


@pytest.mark.req("FHIR-28", "DQ-02", "DQ-12")
@pytest.mark.parametrize("zone", ZONES, ids=str)
@pytest.mark.parametrize("place", PLACES)
def test_an_odd_date_gives_an_answer(place: str, zone: tzinfo) -> None:
    policy = build_policy(None, SITE)
    answers = {date: assess(picture_of(*PLACES[place](date), zone=zone, site=SITE), policy).action for date in DATES}
    assert set(answers.values()) <= set(Action)
    assert len(answers) == len(DATES)


@pytest.mark.req("DQ-02", "DQ-03")
@pytest.mark.parametrize("date", ["9999-12-31", "0001-01-01", "2026-02-30", "2026", "now", ""])
def test_a_fibrinogen_with_an_odd_time_never_tiers_and_is_named(date: str) -> None:
    picture = picture_of(PATIENT, CART, CRS, WEIGHT, c.fibrinogen("0.8", effectiveDateTime=date))
    found = assess(picture, build_policy())
    assert (str(found.tier), found.draft_allowed) == ("TX", False)
    assert "Observation/fib" in {gap.source for gap in found.gaps}
