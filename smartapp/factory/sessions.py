"""Live launches joined to their session: a browser's cookie → a session → the case that the use cases take."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from smartapp.clinical.picture import Bedside
from smartapp.factory.builders import Charts
from smartapp.factory.entries import PatientEntries
from smartapp.fhir.queries import Query
from smartapp.smart.errors import NoSuchLaunch
from smartapp.smart.session import SmartSession, restored
from smartapp.smart.views import cookie_name
from smartapp.storage.session_store import Ending, LaunchStore
from smartapp.usecases.manual_entries import packed_entries, read_entries
from smartapp.usecases.patient_page import TimedOutLaunch
from smartapp.usecases.ports import ChartReading, LaunchCase, Subject
from smartapp.web.launch import OpenLaunch, UserKind

_OFFERED_MINUTES = 120  # what somebody saw at a bedside is told again for two hours
_UNKNOWN = "There is no live launch for this browser: it ended, timed out, or was opened in another browser."
_AGAIN = "Open the app again from the patient's chart."
_KEPT = f"{_AGAIN} What you entered by hand and the amount you had chosen are offered again then."
_ENDINGS: Mapping[str, tuple[str, str]] = {
    Ending.SIGNED_OUT: ("You signed out of this launch.", _AGAIN),
    Ending.IDLE: ("This session ended because the page was not used for {idle:g} minutes.", _KEPT),
    Ending.TIME_OVER: ("This session ended because its time was over.", _KEPT),
    Ending.CROWDED_OUT: (
        "This session ended because twenty newer charts were opened in this browser: the oldest is closed then.",
        _AGAIN,
    ),
    Ending.REFUSED: ("The EHR ended this session.", _AGAIN),
    Ending.OTHER_PATIENT: (
        "The EHR answered for another patient than the one of this chart, so this session was closed.",
        _AGAIN,
    ),
    Ending.ADMINISTRATOR: ("An administrator ended this session.", _AGAIN),
}
"""Why a launch is over, in words, and what to do (SEC-03, SAL-81)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLaunches:
    """A `Launches` and a `LaunchDoor` over the stored sessions; `card_of` reads the reference that a card's link carried."""

    store: LaunchStore
    charts: Charts
    queries: tuple[Query, ...]
    card_of: Callable[[str], str]
    revoke: Callable[[SmartSession], None]
    entries: PatientEntries
    same_records: Callable[[str], str]
    idle_minutes: float

    def __call__(self, launch: str, cookies: Mapping[str, str]) -> OpenLaunch:
        """The live launch of this browser; `NoSuchLaunch` (401) otherwise."""
        cookie = cookies.get(cookie_name(launch), "")
        payload = self.store.find(launch, cookie, self.idle_minutes) if cookie else None
        if payload is None:
            raise self._over(launch)
        session = restored(payload)
        return OpenLaunch(
            launch=launch,
            ehr=session.ehr,
            user=_kind(session),
            case=self._case(session),
            read=lambda looks: self._read(session, looks),
            revoke=lambda: self.revoke(session),
            user_name=session.user.name or session.user.reference,
            binding=hashlib.sha256(cookie.encode()).hexdigest()[:16],
        )

    def check(self, launch: str) -> None:
        """`NoSuchLaunch`, if it ended."""
        if self.store.kept(launch) is None:
            raise self._over(launch)

    def enter(self, subject: Subject, before: Bedside, after: Bedside) -> None:
        """For the patient; what ends with the launch stays with the launch."""
        if self.entries.shared:
            self.entries.enter(subject, before, after)
            after = Bedside(standing=after.standing)
        self.store.add_bedside(subject.reference, packed_entries(after))

    def timed_out(self, resume_key: str) -> TimedOutLaunch | None:
        """The last one that was used within two hours."""
        left = self.store.left(resume_key, self.idle_minutes, _OFFERED_MINUTES)
        if left is None:
            return None
        return TimedOutLaunch(launch=left.launch, seen_at=left.seen_at, entries=read_entries(left.bedside))

    def end(self, launch: str) -> None:
        """Signed out."""
        self.store.end(launch)

    def _case(self, session: SmartSession) -> LaunchCase:
        subject = subject_of(session, self.same_records(session.ehr))
        return LaunchCase(
            subject=subject,
            source=self.charts.source_of(session),
            writer=self.charts.writer_of(session),
            entries=self.entries.of(subject, read_entries(session.bedside)),
            resume_key=session.who,
            opened_from=self.card_of(session.app_context),
        )

    def _read(self, session: SmartSession, looks: int) -> ChartReading:
        return self.charts.first_of(session, looks).begin(self.queries)

    def _over(self, launch: str) -> NoSuchLaunch:
        what, advice = _ENDINGS.get(self.store.ending(launch, self.idle_minutes), (_UNKNOWN, _AGAIN))
        return NoSuchLaunch(what.format(idle=self.idle_minutes), advice)


def subject_of(session: SmartSession, same_as: str = "") -> Subject:
    """Whose chart, and who is asking; `same_as` is the EHR that reaches the same records."""
    return Subject(
        ehr=session.ehr,
        patient=session.patient,
        user=session.user.reference,
        user_name=session.user.name,
        encounter=session.encounter,
        reference=session.launch,
        fhir_base=session.fhir_base,
        same_as=same_as,
    )


def _kind(session: SmartSession) -> UserKind:
    if session.user.is_professional:
        return UserKind.PROFESSIONAL
    return UserKind.PATIENT if session.user.is_patient_side else UserKind.UNKNOWN
