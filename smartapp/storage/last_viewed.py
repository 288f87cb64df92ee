"""What each user last saw of a patient: one encrypted row a user and patient (interfaces.md section 7)."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import insert, select, update

from smartapp.storage.database import Database
from smartapp.storage.keyring import Keyring, digest
from smartapp.storage.tables import looks
from smartapp.usecases.last_viewed import LastView
from smartapp.usecases.ports import Subject


class LastViewStore:
    """A `Looks`; nobody is remembered whom the EHR did not name."""

    def __init__(self, database: Database, keyring: Keyring, clock: Callable[[], float]) -> None:
        self._database = database
        self._keyring = keyring
        self._clock = clock

    def since(self, subject: Subject, look: LastView) -> LastView | None:
        """Keep this look; what the user saw in an earlier launch stays what it is compared with as long as this one lives."""
        if not subject.user:
            return None
        who = digest("\n".join((subject.ehr, subject.user, subject.patient)))
        now = {"launch": subject.reference, "current": self._keyring.seal(as_json(look)), "seen_at": self._clock()}
        with self._database.transaction() as connection:
            row = connection.execute(select(looks).where(looks.c.who == who)).first()
            if row is None:
                connection.execute(insert(looks).values(who=who, **now))
                return None
            before = row.previous if row.launch == subject.reference else row.current
            connection.execute(update(looks).where(looks.c.who == who).values(previous=before, **now))
        return from_json(self._keyring.open(before)) if before else None


def as_json(look: LastView) -> dict[str, Any]:
    """A look as it is encrypted."""
    return {
        "at": look.at.isoformat(),
        "action": look.action,
        "indicator": look.indicator,
        "bleeding": look.bleeding,
        "fibrinogen": None if look.fibrinogen is None else str(look.fibrinogen),
        "collected": look.collected.isoformat() if look.collected else None,
        "crs_grade": look.crs_grade,
        "doses": sorted(look.doses),
        "bound": look.bound,
        "by_hand": sorted(look.by_hand),
    }


def from_json(kept: Mapping[str, Any]) -> LastView:
    """The look again."""
    return LastView(
        at=datetime.fromisoformat(kept["at"]),
        action=kept["action"],
        indicator=kept["indicator"],
        bleeding=kept["bleeding"],
        fibrinogen=Decimal(kept["fibrinogen"]) if kept["fibrinogen"] else None,
        collected=datetime.fromisoformat(kept["collected"]) if kept["collected"] else None,
        crs_grade=kept["crs_grade"],
        doses=frozenset(kept["doses"]),
        bound=kept.get("bound", ""),
        by_hand=frozenset(kept.get("by_hand", ())),
    )
