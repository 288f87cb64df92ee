"""An assessment as the JSON of interfaces.md section 5, and as sentences."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from smartapp.clinical.assessment import GUIDELINE_NAME, GUIDELINE_VERSION, Assessment, OutcomeKind
from smartapp.clinical.criteria.dose_responses import DoseResponse
from smartapp.clinical.derived_facts import Action, Option
from smartapp.clinical.finding_order import joined
from smartapp.clinical.findings import Finding
from smartapp.clinical.picture import OrderState, StandingOrder
from smartapp.clinical.words import plain, rounded, to_places
from smartapp.clinical.would_change import Change

_KINDS = {
    OrderState.DRAFT: "draft",
    OrderState.ON_HOLD: "on_hold",
    OrderState.ACTIVE: "order",
    OrderState.COMPLETED: "order",
    OrderState.DISPENSED: "dispense",
}
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
        "underlying": _underlying(assessment),
        "newest_unusable": _newest_unusable(assessment),
        "draft_allowed": assessment.draft_allowed,
        "draft_blockers": [{"rule": blocker.rule, "text": blocker.text} for blocker in assessment.draft_blockers],
        "provisos": [{"rule": proviso.rule, "text": proviso.text} for proviso in assessment.provisos],
        "standing": [_standing(order) for order in assessment.standing],
        "options": [_option(option) for option in assessment.options],
        "dic": _dic(assessment),
        "monitoring": _monitoring(assessment),
        "findings": [_finding(finding) for finding in _each_once(assessment.findings)],
        "rules": [_outcome(outcome) for outcome in assessment.outcomes],
        "would_change": [_change(change) for change in changes],
        "dose_responses": [_response(response) for response in assessment.dose_responses],
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


def without_absent(body: dict[str, Any]) -> dict[str, Any]:
    """Members that are None left out: absent means not applicable."""
    return {name: value for name, value in body.items() if value is not None}


def rfc3339(at: datetime) -> str:
    """UTC with `Z`, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _decimal(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def _places(value: Decimal | None, places: int) -> str | None:
    return None if value is None else rounded(value, places)


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
        _decimal(decision.target_g_per_l) if decision and decision.action in (Action.REPLACE, Action.CONSIDER) else None
    )


def _option(option: Option) -> dict[str, Any]:
    rise = option.expected_rise_mg_per_dl
    body = {
        "product": str(option.product),
        "brand": str(option.brand) if option.brand else None,
        "preferred": option.preferred,
        "why": option.why,
        "dose_mg": _decimal(option.dose_mg),
        "dose_mg_per_kg": _places(option.dose_mg_per_kg, 1),
        "vials": option.vials,
        "units": option.units,
        "pools": option.pools,
        "form": "pathogen_reduced" if option.doses is not None else None,
        "doses": option.doses,
        "mg_per_dose": _decimal(option.mg_per_dose),
        "volume_ml": _decimal(option.volume_ml),
        "min_minutes": _decimal(option.min_minutes),
        "predicted_g_per_l": _two_places(option.predicted_g_per_l),
        "predicted_low_g_per_l": _two_places(option.predicted_low_g_per_l),
        "expected_rise_mg_per_dl": [rounded(bound, 1) for bound in rise] if rise else None,
        "flags": list(option.flags),
        "steps": list(option.steps),
        "notes": list(option.notes) or None,
        "licence": option.licence,
    }
    return without_absent(body)


def _two_places(value: Decimal | None) -> str | None:
    return None if value is None else f"{to_places(value, 2)}"


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


def _underlying(assessment: Assessment) -> dict[str, Any] | None:
    decision = assessment.underlying
    if decision is None:
        return None
    return {"rule": decision.row, "action": str(decision.action), "indicator": str(decision.indicator)}


def _newest_unusable(assessment: Assessment) -> dict[str, Any] | None:
    newest = assessment.newest_unusable
    if newest is None:
        return None
    meanings = [
        {"unit": m.unit, "g_per_l": plain(m.g_per_l), "action": str(m.action), "indicator": str(m.indicator)}
        for m in newest.would_mean
    ]
    return {
        "source": newest.source,
        "issued" if newest.is_issued else "collected": rfc3339(newest.at),
        "reported": newest.reported,
        "why": newest.why,
        "would_mean": meanings,
    }


def _standing(order: StandingOrder) -> dict[str, Any]:
    body = {
        "kind": _KINDS[order.state],
        "product": str(order.drug),
        "amount": _decimal(order.amount),
        "unit": order.unit or None,
        "authored": rfc3339(order.authored.at) if order.authored else None,
        "by": order.by or None,
        "source": order.source,
        "ours": order.ours,
    }
    return without_absent(body)


def _dic(assessment: Assessment) -> dict[str, Any] | None:
    dic = assessment.dic
    if dic is None:
        return None
    return without_absent(
        {"result": dic.result, "score": dic.score, "min": dic.lowest, "max": dic.highest, "items": dict(dic.items)}
    )


def _monitoring(assessment: Assessment) -> dict[str, Any] | None:
    monitoring = assessment.monitoring
    if monitoring is None:
        return None
    interval = monitoring.interval_h
    return without_absent(
        {
            "interval_h": int(interval) if interval == int(interval) else plain(interval),
            "due": rfc3339(monitoring.due) if monitoring.due else None,
            "due_rule": monitoring.due_rule or None,
            "overdue": monitoring.overdue,
            "pending": monitoring.pending,
            "indicator": str(monitoring.indicator),
        }
    )


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


def _change(change: Change) -> dict[str, Any]:
    return {
        "input": change.input,
        "from": change.before,
        "to": change.to,
        "action": str(change.action),
        "indicator": str(change.indicator),
    }


def _response(response: DoseResponse) -> dict[str, Any]:
    body = {
        "product": str(response.product),
        "given": rfc3339(response.given),
        "source": response.source,
        "before_g_per_l": _decimal(response.before.value) if response.before else None,
        "after_g_per_l": _decimal(response.after.value) if response.after else None,
        "predicted_rise_g_per_l": _two_places(response.predicted),
        "achieved_rise_g_per_l": _decimal(response.achieved),
        "recovery": _two_places(response.recovery),
        "steps": list(response.steps),
    }
    return without_absent(body)


def _issue(gap: Any) -> dict[str, Any]:
    return {"rule": gap.rule, "text": gap.text, **({"source": gap.source} if gap.source else {})}
