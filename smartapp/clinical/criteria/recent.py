"""The newest usable result of other analytes within their age limit, and what a bound proves (guideline section 5)."""

from datetime import timedelta
from decimal import Decimal

from smartapp.clinical.labs import Comparator, LabResult
from smartapp.clinical.picture import Topic
from smartapp.clinical.rule import Facts, Missing, Need
from smartapp.clinical.terminology import Analyte


def recent(analyte: Analyte, limit: str = "coag_max_age_h") -> Need[LabResult]:
    """The newest usable result of `analyte`, at most `limit` (a parameter, hours) old."""

    def read(facts: Facts) -> LabResult | Missing:
        start = facts.picture.as_of - timedelta(hours=float(facts.policy.get(limit)))
        suspects = facts.picture.bedside.suspects
        series = facts.picture.series(analyte).between(start, facts.picture.as_of)
        newest = series.latest(lambda result: result.source not in suspects)
        return newest if newest is not None else Missing((str(analyte),), _why(facts, analyte))

    return Need(str(analyte), read)


PLATELETS = recent(Analyte.PLATELETS)
INR = recent(Analyte.INR)
PT = recent(Analyte.PT)
APTT = recent(Analyte.APTT)
D_DIMER = recent(Analyte.D_DIMER)


def surely_below(result: LabResult, limit: Decimal) -> bool:
    """Whether the value is proven below `limit` (FHIR-26)."""
    if result.comparator is Comparator.BELOW:
        return result.value <= limit
    return result.comparator in (None, Comparator.AT_MOST) and result.value < limit


def surely_at_least(result: LabResult, limit: Decimal) -> bool:
    """Whether the value is proven at or above `limit` (FHIR-26)."""
    return result.comparator in (None, Comparator.AT_LEAST, Comparator.ABOVE) and result.value >= limit


def surely_above(result: LabResult, limit: Decimal) -> bool:
    """Whether the value is proven above `limit` (FHIR-26)."""
    if result.comparator is Comparator.ABOVE:
        return result.value >= limit
    return result.comparator in (None, Comparator.AT_LEAST) and result.value > limit


def _why(facts: Facts, analyte: Analyte) -> str:
    gap = facts.picture.unread.get(Topic.LABORATORY)
    if gap is not None:
        return gap.text
    return f"no usable {analyte} within its age limit"
