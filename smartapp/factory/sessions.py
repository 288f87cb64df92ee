"""From a browser's launch to a session to a case: what the pages' desk enters, keeps and ends."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from smartapp.clinical.criteria.weight import HEAVIEST, LIGHTEST
from smartapp.clinical.picture import Bedside, BleedingLevel
from smartapp.factory.wiring import Charts
from smartapp.smart.errors import BadParameter, NoSuchLaunch
from smartapp.smart.session import SmartSession, restored
from smartapp.smart.views import cookie_name
from smartapp.storage.launches import LaunchStore
from smartapp.usecases.ports import Subject
from smartapp.usecases.writing import Case
from smartapp.web.desk import Observed, OpenLaunch, UserKind

_ENDED = "There is no live launch for this browser: it ended, timed out, or was opened in another browser."


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLaunch(OpenLaunch):
    """An open launch with its session."""

    session: SmartSession


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """Live launches of this browser; `revoke` tells the EHR that a session is over."""

    store: LaunchStore
    charts: Charts
    idle_minutes: float
    revoke: Callable[[SmartSession], None]

    def enter(self, launch: str, cookies: Mapping[str, str]) -> OpenLaunch:
        """The live launch of the path, if this browser holds its cookie; `NoSuchLaunch` (401) otherwise."""
        cookie = cookies.get(cookie_name(launch), "")
        payload = self.store.find(launch, cookie, self.idle_minutes) if cookie else None
        if payload is None:
            raise NoSuchLaunch(_ENDED)
        session = restored(payload)
        return SessionLaunch(
            launch=launch,
            ehr=session.ehr,
            user=_kind(session),
            case=self._case(session),
            binding=hashlib.sha256(cookie.encode()).hexdigest()[:16],
            session=session,
        )

    def keep(self, opened: OpenLaunch, observed: Observed) -> None:
        """Keep what the clinician adds for this launch."""
        session = _session(opened)
        self.store.add_bedside(session.launch, _merged(dict(session.bedside), observed))

    def end(self, opened: OpenLaunch) -> None:
        """End the launch here first, then tell the EHR (SAL-83)."""
        session = _session(opened)
        self.store.end(session.launch)
        self.revoke(session)

    def _case(self, session: SmartSession) -> Case:
        return Case(
            subject=subject_of(session),
            source=self.charts.source_of(session),
            writer=self.charts.writer_of(session),
            bedside=_bedside(session.bedside),
        )


def subject_of(session: SmartSession) -> Subject:
    """Whose chart, and who is asking."""
    return Subject(
        ehr=session.ehr,
        patient=session.patient,
        user=session.user.reference,
        user_name=session.user.name,
        encounter=session.encounter,
        reference=session.launch,
    )


def _session(opened: OpenLaunch) -> SmartSession:
    if not isinstance(opened, SessionLaunch):
        raise NoSuchLaunch(_ENDED)
    return opened.session


def _kind(session: SmartSession) -> UserKind:
    if session.user.is_professional:
        return UserKind.PROFESSIONAL
    return UserKind.PATIENT if session.user.is_patient_side else UserKind.UNKNOWN


def _merged(kept: dict[str, Any], observed: Observed) -> dict[str, Any]:
    if observed.bleeding is not None:
        kept["bleeding"] = str(observed.bleeding)
    if observed.crs_grade is not None:
        kept["crs_grade"] = observed.crs_grade
    if observed.weight_kg is not None:
        if not LIGHTEST <= observed.weight_kg <= HEAVIEST:
            raise BadParameter(f"A weight must be from {LIGHTEST} to {HEAVIEST} kg.", "Go back and enter it again.")
        kept["weight_kg"] = str(observed.weight_kg)
    if observed.suspect:
        kept["suspects"] = {**kept.get("suspects", {}), observed.suspect: observed.reason[:200]}
    return kept


def _bedside(kept: Mapping[str, Any]) -> Bedside:
    return Bedside(
        bleeding=BleedingLevel(kept["bleeding"]) if kept.get("bleeding") else None,
        crs_grade=kept.get("crs_grade"),
        weight_kg=Decimal(kept["weight_kg"]) if kept.get("weight_kg") else None,
        suspects=dict(kept.get("suspects", {})),
    )
