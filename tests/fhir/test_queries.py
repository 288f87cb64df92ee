"""What is asked of a chart, and what is never relied on."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest

from smartapp.clinical.assessment import assess
from smartapp.clinical.codes import LOINC, analyte_of
from smartapp.clinical.labs import LabSeries
from smartapp.clinical.terminology import Analyte
from smartapp.fhir.queries import QUERIES, Query, plain_searches, prefetch_template, search_params
from tests.clinical.golden_patients import NUMBERS, a_patient

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)


@pytest.mark.req("FHIR-11")
@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_the_time_of_the_last_update_is_never_asked_for(query: Query) -> None:
    searches = [search_params(query, "P1", NOW), *plain_searches(query, "P1")]
    sent = {name for search in searches for name, _ in search}
    assert "_lastUpdated" not in sent
    assert "_lastUpdated" not in prefetch_template(query)


class _Asked(dict[Analyte, LabSeries]):
    """Results that note which analytes a rule asks for."""

    asked: ClassVar[set[Analyte]] = set()

    def get(self, analyte: Analyte, _: Any = None) -> LabSeries:  # type: ignore[override]
        self.asked.add(analyte)
        return super().get(analyte, LabSeries())


@pytest.mark.req("CDS-20")
def test_every_result_that_is_asked_for_is_read_by_a_rule_or_shown_on_the_page() -> None:
    otherwise = {Analyte.HAEMOGLOBIN, Analyte.CRP, Analyte.OXYGEN_FLOW}  # on the page; as oxygen support
    for number in NUMBERS:
        picture, policy = a_patient(number)
        assess(replace(picture, labs=_Asked(picture.labs)), policy)
    codes = {code.partition("|")[2] for query in QUERIES for code in dict(query.params).get("code", "").split(",")}
    wanted = {meant[0] for code in codes if (meant := analyte_of(LOINC, code))}
    assert wanted - _Asked.asked == otherwise
