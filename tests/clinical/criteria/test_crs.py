"""The effective CRS grade (CRS-01, CRS-02)."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from smartapp.clinical.criteria.crs import CRS, CRS_ISSUES
from smartapp.clinical.derived_facts import Band, Basis, CrsStatus
from smartapp.clinical.partial_datetime import Moment, Precision
from smartapp.clinical.picture import Bedside, CrsRecord, Topic
from smartapp.clinical.rule import Missing
from smartapp.clinical.terminology import Analyte
from tests.builders import NOW, a_crs, a_lab, a_picture, an_infusion, before, facts_of, on_day, unread

FEVER = a_lab(Analyte.TEMPERATURE, "38.6")


def status(*records: CrsRecord, labs: tuple[Any, ...] = (), **more: Any) -> CrsStatus:
    found = facts_of(a_picture(*labs, crs=records, **more)).get(CRS)
    assert not isinstance(found, Missing)
    return found


def issues(*records: CrsRecord, **more: Any) -> list[str]:
    gaps = facts_of(a_picture(crs=records, **more)).get(CRS_ISSUES)
    assert not isinstance(gaps, Missing)
    return [gap.rule for gap in gaps]


@pytest.mark.req("CRS-02")
@pytest.mark.parametrize(
    ("grade", "band"),
    [(0, Band.NONE), (1, Band.MILD), (2, Band.MODERATE), (3, Band.SEVERE), (4, Band.SEVERE), (5, Band.FATAL)],
)
def test_bands(grade: int, band: Band) -> None:
    found = status(a_crs(grade))
    assert (found.grade, found.band, found.basis) == (grade, band, Basis.RECORDED)


@pytest.mark.req("CRS-02")
def test_the_newest_unresolved_grade_counts_whatever_the_order_and_the_peak_is_kept() -> None:
    records = [a_crs(2, 3), a_crs(4, 20), a_crs(3, 1, over=True), a_crs(None, 0.5)]
    for order in permutations(records):
        found = status(*order)
        assert (found.grade, found.basis, found.peak_grade) == (2, Basis.RECORDED, 4)


@pytest.mark.req("CRS-02")
@pytest.mark.parametrize(("age", "stale"), [(timedelta(hours=24), False), (timedelta(hours=24, seconds=1), True)])
def test_an_old_grade_is_kept_as_stale_and_named(age: timedelta, stale: bool) -> None:
    record = a_crs(3, own_time=Moment(NOW - age), scale="ASTCT")
    assert (status(record).grade, status(record).stale) == (3, stale)
    assert issues(record) == (["CRS-02"] if stale else [])


@pytest.mark.req("CRS-01", "CRS-02")
def test_a_records_own_time_counts_not_its_onset() -> None:
    assert not status(a_crs(3, onset=before(hours=40), own_time=before(hours=2))).stale
    assert (
        status(a_crs(2, onset=before(hours=1), own_time=before(hours=9)), a_crs(3, own_time=before(hours=8))).grade == 3
    )


@pytest.mark.req("CRS-02")
@pytest.mark.parametrize(
    "record",
    [a_crs(3, over=True), a_crs(3, abated=Moment(NOW)), a_crs(None, over=True)],
    ids=["over", "abated", "unspecified"],
)
def test_when_every_record_is_over_there_is_no_crs(record: CrsRecord) -> None:
    found = status(record)
    assert (found.grade, found.band, found.basis) == (0, Band.NONE, Basis.RESOLVED)


@pytest.mark.req("CRS-02")
def test_an_end_still_to_come_resolves_nothing() -> None:
    assert status(a_crs(3, abated=Moment(NOW + timedelta(seconds=1)))).grade == 3


@pytest.mark.req("CRS-02", "DQ-17")
def test_unread_conditions_do_not_let_crs_count_as_resolved() -> None:
    found = status(a_crs(3, over=True), unread=unread(Topic.CONDITIONS))
    assert (found.grade, found.band, found.basis, found.peak_grade) == (None, Band.UNKNOWN, Basis.UNKNOWN, 3)


@pytest.mark.req("CRS-02", "DQ-17")
@pytest.mark.parametrize(("codes", "band"), [("", Band.NONE), ("http://st-x.example|CRS", Band.UNKNOWN)])
def test_grades_that_a_site_keeps_as_results_may_be_unread_too(codes: str, band: Band) -> None:
    picture = a_picture(crs=[a_crs(3, over=True)], unread=unread(Topic.LABORATORY))
    found = facts_of(picture, crs_grade_codes=codes).get(CRS)
    assert not isinstance(found, Missing)
    assert found.band is band


@pytest.mark.req("CRS-02")
def test_without_a_grade_the_vital_signs_suggest_one() -> None:
    for records in ((), (a_crs(None),)):
        found = status(*records, labs=(FEVER,))
        assert (found.grade, found.band, found.basis, found.scale) == (1, Band.MILD, Basis.SUGGESTED, "ASTCT")


@pytest.mark.req("CRS-02", "DQ-17")
@pytest.mark.parametrize("topic", [Topic.VITAL_SIGNS, Topic.ADMINISTRATIONS])
def test_a_grade_suggested_by_an_incomplete_reading_is_no_basis(topic: Topic) -> None:
    found = status(labs=(FEVER,), unread=unread(topic))
    assert (found.grade, found.band, found.suggested_grade) == (None, Band.UNKNOWN, 1)


@pytest.mark.req("CRS-02")
@pytest.mark.parametrize(("records", "unspecified"), [((), False), ((a_crs(None),), True)])
def test_with_no_other_data_the_band_is_unknown(records: tuple[CrsRecord, ...], unspecified: bool) -> None:
    found = status(*records)
    assert (found.grade, found.band, found.basis) == (None, Band.UNKNOWN, Basis.UNKNOWN)
    assert found.unresolved_unspecified is unspecified


@pytest.mark.req("CRS-02")
def test_an_unspecified_record_that_goes_on_is_not_resolved_by_a_graded_one_that_is_over() -> None:
    found = status(a_crs(3, over=True), a_crs(None))
    assert (found.band, found.basis, found.unresolved_unspecified) == (Band.UNKNOWN, Basis.UNKNOWN, True)


@pytest.mark.req("CRS-02", "DQ-20")
@pytest.mark.parametrize(("first", "second"), [(1, 2), (2, 1), (0, 1), (1, 0)])
def test_of_two_grades_at_the_same_time_the_higher_counts_and_is_named(first: int, second: int) -> None:
    records = [
        a_crs(first, 3, scale="ASTCT", source="Condition/a"),
        a_crs(second, 3, scale="ASTCT", source="Condition/b"),
    ]
    assert status(*records).grade == max(first, second)
    assert issues(*records) == ["DQ-20"]


@pytest.mark.req("CRS-02", "DQ-20")
def test_a_grade_that_is_over_or_older_or_the_same_contradicts_nothing() -> None:
    chosen = a_crs(2, 3, scale="ASTCT", source="Condition/a")
    others = [
        a_crs(3, 3, scale="ASTCT", over=True),
        a_crs(3, 4, scale="ASTCT"),
        a_crs(2, 3, scale="ASTCT", source="Condition/b"),
        a_crs(None, 3),
    ]
    assert issues(chosen, *others) == []


@pytest.mark.req("CRS-01")
@pytest.mark.parametrize(
    ("onset", "counts"),
    [
        (before(days=6), True),
        (Moment(NOW - timedelta(days=6, seconds=1)), False),
        (on_day(2026, 2, 23), True),
        (on_day(2026, 2, 22), False),
        (Moment(NOW), True),
        (Moment(NOW + timedelta(seconds=1)), False),
        (None, True),
    ],
)
def test_only_records_since_the_infusion_and_up_to_now_count(onset: Moment | None, counts: bool) -> None:
    found = status(a_crs(3, onset=onset, own_time=before(hours=2)), infusions=[an_infusion(6)])
    assert (found.grade == 3) is counts


@pytest.mark.req("CRS-01", "CRS-02")
def test_a_record_without_any_time_counts_as_stale() -> None:
    found = status(a_crs(3, onset=None, own_time=None), infusions=[an_infusion(6)])
    assert (found.grade, found.stale) == (3, True)


@pytest.mark.req("CRS-01")
def test_a_record_still_to_come_is_named() -> None:
    assert issues(a_crs(3, -2)) == ["CRS-01"]
    assert issues(a_crs(3, 0, scale="ASTCT")) == []


@pytest.mark.req("CRS-01")
@pytest.mark.parametrize(("stated", "scale", "assumed"), [("PENN", "PENN", False), (None, "LEE", True)])
def test_the_scale_is_the_records_own_or_the_sites_marked_assumed(
    stated: str | None, scale: str, assumed: bool
) -> None:
    facts = facts_of(a_picture(crs=[a_crs(3, scale=stated)]), crs_scale_default="LEE")
    found, gaps = facts.get(CRS), facts.get(CRS_ISSUES)
    assert not isinstance(found, Missing)
    assert not isinstance(gaps, Missing)
    assert (found.scale, found.scale_assumed) == (scale, assumed)
    assert [gap.rule for gap in gaps] == (["CRS-01"] if assumed else [])


@pytest.mark.req("CRS-02")
def test_a_grade_set_by_hand_counts_as_recorded_now() -> None:
    found = status(a_crs(4, 30), labs=(FEVER,), bedside=Bedside(crs_grade=2))
    assert (found.grade, found.band, found.basis, found.by_hand) == (2, Band.MODERATE, Basis.RECORDED, True)
    assert (found.stale, found.peak_grade, found.suggested_grade) == (False, 4, 1)
    assert issues(a_crs(4, 30), bedside=Bedside(crs_grade=2)) == []


@pytest.mark.req("CRS-03")
def test_a_suggested_grade_never_overwrites_a_recorded_one() -> None:
    found = status(a_crs(0), labs=(FEVER,))
    assert (found.grade, found.basis, found.suggested_grade) == (0, Basis.RECORDED, 1)


@pytest.mark.req("CRS-01")
@pytest.mark.parametrize(
    ("onset", "infusion", "counts"),
    [
        (Moment(datetime(2026, 2, 1, tzinfo=UTC), Precision.MONTH), on_day(2026, 2, 28), True),
        (Moment(datetime(2026, 2, 1, tzinfo=UTC), Precision.MONTH), on_day(2026, 3, 1), False),
        (Moment(datetime(2025, 12, 1, tzinfo=UTC), Precision.MONTH), on_day(2025, 12, 31), True),
        (Moment(datetime(2025, 12, 1, tzinfo=UTC), Precision.MONTH), on_day(2026, 1, 1), False),
        (Moment(datetime(2025, 1, 1, tzinfo=UTC), Precision.YEAR), on_day(2025, 12, 31), True),
        (Moment(datetime(2025, 1, 1, tzinfo=UTC), Precision.YEAR), on_day(2026, 1, 1), False),
    ],
)
def test_a_record_dated_to_the_month_or_year_counts_if_that_may_hold_the_infusion(
    onset: Moment, infusion: Moment, counts: bool
) -> None:
    record = a_crs(3, onset=onset, own_time=before(hours=2))
    assert (status(record, infusions=[an_infusion(start=infusion)]).grade == 3) is counts
