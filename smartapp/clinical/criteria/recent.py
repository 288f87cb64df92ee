"""The newest usable result of other analytes within their age limit, and what a bound proves (guideline section 5)."""

from datetime import timedelta
from decimal import Decimal
from typing import cast

from smartapp.clinical.labs import Comparator, LabResult
from smartapp.clinical.picture import GapKind, Topic
from smartapp.clinical.rule import Facts, Missing, Need
from smartapp.clinical.terminology import Analyte

CLOCK_SKEW = timedelta(minutes=5)  # DQ-02: a collection so far ahead of now still counts


def recent(analyte: Analyte, limit: str = "coag_max_age_h") -> Need[LabResult]:
    """The newest usable result of `analyte`, at most `limit` (a parameter, hours) old."""

    def read(facts: Facts) -> LabResult | Missing:
        start = facts.picture.as_of - facts.policy.span(limit)
        suspects = facts.picture.bedside.suspects
        series = facts.picture.series(analyte).between(start, facts.picture.as_of + CLOCK_SKEW)
        newest = series.latest(lambda result: result.source not in suspects)
        return newest if newest is not None else Missing((str(analyte),), why_none(facts, analyte, limit))

    return Need(str(analyte), read)


PLATELETS = recent(Analyte.PLATELETS)
INR = recent(Analyte.INR)
PT = recent(Analyte.PT)
APTT = recent(Analyte.APTT)
D_DIMER = recent(Analyte.D_DIMER)


def surely_at_most(result: LabResult, limit: Decimal) -> bool:
    """Whether the value is proven at or below `limit` (FHIR-26)."""
    return result.comparator in (None, Comparator.AT_MOST, Comparator.BELOW) and result.value <= limit


def surely_below(result: LabResult, limit: Decimal) -> bool:
    """Whether the value is proven below `limit` (FHIR-26)."""
    if result.comparator is Comparator.BELOW:
        return result.value <= limit
    return result.comparator in (None, Comparator.AT_MOST) and result.value < limit


def surely_at_least(result: LabResult, limit: Decimal) -> bool:
    """Whether the value is proven at or above `limit` (FHIR-26)."""
    return result.comparator in (None, Comparator.AT_LEAST, Comparator.ABOVE) and result.least >= limit


def surely_above(result: LabResult, limit: Decimal) -> bool:
    """Whether the value is proven above `limit` (FHIR-26)."""
    if result.comparator is Comparator.ABOVE:
        return result.value >= limit
    return result.comparator in (None, Comparator.AT_LEAST) and result.least > limit


def upper_limit(facts: Facts, result: LabResult) -> Decimal | None:
    """The record's own upper limit, else (PT, aPTT) the site's; None: not known, so no comparison (section 5)."""
    site = {Analyte.PT: "pt_uln_s", Analyte.APTT: "aptt_uln_s"}.get(result.analyte)
    if result.upper_limit is not None or site is None:
        return result.upper_limit
    return cast("Decimal | None", facts.policy.get(site))


def why_none(facts: Facts, analyte: Analyte, limit: str) -> str:
    """Why there is no usable result within `limit`: not read, not usable, too old, or not recorded (FHIR-29)."""
    gap = facts.picture.unread.get(Topic.LABORATORY)
    name = str(analyte).replace("_", "-")
    if gap is not None:
        return gap.text
    if any(each.analyte is analyte and each.kind is GapKind.UNREADABLE for each in facts.picture.gaps):
        return f"{name} is recorded, but could not be used"
    hours = facts.policy.get(limit)
    return f"no {name} of the last {hours:f} h" if len(facts.picture.series(analyte)) else f"{name} is not recorded"
