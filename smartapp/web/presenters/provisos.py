"""What stops or qualifies an answer, in short sentences: a newer result that was not used, what was given, blockers, what was not read."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from smartapp.clinical.assessment import Assessment
from smartapp.clinical.codes import FIBRINOGEN_PRODUCTS
from smartapp.clinical.findings import Finding, Indicator
from smartapp.clinical.labs import LabResult
from smartapp.clinical.picture import Exposure, Gap, GapKind, Topic
from smartapp.clinical.terminology import Analyte
from smartapp.clinical.words import fibrinogen_words
from smartapp.web.presenters.progress import given_words
from smartapp.web.presenters.words import clock_of

_DAY = timedelta(hours=24)
_TELLING = (Topic.ADMINISTRATIONS, Topic.PROCEDURES)  # where doses are recorded
_READ = (GapKind.NOTED, GapKind.ABSENT)
_SAID_ELSEWHERE = ("REP-", "MON-", "RCK-", "DQ-17")  # by the decision, by what is due, by what was not read
_AGAINST = ("SAF-01", "SAF-02", "SAF-05")
_WARY = ("SAF-", "CRS-", "DQ-")  # whose warnings qualify the answer


def provisos(assessment: Assessment) -> tuple[str, ...]:
    """What must be known before acting, in the words and order of the rules (guideline section 10, *Provisos*), as sentences.

    What is no proviso of theirs and yet must not be missed comes after: a newer level that was not used for another reason."""
    told = [*(proviso.text for proviso in assessment.provisos), newer_unused(assessment)]
    return tuple(f"{text[0].upper()}{text[1:]}" for text in told if text)


def against_a_product(assessment: Assessment) -> bool:
    """Whether SAF-01, SAF-02 or SAF-05 stands against what is offered: no option is called preferred then (guideline section 10)."""
    return any(proviso.rule in _AGAINST for proviso in assessment.provisos)


def newer_unused(assessment: Assessment) -> str:
    """`A newer fibrinogen, drawn 23:37, 37 min ago, could not be used: 0.8 g/L was marked suspect (clotted)`; not what DQ-21 tells."""
    clock, used = clock_of(assessment), _resting_on(assessment)
    told = any(proviso.rule == "DQ-21" for proviso in assessment.provisos)
    aside = sorted([*(() if told else _unreadable(assessment)), *_suspect(assessment)], key=lambda each: each[0])
    if not aside or (used is not None and aside[-1][0] <= used):
        return ""
    at, why = aside[-1]
    lead = "A newer fibrinogen" if used is not None else "A fibrinogen"
    return f"{lead}, {clock.drawn(at)}, could not be used: {clock.local(why)}"


def newest_level(assessment: Assessment) -> LabResult | None:
    """The newest fibrinogen that was not marked suspect, usable or not."""
    suspects = assessment.picture.bedside.suspects
    return assessment.picture.series(Analyte.FIBRINOGEN).latest(lambda result: result.source not in suspects)


def given_lately(assessment: Assessment) -> str:
    """`Fibrinogen product in the last 24 h: cryoprecipitate 10 units, 22:12, 2 h ago (0.8 → 0.9 g/L)`; unread is not none."""
    clock = clock_of(assessment)
    doses = [given_words(dose, clock) + _effect(assessment, dose) for dose in doses_of_the_day(assessment)]
    unread = _unread_doses(assessment)
    if unread:
        doses.append(f"{'further records ' if doses else ''}{unread}")
    return f"Fibrinogen product in the last 24 h: {'; '.join(doses) or 'none recorded'}"


def doses_of_the_day(assessment: Assessment) -> list[Exposure]:
    """Fibrinogen products that were or may have been given in the last 24 h, the oldest first."""
    since = assessment.picture.as_of - _DAY
    return [dose for dose in _given(assessment) if _latest(dose) >= since]


def cautions(assessment: Assessment) -> tuple[str, ...]:
    """What stands against a dose, or makes the answer less sure; of all else that the rules say only what is critical.

    Safety first, without what a proviso tells. What other sentences say is left out: the decision, what is due, what was not read."""
    blockers = [
        (each.rule, each.text) for each in assessment.draft_blockers if not each.rule.startswith(_SAID_ELSEWHERE)
    ]
    blocking = {rule for rule, _ in blockers}
    raised = [(each.rule, each.text) for each in assessment.findings if _raised(each) and each.rule not in blocking]
    provisos_of = {proviso.rule for proviso in assessment.provisos}
    others = [each for each in (*blockers, *raised) if each[0] not in provisos_of]
    told = sorted(others, key=lambda each: not each[0].startswith("SAF-"))
    return tuple(dict.fromkeys(clock_of(assessment).local(text) for _, text in told))


def unread_parts(assessment: Assessment) -> str:
    """`Not read whole: allergies (not permitted), conditions (incomplete)`; doses are told of with what was given."""
    parts = [f"{topic} ({gap.kind.brief})" for topic, gap in assessment.picture.unread.items() if topic not in _TELLING]
    return f"Not read whole: {', '.join(parts)}" if parts else ""


def _raised(finding: Finding) -> bool:
    """REP-11, repeated need, is no decision and is told."""
    if finding.rule == "REP-11":
        return True
    wary = finding.indicator is Indicator.WARNING and finding.rule.startswith(_WARY)
    return (wary or finding.indicator is Indicator.CRITICAL) and not finding.rule.startswith(_SAID_ELSEWHERE)


def _resting_on(assessment: Assessment) -> datetime | None:
    """When the level that the answer rests on was drawn, or the newest there is."""
    result = assessment.fibrinogen.result if assessment.fibrinogen else newest_level(assessment)
    return result.collected.at if result else None


def _unreadable(assessment: Assessment) -> Iterator[tuple[datetime, str]]:
    for gap in assessment.gaps:
        if gap.analyte is Analyte.FIBRINOGEN and gap.at is not None and gap.kind not in _READ:
            yield gap.at.at, gap.text


def _suspect(assessment: Assessment) -> Iterator[tuple[datetime, str]]:
    suspects = assessment.picture.bedside.suspects
    for result in assessment.picture.series(Analyte.FIBRINOGEN):
        if result.source in suspects:
            level = f"{result.comparator or ''}{fibrinogen_words(result.value)} g/L"
            yield result.collected.at, f"{level} was marked suspect ({suspects[result.source] or 'no reason given'})"


def _given(assessment: Assessment) -> list[Exposure]:
    picture = assessment.picture
    given = [each for each in picture.exposures if each.drug in FIBRINOGEN_PRODUCTS and each.start.at <= picture.as_of]
    return sorted(given, key=lambda dose: dose.start.at)


def _latest(dose: Exposure) -> datetime:
    """The latest time it can have been started: a date without a time may be any hour of that day (DQ-02)."""
    return dose.start.at if dose.start.has_time else dose.start.at + _DAY


def _effect(assessment: Assessment, dose: Exposure) -> str:
    """What the dose did, where levels before and after it tell."""
    for response in assessment.dose_responses:
        if response.source == dose.source and response.before and response.after:
            before, after = (fibrinogen_words(level.value) for level in (response.before, response.after))
            return f" ({before} → {after} g/L)"
    return ", running" if dose.running else ""


def _unread_doses(assessment: Assessment) -> str:
    """`could not be read`, of all that tells of doses or of one record."""
    picture = assessment.picture
    kinds = [picture.unread[topic].kind for topic in _TELLING if topic in picture.unread]
    kinds += [gap.kind for gap in assessment.gaps if _tells_of_doses(gap)]
    return kinds[0].brief if kinds else ""


def _tells_of_doses(gap: Gap) -> bool:
    return gap.topic is Topic.ADMINISTRATIONS and gap.kind not in _READ
