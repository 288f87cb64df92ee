"""Say what stands against replacement.

Guideline: SAF-01 thrombosis, SAF-02 allergy, SAF-03 fluid, SAF-05 dysfibrinogenaemia, SAF-06 daily amount of concentrate.
Applies when: a dose is in question and one of them holds.
Silent when: no dose is in question, or none holds.
Cannot tell when: conditions or allergies could not be read.
"""

from smartapp.clinical.conclusions import Action
from smartapp.clinical.criteria.bleeding import BLEEDING, SERIOUS
from smartapp.clinical.criteria.decision import DECISION
from smartapp.clinical.criteria.draft import exceeds_daily_concentrate
from smartapp.clinical.criteria.hazards import BLOCKED_BY_ALLERGY, DYSFIBRINOGENAEMIA, THROMBOSIS
from smartapp.clinical.criteria.options import CHOICE
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.orders import Product
from smartapp.clinical.rule import Given, Need, Row, Rule

_L = EvidenceLevel
_THROMBOSIS = Row(id="SAF-01", version=1, title="Active thrombosis", level=_L.L2, citations=("JOH21", "RIA", "FIB24"))
_ALLERGY = Row(id="SAF-02", version=1, title="Allergy to plasma-derived products", level=_L.L1, citations=("RIA",))
_FLUID = Row(id="SAF-03", version=1, title="Fluid overload or large volume", level=_L.L5, citations=())
_DYS = Row(id="SAF-05", version=1, title="Dysfibrinogenaemia", level=_L.L1, citations=("RIA", "FIB24"))
_DAILY = Row(id="SAF-06", version=1, title="Concentrate within 24 h", level=_L.L5, citations=())
TOO_MUCH: Need[bool] = Need("concentrate_in_24h", exceeds_daily_concentrate)
_PRODUCTS = 2


def applies(given: Given) -> tuple[Finding, ...]:
    """Each hazard that holds."""
    if given[DECISION].action not in (Action.REPLACE, Action.CONSIDER):
        return ()
    return (*_thrombosis(given), *_allergy(given), *_fluid(given), *_others(given))


def _thrombosis(given: Given) -> tuple[Finding, ...]:
    clot = given[THROMBOSIS]
    if clot is None:
        return ()
    words = (
        "weigh against bleeding" if given.get(BLEEDING) in SERIOUS else "consider haematology review before replacement"
    )
    return (
        _THROMBOSIS.finds(
            f"Active thrombosis within 30 days ({clot.label}): {words}", Indicator.WARNING, evidence=(clot.source,)
        ),
    )


def _allergy(given: Given) -> tuple[Finding, ...]:
    blocked = given[BLOCKED_BY_ALLERGY]
    if not blocked:
        return ()
    both = len(blocked) == _PRODUCTS
    names = (
        "cryoprecipitate and concentrate"
        if both
        else "concentrate"
        if Product.FIBRINOGEN_CONCENTRATE in blocked
        else "cryoprecipitate"
    )
    text = f"Severe allergy recorded: {names} contraindicated; consider specialist advice"
    sources = tuple(sorted({allergy.source for allergy in blocked.values()}))
    return (_ALLERGY.finds(text, Indicator.CRITICAL if both else Indicator.WARNING, evidence=sources),)


def _fluid(given: Given) -> tuple[Finding, ...]:
    choice = given[CHOICE]
    reasons = [
        ("fluid overload is recorded", choice.overload),
        ("the planned cryoprecipitate exceeds 10 mL/kg", choice.large_volume),
    ]
    held = [words for words, holds in reasons if holds]
    return (_FLUID.finds(f"Consider concentrate because {' and '.join(held)}", Indicator.WARNING),) if held else ()


def _others(given: Given) -> tuple[Finding, ...]:
    dys = given[DYSFIBRINOGENAEMIA]
    found = (
        [
            _DYS.finds(
                "Dysfibrinogenaemia recorded: concentrates are not indicated", Indicator.WARNING, evidence=(dys.source,)
            )
        ]
        if dys
        else []
    )
    if given[TOO_MUCH]:
        found.append(
            _DAILY.finds(
                "The planned dose and what was given in 24 h exceed twice the limit of one dose", Indicator.WARNING
            )
        )
    return tuple(found)


RULE = Rule(
    rows=(_THROMBOSIS, _ALLERGY, _FLUID, _DYS, _DAILY),
    needs=(DECISION, CHOICE, THROMBOSIS, BLOCKED_BY_ALLERGY, DYSFIBRINOGENAEMIA, TOO_MUCH),
    wants=(BLEEDING,),
    applies=applies,
)
