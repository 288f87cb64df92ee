"""The course since before the infusion (MON-04, MON-05)."""

import pytest

from smartapp.clinical.criteria.course import BASELINE, STEADY
from smartapp.clinical.picture import Topic
from smartapp.clinical.rule import Missing
from tests.builders import a_fibrinogen, a_picture, an_exposure, an_infusion, facts_of, unread


@pytest.mark.req("MON-04", "APP-01")
def test_without_the_day_of_the_infusion_there_is_no_baseline_to_miss() -> None:
    found = facts_of(a_picture(a_fibrinogen("2.4", 24 * 9), infusions=[an_infusion(start=None)])).get(BASELINE)
    assert isinstance(found, Missing)
    assert found.inputs == ("infusion",)


@pytest.mark.req("MON-04", "DQ-17")
def test_a_baseline_that_was_read_counts_though_others_were_not() -> None:
    picture = a_picture(a_fibrinogen("2.4", 24 * 9), unread=unread(Topic.LABORATORY))
    found = facts_of(picture).get(BASELINE)
    assert found is not None
    assert not isinstance(found, Missing)


@pytest.mark.req("MON-05")
@pytest.mark.parametrize(("running", "count"), [(False, 2), (True, 0)])
def test_a_product_that_is_still_running_is_the_last(running: bool, count: int) -> None:
    dose = an_exposure(hours_ago=100, running=running)
    picture = a_picture(a_fibrinogen("2.4", 1), a_fibrinogen("2.4", 30), exposures=[dose])
    found = facts_of(picture).get(STEADY)
    assert not isinstance(found, Missing)
    assert len(found) == count
