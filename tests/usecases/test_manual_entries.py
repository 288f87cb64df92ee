"""What a clinician adds by hand for one launch, and takes back."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from smartapp.clinical.picture import Bedside, BleedingLevel
from smartapp.usecases.manual_entries import (
    ImplausibleWeight,
    ManualEntry,
    left_over,
    merged,
    names_of,
    packed_entries,
    read_entries,
)

AT = datetime(2026, 3, 1, 2, 10, tzinfo=UTC)
LATER = AT + timedelta(minutes=5)


def after(*steps: tuple[ManualEntry, datetime]) -> Bedside:
    entries = Bedside()
    for entry, at in steps:
        entries = merged(entries, entry, at)
    return entries


def test_each_is_kept_with_the_time_it_was_added() -> None:
    bedside = after((ManualEntry(crs_grade=3), AT), (ManualEntry(weight_kg=Decimal("82.5")), LATER))
    assert (bedside.crs_grade, bedside.weight_kg) == (3, Decimal("82.5"))
    assert bedside.times == {"crs_grade": AT, "weight_kg": LATER}


def test_what_is_taken_back_no_longer_counts_and_the_rest_does() -> None:
    bleeding = ManualEntry(bleeding=BleedingLevel.MAJOR)
    bedside = after((ManualEntry(crs_grade=5), AT), (bleeding, AT), (ManualEntry(take_back="crs_grade"), LATER))
    assert bedside == Bedside(bleeding=BleedingLevel.MAJOR, times={"bleeding": AT})


def test_one_suspect_is_taken_back_by_its_reference() -> None:
    marks = [ManualEntry(suspect=f"Observation/{name}", reason="clotted") for name in "ab"]
    bedside = after(*((mark, AT) for mark in marks), (ManualEntry(take_back="Observation/a"), LATER))
    assert (dict(bedside.suspects), bedside.times) == ({"Observation/b": "clotted"}, {"Observation/b": AT})


def test_what_a_session_stores_is_read_again_as_it_was() -> None:
    entries = after(
        (ManualEntry(bleeding=BleedingLevel.MINOR, weight_kg=Decimal("82.5")), AT),
        (ManualEntry(suspect="Observation/a", reason="clotted"), LATER),
    )
    assert read_entries(packed_entries(entries)) == entries
    assert read_entries({}) == Bedside()


@pytest.mark.req("DQ-11")
@pytest.mark.parametrize("kg", ["1.4", "1.0", "301"])
def test_a_weight_that_no_dose_may_rest_on_is_refused_with_its_range(kg: str) -> None:
    with pytest.raises(ImplausibleWeight, match=r"from 1\.5 to 300 kg"):
        merged(Bedside(), ManualEntry(weight_kg=Decimal(kg)), AT)


@pytest.mark.req("SEC-32")
def test_the_audit_names_what_was_entered_without_values_or_references() -> None:
    entries = after((ManualEntry(crs_grade=2, suspect="Observation/a", reason="clotted"), AT))
    assert names_of(entries) == "crs_grade, suspects"


@pytest.mark.req("SEC-03")
def test_what_a_launch_that_timed_out_left_is_what_was_not_entered_again() -> None:
    earlier = Bedside(crs_grade=3, weight_kg=Decimal(80), suspects={"Observation/a": "clotted"})
    now = Bedside(weight_kg=Decimal(82), suspects={"Observation/a": "diluted"})
    assert left_over(earlier, now) == Bedside(crs_grade=3)
    assert left_over(earlier, earlier) is None
