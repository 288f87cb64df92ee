"""COAG: clotting times and anticoagulants."""

from smartapp.clinical.criteria.age import AGE
from smartapp.clinical.criteria.bleeding_level import BLEEDING, SERIOUS
from smartapp.clinical.criteria.clotting import ANTICOAGULATED, ISOLATED_APTT, LONG_INR_ALONE, PRESSING, PROLONGED
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.picture import BleedingLevel
from smartapp.clinical.rule import REVISED_1_2, Given, Row, Rule, policy
from smartapp.clinical.words import plain

_COAG_01 = Row(
    id="COAG-01",
    version=3,
    revised=REVISED_1_2,
    title="Long INR without bleeding: vitamin K",
    level=EvidenceLevel.L4,
    citations=("BSH04", "CHEO"),
)
INR_LIMIT = policy("inr_prolonged")
ADULT = 18  # years
_BLEEDING_WORDS = {
    BleedingLevel.NONE_RECORDED: "bleeding not recorded",
    BleedingLevel.NONE: "no bleeding (set by hand)",
}


def vitamin_k(given: Given) -> tuple[Finding, ...]:
    """Consider vitamin K for a long INR without bleeding.

    Guideline: COAG-01, vitamin K, and no plasma unless the patient bleeds; the adult dose is an unverified
    number, the child's and the rate are CHEO's.
    Applies when: an INR of the last 24 h is proven to be 1.5 or more, and nothing is known that calls for plasma (COAG-02).
    Silent when: it is not proven, or significant or major bleeding or a procedure within 24 h is known.
    Cannot tell when: there is no INR of the last 24 h.
    """
    inr = given[LONG_INR_ALONE]
    if inr is None:
        return ()
    unknown = given.why_not(PRESSING)
    level = given.get(BLEEDING)
    setting = (
        unknown.why if unknown else _BLEEDING_WORDS.get(level, f"{level} bleeding") if level else "bleeding not known"
    )
    age = given.get(AGE)
    dose = (
        "" if age is None else "adult 10 mg IV, an unverified number; " if age.low >= ADULT else "1 to 2 mg per dose; "
    )
    text = f"INR {plain(inr.value)}, {setting}: consider vitamin K ({dose}no faster than 1 mg/min); plasma is not advised unless bleeding"
    return (_COAG_01.finds(text, Indicator.WARNING, evidence=(inr.source,)),)


_COAG_02 = Row(
    id="COAG-02",
    version=3,
    revised=REVISED_1_2,
    uses_birth_date=False,
    title="Long clotting times with bleeding or a procedure",
    level=EvidenceLevel.L3,
    citations=("ISTH13", "MUSC"),
)


def plasma(given: Given) -> tuple[Finding, ...]:
    """Consider plasma and vitamin K for long clotting times with bleeding or before a procedure.

    Guideline: COAG-02, PT or aPTT above 1.5 times the upper limit, or an INR above 1.5.
    Applies when: one of them is proven, with significant or major bleeding or a procedure within 24 h.
    Silent when: neither bleeding nor a procedure presses, or all three times are known and none is proven to be long.
    Cannot tell when: none is proven and one is missing or has no upper limit, or bleeding is not known.
    """
    proof = given[PROLONGED]
    if not proof:
        return ()
    results = ", ".join(result.reported for result in proof)
    text = f"Consider plasma 10-15 mL/kg plus vitamin K because clotting times are prolonged ({results})"
    indicator = Indicator.CRITICAL if given.get(BLEEDING) in SERIOUS else Indicator.WARNING
    return (_COAG_02.finds(text, indicator, evidence=tuple(result.source for result in proof)),)


_COAG_03 = Row(
    id="COAG-03",
    version=3,
    revised=REVISED_1_2,
    uses_birth_date=False,
    title="Isolated long aPTT",
    level=EvidenceLevel.L5,
    citations=(),
)


def isolated_aptt(given: Given) -> tuple[Finding, ...]:
    """Exclude heparin where only the aPTT is long.

    Guideline: COAG-03, an aPTT above 1.5 times its limit with a PT not above its own (without a PT the INR likewise).
    Applies when: both are proven by results of the last 24 h.
    Silent when: the aPTT is not proven to be long, or the PT is not proven to be normal.
    Cannot tell when: there is no aPTT, or for a long one no PT and INR, or no upper limit to compare with.
    """
    aptt = given[ISOLATED_APTT]
    if aptt is None:
        return ()
    text = f"Isolated long aPTT ({aptt.reported}): exclude heparin contamination or therapy first"
    return (_COAG_03.finds(text, evidence=(aptt.source,)),)


_COAG_04 = Row(
    id="COAG-04",
    version=3,
    revised=REVISED_1_2,
    uses_birth_date=False,
    title="Anticoagulant with low platelets or fibrinogen",
    level=EvidenceLevel.L2,
    citations=("HAS20",),
)


def anticoagulant(given: Given) -> tuple[Finding, ...]:
    """Review anticoagulation where platelets or fibrinogen are low.

    Guideline: COAG-04, an anticoagulant in use with platelets below 50 or fibrinogen below 1.0 g/L. Which drug to choose is out of scope (SAF-08).
    Applies when: both are known to hold.
    Silent when: no anticoagulant is in use, or platelets and fibrinogen are known and not low.
    Cannot tell when: medications could not be read, or one is in use and platelets or fibrinogen are not known.
    """
    drug = given[ANTICOAGULATED]
    if drug is None:
        return ()
    text = f"Anticoagulant in use ({drug.label}) with low platelets or fibrinogen: consider reviewing anticoagulation"
    return (_COAG_04.finds(text, Indicator.WARNING, evidence=(drug.source,)),)


RULES = (
    Rule(rows=(_COAG_01,), needs=(LONG_INR_ALONE, INR_LIMIT), wants=(PRESSING, BLEEDING, AGE), applies=vitamin_k),
    Rule(rows=(_COAG_02,), needs=(PROLONGED,), wants=(BLEEDING,), applies=plasma),
    Rule(rows=(_COAG_03,), needs=(ISOLATED_APTT,), applies=isolated_aptt),
    Rule(rows=(_COAG_04,), needs=(ANTICOAGULATED,), applies=anticoagulant),
)
