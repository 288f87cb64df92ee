"""The verdict: action and indicator, of the replacement table where the therapy rules run, else of what stops them.

Where the newest fibrinogen could not be used (DQ-21), or results are known to be incomplete (DQ-17), nothing calm is said.
"""

from smartapp.clinical.criteria.applicability import APPLICABILITY
from smartapp.clinical.criteria.bleeding_level import BLEEDING, SERIOUS
from smartapp.clinical.criteria.decision import DECISION
from smartapp.clinical.criteria.newest_unusable import NEWEST_UNUSABLE, NewestUnusable
from smartapp.clinical.derived_facts import Action, Applicability, Decision
from smartapp.clinical.findings import Indicator
from smartapp.clinical.gaps import Gap
from smartapp.clinical.rule import Facts, Missing, Need

Verdict = tuple[Action, Indicator]
_CALM = frozenset({Action.NONE, Action.MONITOR})


def _read(facts: Facts) -> Verdict:
    applicability = facts.get(APPLICABILITY)
    if isinstance(applicability, Missing):
        applicability = Applicability(runs=False)
    decision = facts.get(DECISION) if applicability.runs else None
    if decision is None or isinstance(decision, Missing):
        return applicability.action or Action.CANNOT_ASSESS, applicability.indicator
    return _with_doubt(facts, decision)


VERDICT: Need[Verdict] = Need("verdict", _read)


def _with_doubt(facts: Facts, decision: Decision) -> Verdict:
    doubts = doubt_indicators(facts)
    if not doubts or decision.action in (Action.REPLACE, Action.CONSIDER):
        return decision.action, decision.indicator
    loudest = max(doubts, key=lambda indicator: indicator.rank)
    if decision.action in _CALM:
        return Action.CANNOT_ASSESS, loudest
    is_newest = isinstance(facts.get(NEWEST_UNUSABLE), NewestUnusable)
    least = Indicator.WARNING if is_newest else decision.indicator
    return decision.action, max(decision.indicator, least, key=lambda indicator: indicator.rank)


def doubt_indicators(facts: Facts) -> tuple[Indicator, ...]:
    """Of DQ-21 and DQ-17, where they hold."""
    newest = facts.get(NEWEST_UNUSABLE)
    of_newest = Indicator.CRITICAL if facts.get(BLEEDING) in SERIOUS else Indicator.WARNING
    return (
        *((of_newest,) if isinstance(newest, NewestUnusable) else ()),
        *((Indicator.WARNING,) if fibrinogen_incomplete(facts) is not None else ()),
    )


def _incomplete(facts: Facts) -> Gap | None:
    gap = facts.picture.fibrinogen_unread
    return None if gap is None or gap.only_older else gap


def fibrinogen_incomplete(facts: Facts) -> Gap | None:
    """DQ-17: why a newer or lower fibrinogen may exist; None where only older ones can be missing."""
    return facts.get(FIBRINOGEN_INCOMPLETE)  # type: ignore[return-value]  # never Missing


FIBRINOGEN_INCOMPLETE: Need[Gap | None] = Need("fibrinogen_incomplete", _incomplete)


def _underlying(facts: Facts) -> Decision | None:
    decision, verdict = facts.get(DECISION), facts.get(VERDICT)
    replaced = isinstance(decision, Decision) and not isinstance(verdict, Missing) and verdict[0] is not decision.action
    return decision if replaced and isinstance(decision, Decision) else None


UNDERLYING: Need[Decision | None] = Need("underlying", _underlying)
"""The decision that DQ-17 or DQ-21 replaced."""
