"""What a clinician adds by hand for one launch, and takes back."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from smartapp.clinical.picture import Bedside, BleedingLevel
from smartapp.factory.bedside import bedside_of, merged
from smartapp.web.decisions import Observed

AT = datetime(2026, 3, 1, 2, 10, tzinfo=UTC)
LATER = AT + timedelta(minutes=5)


def after(*steps: tuple[Observed, datetime]) -> Bedside:
    kept: dict[str, Any] = {}
    for observed, at in steps:
        kept = merged(kept, observed, at)
    return bedside_of(kept)


def test_each_is_kept_with_the_time_it_was_added() -> None:
    bedside = after((Observed(crs_grade=3), AT), (Observed(weight_kg=Decimal("82.5")), LATER))
    assert (bedside.crs_grade, bedside.weight_kg) == (3, Decimal("82.5"))
    assert bedside.times == {"crs_grade": AT, "weight_kg": LATER}


def test_what_is_taken_back_no_longer_counts_and_the_rest_does() -> None:
    bleeding = Observed(bleeding=BleedingLevel.MAJOR)
    bedside = after((Observed(crs_grade=5), AT), (bleeding, AT), (Observed(take_back="crs_grade"), LATER))
    assert bedside == Bedside(bleeding=BleedingLevel.MAJOR, times={"bleeding": AT})


def test_one_suspect_is_taken_back_by_its_reference() -> None:
    marks = [Observed(suspect=f"Observation/{name}", reason="clotted") for name in "ab"]
    bedside = after(*((mark, AT) for mark in marks), (Observed(take_back="Observation/a"), LATER))
    assert (dict(bedside.suspects), bedside.times) == ({"Observation/b": "clotted"}, {"Observation/b": AT})
