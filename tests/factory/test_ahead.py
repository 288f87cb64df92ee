"""What is asked of the EHR while the browser is on its way to the patient page."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from smartapp.factory.parts import Parts, make_parts
from smartapp.smart.identity import User
from smartapp.smart.session import SmartSession
from smartapp.storage.database import Database
from tests.sites import EHR, open_settings


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    settings = open_settings(tmp_path, ehr_url="http://127.0.0.1:9")
    database = Database(settings.database)
    database.upgrade()
    made = make_parts(settings, lambda: datetime.now(UTC))
    yield made
    made.database.close()
    database.close()


def begun(parts: Parts, user: str, *, alone: bool = True) -> int:
    """How many readings are under way."""
    charts = parts.charts(alone=alone)
    who = User(issuer=EHR, subject="someone", reference=user)
    base = "http://127.0.0.1:9/fhir"
    session = SmartSession(
        launch="l1",
        ehr="demo",
        fhir_base=base,
        patient="p1",
        user=who,
        scope="",
        access_token="t",
        token_expires_at=0.0,
    )
    charts.read_ahead(session, parts.site.queries)
    return len(charts.readings._kept)


@pytest.mark.req("SAL-73")
@pytest.mark.parametrize(("user", "readings"), [("Practitioner/osei", 1), ("Patient/p1", 0), ("RelatedPerson/r", 0)])
def test_a_chart_is_read_ahead_for_professionals_only(parts: Parts, user: str, readings: int) -> None:
    assert begun(parts, user) == readings


def test_nothing_is_read_ahead_where_another_process_may_answer_the_page(parts: Parts) -> None:
    assert begun(parts, "Practitioner/osei", alone=False) == 0
