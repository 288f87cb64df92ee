"""However much of a chart stays unread: a thousand generated patients, many damaged, are answered as if all of it were read at once."""

from pathlib import Path

import pytest

from smartapp.factory import create_app
from smartapp.storage.database import Database
from tests import charts as c
from tests.answers.generated import NUMBERS, assessed, hook_call, slowed, unnamed
from tests.cdshooks.calls import call, prefetch, url
from tests.sites import open_settings
from tests.vectors import VECTORS

PART = 100


@pytest.mark.req("CDS-53", "CDS-73", "DQ-09", "DQ-17", "DQ-18", "DQ-19", "FHIR-03", "FHIR-04")
@pytest.mark.parametrize("first", range(0, len(NUMBERS), PART))
def test_what_waits_to_be_read_changes_no_answer(first: int) -> None:
    calls = {number: hook_call(number) for number in NUMBERS[first : first + PART]}
    assert sum(raw != slowed(raw) for raw in calls.values()) == PART
    assert [number for number, raw in calls.items() if assessed(raw) != assessed(slowed(raw))] == []


@pytest.mark.req("CDS-53")
def test_nor_what_a_hook_shows(tmp_path: Path) -> None:
    settings = open_settings(tmp_path)
    Database(settings.database).upgrade()
    app = create_app(settings, now=lambda: c.NOW).test_client()
    bodies = [c.dumps(call(prefetch=prefetch(*vector.chart))) for vector in VECTORS]
    bodies += [hook_call(number) for number in NUMBERS[:60]]
    for raw in bodies:
        told = [app.post(url(), data=each, content_type="application/json") for each in (raw, slowed(raw))]
        assert [reply.status_code for reply in told] == [200, 200]
        assert unnamed(told[0].get_json()) == unnamed(told[1].get_json())
