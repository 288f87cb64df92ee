"""Finding out what became of an order: left open by a process that died, not confirmed, or changed since at the EHR."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from smartapp.fhir.provenance import differences, over, status_of
from smartapp.usecases.beside import Case
from smartapp.usecases.holding import A_LOOK, A_PRESS, Holding
from smartapp.usecases.ports import ProposalState, StoredProposal, WriteResult, WriteState
from smartapp.usecases.sending import TOGETHER, Sending
from smartapp.usecases.transitions import BEGUN, OVER, Transitions

_INTERRUPTED = "The program was interrupted while it was writing."
_NOTHING_SENT = "The program was interrupted before anything was sent: nothing was written. Go back for a new proposal."
_NONE = "The EHR was searched: it has no such order. Nothing was saved."
_NOT_YET = "A search did not find it, but the EHR may still be storing it. Check again in a minute."
_FOLLOW_UP_MISSING = "not saved: order the follow-up fibrinogen yourself"
_FOLLOW_UP_OPEN = "not confirmed: look for it in the chart, and order it yourself if it is not there"
_MAY_STAND = ("not confirmed", _FOLLOW_UP_MISSING)
_PROVENANCE_MISSING = "not saved: the program was interrupted before it was sent; the record here stands"


def unsettled(stored: StoredProposal) -> bool:
    """Whether a part is still open: being written by a living process, or left so by a dead one."""
    if stored.state in (ProposalState.APPROVED, ProposalState.WRITING):
        return True
    lacking = {"recheck_reference", "provenance"} - stored.content.keys()
    return stored.state is ProposalState.WRITTEN and bool(lacking)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """Looks and tells; it sends only where the clinician pressed again on the receipt, and never an order.

    That a search finds nothing tells only once the EHR has had `late_seconds` to carry out what was sent.
    """

    transitions: Transitions
    sending: Sending
    holding: Holding
    seconds: Callable[[], float]
    late_seconds: float

    def settled(self, case: Case, stored: StoredProposal, *, pressed: bool = False) -> StoredProposal:
        """What a dead process left open, found out; as it stands while a living one holds the identifier."""
        if not unsettled(stored):
            return stored
        with self.holding.held(stored, patience=A_PRESS if pressed else A_LOOK) as holder:
            fresh = self._again(stored)
            if not holder or not unsettled(fresh):
                return fresh
            if fresh.state is ProposalState.APPROVED:
                self.transitions.move(
                    case, fresh, ProposalState.EXPIRED, event="write interrupted", reason=_NOTHING_SENT
                )
                return self._again(stored)
            if fresh.state is ProposalState.WRITING:
                fresh = self._found_out(case, fresh)
            self._beside(case, fresh, holder, pressed=pressed)
            return self._again(stored)

    def _beside(self, case: Case, stored: StoredProposal, holder: str, *, pressed: bool) -> None:
        """What belongs beside a stored order: sent where the clinician pressed again on a receipt that is fresh, else told."""
        if stored.state is not ProposalState.WRITTEN:
            return
        own = stored.launch == case.subject.reference and stored.expires_at > self.seconds()
        if pressed and own and stored.content.get("route") != TOGETHER:
            self.sending.complete(case, self._follow_up_searched(case, stored), holder)
        else:
            self._told(case, stored)

    def _follow_up_searched(self, case: Case, stored: StoredProposal) -> StoredProposal:
        """A follow-up that may have been sent is searched for; it is sent again only if the EHR surely has none."""
        if "recheck_reference" in stored.content or "follow_up_begun" not in stored.content:
            return stored
        words = self._follow_up(case, stored)
        if words == _FOLLOW_UP_MISSING:
            return stored
        return self.transitions.keep(case, stored, "follow-up searched", recheck_reference=words)

    def _follow_up(self, case: Case, stored: StoredProposal) -> str:
        """The follow-up's reference, or what is known of it."""
        found = case.writer.find("ServiceRequest", f"{self.sending.search_token(stored.identifier)}-recheck")
        none = found.state is WriteState.REFUSED and not self._may_come(stored, "follow_up_begun")
        return found.reference or (_FOLLOW_UP_MISSING if none else _FOLLOW_UP_OPEN)

    def searched(self, case: Case, stored: StoredProposal) -> None:
        """Only search for what was not confirmed; what belongs beside the order is searched too, and not sent any more."""
        written = self._kept(case, stored, self._find(case, stored))
        if written is not None and written.state is ProposalState.WRITTEN:
            self._told(case, written)

    def _kept(self, case: Case, stored: StoredProposal, found: WriteResult) -> StoredProposal | None:
        """What a search told of the order."""
        if found.state is WriteState.REFUSED and self._may_come(stored):
            found = replace(found, state=WriteState.NOT_CONFIRMED, reason=_NOT_YET)
        if found.state is WriteState.NOT_CONFIRMED:
            return self.transitions.keep(case, stored, "searched", "not confirmed", reason=found.reason)
        if found.state is WriteState.WRITTEN and over(found.stored):
            return self.transitions.ended(case, stored, found)
        none = found.state is WriteState.REFUSED
        return self.sending.finish(case, stored, replace(found, reason=_NONE) if none else found)

    def _may_come(self, stored: StoredProposal, since: str = "under_way_since") -> bool:
        """Whether the EHR may still carry out what was sent to it, or its searches may not show it yet."""
        return self.seconds() < float(stored.content.get(since, 0)) + self.late_seconds

    def followed(self, case: Case, stored: StoredProposal) -> StoredProposal:
        """Where the written order stands at the EHR now: draft, signed, carried out, cancelled; changed by others.

        A status that came later is how orders go; one that the EHR gave it at once is a difference, and stays one.
        """
        if stored.state is ProposalState.REFUSED:
            return self._came_late(case, stored)
        if stored.state is not ProposalState.WRITTEN:
            return stored
        found = self._find(case, stored)
        if found.state is not WriteState.WRITTEN:
            standing = "not found" if found.state is WriteState.REFUSED else "unknown"
            return self._stands(case, stored, standing)
        if over(found.stored):
            return self.transitions.ended(case, stored, found) or self._again(stored)
        approved = str(stored.content.get("approved", "")).encode()
        known = stored.content.get("differs", ())
        told = differences(found.stored, approved) if approved else ()
        differs = [words for words in told if words in known or not words.startswith("status:")]
        followed = str(stored.content.get("recheck_reference", ""))
        beside = self._follow_up(case, stored) if followed.startswith(_MAY_STAND) else followed
        return self._stands(
            case,
            stored,
            status_of(found.stored),
            version=found.version,
            differs=differs,
            recheck_reference=beside,
        )

    def _came_late(self, case: Case, stored: StoredProposal) -> StoredProposal:
        """An order that a search did not find and that stands now after all, unless another proposal's stands there."""
        if self.transitions.proposals.with_identifier(stored.identifier, (*BEGUN, *OVER)):
            return stored
        found = self._find(case, stored)
        if found.state is WriteState.WRITTEN:
            late = self._kept(case, stored, found)
            if late is not None and late.state is ProposalState.WRITTEN:
                self._told(case, late)
        return self._again(stored)

    def _stands(self, case: Case, stored: StoredProposal, standing: str, **found: object) -> StoredProposal:
        kept = {"standing": standing, **found}
        if all(stored.content.get(name) == value for name, value in kept.items()):
            return stored
        return self.transitions.keep(case, stored, "order followed", standing, **kept)

    def _found_out(self, case: Case, stored: StoredProposal) -> StoredProposal:
        """The order may or may not have been stored when the writer died."""
        given_up = self.transitions.move(
            case,
            stored,
            ProposalState.NOT_CONFIRMED,
            event="write interrupted",
            reason=_INTERRUPTED,
            under_way_since=stored.changed_at,
        )
        if given_up is not None:
            self._kept(case, given_up, self._find(case, given_up))
        return self._again(stored)

    def _told(self, case: Case, stored: StoredProposal) -> None:
        """What stands beside the order, by searching; what is missing is said."""
        kept = {}
        if "recheck_reference" not in stored.content:
            kept["recheck_reference"] = self._follow_up(case, stored)
        if "provenance" not in stored.content:
            together = stored.content.get("route") == TOGETHER
            kept["provenance"] = "saved together with the order" if together else _PROVENANCE_MISSING
        if kept:
            self.transitions.keep(case, stored, "interrupted write settled", **kept)

    def _find(self, case: Case, stored: StoredProposal) -> WriteResult:
        kind = str(stored.content.get("kind", "MedicationRequest"))
        return case.writer.find(kind, self.sending.search_token(stored.identifier))

    def _again(self, stored: StoredProposal) -> StoredProposal:
        return self.transitions.proposals.get(stored.launch, stored.id) or stored
