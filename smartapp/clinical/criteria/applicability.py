"""Whether the therapy rules run for this patient (APP-01, APP-03, APP-04, APP-06, CRS-02)."""

from dataclasses import replace
from datetime import timedelta

from smartapp.clinical.criteria.bleeding_level import BLEEDING
from smartapp.clinical.criteria.crs import CRS
from smartapp.clinical.criteria.decision import DECISION
from smartapp.clinical.criteria.fibrinogen import TIER
from smartapp.clinical.criteria.hazards import congenital
from smartapp.clinical.criteria.infusion import INFUSION, PLANNED_INFUSION, hidden_records, toxicity_without_infusion
from smartapp.clinical.derived_facts import Action, Applicability, Band, CrsStatus, Infusion, Tier
from smartapp.clinical.findings import Indicator
from smartapp.clinical.partial_datetime import Moment
from smartapp.clinical.picture import BleedingLevel, InfusionRecord, Topic
from smartapp.clinical.rule import Facts, Missing, Need
from smartapp.clinical.terminology import CarTProduct

_ACTIVE = frozenset({Band.MILD, Band.MODERATE, Band.SEVERE})
_RUNS = Applicability(runs=True)
_UNKNOWN = Infusion(product=CarTProduct.UNKNOWN, strong=False, source="")


def _stop(rule: str, action: Action, reason: str) -> Applicability:
    return Applicability(runs=False, rule=rule, action=action, reason=reason)


def _read(facts: Facts) -> Applicability:
    if facts.picture.patient.deceased:
        return _stop("APP-06", Action.NONE, "the patient is recorded as deceased")
    infusion = facts.get(INFUSION)
    if isinstance(infusion, Missing):
        return _without_infusion(facts, infusion)
    if facts.policy.get("other_cart_policy") == "off" and _is_other(infusion):
        return _stop(
            "APP-04", Action.NONE, "the CAR-T product is not tisagenlecleucel, and the site does not extrapolate"
        )
    if infusion.day is None:
        return _as_weak(facts, "APP-01", "CAR-T therapy suspected, infusion date not found", infusion)
    return _by_crs_and_day(facts, infusion.day)


APPLICABILITY: Need[Applicability] = Need("applicability", _read)


def _without_infusion(facts: Facts, missing: Missing) -> Applicability:
    if missing.inputs:
        return replace(_stop("APP-01", Action.CANNOT_ASSESS, missing.why), indicator=Indicator.WARNING)
    if not isinstance(facts.get(PLANNED_INFUSION), Missing):
        return _stop("APP-01", Action.NONE, "a CAR-T infusion is planned, none is recorded yet")
    toxicity = toxicity_without_infusion(facts)
    if toxicity:
        return _as_weak(facts, "DQ-24", f"{toxicity} is recorded, no CAR-T infusion was recognised: confirm", _UNKNOWN)
    if Topic.PATIENT in facts.picture.unread:
        return _stop(
            "APP-01", Action.CANNOT_ASSESS, "the patient's own record could not be read: is this the right patient?"
        )
    doubt = " among the records that could be read" if hidden_records(facts.picture) else ""
    return _stop("APP-01", Action.NONE, f"no CAR-T infusion found{doubt}")


def _as_weak(facts: Facts, rule: str, reason: str, infusion: Infusion) -> Applicability:
    """Weak or undated evidence: a warning where some day in the window would give REPLACE with what is known (APP-01, DQ-24)."""
    alert = Indicator.WARNING if _could_replace(facts, infusion) else Indicator.INFO
    return replace(_stop(rule, Action.CANNOT_ASSESS, reason), indicator=alert)


def _could_replace(facts: Facts, infusion: Infusion) -> bool:
    if facts.get(TIER) not in (Tier.T1, Tier.T2):
        return False
    days = range(int(facts.policy.get("window_days")), -1, -1)
    return any(_replaces(facts, infusion, day) for day in days)


def _replaces(facts: Facts, infusion: Infusion, day: int) -> bool:
    """Whether section 4 says REPLACE, had the infusion been given so many days ago."""
    start = Moment(facts.picture.as_of - timedelta(days=day))
    dated = InfusionRecord(product=infusion.product, source=infusion.source, strong=True, start=start)
    there = Facts(replace(facts.picture, infusions=(dated,)), facts.policy)
    applicability = there.get(APPLICABILITY)
    if isinstance(applicability, Missing) or not applicability.runs:
        return False
    decision = there.get(DECISION)
    return not isinstance(decision, Missing) and decision.action is Action.REPLACE


def _is_other(infusion: Infusion) -> bool:
    return infusion.product not in (CarTProduct.TISAGENLECLEUCEL, CarTProduct.UNKNOWN)


def _by_crs_and_day(facts: Facts, day: int) -> Applicability:
    crs = facts.get(CRS)
    window, extended = facts.policy.get("window_days"), facts.policy.get("window_extended_days")
    outside = _stop("APP-03", Action.NONE, f"day {day} after the infusion is outside the window of the rules")
    if isinstance(crs, CrsStatus) and crs.band is Band.FATAL:
        return _stop("CRS-02", Action.NONE, f"CRS grade 5 {'was added by hand' if crs.by_hand else 'is recorded'}")
    if not 0 <= day <= extended:
        return outside
    if congenital(facts) is not None:
        return _stop("APP-06", Action.MONITOR, "congenital fibrinogen disorder: outside scope, specialist plan")
    return _RUNS if day <= window or _still_at_risk(facts, crs) else outside


def _still_at_risk(facts: Facts, crs: CrsStatus | Missing) -> bool:
    """After the window the rules run only for a low level, active CRS or bleeding; what is unread counts as present."""
    tier = facts.get(TIER)
    low = tier is Tier.T1 or tier is Tier.T2 or (tier is Tier.TX and Topic.LABORATORY in facts.picture.unread)
    bleeding = facts.get(BLEEDING)
    bleeds = isinstance(bleeding, Missing) or bleeding not in (BleedingLevel.NONE_RECORDED, BleedingLevel.NONE)
    active = isinstance(crs, CrsStatus) and (crs.band in _ACTIVE or crs.unresolved_unspecified)
    return low or bleeds or active
