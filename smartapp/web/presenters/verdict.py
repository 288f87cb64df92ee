"""The verdict: one state, one sentence, what is suggested (screens.md section 1)."""

from dataclasses import dataclass

from smartapp.clinical.assessment import Assessment
from smartapp.clinical.conclusions import Action, Basis
from smartapp.clinical.findings import Indicator
from smartapp.clinical.picture import BleedingLevel, Topic
from smartapp.web.presenters.words import absence, both_units, clock_of, order_words

_BASES = {Basis.SUGGESTED: "suggested, not recorded: confirm", Basis.RECORDED: "recorded", Basis.RESOLVED: "resolved"}
_LEADS = {
    Action.REPLACE: "Consider fibrinogen replacement",
    Action.CONSIDER: "Fibrinogen replacement may be considered",
    Action.MONITOR: "Consider a recheck, no replacement advised now",
    Action.NONE: "The rules ran and advise no replacement now",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`state` names the look (act, replace, recheck, none, cannot); `shape` and `word` say the same without colour."""

    state: str
    shape: str
    word: str
    sentence: str
    reason: str
    suggestion: str = ""


def verdict(assessment: Assessment) -> Verdict:
    """The state of screens.md section 1 that an assessment comes to."""
    if assessment.action is Action.CANNOT_ASSESS:
        why = assessment.applicability.reason if not assessment.applicability.runs else "no usable fibrinogen"
        return _told(assessment, "cannot", "◇", f"CANNOT ASSESS — {why}")
    if not assessment.applicability.runs:
        return _told(assessment, "cannot", "◇", f"OUTSIDE SCOPE — {assessment.applicability.reason}")
    if assessment.action in (Action.REPLACE, Action.CONSIDER):
        if assessment.indicator is Indicator.CRITICAL:
            return _told(assessment, "act", "■", "ACT NOW")
        return _told(assessment, "replace", "▲", str(assessment.action))
    if assessment.action is Action.MONITOR:
        return _told(assessment, "recheck", "●", _recheck(assessment))
    return _told(assessment, "none", "○", "NO REPLACEMENT ADVISED")


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
        reason=assessment.decision.text if assessment.decision else "",
        suggestion=_suggestion(assessment),
    )


def _recheck(assessment: Assessment) -> str:
    monitoring = assessment.monitoring
    if monitoring is None or monitoring.due is None:
        return "RECHECK"
    due = clock_of(assessment).time(monitoring.due)
    return f"RECHECK overdue since {due}" if monitoring.due < assessment.picture.as_of else f"RECHECK by {due}"


def _sentence(assessment: Assessment) -> str:
    if not assessment.applicability.runs:
        rule = f" ({assessment.applicability.rule})" if assessment.applicability.rule else ""
        return f"No advice is given: {assessment.applicability.reason}{rule}."
    lead = _LEADS.get(assessment.action, "Consider requesting a fibrinogen, none is usable")
    told = ", ".join(part for part in (_level(assessment), crs_words(assessment), _bleeding(assessment)) if part)
    return f"{lead}: {told}." if told else f"{lead}."


def _level(assessment: Assessment) -> str:
    effective = assessment.fibrinogen
    if effective is None:
        return ""
    clock, result = clock_of(assessment), effective.result
    bound = result.comparator or ""
    here, other = both_units(effective.g_per_l)
    return f"{bound}{here} ({bound}{other}), {clock.drawn(result.collected.at)}"


def crs_words(assessment: Assessment) -> str:
    """`CRS 3 (recorded)`; an unknown grade is said to be unknown."""
    crs = assessment.crs
    if crs is None or crs.grade is None:
        return f"CRS grade {absence(assessment, Topic.CONDITIONS)}"
    basis = "added by you" if crs.by_hand else _BASES.get(crs.basis, str(crs.basis))
    stale = ", more than a day old: confirm" if crs.stale else ""
    return f"CRS {crs.grade} ({basis}{stale})"


def _bleeding(assessment: Assessment) -> str:
    level = assessment.bleeding
    return f"{level} bleeding" if level not in (BleedingLevel.NONE, BleedingLevel.NONE_RECORDED) else ""


def _suggestion(assessment: Assessment) -> str:
    dosed = [order_words(option) for option in assessment.options if not option.blocked]
    return " · or ".join(dosed)
