"""Cards that were shown and what clinicians answered: append-only, each event once (CDS-61, DSI-05)."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Row, delete, insert, select
from sqlalchemy.exc import IntegrityError

from smartapp.storage.database import Database
from smartapp.storage.keyring import Keyring
from smartapp.storage.looks import as_json, from_json
from smartapp.storage.tables import feedback, shown_cards
from smartapp.usecases.feedback import KeptEvent, ShownCard, in_words
from smartapp.usecases.ports import Subject


class FeedbackStore:
    """A `Feedback`; what people wrote is encrypted, `clock` gives epoch seconds."""

    def __init__(self, database: Database, keyring: Keyring, clock: Callable[[], float]) -> None:
        self._database = database
        self._keyring = keyring
        self._clock = clock

    def show(self, cards: Sequence[ShownCard]) -> None:
        """Remember them; one that is known already stays as it is."""
        named = [card.card for card in cards]
        with self._database.transaction() as connection:
            known = set(connection.execute(select(shown_cards.c.card).where(shown_cards.c.card.in_(named))).scalars())
            fresh = [self._row(card) for card in cards if card.card not in known]
            if fresh:
                connection.execute(insert(shown_cards), fresh)

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

    def acknowledged(self, likeness: str, since: float) -> Sequence[str]:
        """How severe it was at each acknowledgement since then."""
        recent = (feedback.c.likeness == likeness) & (feedback.c.acknowledged_at > since)
        with self._database.engine.connect() as connection:
            return list(connection.execute(select(feedback.c.severity).where(recent)).scalars())

    def purge(self, older_than_days: float) -> int:
        """Delete cards and answers that old; how many rows."""
        before = self._clock() - older_than_days * 86400
        with self._database.transaction() as connection:
            answers = connection.execute(delete(feedback).where(feedback.c.received_at < before)).rowcount
            return answers + connection.execute(delete(shown_cards).where(shown_cards.c.at < before)).rowcount

    def _row(self, card: ShownCard) -> dict[str, Any]:
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
            "look": self._keyring.seal(as_json(card.look)) if card.look else None,
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
