"""RCK: fibrinogen after a dose, and what the dose did."""

from decimal import Decimal

from smartapp.clinical.criteria.dose_responses import DOSE_RESPONSES, LOW_RECOVERY, DoseResponse
from smartapp.clinical.criteria.monitoring_interval import MONITORING
from smartapp.clinical.findings import EvidenceLevel, Finding
from smartapp.clinical.rule import REVISED_1_2, Given, Row, Rule, policy
from smartapp.clinical.words import clock, plain, rounded

_RCK_01 = Row(
    id="RCK-01",
    version=5,
    revised=REVISED_1_2,
    title="Recheck after a dose",
    level=EvidenceLevel.L5,
    citations=("FIB24",),
)
WAIT = policy("recheck_after_dose_h")


def recheck_after_dose(given: Given) -> tuple[Finding, ...]:
    """Recheck fibrinogen after a dose, before another.

    Guideline: RCK-01, one hour after the end of the last dose (label studies sample then), without grace; a dose is repeated only if the recheck
    again meets a replacement row. A rise below half of the predicted one is told.
    Applies when: a fibrinogen-containing product was given since the infusion and nothing was collected after its end; or the last dose that
    can be judged brought less than half of the predicted rise.
    Silent when: a sample was taken since, or no product was given, or it is still running.
    Cannot tell when: never; what was not read shows no dose.
    """
    low = given.get(LOW_RECOVERY)
    return (*_due(given), *((_low(low),) if low else ()))


def _low(response: DoseResponse) -> Finding:
    achieved, predicted, recovery = (
        rounded(value or Decimal(0)) for value in (response.achieved, response.predicted, response.recovery)
    )
    product = str(response.product).replace("_", " ")
    text = (
        f"Low recovery after {product} at {clock(response.given)}: rise {achieved} of {predicted} g/L predicted "
        f"({plain(Decimal(recovery) * 100)} %): ongoing consumption or bleeding?"
    )
    return _RCK_01.finds(text, evidence=(response.source, response.after.source if response.after else ""))


def _due(given: Given) -> tuple[Finding, ...]:
    due = given[MONITORING].recheck_due
    if due is None:
        return ()
    text = (
        f"Recheck of fibrinogen due {clock(due)}, {plain(given[WAIT])} h after the end of the last dose; "
        "consider another dose only if the recheck again calls for one"
    )
    return (_RCK_01.finds(text),)


RULES = (
    Rule(rows=(_RCK_01,), needs=(MONITORING, WAIT), wants=(DOSE_RESPONSES, LOW_RECOVERY), applies=recheck_after_dose),
)
