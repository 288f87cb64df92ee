"""The verdict: one state, one sentence, what is suggested (screens.md section 1)."""

from dataclasses import dataclass
from decimal import Decimal

from smartapp.clinical.assessment import Assessment
from smartapp.clinical.derived_facts import Action, Basis
from smartapp.clinical.findings import Indicator
from smartapp.clinical.labs import LabResult
from smartapp.clinical.picture import BleedingLevel, Topic
from smartapp.web.presenters.provisos import newest_level, provisos
from smartapp.web.presenters.words import Clock, absence, amount_of, both_units, clock_of, order_words

_BASES = {Basis.SUGGESTED: "suggested, not recorded: confirm", Basis.RECORDED: "recorded", Basis.RESOLVED: "resolved"}
_STATES = {
    Action.MONITOR: ("recheck", "●", "RECHECK"),
    Action.NONE: ("none", "○", "NO REPLACEMENT ADVISED"),
    Action.CANNOT_ASSESS: ("cannot", "◇", "CANNOT ASSESS"),
}
_LEADS = {
    Action.REPLACE: "Consider fibrinogen replacement",
    Action.CONSIDER: "Fibrinogen replacement may be considered",
    Action.MONITOR: "Consider a recheck, no replacement advised now",
    Action.NONE: "The rules ran and advise no replacement now",
}
_SAID_BY_THE_SENTENCE = (  # what decisions begin with, and the sentence has said already
    *(
        "Replacement advised: consider fibrinogen",
        "May be worth replacing: weigh fibrinogen",
        "Recheck",
        "Send a fibrinogen now",
    ),
    "Cannot assess: no usable fibrinogen. Consider a fibrinogen now",
)
_DECISIVE = (Topic.LABORATORY, Topic.CONDITIONS)
_CALM_ON_A_PART = {Action.MONITOR: "Consider a recheck", Action.NONE: "Nothing in what was read speaks for replacement"}
_BY_YOU = "added by you"
_AS_RECORDED = "The results stand below as recorded"
_LOOK = "look for them in the EHR, and consider requesting a fibrinogen if there is none"
_ON_A_PART = "What was not read may change this: look at the chart in the EHR."


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`state` names the look (act, replace, recheck, none, cannot); `shape` and `word` say the same without colour.

    `provisos` are whole sentences without which the answer must not be read."""

    state: str
    shape: str
    word: str
    sentence: str
    reason: str
    suggestion: str = ""
    provisos: tuple[str, ...] = ()


def verdict(assessment: Assessment) -> Verdict:
    """The state of screens.md section 1 that an assessment comes to."""
    state, shape, word = state_of(assessment.action, assessment.indicator)
    if assessment.action is Action.CANNOT_ASSESS:
        why = assessment.applicability.reason if not assessment.applicability.runs else _no_level(assessment)
        return _told(assessment, state, shape, f"{word} — {why}")
    if not assessment.applicability.runs:
        return _told(assessment, "cannot", "◇", f"OUTSIDE SCOPE — {assessment.applicability.reason}")
    unread = decisive_unread(assessment)
    if assessment.action is Action.NONE and unread:
        return _told(assessment, "cannot", "◇", f"CANNOT ASSESS — {unread}")
    return _told(assessment, state, shape, _recheck(assessment) if assessment.action is Action.MONITOR else word)


def state_of(action: Action, indicator: Indicator) -> tuple[str, str, str]:
    """Look, shape and word of an answer: `("act", "■", "ACT NOW")`."""
    if action not in (Action.REPLACE, Action.CONSIDER):
        return _STATES[action]
    return ("act", "■", "ACT NOW") if indicator is Indicator.CRITICAL else ("replace", "▲", str(action))


def decisive_unread(assessment: Assessment) -> str:
    """What an answer other than to replace rests on and was not read whole, in words; it is no answer then (FHIR-06, FHIR-29)."""
    if assessment.action in (Action.REPLACE, Action.CONSIDER):
        return ""
    unread = (topic for topic in _DECISIVE if topic in assessment.picture.unread)
    return ", ".join(f"{topic} {absence(assessment, topic)}" for topic in unread)


def _no_level(assessment: Assessment) -> str:
    """Why there is no level to go by: results that were not read may be there all the same (DQ-17, FHIR-29)."""
    if Topic.LABORATORY in assessment.picture.unread:
        return f"fibrinogen results {absence(assessment, Topic.LABORATORY)}"
    return "no usable fibrinogen"


def still_reading(awaited: tuple[str, ...]) -> Verdict:
    """No verdict yet: what it rests on has not come."""
    return Verdict(
        state="cannot",
        shape="◇",
        word="READING — no verdict yet",
        sentence=f"Awaited: {', '.join(awaited)}.",
        reason="",
    )


def _told(assessment: Assessment, state: str, shape: str, word: str) -> Verdict:
    return Verdict(
        state=state,
        shape=shape,
        word=word,
        sentence=_sentence(assessment),
        reason=_reason(assessment),
        suggestion=_suggestion(assessment),
        provisos=provisos(assessment),
    )


def _recheck(assessment: Assessment) -> str:
    monitoring = assessment.monitoring
    if monitoring is None or monitoring.due is None:
        return "RECHECK"
    due = clock_of(assessment).time(monitoring.due)
    return f"RECHECK overdue since {due}" if monitoring.due < assessment.picture.as_of else f"RECHECK by {due}"


def _reason(assessment: Assessment) -> str:
    """`Because it is below 1.0 g/L …`: the decision in words, without what the sentence has said; empty where that is all."""
    if assessment.action in _CALM_ON_A_PART and decisive_unread(assessment):
        return _ON_A_PART
    if assessment.decision is None or assessment.action is Action.NONE:
        return ""
    if assessment.action is Action.CANNOT_ASSESS and Topic.LABORATORY in assessment.picture.unread:
        return ""
    lead, because, why = assessment.decision.text.partition(" because ")
    return f"Because {why}" if because and lead in _SAID_BY_THE_SENTENCE else assessment.decision.text


def _sentence(assessment: Assessment) -> str:
    unread = _no_level(assessment) if Topic.LABORATORY in assessment.picture.unread else ""
    if not assessment.applicability.runs:
        rule = f" ({assessment.applicability.rule})" if assessment.applicability.rule else ""
        below = f"Laboratory results {absence(assessment, Topic.LABORATORY)}" if unread else _AS_RECORDED
        return f"No advice is given: {assessment.applicability.reason}{rule}. {below}."
    cannot = bool(unread) and assessment.action is Action.CANNOT_ASSESS
    level = _level(assessment) or _last(assessment) or ("" if cannot else unread)
    told = ", ".join(part for part in (level, crs_words(assessment), _bleeding(assessment)) if part)
    if cannot:
        return f"{unread[0].upper()}{unread[1:]}: {_LOOK}. {told[0].upper()}{told[1:]}."
    leads = _LEADS | (_CALM_ON_A_PART if decisive_unread(assessment) else {})
    return f"{leads.get(assessment.action, 'Consider requesting a fibrinogen, none is usable')}: {told}."


def _level(assessment: Assessment) -> str:
    effective = assessment.fibrinogen
    if effective is None:
        return ""
    return level_words(effective.g_per_l, effective.result, clock_of(assessment))


def level_words(value: Decimal, result: LabResult, clock: Clock) -> str:
    """`0.94 g/L (94 mg/dL), drawn 02:38, 35 min ago, day +7`."""
    bound, (here, other), day = result.comparator or "", both_units(value), clock.day(result.collected.at)
    told = f"{bound}{here} ({bound}{other}), {clock.drawn(result.collected.at)}"
    return f"{told}, {day}" if day else told


def _last(assessment: Assessment) -> str:
    """Where none is usable: the newest all the same, as what it is."""
    last = newest_level(assessment)
    return f"the newest is {level_words(last.value, last, clock_of(assessment))}" if last else ""


def crs_words(assessment: Assessment) -> str:
    """`CRS 3 (recorded)`; an unknown grade is said to be unknown."""
    crs = assessment.crs
    if crs is None or crs.grade is None:
        return f"CRS grade {absence(assessment, Topic.CONDITIONS)}"
    basis = _BY_YOU if crs.by_hand else _BASES.get(crs.basis, str(crs.basis))
    stale = ", more than a day old: confirm" if crs.stale else ""
    return f"CRS {crs.grade} ({basis}{stale})"


def _bleeding(assessment: Assessment) -> str:
    level = assessment.bleeding
    mark = f" ({_BY_YOU})" if assessment.picture.bedside.bleeding else ""
    return f"{level} bleeding{mark}" if level not in (BleedingLevel.NONE, BleedingLevel.NONE_RECORDED) else ""


def _suggestion(assessment: Assessment) -> str:
    """`cryoprecipitate 10 units, or fibrinogen concentrate 3000 mg`; where no number may be given it says so (FC-06)."""
    if Topic.LABORATORY in assessment.picture.unread:
        return ""  # DQ-17: no dose is shown
    open_ones = [option for option in assessment.options if not option.blocked]
    return ", or ".join(f"{order_words(o)}{'' if amount_of(o) else ' (no dose can be calculated)'}" for o in open_ones)
