"""An assessment in sentences, for a terminal: the facts of the JSON of interfaces.md section 5."""

from collections.abc import Iterator, Sequence
from datetime import UTC

from smartapp.clinical.amount_words import full_amount_words
from smartapp.clinical.assessment import Assessment, OutcomeKind
from smartapp.clinical.citations import SOURCES
from smartapp.clinical.derived_facts import Option
from smartapp.clinical.findings import EvidenceLevel
from smartapp.clinical.orders import Product
from smartapp.clinical.picture import BleedingLevel
from smartapp.clinical.report import DISCLAIMER
from smartapp.clinical.report_members import rfc3339
from smartapp.clinical.words import g_per_l, rounded, standing_words
from smartapp.clinical.would_change import Change, change_words


def as_text(assessment: Assessment, changes: Sequence[Change] = ()) -> str:
    """The same facts in sentences, for a terminal."""
    return "\n".join((*_lines(assessment), *_changes(changes), DISCLAIMER)) + "\n"


def _changes(changes: Sequence[Change]) -> Iterator[str]:
    yield from (f"Would change: {change_words(change)}" for change in changes)


def _lines(assessment: Assessment) -> Iterator[str]:
    yield f"{assessment.picture.patient.reference}, assessed as of {rfc3339(assessment.picture.as_of)}"
    yield f"Action: {assessment.action} ({assessment.indicator})"
    if not assessment.applicability.runs:
        yield f"Reason: {assessment.applicability.reason} [{assessment.applicability.rule}]"
    if assessment.underlying is not None:
        beneath = assessment.underlying
        yield f"Beneath it: {beneath.action} ({beneath.indicator}) [{beneath.row}]"
    yield from (f"First: {proviso.text} [{proviso.rule}]" for proviso in assessment.provisos)
    yield from _fact_lines(assessment)
    if assessment.standing:
        yield f"Standing: {standing_words(assessment.standing, UTC)} (drafts that the EHR shows)"
    for option in assessment.options:
        yield from _option_lines(option)
    if assessment.decision and assessment.options:
        yield "A draft may be written after approval." if assessment.draft_allowed else "No draft may be written:"
    yield from (f"  - {blocker.text} [{blocker.rule}]" for blocker in assessment.draft_blockers)
    for finding in assessment.findings:
        level = f"{finding.level}{', site default, not from a published guideline' if finding.level is EvidenceLevel.L5 else ''}"
        yield f"[{finding.rule} v{finding.version}, {finding.indicator}, {level}] {finding.text}"
    yield from (
        f"Cannot tell {o.rule}: missing {', '.join(o.missing)}"
        for o in assessment.outcomes
        if o.kind is OutcomeKind.CANNOT_TELL
    )
    yield from (f"Data: {gap.text} [{gap.rule}]{f' ({gap.source})' if gap.source else ''}" for gap in assessment.gaps)
    yield from (
        f"Source {key}: {SOURCES[key].citation}"
        for key in sorted({k for f in assessment.findings for k in f.citations})
    )
    yield from (f"Dose: {'. '.join(response.steps)}" for response in assessment.dose_responses)


def _fact_lines(assessment: Assessment) -> Iterator[str]:
    fibrinogen = assessment.fibrinogen
    if fibrinogen is None:
        yield "Fibrinogen: no usable value (TX)"
    else:
        words = f"{fibrinogen.result.comparator or ''}{g_per_l(fibrinogen.g_per_l)}"
        yield f"Fibrinogen: {words}, reported {fibrinogen.result.reported}, {rounded(fibrinogen.age_h, 1)} h old, tier {assessment.tier}"
    if assessment.infusion and assessment.infusion.day is not None:
        yield f"Infusion: {assessment.infusion.product}, day {assessment.infusion.day}"
    if assessment.crs and assessment.infusion:
        bleeding = "not recorded" if assessment.bleeding is BleedingLevel.NONE_RECORDED else str(assessment.bleeding)
        grade = "unknown" if assessment.crs.grade is None else str(assessment.crs.grade)
        yield f"CRS grade: {grade} ({assessment.crs.basis}); bleeding: {bleeding}"


def _option_lines(option: Option) -> Iterator[str]:
    name = "Fibrinogen concentrate" if option.product is Product.FIBRINOGEN_CONCENTRATE else "Cryoprecipitate"
    mark = "preferred: " if option.preferred else ""
    yield f"{name}: {full_amount_words(option) or 'no dose'} ({mark}{option.why}; {option.licence})"
    yield from (f"  {step}" for step in (*option.steps, *option.notes))
