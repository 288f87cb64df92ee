"""The verdict: action and indicator, of the replacement table where the therapy rules run, else of what stops them."""

from smartapp.clinical.criteria.applicability import APPLICABILITY
from smartapp.clinical.criteria.decision import DECISION
from smartapp.clinical.derived_facts import Action, Applicability
from smartapp.clinical.findings import Indicator
from smartapp.clinical.rule import Facts, Missing, Need

Verdict = tuple[Action, Indicator]


def _read(facts: Facts) -> Verdict:
    applicability = facts.get(APPLICABILITY)
    if isinstance(applicability, Missing):
        applicability = Applicability(runs=False)
    decision = facts.get(DECISION) if applicability.runs else None
    if decision is None or isinstance(decision, Missing):
        return applicability.action or Action.CANNOT_ASSESS, Indicator.INFO
    return decision.action, decision.indicator


VERDICT: Need[Verdict] = Need("verdict", _read)
