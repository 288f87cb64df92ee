"""Cards that were shown, and what was answered: each once, the last of a likeness, and forgotten in time."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from smartapp.storage.database import Database
from smartapp.storage.feedback import FeedbackStore
from smartapp.storage.keyring import Keyring
from smartapp.usecases.feedback import FeedbackEvent, KeptEvent, ShownCard
from smartapp.usecases.last_viewed import LastView
from smartapp.usecases.ports import Subject

LOOK = LastView(
    at=datetime(2026, 3, 1, 8, tzinfo=UTC),
    action="REPLACE",
    indicator="critical",
    bleeding="minor",
    fibrinogen=Decimal("0.80"),
)
CARD = ShownCard(
    card="c1",
    subject=Subject(ehr="st-x", patient="P1", user="Practitioner/7", encounter="E1", reference="h1"),
    service="coagulopathy-patient-view",
    rules=(("BLD-01", 1), ("REP-03", 2)),
    likeness="same",
    severity="T2 severe minor",
    at=1000.0,
    look=LOOK,
)


@pytest.fixture
def store(database: Database) -> FeedbackStore:
    return FeedbackStore(database, Keyring([bytes(32)]), lambda: 2000.0)


def event(**more: object) -> KeptEvent:
    given = {"event": FeedbackEvent(card="c1", outcome="overridden", at=1500.0), "acknowledged_at": 1500.0, **more}
    return KeptEvent(**{"key": "k1", "ehr": "st-x", "shown": CARD, **given})  # type: ignore[arg-type]


@pytest.mark.req("CDS-42")
def test_a_shown_card_comes_back_as_it_was_first(store: FeedbackStore) -> None:
    store.show([CARD])
    store.show([replace(CARD, likeness="other"), replace(CARD, card="c2", look=None)])
    assert store.card("c1") == CARD
    assert store.card("c2") == replace(CARD, card="c2", look=None)
    assert store.card("c3") is None


@pytest.mark.req("SAL-62")
def test_the_last_card_of_a_likeness(store: FeedbackStore) -> None:
    store.show([CARD, replace(CARD, card="c2", at=1200.0), replace(CARD, card="c3", at=1300.0, likeness="other")])
    found = store.latest("same", 1100.0)
    assert found is not None
    assert found.card == "c2"
    assert store.latest("same", 1201.0) is None


@pytest.mark.req("CDS-61")
def test_an_event_is_kept_once(store: FeedbackStore) -> None:
    assert store.keep(event())
    assert not store.keep(event())
    assert store.keep(event(key="k2"))


@pytest.mark.req("CDS-54")
def test_acknowledgements_of_a_likeness_since_a_time(store: FeedbackStore) -> None:
    store.keep(event())
    store.keep(event(key="k2", shown=None, acknowledged_at=None))
    given = store.acknowledged(["same", "other"], 1499.0)
    assert [one.severity for one in given["same"]] == ["T2 severe minor"]
    assert given["other"] == []
    assert store.acknowledged(["same"], 1500.0) == {"same": []}


@pytest.mark.req("SEC-36")
def test_what_people_wrote_is_not_readable_on_disk(store: FeedbackStore, database: Database) -> None:
    store.show([CARD])
    store.keep(event(event=FeedbackEvent(card="c1", outcome="overridden", at=1.0, comment="marker words")))
    with database.engine.connect() as connection:
        rows = str(connection.exec_driver_sql("SELECT * FROM feedback").all())
    assert "marker words" not in rows
