"""What is asked of a chart, and what is never relied on."""

from datetime import UTC, datetime

import pytest

from smartapp.fhir.queries import QUERIES, Query, prefetch_template, search_params

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)


@pytest.mark.req("FHIR-11")
@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_the_time_of_the_last_update_is_never_asked_for(query: Query) -> None:
    sent = {name for plain in (False, True) for name, _ in search_params(query, "P1", NOW, plain=plain)}
    assert "_lastUpdated" not in sent
    assert "_lastUpdated" not in prefetch_template(query)
