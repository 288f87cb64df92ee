"""An assessment as the JSON of interfaces.md section 5, and as sentences."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from smartapp.clinical.assessment import GUIDELINE_NAME, GUIDELINE_VERSION, Assessment, OutcomeKind
from smartapp.clinical.derived_facts import Action
from smartapp.clinical.finding_order import joined
from smartapp.clinical.findings import Finding
from smartapp.clinical.report_members import (
    change_json,
    decimal_text,
    dic_json,
    monitoring_json,
    newest_unusable_json,
    option_json,
    response_json,
    rfc3339,
    standing_json,
    underlying_json,
    without_absent,
)
from smartapp.clinical.words import plain, to_places
from smartapp.clinical.would_change import Change

DISCLAIMER = "Decision support: verify before acting. Not a cleared medical device."


def as_json(assessment: Assessment, changes: Sequence[Change] = ()) -> dict[str, Any]:
    """The contract of interfaces.md section 5: decimals as strings, absent members left out, never null."""
    body = {
        "as_of": rfc3339(assessment.picture.as_of),
        "patient": assessment.picture.patient.reference,
        "age_years": assessment.age.low if assessment.age else None,
        "weight_kg": _weight(assessment),
        "guideline": {"name": GUIDELINE_NAME, "version": GUIDELINE_VERSION},
        "policy": {
            "profile": assessment.policy.profile,
            "sha256": assessment.policy.sha256,
            "overrides": dict(assessment.policy.overrides),
        },
        "infusion": _infusion(assessment),
        "crs": _crs(assessment),
        "bleeding": str(assessment.bleeding),
        "bleeding_by": _entered(assessment, "bleeding"),
        "fibrinogen": _fibrinogen(assessment),
        "tier": str(assessment.tier),
        "modifiers": _modifiers(assessment),
        "action": str(assessment.action),
        "indicator": str(assessment.indicator),
        "target_g_per_l": _target(assessment),
        "underlying": underlying_json(assessment),
        "newest_unusable": newest_unusable_json(assessment),
        "draft_allowed": assessment.draft_allowed,
        "draft_blockers": [{"rule": blocker.rule, "text": blocker.text} for blocker in assessment.draft_blockers],
        "provisos": [{"rule": proviso.rule, "text": proviso.text} for proviso in assessment.provisos],
        "standing": [standing_json(order) for order in assessment.standing],
        "options": [option_json(option) for option in assessment.options],
        "dic": dic_json(assessment),
        "monitoring": monitoring_json(assessment),
        "findings": [_finding(finding) for finding in _each_once(assessment.findings)],
        "rules": [_outcome(outcome) for outcome in assessment.outcomes],
        "would_change": [change_json(change) for change in changes],
        "dose_responses": [response_json(response) for response in assessment.dose_responses],
        "data_issues": [_issue(gap) for gap in assessment.gaps],
        "citations": sorted({key for finding in assessment.findings for key in finding.citations}),
    }
    return without_absent(body)


def basis_json(assessment: Assessment) -> dict[str, Any]:
    """What an answer rests on: the part of `as_json` that tells inputs, without texts of advice."""
    body = {
        "as_of": rfc3339(assessment.picture.as_of),
        "patient": assessment.picture.patient.reference,
        "weight_kg": _weight(assessment),
        "infusion": _infusion(assessment),
        "crs": _crs(assessment),
        "bleeding": str(assessment.bleeding),
        "fibrinogen": _fibrinogen(assessment),
        "modifiers": _modifiers(assessment),
        "data_issues": [_issue(gap) for gap in assessment.gaps],
    }
    return without_absent(body)


def _weight(assessment: Assessment) -> str | None:
    return plain(assessment.weight.kg) if assessment.weight else None


def _modifiers(assessment: Assessment) -> list[str] | None:
    return [str(modifier) for modifier in assessment.modifiers] if assessment.decision else None


def _infusion(assessment: Assessment) -> dict[str, Any] | None:
    infusion = assessment.infusion
    if infusion is None:
        return None
    return without_absent(
        {
            "product": str(infusion.product),
            "date": infusion.local_date.isoformat() if infusion.local_date else None,
            "day": infusion.day,
            "evidence": "strong" if infusion.strong else "weak",
            "source": infusion.source,
            "by": _entered(assessment, "infusion"),
        }
    )


def _crs(assessment: Assessment) -> dict[str, Any] | None:
    crs = assessment.crs
    if crs is None or assessment.infusion is None:
        return None
    return without_absent(
        {
            "grade": crs.grade,
            "band": str(crs.band) if crs.band != "fatal" else None,
            "basis": str(crs.basis),
            "scale": crs.scale,
            "stale": crs.stale,
            "suggested_grade": crs.suggested_grade,
            "peak_grade": crs.peak_grade,
            "by": _entered(assessment, "crs_grade") if crs.by_hand else None,
        }
    )


def _fibrinogen(assessment: Assessment) -> dict[str, Any] | None:
    effective = assessment.fibrinogen
    if effective is None:
        return None
    result = effective.result
    return without_absent(
        {
            "g_per_l": plain(effective.g_per_l),
            "reported": result.reported,
            "comparator": str(result.comparator) if result.comparator else None,
            "collected": rfc3339(result.collected.at),
            "age_h": str(rounded_to_tenth(effective.age_h)),
            "method": str(result.variant),
            "source": result.source,
            "flags": list(effective.flags),
        }
    )


def rounded_to_tenth(value: Decimal) -> Decimal:
    """One decimal, kept even when it is zero: an age of `1.0` h."""
    return to_places(value, 1)


def _target(assessment: Assessment) -> str | None:
    decision = assessment.decision
    return (
        decimal_text(decision.target_g_per_l)
        if decision and decision.action in (Action.REPLACE, Action.CONSIDER)
        else None
    )


def _each_once(findings: Sequence[Finding]) -> list[Finding]:
    """Each rule once, also where it speaks of several orders."""
    by_rule: dict[str, list[Finding]] = {}
    for finding in findings:
        by_rule.setdefault(finding.rule, []).append(finding)
    return [joined(same) if len(same) > 1 else same[0] for same in by_rule.values()]


def _entered(assessment: Assessment, name: str) -> dict[str, Any] | None:
    """Who entered it by hand, and when."""
    bedside = assessment.picture.bedside
    if name not in bedside.added:
        return None
    at = bedside.times.get(name)
    return without_absent({"user": bedside.users.get(name), "at": rfc3339(at) if at else None})


def _finding(finding: Any) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "version": finding.version,
        "indicator": str(finding.indicator),
        "text": finding.text,
        "evidence": list(finding.evidence),
        "citations": list(finding.citations),
        "level": str(finding.level),
    }


def _outcome(outcome: Any) -> dict[str, Any]:
    body = {"rule": outcome.rule, "version": outcome.version, "outcome": str(outcome.kind)}
    missing = {"missing": list(outcome.missing)} if outcome.missing else {}
    inputs = [_input(*each) for each in outcome.inputs] if outcome.kind is OutcomeKind.APPLIES else []
    return {**body, **missing, **({"inputs": inputs} if inputs else {})}


def _input(name: str, value: str, source: str) -> dict[str, str]:
    """What a rule that applies looked at: the value with its unit and time, and the record."""
    return {"name": name, "value": value, **({"source": source} if source else {})}


def _issue(gap: Any) -> dict[str, Any]:
    return {"rule": gap.rule, "text": gap.text, **({"source": gap.source} if gap.source else {})}
