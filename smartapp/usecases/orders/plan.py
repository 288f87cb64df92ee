"""How an order would be written from one session: as which resource, by which route, what is left out, or why not at all."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from smartapp.clinical.orders import ProposedOrder
from smartapp.clinical.policy import SitePolicy
from smartapp.fhir.proposals import Ordering, RecheckClock, order_body, recheck_body, write_order, write_recheck
from smartapp.fhir.write_ladder import order_resource
from smartapp.usecases.orders.proposal import Approval, Proposal
from smartapp.usecases.ports import LaunchCase


@dataclass(frozen=True, slots=True, kw_only=True)
class WritePlan:
    """What a press would write; `status` and `intent` of the order are the site's.

    `left_out` says of each resource whose scope was not granted why it is not written; `refused` why nothing can be written at
    all, empty if it can. `together`: all of it goes in one transaction; `conditional`: else each goes with its condition.
    `order` and `follow_up` are the resources as a press now would write them; no follow-up is an empty one.
    """

    resource_type: str
    status: str
    intent: str
    left_out: tuple[str, ...] = ()
    refused: str = ""
    together: bool = False
    conditional: bool = True
    order: Mapping[str, Any] = field(default_factory=dict)
    follow_up: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderWriting:
    """Plans and prepares what is written; `clock` gives the clinical now."""

    policy: SitePolicy
    clock: Callable[[], datetime]
    base_url: str

    def plan(self, case: LaunchCase, proposal: Proposal) -> WritePlan:
        """What a press on this proposal would write in this session."""
        kinds = ("ServiceRequest", "Provenance") if proposal.follow_up else ("Provenance",)
        left_out = tuple(why for kind in kinds if (why := case.writer.can_create(kind)))
        kind, ordering = self._resource_type(case, proposal.order), self._ordering(case, proposal)
        follow_up = proposal.follow_up and not case.writer.can_create("ServiceRequest")
        return WritePlan(
            resource_type=kind,
            status=str(self.policy.get("order_status")),
            intent=str(self.policy.get("order_intent")),
            left_out=left_out,
            refused=self.write_blocker(case, proposal.order),
            together=case.writer.transacts() and len(left_out) < len(kinds),
            conditional=case.writer.conditions(kind),
            order=order_body(proposal.order, ordering),
            follow_up=recheck_body(proposal.order, ordering) if follow_up else {},
        )

    def write_blocker(self, case: LaunchCase, order: ProposedOrder) -> str:
        """Why nothing can be written at all, in a sentence; empty if it can. An order needs its requester (FHIR-41)."""
        if self.policy.get("order_intent") == "order" and not case.subject.user:
            return "the EHR did not say who you are, and an order names who requests it"
        return case.writer.can_create(self._resource_type(case, order))

    def approval(self, case: LaunchCase, proposal: Proposal, at: datetime) -> Approval:
        """The resources as they will be sent, decided by this clinician; the receipt is still missing."""
        ordering = self._ordering(case, proposal)
        follow_up = proposal.follow_up and not case.writer.can_create("ServiceRequest")
        return Approval(
            by=case.subject.user_name or case.subject.user,
            at=at.timestamp(),
            receipt="",
            resource_type=self._resource_type(case, proposal.order),
            order=json.dumps(write_order(proposal.order, ordering)),
            follow_up=json.dumps(write_recheck(proposal.order, ordering)) if follow_up else "",
            provenance=not case.writer.can_create("Provenance"),
        )

    def _resource_type(self, case: LaunchCase, order: ProposedOrder) -> str:
        """By what may be created in this session (`component_resource`)."""
        component = str(self.policy.get("component_resource"))
        return order_resource(order.product, component, case.writer.can_create).resource_type

    def _ordering(self, case: LaunchCase, proposal: Proposal) -> Ordering:
        return Ordering(
            patient=case.subject.patient,
            at=self.clock(),
            rules_url=f"{self.base_url}/rules",
            encounter=case.subject.encounter,
            requester=case.subject.user,
            identifier=(f"{self.base_url}/proposal", proposal.identifier),
            status=self.policy.get("order_status"),
            intent=self.policy.get("order_intent"),
            component_resource=self._resource_type(case, proposal.order),
            recheck_after_h=self.policy.get("recheck_after_dose_h"),
            recheck_clock=RecheckClock(self.policy.get("recheck_clock")),
        )
