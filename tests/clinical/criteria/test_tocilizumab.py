"""Tocilizumab within the lookback (TOC-01)."""

from datetime import timedelta

import pytest

from smartapp.clinical.criteria.tocilizumab import POST_TOCI
from smartapp.clinical.partial_datetime import Moment
from smartapp.clinical.picture import Topic
from smartapp.clinical.rule import Missing
from smartapp.clinical.terminology import Drug
from tests.builders import NOW, a_picture, an_exposure, facts_of, unread


@pytest.mark.req("TOC-01")
@pytest.mark.parametrize(
    ("age", "found"),
    [
        (timedelta(0), True),
        (timedelta(days=28), True),
        (timedelta(days=28, seconds=1), False),
        (timedelta(seconds=-1), False),
    ],
)
def test_a_dose_counts_for_28_days_from_its_start(age: timedelta, found: bool) -> None:
    dose = an_exposure(Drug.TOCILIZUMAB, start=Moment(NOW - age))
    assert facts_of(a_picture(exposures=[dose])).get(POST_TOCI) == (dose if found else None)


@pytest.mark.req("TOC-01")
def test_the_latest_dose_is_named_and_other_drugs_do_not_count() -> None:
    doses = [an_exposure(Drug.TOCILIZUMAB, 30), an_exposure(Drug.TOCILIZUMAB, 5), an_exposure(Drug.ANAKINRA, 1)]
    assert facts_of(a_picture(exposures=doses)).get(POST_TOCI) == doses[1]
    assert facts_of(a_picture(exposures=doses[2:])).get(POST_TOCI) is None


@pytest.mark.req("TOC-01", "DQ-17")
def test_unread_administrations_leave_it_unknown() -> None:
    assert isinstance(facts_of(a_picture(unread=unread(Topic.ADMINISTRATIONS))).get(POST_TOCI), Missing)


@pytest.mark.req("TOC-01")
def test_the_site_may_set_the_lookback() -> None:
    dose = an_exposure(Drug.TOCILIZUMAB, 24 * 20)
    assert facts_of(a_picture(exposures=[dose]), toci_lookback_d=20).get(POST_TOCI) == dose
