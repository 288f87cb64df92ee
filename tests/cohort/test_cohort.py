"""Silence on look-alikes, and on charts in which nothing is new: the samples of `make cohort`."""

from pathlib import Path

import pytest

from tests.cohort.watch import background, cards_for, watch

SAMPLE = Path(__file__).with_name("background.ndjson.gz")


@pytest.mark.req("APP-01")
def test_a_hundred_background_patients_get_no_card() -> None:
    patients = list(background(SAMPLE))
    assert len(patients) == 100
    assert [id_ for id_, resources in patients if cards_for(id_, resources)] == []


@pytest.mark.parametrize("seed", range(10))
def test_a_course_moves_only_with_news_or_time(seed: int) -> None:
    seen = watch(seed)
    assert seen.looks == 140
    assert seen.moved == []
    assert 0 < seen.cards <= 2 * seen.looks
