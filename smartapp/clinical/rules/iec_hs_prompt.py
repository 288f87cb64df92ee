"""Prompt to think of IEC-HS.

Guideline: IEC-01, very high or doubling ferritin with low fibrinogen and another sign (all numbers unverified); IEC-02, no recent ferritin.
Applies when: the signs are there, or fibrinogen is low and ferritin was not measured in 48 h.
Silent when: fibrinogen is not low, or the signs are not there.
Cannot tell when: there is no usable fibrinogen.
"""

from smartapp.clinical.conclusions import Band, CrsStatus, Tier
from smartapp.clinical.criteria.conditions import active
from smartapp.clinical.criteria.crs import CRS
from smartapp.clinical.criteria.fibrinogen import FIBRINOGEN
from smartapp.clinical.criteria.iec_hs import FERRITIN, IEC_HS, Sign
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.rule import Given, Need, Row, Rule
from smartapp.clinical.terminology import ConditionKind

_PROMPT = Row(id="IEC-01", version=2, title="Think of IEC-HS", level=EvidenceLevel.L3, citations=("HINES23",))
_FERRITIN = Row(id="IEC-02", version=2, title="No recent ferritin", level=EvidenceLevel.L5, citations=())
RECORDED: Need[tuple[Sign, ...]] = Need(
    "haemophagocytosis",
    lambda facts: tuple(Sign(each.label, each.source) for each in active(facts, ConditionKind.HAEMOPHAGOCYTOSIS)),
)


def applies(given: Given) -> tuple[Finding, ...]:
    """The prompt, or that ferritin is missing; neither changes the tier."""
    if given[FIBRINOGEN].tier is Tier.T0:
        return ()
    if given.get(FERRITIN) is None:
        missing = given.why_not(FERRITIN)
        why = missing.why if missing else "none"
        return (_FERRITIN.finds(f"No recent ferritin ({why}): consider sending it because fibrinogen is low"),)
    found = given.get(IEC_HS)
    if found is None or found.ferritin is None:
        return ()
    signs = list(dict.fromkeys((*found.signs, *(given.get(RECORDED) or ()))))
    return (_prompt(given, found.ferritin, signs),) if signs else ()


def _prompt(given: Given, ferritin: Sign, signs: list[Sign]) -> Finding:
    crs = given.get(CRS)
    stronger = ", all the more as CRS is absent or resolving" if crs is not None and _eases(crs) else ""
    text = (
        f"Consider IEC-HS{stronger} ({ferritin.text}; {'; '.join(sign.text for sign in signs)}): "
        "consider sending ferritin, triglycerides, LDH, and a haematology review"
    )
    return _PROMPT.finds(text, Indicator.WARNING, evidence=(ferritin.source, *(sign.source for sign in signs)))


def _eases(crs: CrsStatus) -> bool:
    """No CRS, or a grade below the highest of this episode."""
    lower = crs.grade is not None and crs.peak_grade is not None and crs.grade < crs.peak_grade
    return crs.band is Band.NONE or lower


RULE = Rule(rows=(_PROMPT, _FERRITIN), needs=(FIBRINOGEN,), wants=(FERRITIN, IEC_HS, RECORDED, CRS), applies=applies)
