"""What is asked of a chart, and what is never relied on."""

from datetime import UTC, datetime

import pytest

from smartapp.fhir.queries import QUERIES, Query, plain_searches, prefetch_template, search_params

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)


@pytest.mark.req("FHIR-11")
@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_the_time_of_the_last_update_is_never_asked_for(query: Query) -> None:
    searches = [search_params(query, "P1", NOW), *plain_searches(query, "P1")]
    sent = {name for search in searches for name, _ in search}
    assert "_lastUpdated" not in sent
    assert "_lastUpdated" not in prefetch_template(query)
