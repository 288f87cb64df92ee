"""Entries by hand: by patient, for every launch and EHR that reaches the same records, and gone when their time is over."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from smartapp.clinical.picture import Bedside, BleedingLevel
from smartapp.clinical.policy import build_policy
from smartapp.clinical.terminology import CarTProduct
from smartapp.factory.entries import PatientEntries
from smartapp.storage.database import Database
from smartapp.storage.keyring import Keyring
from smartapp.storage.manual_entries import EntryStore
from smartapp.storage.retention import Periods, RetentionPurge
from smartapp.usecases.manual_entries import ManualEntry, merged
from smartapp.usecases.ports import Subject

AT = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
KEYRING = Keyring([b"k" * 32])
DAY = 86400.0


def subject(ehr: str = "st-x", launch: str = "one", patient: str = "P1", same_as: str = "") -> Subject:
    return Subject(ehr=ehr, patient=patient, reference=launch, same_as=same_as)


def entries(database: Database, seconds: float = 1000.0, **site: object) -> PatientEntries:
    return PatientEntries(store=EntryStore(database, KEYRING, lambda: seconds), policy=build_policy(None, site))


def enter(here: PatientEntries, who: Subject, entry: ManualEntry, user: str = "Dr N Osei, Practitioner") -> Bedside:
    before = here.of(who)
    after = merged(before, entry, AT, user)
    here.enter(who, before, after)
    return after


@pytest.mark.req("BLD-01", "APP-01")
def test_what_is_entered_counts_in_every_launch_of_the_patient_with_name_and_time(database: Database) -> None:
    here = entries(database)
    given = {"infusion_product": CarTProduct.TISAGENLECLEUCEL, "infusion_date": date(2026, 2, 23)}
    for entry in (
        ManualEntry(bleeding=BleedingLevel.MAJOR),
        ManualEntry(weight_kg=Decimal("62.5"), crs_grade=2),
        ManualEntry(**given),
        ManualEntry(suspect="Observation/1", reason="clotted"),
    ):
        enter(here, subject(), entry)
    other = here.of(subject(launch="two"))
    assert (other.bleeding, other.weight_kg, other.crs_grade) == (BleedingLevel.MAJOR, Decimal("62.5"), 2)
    assert (other.infusion_product, other.infusion_date) == tuple(given.values())
    assert other.suspects == {"Observation/1": "clotted"}
    assert set(other.times) == set(other.users) == other.added
    assert set(other.users.values()) == {"Dr N Osei, Practitioner"}
    assert here.of(subject(patient="P2")) == Bedside()
    assert here.of(subject(ehr="st-y")) == Bedside()


def test_anybody_takes_it_back_and_the_newest_wins(database: Database) -> None:
    here = entries(database)
    enter(here, subject(), ManualEntry(bleeding=BleedingLevel.MAJOR))
    enter(here, subject(launch="two"), ManualEntry(bleeding=BleedingLevel.MINOR), "Dr K Berg, Practitioner")
    assert here.of(subject()).bleeding is BleedingLevel.MINOR
    enter(here, subject(launch="three"), ManualEntry(take_back="bleeding"))
    assert here.of(subject()) == Bedside()


def test_two_who_enter_at_once_do_not_undo_each_other(database: Database) -> None:
    here = entries(database)
    one, two = here.of(subject()), here.of(subject())
    here.enter(subject(), one, merged(one, ManualEntry(crs_grade=2), AT, "one"))
    here.enter(subject(), two, merged(two, ManualEntry(weight_kg=Decimal(60)), AT, "two"))
    assert here.of(subject()).added == {"crs_grade", "weight_kg"}


def test_one_ehr_under_two_addresses_has_one_set(database: Database) -> None:
    """Counterparts D7: `same_as`."""
    here = entries(database)
    enter(here, subject(), ManualEntry(bleeding=BleedingLevel.MAJOR))
    assert here.of(subject(ehr="st-x-patients", same_as="st-x")).bleeding is BleedingLevel.MAJOR


def test_with_no_hours_an_entry_is_its_launchs_own(database: Database) -> None:
    here = entries(database, manual_entry_hours="0")
    own = Bedside(bleeding=BleedingLevel.MAJOR)
    assert here.of(subject(), own) == own
    assert here.of(subject(launch="two")) == Bedside()


def test_what_stands_beside_is_its_launchs_own(database: Database) -> None:
    here = entries(database)
    after = enter(here, subject(), ManualEntry(standing=("MedicationRequest/1",)))
    assert after.standing == {"MedicationRequest/1"}
    assert here.of(subject(launch="two")) == Bedside()
    assert here.of(subject(), after).standing == {"MedicationRequest/1"}


@pytest.mark.req("SEC-36")
@pytest.mark.parametrize(("days", "left"), [(1, {"bleeding", "infusion"}), (3, {"infusion"}), (121, set())])
def test_entries_are_deleted_when_their_time_is_over(database: Database, days: float, left: set[str]) -> None:
    enter(entries(database), subject(), ManualEntry(bleeding=BleedingLevel.MAJOR))
    given = ManualEntry(infusion_product=CarTProduct.UNKNOWN, infusion_date=date(2026, 2, 23))
    enter(entries(database), subject(), given)
    later = 1000.0 + days * DAY
    RetentionPurge(database, KEYRING, lambda: later, Periods()).tidy()
    assert entries(database).of(subject()).added == left
