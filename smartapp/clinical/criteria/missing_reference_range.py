"""Results that could not be compared because neither the record nor the site gives their upper limit (guideline section 5)."""

from smartapp.clinical.criteria.applicability import APPLICABILITY
from smartapp.clinical.criteria.iec_hs import BY_LIMIT
from smartapp.clinical.criteria.recent import APTT, D_DIMER, PT, upper_limit
from smartapp.clinical.labs import LabResult
from smartapp.clinical.picture import Gap, GapKind, Topic
from smartapp.clinical.rule import Facts, Missing, Need

_COMPARED: tuple[tuple[Need[LabResult], str], ...] = (
    (PT, "COAG-02"),
    (APTT, "COAG-02"),
    (D_DIMER, "DIC-01"),
    *((need, "IEC-01") for need, _ in BY_LIMIT),
)


def _issues(facts: Facts) -> tuple[Gap, ...]:
    applicability = facts.get(APPLICABILITY)
    if isinstance(applicability, Missing) or not applicability.runs:
        return ()
    found = ((facts.get(need), rule) for need, rule in _COMPARED)
    return tuple(
        _gap(result, rule) for result, rule in found if _lacks(facts, result) and isinstance(result, LabResult)
    )


LIMIT_ISSUES: Need[tuple[Gap, ...]] = Need("limit_issues", _issues)


def _lacks(facts: Facts, result: LabResult | Missing) -> bool:
    return not isinstance(result, Missing) and upper_limit(facts, result) is None


def _gap(result: LabResult, rule: str) -> Gap:
    return Gap(
        kind=GapKind.NOTED,
        rule=rule,
        text=f"{result.reported} carries no upper limit of its own, so it is not compared with one",
        source=result.source,
        topic=Topic.LABORATORY,
        analyte=result.analyte,
        at=result.collected,
        reported=result.reported,
    )
