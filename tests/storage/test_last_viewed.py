"""What a user saw last, remembered across launches and forgotten when told (interfaces.md section 7)."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from smartapp.storage.database import Database
from smartapp.storage.keyring import Keyring
from smartapp.storage.last_viewed import LastViewStore
from smartapp.storage.tables import looks
from smartapp.usecases.last_viewed import LastView
from smartapp.usecases.ports import Subject
from tests.builders import NOW

OSEI = Subject(ehr="st-x", patient="P1", user="Practitioner/osei", reference="launch-1")
FIRST = LastView(
    at=NOW,
    action="MONITOR",
    indicator="info",
    bleeding="none_recorded",
    fibrinogen=Decimal("1.60"),
    collected=NOW - timedelta(hours=1),
    crs_grade=2,
    doses=frozenset({"Procedure/1"}),
    bound="<",
    by_hand=frozenset({"bleeding"}),
)
LATER = replace(FIRST, at=NOW + timedelta(hours=9), action="REPLACE", indicator="critical", fibrinogen=Decimal("0.94"))


@pytest.fixture
def store(database: Database) -> LastViewStore:
    return LastViewStore(database, Keyring([b"k" * 32]), lambda: 86400.0 * 100)


def test_a_first_look_has_nothing_before_it(store: LastViewStore) -> None:
    assert store.since(OSEI, FIRST) is None


def test_a_later_launch_is_told_all_of_the_earlier_look(store: LastViewStore) -> None:
    store.since(OSEI, FIRST)
    assert store.since(replace(OSEI, reference="launch-2"), LATER) == FIRST


def test_reloading_does_not_make_the_news_old(store: LastViewStore) -> None:
    store.since(OSEI, FIRST)
    for _ in range(3):
        assert store.since(replace(OSEI, reference="launch-2"), LATER) == FIRST


def test_unknown_values_are_kept_as_unknown(store: LastViewStore) -> None:
    blind = replace(FIRST, fibrinogen=None, collected=None, crs_grade=None)
    store.since(OSEI, blind)
    assert store.since(replace(OSEI, reference="launch-2"), LATER) == blind


@pytest.mark.parametrize("change", [{"user": "Practitioner/2"}, {"patient": "P2"}, {"ehr": "st-y"}, {"user": ""}])
def test_a_look_belongs_to_one_user_and_patient(store: LastViewStore, change: dict[str, str]) -> None:
    store.since(OSEI, FIRST)
    assert store.since(replace(OSEI, reference="launch-2", **change), LATER) is None


@pytest.mark.req("SEC-36")
def test_nothing_is_kept_in_plain_text(store: LastViewStore, database: Database) -> None:
    store.since(OSEI, FIRST)
    with database.transaction() as connection:
        row = connection.execute(select(looks)).one()
    assert not [value for value in row if "osei" in str(value) or '"P1"' in str(value) or "1.60" in str(value)]
