"""From an offered proposal to one written order: offer, choose, re-check, write, and what became of it.

The steps a page calls: `offer` makes or finds the proposals of an assessment; `choose` keeps amount and follow-up on the way to
the receipt; `write` is the one step that writes, after reading everything again; `look` tells the truth about a proposal;
`check_again` only searches; `decline` keeps a reason. Nothing is written without `write`, and at most once an identifier.
"""

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from smartapp.clinical.assessment import Assessment
from smartapp.clinical.conclusions import Option
from smartapp.clinical.orders import Brand, Product, ProposedOrder
from smartapp.clinical.picture import Bedside
from smartapp.clinical.wording import g_per_l
from smartapp.fhir.chart import Chart
from smartapp.fhir.proposals import Ordering, resource_type_of, write_order, write_recheck
from smartapp.fhir.record import differences, write_provenance
from smartapp.usecases.amounts import parse_amount, with_amount
from smartapp.usecases.assess import Site, assess_patient
from smartapp.usecases.ports import (
    AssessmentLog,
    ChartSource,
    ChartWriter,
    Proposals,
    ProposalState,
    StoredProposal,
    Subject,
    WriteRequest,
    WriteResult,
    WriteState,
)

_ORPHANED_SECONDS = 60.0
_OPEN = (ProposalState.WRITING, ProposalState.WRITTEN, ProposalState.NOT_CONFIRMED)
_SOFTWARE = "Fibrinogen Watch"
_RESULT = {
    WriteState.WRITTEN: ProposalState.WRITTEN,
    WriteState.REFUSED: ProposalState.REFUSED,
    WriteState.NOT_CONFIRMED: ProposalState.NOT_CONFIRMED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One clinician at one patient: who, with which source and writer, and what was added by hand."""

    subject: Subject
    source: ChartSource
    writer: ChartWriter
    bedside: Bedside = Bedside()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalView:
    """A proposal as a page shows it.

    `left_out` names entries whose scope was not granted; `cannot_write` is why nothing can be written at all; `reference` the
    EHR's id; `differs` how the stored order differs; `changes` what moved since it was offered; `basis_text` the result it
    rests on, in words.
    """

    id: str
    state: ProposalState
    order: ProposedOrder
    basis_text: str
    recheck: bool = True
    chosen: bool = False
    cap: str = ""
    reference: str = ""
    recheck_reference: str = ""
    reason: str = ""
    differs: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    cannot_write: str = ""
    written_at: str = ""


class NotApprovable(Exception):
    """A proposal that can no longer be approved; the message says why."""


class NoSuchProposal(Exception):
    """Not one of this launch."""


@dataclass(slots=True, kw_only=True)
class Acceptance:
    """The use case with what it needs; `clock` gives the clinical now, `seconds` epoch seconds of real time."""

    proposals: Proposals
    site: Site
    log: AssessmentLog
    clock: Callable[[], datetime]
    seconds: Callable[[], float]
    base_url: str
    organization: str = ""
    minutes: float = 30.0

    def offer(self, case: Case, assessment: Assessment) -> tuple[ProposalView, ...]:
        """The proposals of this assessment: those already under way for its basis, else one for each option that may be drafted."""
        basis = basis_of(assessment)
        identifier = self._identifier(case, basis)
        begun = [p for p in self.proposals.with_identifier(identifier) if p.state in _OPEN]
        own = [p for p in begun if p.launch == case.subject.reference]
        if begun:
            return tuple(self._view(case, proposal) for proposal in (own or begun))
        if not assessment.draft_allowed:
            return ()
        dosed = [option for option in assessment.options if option.dose_mg is not None or option.units is not None or option.volume_ml is not None]
        return tuple(self._view(case, self._offered(case, assessment, option, identifier)) for option in dosed)

    def finished(self, case: Case) -> tuple[ProposalView, ...]:
        """What this launch has written, or tried to."""
        done = [p for p in self.proposals.of_launch(case.subject.reference) if p.state is not ProposalState.PROPOSED]
        return tuple(self._view(case, proposal) for proposal in done)

    def look(self, case: Case, proposal: str) -> ProposalView:
        """The truth about a proposal; one left in writing by a dead process is not confirmed."""
        stored = self._own(case, proposal)
        if stored.state is ProposalState.WRITING and self.seconds() - stored.changed_at > _ORPHANED_SECONDS:
            reason = "The program was interrupted while it was writing."
            self.proposals.move(
                stored.id,
                source=ProposalState.WRITING,
                target=ProposalState.NOT_CONFIRMED,
                content={**stored.content, "reason": reason},
            )
            stored = self._own(case, proposal)
        return self._view(case, stored)

    def choose(self, case: Case, proposal: str, *, amount: str, recheck: bool) -> ProposalView:
        """Keep amount and follow-up for the receipt; `BadAmount` where the amount cannot be taken."""
        stored = self._approvable(case, proposal)
        option = _option(stored.content)
        order = _order(stored.content)
        if amount.strip():
            order = with_amount(order, option, parse_amount(amount))
        content = {**stored.content, "order": _packed(order), "recheck": recheck, "chosen": True}
        self.proposals.move(stored.id, source=ProposalState.PROPOSED, target=ProposalState.PROPOSED, content=content)
        return self._view(case, self._own(case, proposal))

    def decline(self, case: Case, proposal: str, *, reason: str, comment: str) -> ProposalView:
        """Keep why not; nothing is written."""
        stored = self._own(case, proposal)
        content = {**stored.content, "reason": reason, "comment": comment[:500]}
        if self.proposals.move(stored.id, source=ProposalState.PROPOSED, target=ProposalState.DECLINED, content=content):
            self.log.noted(case.subject, "proposal declined", reason)
        return self._view(case, self._own(case, proposal))

    def write(self, case: Case, proposal: str) -> ProposalView:
        """Read everything again; if nothing moved, write the order once, its follow-up and its provenance."""
        stored = self._own(case, proposal)
        if stored.state in _OPEN:
            return self.look(case, proposal)
        stored = self._approvable(case, proposal)
        if not stored.content.get("chosen"):
            raise NotApprovable("Review the dose first.")
        refused = self._cannot_write(case, _order(stored.content))
        if refused:
            raise NotApprovable(refused)
        moved = self._moved(case, stored)
        if moved:
            return self._withheld(case, stored, moved)
        return self._written(case, stored)

    def check_again(self, case: Case, proposal: str) -> ProposalView:
        """Only search for what was not confirmed."""
        stored = self._own(case, proposal)
        if stored.state is not ProposalState.NOT_CONFIRMED:
            return self.look(case, proposal)
        found = case.writer.find(self._type(_order(stored.content)), self._system_value(stored.identifier))
        if found.state is WriteState.REFUSED:
            found = replace(found, reason="The EHR was searched: it has no such order. Nothing was saved.")
        self._finish(case, stored, found, source=ProposalState.NOT_CONFIRMED)
        return self._view(case, self._own(case, proposal))

    def _offered(self, case: Case, assessment: Assessment, option: Option, identifier: str) -> StoredProposal:
        content = {
            "order": _packed(order_of(assessment, option)),
            "offered": _packed(order_of(assessment, option)),
            "cap_mg": str(option.cap_mg) if option.cap_mg is not None else "",
            "cap_units": option.cap_units,
            "basis": basis_of(assessment),
            "basis_text": basis_text(assessment),
            "fingerprint": fingerprint(assessment),
            "recheck": True,
        }
        for known in self.proposals.of_launch(case.subject.reference):
            same = known.content.get("fingerprint") == content["fingerprint"] and known.content.get("offered") == content["offered"]
            if same and known.state is ProposalState.PROPOSED and known.expires_at > self.seconds():
                return known
        proposal = StoredProposal(
            id=secrets.token_urlsafe(12).replace("_", "-"),
            launch=case.subject.reference,
            identifier=identifier,
            state=ProposalState.PROPOSED,
            expires_at=self.seconds() + self.minutes * 60,
            changed_at=self.seconds(),
            content=content,
        )
        self.proposals.add(proposal)
        self.log.noted(case.subject, "proposal offered", f"{proposal.id} {option.product}")
        return proposal

    def _moved(self, case: Case, stored: StoredProposal) -> tuple[str, ...]:
        """Read and assess again (FHIR-43); what changed since the proposal was offered, in words."""
        chart = Chart.empty(case.subject.patient)
        now = assess_patient(
            case.subject,
            sent=chart,
            source=case.source,
            site=self.site,
            as_of=self.clock(),
            log=self.log,
            event="re-checked before writing",
            bedside=case.bedside,
        ).assessment
        return changes(now, stored.content)

    def _withheld(self, case: Case, stored: StoredProposal, moved: tuple[str, ...]) -> ProposalView:
        content = {**stored.content, "changes": list(moved), "reason": "New since you reviewed: nothing was written."}
        self.proposals.move(stored.id, source=ProposalState.PROPOSED, target=ProposalState.EXPIRED, content=content)
        self.log.noted(case.subject, "write withheld", f"{stored.id} basis changed")
        return self._view(case, self._own(case, stored.id))

    def _written(self, case: Case, stored: StoredProposal) -> ProposalView:
        if not self.proposals.lock(stored.identifier, stored.id):
            raise NotApprovable("This order is being written already. Wait a moment and look again.")
        try:
            return self._written_alone(case, stored)
        finally:
            self.proposals.unlock(stored.identifier)

    def _written_alone(self, case: Case, stored: StoredProposal) -> ProposalView:
        others = [p for p in self.proposals.with_identifier(stored.identifier) if p.state in _OPEN and p.id != stored.id]
        if others:
            reason = "An order for this result was already approved in another window. Nothing was written."
            return self._closed(case, stored, reason)
        if not self.proposals.move(stored.id, source=ProposalState.PROPOSED, target=ProposalState.WRITING):
            return self.look(case, stored.id)
        self.log.noted(case.subject, "approved", f"{stored.id} {_order(stored.content).product}")
        order = _order(stored.content)
        body = json.dumps(write_order(order, self._ordering(case, stored))).encode()
        result = case.writer.create(
            WriteRequest(resource_type=self._type(order), body=body, identifier=self._system_value(stored.identifier))
        )
        content = self._finish(case, stored, result, source=ProposalState.WRITING, approved=body)
        if result.state is WriteState.WRITTEN:
            self._write_beside(case, stored, order, content)
        return self._view(case, self._own(case, stored.id))

    def _closed(self, case: Case, stored: StoredProposal, reason: str) -> ProposalView:
        content = {**stored.content, "reason": reason}
        self.proposals.move(stored.id, source=ProposalState.PROPOSED, target=ProposalState.EXPIRED, content=content)
        return self._view(case, self._own(case, stored.id))

    def _finish(
        self, case: Case, stored: StoredProposal, result: WriteResult, *, source: ProposalState, approved: bytes = b""
    ) -> dict[str, Any]:
        approved = approved or str(stored.content.get("approved", "")).encode()
        differs = list(differences(result.stored, approved)) if result.stored and approved else []
        content = {
            **stored.content,
            "approved": approved.decode(),
            "reference": result.reference,
            "reason": result.reason,
            "differs": differs,
            "written_at": self.clock().isoformat(),
        }
        self.proposals.move(stored.id, source=source, target=_RESULT[result.state], content=content)
        self.log.noted(case.subject, "write result", f"{stored.id} {result.state} {result.reference}".strip())
        return content

    def _write_beside(self, case: Case, stored: StoredProposal, order: ProposedOrder, content: dict[str, Any]) -> None:
        """The follow-up (if ticked) and the provenance, each only where its scope was granted."""
        targets = [str(content["reference"])]
        if stored.content.get("recheck") and not case.writer.can_create("ServiceRequest"):
            body = json.dumps(write_recheck(order, self._ordering(case, stored))).encode()
            request = WriteRequest(
                resource_type="ServiceRequest", body=body, identifier=f"{self._system_value(stored.identifier)}-recheck"
            )
            followed = case.writer.create(request)
            content = {**content, "recheck_reference": followed.reference or f"not saved: {followed.reason}"}
            targets += [followed.reference] if followed.reference else []
        if not case.writer.can_create("Provenance"):
            body = json.dumps(
                write_provenance(
                    targets=targets,
                    at=self.clock(),
                    author=case.subject.user,
                    entities=[source.split("#")[0] for source in order.supporting if "/" in source],
                    organization=self.organization or case.subject.ehr,
                    software=_SOFTWARE,
                )
            ).encode()
            made = case.writer.create(WriteRequest(resource_type="Provenance", body=body))
            self.log.noted(case.subject, "provenance", f"{made.state} {made.reference}".strip())
        self.proposals.move(stored.id, source=ProposalState.WRITTEN, target=ProposalState.WRITTEN, content=content)

    def _ordering(self, case: Case, stored: StoredProposal) -> Ordering:
        policy = self.site.policy
        return Ordering(
            patient=case.subject.patient,
            at=self.clock(),
            rules_url=f"{self.base_url}/rules",
            encounter=case.subject.encounter,
            requester=case.subject.user,
            identifier=(f"{self.base_url}/proposal", stored.identifier),
            status=policy.get("order_status"),
            intent=policy.get("order_intent"),
            component_resource=policy.get("component_resource"),
            recheck_after_h=policy.get("recheck_after_dose_h"),
        )

    def _identifier(self, case: Case, basis: str) -> str:
        """Deterministic from EHR, patient, basis (none: the launch); not from product or dose."""
        what = [case.subject.ehr, case.subject.patient, basis or case.subject.reference]
        return hashlib.sha256("\n".join(what).encode()).hexdigest()[:40]

    def _system_value(self, identifier: str) -> str:
        return f"{self.base_url}/proposal|{identifier}"

    def _type(self, order: ProposedOrder) -> str:
        return resource_type_of(order, self.site.policy.get("component_resource"))

    def _cannot_write(self, case: Case, order: ProposedOrder) -> str:
        return case.writer.can_create(self._type(order))

    def _own(self, case: Case, proposal: str) -> StoredProposal:
        stored = self.proposals.get(case.subject.reference, proposal)
        if stored is None:
            raise NoSuchProposal("There is no such proposal in this launch.")
        return stored

    def _approvable(self, case: Case, proposal: str) -> StoredProposal:
        stored = self._own(case, proposal)
        if stored.state is not ProposalState.PROPOSED:
            raise NotApprovable(f"This proposal is {stored.state}.")
        if stored.expires_at <= self.seconds():
            raise NotApprovable(f"This proposal is older than {self.minutes:.0f} minutes. Go back to the patient page for a new one.")
        return stored

    def _view(self, case: Case, stored: StoredProposal) -> ProposalView:
        order = _order(stored.content)
        beside = ("ServiceRequest", "Provenance") if stored.content.get("recheck") else ("Provenance",)
        content = stored.content
        return ProposalView(
            id=stored.id,
            state=stored.state,
            order=order,
            basis_text=str(content.get("basis_text", "")),
            recheck=bool(content.get("recheck")),
            chosen=bool(content.get("chosen")),
            cap=str(content.get("cap_mg") or content.get("cap_units") or ""),
            reference=str(content.get("reference", "")),
            recheck_reference=str(content.get("recheck_reference", "")),
            reason=str(content.get("reason", "")),
            differs=tuple(content.get("differs", ())),
            changes=tuple(content.get("changes", ())),
            left_out=tuple(why for kind in beside if (why := case.writer.can_create(kind))),
            cannot_write=self._cannot_write(case, order),
            written_at=str(content.get("written_at", "")),
        )


def basis_of(assessment: Assessment) -> str:
    """The result an order rests on; empty where there is none."""
    return assessment.fibrinogen.result.source if assessment.fibrinogen else ""


def basis_text(assessment: Assessment) -> str:
    """The same in words."""
    effective = assessment.fibrinogen
    if effective is None:
        return "no usable fibrinogen"
    return f"{effective.result.comparator or ''}{g_per_l(effective.g_per_l)}, reported {effective.result.reported}"


def order_of(assessment: Assessment, option: Option) -> ProposedOrder:
    """The order that an option proposes, with the reason, the arithmetic and the records it rests on."""
    decision = assessment.decision
    rules = ((decision.row, decision.version),) if decision else ()
    supporting = [source for finding in assessment.findings for source in finding.evidence]
    supporting += [assessment.weight.source] if assessment.weight and "/" in assessment.weight.source else []
    return ProposedOrder(
        product=option.product,
        reason=f"Fibrinogen {basis_text(assessment)}: {decision.text if decision else ''}".rstrip(": "),
        brand=option.brand,
        dose_mg=option.dose_mg,
        units=option.units,
        vials=option.vials,
        volume_ml=option.volume_ml,
        max_rate_ml_per_min=option.max_rate_ml_per_min,
        basis=basis_of(assessment),
        supporting=tuple(dict.fromkeys([source for source in (basis_of(assessment), *supporting) if source])),
        steps=option.steps,
        rules=rules,
    )


def fingerprint(assessment: Assessment) -> dict[str, str]:
    """What a proposal rests on; if any of it moves, nothing is written."""
    effective, weight, crs = assessment.fibrinogen, assessment.weight, assessment.crs
    return {
        "fibrinogen": f"{basis_text(assessment)} ({basis_of(assessment)})",
        "weight": f"{weight.kg} kg" if weight else "not recorded",
        "CRS grade": "unknown" if crs is None or crs.grade is None else str(crs.grade),
        "bleeding": str(assessment.bleeding).replace("_", " "),
        "advice": f"{assessment.action} {assessment.decision.row if assessment.decision else ''}".strip(),
        "draft": "may be written" if assessment.draft_allowed else "; ".join(b.text for b in assessment.draft_blockers) or "not allowed",
        "status": "" if effective is None else str(effective.result.status),
    }


def changes(now: Assessment, content: Mapping[str, Any]) -> tuple[str, ...]:
    """What moved, a sentence each: `fibrinogen is now 1.62 g/L …, was …`."""
    before, after = content["fingerprint"], fingerprint(now)
    return tuple(f"{name} is now {after[name]}, was {before[name]}" for name in after if after[name] != before[name])


def _packed(order: ProposedOrder) -> dict[str, Any]:
    body = asdict(order)
    return {name: str(value) if isinstance(value, Decimal) else value for name, value in body.items() if value is not None}


def _order(content: Mapping[str, Any]) -> ProposedOrder:
    body = dict(content["order"])
    for name in ("dose_mg", "volume_ml", "max_rate_ml_per_min"):
        if name in body:
            body[name] = Decimal(body[name])
    body["product"] = Product(body["product"])
    if "brand" in body:
        body["brand"] = Brand(body["brand"])
    for name in ("supporting", "steps"):
        body[name] = tuple(body[name])
    body["rules"] = tuple((rule, version) for rule, version in body["rules"])
    return ProposedOrder(**body)


def _option(content: Mapping[str, Any]) -> Option:
    """The caps of the offered option, for checking an entered amount."""
    order = _order(content)
    cap = content.get("cap_mg")
    return Option(
        product=order.product,
        preferred=True,
        why="",
        licence="",
        cap_mg=Decimal(cap) if cap else None,
        cap_units=content.get("cap_units"),
    )
