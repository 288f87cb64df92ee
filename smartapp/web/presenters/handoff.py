"""Text to copy: one line for the handoff, a paragraph for the note, both as a colleague would write them."""

from smartapp.clinical.assessment import GUIDELINE_NAME, GUIDELINE_VERSION, Assessment
from smartapp.clinical.report import DISCLAIMER
from smartapp.web.presenters.identity import Banner
from smartapp.web.presenters.verdict import verdict
from smartapp.web.presenters.words import clock_of


def handoff_line(who: Banner, assessment: Assessment, bleeding: str, next_due: str) -> str:
    """`Jane DOE, F 58 y, tisagenlecleucel day +7: ACT NOW. Consider … Bleeding: not recorded. Next fibrinogen due 05:15.`"""
    told = verdict(assessment)
    parts = (f"{who.name}, {who.facts[0]}, {who.therapy}: {told.word}", told.sentence, bleeding, next_due)
    return " ".join(_stopped(part) for part in parts if part)


def note_text(assessment: Assessment, bleeding: str, next_due: str) -> str:
    """The answer with its reason, what is not known, and where it comes from."""
    told, at = verdict(assessment), clock_of(assessment).time(assessment.picture.as_of)
    rules = ", ".join(sorted({finding.rule for finding in assessment.findings}))
    parts = (
        told.sentence,
        told.reason,
        f"Options: {told.suggestion}" if told.suggestion else "",
        bleeding,
        next_due,
        f"Assessed {at} by {GUIDELINE_NAME} {GUIDELINE_VERSION}{f' ({rules})' if rules else ''}",
        DISCLAIMER,
    )
    return " ".join(_stopped(part) for part in parts if part)


def _stopped(sentence: str) -> str:
    return sentence if sentence.endswith((".", "?")) else f"{sentence}."
