"""An assessment as cards: at most one each for replacement, coagulation, monitoring and data (interfaces.md section 4)."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from smartapp.cdshooks.card_text import detail_of, label_of, summary_of
from smartapp.cdshooks.serialization import Card, CardAction, CardCoding, CardSource, Link, Suggestion
from smartapp.clinical.assessment import GUIDELINE_VERSION, Assessment
from smartapp.clinical.criteria.infusion import hidden_records
from smartapp.clinical.derived_facts import Action as Advice
from smartapp.clinical.derived_facts import Option
from smartapp.clinical.findings import Finding, Indicator
from smartapp.clinical.picture import Gap, GapKind
from smartapp.usecases.card_suppression import group_of
from smartapp.usecases.override_reasons import REASONS, SYSTEM

TOPIC_SYSTEM = "http://snomed.info/sct"
_TOPIC = CardCoding(system=TOPIC_SYSTEM, code="67406007", display="Disseminated intravascular coagulation")
_SPEAKING = frozenset({Advice.REPLACE, Advice.CONSIDER, Advice.MONITOR})
_QUIET = frozenset({"MON-01", "MON-04"})  # no card for these alone
OVERRIDE_REASONS = tuple(CardCoding(system=SYSTEM, code=code, display=display) for code, display in REASONS)
_DECISIVE = frozenset({"DQ-17", "DQ-21", "DQ-24"})  # of which the summary speaks first
_DOSED = frozenset({"replacement", "orders"})

Orders = Callable[[Assessment, Option], Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where the links lead: our launch URL exactly, and the page of a rule."""

    launch_url: str
    rules_url: str


def cards_of(
    assessment: Assessment, addresses: Addresses, orders: Orders, *, drafted: bool = False
) -> tuple[Card, ...]:
    """The cards, critical before warning before info; `drafted`: a draft of ours answers the replacement card (*Quiet*)."""
    if assessment.action is Advice.NONE and not assessment.applicability.runs and not _planned(assessment):
        return _only_doubt(assessment, addresses)
    built = [
        _drafted(assessment, addresses) if drafted else _replacement(assessment, addresses, orders),
        _coagulation(assessment, addresses),
        _monitoring(assessment, addresses),
        _data(assessment, addresses),
    ]
    cards = [card for card in built if card is not None]
    return tuple(sorted(cards, key=lambda card: -Indicator(card.indicator).rank))


def _only_doubt(assessment: Assessment, addresses: Addresses) -> tuple[Card, ...]:
    """Nothing to say of the patient, but for records that might have told of an infusion and could not be used."""
    hidden = hidden_records(assessment.picture) if assessment.applicability.rule == "APP-01" else ()
    if not hidden:
        return ()
    summary = f"Cannot tell whether CAR-T cells were given: {hidden[0].text}"
    return (card_for(assessment, summary, (), addresses, gaps=hidden),)


def _planned(assessment: Assessment) -> bool:
    return any(finding.rule == "APP-05" for finding in assessment.findings)


def _said(assessment: Assessment, group: str) -> list[Finding]:
    return [finding for finding in assessment.findings if group_of(finding.rule) == group]


def _replacement(assessment: Assessment, addresses: Addresses, orders: Orders) -> Card | None:
    findings = _said(assessment, "replacement")
    loud = any(finding.indicator is not Indicator.INFO for finding in findings)
    speaks = (
        assessment.action in _SPEAKING
        or (loud and assessment.action is not Advice.CANNOT_ASSESS)
        or not assessment.applicability.runs
    )
    if not findings or not speaks:
        return None
    suggestions = _suggestions(assessment, orders) if assessment.draft_allowed else ()
    return card_for(assessment, _summary(assessment, findings), findings, addresses, suggestions)


def _drafted(assessment: Assessment, addresses: Addresses) -> Card:
    """What stands unsigned, as loud as REP-13 is; the advice is in the detail, and nothing is suggested."""
    findings = _said(assessment, "replacement")
    standing = next(finding for finding in findings if finding.rule == "REP-13")
    card = card_for(assessment, standing.text, [standing, *(f for f in findings if f is not standing)], addresses)
    return replace(card, indicator=str(standing.indicator))


def _coagulation(assessment: Assessment, addresses: Addresses) -> Card | None:
    findings = [finding for finding in _said(assessment, "coagulation") if finding.indicator is not Indicator.INFO]
    return card_for(assessment, findings[0].text.split(" (")[0], findings, addresses) if findings else None


def _monitoring(assessment: Assessment, addresses: Addresses) -> Card | None:
    findings = _said(assessment, "monitoring")
    if not any(finding.rule not in _QUIET for finding in findings):
        return None
    first = next(finding for finding in findings if finding.rule not in _QUIET)
    return card_for(assessment, first.text, findings, addresses)


def _data(assessment: Assessment, addresses: Addresses) -> Card | None:
    """What could not be read, and a level that cannot be assessed."""
    apart = [gap for gap in assessment.gaps if gap.rule != "DQ-16"]  # which only says what follows from the others
    unreadable = [gap for gap in apart if gap.kind not in (GapKind.NOTED, GapKind.ABSENT)]
    findings = _not_carried(assessment, _said(assessment, "data"))
    cannot = (
        [f for f in _said(assessment, "replacement") if f.rule == "REP-12"]
        if assessment.action is Advice.CANNOT_ASSESS
        else []
    )
    if not (unreadable or findings or cannot):
        return None
    first = next((f for f in findings if f.rule in _DECISIVE), None) or next(iter((*cannot, *findings)), None)
    summary = first.text if first else unreadable[0].text
    if first is not None and first.rule != "DQ-24" and assessment.action is Advice.CANNOT_ASSESS:
        summary = f"Cannot assess: {summary[0].lower()}{summary[1:]}"
    return card_for(assessment, summary, [*cannot, *findings], addresses, gaps=unreadable)


def _not_carried(assessment: Assessment, findings: Sequence[Finding]) -> list[Finding]:
    """Without those that the replacement card carries as provisos: they make no other card (interfaces.md section 4)."""
    carried = {proviso.rule for proviso in assessment.provisos} if assessment.action in _SPEAKING else set()
    return [finding for finding in findings if finding.rule not in carried]


def _summary(assessment: Assessment, findings: Sequence[Finding]) -> str:
    """The verdict with its provisos; where no level decided, what the loudest finding says."""
    if assessment.action in (Advice.REPLACE, Advice.CONSIDER, Advice.MONITOR):
        return summary_of(assessment)
    return findings[0].text


def card_for(
    assessment: Assessment,
    summary: str,
    findings: Sequence[Finding],
    addresses: Addresses,
    suggestions: tuple[Suggestion, ...] = (),
    gaps: Sequence[Gap] = (),
) -> Card:
    """A card that speaks for these findings, as loud as the loudest."""
    loudest = max(
        (finding.indicator for finding in findings), key=lambda indicator: indicator.rank, default=Indicator.WARNING
    )
    rules = tuple(dict.fromkeys(finding.rule for finding in findings))
    return Card(
        uuid=str(uuid.uuid4()),
        summary=summary,
        detail=detail_of(assessment, findings, gaps, doses=any(group_of(f.rule) in _DOSED for f in findings)),
        indicator=str(loudest),
        source=CardSource(
            label=f"Fibrinogen Watch: CRS coagulopathy guideline {GUIDELINE_VERSION}",
            url=f"{addresses.rules_url}/{rules[0]}" if rules else addresses.rules_url,
            topic=_TOPIC,
        ),
        suggestions=suggestions,
        links=(
            Link(label="Open Fibrinogen Watch", url=addresses.launch_url, type="smart"),
            Link(
                label="Rules and evidence",
                url=f"{addresses.rules_url}/{rules[0]}" if rules else addresses.rules_url,
                type="absolute",
            ),
        ),
        override_reasons=OVERRIDE_REASONS,
        rules=rules,
    )


def _suggestions(assessment: Assessment, orders: Orders) -> tuple[Suggestion, ...]:
    dosed = [option for option in assessment.options if option.may_be_ordered]
    return tuple(
        Suggestion(
            uuid=str(uuid.uuid4()),
            label=f"Draft {label_of(option)} and a follow-up fibrinogen",
            actions=tuple(
                CardAction(description=_described(order, option), resource=order)
                for order in orders(assessment, option)
            ),
        )
        for option in dosed
    )


def _described(order: Mapping[str, Any], option: Option) -> str:
    is_test = (
        order.get("resourceType") == "ServiceRequest"
        and "fibrinogen" in str(order.get("code", {})).lower()
        and "cryo" not in str(order.get("code", {})).lower()
    )
    return "Follow-up fibrinogen 1 h after the dose" if is_test else f"Draft order: {label_of(option)}; needs signature"
