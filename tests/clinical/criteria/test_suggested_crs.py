"""The ASTCT grade that vital signs suggest (CRS-03)."""

from typing import Any

import pytest

from smartapp.clinical.criteria.suggested_crs import VITAL_SIGNS, VitalSigns
from smartapp.clinical.picture import Bedside, BirthDate, OxygenDevice, Topic
from smartapp.clinical.rule import Missing
from smartapp.clinical.terminology import Analyte, Drug
from tests.builders import a_lab, a_picture, an_exposure, facts_of, oxygen, unread

T = Analyte.TEMPERATURE
SBP = Analyte.SYSTOLIC_PRESSURE
FEVER = a_lab(T, "38.6")
COOL = a_lab(T, "37.2")
LOW = a_lab(SBP, "84")


def signs(*labs: Any, policy: dict[str, object] | None = None, **more: Any) -> VitalSigns:
    found = facts_of(a_picture(*labs, **more), **(policy or {})).get(VITAL_SIGNS)
    assert not isinstance(found, Missing)
    return found


def running(*drugs: Drug) -> list[Any]:
    return [an_exposure(drug, 5, running=True) for drug in drugs]


@pytest.mark.req("CRS-03")
@pytest.mark.parametrize(("value", "grade"), [("37.9", None), ("38.0", 1), ("40", 1), (">=38.0", 1), ("<39", None)])
def test_fever_begins_at_38(value: str, grade: int | None) -> None:
    assert signs(a_lab(T, value)).grade == grade


@pytest.mark.req("CRS-03")
@pytest.mark.parametrize(("hours", "grade"), [(24, 1), (24.01, None)])
def test_any_value_of_the_last_24_hours_counts(hours: float, grade: int | None) -> None:
    assert signs(a_lab(T, "39", hours), a_lab(T, "37", 1)).grade == grade


@pytest.mark.req("CRS-03", "DQ-02")
@pytest.mark.parametrize(("hours", "counts"), [(0, True), (-0.08, True), (-0.1, False)])
def test_readings_up_to_now_count_with_the_clocks_tolerance(hours: float, counts: bool) -> None:
    assert signs(a_lab(T, "39", hours)).fever is counts


def test_fever_alone_is_printed_as_grade_1() -> None:
    assert str(signs(FEVER).grade) == "1"


@pytest.mark.req("CRS-03")
@pytest.mark.parametrize(("hours", "grade"), [(0, 3), (24, 3), (24.01, 1), (-0.1, 1)])
def test_oxygen_of_the_last_24_hours_counts(hours: float, grade: int) -> None:
    assert signs(FEVER, oxygen=[oxygen(OxygenDevice.MASK, hours_ago=hours)]).grade == grade


@pytest.mark.req("CRS-03")
def test_a_reading_marked_suspect_does_not_count() -> None:
    suspect = a_lab(T, "39", source="Observation/axilla")
    assert signs(suspect, bedside=Bedside(suspects={"Observation/axilla": "warm drink"})).grade is None


@pytest.mark.req("CRS-03")
@pytest.mark.parametrize(
    ("birth", "pressure", "low"),
    [
        (BirthDate(2008, 3, 1), "89", True),
        (BirthDate(2008, 3, 1), "90", False),
        (BirthDate(2008, 3, 2), "89", True),
        (BirthDate(2016, 3, 1), "90", False),
        (BirthDate(2016, 3, 1), "89.9", True),
        (BirthDate(2016, 3, 2), "87", True),
        (BirthDate(2016, 3, 2), "88", False),
        (BirthDate(2025, 3, 1), "71", True),
        (BirthDate(2025, 3, 1), "72", False),
        (BirthDate(2025, 3, 2), "69", True),
        (BirthDate(2025, 3, 2), "70", False),
        (BirthDate(2016, 3), "89", False),
        (None, "50", False),
    ],
)
def test_low_pressure_depends_on_the_age(birth: BirthDate | None, pressure: str, low: bool) -> None:
    found = signs(FEVER, a_lab(SBP, pressure), birth=birth)
    assert (found.hypotension, found.grade) == (low, 2 if low else 1)


@pytest.mark.req("CRS-03")
@pytest.mark.parametrize(
    ("drugs", "grade"),
    [
        ((), 2),
        ((Drug.NORADRENALINE,), 3),
        ((Drug.VASOPRESSIN,), 3),
        ((Drug.NORADRENALINE, Drug.VASOPRESSIN), 3),
        ((Drug.NORADRENALINE, Drug.TERLIPRESSIN), 3),
        ((Drug.NORADRENALINE, Drug.NORADRENALINE), 3),
        ((Drug.NORADRENALINE, Drug.ADRENALINE), 4),
        ((Drug.DOPAMINE, Drug.PHENYLEPHRINE, Drug.VASOPRESSIN), 4),
    ],
)
def test_vasopressors_raise_the_grade_each_substance_once(drugs: tuple[Drug, ...], grade: int) -> None:
    assert signs(FEVER, LOW, exposures=running(*drugs)).grade == grade


@pytest.mark.req("CRS-03")
def test_a_vasopressor_begun_this_second_counts_and_all_are_counted() -> None:
    now = an_exposure(Drug.NORADRENALINE, 0, running=True)
    assert signs(FEVER, exposures=[now]).grade == 3
    assert signs(FEVER, exposures=running(Drug.NORADRENALINE, Drug.VASOPRESSIN)).vasopressors == 2


@pytest.mark.req("CRS-03")
def test_a_vasopressor_that_ended_or_has_not_begun_does_not_count() -> None:
    ended = an_exposure(Drug.NORADRENALINE, 5)
    planned = an_exposure(Drug.NORADRENALINE, -1, running=True)
    assert signs(FEVER, LOW, exposures=[ended, planned]).grade == 2


@pytest.mark.req("CRS-03")
@pytest.mark.parametrize(
    ("device", "flow", "grade"),
    [
        (OxygenDevice.CANNULA, "2", 2),
        (OxygenDevice.CANNULA, "6", 2),
        (OxygenDevice.CANNULA, "6.1", 3),
        (OxygenDevice.CANNULA, "0.5", 2),
        (OxygenDevice.CANNULA, None, 2),
        (OxygenDevice.CANNULA, "0", 1),
        (OxygenDevice.NOT_NAMED, "6", 2),
        (OxygenDevice.NOT_NAMED, "7", 3),
        (OxygenDevice.NOT_NAMED, "0", 1),
        (OxygenDevice.BLOW_BY, "10", 2),
        (OxygenDevice.HIGH_FLOW, "5", 3),
        (OxygenDevice.HIGH_FLOW, None, 3),
        (OxygenDevice.MASK, "4", 3),
        (OxygenDevice.POSITIVE_PRESSURE, None, 4),
        (OxygenDevice.NONE, None, 1),
    ],
)
def test_oxygen_raises_the_grade_by_device_and_flow(device: OxygenDevice, flow: str | None, grade: int) -> None:
    assert signs(FEVER, oxygen=[oxygen(device, flow)]).grade == grade


@pytest.mark.req("CRS-03")
def test_the_highest_criterion_applies() -> None:
    found = signs(FEVER, LOW, oxygen=[oxygen(OxygenDevice.POSITIVE_PRESSURE), oxygen(OxygenDevice.CANNULA, "2")])
    assert (found.grade, found.oxygen) == (4, 4)


@pytest.mark.req("CRS-03", "V15")
def test_v15_hypotension_without_vasopressor_and_low_flow() -> None:
    assert signs(FEVER, LOW, oxygen=[oxygen(OxygenDevice.CANNULA, "2")]).grade == 2


@pytest.mark.req("CRS-03", "V16")
def test_v16_fever_waived_after_tocilizumab_and_vasopressin_not_counted() -> None:
    found = signs(
        COOL,
        a_lab(T, "39.1", 30),
        exposures=[an_exposure(Drug.TOCILIZUMAB, 24), *running(Drug.NORADRENALINE, Drug.VASOPRESSIN)],
        oxygen=[oxygen(OxygenDevice.HIGH_FLOW, "30")],
    )
    assert (found.fever, found.waived, found.grade) == (False, True, 3)


@pytest.mark.req("CRS-03")
@pytest.mark.parametrize(
    ("fever_hours", "drug", "dose_hours", "waived"),
    [
        (30, Drug.TOCILIZUMAB, 30, True),
        (30, Drug.TOCILIZUMAB, 29, True),
        (30, Drug.TOCILIZUMAB, 31, False),
        (30, Drug.SILTUXIMAB, 26, True),
        (30, Drug.ANAKINRA, 26, True),
        (30, Drug.SYSTEMIC_STEROID, 26, True),
        (30, Drug.VITAMIN_K, 26, False),
        (30, Drug.TOCILIZUMAB, 0, True),
        (30, Drug.TOCILIZUMAB, -1, False),
        (145, Drug.TOCILIZUMAB, 26, False),
    ],
)
def test_fever_is_waived_only_by_a_drug_given_after_a_fever_of_this_episode(
    fever_hours: float, drug: Drug, dose_hours: float, waived: bool
) -> None:
    found = signs(a_lab(T, "39", fever_hours), LOW, exposures=[an_exposure(drug, dose_hours)])
    assert (found.waived, found.grade, found.ungradable) == (waived, 2 if waived else None, not waived)


@pytest.mark.req("CRS-03")
@pytest.mark.parametrize(
    ("birth", "limit"), [(BirthDate(2008, 3, 1), 100), (BirthDate(2008, 3, 2), 95), (BirthDate(2016, 3, 1), 95)]
)
def test_the_limits_of_adults_and_of_older_children_are_two(birth: BirthDate, limit: int) -> None:
    policy: dict[str, object] = {"sbp_hypotension_adult": 100, "sbp_hypotension_child": {"from_10y": 95}}
    assert signs(a_lab(SBP, str(limit - 1)), birth=birth, policy=policy).hypotension
    assert not signs(a_lab(SBP, str(limit)), birth=birth, policy=policy).hypotension


@pytest.mark.req("CRS-03")
def test_waived_fever_with_room_air_gives_no_grade() -> None:
    doses = [an_exposure(Drug.TOCILIZUMAB, 24)]
    assert signs(a_lab(T, "39", 30), exposures=doses, oxygen=[oxygen(OxygenDevice.NONE)]).grade is None
    assert signs(a_lab(T, "<39", 30), LOW, exposures=doses).waived is False


@pytest.mark.req("CRS-03")
def test_waived_fever_alone_gives_no_grade() -> None:
    found = signs(COOL, a_lab(T, "39", 30), exposures=[an_exposure(Drug.TOCILIZUMAB, 24)])
    assert (found.waived, found.grade, found.ungradable) == (True, None, False)


@pytest.mark.req("CRS-03")
@pytest.mark.parametrize(
    ("saturation", "support", "low"),
    [
        ("89", [], True),
        ("90", [], False),
        ("89", [oxygen(OxygenDevice.NONE)], True),
        ("89", [oxygen(OxygenDevice.CANNULA, "2")], False),
    ],
)
def test_low_saturation_without_a_device_is_not_graded_but_told(saturation: str, support: list[Any], low: bool) -> None:
    found = signs(FEVER, a_lab(Analyte.SPO2, saturation), oxygen=support)
    assert found.low_spo2_without_device is low
    assert found.grade == (2 if support and not low else 1)


@pytest.mark.req("CRS-03")
@pytest.mark.parametrize(
    ("more", "ungradable"),
    [
        ({"labs": [COOL]}, False),
        ({"labs": [LOW]}, True),
        ({"labs": [a_lab(Analyte.SPO2, "85")]}, True),
        ({"oxygen": [oxygen(OxygenDevice.CANNULA, "2")]}, True),
        ({"exposures": running(Drug.NORADRENALINE)}, True),
        ({"labs": [FEVER, LOW]}, False),
    ],
)
def test_without_fever_nothing_is_graded_but_hypotension_and_hypoxia_are_told(
    more: dict[str, Any], ungradable: bool
) -> None:
    rest = dict(more)
    found = signs(*rest.pop("labs", []), **rest)
    assert found.ungradable is ungradable
    assert (found.grade is None) == (not found.fever)


@pytest.mark.req("CRS-03")
def test_the_site_may_set_window_and_limits() -> None:
    assert signs(a_lab(T, "39", 40), policy={"vitals_window_h": 48}).grade == 1
    assert signs(FEVER, a_lab(SBP, "95"), policy={"sbp_hypotension_adult": 100}).grade == 2


@pytest.mark.req("CRS-03", "DQ-17")
@pytest.mark.parametrize("topic", [Topic.VITAL_SIGNS, Topic.ADMINISTRATIONS])
def test_an_incomplete_reading_settles_the_band_only_at_grade_3(topic: Topic) -> None:
    gaps = unread(topic)
    assert not signs(FEVER, unread=gaps).settles_band
    assert not signs(COOL, unread=gaps).settles_band
    assert signs(FEVER, oxygen=[oxygen(OxygenDevice.MASK)], unread=gaps).settles_band
    assert signs(FEVER).settles_band


def test_the_evidence_names_the_records() -> None:
    labs = (a_lab(T, "39", 9), FEVER, a_lab(SBP, "80", 9), LOW)
    supports = [oxygen(OxygenDevice.CANNULA, "2"), oxygen(OxygenDevice.NONE)]
    found = signs(*labs, exposures=running(Drug.NORADRENALINE), oxygen=supports)
    assert found.evidence == (
        FEVER.source,
        LOW.source,
        "MedicationAdministration/noradrenaline-5",
        "Observation/o2-low-flow cannula-2",
    )
