"""What a proposal holds: the order offered and chosen, its option, what it rests on, and how it is shown."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

import msgspec

from smartapp.clinical.assessment import Assessment
from smartapp.clinical.derived_facts import Option
from smartapp.clinical.orders import ProposedOrder
from smartapp.clinical.picture import Topic
from smartapp.clinical.words import added_words, g_per_l, plain
from smartapp.usecases.ports import ProposalState, StoredProposal

T = TypeVar("T")
_TELLING = (
    Topic.LABORATORY,
    Topic.ADMINISTRATIONS,
    Topic.PROCEDURES,
    Topic.MEDICATION_REQUESTS,
    Topic.SERVICE_REQUESTS,
)
"""The parts of a chart that tell of newer results, doses and orders."""


class Stage(StrEnum):
    """How far the clinician has come with a proposal that is still open."""

    PROPOSED = "proposed"
    REVIEWING = "reviewing"
    CONFIRMING = "confirming"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalView:
    """A proposal as a page shows it.

    `left_out` names entries whose scope was not granted; `cannot_write` is why nothing can be written at all;
    `reference` the EHR's id (of the order that stands there already, if another window wrote it); `differs` how the
    stored order differs; `changes` what moved since it was offered; `basis_text` the result it rests on, in words;
    `decided_at` epoch seconds of the approval, else of the last change;
    `standing` the order's status at the EHR when it was last looked at; `receipt` the address of the decision receipt;
    `together`: the order and what stands beside it go in one transaction; `conditional`: else each goes with its condition.
    """

    id: str
    state: ProposalState
    stage: Stage
    order: ProposedOrder
    option: Option
    basis_text: str
    expires_at: float
    changed_at: float
    decided_at: float
    recheck: bool = True
    reference: str = ""
    recheck_reference: str = ""
    reason: str = ""
    differs: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    cannot_write: str = ""
    decided_by: str = ""
    standing: str = ""
    provenance: str = ""
    receipt: str = ""
    together: bool = False
    conditional: bool = True


def view_of(
    stored: StoredProposal,
    *,
    left_out: tuple[str, ...],
    cannot_write: str,
    together: bool = False,
    conditional: bool = True,
) -> ProposalView:
    """A kept proposal as a page shows it."""
    content = stored.content
    return ProposalView(
        id=stored.id,
        state=stored.state,
        stage=Stage(content["stage"]),
        order=order_in(content),
        option=option_in(content),
        basis_text=str(content.get("basis_text", "")),
        expires_at=stored.expires_at,
        changed_at=stored.changed_at,
        decided_at=float(content.get("decided_at", stored.changed_at)),
        recheck=bool(content.get("recheck")),
        reference=str(content.get("reference", "")),
        recheck_reference=str(content.get("recheck_reference", "")),
        reason=str(content.get("reason", "")),
        differs=tuple(content.get("differs", ())),
        changes=tuple(content.get("changes", ())),
        left_out=left_out,
        cannot_write=cannot_write,
        decided_by=str(content.get("decided_by", "")),
        standing=str(content.get("standing", "")),
        provenance=str(content.get("provenance", "")),
        receipt=str(content.get("receipt", "")),
        together=together,
        conditional=conditional,
    )


_CONVERTING = threading.Lock()


def packed(value: Any) -> Any:
    """A frozen value as it comes back from a store: JSON's own types, decimals as text."""
    return msgspec.json.decode(msgspec.json.encode(value))


def unpacked(data: Any, kind: type[T]) -> T:
    """The value again. One at a time: msgspec crashes where two threads meet a type for the first time at once."""
    with _CONVERTING:
        return msgspec.convert(data, kind)


def order_in(content: Mapping[str, Any]) -> ProposedOrder:
    """The order as chosen so far."""
    return unpacked(content["order"], ProposedOrder)


def can_be_ordered(option: Option) -> bool:
    """Whether an option has an amount to order (FC-06 lists some without) and nothing forbids it (SAF-06)."""
    return option.may_be_ordered


def option_in(content: Mapping[str, Any]) -> Option:
    """The option the order came from."""
    return unpacked(content["option"], Option)


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
    return ProposedOrder(
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
        "what could not be read": ", ".join(topic for topic in _TELLING if topic in assessment.picture.unread)
        or "nothing",
    }


def _amounts(option: Option) -> str:
    amounts = (("mg", option.dose_mg), ("units", option.units), ("mL", option.volume_ml))
    known = (f"{plain(Decimal(amount))} {unit}" for unit, amount in amounts if amount is not None)
    return f"{option.product.replace('_', ' ')} {', '.join(known) or 'without a number'}"


def changes(now: Assessment, content: Mapping[str, Any]) -> tuple[str, ...]:
    """What moved, a sentence each: `fibrinogen is now 1.62 g/L …, was …`."""
    before, after = content["fingerprint"], fingerprint(now)
    return tuple(_moved(name, before.get(name), after[name]) for name in after if after[name] != before.get(name))


def _moved(name: str, before: str | None, after: str) -> str:
    if name == "draft" and before == _MAY_BE_WRITTEN:
        return "no draft may be written now" + (f": {after}" if after != _NOT_ALLOWED else "")
    return f"{name} is now {after}, was {before}"
