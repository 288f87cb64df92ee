"""All values of one analyte, in order of collection."""

from datetime import timedelta

from smartapp.clinical.labs import LabSeries
from tests.builders import NOW, a_fibrinogen

OLD, MIDDLE, NEW = a_fibrinogen("1.1", 30), a_fibrinogen("1.2", 20), a_fibrinogen("1.3", 10)


def test_a_series_is_its_results_whatever_their_order() -> None:
    one, other = LabSeries.of([NEW, OLD, MIDDLE]), LabSeries.of([OLD, MIDDLE, NEW])
    assert one == other
    assert hash(one) == hash(other)
    assert one != LabSeries.of([OLD, MIDDLE])
    assert hash(one) != hash(LabSeries.of([OLD, MIDDLE]))
    assert one != one.results
    assert list(reversed(one)) == [NEW, MIDDLE, OLD]


def test_a_part_holds_both_its_ends_and_a_part_of_a_part_no_more() -> None:
    series = LabSeries.of([OLD, MIDDLE, NEW])
    part = series.between(OLD.collected.at, MIDDLE.collected.at)
    assert part.results == (OLD, MIDDLE)
    assert part.between(NOW - timedelta(days=9), NOW).results == (OLD, MIDDLE)
    assert series.between(OLD.collected.at + timedelta(seconds=1), NOW).results == (MIDDLE, NEW)
    assert part.latest(lambda result: result is OLD) is OLD


def test_what_is_read_late_stands_among_what_was_read() -> None:
    unread = [(MIDDLE.collected.at, "later"), (NEW.collected.at, "last")]
    made = {"later": MIDDLE, "last": NEW}
    series = LabSeries.partly_read([OLD], reversed(unread), made.__getitem__)
    assert series.latest() is NEW
    assert series.results == (OLD, MIDDLE, NEW)
