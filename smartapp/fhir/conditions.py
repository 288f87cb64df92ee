"""Conditions as records: bleeding, thrombosis, CRS and ICANS grades, and what else the rules ask about."""

import re
from collections.abc import Iterator
from datetime import timedelta, tzinfo

from smartapp.clinical.codes import condition_kinds, crs_grade_of, icans_grade_of, is_national_bleeding
from smartapp.clinical.partial_datetime import Moment
from smartapp.clinical.picture import ClinicalStatus, ConditionRecord, CrsRecord, Gap, GapKind, PossibleBleeding, Topic
from smartapp.clinical.record_words import grades_in, names_crs, tells_of_bleeding
from smartapp.clinical.terminology import ConditionKind
from smartapp.fhir.elements import CodeableConcept
from smartapp.fhir.local_codes import CodeMeant
from smartapp.fhir.observation_values import ValueReading
from smartapp.fhir.r4_structs import Condition
from smartapp.fhir.times import first_moment
from smartapp.fhir.unrecognised import A_BLEEDING, crs_code, unrecognised

_STILL_COUNTS = timedelta(hours=48)  # BLD-01
_WRONG = frozenset({"entered-in-error", "refuted"})
_ACTIVE = frozenset({"active", "recurrence", "relapse"})
_OVER = frozenset({"resolved", "inactive", "remission"})
_GRADE = re.compile(r"\bgrade\s*([0-5]|IV|V|I{1,3})\b", re.IGNORECASE)
_ROMAN = {"I": 1, "II": 2, "III": 3, "IV": 4, "V": 5}
_SEVERE = re.compile(r"\bsevere\b|life[- ]threatening", re.IGNORECASE)
_SEVERE_CODES = frozenset({"24484000", "442452003"})  # SNOMED CT severe, life threatening
_SCALES = (
    ("PENN", re.compile("penn", re.IGNORECASE)),
    ("LEE", re.compile(r"\blee\b", re.IGNORECASE)),
    ("ASTCT", re.compile("astct", re.IGNORECASE)),
)
_DYSFIBRINOGEN = re.compile("dysfibrinogen", re.IGNORECASE)


def is_wrong(condition: Condition) -> bool:
    """Entered in error or refuted: never counts (FHIR-23)."""
    return bool(_codes(condition.verification_status) & _WRONG)


def read_condition(condition: Condition, reading: ValueReading) -> ConditionRecord | None:
    """A condition the rules ask about; None for any other."""
    zone, codings = reading.zone, _coded(condition, reading)
    kinds = frozenset(kind for coding in codings for kind in condition_kinds(*coding))
    if _DYSFIBRINOGEN.search(condition.code.words):
        kinds |= {ConditionKind.DYSFIBRINOGENAEMIA}
    if not kinds:
        return None
    abatement = first_moment(
        zone, condition.abatement_date_time, condition.abatement_period.start if condition.abatement_period else ""
    )
    icans = next((g for coding in codings if (g := icans_grade_of(*coding)) is not None), None)
    return ConditionRecord(
        kinds=kinds,
        label=condition.code.label,
        source=condition.source,
        status=status_of(condition),
        onset=_onset(condition, zone),
        abated=abatement,
        has_abatement=_has_abatement(condition),
        recorded=first_moment(zone, condition.recorded_date),
        severe=_is_severe(condition.severity),
        severity_stated=condition.severity is not None,
        grade=icans if ConditionKind.ICANS in kinds else _worded_grade(condition),
        code=next((coding.code for coding in condition.code.coding), ""),
    )


def read_crs(condition: Condition, reading: ValueReading) -> CrsRecord | None:
    """A recorded CRS grade (CRS-01), by code, else by words (DQ-24); None if the condition is no CRS."""
    coded = [g for coding in _coded(condition, reading) if (g := crs_grade_of(*coding)) is not None]
    grade = max(coded, default=0)
    worded = grade == 0 and (bool(coded) or not _is_known(condition, reading)) and names_crs(condition.code.words)
    if not coded and not worded:
        return None
    in_words = grades_in(condition.code.words) if worded else frozenset()
    (told,) = in_words if len(in_words) == 1 else (None,)
    zone = reading.zone
    recorded = first_moment(zone, condition.recorded_date)
    onset = first_moment(
        zone, condition.onset_date_time, condition.onset_period.start if condition.onset_period else ""
    )
    abated = first_moment(
        zone, condition.abatement_date_time, condition.abatement_period.start if condition.abatement_period else ""
    )
    return CrsRecord(
        grade=grade or told,
        source=condition.source,
        scale=scale_in(condition.code.words),
        onset=onset or recorded,
        own_time=recorded or onset,
        over=status_of(condition) is ClinicalStatus.OVER or (_has_abatement(condition) and abated is None),
        abated=abated,
        reported=condition.code.label,
        in_words=worded and (told is not None or not coded),
    )


def read_bleeding_words(condition: Condition, reading: ValueReading) -> PossibleBleeding | None:
    """DQ-24: a condition whose code is not known and whose words tell of bleeding, going on or begun within 48 h."""
    if _is_known(condition, reading) or not tells_of_bleeding(condition.code.words):
        return None
    onset = _onset(condition, reading.zone)
    is_over = status_of(condition) is ClinicalStatus.OVER or _has_abatement(condition)
    if is_over and (onset is None or reading.as_of - onset.at > _STILL_COUNTS):
        return None
    return PossibleBleeding(label=condition.code.label, source=condition.source, onset=onset)


def words_noted(condition: Condition, reading: ValueReading) -> Iterator[Gap]:
    """What was read from words or from another edition of ICD-10, each with where to map it (DQ-23, DQ-24)."""
    crs = read_crs(condition, reading)
    if crs is not None and crs.in_words:
        told = f"read from words as CRS grade {crs.grade}" if crs.grade is not None else "a CRS whose grade is not told"
        yield _noted(condition, told, crs_code(crs.grade))
    if read_bleeding_words(condition, reading) is not None:
        yield _noted(condition, "it may be bleeding: set the level", A_BLEEDING)
    if any(is_national_bleeding(*coding) for coding in _coded(condition, reading)):
        text = f"{condition.code.label[:60]}: bleeding by another edition of ICD-10 than ICD-10-CM; it counts"
        yield Gap(kind=GapKind.NOTED, rule="DQ-24", text=text, source=condition.source, topic=Topic.CONDITIONS)


def _noted(condition: Condition, so: str, stands_for: str) -> Gap:
    return unrecognised(
        condition.code,
        condition.source,
        what="A condition",
        so=so,
        stands_for=stands_for,
        topic=Topic.CONDITIONS,
        rule="DQ-24",
    )


def _is_known(condition: Condition, reading: ValueReading) -> bool:
    """Whether one of its codes means something to the rules: then its words are not asked."""
    coded = _coded(condition, reading)
    return any(condition_kinds(*coding) or crs_grade_of(*coding) is not None for coding in coded)


def scale_in(text: str) -> str | None:
    """The CRS scale that a text names (CRS-01)."""
    return next((scale for scale, pattern in _SCALES if pattern.search(text)), None)


def grade_in(text: str) -> int | None:
    """`grade n` in a text, arabic or roman."""
    match = _GRADE.search(text)
    if match is None:
        return None
    word = match.group(1).upper()
    return _ROMAN[word] if word in _ROMAN else int(word)


def status_of(condition: Condition) -> ClinicalStatus:
    """clinicalStatus, folded to what the rules ask."""
    codes = _codes(condition.clinical_status)
    if codes & _ACTIVE:
        return ClinicalStatus.ACTIVE
    return ClinicalStatus.OVER if codes & _OVER else ClinicalStatus.NOT_STATED


def _coded(condition: Condition, reading: ValueReading) -> list[CodeMeant]:
    """Its codes, the site's own as what they stand for."""
    return [reading.local_codes.meant_by(coding) for coding in condition.code.coding]


def _onset(condition: Condition, zone: tzinfo) -> Moment | None:
    period = condition.onset_period.start if condition.onset_period else ""
    return first_moment(zone, condition.onset_date_time, period, condition.recorded_date)


def _has_abatement(condition: Condition) -> bool:
    raws = (condition.abatement_age, condition.abatement_range)
    return bool(condition.abatement_date_time or condition.abatement_period or condition.abatement_string) or any(
        bytes(raw) for raw in raws
    )


def _is_severe(severity: CodeableConcept | None) -> bool:
    return severity is not None and (bool(_SEVERE.search(severity.words)) or bool(_codes(severity) & _SEVERE_CODES))


def _worded_grade(condition: Condition) -> int | None:
    texts = [condition.severity.words if condition.severity else ""]
    texts += [stage.summary.words for stage in condition.stage if stage.summary]
    return max((grade for text in texts if (grade := grade_in(text)) is not None), default=None)


def _codes(concept: CodeableConcept | None) -> frozenset[str]:
    return frozenset(coding.code for coding in concept.coding) if concept else frozenset()
