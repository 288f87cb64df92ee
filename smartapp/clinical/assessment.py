"""Every rule's outcome for one picture, and the answer they add up to."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

from smartapp.clinical.criteria.age import AGE
from smartapp.clinical.criteria.applicability import APPLICABILITY
from smartapp.clinical.criteria.bleeding_level import BLEEDING
from smartapp.clinical.criteria.crs import CRS
from smartapp.clinical.criteria.decision import DECISION
from smartapp.clinical.criteria.delta import DELTA, Delta
from smartapp.clinical.criteria.dic import DIC
from smartapp.clinical.criteria.dose_responses import DOSE_RESPONSES, DoseResponse
from smartapp.clinical.criteria.draft import BLOCKERS, draft_allowed
from smartapp.clinical.criteria.draft_orders import PRODUCTS
from smartapp.clinical.criteria.fibrinogen import FIBRINOGEN, TIER
from smartapp.clinical.criteria.infusion import INFUSION
from smartapp.clinical.criteria.issues import ALL_ISSUES
from smartapp.clinical.criteria.modifiers import MODIFIERS
from smartapp.clinical.criteria.monitoring_interval import MONITORING
from smartapp.clinical.criteria.newest_unusable import NEWEST_UNUSABLE, NewestUnusable
from smartapp.clinical.criteria.options import CHOICE
from smartapp.clinical.criteria.provisos import PROVISOS
from smartapp.clinical.criteria.standing import all_that_stands
from smartapp.clinical.criteria.verdict import UNDERLYING, VERDICT
from smartapp.clinical.criteria.weight import WEIGHT
from smartapp.clinical.derived_facts import (
    Action,
    Age,
    Applicability,
    Blocker,
    CrsStatus,
    Decision,
    Dic,
    EffectiveFibrinogen,
    Infusion,
    Modifier,
    Monitoring,
    Option,
    Proviso,
    Tier,
    Weight,
)
from smartapp.clinical.finding_order import in_order
from smartapp.clinical.findings import Finding, Indicator
from smartapp.clinical.orders import DraftOrder, ProposedOrder
from smartapp.clinical.picture import BleedingLevel, ClinicalPicture, Gap, StandingOrder
from smartapp.clinical.policy import SitePolicy
from smartapp.clinical.rule import Facts, Given, Missing, Need, Rule
from smartapp.clinical.rules import all_rules
from smartapp.clinical.words import fact_in_words

T = TypeVar("T")

GUIDELINE_NAME = "crs-coagulopathy"
GUIDELINE_VERSION = "1.2"
_AMOUNTS = ("ORD-03", "ORD-04", "ORD-05", "ORD-11", "ORD-12")


class OutcomeKind(StrEnum):
    """How a rule ended (`rules[].outcome`)."""

    APPLIES = "applies"
    SILENT = "silent"
    CANNOT_TELL = "cannot_tell"
    OFF = "off"


class Outcome(NamedTuple):
    """One row's outcome: `missing` names the inputs that lack, `facts` holds what its rule declared, told or not."""

    rule: str
    version: int
    kind: OutcomeKind
    missing: tuple[str, ...]
    facts: Mapping[Need[Any], Any]

    @property
    def used(self) -> Iterator[tuple[str, Any]]:
        """Each fact that could be told, with its name."""
        return ((need.name, value) for need, value in self.facts.items() if not isinstance(value, Missing))

    @property
    def inputs(self) -> tuple[tuple[str, str, str], ...]:
        """Each input used: its name, its value in words with unit and time, and its source; put into words only when asked."""
        return tuple((name, *fact_in_words(name, value)) for name, value in self.used)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """The answer for one patient at one moment; what belongs to sections that did not run is None or empty.

    `gaps` is `data_issues`: those of the reading and those the criteria found. `infusion` None: no CAR-T found.
    `decision` None where no therapy rule ran; `action` and `indicator` stand all the same; `underlying` is the decision that DQ-17 or
    DQ-21 replaced by them. `findings`: each row once (an order's row once for each order), the loudest first, then by clinical weight.
    """

    picture: ClinicalPicture
    policy: SitePolicy
    applicability: Applicability
    action: Action
    indicator: Indicator
    tier: Tier
    bleeding: BleedingLevel
    outcomes: tuple[Outcome, ...]
    findings: tuple[Finding, ...]
    gaps: tuple[Gap, ...]
    age: Age | None = None
    weight: Weight | None = None
    infusion: Infusion | None = None
    crs: CrsStatus | None = None
    fibrinogen: EffectiveFibrinogen | None = None
    modifiers: tuple[Modifier, ...] = ()
    decision: Decision | None = None
    underlying: Decision | None = None
    newest_unusable: NewestUnusable | None = None
    provisos: tuple[Proviso, ...] = ()
    standing: tuple[StandingOrder, ...] = ()
    delta: Delta | None = None
    draft_allowed: bool = False
    draft_blockers: tuple[Blocker, ...] = ()
    options: tuple[Option, ...] = ()
    dic: Dic | None = None
    monitoring: Monitoring | None = None
    dose_responses: tuple[DoseResponse, ...] = ()


def assess(picture: ClinicalPicture, policy: SitePolicy, rules: tuple[Rule, ...] | None = None) -> Assessment:
    """Run the rules on one picture under one policy; the same picture and policy always give the same answer."""
    facts = Facts(picture, policy)
    applicability = _told(facts, APPLICABILITY) or Applicability(runs=False, action=Action.CANNOT_ASSESS)
    asked = [rule for rule in (rules if rules is not None else all_rules()) if applicability.runs or rule.always]
    off = frozenset(policy.get("rules_off"))
    answers = [_answer(facts, rule, off) for rule in asked]
    shared = _always(facts, applicability, answers)
    return Assessment(**shared, **(_therapy(facts) if applicability.runs else {}))


def amount_findings(assessment: Assessment, order: ProposedOrder) -> tuple[Finding, ...]:
    """What ORD-03 to 05, 11 and 12 say of an amount that is about to be approved, as of a draft on an order pad."""
    drug = next(drug for drug, product in PRODUCTS.items() if product is order.product)
    units = None if order.units is None else Decimal(order.units)
    doses = None if order.doses is None else Decimal(order.doses)
    draft = DraftOrder(source="", drug=drug, dose_mg=order.dose_mg, donor_units=units, doses=doses)
    rules = tuple(rule for rule in all_rules() if any(row.id in _AMOUNTS for row in rule.rows))
    found = assess(replace(assessment.picture, draft_orders=(draft,)), assessment.policy, rules).findings
    return tuple(finding for finding in found if finding.rule in _AMOUNTS)


def _always(
    facts: Facts, applicability: Applicability, answers: list[tuple[list[Outcome], list[Finding]]]
) -> dict[str, Any]:
    """What stands whether or not the therapy rules ran (interfaces.md section 5)."""
    action, indicator = _told(facts, VERDICT) or (Action.CANNOT_ASSESS, Indicator.INFO)
    issues = [gap for need in ALL_ISSUES for gap in _told(facts, need) or ()]
    findings = [finding for _, found in answers for finding in found]
    return {
        "picture": facts.picture,
        "policy": facts.policy,
        "applicability": applicability,
        "action": action,
        "indicator": indicator,
        "tier": _told(facts, TIER) or Tier.TX,
        "bleeding": _told(facts, BLEEDING) or BleedingLevel.NONE_RECORDED,
        "outcomes": tuple(outcome for outcomes, _ in answers for outcome in outcomes),
        "findings": in_order(findings),
        "gaps": (*facts.picture.gaps, *issues),
        "age": _told(facts, AGE),
        "weight": _told(facts, WEIGHT),
        "infusion": _told(facts, INFUSION),
        "crs": _told(facts, CRS),
        "fibrinogen": _flagged(facts),
    }


def _therapy(facts: Facts) -> dict[str, Any]:
    """What only the therapy rules tell."""
    choice = _told(facts, CHOICE)
    return {
        "modifiers": _told(facts, MODIFIERS) or (),
        "decision": _told(facts, DECISION),
        "underlying": _told(facts, UNDERLYING),
        "newest_unusable": _told(facts, NEWEST_UNUSABLE),
        "provisos": _told(facts, PROVISOS) or (),
        "standing": all_that_stands(facts),
        "delta": _told(facts, DELTA),
        "draft_allowed": draft_allowed(facts),
        "draft_blockers": _told(facts, BLOCKERS) or (),
        "options": choice.options if choice else (),
        "dic": _told(facts, DIC),
        "monitoring": _told(facts, MONITORING),
        "dose_responses": _told(facts, DOSE_RESPONSES) or (),
    }


def _flagged(facts: Facts) -> EffectiveFibrinogen | None:
    """The effective result, marked where it jumps (DQ-22)."""
    effective = _told(facts, FIBRINOGEN)
    if effective is None:
        return None
    jumps = _told(facts, APPLICABILITY) is not None and _told(facts, DELTA) is not None
    return replace(effective, flags=(*effective.flags, "delta")) if jumps else effective


def _told(facts: Facts, need: Need[T]) -> T | None:
    value = facts.get(need)
    return None if isinstance(value, Missing) else value


def _answer(facts: Facts, rule: Rule, off: frozenset[str]) -> tuple[list[Outcome], list[Finding]]:
    """Each row's outcome; a rule whose need is missing is not asked (house.md section 4)."""
    values = {need: facts.get(need) for need in (*rule.needs, *rule.wants)}
    lacking = [value for need in rule.needs if isinstance(value := values[need], Missing)]
    if lacking:
        missing = tuple(dict.fromkeys(name for value in lacking for name in value.inputs))
        return _outcomes(rule, dict.fromkeys(off, OutcomeKind.OFF), OutcomeKind.CANNOT_TELL, missing, values), []
    kept = [finding for finding in rule.applies(Given(values)) if finding.rule not in off]
    ends = {finding.rule: OutcomeKind.APPLIES for finding in kept} | dict.fromkeys(off, OutcomeKind.OFF)
    return _outcomes(rule, ends, OutcomeKind.SILENT, (), values), kept


def _outcomes(
    rule: Rule,
    ends: Mapping[str, OutcomeKind],
    otherwise: OutcomeKind,
    missing: tuple[str, ...],
    facts: Mapping[Need[Any], Any],
) -> list[Outcome]:
    """How each row ended: as `ends` says, or `otherwise`."""
    return [Outcome(row.id, row.version, ends.get(row.id, otherwise), missing, facts) for row in rule.rows]
