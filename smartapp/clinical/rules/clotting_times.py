"""Say what prolonged clotting times may call for, and when anticoagulation should be looked at.

Guideline: COAG-01 vitamin K without bleeding, COAG-02 plasma with bleeding or before a procedure, COAG-03 an isolated long aPTT,
COAG-04 an anticoagulant with low platelets or fibrinogen. Vitamin K doses are unverified numbers.
Applies when: a result of the last 24 h proves one of them.
Silent when: none is proven.
Cannot tell when: never as a whole; a missing result or limit is named.
"""

from decimal import Decimal

from smartapp.clinical.conclusions import Tier
from smartapp.clinical.criteria.active_drugs import ANTICOAGULANT
from smartapp.clinical.criteria.bleeding import BLEEDING, SERIOUS
from smartapp.clinical.criteria.fibrinogen import TIER
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
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.labs import LabResult
from smartapp.clinical.rule import Facts, Given, Missing, Need, Row, Rule, policy
from smartapp.clinical.wording import plain

_VITAMIN_K = Row(
    id="COAG-01",
    version=2,
    title="Long INR without bleeding: vitamin K",
    level=EvidenceLevel.L4,
    citations=("BSH04", "CHEO"),
)
_PLASMA = Row(
    id="COAG-02",
    version=1,
    title="Long clotting times with bleeding or a procedure",
    level=EvidenceLevel.L3,
    citations=("ISTH13", "MUSC"),
)
_HEPARIN = Row(id="COAG-03", version=1, title="Isolated long aPTT", level=EvidenceLevel.L5, citations=())
_REVIEW = Row(
    id="COAG-04",
    version=1,
    title="Anticoagulant with low platelets or fibrinogen",
    level=EvidenceLevel.L2,
    citations=("HAS20",),
)
INR_LIMIT = policy("inr_prolonged")
LOW_PLATELETS = Decimal(50)  # 10*9/L


def _is_long(facts: Facts, need: Need[LabResult]) -> LabResult | Missing:
    """A time proven to exceed the ratio of its upper limit."""
    result = facts.get(need)
    if isinstance(result, Missing):
        return result
    limit = upper_limit(facts, result)
    if limit is None:
        return Missing((need.name,), f"{need.name} has no upper limit to compare with")
    if surely_above(result, facts.policy.get("pt_aptt_ratio") * limit):
        return result
    return Missing((), f"{need.name} is not proven to be prolonged")


LONG_PT: Need[LabResult] = Need("pt_prolonged", lambda facts: _is_long(facts, PT))
LONG_APTT: Need[LabResult] = Need("aptt_prolonged", lambda facts: _is_long(facts, APTT))


def _normal(facts: Facts) -> bool:
    """PT not above its limit; without a PT the INR likewise (COAG-03)."""
    for need in (PT, INR):
        result = facts.get(need)
        if not isinstance(result, Missing):
            limit = upper_limit(facts, result)
            return limit is not None and surely_at_most(result, limit)
    return False


NORMAL_PT: Need[bool] = Need("pt_normal", _normal)


def applies(given: Given) -> tuple[Finding, ...]:
    """Each row that the results prove."""
    pressing = given.get(BLEEDING) in SERIOUS or given.get(PROCEDURE_24H) is not None
    return (*(_with_bleeding(given) if pressing else _without(given)), *_isolated(given), *_anticoagulated(given))


def _without(given: Given) -> tuple[Finding, ...]:
    inr = given.get(INR)
    if inr is None or not surely_at_least(inr, given[INR_LIMIT]):
        return ()
    unknown = [missing.why for want in (BLEEDING, PROCEDURE_24H) if (missing := given.why_not(want))]
    setting = f"({'; '.join(unknown)})" if unknown else "without bleeding"
    text = (
        f"INR {plain(inr.value)} {setting}: consider vitamin K (adult 10 mg IV, child 0.3 mg/kg up to 10 mg, unverified numbers; "
        "no faster than 1 mg/min); no plasma without bleeding"
    )
    return (_VITAMIN_K.finds(text, Indicator.WARNING, evidence=(inr.source,)),)


def _with_bleeding(given: Given) -> tuple[Finding, ...]:
    inr = given.get(INR)
    long_inr = inr if inr is not None and surely_above(inr, given[INR_LIMIT]) else None
    proof = [result for result in (given.get(LONG_PT), given.get(LONG_APTT), long_inr) if result is not None]
    if not proof:
        return ()
    bleeds = given.get(BLEEDING) in SERIOUS
    results = ", ".join(result.reported for result in proof)
    text = f"Consider plasma 10-15 mL/kg plus vitamin K because clotting times are prolonged ({results})"
    indicator = Indicator.CRITICAL if bleeds else Indicator.WARNING
    return (_PLASMA.finds(text, indicator, evidence=tuple(result.source for result in proof)),)


def _isolated(given: Given) -> tuple[Finding, ...]:
    aptt = given.get(LONG_APTT)
    if aptt is None or not given.get(NORMAL_PT):
        return ()
    return (
        _HEPARIN.finds(
            f"Isolated long aPTT ({aptt.reported}): exclude heparin contamination or therapy first",
            evidence=(aptt.source,),
        ),
    )


def _anticoagulated(given: Given) -> tuple[Finding, ...]:
    drug, platelets = given.get(ANTICOAGULANT), given.get(PLATELETS)
    low = given.get(TIER) is Tier.T2 or (platelets is not None and surely_below(platelets, LOW_PLATELETS))
    if drug is None or not low:
        return ()
    text = f"Anticoagulant in use ({drug.label}) with low platelets or fibrinogen: consider reviewing anticoagulation"
    return (_REVIEW.finds(text, Indicator.WARNING, evidence=(drug.source,)),)


RULE = Rule(
    rows=(_VITAMIN_K, _PLASMA, _HEPARIN, _REVIEW),
    needs=(INR_LIMIT,),
    wants=(INR, PT, APTT, LONG_PT, LONG_APTT, NORMAL_PT, BLEEDING, PROCEDURE_24H, ANTICOAGULANT, PLATELETS, TIER),
    applies=applies,
)
