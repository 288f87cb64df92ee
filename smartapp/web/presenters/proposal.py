"""A proposal's pages: its dose review, its receipt, and what became of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from smartapp.clinical.assessment import amount_findings
from smartapp.clinical.dosing import MINIMUM_DOSE, expected
from smartapp.clinical.picture import Topic
from smartapp.clinical.words import plain
from smartapp.fhir.proposals import stored_words
from smartapp.fhir.provenance import NOT_READ
from smartapp.usecases.orders.plan import WritePlan
from smartapp.usecases.orders.proposal import Proposal, ProposalState, Sent, Stage
from smartapp.usecases.override_reasons import REASONS
from smartapp.usecases.patient_page import Proposed
from smartapp.web.amounts import MG, amount_in, entry_of, in_letters
from smartapp.web.presenters.identity import Banner, banner
from smartapp.web.presenters.progress import given_words, progress
from smartapp.web.presenters.provisos import doses_of_the_day, provisos
from smartapp.web.presenters.review import OptionLine, option_line
from smartapp.web.presenters.standing import StandingLine, standing_lines
from smartapp.web.presenters.verdict import Verdict, verdict
from smartapp.web.presenters.words import about, clock_of, order_words, zone_words

DECLINE_REASONS = REASONS
_MIX_UP = "ORD-05"
_TOGETHER = "one transaction: all of it or nothing"
_IN_ORDER = "the order first, then what belongs to it; each only if it is not there yet"
_AFTER_A_SEARCH = (
    "the order first, then what belongs to it; each after a search, as this EHR has no conditional creates"
)
_SIGNED = {"draft": ": you sign it there"}
_OUTCOMES = {
    ProposalState.WRITTEN: ("Saved as draft", "saved"),
    ProposalState.REFUSED: ("Not saved", "refused"),
    ProposalState.EXPIRED: ("Not saved", "refused"),
    ProposalState.NOT_CONFIRMED: ("Not confirmed", "open"),
    ProposalState.APPROVED: ("Not confirmed", "open"),
    ProposalState.WRITING: ("Not confirmed", "open"),
    ProposalState.DECLINED: ("Not now", "over"),
    ProposalState.WITHDRAWN: ("Withdrawn", "over"),
    ProposalState.CANCELLED: ("Cancelled in the EHR", "over"),
    ProposalState.COMPLETED: ("Completed", "over"),
}
_TITLES = {
    Stage.PROPOSED: "Dose review",
    Stage.REVIEWING: "Dose review",
    Stage.CONFIRMING: "Confirm the draft order",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountField:
    """The amount as a form field: its name in the contract, its value, what it counts, and limit in words.

    `step` is what one press changes, `step_words` its name; `most`, `computed` and `vial` are what the echo needs while it is typed.
    """

    name: str
    value: str
    counts: str
    limit: str
    letters: str
    step: str
    step_words: str
    most: str
    computed: str
    vial: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalPage:
    """All that a proposal's page prints; `outcome` is empty while there is something to approve."""

    id: str
    proposal: Proposal
    title: str
    banner: Banner
    verdict: Verdict
    provisos: tuple[str, ...]
    stands: tuple[StandingLine, ...]
    order: str
    option: OptionLine
    others: tuple[OptionLine, ...]
    amount: AmountField | None
    follow_up: bool
    button: str
    route: str
    preview: tuple[tuple[str, str], ...]
    left_out: tuple[str, ...]
    follow_up_outcome: str
    provenance: str
    receipt: str
    progress: tuple[str, ...]
    may_withdraw: bool
    given: tuple[str, ...]
    cautions: tuple[str, ...]
    differences: tuple[str, ...]
    moved: tuple[str, ...]
    checks: tuple[str, ...]
    may_create: bool
    expected: str
    outcome: str
    look: str
    reason: str
    reference: str
    decided: str
    next_due: str
    note_text: str
    confirming: bool
    zone: str


def proposal_page(proposed: Proposed) -> ProposalPage:
    """The page of a proposal as it stands."""
    proposal, patient = proposed.proposal, banner(proposed.identity, proposed.assessment)
    outcome, look = _OUTCOMES.get(proposal.state, ("", ""))
    if proposal.state is ProposalState.WRITTEN and proposed.plan.status == "active":
        outcome = "Saved as active order"
    if outcome and set(proposal.differences) - {NOT_READ}:
        outcome = f"{outcome}, but the stored order differs"
    checks = amount_findings(proposed.assessment, proposal.order) if not outcome else ()
    return ProposalPage(
        id=proposal.id,
        proposal=proposal,
        title=outcome or _title(proposal),
        banner=patient,
        verdict=verdict(proposed.assessment),
        provisos=known_first(proposed),
        stands=standing_lines(proposed.assessment),
        order=order_words(proposal.order),
        option=option_line(proposal.offer.option, proposed.assessment),
        others=tuple(_others(proposed)),
        amount=amount_field(proposed),
        follow_up=proposal.follow_up,
        button=_button(proposed, patient.name),
        route=_route(proposed),
        preview=_preview(proposal, proposed.plan),
        left_out=proposed.plan.left_out,
        follow_up_outcome=_follow_up(proposal),
        provenance=_provenance(proposal),
        receipt=proposal.receipt,
        progress=progress(proposed),
        may_withdraw=proposal.ehr_status in ("", "draft"),
        given=tuple(_given(proposed)),
        cautions=tuple(
            f"{clock_of(proposed.assessment).local(f.text)} ({f.rule})"
            for f in proposed.assessment.findings
            if f.rule.startswith("SAF-")
        ),
        differences=proposal.differences,
        moved=proposal.changes,
        checks=tuple(f"{finding.text} ({finding.rule})" for finding in checks),
        may_create=all(finding.rule != _MIX_UP for finding in checks),
        expected=_expected(proposed),
        outcome=outcome,
        look=look,
        reason=_reason(proposal),
        reference=proposal.reference,
        decided=_decided(proposed),
        next_due=_recheck_due(proposed),
        note_text=_note_text(proposed),
        confirming=proposal.stage is Stage.CONFIRMING,
        zone=zone_words(proposed.assessment),
    )


def known_first(proposed: Proposed) -> tuple[str, ...]:
    """The provisos: while there is something to approve those of now, of a decided order those that it was decided with."""
    if not proposed.proposal.is_decided:
        return provisos(proposed.assessment)
    return tuple(f"{text[0].upper()}{text[1:]}" for text in proposed.proposal.order.provisos if text)


def amount_field(proposed: Proposed) -> AmountField | None:
    """The field of interfaces.md section 4 that the product's amount is entered in; None where it has none (CRY-03)."""
    entry = entry_of(proposed.proposal.offer.option)
    if entry is None:
        return None
    amount = amount_in(entry, proposed.proposal.order)
    return AmountField(
        name=entry.name,
        value=plain(amount),
        counts=entry.counts,
        limit=f"at most {entry.words(entry.most)} for this patient" if entry.most is not None else "",
        letters=in_letters(entry, amount),
        step=plain(entry.vial) if entry.vial else "1" if entry.counts != MG else "",
        step_words="vial" if entry.counts == MG else entry.counts,
        most=plain(entry.most) if entry.most is not None else "",
        computed=plain(entry.computed),
        vial=plain(entry.vial) if entry.vial else "",
    )


def _expected(proposed: Proposed) -> str:
    """The level that the chosen amount should bring; empty where none is told."""
    effective, mg = proposed.assessment.fibrinogen, proposed.proposal.order.dose_mg
    option = proposed.proposal.offer.option
    level = expected(option, effective.g_per_l if effective else None, mg) if mg is not None else None
    bound = "; minimum dose: the true level may be lower" if MINIMUM_DOSE in option.flags else ""
    return f"{about(level)}{bound}" if level is not None else ""


def _others(proposed: Proposed) -> Iterator[OptionLine]:
    """The other products, each with its proposal where it may be chosen instead by one press."""
    offered = {other.order.product: other for other in proposed.others}
    for option in proposed.assessment.options if proposed.assessment.draft_allowed else ():
        if option.product != proposed.proposal.order.product:
            yield option_line(option, proposed.assessment, offered.get(option.product))


def _given(proposed: Proposed) -> Iterator[str]:
    """Fibrinogen products of the last 24 h, the newest first; where that could not be read, it says so."""
    picture, clock = proposed.assessment.picture, clock_of(proposed.assessment)
    recent = doses_of_the_day(proposed.assessment)
    for dose in reversed(recent):
        yield given_words(dose, clock)
    unread = [gap.text for topic, gap in picture.unread.items() if topic in (Topic.ADMINISTRATIONS, Topic.PROCEDURES)]
    yield from unread or (() if recent else ("none recorded",))


def _follow_up(proposal: Proposal) -> str:
    """What became of the follow-up fibrinogen; empty where none was ordered."""
    outcome = proposal.status.follow_up if isinstance(proposal.status, Sent) else None
    if not outcome:
        return ""
    saved = outcome.startswith("ServiceRequest/")
    return f"Follow-up fibrinogen: {f'ordered as draft, {outcome}' if saved else outcome}"


def _provenance(proposal: Proposal) -> str:
    """Why the EHR has no record of who approved it; empty where it has one, or none was to be written."""
    outcome = (proposal.sent.provenance or "") if proposal.state is ProposalState.WRITTEN else ""
    return f"Provenance in the EHR: {outcome}" if outcome.startswith("not ") else ""


def _button(proposed: Proposed, name: str) -> str:
    if proposed.proposal.stage is Stage.CONFIRMING:
        kind = "active" if proposed.plan.status == "active" else "draft"
        return f"Create {kind} order for {name} — {order_words(proposed.proposal.order).removeprefix('fibrinogen ')}"
    return f"Continue for {name}"


def _title(proposal: Proposal) -> str:
    return _TITLES[proposal.stage] if proposal.stage else ""


def _route(proposed: Proposed) -> str:
    """`Draft MedicationRequest at demo: you sign it there`."""
    plan = proposed.plan
    words = f"{plan.status} {plan.resource_type} at {proposed.ehr}{_SIGNED.get(plan.status, '')}"
    return words[:1].upper() + words[1:]


def _preview(proposal: Proposal, plan: WritePlan) -> tuple[tuple[str, str], ...]:
    """The order as the EHR will store it, as (name, value) lines; the follow-up has its own line on the receipt."""
    order = proposal.order
    return (
        ("Resource", f"{plan.resource_type}, status {plan.status}, intent {plan.intent}"),
        *stored_words(plan.order, plan.follow_up),
        ("Rests on", order.basis or "no usable fibrinogen"),
        ("Rules", ", ".join(f"{rule} v{version}" for rule, version in order.rules)),
        ("Sent as", _TOGETHER if plan.together else _IN_ORDER if plan.conditional else _AFTER_A_SEARCH),
    )


def _reason(proposal: Proposal) -> str:
    told = dict(DECLINE_REASONS).get(proposal.reason, proposal.reason)
    return f"{told[:1].upper()}{told[1:].removesuffix('.')}." if told else ""


def _decided(proposed: Proposed) -> str:
    proposal = proposed.proposal
    if not proposal.is_decided:
        return ""
    at, who = datetime.fromtimestamp(proposal.decided_at, UTC), proposal.decided_by
    return ", ".join([clock_of(proposed.assessment).time(at), *([f"by {who}"] if who else [])])


def _recheck_due(proposed: Proposed) -> str:
    hours = plain(proposed.assessment.policy.get("recheck_after_dose_h"))
    return f"Next fibrinogen due {hours} h after the end of the infusion"


def _note_text(proposed: Proposed) -> str:
    """Text for the note, as a colleague would write it."""
    told = verdict(proposed.assessment)
    reference = f" ({proposed.proposal.reference})" if proposed.proposal.reference else ""
    next_step = (
        "the stored order differs, or could not be compared: check it before it is signed or given"
        if proposed.proposal.differences
        else "to be signed"
    )
    known = "".join(f"{text.rstrip('.')}. " for text in known_first(proposed))
    return (
        f"{told.sentence} {told.reason + '. ' if told.reason else ''}{known}"
        f"Draft order {order_words(proposed.proposal.order)} IV{reference}, {next_step}. {_recheck_due(proposed)}."
    )
