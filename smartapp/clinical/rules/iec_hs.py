"""IEC: signs of IEC-HS, and the ferritin that it takes to see them."""

from smartapp.clinical.criteria.crs import CRS
from smartapp.clinical.criteria.fibrinogen import FIBRINOGEN
from smartapp.clinical.criteria.iec_hs import FERRITIN, IEC_HS, IecHs, Sign
from smartapp.clinical.derived_facts import Band, CrsStatus, Tier
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.rule import REVISED_1_2, Facts, Given, Missing, Need, Row, Rule

_IEC_01 = Row(
    id="IEC-01", version=3, revised=REVISED_1_2, title="Think of IEC-HS", level=EvidenceLevel.L3, citations=("HINES23",)
)


def _when_low(facts: Facts) -> IecHs | Missing | None:
    fibrinogen = facts.get(FIBRINOGEN)
    if isinstance(fibrinogen, Missing):
        return fibrinogen
    return None if fibrinogen.tier is Tier.T0 else facts.get(IEC_HS)


SIGNS: Need[IecHs | None] = Need("iec_hs", _when_low)


def iec_hs_prompt(given: Given) -> tuple[Finding, ...]:
    """Prompt to think of IEC-HS.

    Guideline: IEC-01, very high or doubling ferritin with low fibrinogen and another sign; all numbers are unverified. It never changes the tier.
    Applies when: fibrinogen is low, the ferritin criterion is met and another sign is present.
    Silent when: fibrinogen is not low, or the signs are not there.
    Cannot tell when: there is no usable fibrinogen, or it is low and there is no ferritin of the last 48 h.
    """
    found = given[SIGNS]
    if found is None or found.ferritin is None or not found.signs:
        return ()
    return (_prompt(given, found.ferritin, found.signs),)


def _prompt(given: Given, ferritin: Sign, signs: tuple[Sign, ...]) -> Finding:
    crs = given.get(CRS)
    stronger = ", all the more as CRS is absent or resolving" if crs is not None and _eases(crs) else ""
    text = (
        f"Consider IEC-HS{stronger} ({ferritin.text}; {'; '.join(sign.text for sign in signs)}): "
        "consider sending ferritin, triglycerides, LDH, and a haematology review"
    )
    return _IEC_01.finds(text, Indicator.WARNING, evidence=(ferritin.source, *(sign.source for sign in signs)))


def _eases(crs: CrsStatus) -> bool:
    """No CRS, or a grade below the highest of this episode."""
    lower = crs.grade is not None and crs.peak_grade is not None and crs.grade < crs.peak_grade
    return crs.band is Band.NONE or lower


_IEC_02 = Row(
    id="IEC-02",
    version=3,
    revised=REVISED_1_2,
    uses_birth_date=False,
    title="No recent ferritin",
    level=EvidenceLevel.L5,
    citations=(),
)


def recent_ferritin(given: Given) -> tuple[Finding, ...]:
    """Ask for a ferritin where fibrinogen is low.

    Guideline: IEC-02, T1 or T2 and no ferritin result in 48 h.
    Applies when: fibrinogen is low and there is no usable ferritin of the last 48 h.
    Silent when: fibrinogen is not low, or ferritin was measured.
    Cannot tell when: there is no usable fibrinogen.
    """
    missing = given.why_not(FERRITIN)
    if missing is None or given[FIBRINOGEN].tier is Tier.T0:
        return ()
    return (_IEC_02.finds(f"No recent ferritin ({missing.why}): consider sending it because fibrinogen is low"),)


RULES = (
    Rule(rows=(_IEC_01,), needs=(SIGNS,), wants=(CRS,), applies=iec_hs_prompt),
    Rule(rows=(_IEC_02,), needs=(FIBRINOGEN,), wants=(FERRITIN,), applies=recent_ferritin),
)
