"""What clinicians answered, as exported: the six fields of DSI-05 for every event, and how often each rule is overridden."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, select

from smartapp.storage.database import Database
from smartapp.storage.feedback import rules_of
from smartapp.storage.keyring import Keyring
from smartapp.storage.tables import feedback, shown_cards

_UNKNOWN = "not known"


def events(
    database: Database, keyring: Keyring, *, organization: str, since: float, until: float
) -> Iterator[Mapping[str, str]]:
    """Every event in that time (epoch seconds), oldest first; no field is empty."""
    joined = feedback.outerjoin(shown_cards, feedback.c.card == shown_cards.c.card)
    in_time = (feedback.c.at >= since) & (feedback.c.at < until)
    chosen = select(
        feedback, shown_cards.c.service, shown_cards.c.reference, shown_cards.c.user, shown_cards.c.patient,
        shown_cards.c.encounter, shown_cards.c.rules,
    )  # fmt: skip
    with database.engine.connect() as connection:
        rows = connection.execute(chosen.select_from(joined).where(in_time).order_by(feedback.c.at, feedback.c.event))
        for row in rows:
            yield _event(row, keyring.open(row.payload), organization)


def _event(row: Row[Any], words: Mapping[str, Any], organization: str) -> Mapping[str, str]:
    matched = row.acknowledged_at is not None
    place = ", ".join(part for part in (organization, row.ehr, matched and row.encounter) if part)
    where = row.service or "app pages"
    return {
        "intervention": f"{row.rules} ({where})" if matched else f"{_UNKNOWN}: no such card was shown",
        "action_taken": row.outcome + (f" {' '.join(words['suggestions'])}" if words["suggestions"] else ""),
        "user_feedback": ": ".join(part for part in (words["code"], words["comment"]) if part) or "none given",
        "user": (matched and row.user) or _UNKNOWN,
        "date": _moment(row.at),
        "location": place,
        "card": row.card,
        "reference": (matched and row.reference) or _UNKNOWN,
        "patient": (matched and row.patient) or _UNKNOWN,
        "reason_system": words["system"] or "none given",
        "received": _moment(row.received_at),
    }


def rates(database: Database, *, since: float, until: float) -> Iterator[Mapping[str, str]]:
    """For each rule and version: on how many cards and proposals it was shown in that time, and what was answered to them."""
    in_time = (shown_cards.c.at >= since) & (shown_cards.c.at < until)
    answered = select(feedback.c.card, feedback.c.outcome).where(feedback.c.acknowledged_at.is_not(None))
    with database.engine.connect() as connection:
        outcomes = {(row.card, row.outcome) for row in connection.execute(answered)}
        shown, told = Counter[tuple[str, int]](), Counter[tuple[str, int, str]]()
        for row in connection.execute(select(shown_cards.c.card, shown_cards.c.rules).where(in_time)):
            for rule, version in rules_of(row.rules):
                shown[rule, version] += 1
                for outcome in ("accepted", "overridden"):
                    told[rule, version, outcome] += (row.card, outcome) in outcomes
    for (rule, version), count in sorted(shown.items()):
        accepted, overridden = told[rule, version, "accepted"], told[rule, version, "overridden"]
        answers = accepted + overridden
        yield {
            "rule": rule,
            "version": str(version),
            "shown": str(count),
            "accepted": str(accepted),
            "overridden": str(overridden),
            "override_rate": f"{overridden / answers:.2f}" if answers else _UNKNOWN,
        }


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
