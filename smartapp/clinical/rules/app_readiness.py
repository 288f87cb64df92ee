"""Be ready before a planned infusion.

Guideline: APP-05, baseline values and a fibrinogen source should be there before CAR-T therapy begins.
Applies when: a CAR-T infusion is planned within the next 7 days.
Silent when: none is planned, it is further away, or the patient has died.
Cannot tell when: service requests could not be read and show no plan.
"""

from smartapp.clinical.criteria.infusion import PLANNED_INFUSION
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.picture import Topic
from smartapp.clinical.rule import Facts, Given, Missing, Need, Row, Rule, policy

_ROW = Row(
    id="APP-05", version=1, title="Be ready before a planned infusion", level=EvidenceLevel.L2, citations=("BUE21",)
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


def applies(given: Given) -> tuple[Finding, ...]:
    """Baseline and supply."""
    days = given[DAYS_AHEAD]
    if days is None:
        return ()
    text = (
        f"CAR-T infusion planned in {days} d. Consider recording baseline fibrinogen, PT/INR, aPTT, D-dimer, platelets and weight, and confirming "
        "that cryoprecipitate or fibrinogen concentrate is available, because replacement may be needed soon after"
    )
    found = [_ROW.finds(text)]
    if not given[CRYO] and not given[FC]:
        found.append(
            _ROW.finds(
                "No source of fibrinogen is available at this site before a planned CAR-T infusion", Indicator.WARNING
            )
        )
    return tuple(found)


RULE = Rule(rows=(_ROW,), needs=(DAYS_AHEAD, CRYO, FC), applies=applies, always=True)
