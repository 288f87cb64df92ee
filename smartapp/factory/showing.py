"""A proposal of the use cases as the pages show it."""

from datetime import UTC, datetime

from smartapp.clinical.policy import SitePolicy
from smartapp.fhir.proposals import dose_text, resource_type_of
from smartapp.usecases.ports import ProposalState
from smartapp.usecases.proposal import ProposalView as Stored
from smartapp.web.decisions import ProposalView, State

_TOGETHER = "one transaction: all of it or nothing"
_IN_ORDER = "the order first, then what belongs to it; each only if it is not there yet"
_AFTER_A_SEARCH = (
    "the order first, then what belongs to it; each after a search, as this EHR has no conditional creates"
)
_SIGNED = {"draft": ": you sign it there"}


def shown(view: Stored, policy: SitePolicy, ehr: str) -> ProposalView:
    """Where it goes, what is sent, and what became of it."""
    kind = resource_type_of(view.order, policy.get("component_resource"))
    open_still = view.state is ProposalState.PROPOSED
    return ProposalView(
        id=view.id,
        state=State(view.stage) if open_still else State(view.state),
        order=view.order,
        recheck=view.recheck,
        reason=view.reason,
        reference=view.reference,
        route=f"{policy.get('order_status')} {kind} at {ehr}{_SIGNED.get(str(policy.get('order_status')), '')}",
        left_out=view.left_out,
        followed=view.recheck_reference,
        differences=view.differs,
        moved=view.changes,
        expires=datetime.fromtimestamp(view.expires_at, UTC),
        decided_at=None if open_still else datetime.fromtimestamp(view.decided_at, UTC),
        decided_by=view.decided_by,
        standing=view.standing,
        provenance=view.provenance,
        receipt=view.receipt,
        preview=_preview(view, policy, kind),
    )


def _preview(view: Stored, policy: SitePolicy, kind: str) -> tuple[tuple[str, str], ...]:
    return (
        ("Resource", f"{kind}, status {policy.get('order_status')}, intent {policy.get('order_intent')}"),
        ("Order", dose_text(view.order)),
        ("Reason", view.order.reason),
        ("Rests on", view.order.basis or "no usable fibrinogen"),
        ("Rules", ", ".join(f"{rule} v{version}" for rule, version in view.order.rules)),
        ("Sent as", _TOGETHER if view.together else _IN_ORDER if view.conditional else _AFTER_A_SEARCH),
        *((("Follow-up", "fibrinogen after the end of the dose"),) if view.recheck else ()),
    )
