"""Clotting times against their limits, and the settings in which they matter (COAG-01 to COAG-04)."""

from decimal import Decimal

from smartapp.clinical.criteria.active_drugs import ANTICOAGULANT, ActiveDrug
from smartapp.clinical.criteria.bleeding_level import BLEEDING, SERIOUS
from smartapp.clinical.criteria.fibrinogen import FIBRINOGEN
from smartapp.clinical.criteria.modifiers import PROCEDURE_24H
from smartapp.clinical.criteria.recent import (
    APTT,
    INR,
    PLATELETS,
    PT,
    surely_above,
    surely_at_least,
    surely_at_most,
    surely_below,
    upper_limit,
)
from smartapp.clinical.derived_facts import Tier
from smartapp.clinical.labs import LabResult
from smartapp.clinical.picture import InvasiveProcedure
from smartapp.clinical.rule import Facts, Missing, Need

LOW_PLATELETS = Decimal(50)  # 10*9/L, HAS20


def _together(*missing: Missing) -> Missing:
    inputs = dict.fromkeys(name for each in missing for name in each.inputs)
    return Missing(tuple(inputs), "; ".join(dict.fromkeys(each.why for each in missing)))


def _pressing(facts: Facts) -> bool | Missing:
    bleeding, procedure = facts.get(BLEEDING), facts.get(PROCEDURE_24H)
    if bleeding in SERIOUS or isinstance(procedure, InvasiveProcedure):
        return True
    unknown = [each for each in (bleeding, procedure) if isinstance(each, Missing)]
    return _together(*unknown) if unknown else False


PRESSING: Need[bool] = Need("bleeding_or_procedure", _pressing)
"""Significant or major bleeding, or an invasive procedure within 24 h."""


def _without_bleeding(facts: Facts) -> LabResult | Missing | None:
    inr = facts.get(INR)
    if facts.get(PRESSING) is True or isinstance(inr, Missing):
        return inr if isinstance(inr, Missing) and facts.get(PRESSING) is not True else None
    return inr if surely_at_least(inr, facts.policy.get("inr_prolonged")) else None


LONG_INR_ALONE: Need[LabResult | None] = Need("inr", _without_bleeding)
"""COAG-01: an INR at or above the limit where nothing presses, or where that is not known."""


def _exceeds(facts: Facts, need: Need[LabResult]) -> LabResult | Missing | None:
    """A time proven to exceed the ratio of its upper limit; None if it is not; Missing without result or limit."""
    result = facts.get(need)
    if isinstance(result, Missing):
        return result
    limit = upper_limit(facts, result)
    if limit is None:
        return Missing((need.name,), f"{need.name} has no upper limit to compare with")
    return result if surely_above(result, facts.policy.get("pt_aptt_ratio") * limit) else None


def _long_inr(facts: Facts) -> LabResult | Missing | None:
    inr = facts.get(INR)
    if isinstance(inr, Missing):
        return inr
    return inr if surely_above(inr, facts.policy.get("inr_prolonged")) else None


def _prolonged(facts: Facts) -> tuple[LabResult, ...] | Missing:
    pressing = facts.get(PRESSING)
    judged = (_exceeds(facts, PT), _exceeds(facts, APTT), _long_inr(facts))
    proven = tuple(result for result in judged if isinstance(result, LabResult))
    unknown = [result for result in judged if isinstance(result, Missing)]
    if pressing is False or not (proven or unknown):
        return ()
    if isinstance(pressing, Missing):
        return pressing if proven else _together(pressing, *unknown)
    return proven or _together(*unknown)


PROLONGED: Need[tuple[LabResult, ...]] = Need("prolonged_times", _prolonged)
"""COAG-02: the times proven to be prolonged, where bleeding or a procedure presses; none where nothing does."""


def _is_normal(facts: Facts) -> bool | Missing:
    """PT not above its limit; without a PT the INR likewise."""
    pt, inr = facts.get(PT), facts.get(INR)
    result = inr if isinstance(pt, Missing) else pt
    if isinstance(result, Missing):
        return pt if isinstance(pt, Missing) else result
    limit = upper_limit(facts, result)
    if limit is None:
        return Missing((str(result.analyte),), f"{result.analyte} has no upper limit to compare with")
    return surely_at_most(result, limit)


def _isolated(facts: Facts) -> LabResult | Missing | None:
    aptt = _exceeds(facts, APTT)
    if not isinstance(aptt, LabResult):
        return aptt
    normal = _is_normal(facts)
    return normal if isinstance(normal, Missing) else aptt if normal else None


ISOLATED_APTT: Need[LabResult | None] = Need("isolated_aptt", _isolated)
"""COAG-03: a long aPTT with a normal PT or INR."""


def _low_counts(facts: Facts) -> bool | Missing:
    platelets, fibrinogen = facts.get(PLATELETS), facts.get(FIBRINOGEN)
    few = not isinstance(platelets, Missing) and surely_below(platelets, LOW_PLATELETS)
    if few or (not isinstance(fibrinogen, Missing) and fibrinogen.tier is Tier.T2):
        return True
    unknown = [each for each in (platelets, fibrinogen) if isinstance(each, Missing)]
    return _together(*unknown) if unknown else False


LOW_COUNTS: Need[bool] = Need("low_platelets_or_fibrinogen", _low_counts)
"""Platelets below 50 or fibrinogen below 1.0 g/L (COAG-04, ORD-08)."""


def _anticoagulated(facts: Facts) -> ActiveDrug | Missing | None:
    drug = facts.get(ANTICOAGULANT)
    if not isinstance(drug, ActiveDrug):
        return drug
    low = facts.get(LOW_COUNTS)
    return low if isinstance(low, Missing) else drug if low else None


ANTICOAGULATED: Need[ActiveDrug | None] = Need("anticoagulant_with_low_counts", _anticoagulated)
"""COAG-04: an anticoagulant in use with platelets below 50 or fibrinogen below 1.0 g/L."""
