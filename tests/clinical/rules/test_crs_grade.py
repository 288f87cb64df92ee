"""CRS-03 to CRS-05 as they are said of a chart."""

from typing import Any

import pytest

from smartapp.clinical.assessment import assess
from smartapp.clinical.picture import Topic
from smartapp.clinical.terminology import Analyte
from tests import charts as c
from tests.builders import a_crs, a_lab, a_picture, facts_of, unread
from tests.clinical.rules.asked import assessed, findings_of, outcome_of

BASE = (c.patient("1990-01-10"), c.infusion(), c.fibrinogen("2.4"))
FEVER = c.result("temp", "8310-5", "38.0", "Cel", 3)
LOW_PRESSURE = c.result("sbp", "8480-6", "84", "mm[Hg]", 2)
TOCILIZUMAB = c.given("toci", "L04AC07", hours_ago=20)
CRYO = c.given("cryo", "P9012", "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", hours_ago=30)
REDUCED = c.given("reduced", "P9044", "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", hours_ago=30)
PLASMA = c.given("ffp", "P9017", "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", hours_ago=30)
BEFORE = c.given("old", "P9012", "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", hours_ago=24 * 8)


def crs_of(*resources: c.Resource, **site: Any) -> list[tuple[str, str]]:
    found = findings_of(*BASE, *resources, **site)
    return [(rule, indicator) for rule, indicator in found.items() if rule.startswith("CRS")]


@pytest.mark.req("CRS-03")
@pytest.mark.parametrize(
    ("recorded", "found"),
    [
        ((c.crs(1),), [("CRS-03", "warning")]),
        ((c.crs(2),), []),
        ((c.crs(3),), []),
        ((c.crs(1, abatementDateTime=c.ago(hours=1)),), [("CRS-03", "warning")]),
        ((), [("CRS-03", "info")]),
    ],
    ids=["grade 1", "grade 2", "grade 3", "resolved", "none"],
)
def test_a_suggested_grade_above_the_recorded_one(
    recorded: tuple[c.Resource, ...], found: list[tuple[str, str]]
) -> None:
    assert crs_of(FEVER, LOW_PRESSURE, *recorded) == found


@pytest.mark.req("CRS-03")
def test_hypotension_without_fever_is_another_matter() -> None:
    says = findings_of(*BASE, LOW_PRESSURE, text=True)["CRS-03"]
    assert "not gradable as CRS by ASTCT" in says
    assert "another cause" in says


@pytest.mark.req("CRS-03")
@pytest.mark.parametrize(
    ("what", "why", "hours", "grade"),
    [
        ("Sodium chloride 0.9 % fluid bolus", "Hypotension", 2, 2),
        ("Sodium chloride 0.9 % fluid bolus", "Hypotension", 24, 2),
        ("Sodium chloride 0.9 % fluid bolus", "Hypotension", 24.1, 1),
        ("Sodium chloride 0.9 % fluid bolus", "Dehydration", 2, 1),
        ("Maintenance fluid", "Hypotension", 2, 1),
        ("Insulin bolus", "Hypotension", 2, 1),
    ],
)
def test_a_fluid_bolus_for_hypotension_counts_as_hypotension(what: str, why: str, hours: float, grade: int) -> None:
    bolus = {
        **c.given("bolus", "x", hours_ago=hours),
        "medicationCodeableConcept": {"text": what},
        "reasonCode": [{"text": why}],
    }
    found = assessed(*BASE, FEVER, bolus)
    assert found.crs is not None
    assert found.crs.suggested_grade == grade


@pytest.mark.req("CRS-03")
@pytest.mark.parametrize(("saturation", "speaks"), [("89", True), ("90", False)])
def test_low_saturation_without_a_device(saturation: str, speaks: bool) -> None:
    found = findings_of(*BASE, FEVER, c.crs(1), c.result("spo2", "59408-5", saturation, "%", 1), text=True)
    assert ("oxygen need not recorded" in found.get("CRS-03", "")) is speaks


@pytest.mark.req("CRS-03")
def test_all_that_the_signs_say_stands_in_one_finding() -> None:
    found = assessed(*BASE, FEVER, c.result("spo2", "59408-5", "85", "%", 1))
    (one,) = [finding for finding in found.findings if finding.rule == "CRS-03"]
    assert "suggest CRS grade 1" in one.text
    assert "oxygen need not recorded" in one.text


@pytest.mark.req("CRS-03", "DQ-17")
def test_what_could_be_read_suggests_at_least_a_grade() -> None:
    signs = (a_lab(Analyte.TEMPERATURE, "38.5"), a_lab(Analyte.SYSTOLIC_PRESSURE, "84"))
    picture = a_picture(*signs, unread=unread(Topic.ADMINISTRATIONS))
    found = assess(picture, facts_of(picture).policy)
    assert found.crs is not None
    assert (str(found.crs.band), found.crs.suggested_grade) == ("unknown", 2)
    assert "grade 2 or more" in next(f.text for f in found.findings if f.rule == "CRS-03")


@pytest.mark.req("CRS-03", "FHIR-29")
@pytest.mark.parametrize(
    ("signs", "outcome"),
    [
        ((), ("cannot_tell", ["temperature"])),
        ((c.result("temp", "8310-5", "39.0", "Cel", 24.1),), ("cannot_tell", ["temperature"])),
        ((c.result("temp", "8310-5", "37.0", "Cel", 3),), ("silent", [])),
        ((FEVER,), ("applies", [])),
        ((LOW_PRESSURE,), ("applies", [])),
    ],
)
def test_without_a_temperature_nothing_is_suggested(
    signs: tuple[c.Resource, ...], outcome: tuple[str, list[str]]
) -> None:
    assert outcome_of("CRS-03", *BASE, *signs) == outcome


@pytest.mark.req("CRS-03", "CRS-04", "CRS-05", "DQ-17")
@pytest.mark.parametrize(
    ("topic", "rows"),
    [(Topic.VITAL_SIGNS, {"CRS-03"}), (Topic.ADMINISTRATIONS, {"CRS-03", "CRS-04", "CRS-05"})],
)
def test_what_was_not_read_cannot_be_told(topic: Topic, rows: set[str]) -> None:
    picture = a_picture(a_lab(Analyte.TEMPERATURE, "37"), crs=[a_crs(2)], unread=unread(topic))
    found = assess(picture, facts_of(picture).policy).outcomes
    assert {o.rule for o in found if o.rule.startswith("CRS") and str(o.kind) == "cannot_tell"} == rows


@pytest.mark.req("CRS-04")
@pytest.mark.parametrize(
    ("scale", "grade", "product", "speaks"),
    [
        ("PENN", 2, CRYO, True),
        ("PENN", 1, PLASMA, True),
        ("PENN", 3, CRYO, False),
        ("ASTCT", 2, CRYO, False),
        ("LEE", 2, CRYO, False),
        ("PENN", 2, REDUCED, False),
        ("PENN", 2, BEFORE, False),
    ],
)
def test_a_product_meets_penn_grade_three(scale: str, grade: int, product: c.Resource, speaks: bool) -> None:
    found = crs_of(c.crs(grade), product, crs_scale_default=scale)
    assert found == ([("CRS-04", "info")] if speaks else [])


@pytest.mark.req("CRS-04")
def test_penn_never_changes_the_recorded_grade() -> None:
    found = assessed(*BASE, c.crs(2), CRYO, crs_scale_default="PENN")
    assert found.crs is not None
    assert (found.crs.grade, found.crs.scale, str(found.crs.band)) == (2, "PENN", "moderate")


@pytest.mark.req("CRS-04")
def test_replacement_does_not_wait_for_grade_three() -> None:
    found = assessed(*BASE[:2], c.fibrinogen("0.9"), c.crs(1), c.weight("70"))
    assert (str(found.action), str(found.indicator)) == ("REPLACE", "critical")


@pytest.mark.req("CRS-05", "TOC-01")
@pytest.mark.parametrize(
    ("hours_ago", "records", "speaks"),
    [
        (20, (), True),
        (28 * 24, (), True),
        (28 * 24 + 1, (), False),
        (20, (c.crs(2),), False),
        (20, (c.crs(2, abatementDateTime=c.ago(hours=1)),), False),
        (20, (c.condition("crs", "D89.839", 6),), True),
    ],
    ids=["yesterday", "28 d", "longer ago", "recorded", "resolved", "unspecified"],
)
def test_tocilizumab_without_a_grade(hours_ago: float, records: tuple[c.Resource, ...], speaks: bool) -> None:
    day = c.infusion(20)
    found = assessed(BASE[0], day, BASE[2], c.given("toci", "L04AC07", hours_ago=hours_ago), *records)
    said = [(f.text, str(f.indicator)) for f in found.findings if f.rule == "CRS-05"]
    assert said == ([("Tocilizumab given, CRS grade not recorded", "warning")] if speaks else [])


@pytest.mark.req("CRS-05")
def test_the_band_is_unknown_unless_vital_signs_suggest_one() -> None:
    bare, suggested = assessed(*BASE, TOCILIZUMAB), assessed(*BASE, TOCILIZUMAB, FEVER, LOW_PRESSURE)
    assert [str(found.crs.band) for found in (bare, suggested) if found.crs] == ["unknown", "moderate"]


@pytest.mark.req("CRS-01", "FHIR-28")
@pytest.mark.parametrize(
    ("onset", "grade"), [("2026-02", 3), ("2026", 3), ("2026-01", None), ("2025", None), ("2026-02-23", 3)]
)
def test_a_grade_dated_to_the_month_or_year_of_the_infusion_counts(onset: str, grade: int | None) -> None:
    record = {name: value for name, value in c.crs(3).items() if name != "recordedDate"}
    found = assessed(*BASE, {**record, "onsetDateTime": onset})
    assert found.crs is not None
    assert found.crs.grade == grade


@pytest.mark.req("CRS-02")
def test_two_grades_at_one_time() -> None:
    picture = a_picture(crs=[a_crs(2, 3, source="Condition/b"), a_crs(3, 3, source="Condition/a")])
    found = assess(picture, facts_of(picture).policy)
    assert found.crs is not None
    assert found.crs.grade == 3
    assert "DQ-20" in {gap.rule for gap in found.gaps}


@pytest.mark.req("CRS-03")
def test_low_saturation_is_told_where_fever_is_waived_and_not_measured_again() -> None:
    fever, saturation = c.result("temp", "8310-5", "39.0", "Cel", 60), c.result("spo2", "59408-5", "89", "%", 3)
    found = findings_of(*BASE, fever, c.given("toci", "L04AC07", hours_ago=40), saturation, text=True)
    assert "oxygen need not recorded" in found["CRS-03"]
