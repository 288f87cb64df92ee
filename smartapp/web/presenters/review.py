"""The patient page: does this patient need fibrinogen now, and why?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from smartapp.clinical.assessment import GUIDELINE_VERSION, Assessment
from smartapp.clinical.derived_facts import Basis, Option
from smartapp.clinical.dosing import MINIMUM_DOSE
from smartapp.clinical.findings import Finding, Indicator
from smartapp.clinical.orders import ProposedOrder
from smartapp.clinical.picture import BleedingLevel, Topic
from smartapp.clinical.words import rounded
from smartapp.usecases.orders.proposal import Proposal
from smartapp.usecases.patient_page import Reviewed
from smartapp.web.plots import Plot, fibrinogen_plot
from smartapp.web.presenters.changes import change_lines
from smartapp.web.presenters.changes_since_last_view import news
from smartapp.web.presenters.handoff import handoff_line, note_text
from smartapp.web.presenters.identity import Banner, banner
from smartapp.web.presenters.manual_entries import AddedLine, added_lines
from smartapp.web.presenters.provisos import against_a_product
from smartapp.web.presenters.results import ResultRow, fibrinogen_rows, result_rows
from smartapp.web.presenters.resumable_entries import LeftPage, left_page
from smartapp.web.presenters.standing import StandingLine, beside, standing_lines
from smartapp.web.presenters.trace import (
    Issue,
    TraceGroup,
    applied,
    assessed_at,
    issue_line,
    issues,
    level_words,
    trace,
)
from smartapp.web.presenters.verdict import Verdict, crs_words, decisive_unread, still_reading, verdict
from smartapp.web.presenters.words import (
    Clock,
    about,
    absence,
    amount_of,
    clock_of,
    order_words,
    product_name,
    zone_words,
)

_MAY_BE_KNOWN = frozenset({"APP-01", "DQ-24"})  # rows that stop where no infusion was recognised
_BLEEDING = {
    BleedingLevel.NONE: "Bleeding: none",
    BleedingLevel.MINOR: "Bleeding: minor",
    BleedingLevel.SIGNIFICANT: "Bleeding: significant",
    BleedingLevel.MAJOR: "Bleeding: major",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionLine:
    """One product: `amount` is empty where no number may be given, and `blocked` then says why."""

    name: str
    amount: str
    why: str
    licence: str
    preferred: bool
    blocked: str
    details: tuple[str, ...]
    steps: tuple[str, ...]
    proposal: Proposal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderText:
    """One order as text to copy into the EHR, and its short name."""

    order: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A finding in words, with its rule, evidence level and look."""

    rule: str
    indicator: str
    text: str
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPage:
    """All that the patient page prints."""

    banner: Banner
    verdict: Verdict
    options: tuple[OptionLine, ...]
    blockers: tuple[str, ...]
    standing: tuple[Proposal, ...]
    stands: tuple[StandingLine, ...]
    beside: tuple[str, ...]
    order_texts: tuple[OrderText, ...]
    asks_weight: bool
    adds: bool
    adds_infusion: bool
    bleeding: str
    bleeding_level: str
    crs: str
    confirm_grade: str
    added: tuple[AddedLine, ...]
    plot: Plot
    rows: tuple[ResultRow, ...]
    fibrinogen: tuple[ResultRow, ...]
    notes: tuple[Note, ...]
    levels: tuple[str, ...]
    issue_line: str
    issues: tuple[Issue, ...]
    applied: str
    changes: tuple[str, ...]
    responses: tuple[tuple[str, ...], ...]
    trace: tuple[TraceGroup, ...]
    awaited: str
    undecided: bool
    since: str
    left: LeftPage | None
    chosen_before: Mapping[str, ProposedOrder]
    next_due: str
    handoff: str
    note: str
    policy: str
    assessed: str
    zone: str
    guideline: str = GUIDELINE_VERSION


def review_page(reviewed: Reviewed, chosen: str = "all") -> ReviewPage:
    """The page of a patient as assessed now; `chosen` is the range of the chart."""
    assessment, identity, proposals = reviewed.assessment, reviewed.identity, reviewed.proposals
    who, bleeding, next_due = banner(identity, assessment), _bleeding(assessment), _next_due(assessment)
    told = () if reviewed.undecided else _told(assessment)
    decided = tuple(proposal for proposal in proposals if proposal.is_decided)
    return ReviewPage(
        banner=who,
        verdict=still_reading(reviewed.awaited) if reviewed.undecided else verdict(assessment),
        options=() if reviewed.undecided else _options(assessment, proposals),
        blockers=() if reviewed.awaited else _blockers(reviewed),
        standing=decided,
        stands=() if reviewed.undecided else standing_lines(assessment),
        beside=() if reviewed.awaited else beside(assessment),
        order_texts=tuple(_order_texts(reviewed, who)),
        awaited=", ".join(reviewed.awaited),
        undecided=reviewed.undecided,
        since=news(reviewed.last_view, reviewed.card_view, assessment),
        left=left_page(reviewed.left),
        chosen_before=reviewed.chosen_before,
        asks_weight=any(blocker.rule == "DQ-11" for blocker in assessment.draft_blockers),
        adds=assessment.applicability.runs or bool(assessment.picture.bedside.added),
        adds_infusion=assessment.applicability.rule in _MAY_BE_KNOWN,
        bleeding=bleeding,
        bleeding_level=str(assessment.bleeding),
        crs=crs_words(assessment),
        confirm_grade=_confirm_grade(assessment),
        added=added_lines(assessment),
        plot=fibrinogen_plot(assessment, chosen),
        rows=result_rows(assessment),
        fibrinogen=fibrinogen_rows(assessment),
        notes=tuple(_note(f, clock_of(assessment)) for f in told),
        levels=tuple(dict.fromkeys(level_words(f.level) for f in sorted(told, key=lambda f: f.level))),
        issue_line="" if reviewed.awaited else issue_line(assessment),
        issues=issues(assessment),
        applied=applied(assessment),
        changes=() if reviewed.undecided or decisive_unread(assessment) else change_lines(assessment),
        responses=tuple(tuple(map(clock_of(assessment).local, r.steps)) for r in assessment.dose_responses),
        trace=() if reviewed.undecided else trace(assessment),
        next_due="" if reviewed.undecided else next_due,
        handoff="" if reviewed.undecided else handoff_line(who, assessment, bleeding, next_due, decided),
        note="" if reviewed.undecided else note_text(assessment, bleeding, next_due, decided),
        policy=f"{assessment.policy.profile} {assessment.policy.sha256[:8]}",
        assessed=assessed_at(assessment),
        zone=zone_words(assessment),
    )


def _blockers(reviewed: Reviewed) -> tuple[str, ...]:
    """Every reason why nothing may be drafted: the rules' own, then what this session or EHR does not allow."""
    rules = [f"{blocker.text} ({blocker.rule})" for blocker in reviewed.assessment.draft_blockers]
    if reviewed.no_write:
        return (*rules, _sentence(reviewed.no_write))
    copied = [f"{product_name(product)}: {why}; copy the order" for product, why in reviewed.unwritable.items()]
    return (*rules, *copied)


def _order_texts(reviewed: Reviewed, who: Banner) -> Iterator[OrderText]:
    """The orders to copy, one of them, where the rules would allow a draft and this session cannot write it.

    Each is whole by itself: it names its patient (SAL-59) and one product."""
    if not reviewed.assessment.draft_allowed:
        return
    patient = ", ".join((who.name, *who.facts))
    for option in reviewed.assessment.options:
        lacking = reviewed.no_write or option.product in reviewed.unwritable
        if lacking and amount_of(option) and not option.no_draft:
            order = f"{order_words(option)} IV, {', '.join(option_details(option))}"
            yield OrderText(order=order_words(option), text=f"{patient}\n{order}")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _options(assessment: Assessment, proposals: tuple[Proposal, ...]) -> tuple[OptionLine, ...]:
    """No dose is shown while laboratory results are known to be incomplete (DQ-17)."""
    if Topic.LABORATORY in assessment.picture.unread:
        return ()
    open_ones = {p.order.product: p for p in proposals if not p.is_decided} if assessment.draft_allowed else {}
    return tuple(option_line(option, assessment, open_ones.get(option.product)) for option in assessment.options)


def option_line(option: Option, assessment: Assessment, proposal: Proposal | None = None) -> OptionLine:
    """One option in words; with its proposal where a draft may be written."""
    return OptionLine(
        name=product_name(option.product, option.brand),
        amount=amount_of(option),
        why=". ".join(_sentence(part) for part in (option.why, option.no_draft) if part),
        licence=option.licence,
        preferred=option.preferred and not against_a_product(assessment),
        blocked=option.blocked,
        details=option_details(option),
        steps=option.steps,
        proposal=proposal,
    )


def option_details(option: Option) -> tuple[str, ...]:
    """Vials or pools, volume, least time and expected level."""
    told = (
        _counted(option.vials, "vial"),
        _counted(option.pools, "pool"),
        f"{rounded(option.volume_ml, 1)} mL" if option.volume_ml is not None else "",
        f"over at least {rounded(option.min_minutes)} min" if option.min_minutes is not None else "",
        f"{rounded(option.dose_mg_per_kg, 1)} mg/kg" if option.dose_mg_per_kg is not None else "",
        _expected(option),
        _rise(option),
        "minimum dose: true level may be lower" if MINIMUM_DOSE in option.flags else "",
    )
    return tuple(part for part in told if part)


def _counted(number: int | None, what: str) -> str:
    return f"{number} {what}{'s' if number != 1 else ''}" if number else ""


def _expected(option: Option) -> str:
    """`expected level about 1.53 g/L (153 mg/dL)`; from a bound such as `<0.6` it may as well be lower (DQ-04)."""
    if option.predicted_g_per_l is None:
        return ""
    return f"expected level {about(option.predicted_g_per_l)}{' or lower' if MINIMUM_DOSE in option.flags else ''}"


def _rise(option: Option) -> str:
    if option.expected_rise_mg_per_dl is None:
        return ""
    low, high = (rounded(bound, 0) for bound in option.expected_rise_mg_per_dl)
    return f"expected rise {low} to {high} mg/dL" if low != high else f"expected rise about {low} mg/dL"


def _told(assessment: Assessment) -> tuple[Finding, ...]:
    """What the rules say beside the verdict; warnings first, as the assessment orders them. A calm row that rests on a part of
    the chart is not repeated without what the verdict says of that."""
    calm = assessment.decision.row if assessment.decision and decisive_unread(assessment) else ""
    return tuple(
        f
        for f in assessment.findings
        if f.rule != calm and (f.indicator is not Indicator.INFO or f.rule.split("-")[0] not in ("PRD", "MOD", "TIER"))
    )


def _note(finding: Finding, clock: Clock) -> Note:
    text = clock.local(finding.text)
    return Note(rule=finding.rule, indicator=str(finding.indicator), text=text, evidence=str(finding.level))


def _bleeding(assessment: Assessment) -> str:
    """The level in words; none recorded is no evidence of none, nor is what was not read (BLD-01)."""
    bedside = assessment.picture.bedside
    mark = f", added by {bedside.users.get('bleeding', 'you')}" if bedside.bleeding else ""
    known = _BLEEDING.get(assessment.bleeding)
    return f"{known}{mark}" if known else f"Bleeding: {absence(assessment, Topic.CONDITIONS)}"


def _confirm_grade(assessment: Assessment) -> str:
    """The grade to confirm by one press: one that is only suggested, or recorded more than a day ago; empty if none."""
    crs = assessment.crs
    if crs is None or crs.grade is None or not (crs.stale or crs.basis is Basis.SUGGESTED):
        return ""
    return str(crs.grade)


def _next_due(assessment: Assessment) -> str:
    monitoring = assessment.monitoring
    if monitoring is None or monitoring.due is None:
        return ""
    told = f"Next fibrinogen due {clock_of(assessment).time(monitoring.due)}"
    return told + (", overdue" if monitoring.overdue else "") + (", a result is pending" if monitoring.pending else "")
