"""What a user saw of a patient when they looked last, and what is new since (one row a user and patient)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from smartapp.clinical.assessment import Assessment
from smartapp.clinical.codes import FIBRINOGEN_PRODUCTS
from smartapp.usecases.ports import Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class LastView:
    """The few facts of an answer that a clinician remembers: fibrinogen in g/L, grades, level, and which doses were given."""

    at: datetime
    action: str
    indicator: str
    bleeding: str
    fibrinogen: Decimal | None = None
    collected: datetime | None = None
    crs_grade: int | None = None
    doses: frozenset[str] = frozenset()
    bound: str = ""  # the comparator of a level known only as a bound (DQ-04)
    by_hand: frozenset[str] = frozenset()  # what the user had added in that launch (`Bedside.added`)


class LastViews(Protocol):
    """Where looks are kept."""

    def since(self, subject: Subject, look: LastView) -> LastView | None:
        """Keep this look; what the same user saw of this patient in an earlier launch, None if they never did."""


def look_of(assessment: Assessment) -> LastView:
    """What is seen now."""
    effective, crs = assessment.fibrinogen, assessment.crs
    return LastView(
        at=assessment.picture.as_of,
        action=str(assessment.action),
        indicator=str(assessment.indicator),
        bleeding=str(assessment.bleeding),
        fibrinogen=effective.g_per_l if effective else None,
        collected=effective.result.collected.at if effective else None,
        crs_grade=crs.grade if crs else None,
        bound=str(effective.result.comparator or "") if effective else "",
        doses=frozenset(e.source for e in assessment.picture.exposures if e.drug in FIBRINOGEN_PRODUCTS),
        by_hand=assessment.picture.bedside.added,
    )
