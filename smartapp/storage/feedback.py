"""Cards that were shown and what clinicians answered: append-only, each event once (CDS-61, DSI-05)."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Row, bindparam, insert, select
from sqlalchemy.exc import IntegrityError

from smartapp.storage.compiled_statements import Prepared
from smartapp.storage.database import Database
from smartapp.storage.keyring import Keyring
from smartapp.storage.last_viewed import as_json, from_json
from smartapp.storage.tables import feedback, shown_cards
from smartapp.usecases.feedback import ACCEPTED, Acknowledgement, KeptEvent, ShownCard, in_words
from smartapp.usecases.ports import Subject

_ACKNOWLEDGED = (
    select(
        feedback.c.severity,
        feedback.c.acknowledged_at,
        feedback.c.outcome,
        feedback.c.payload,
        shown_cards.c.service,
    )
    .join(shown_cards, shown_cards.c.card == feedback.c.card, isouter=True)
    .where((feedback.c.likeness == bindparam("likeness")) & (feedback.c.acknowledged_at > bindparam("since")))
)


class FeedbackStore:
    """A `Feedback`; what people wrote is encrypted, `clock` gives epoch seconds."""

    def __init__(self, database: Database, keyring: Keyring, clock: Callable[[], float]) -> None:
        self._database = database
        self._keyring = keyring
        self._clock = clock
        self._insert = Prepared(database, insert(shown_cards))
        self._acknowledged = Prepared(database, _ACKNOWLEDGED)

    def show(self, cards: Sequence[ShownCard]) -> None:
        """Remember them; one that is known already stays as it is."""
        named = [card.card for card in cards]
        with self._database.transaction() as connection:
            known = set(connection.execute(select(shown_cards.c.card).where(shown_cards.c.card.in_(named))).scalars())
            fresh = [card for card in cards if card.card not in known]
            if fresh:
                connection.execute(insert(shown_cards), self._rows(fresh))

    def insert(self, cursor: Any, cards: Sequence[ShownCard]) -> None:
        """Remember cards that are new, by the cursor of a transaction of the caller."""
        if cards:
            cursor.executemany(self._insert.text, [self._insert.values(row) for row in self._rows(cards)])

    def card(self, card: str) -> ShownCard | None:
        """A card that was shown."""
        with self._database.engine.connect() as connection:
            row = connection.execute(select(shown_cards).where(shown_cards.c.card == card)).first()
        return self._shown(row) if row else None

    def latest(self, likeness: str, since: float) -> ShownCard | None:
        """The last of such cards shown since then."""
        chosen = select(shown_cards).where((shown_cards.c.likeness == likeness) & (shown_cards.c.at >= since))
        with self._database.engine.connect() as connection:
            row = connection.execute(chosen.order_by(shown_cards.c.at.desc()).limit(1)).first()
        return self._shown(row) if row else None

    def keep(self, kept: KeptEvent) -> bool:
        """Keep an event once; whether it is new."""
        event, shown = kept.event, kept.shown
        words = {
            "suggestions": list(event.suggestions),
            "system": event.reason_system,
            "code": event.reason_code,
            "comment": event.comment,
        }
        row = {
            "event": kept.key,
            "card": event.card,
            "ehr": kept.ehr,
            "outcome": event.outcome,
            "at": event.at,
            "received_at": self._clock(),
            "acknowledged_at": kept.acknowledged_at,
            "likeness": shown.likeness if shown else None,
            "severity": shown.severity if shown else None,
            "payload": self._keyring.seal(words),
        }
        try:
            with self._database.transaction() as connection:
                connection.execute(insert(feedback).values(**row))
        except IntegrityError:
            return False
        return True

    def accepted(self, ehr: str, patient: str, since: float) -> Sequence[str]:
        """How severe it was at each acceptance since then, the newest first."""
        chosen = (
            select(feedback.c.severity)
            .join(shown_cards, shown_cards.c.card == feedback.c.card)
            .where((shown_cards.c.ehr == ehr) & (shown_cards.c.patient == patient) & (feedback.c.outcome == ACCEPTED))
            .where(feedback.c.acknowledged_at > since)
            .order_by(feedback.c.acknowledged_at.desc())
        )
        with self._database.engine.connect() as connection:
            return [severity or "" for severity in connection.execute(chosen).scalars()]

    def acknowledged(self, likenesses: Sequence[str], since: float) -> dict[str, list[Acknowledgement]]:
        """For each likeness, each acknowledgement since then."""
        found = {}
        with self._database.reading() as cursor:
            for likeness in likenesses:
                cursor.execute(
                    self._acknowledged.text, self._acknowledged.values({"likeness": likeness, "since": since})
                )
                found[likeness] = [self._answer(*row) for row in cursor.fetchall()]
        return found

    def _answer(self, severity: str, at: float, outcome: str, payload: bytes, service: str | None) -> Acknowledgement:
        reason = str(self._keyring.open(bytes(payload)).get("code", ""))
        return Acknowledgement(severity=severity, at=at, outcome=outcome, reason=reason, in_app=service == "")

    def _rows(self, cards: Sequence[ShownCard]) -> list[dict[str, Any]]:
        """Cards of one answer share its look: it is sealed once."""
        sealed = {look: self._keyring.seal(as_json(look)) for look in {card.look for card in cards} if look}
        return [self._row(card, sealed[card.look] if card.look else None) for card in cards]

    def _row(self, card: ShownCard, look: bytes | None) -> dict[str, Any]:
        subject = card.subject
        return {
            "card": card.card,
            "at": card.at,
            "service": card.service,
            "reference": subject.reference,
            "ehr": subject.ehr,
            "user": subject.user,
            "patient": subject.patient,
            "encounter": subject.encounter,
            "rules": in_words(card.rules),
            "likeness": card.likeness,
            "severity": card.severity,
            "look": look,
        }

    def _shown(self, row: Row[Any]) -> ShownCard:
        subject = Subject(
            ehr=row.ehr, patient=row.patient, user=row.user, encounter=row.encounter, reference=row.reference
        )
        return ShownCard(
            card=row.card,
            subject=subject,
            service=row.service,
            rules=rules_of(row.rules),
            likeness=row.likeness,
            severity=row.severity,
            at=row.at,
            look=from_json(self._keyring.open(row.look)) if row.look else None,
        )


def rules_of(text: str) -> tuple[tuple[str, int], ...]:
    """The rules and versions in a row's words."""
    words = text.split()
    return tuple((rule, int(version.removeprefix("v"))) for rule, version in zip(words[::2], words[1::2], strict=True))
