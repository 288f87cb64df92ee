"""Platelet counts proven to be below a limit, in the settings in which that matters (PLT-01 to PLT-04)."""

from collections.abc import Callable
from decimal import Decimal

from smartapp.clinical.criteria.bleeding_level import BLEEDING, SERIOUS, intracranial
from smartapp.clinical.criteria.crs import CRS
from smartapp.clinical.criteria.dic import DIC, OVERT
from smartapp.clinical.criteria.fibrinogen import FIBRINOGEN
from smartapp.clinical.criteria.modifiers import ICANS
from smartapp.clinical.criteria.recent import PLATELETS, surely_below
from smartapp.clinical.derived_facts import Band, Tier
from smartapp.clinical.labs import LabResult
from smartapp.clinical.picture import Topic
from smartapp.clinical.rule import Facts, Missing, Need

HIGH_ICANS = 2
_STRONG = frozenset({Band.MODERATE, Band.SEVERE})


def _below(limit: int, matters: Callable[[Facts], bool | Missing]) -> Need[LabResult | None]:
    """The count, if it is proven to be below `limit` (10*9/L) where it matters; Missing where either is not known."""

    def read(facts: Facts) -> LabResult | Missing | None:
        platelets = facts.get(PLATELETS)
        if isinstance(platelets, Missing):
            return platelets
        if not surely_below(platelets, Decimal(limit)):
            return None
        setting = matters(facts)
        return setting if isinstance(setting, Missing) else platelets if setting else None

    return Need("platelets", read)


def _bleeds(facts: Facts) -> bool | Missing:
    bleeding = facts.get(BLEEDING)
    return bleeding if isinstance(bleeding, Missing) else bleeding in SERIOUS


def _bleeds_in_the_head(facts: Facts) -> bool | Missing:
    found, gap = intracranial(facts), facts.picture.unread.get(Topic.CONDITIONS)
    return Missing(("bleeding",), gap.text) if not found and gap is not None else found


def _at_risk(facts: Facts) -> bool | Missing:
    """CRS moderate or severe, T1 or T2, ICANS of grade 2 or more, or a DIC score of 5 or more."""
    crs, fibrinogen, icans, dic = facts.get(CRS), facts.get(FIBRINOGEN), facts.get(ICANS), facts.get(DIC)
    held = (
        not isinstance(crs, Missing) and crs.band in _STRONG,
        not isinstance(fibrinogen, Missing) and fibrinogen.tier is not Tier.T0,
        not isinstance(icans, Missing) and icans >= HIGH_ICANS,
        not isinstance(dic, Missing) and dic.lowest >= OVERT,
    )
    if any(held):
        return True
    unknown = [each for each in (crs, fibrinogen, icans, dic) if isinstance(each, Missing)]
    if not isinstance(crs, Missing) and crs.band is Band.UNKNOWN:
        unknown.append(Missing(("crs",), "the CRS grade is not known"))
    if not isinstance(dic, Missing) and dic.highest >= OVERT:
        unknown.append(Missing(dic.missing, "the DIC score is open"))
    return unknown[0] if unknown else False


LOW_WITH_BLEEDING = _below(50, _bleeds)  # PLT-01, ISTH13
LOW_AT_RISK = _below(20, _at_risk)  # PLT-02, ISTH13
VERY_LOW = _below(10, lambda _: True)  # PLT-03, AABB25
LOW_WITH_INTRACRANIAL_BLEEDING = _below(100, _bleeds_in_the_head)  # PLT-04, unverified
