"""What an order rests on: its result, its amounts and reasons, and what must not move until it is written."""

from collections.abc import Mapping

from smartapp.clinical.amount_words import full_amount_words
from smartapp.clinical.assessment import Assessment
from smartapp.clinical.derived_facts import Option
from smartapp.clinical.order_reasons import stated
from smartapp.clinical.orders import ProposedOrder
from smartapp.clinical.picture import Topic
from smartapp.clinical.words import added_words, g_per_l

_LATER_EVENTS = (
    Topic.LABORATORY,
    Topic.ADMINISTRATIONS,
    Topic.PROCEDURES,
    Topic.MEDICATION_REQUESTS,
    Topic.SERVICE_REQUESTS,
)
"""The parts of a chart that tell of newer results, doses and orders."""


def basis_of(assessment: Assessment) -> str:
    """The result an order rests on; empty where there is none."""
    return assessment.fibrinogen.result.source if assessment.fibrinogen else ""


def basis_text(assessment: Assessment) -> str:
    """The same in words."""
    effective = assessment.fibrinogen
    if effective is None:
        return "no usable fibrinogen"
    return f"{effective.result.comparator or ''}{g_per_l(effective.g_per_l)}, reported {effective.result.reported}"


def order_of(assessment: Assessment, option: Option) -> ProposedOrder:
    """The order that an option proposes, with the reason, the arithmetic and the records it rests on."""
    decision = assessment.decision
    supporting = [basis_of(assessment), *(source for finding in assessment.findings for source in finding.evidence)]
    supporting += [assessment.weight.source] if assessment.weight else []
    order = ProposedOrder(
        product=option.product,
        reason=f"Fibrinogen {basis_text(assessment)}: {decision.text if decision else ''}".rstrip(": "),
        brand=option.brand,
        dose_mg=option.dose_mg,
        units=option.units,
        vials=option.vials,
        volume_ml=option.volume_ml,
        max_rate_ml_per_min=option.max_rate_ml_per_min,
        basis=basis_of(assessment),
        supporting=tuple(dict.fromkeys(source for source in supporting if "/" in source)),
        steps=(*option.steps, *_by_hand(assessment)),
        rules=((decision.row, decision.version),) if decision else (),
    )
    return stated(order, assessment, option)


def _by_hand(assessment: Assessment) -> tuple[str, ...]:
    """What the order rests on that stands in no record, marked as the clinician's own (interfaces.md section 4)."""
    bedside = assessment.picture.bedside
    told = reversed(added_words(bedside).values())  # the weight first: the dose rests on it
    entered = ", ".join((*told, *(f"{source} is suspect" for source in bedside.suspects)))
    return (f"Entered by the clinician, not from the record: {entered}",) if entered else ()


_MAY_BE_WRITTEN, _NOT_ALLOWED = "may be written", "not allowed"


def fingerprint(assessment: Assessment) -> dict[str, str]:
    """What a proposal rests on; if any of it moves, nothing is written."""
    effective, weight, crs = assessment.fibrinogen, assessment.weight, assessment.crs
    draft = (
        _MAY_BE_WRITTEN
        if assessment.draft_allowed
        else "; ".join(b.text for b in assessment.draft_blockers) or _NOT_ALLOWED
    )
    return {
        "fibrinogen": f"{basis_text(assessment)} ({basis_of(assessment)})",
        "status of the result": str(effective.result.status) if effective else "none",
        "weight": f"{weight.kg} kg" if weight else "not recorded",
        "CRS grade": "unknown" if crs is None or crs.grade is None else str(crs.grade),
        "bleeding": str(assessment.bleeding).replace("_", " "),
        "dose": "; ".join(_amounts(option) for option in assessment.options) or "none",
        "advice": f"{assessment.action} {assessment.decision.row if assessment.decision else ''}".strip(),
        "draft": draft,
        "cautions": ", ".join(f.rule for f in assessment.findings if f.rule.startswith("SAF-")) or "none",
        "what could not be read": ", ".join(topic for topic in _LATER_EVENTS if topic in assessment.picture.unread)
        or "nothing",
    }


def _amounts(option: Option) -> str:
    return f"{option.product.replace('_', ' ')} {full_amount_words(option) or 'without a number'}"


def changes(now: Assessment, before: Mapping[str, str]) -> tuple[str, ...]:
    """What moved since a fingerprint was taken, a sentence each: `fibrinogen is now 1.62 g/L …, was …`."""
    after = fingerprint(now)
    return tuple(_moved(name, before.get(name), after[name]) for name in after if after[name] != before.get(name))


def _moved(name: str, before: str | None, after: str) -> str:
    if name == "draft" and before == _MAY_BE_WRITTEN:
        return "no draft may be written now" + (f": {after}" if after != _NOT_ALLOWED else "")
    return f"{name} is now {after}, was {before}"
