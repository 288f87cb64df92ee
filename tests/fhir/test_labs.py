"""One row of the guideline's section 8 after another: what of an Observation is used, and what is named instead."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from smartapp.clinical.labs import Comparator, LabResult, ResultStatus
from smartapp.clinical.partial_datetime import Precision
from smartapp.clinical.picture import Gap, GapKind
from smartapp.clinical.terminology import Analyte, Variant
from tests import charts as c
from tests.fhir.reading import OSLO, only_gap, picture_of, rules_of


def results(*resources: c.Resource | bytes, **more: Any) -> list[LabResult]:
    return list(picture_of(*resources, **more).series(Analyte.FIBRINOGEN))


def refused(*resources: c.Resource | bytes, **more: Any) -> Gap:
    """The gap that stands in place of a fibrinogen."""
    picture = picture_of(*resources, **more)
    assert not picture.series(Analyte.FIBRINOGEN)
    return only_gap(picture)


def quantity(value: str, **members: str) -> dict[str, Any]:
    return {"value": Decimal(value), **members}


@pytest.mark.req("FHIR-20", "FHIR-27")
def test_a_plain_result_keeps_its_digits_and_its_source() -> None:
    (result,) = results(c.fibrinogen("120", "mg/dL"))
    assert (result.value, result.reported, result.source) == (Decimal("1.20"), "120 mg/dL", "Observation/fib")
    assert result.variant is Variant.CLAUSS
    assert results(c.fibrinogen("0.50"))[0].reported == "0.50 g/L"


@pytest.mark.req("DQ-01", "FHIR-23")
@pytest.mark.parametrize("status", ["final", "amended", "corrected", "preliminary"])
def test_statuses_that_count(status: str) -> None:
    (result,) = results(c.fibrinogen("1.2", status=status))
    assert result.status is ResultStatus(status)
    assert result.is_final is (status != "preliminary")


@pytest.mark.req("DQ-01", "FHIR-23", "V13")
@pytest.mark.parametrize("status", ["entered-in-error", "cancelled", "registered", "unknown", "bogus", ""])
def test_statuses_that_do_not_count_leave_the_next_newest(status: str) -> None:
    read = results(c.fibrinogen("0.4", id_="bad", status=status), c.fibrinogen("1.8", hours_ago=3))
    assert [result.value for result in read] == [Decimal("1.8")]


@pytest.mark.req("DQ-01", "FHIR-03")
@pytest.mark.parametrize("status", ["unknown", "bogus", ""])
def test_a_status_that_tells_nothing_is_named(status: str) -> None:
    assert refused(c.fibrinogen("0.4", status=status)).rule == "DQ-01"


@pytest.mark.req("MON-02")
@pytest.mark.parametrize(("status", "awaited"), [("registered", 1), ("preliminary", 1), ("final", 0)])
def test_a_result_on_its_way_is_awaited(status: str, awaited: int) -> None:
    assert len(picture_of(c.fibrinogen("1.2", status=status)).awaited) == awaited


TIMES: list[tuple[dict[str, Any], datetime | None]] = [
    ({"effectiveDateTime": "2026-03-01T07:00:00Z"}, datetime(2026, 3, 1, 7, tzinfo=UTC)),
    ({"effectiveDateTime": "2026-03-01T07:00:00.123456789+01:00"}, datetime(2026, 3, 1, 6, 0, 0, 123456, tzinfo=UTC)),
    ({"effectivePeriod": {"start": c.ago(hours=9), "end": c.ago(hours=2)}}, datetime(2026, 3, 1, 6, tzinfo=UTC)),
    ({"effectiveInstant": c.ago(hours=2)}, datetime(2026, 3, 1, 6, tzinfo=UTC)),
    ({"effectivePeriod": {"start": c.ago(hours=9)}}, None),
    ({"effectiveDateTime": "2026-03-01T07:00:00"}, None),
    ({"effectiveDateTime": "2026-03"}, None),
    ({"effectiveDateTime": "2026"}, None),
    ({"effectiveDateTime": "yesterday"}, None),
    ({"effectiveTiming": {"event": [c.ago(hours=1)]}}, None),
    ({}, None),
]


def timed(timing: dict[str, Any], **more: Any) -> c.Resource:
    body = c.fibrinogen("1.2", **more)
    del body["effectiveDateTime"]
    return {**body, **timing}


@pytest.mark.req("DQ-02", "FHIR-28")
@pytest.mark.parametrize(("timing", "expected"), TIMES)
def test_the_time_of_collection(timing: dict[str, Any], expected: datetime | None) -> None:
    if expected is None:
        assert refused(timed(timing)).rule == "DQ-02"
    else:
        assert results(timed(timing))[0].collected.at == expected


@pytest.mark.req("DQ-02", "FHIR-28")
@pytest.mark.parametrize(("second", "used"), [(0, True), (1, False)])
def test_five_minutes_from_now_is_the_latest_time(second: int, used: bool) -> None:
    assert bool(results(timed({"effectiveDateTime": f"2026-03-01T08:05:0{second}Z"}))) is used


@pytest.mark.req("DQ-02")
def test_only_the_time_of_issue_is_used_and_said() -> None:
    picture = picture_of(timed({"issued": c.ago(hours=2)}))
    assert picture.series(Analyte.FIBRINOGEN).results[0].collected.at == datetime(2026, 3, 1, 6, tzinfo=UTC)
    assert (only_gap(picture).kind, only_gap(picture).rule) == (GapKind.NOTED, "DQ-02")


@pytest.mark.req("DQ-02")
def test_a_date_stands_at_midnight_of_the_site() -> None:
    (result,) = results(timed({"effectiveDateTime": "2026-03-01"}), zone=OSLO)
    assert result.collected.at == datetime(2026, 2, 28, 23, tzinfo=UTC)
    assert result.collected.precision is Precision.DAY


@pytest.mark.req("DQ-02")
def test_the_newest_is_by_collection_not_by_issue() -> None:
    early = c.fibrinogen("1.9", id_="early", hours_ago=8, issued=c.ago(minutes=1))
    late = c.fibrinogen("0.8", id_="late", hours_ago=2, issued=c.ago(minutes=90))
    assert [result.value for result in results(late, early)] == [Decimal("1.9"), Decimal("0.8")]


@pytest.mark.req("DQ-04", "FHIR-26")
@pytest.mark.parametrize("comparator", list(Comparator))
def test_a_comparator_makes_a_bound(comparator: Comparator) -> None:
    (result,) = results(c.fibrinogen(f"{comparator.value}0.6"))
    assert (result.comparator, result.value) == (comparator, Decimal("0.6"))


@pytest.mark.req("DQ-04")
def test_an_unknown_comparator_is_refused() -> None:
    odd = c.fibrinogen("0.6", valueQuantity=quantity("0.6", comparator="~", code="g/L", system=c.UCUM))
    assert refused(odd).rule == "DQ-04"


UNITS: list[tuple[str, dict[str, str], str | None]] = [
    ("1.2", {"code": "g/L", "system": c.UCUM}, "1.2"),
    ("120", {"code": "mg/dL", "system": c.UCUM}, "1.20"),
    ("1200", {"code": "mg/L", "system": c.UCUM}, "1.200"),
    ("0.12", {"code": "g/dL", "system": c.UCUM}, "1.20"),
    ("1.2", {"code": "mg/mL", "system": c.UCUM}, "1.2"),
    ("120", {"unit": "mg/dL"}, "1.20"),
    ("1.2", {}, None),
    ("1.2", {"unit": "grams"}, None),
    ("120", {"unit": "mg/dl"}, "1.20"),
    ("120", {"unit": "MG/DL"}, "1.20"),
    ("1.2", {"code": "10*9/L", "system": c.UCUM}, None),
    ("1.2", {"code": "g/L", "system": c.UCUM, "unit": "mg/dL"}, None),
    ("1.2", {"code": "g/L", "system": "http://other.example"}, None),
    ("120", {"code": "mg/mL", "system": c.UCUM}, None),
    ("0.9", {"code": "mg/dL", "system": c.UCUM}, None),
    ("-1", {"code": "g/L", "system": c.UCUM}, None),
]


@pytest.mark.req("DQ-05", "DQ-06", "FHIR-24", "V14")
@pytest.mark.parametrize(("value", "unit", "g_per_l"), UNITS)
def test_units(value: str, unit: dict[str, str], g_per_l: str | None) -> None:
    odd = c.fibrinogen("1", valueQuantity=quantity(value, **unit))
    if g_per_l is None:
        gap = refused(odd)
        assert gap.rule in ("DQ-05", "DQ-06")
        assert "could not be read" in gap.text
        assert value in gap.text
    else:
        assert results(odd)[0].value == Decimal(g_per_l)


@pytest.mark.req("FHIR-24")
def test_a_unit_read_from_its_text_is_remarked_on_once_for_all_results() -> None:
    wordy = [
        c.fibrinogen("1", id_=f"f{n}", hours_ago=n, valueQuantity=quantity("120", unit="mg/dL")) for n in (1, 2, 3)
    ]
    gap = only_gap(picture_of(*wordy))
    assert (gap.kind, gap.rule, gap.source) == (GapKind.NOTED, "DQ-05", "Observation/f1")
    assert "3 results" in gap.text


@pytest.mark.req("DQ-05")
@pytest.mark.parametrize(("assumed", "reported"), [("g/L", "1.2"), ("mg/dL", "120")])
def test_a_missing_unit_is_assumed_only_where_the_site_says_so(assumed: str, reported: str) -> None:
    bare = c.fibrinogen("1", valueQuantity=quantity(reported))
    (result,) = results(bare, site={"assume_fib_unit_if_missing": assumed})
    assert result.value == Decimal("1.2")


@pytest.mark.req("DQ-09")
@pytest.mark.parametrize("turned", [False, True])
def test_the_newest_version_of_a_result_counts(turned: bool) -> None:
    first = c.fibrinogen("0.4", meta={"versionId": "9", "lastUpdated": "2026-03-01T06:00:00+02:00"})
    second = c.fibrinogen("1.8", status="corrected", meta={"versionId": "10", "lastUpdated": "2026-03-01T05:00:00Z"})
    both = [second, first] if turned else [first, second]
    assert [result.value for result in results(*both)] == [Decimal("1.8")]


@pytest.mark.req("DQ-09", "FHIR-03")
@pytest.mark.parametrize("change", [{"status": 5}, {"subject": {"reference": "Patient/P2"}}, {"status": "cancelled"}])
def test_an_older_version_is_not_used_where_the_newest_cannot_be(change: dict[str, Any]) -> None:
    first = c.fibrinogen("1.9", meta={"versionId": "1"})
    assert not results(first, c.fibrinogen("0.8", meta={"versionId": "2"}, **change))


@pytest.mark.req("DQ-10")
@pytest.mark.parametrize(
    "element",
    [
        {"note": [{"text": "Sample CLOTTED"}]},
        {"interpretation": [{"text": "haemolysed"}]},
        {"interpretation": [{"coding": [{"display": "Hemolyzed"}]}]},
        {"dataAbsentReason": {"text": "quantity insufficient"}},
        {"note": [{"text": "short draw"}]},
        {"note": [{"text": "QNS"}]},
        {"note": [{"text": "contaminated with line fluid"}]},
        {"note": [{"text": "wrong tube"}]},
        {"contained": [{"resourceType": "Specimen", "id": "s", "condition": [{"text": "clotted"}]}]},
    ],
)
def test_a_bad_specimen_is_not_used(element: dict[str, Any]) -> None:
    gap = refused(c.fibrinogen("0.9", **element))
    assert gap.rule == "DQ-10"
    assert "re-draw" in gap.text


@pytest.mark.req("DQ-14")
@pytest.mark.parametrize(
    ("text", "value", "comparator"),
    [
        (" 0,9 g/L ", "0.9", None),
        ("0.9 g/L", "0.9", None),
        ("< 0.6 g/L", "0.6", Comparator.BELOW),
        (">=2,0 g/L", "2.0", Comparator.AT_LEAST),
        ("95mg/dL", "0.95", None),
    ],
)
def test_values_as_text(text: str, value: str, comparator: Comparator | None) -> None:
    body = c.result("fib", "3255-7", None, "", valueString=text)
    (result,) = results(body)
    assert (result.value, result.comparator) == (Decimal(value), comparator)


@pytest.mark.req("DQ-14", "DQ-05")
@pytest.mark.parametrize("text", ["pending", "0.9", "1.2-1.4 g/L", "1,234.5 mg/dL", "", "low"])
def test_text_that_is_no_value_is_shown_verbatim(text: str) -> None:
    gap = refused(c.result("fib", "3255-7", None, "", valueString=text))
    assert gap.rule in ("DQ-14", "DQ-05")
    assert text in gap.text


@pytest.mark.req("FHIR-20", "DQ-14")
@pytest.mark.parametrize(
    "element",
    [
        {"valueCodeableConcept": {"text": "low"}},
        {"dataAbsentReason": {"text": "not performed"}},
        {"valueBoolean": True},
        {},
    ],
)
def test_a_value_of_another_kind_is_named(element: dict[str, Any]) -> None:
    assert refused(c.result("fib", "3255-7", None, "", **element)).rule == "DQ-14"


@pytest.mark.req("DQ-31")
@pytest.mark.parametrize("focus", [{"reference": "Device/d"}, {"reference": "Patient/baby"}, {"display": "donor"}])
def test_what_is_about_somebody_or_something_else_is_named_and_not_used(focus: dict[str, Any]) -> None:
    gap = refused(c.fibrinogen("0.4", focus=[focus]))
    assert (gap.rule, gap.source) == ("DQ-31", "Observation/fib")


@pytest.mark.req("DQ-31")
def test_a_focus_on_the_patient_changes_nothing() -> None:
    (result,) = results(c.fibrinogen("0.4", focus=[c.SUBJECT]))
    assert result.value == Decimal("0.4")


@pytest.mark.req("DQ-15", "FHIR-20")
def test_components_are_results_of_their_own() -> None:
    panel = c.result("panel", "85354-9", None, "")
    panel["component"] = [
        {"code": {"coding": [{"system": c.LOINC, "code": "8462-4"}]}, "valueQuantity": quantity("50", code="mm[Hg]")},
        {"code": {"coding": [{"system": c.LOINC, "code": "8480-6"}]}, "valueQuantity": quantity("84", code="mm[Hg]")},
    ]
    (pressure,) = picture_of(panel).series(Analyte.SYSTOLIC_PRESSURE)
    assert (pressure.value, pressure.source) == (Decimal(84), "Observation/panel#component-2")


@pytest.mark.req("DQ-18")
def test_the_same_result_under_two_ids_counts_once() -> None:
    assert len(results(c.fibrinogen("1.2", id_="a"), c.fibrinogen("1.2", id_="b"))) == 1
    assert len(results(c.fibrinogen("1.2", id_="a"), c.fibrinogen("1.3", id_="b"))) == 2


@pytest.mark.req("FHIR-30")
@pytest.mark.parametrize(
    ("coding", "known"),
    [
        ({"system": c.LOINC, "code": "3255-7"}, True),
        ({"system": "http://other.example", "code": "3255-7"}, False),
        ({"code": "3255-7"}, False),
        ({"system": c.LOINC, "display": "Fibrinogen [Mass/volume]"}, False),
        ({"system": "http://st-x.example/lab", "code": "FIBC"}, True),
    ],
)
def test_codes_count_with_their_system_or_by_the_sites_map(coding: dict[str, str], known: bool) -> None:
    body = c.fibrinogen("1.2") | {"code": {"coding": [coding], "text": "Fibrinogen"}}
    codes = {"http://st-x.example/lab|FIBC": f"{c.LOINC}|3255-7"}
    assert bool(results(body, codes=codes)) is known


@pytest.mark.req("FHIR-25")
@pytest.mark.parametrize(
    ("code", "unit", "variant"), [("48065-7", "mg{FEU}/L", Variant.FEU), ("48066-5", "ug/L{DDU}", Variant.DDU)]
)
def test_the_kind_of_d_dimer_is_kept(code: str, unit: str, variant: Variant) -> None:
    (result,) = picture_of(c.result("d", code, "2", unit)).series(Analyte.D_DIMER)
    assert result.variant is variant


def test_the_records_own_upper_limit_is_in_the_same_unit() -> None:
    body = c.fibrinogen("1.2", referenceRange=[{"high": quantity("400", code="mg/dL")}])
    assert results(body)[0].upper_limit == Decimal("4.00")


@pytest.mark.req("FHIR-04")
@pytest.mark.parametrize(
    "element",
    [{"modifierExtension": [{"url": "http://x.example", "valueBoolean": True}]}, {"implicitRules": "http://x"}],
)
def test_what_changes_the_meaning_stops_us(element: dict[str, Any]) -> None:
    gap = refused(c.fibrinogen("1.2", **element))
    assert "could not be read" in gap.text
    assert gap.source == "Observation/fib"


@pytest.mark.req("FHIR-04")
def test_a_component_whose_meaning_is_changed_is_not_used() -> None:
    panel = c.result("panel", "85354-9", None, "")
    code = {"coding": [{"system": c.LOINC, "code": "3255-7"}]}
    panel["component"] = [
        {"code": code, "valueQuantity": quantity("1.2", code="g/L"), "modifierExtension": [{"url": "u"}]}
    ]
    assert rules_of(picture_of(panel)) == {"DQ-01"}
    assert not results(panel)


@pytest.mark.req("DQ-14")
def test_text_is_shown_as_it_was_written() -> None:
    told = {**c.fibrinogen("1"), "valueString": " 0,9 g/L "}
    told.pop("valueQuantity")
    result = results(told)[0]
    assert (result.value, result.reported) == (Decimal("0.9"), "0,9 g/L")


@pytest.mark.req("DIC-01", "FHIR-25")
@pytest.mark.parametrize(
    ("code", "unit", "limit", "expected"),
    [
        ("48065-7", "ug{FEU}/L", "ug{FEU}/L", "500"),
        ("48065-7", "ug{FEU}/L", "mg{FEU}/L", "500000"),
        ("48065-7", "ug/L", "ug/L", "500"),
        ("48065-7", "ug{FEU}/L", "ug/L", "500"),
        ("48065-7", "ug{FEU}/L", "ug{DDU}/L", None),
        ("48065-7", "ug/L", "ug{DDU}/L", None),
        ("48066-5", "ug/L", "ug{FEU}/L", None),
        ("7799-0", "ug/L", "ug{FEU}/L", "500"),
        ("7799-0", "ug{FEU}/L", "ug{FEU}/L", "500"),
    ],
)
def test_a_d_dimer_is_compared_with_a_limit_of_its_own_type_only(
    code: str, unit: str, limit: str, expected: str | None
) -> None:
    high = {"high": {"value": 500, "unit": limit, "code": limit, "system": c.UCUM}}
    picture = picture_of(c.result("dd", code, "2000", unit, 1, referenceRange=[high]))
    (found,) = picture.series(Analyte.D_DIMER)
    assert found.upper_limit == (None if expected is None else Decimal(expected))
