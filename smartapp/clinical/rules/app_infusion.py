"""Say whether, and how surely, this patient had CAR-T therapy.

Guideline: APP-01 finds the infusion; weak or undated evidence is to be confirmed before day-based rules can run.
APP-03, APP-04 and APP-06 bound the patients for whom the rules speak; the indication is shown and gates nothing.
Applies when: CAR-T is suspected but undated, the product is not tisagenlecleucel, the disease is not B-ALL, or a stop holds.
Silent when: a dated tisagenlecleucel infusion for B-ALL is found, no CAR-T at all, or the patient is outside the rules (deceased too).
Cannot tell when: procedures or administrations could not be read and no infusion is known.
"""

from smartapp.clinical.criteria.applicability import APPLICABILITY
from smartapp.clinical.criteria.infusion import INDICATION, INFUSION
from smartapp.clinical.derived_facts import Action, Applicability, Infusion
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.rule import Given, Row, Rule
from smartapp.clinical.terminology import CarTProduct

_SUSPECTED = Row(id="APP-01", version=1, title="Find the CAR-T infusion", level=EvidenceLevel.L5, citations=("BUE21",))
_WINDOW = Row(
    id="APP-03",
    version=1,
    title="Speak in the window after the infusion",
    level=EvidenceLevel.L2,
    citations=("KYO", "HAS20", "JOH21"),
)
_PRODUCT = Row(
    id="APP-04",
    version=2,
    title="Say where the evidence is extrapolated",
    level=EvidenceLevel.L5,
    citations=("BUE21", "KYO"),
)
_STOP = Row(
    id="APP-06",
    version=1,
    title="Stay silent where the rules do not hold",
    level=EvidenceLevel.L5,
    citations=("BUE21",),
)


_B_ALL = "B-ALL"


def applies(given: Given) -> tuple[Finding, ...]:
    """The notes that hold."""
    stop, infusion = given[APPLICABILITY], given.get(INFUSION)
    if infusion is None or (not stop.runs and stop.action is Action.NONE):
        return _stopped(stop)
    notes = _notes(infusion, given.get(INDICATION)) if stop.runs else ()
    return (*_stopped(stop), *_suspected(infusion), *notes)


def _suspected(infusion: Infusion) -> tuple[Finding, ...]:
    if infusion.day is not None:
        return ()
    return (_SUSPECTED.finds("CAR-T therapy suspected, infusion date not found: confirm", evidence=(infusion.source,)),)


def _stopped(stop: Applicability) -> tuple[Finding, ...]:
    congenital = stop.rule == "APP-06" and "congenital" in stop.reason
    return (
        (_STOP.finds("Congenital fibrinogen disorder recorded: outside scope; specialist plan"),) if congenital else ()
    )


def _notes(infusion: Infusion, indication: str | None) -> tuple[Finding, ...]:
    texts = []
    if infusion.product is not CarTProduct.TISAGENLECLEUCEL:
        texts.append("evidence extrapolated from tisagenlecleucel")
    if indication != _B_ALL:
        texts.append(
            f"base evidence is B-ALL, the indication is {indication or 'not known: conditions were not all read'}"
        )
    if not texts:
        return ()
    return (_PRODUCT.finds(f"Note: {'; '.join(texts)}", Indicator.INFO, evidence=(infusion.source,)),)


RULE = Rule(
    rows=(_SUSPECTED, _WINDOW, _PRODUCT, _STOP),
    needs=(APPLICABILITY,),
    wants=(INFUSION, INDICATION),
    applies=applies,
    always=True,
)
