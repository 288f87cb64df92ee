"""Point out platelets so low that transfusion should be thought of.

Guideline: PLT-01 below 50 with significant or major bleeding; PLT-02 below 20 with a raised risk; PLT-03 below 10; PLT-04 below
100 with intracranial bleeding.
Applies when: the count, or its bound, proves one of them.
Silent when: none is proven.
Cannot tell when: there is no platelet count of the last 24 h.
"""

from decimal import Decimal

from smartapp.clinical.conclusions import Band, Tier
from smartapp.clinical.criteria.bleeding import BLEEDING, SERIOUS, intracranial
from smartapp.clinical.criteria.crs import CRS
from smartapp.clinical.criteria.dic import DIC, OVERT
from smartapp.clinical.criteria.fibrinogen import TIER
from smartapp.clinical.criteria.modifiers import ICANS
from smartapp.clinical.criteria.recent import PLATELETS, surely_below
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.rule import Given, Need, Row, Rule

_L3 = EvidenceLevel.L3
_BLEEDING = Row(id="PLT-01", version=1, title="Platelets below 50 with bleeding", level=_L3, citations=("ISTH13",))
_RISK = Row(id="PLT-02", version=1, title="Platelets below 20 with a raised risk", level=_L3, citations=("ISTH13",))
_PROPHYLAXIS = Row(id="PLT-03", version=1, title="Platelets below 10", level=_L3, citations=("ISTH13",))
_BRAIN = Row(
    id="PLT-04", version=1, title="Platelets below 100 with intracranial bleeding", level=EvidenceLevel.L5, citations=()
)
INTRACRANIAL: Need[bool] = Need("intracranial_bleed", intracranial)
FIFTY, TWENTY, TEN, HUNDRED = (Decimal(count) for count in (50, 20, 10, 100))  # 10*9/L
_HIGH_ICANS = 2


def applies(given: Given) -> tuple[Finding, ...]:
    """Each row that the count proves."""
    platelets = given[PLATELETS]
    rows = (
        (
            _BLEEDING,
            FIFTY,
            given.get(BLEEDING) in SERIOUS,
            Indicator.CRITICAL,
            "consider platelet transfusion because the patient bleeds",
        ),
        (_RISK, TWENTY, _raised(given), Indicator.WARNING, "high bleeding risk: consider platelets"),
        (
            _PROPHYLAXIS,
            TEN,
            True,
            Indicator.WARNING,
            "the usual threshold of prophylactic transfusion is reached (unverified number)",
        ),
        (
            _BRAIN,
            HUNDRED,
            bool(given.get(INTRACRANIAL)),
            Indicator.CRITICAL,
            "intracranial bleeding: consider discussing a higher platelet target (unverified number)",
        ),
    )
    return tuple(
        row.finds(f"Platelets {platelets.reported}: {words}", indicator, evidence=(platelets.source,))
        for row, limit, holds, indicator, words in rows
        if holds and surely_below(platelets, limit)
    )


def _raised(given: Given) -> bool:
    crs, tier, icans, dic = given.get(CRS), given.get(TIER), given.get(ICANS), given.get(DIC)
    return (
        (crs is not None and crs.band in (Band.MODERATE, Band.SEVERE))
        or tier is Tier.T1
        or tier is Tier.T2
        or (icans is not None and icans >= _HIGH_ICANS)
        or (dic is not None and dic.lowest >= OVERT)
    )


RULE = Rule(
    rows=(_BLEEDING, _RISK, _PROPHYLAXIS, _BRAIN),
    needs=(PLATELETS,),
    wants=(BLEEDING, CRS, TIER, ICANS, DIC, INTRACRANIAL),
    applies=applies,
)
