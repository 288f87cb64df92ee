"""What a decision does to the next card (guideline 10, *Quiet*): every decision, and what is shown to the same user after it."""

from typing import Any

import pytest

from smartapp.clinical.assessment import Assessment, assess
from smartapp.clinical.picture import Bedside, BleedingLevel, StandingOrder
from smartapp.clinical.policy import build_policy
from smartapp.clinical.standing_orders import OrderKind, OrderState
from smartapp.clinical.terminology import Drug
from smartapp.storage.database import Database
from smartapp.storage.feedback import FeedbackStore
from smartapp.storage.keyring import Keyring
from smartapp.usecases.feedback import (
    ACCEPTED,
    OVERRIDDEN,
    AssessmentRecord,
    CardSummary,
    FeedbackEvent,
    FeedbackService,
)
from smartapp.usecases.ports import Subject
from tests.builders import a_crs, a_fibrinogen, a_picture, a_weight, before

WHO = Subject(ehr="st-x", patient="P1", user="Practitioner/7", reference="call-1")
SAID = [CardSummary(card="next", rules=("REP-03",), indicator="critical")]
MINUTE, HOUR = 60.0, 3600.0


class Kept:
    """An audit that listens, and the one that stores the cards of an answer."""

    def __init__(self, store: FeedbackStore) -> None:
        self.store = store

    def noted(self, subject: Subject, event: str, outcome: str) -> None:
        """Heard."""

    def assessed(self, *told: Any) -> None:
        """Heard."""

    def keep(self, told: AssessmentRecord, notes: Any, cards: Any) -> None:
        self.store.show(cards)


class Ward:
    """Cards and decisions of one patient on a clock of their own."""

    def __init__(self, database: Database) -> None:
        self.now = 1_000_000.0
        self.store = FeedbackStore(database, Keyring([b"k" * 32]), lambda: self.now)
        kept = Kept(self.store)
        self.answers = FeedbackService(feedback=self.store, log=kept, answered=kept, seconds=lambda: self.now)  # type: ignore[arg-type]

    def shown(self, assessment: Assessment, hook: str = "patient-view", card: str = "next") -> bool:
        """Whether the replacement card is shown now."""
        said = [CardSummary(card=card, rules=("REP-03",), indicator="critical")]
        told = AssessmentRecord(subject=WHO, assessment=assessment, read={})
        return card in self.answers.shown(told, hook, f"coagulopathy-{hook}", said)

    def decided(self, outcome: str, reason: str = "", *, card: str = "first", at: float = 0.0) -> None:
        event = FeedbackEvent(card=card, outcome=outcome, at=at or self.now, reason_code=reason)
        self.answers.take({"st-x"}, event)


def low(*orders: StandingOrder, bleeding: BleedingLevel | None = None, level: str = "0.8") -> Assessment:
    """CRS 3 and 0.8 g/L: REP-03, critical."""
    picture = a_picture(
        a_fibrinogen(level), a_weight("70"), crs=[a_crs(3)], orders=list(orders), bedside=Bedside(bleeding=bleeding)
    )
    return assess(picture, build_policy(None, {}))


def a_draft(*, ours: bool = True, minutes_ago: float = 10) -> StandingOrder:
    return StandingOrder(
        kind=OrderKind.MEDICATION_REQUEST,
        source="MedicationRequest/d",
        state=OrderState.DRAFT,
        drug=Drug.CRYOPRECIPITATE,
        authored=before(minutes=minutes_ago),
        ours=ours,
    )


@pytest.mark.req("CDS-54")
@pytest.mark.parametrize(
    ("outcome", "reason", "after", "shown"),
    [
        (ACCEPTED, "", 29 * MINUTE, False),  # accepted, and no draft found yet
        (ACCEPTED, "", 31 * MINUTE, True),
        (OVERRIDDEN, "need-more-info", 119 * MINUTE, False),  # repeat pending
        (OVERRIDDEN, "need-more-info", 121 * MINUTE, True),
        (OVERRIDDEN, "service-not-available", 1.0, True),  # another product may be usable
        (OVERRIDDEN, "risk-benefit-ratio", 359 * MINUTE, False),
        (OVERRIDDEN, "risk-benefit-ratio", 361 * MINUTE, True),
        (OVERRIDDEN, "", 359 * MINUTE, False),
    ],
)
def test_a_decision_silences_for_its_time(
    database: Database, outcome: str, reason: str, after: float, shown: bool
) -> None:
    ward = Ward(database)
    assert ward.shown(low(), card="first")
    ward.decided(outcome, reason)
    ward.now += after
    assert ward.shown(low()) is shown


@pytest.mark.req("CDS-54")
def test_order_sign_is_never_silent_and_a_worse_patient_neither(database: Database) -> None:
    ward = Ward(database)
    ward.shown(low(), card="first")
    ward.decided(OVERRIDDEN)
    assert not ward.shown(low(), card="second")
    assert ward.shown(low(), "order-sign", card="third")


def offered(ward: Ward, assessment: Assessment) -> None:
    """A proposal shown in the app, and written."""
    ward.answers.offered(WHO, assessment, ["proposal"])
    ward.answers.decided(FeedbackEvent(card="proposal", outcome=ACCEPTED, at=ward.now))


def test_an_order_of_the_app_silences_nothing_by_itself(database: Database) -> None:
    """Clinicians H2: its draft stands in the chart, or was withdrawn, and then the full card is back at once."""
    ward = Ward(database)
    offered(ward, low())
    ward.now += MINUTE
    assert ward.shown(low())


@pytest.mark.req("REP-13")
@pytest.mark.parametrize(
    ("assessment", "answered"),
    [
        (low(a_draft()), True),
        (low(a_draft(minutes_ago=45)), True),
        (low(a_draft(ours=False)), False),  # a colleague's: the full card with its proviso
        (low(), False),  # withdrawn, cancelled, refused, expired
        (low(a_draft(), bleeding=BleedingLevel.MAJOR), False),  # worse than when it was written
    ],
    ids=["unsigned", "unsigned for long", "colleague's", "withdrawn", "worse"],
)
def test_a_draft_of_ours_answers_the_card_for_every_user(
    database: Database, assessment: Assessment, answered: bool
) -> None:
    ward = Ward(database)
    offered(ward, low())
    other = Subject(ehr="st-x", patient="P1", user="Practitioner/8", reference="call-2")
    assert ward.answers.is_answered_by_a_draft(other, assessment) is answered
