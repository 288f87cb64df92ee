"""What a launch that timed out left for the next one of the same user and patient: offered again, never taken over (SEC-03)."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from smartapp.clinical.orders import ProposedOrder
from smartapp.factory.bedside import TIMES
from smartapp.smart.session import SmartSession
from smartapp.storage.session_store import LaunchStore
from smartapp.storage.session_store import ResumableEntry as Kept
from smartapp.usecases.ports import Proposals, ProposalState, StoredProposal
from smartapp.usecases.proposal import Stage, order_in
from smartapp.web.decisions import Left

_OFFERED_MINUTES = 120  # what somebody saw at a bedside is told again for two hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Resuming:
    """Looks for the last launch that timed out; `seconds` gives epoch seconds."""

    store: LaunchStore
    proposals: Proposals
    idle_minutes: float
    seconds: Callable[[], float] = time.time

    def kept(self, session: SmartSession) -> Kept | None:
        """What it left, if it was used in the last two hours."""
        return self.store.left(session.who, self.idle_minutes, _OFFERED_MINUTES)

    def added(self, kept: Kept | None, session: SmartSession) -> Left | None:
        """What was added by hand then, and has not been added in this launch."""
        if kept is None:
            return None
        missing = {name: value for name, value in kept.bedside.items() if name not in session.bedside}
        known = session.bedside.get("suspects", {})
        suspects = {one: why for one, why in kept.bedside.get("suspects", {}).items() if one not in known}
        if not suspects and not set(missing) - {"suspects", TIMES}:
            return None
        grade = missing.get("crs_grade")
        return Left(
            minutes=int((self.seconds() - kept.seen_at) // 60),
            bleeding=str(missing.get("bleeding") or ""),
            crs_grade="" if grade is None else str(grade),
            weight_kg=str(missing.get("weight_kg") or ""),
            suspects=suspects,
        )

    def chosen(self, kept: Kept | None, launch: str, proposal: str) -> ProposedOrder | None:
        """The amount chosen then, where all that the proposal rests on is the same now."""
        now = self.proposals.get(launch, proposal) if kept is not None else None
        if kept is None or now is None or now.content["stage"] != Stage.PROPOSED:
            return None
        before = [one for one in self.proposals.of_launch(kept.launch) if _is_same(one, now)]
        orders = [order_in(one.content) for one in before if one.content["order"] != now.content["order"]]
        return orders[-1] if orders else None


def _is_same(before: StoredProposal, now: StoredProposal) -> bool:
    same = all(before.content.get(part) == now.content.get(part) for part in ("fingerprint", "option"))
    return same and before.state is ProposalState.PROPOSED and before.identifier == now.identifier
