"""APP: which patients the guideline is about, and what to prepare before an infusion."""

from smartapp.clinical.criteria.applicability import APPLICABILITY
from smartapp.clinical.criteria.infusion import INDICATION, INFUSION, PLANNED_INFUSION
from smartapp.clinical.derived_facts import Action, Applicability, Infusion
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.picture import Topic
from smartapp.clinical.rule import REVISED_1_2, Facts, Given, Missing, Need, Row, Rule, policy
from smartapp.clinical.terminology import CarTProduct

_SUSPECTED = Row(
    id="APP-01",
    version=2,
    revised=REVISED_1_2,
    title="Find the CAR-T infusion",
    level=EvidenceLevel.L5,
    citations=("BUE21",),
)
_WINDOW = Row(
    id="APP-03",
    version=2,
    revised=REVISED_1_2,
    title="Speak in the window after the infusion",
    level=EvidenceLevel.L2,
    citations=("KYO", "HAS20", "JOH21"),
)
_PRODUCT = Row(
    id="APP-04",
    version=3,
    revised=REVISED_1_2,
    title="Say where the evidence is extrapolated",
    level=EvidenceLevel.L5,
    citations=("BUE21", "KYO", "LEG23"),
)
_STOP = Row(
    id="APP-06",
    version=2,
    revised=REVISED_1_2,
    title="Stay silent where the rules do not hold",
    level=EvidenceLevel.L5,
    citations=("BUE21",),
)
_TOXICITY = Row(
    id="DQ-24",
    version=1,
    title="Ask for the infusion where its toxicity is recorded and it is not",
    level=EvidenceLevel.L5,
    citations=("BUE21",),
)
_B_ALL = "B-ALL"
_BCMA = frozenset({CarTProduct.IDECABTAGENE, CarTProduct.CILTACABTAGENE})


def infusion_found(given: Given) -> tuple[Finding, ...]:
    """Say whether, and how surely, this patient had CAR-T therapy.

    Guideline: APP-01 finds the infusion; weak or undated evidence is to be confirmed before day-based rules can run.
    APP-03, APP-04 and APP-06 bound the patients for whom the rules speak; the indication is shown and gates nothing.
    DQ-24: CRS or ICANS recorded in the window, and neither an infusion nor a plan, is never quiet.
    Applies when: CAR-T is suspected but undated, CRS or ICANS is recorded without an infusion, the product is not tisagenlecleucel, the
    disease is not B-ALL, or a stop holds.
    Silent when: a dated tisagenlecleucel infusion for B-ALL is found, no CAR-T at all, or the patient is outside the rules (deceased too).
    Cannot tell when: procedures or administrations could not be read and no infusion is known.
    """
    stop, infusion = given[APPLICABILITY], given.get(INFUSION)
    if infusion is None and stop.rule == "APP-01" and stop.action is Action.CANNOT_ASSESS:
        return (_SUSPECTED.finds(f"Cannot tell whether CAR-T cells were given: {stop.reason}", stop.indicator),)
    if infusion is None or (not stop.runs and stop.action is Action.NONE):
        return _stopped(stop)
    notes = _notes(infusion, given.get(INDICATION)) if stop.runs else ()
    return (*_stopped(stop), *_suspected(infusion, stop), *notes)


def _suspected(infusion: Infusion, stop: Applicability) -> tuple[Finding, ...]:
    if infusion.day is not None:
        return ()
    text = "CAR-T therapy suspected, infusion date not found: confirm"
    return (_SUSPECTED.finds(text, stop.indicator, evidence=(infusion.source,)),)


def _stopped(stop: Applicability) -> tuple[Finding, ...]:
    if stop.rule == _TOXICITY.id:
        return (_TOXICITY.finds(f"{stop.reason[0].upper()}{stop.reason[1:]}", stop.indicator),)
    congenital = stop.rule == "APP-06" and "congenital" in stop.reason
    return (
        (_STOP.finds("Congenital fibrinogen disorder recorded: outside scope; specialist plan"),) if congenital else ()
    )


def _notes(infusion: Infusion, indication: str | None) -> tuple[Finding, ...]:
    texts = []
    if infusion.product is not CarTProduct.TISAGENLECLEUCEL:
        texts.append("evidence extrapolated from tisagenlecleucel")
    if infusion.product in _BCMA:
        texts.append(
            "after BCMA products a coagulation disorder was seen in 49 % and DIC in 29 %, on day 10 to 13 (LEG23)"
        )
    if indication != _B_ALL:
        texts.append(
            f"base evidence is B-ALL, the indication is {indication or 'not known: conditions were not all read'}"
        )
    if not texts:
        return ()
    return (_PRODUCT.finds(f"Note: {'; '.join(texts)}", Indicator.INFO, evidence=(infusion.source,)),)


_APP_05 = Row(
    id="APP-05",
    version=2,
    revised=REVISED_1_2,
    uses_birth_date=False,
    title="Be ready before a planned infusion",
    level=EvidenceLevel.L2,
    citations=("BUE21",),
)
CRYO, FC = policy("cryo_available"), policy("fc_available")


def _days(facts: Facts) -> int | Missing | None:
    planned, gap = facts.get(PLANNED_INFUSION), facts.picture.unread.get(Topic.SERVICE_REQUESTS)
    if facts.picture.patient.deceased:
        return None
    if isinstance(planned, Missing):
        return Missing(("planned_infusion",), gap.text) if gap is not None else None
    days = (planned - facts.picture.as_of.astimezone(facts.picture.zone).date()).days
    return days if 0 < days <= facts.policy.get("pre_infusion_days") else None


DAYS_AHEAD: Need[int | None] = Need("planned_infusion", _days)


def readiness(given: Given) -> tuple[Finding, ...]:
    """Be ready before a planned infusion.

    Guideline: APP-05, baseline values and a fibrinogen source should be there before CAR-T therapy begins.
    Applies when: a CAR-T infusion is planned within the next 7 days.
    Silent when: none is planned, it is further away, or the patient has died.
    Cannot tell when: service requests could not be read and show no plan.
    """
    days = given[DAYS_AHEAD]
    if days is None:
        return ()
    text = (
        f"CAR-T infusion planned in {days} d. Consider recording baseline fibrinogen, PT/INR, aPTT, D-dimer, platelets and weight, and confirming "
        "that cryoprecipitate or fibrinogen concentrate is available, because replacement may be needed soon after"
    )
    found = [_APP_05.finds(text)]
    if not given[CRYO] and not given[FC]:
        found.append(
            _APP_05.finds(
                "No source of fibrinogen is available at this site before a planned CAR-T infusion", Indicator.WARNING
            )
        )
    return tuple(found)


RULES = (
    Rule(
        rows=(_SUSPECTED, _WINDOW, _PRODUCT, _STOP, _TOXICITY),
        needs=(APPLICABILITY,),
        wants=(INFUSION, INDICATION),
        applies=infusion_found,
        always=True,
    ),
    Rule(rows=(_APP_05,), needs=(DAYS_AHEAD, CRYO, FC), applies=readiness, always=True),
)
