"""The members of an assessment as the JSON of interfaces.md section 5: decimals as text, absent members left out."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from smartapp.clinical.assessment import Assessment
from smartapp.clinical.criteria.dose_responses import DoseResponse
from smartapp.clinical.derived_facts import Option
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


def without_absent(body: dict[str, Any]) -> dict[str, Any]:
    """Members that are None left out: absent means not applicable."""
    return {name: value for name, value in body.items() if value is not None}


def rfc3339(at: datetime) -> str:
    """UTC with `Z`, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def decimal_text(value: Decimal | None) -> str | None:
    """The shortest exact text; None where there is none."""
    return None if value is None else plain(value)


def to_some_places(value: Decimal | None, places: int) -> str | None:
    """Half up, without trailing zeros."""
    return None if value is None else rounded(value, places)


def two_places(value: Decimal | None) -> str | None:
    """Half up to two decimals."""
    return None if value is None else f"{to_places(value, 2)}"


def option_json(option: Option) -> dict[str, Any]:
    """One option of `options[]`."""
    rise = option.expected_rise_mg_per_dl
    body = {
        "product": str(option.product),
        "brand": str(option.brand) if option.brand else None,
        "preferred": option.preferred,
        "why": option.why,
        "dose_mg": decimal_text(option.dose_mg),
        "dose_mg_per_kg": to_some_places(option.dose_mg_per_kg, 1),
        "vials": option.vials,
        "units": option.units,
        "pools": option.pools,
        "form": "pathogen_reduced" if option.doses is not None else None,
        "doses": option.doses,
        "mg_per_dose": decimal_text(option.mg_per_dose),
        "volume_ml": decimal_text(option.volume_ml),
        "min_minutes": decimal_text(option.min_minutes),
        "predicted_g_per_l": two_places(option.predicted_g_per_l),
        "predicted_low_g_per_l": two_places(option.predicted_low_g_per_l),
        "expected_rise_mg_per_dl": [rounded(bound, 1) for bound in rise] if rise else None,
        "flags": list(option.flags),
        "steps": list(option.steps),
        "notes": list(option.notes) or None,
        "licence": option.licence,
    }
    return without_absent(body)


def dic_json(assessment: Assessment) -> dict[str, Any] | None:
    """`dic`."""
    dic = assessment.dic
    if dic is None:
        return None
    return without_absent(
        {"result": dic.result, "score": dic.score, "min": dic.lowest, "max": dic.highest, "items": dict(dic.items)}
    )


def monitoring_json(assessment: Assessment) -> dict[str, Any] | None:
    """`monitoring`."""
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


def response_json(response: DoseResponse) -> dict[str, Any]:
    """One dose of `dose_responses[]`."""
    body = {
        "product": str(response.product),
        "given": rfc3339(response.given),
        "source": response.source,
        "before_g_per_l": decimal_text(response.before.value) if response.before else None,
        "after_g_per_l": decimal_text(response.after.value) if response.after else None,
        "predicted_rise_g_per_l": two_places(response.predicted),
        "achieved_rise_g_per_l": decimal_text(response.achieved),
        "recovery": two_places(response.recovery),
        "steps": list(response.steps),
    }
    return without_absent(body)


def standing_json(order: StandingOrder) -> dict[str, Any]:
    """One order of `standing[]`."""
    body = {
        "kind": _KINDS[order.state],
        "product": str(order.drug),
        "amount": decimal_text(order.amount),
        "unit": order.unit or None,
        "authored": rfc3339(order.authored.at) if order.authored else None,
        "by": order.by or None,
        "source": order.source,
        "ours": order.ours,
    }
    return without_absent(body)


def newest_unusable_json(assessment: Assessment) -> dict[str, Any] | None:
    """`newest_unusable` (DQ-21)."""
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


def underlying_json(assessment: Assessment) -> dict[str, Any] | None:
    """`underlying` (DQ-17, DQ-21)."""
    decision = assessment.underlying
    if decision is None:
        return None
    return {"rule": decision.row, "action": str(decision.action), "indicator": str(decision.indicator)}


def change_json(change: Change) -> dict[str, Any]:
    """One change of `would_change[]`."""
    return {
        "input": change.input,
        "from": change.before,
        "to": change.to,
        "action": str(change.action),
        "indicator": str(change.indicator),
    }
