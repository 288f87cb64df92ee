"""What is believed of a chart, resource by resource: statuses, times, modifiers, exact decimals, and no crash whatever stands there."""

from datetime import UTC
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartapp.clinical.picture import ClinicalPicture
from smartapp.clinical.policy import build_policy
from smartapp.clinical.terminology import Analyte
from smartapp.fhir.chart_from_json import read_file
from smartapp.fhir.picture import read_picture
from tests import charts as c


def picture(*resources: c.Resource) -> ClinicalPicture:
    chart = read_file(c.bundle(c.patient("1990-01-01"), *resources), "P1")
    return read_picture(chart, c.NOW, UTC, policy=build_policy())


def values(read: ClinicalPicture) -> list[str]:
    return [str(result.value) for result in read.series(Analyte.FIBRINOGEN).results]


def named(read: ClinicalPicture, source: str) -> bool:
    return any(gap.source == source for gap in read.gaps)


OLDER = c.fibrinogen("1.9", hours_ago=9, id_="older")


@pytest.mark.req("FHIR-04")
@pytest.mark.parametrize(
    "more",
    [
        {"modifierExtension": [{"url": "https://example.org/negated", "valueBoolean": True}]},
        {"implicitRules": "https://example.org/rules"},
    ],
)
def test_a_modifier_we_do_not_know_excludes_the_resource_and_says_so(more: dict[str, Any]) -> None:
    read = picture(OLDER, c.fibrinogen("0.8", **more))
    assert values(read) == ["1.9"]
    assert named(read, "Observation/fib")


@pytest.mark.req("FHIR-23")
@pytest.mark.parametrize(
    ("status", "used"),
    [
        ("final", True),
        ("amended", True),
        ("corrected", True),
        ("preliminary", True),
        ("entered-in-error", False),
        ("cancelled", False),
        ("registered", False),
        ("bogus", False),
    ],
)
def test_status_decides_whether_a_result_counts(status: str, used: bool) -> None:
    read = picture(OLDER, c.fibrinogen("0.8", status=status))
    assert values(read) == (["1.9", "0.8"] if used else ["1.9"])


@pytest.mark.req("FHIR-21", "FHIR-23")
@pytest.mark.parametrize("code", ["entered-in-error", "refuted"])
def test_a_refuted_condition_is_no_condition(code: str) -> None:
    status = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-ver-status", "code": code}]}
    assert picture(c.crs(3)).crs_records
    assert not picture(c.crs(3, verificationStatus=status)).crs_records


@pytest.mark.req("FHIR-22", "FHIR-23")
@pytest.mark.parametrize(("status", "stands"), [("active", True), ("entered-in-error", False)])
def test_an_order_entered_in_error_is_no_order(status: str, stands: bool) -> None:
    order = {
        "resourceType": "MedicationRequest",
        "id": "order",
        "status": status,
        "intent": "order",
        "subject": c.SUBJECT,
        "medicationCodeableConcept": {"coding": [{"system": c.ATC, "code": "B02BB01"}]},
        "authoredOn": c.ago(hours=2),
    }
    read = picture(order)
    assert bool(read.orders) is stands


@pytest.mark.req("FHIR-27")
def test_decimals_keep_their_digits() -> None:
    (result,) = picture(c.fibrinogen("0.80")).series(Analyte.FIBRINOGEN).results
    assert result.value == Decimal("0.80")
    assert "0.80" in result.reported


@pytest.mark.req("FHIR-28")
@pytest.mark.parametrize(
    "time",
    ["2999-01-01T00:00:00Z", "yesterday", "2026-13-40", c.ago(hours=-1), None],
    ids=["far future", "words", "no such day", "in an hour", "absent"],
)
def test_a_result_without_a_believable_time_is_named_not_used(time: str | None) -> None:
    result = c.fibrinogen("0.8")
    result.pop("effectiveDateTime")
    read = picture(OLDER, {**result, **({"effectiveDateTime": time} if time else {})})
    assert values(read) == ["1.9"]
    assert named(read, "Observation/fib")


@pytest.mark.req("FHIR-03", "FHIR-20")
@pytest.mark.parametrize("element", ["status", "code", "subject", "valueQuantity", "effectiveDateTime", "component"])
@settings(deadline=None, max_examples=25)
@given(
    odd=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
        max_leaves=6,
    )
)
def test_one_odd_element_loses_no_other_result(element: str, odd: Any) -> None:
    read = picture(OLDER, {**c.fibrinogen("0.8"), element: odd})
    assert "1.9" in values(read)
