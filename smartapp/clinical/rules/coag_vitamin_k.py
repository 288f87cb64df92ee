"""Consider vitamin K for a long INR without bleeding.

Guideline: COAG-01, vitamin K and no plasma without bleeding; the doses are unverified numbers, the rate is CHEO's.
Applies when: an INR of the last 24 h is proven to be 1.5 or more, and nothing is known that calls for plasma (COAG-02).
Silent when: it is not proven, or significant or major bleeding or a procedure within 24 h is known.
Cannot tell when: there is no INR of the last 24 h.
"""

from smartapp.clinical.criteria.clotting import LONG_INR_ALONE, PRESSING
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.rule import Given, Row, Rule, policy
from smartapp.clinical.words import plain

_ROW = Row(
    id="COAG-01",
    version=2,
    title="Long INR without bleeding: vitamin K",
    level=EvidenceLevel.L4,
    citations=("BSH04", "CHEO"),
)
LIMIT = policy("inr_prolonged")


def applies(given: Given) -> tuple[Finding, ...]:
    """The proposal; where bleeding is not known it says so."""
    inr = given[LONG_INR_ALONE]
    if inr is None:
        return ()
    unknown = given.why_not(PRESSING)
    setting = f"({unknown.why})" if unknown else "without bleeding"
    text = (
        f"INR {plain(inr.value)} {setting}: consider vitamin K (adult 10 mg IV, child 0.3 mg/kg up to 10 mg, unverified numbers; "
        "no faster than 1 mg/min); no plasma without bleeding"
    )
    return (_ROW.finds(text, Indicator.WARNING, evidence=(inr.source,)),)


RULE = Rule(rows=(_ROW,), needs=(LONG_INR_ALONE, LIMIT), wants=(PRESSING,), applies=applies)
