"""PLT: platelet counts at which the patient may bleed."""

from smartapp.clinical.criteria.platelets import (
    LOW_AT_RISK,
    LOW_WITH_BLEEDING,
    LOW_WITH_INTRACRANIAL_BLEEDING,
    VERY_LOW,
)
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.rule import REVISED_1_2, Given, Row, Rule

_PLT_01 = Row(
    id="PLT-01",
    version=3,
    revised=REVISED_1_2,
    uses_birth_date=False,
    title="Platelets below 50 with bleeding",
    level=EvidenceLevel.L3,
    citations=("ISTH13",),
)


def low_with_bleeding(given: Given) -> tuple[Finding, ...]:
    """Consider platelets below 50 where the patient bleeds.

    Guideline: PLT-01, below 50 with significant or major bleeding.
    Applies when: a count of the last 24 h, or its bound, proves it, with such bleeding.
    Silent when: it is not proven, or no such bleeding is recorded.
    Cannot tell when: there is no such count, or it is low and conditions could not be read.
    """
    platelets = given[LOW_WITH_BLEEDING]
    if platelets is None:
        return ()
    text = f"Platelets {platelets.reported}: consider platelet transfusion because the patient bleeds"
    return (_PLT_01.finds(text, Indicator.CRITICAL, evidence=(platelets.source,)),)


_PLT_02 = Row(
    id="PLT-02",
    version=3,
    revised=REVISED_1_2,
    title="Platelets below 20 with a raised risk",
    level=EvidenceLevel.L3,
    citations=("ISTH13",),
)


def low_at_risk(given: Given) -> tuple[Finding, ...]:
    """Consider platelets below 20 where the risk of bleeding is raised.

    Guideline: PLT-02, below 20 with moderate or severe CRS, T1 or T2, ICANS of grade 2 or more, or a DIC score of 5 or more.
    Applies when: a count of the last 24 h, or its bound, proves it, and one of these is known to hold.
    Silent when: it is not proven, or all of these are known and none holds.
    Cannot tell when: there is no such count, or it is low, none is known to hold, and one of them is not known.
    """
    platelets = given[LOW_AT_RISK]
    if platelets is None:
        return ()
    text = f"Platelets {platelets.reported}: high bleeding risk: consider platelets"
    return (_PLT_02.finds(text, Indicator.WARNING, evidence=(platelets.source,)),)


_PLT_03 = Row(
    id="PLT-03",
    version=3,
    revised=REVISED_1_2,
    uses_birth_date=False,
    title="Platelets below 10",
    level=EvidenceLevel.L3,
    citations=("AABB25",),
)


def very_low(given: Given) -> tuple[Finding, ...]:
    """Point out platelets below 10.

    Guideline: PLT-03, the threshold of prophylactic transfusion in adults and children (AABB25, seen in a secondary source).
    Applies when: a count of the last 24 h, or its bound, proves it.
    Silent when: it is not proven.
    Cannot tell when: there is no platelet count of the last 24 h.
    """
    platelets = given[VERY_LOW]
    if platelets is None:
        return ()
    text = f"Platelets {platelets.reported}: the threshold of prophylactic transfusion is reached"
    return (_PLT_03.finds(text, Indicator.WARNING, evidence=(platelets.source,)),)


_PLT_04 = Row(
    id="PLT-04",
    version=3,
    revised=REVISED_1_2,
    uses_birth_date=False,
    title="Platelets below 100 with intracranial bleeding",
    level=EvidenceLevel.L5,
    citations=(),
)


def low_with_intracranial_bleeding(given: Given) -> tuple[Finding, ...]:
    """Discuss a higher platelet target with intracranial bleeding.

    Guideline: PLT-04, below 100 with an intracranial bleed; an unverified number.
    Applies when: a count of the last 24 h, or its bound, proves it, with such a bleed.
    Silent when: it is not proven, or no such bleed is recorded.
    Cannot tell when: there is no such count, or it is low and conditions could not be read.
    """
    platelets = given[LOW_WITH_INTRACRANIAL_BLEEDING]
    if platelets is None:
        return ()
    text = f"Platelets {platelets.reported}: intracranial bleeding: consider discussing a higher platelet target (unverified number)"
    return (_PLT_04.finds(text, Indicator.CRITICAL, evidence=(platelets.source,)),)


RULES = (
    Rule(rows=(_PLT_01,), needs=(LOW_WITH_BLEEDING,), applies=low_with_bleeding),
    Rule(rows=(_PLT_02,), needs=(LOW_AT_RISK,), applies=low_at_risk),
    Rule(rows=(_PLT_03,), needs=(VERY_LOW,), applies=very_low),
    Rule(rows=(_PLT_04,), needs=(LOW_WITH_INTRACRANIAL_BLEEDING,), applies=low_with_intracranial_bleeding),
)
