"""Why a recorded fibrinogen cannot be used, as a typed reason beside the gap (DQ-21)."""

from typing import Any

import pytest

from smartapp.clinical.gaps import UnusableReason
from tests import charts as c
from tests.fhir.reading import picture_of

R = UnusableReason


def spoiled(value: str = "1.1", unit: str = "g/L", **more: Any) -> c.Resource:
    return {**c.fibrinogen(value, unit), **more}


REASONS: dict[str, tuple[c.Resource, UnusableReason]] = {
    "no unit": (spoiled(valueQuantity={"value": 1.1}), R.UNIT_MISSING),
    "code and text disagree": (
        spoiled(valueQuantity={"value": 1.1, "code": "g/L", "unit": "mg/dL"}),
        R.UNIT_CONTRADICTORY,
    ),
    "a unit of counts": (spoiled(valueQuantity={"value": 1.1, "code": "10*9/L"}), R.UNIT_NOT_ACCEPTED),
    "suspect unit": (spoiled("1.1", "mg/dL"), R.UNIT_SUSPECT),
    "implausible": (spoiled("21"), R.IMPLAUSIBLE),
    "specimen": (spoiled(note=[{"text": "clotted"}]), R.SPECIMEN),
    "words": ({**spoiled(valueString="pending"), "valueQuantity": None}, R.NUMBER),
    "no value": ({**spoiled(), "valueQuantity": None}, R.NO_VALUE),
    "a reason for no value": (
        {**spoiled(dataAbsentReason={"text": "not performed"}), "valueQuantity": None},
        R.NO_VALUE_FOR_A_REASON,
    ),
    "the future": (spoiled(effectiveDateTime="2026-03-02T08:00:00Z"), R.FUTURE),
    "no time": (spoiled(effectiveDateTime=""), R.NO_TIME),
    "cancelled, clotted": (spoiled(status="cancelled", note=[{"text": "clotted"}]), R.SPECIMEN),
}


@pytest.mark.req("DQ-21")
@pytest.mark.parametrize("name", REASONS)
def test_an_unusable_fibrinogen_carries_its_reason(name: str) -> None:
    body, reason = REASONS[name]
    picture = picture_of(body)
    (unusable,) = picture.unusable_fibrinogen
    assert (unusable.reason, unusable.source) == (reason, "Observation/fib")
    assert any(gap.source == "Observation/fib" and unusable.why in gap.text for gap in picture.gaps)


@pytest.mark.req("DQ-21", "DQ-07")
@pytest.mark.parametrize(
    "silent",
    [
        spoiled(status="entered-in-error", valueQuantity={"value": 1.1}),
        spoiled(status="registered", valueQuantity={"value": 1.1}),
        spoiled(status="cancelled", valueQuantity={"value": 1.1}),
        spoiled(status="unknown", valueQuantity={"value": 1.1}),
        c.result("fib", "3256-5", "1.1", "10*9/L"),
        c.result("fib", "777-3", "1.1", "mg"),
    ],
)
def test_other_statuses_methods_and_analytes_are_no_unusable_fibrinogen(silent: c.Resource) -> None:
    assert picture_of(silent).unusable_fibrinogen == ()
