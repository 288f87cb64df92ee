"""What happened to a written order since: its status at the EHR, what was given, and the next fibrinogen."""

from collections.abc import Iterator
from datetime import UTC, datetime

from smartapp.clinical.codes import FIBRINOGEN_PRODUCTS
from smartapp.clinical.partial_datetime import Moment
from smartapp.clinical.picture import Exposure, Topic
from smartapp.clinical.terminology import Analyte
from smartapp.clinical.words import fibrinogen_words, plain
from smartapp.usecases.orders.proposal import ProposalState
from smartapp.usecases.patient_page import Proposed
from smartapp.web.presenters.words import Clock, clock_of

_FOLLOWED = (ProposalState.WRITTEN, ProposalState.COMPLETED)
_STANDING = {
    "draft": "still a draft, to be signed",
    "active": "signed (active)",
    "on-hold": "on hold",
    "completed": "completed",
    "not found": "a search does not show it now; look at it there",
    "unknown": "where it stands could not be read now",
}


def progress(proposed: Proposed) -> tuple[str, ...]:
    """Sentences in the order things happen; empty while nothing is written, or it was cancelled."""
    proposal = proposed.proposal
    if proposal.state not in _FOLLOWED:
        return ()
    standing = _STANDING.get(proposal.ehr_status, proposal.ehr_status)
    told = [f"In the EHR: {standing}"] if standing else []
    second = datetime.fromtimestamp(int(proposal.decided_at), UTC)  # records tell times to the second
    return (*told, *_given(proposed, second), *_measured(proposed, second))


def given_words(dose: Exposure, clock: Clock) -> str:
    """`fibrinogen concentrate 3000 mg, 02:38, 35 min ago`."""
    amount = (
        f"{plain(dose.dose_mg)} mg"
        if dose.dose_mg
        else f"{plain(dose.units)} units"
        if dose.units
        else "amount not recorded"
    )
    return f"{str(dose.drug).replace('_', ' ')} {amount}, {_when(dose.start, clock)}"


def _when(start: Moment, clock: Clock) -> str:
    """A date without a time is not told as midnight (DQ-02)."""
    if start.has_time:
        return f"{clock.time(start.at)}, {clock.age(start.at)}"
    day = start.local_date(clock.zone)
    return f"{day.day} {day.strftime('%b')}, time not recorded"


def _given(proposed: Proposed, since: datetime) -> Iterator[str]:
    picture, clock = proposed.assessment.picture, clock_of(proposed.assessment)
    doses = [e for e in picture.exposures if e.drug in FIBRINOGEN_PRODUCTS and e.start.at >= since]
    for dose in sorted(doses, key=lambda dose: dose.start.at):
        yield f"{'Running' if dose.running else 'Given'}: {given_words(dose, clock)}"
    if Topic.ADMINISTRATIONS in picture.unread:
        yield picture.unread[Topic.ADMINISTRATIONS].text
    elif not doses:
        yield "No dose is recorded as given since"


def _measured(proposed: Proposed, since: datetime) -> Iterator[str]:
    picture, clock = proposed.assessment.picture, clock_of(proposed.assessment)
    results = [r for r in picture.series(Analyte.FIBRINOGEN) if r.collected.at >= since]
    for result in results:
        value = f"{result.comparator or ''}{fibrinogen_words(result.value)} g/L"
        yield f"Fibrinogen since: {value}, {clock.drawn(result.collected.at)}"
    if Topic.LABORATORY in picture.unread:
        yield picture.unread[Topic.LABORATORY].text
    elif not results:
        yield "No fibrinogen is recorded since"
