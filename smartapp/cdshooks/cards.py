"""An assessment as cards: at most one each for replacement, coagulation, monitoring and data (interfaces.md section 4)."""

import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from smartapp.cdshooks.serialization import Card, CardAction, CardCoding, CardSource, Link, Suggestion
from smartapp.clinical.amount_words import amount_words
from smartapp.clinical.assessment import GUIDELINE_VERSION, Assessment
from smartapp.clinical.citations import PROJECT_DEFAULT, SOURCES
from smartapp.clinical.criteria.infusion import hidden_records
from smartapp.clinical.derived_facts import Action as Advice
from smartapp.clinical.derived_facts import Option
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.orders import Product
from smartapp.clinical.picture import Gap, GapKind
from smartapp.clinical.report import DISCLAIMER
from smartapp.clinical.words import age_words, clock, g_per_l, rounded
from smartapp.usecases.card_suppression import group_of
from smartapp.usecases.override_reasons import REASONS, SYSTEM

TOPIC_SYSTEM = "http://snomed.info/sct"
_TOPIC = CardCoding(system=TOPIC_SYSTEM, code="67406007", display="Disseminated intravascular coagulation")
_SPEAKING = frozenset({Advice.REPLACE, Advice.CONSIDER, Advice.MONITOR})
_QUIET = frozenset({"MON-01", "MON-04"})  # no card for these alone
OVERRIDE_REASONS = tuple(CardCoding(system=SYSTEM, code=code, display=display) for code, display in REASONS)
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-!|~])")

Orders = Callable[[Assessment, Option], Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where the links lead: our launch URL exactly, and the page of a rule."""

    launch_url: str
    rules_url: str


def cards_of(assessment: Assessment, addresses: Addresses, orders: Orders) -> tuple[Card, ...]:
    """The cards, critical before warning before info."""
    if assessment.action is Advice.NONE and not assessment.applicability.runs and not _planned(assessment):
        return _only_doubt(assessment, addresses)
    built = [
        _replacement(assessment, addresses, orders),
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
    findings = _said(assessment, "data")
    cannot = (
        [f for f in _said(assessment, "replacement") if f.rule == "REP-12"]
        if assessment.action is Advice.CANNOT_ASSESS
        else []
    )
    if not (unreadable or findings or cannot):
        return None
    if cannot:
        summary = f"Cannot assess: {_why_not(assessment)}"
    elif findings:
        summary = findings[0].text
    else:
        summary = unreadable[0].text
    return card_for(assessment, summary, [*cannot, *findings], addresses, gaps=unreadable)


def _why_not(assessment: Assessment) -> str:
    gap = next((gap for gap in assessment.gaps if gap.rule in ("DQ-03", "DQ-04", "DQ-16")), None)
    return gap.text[0].lower() + gap.text[1:] if gap else "no usable fibrinogen"


def _summary(assessment: Assessment, findings: Sequence[Finding]) -> str:
    """Value, unit, age, grade, and what to consider, in one sentence."""
    fibrinogen, decision = assessment.fibrinogen, assessment.decision
    if decision is None:
        return findings[0].text
    words = {
        "REPLACE": "consider replacement",
        "CONSIDER": "replacement may be considered",
        "MONITOR": "consider a recheck",
    }.get(str(decision.action), "no replacement advised")
    if fibrinogen is None:
        return f"No usable fibrinogen: {words}"
    value = f"{fibrinogen.result.comparator or ''}{g_per_l(fibrinogen.g_per_l)}"
    age = age_words(assessment.picture.as_of - fibrinogen.result.collected.at)
    grade = f", CRS {assessment.crs.grade}" if assessment.crs and assessment.crs.grade is not None else ""
    return f"Fibrinogen {value}, {age}{grade}: {words}"


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
        detail=_detail(assessment, findings, gaps),
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


def _detail(assessment: Assessment, findings: Sequence[Finding], gaps: Sequence[Gap]) -> str:
    lines = [
        f"- {escaped(finding.text)} ({finding.rule} v{finding.version}, evidence {_level(finding)})"
        for finding in findings
    ]
    if any(group_of(finding.rule) in ("replacement", "orders") for finding in findings):
        lines += _inputs(assessment) + _doses(assessment) + _blockers(assessment)
    issues = list(dict.fromkeys(gap.text for gap in (*gaps, *assessment.gaps)))
    if issues:
        lines += ["", "**Data:**", *(f"- {escaped(text)}" for text in issues[:12])]
    sources = [SOURCES[key].citation for key in dict.fromkeys(k for f in findings for k in f.citations)]
    if sources:
        lines += ["", "**Sources:**", *(f"- {escaped(citation)}" for citation in sources)]
    return "\n".join([*lines, "", f"Assessed {clock(assessment.picture.as_of)}. {DISCLAIMER}"])


def _level(finding: Finding) -> str:
    return f"{finding.level}, {PROJECT_DEFAULT}" if finding.level is EvidenceLevel.L5 else str(finding.level)


def _inputs(assessment: Assessment) -> list[str]:
    lines = ["", "**Inputs:**"]
    if assessment.fibrinogen:
        result = assessment.fibrinogen.result
        lines.append(
            f"- Fibrinogen {escaped(result.reported)} = {g_per_l(result.value)}, collected {clock(result.collected.at)} ({escaped(result.source)})"
        )
    if assessment.crs:
        grade = "unknown" if assessment.crs.grade is None else str(assessment.crs.grade)
        lines.append(f"- CRS grade {grade} ({assessment.crs.basis})")
    lines.append(f"- Bleeding: {str(assessment.bleeding).replace('_', ' ')}")
    if assessment.weight:
        lines.append(
            f"- Weight {rounded(assessment.weight.kg)} kg, {clock(assessment.weight.measured)} ({escaped(assessment.weight.source)})"
        )
    if assessment.infusion and assessment.infusion.day is not None:
        lines.append(f"- {assessment.infusion.product}, day {assessment.infusion.day}")
    return lines


def _doses(assessment: Assessment) -> list[str]:
    lines = []
    for option in assessment.options:
        lines += [
            "",
            f"**{label_of(option)}** ({escaped(option.licence)})",
            *(f"- {escaped(step)}" for step in option.steps),
        ]
    return lines


def _blockers(assessment: Assessment) -> list[str]:
    if not assessment.draft_blockers:
        return []
    return [
        "",
        "**No draft because:**",
        *(f"- {escaped(blocker.text)} ({blocker.rule})" for blocker in assessment.draft_blockers),
    ]


def label_of(option: Option) -> str:
    """Product and amount as people read it (PRD-05): `Cryoprecipitate 10 single-donor units (= 2 pools of 5)`."""
    concentrate = option.product is Product.FIBRINOGEN_CONCENTRATE
    name = "Fibrinogen concentrate" if concentrate else "Cryoprecipitate"
    words = amount_words(option)
    return f"{name} {words}" if words else f"{name}, no dose"


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


def escaped(text: str) -> str:
    """Record text as inert Markdown: neither HTML nor links can form (CDS-43)."""
    plain_text = " ".join(text.split())
    html = plain_text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKDOWN.sub(r"\\\1", html)
