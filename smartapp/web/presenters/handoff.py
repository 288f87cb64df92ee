"""Text to copy: one line for the handoff, a paragraph for the note, both as a colleague would write them."""

from collections.abc import Iterator

from smartapp.clinical.assessment import GUIDELINE_NAME, GUIDELINE_VERSION, Assessment
from smartapp.clinical.report import DISCLAIMER
from smartapp.usecases.orders.proposal import Proposal, ProposalState
from smartapp.usecases.override_reasons import REASONS
from smartapp.web.presenters.identity import Banner
from smartapp.web.presenters.manual_entries import added
from smartapp.web.presenters.provisos import cautions, given_lately, unread_parts
from smartapp.web.presenters.verdict import verdict
from smartapp.web.presenters.words import clock_of, order_words

_STANDING = {
    ProposalState.WRITTEN: "Saved as draft: {order}, {reference}",
    ProposalState.DECLINED: "Declined: {order}{why}",
    ProposalState.WITHDRAWN: "Withdrawn: {order}",
    ProposalState.CANCELLED: "Cancelled in the EHR: {order}",
    ProposalState.COMPLETED: "Completed: {order}, {reference}",
    ProposalState.REFUSED: "Not saved: {order}",
}
_UNSURE = (ProposalState.APPROVED, ProposalState.WRITING, ProposalState.NOT_CONFIRMED)


def handoff_line(
    who: Banner, assessment: Assessment, bleeding: str, next_due: str, proposals: tuple[Proposal, ...] = ()
) -> str:
    """`Jane DOE, F 58 y, tisagenlecleucel day +7: ACT NOW. Consider … Bleeding: not recorded. Next fibrinogen due 05:15.`

    It never leaves out what was given, what stops a dose, or that something was not read.
    """
    told = verdict(assessment)
    parts = (
        f"{who.name}, {who.facts[0]}, {who.therapy}: {told.word}",
        told.sentence,
        *told.provisos,
        given_lately(assessment),
        *cautions(assessment)[:1],
        unread_parts(assessment),
        *_decided(proposals),
        bleeding,
        next_due,
    )
    return _joined(parts)


def note_text(assessment: Assessment, bleeding: str, next_due: str, proposals: tuple[Proposal, ...] = ()) -> str:
    """The answer with its reason, what stops or qualifies it, what is not known, and where it comes from."""
    told, at = verdict(assessment), clock_of(assessment).time(assessment.picture.as_of)
    rules = ", ".join(sorted({finding.rule for finding in assessment.findings}))
    parts = (
        told.sentence,
        told.reason,
        *told.provisos,
        given_lately(assessment),
        *cautions(assessment),
        _options(assessment, told.suggestion),
        unread_parts(assessment),
        *(f"Added by hand: {text}" for text in added(assessment)),
        *_decided(proposals),
        bleeding,
        next_due,
        f"Assessed {at} by {GUIDELINE_NAME} {GUIDELINE_VERSION}{f' ({rules})' if rules else ''}",
        DISCLAIMER,
    )
    return _joined(parts)


def _options(assessment: Assessment, suggestion: str) -> str:
    """What may be chosen between; while nothing may be drafted it is no order."""
    if not suggestion:
        return ""
    return f"Options{', none to be drafted now' if assessment.draft_blockers else ''}: {suggestion}"


def _decided(proposals: tuple[Proposal, ...]) -> Iterator[str]:
    """What stands of the orders that were decided on."""
    for proposal in proposals:
        order = order_words(proposal.order)
        if proposal.state in _UNSURE:
            yield f"Not confirmed whether saved: {order}, check before retrying"
        elif proposal.state in _STANDING:
            why = f" ({dict(REASONS).get(proposal.reason, proposal.reason).lower()})" if proposal.reason else ""
            yield _STANDING[proposal.state].format(order=order, reference=proposal.reference, why=why)


def _joined(parts: tuple[str, ...]) -> str:
    return " ".join(_stopped(part) for part in parts if part)


def _stopped(sentence: str) -> str:
    return sentence if sentence.endswith((".", "?")) else f"{sentence}."
