"""Drugs the patient is on now: anticoagulants, tranexamic acid, those that make fibrinogen read low (guideline 9.7)."""

from collections.abc import Iterator
from dataclasses import dataclass

from smartapp.clinical.codes import ANTICOAGULANTS, MAY_READ_LOW
from smartapp.clinical.criteria.conditions import active
from smartapp.clinical.picture import OrderKind, Topic
from smartapp.clinical.rule import Facts, Missing, Need
from smartapp.clinical.terminology import ConditionKind, Drug

_KINDS = frozenset({OrderKind.MEDICATION_REQUEST, OrderKind.MEDICATION_STATEMENT})
_TELLING = (Topic.MEDICATION_REQUESTS, Topic.MEDICATION_STATEMENTS, Topic.ADMINISTRATIONS)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveDrug:
    """One drug in use and the record that says so; `label` is the record's own wording."""

    label: str
    source: str


def _in_use(facts: Facts, drugs: frozenset[Drug]) -> Iterator[ActiveDrug]:
    """Ordered or stated to be taken, or running now."""
    for order in facts.picture.orders:
        if order.is_active and order.kind in _KINDS and order.drug in drugs:
            yield ActiveDrug(label=order.label or str(order.drug), source=order.source)
    for exposure in facts.picture.exposures:
        if exposure.drug in drugs and exposure.running and exposure.start.at <= facts.picture.as_of:
            yield ActiveDrug(label=exposure.label or str(exposure.drug), source=exposure.source)


def _first(facts: Facts, found: list[ActiveDrug], name: str, *topics: Topic) -> ActiveDrug | Missing | None:
    if found:
        return min(found, key=lambda drug: drug.source)
    failed = [topic for topic in (*_TELLING, *topics) if topic in facts.picture.unread]
    return Missing((name,), f"{' and '.join(failed)} could not be read completely") if failed else None


def _anticoagulant(facts: Facts) -> ActiveDrug | Missing | None:
    stated = active(facts, ConditionKind.ANTICOAGULANT_USE)
    found = [*_in_use(facts, ANTICOAGULANTS), *(ActiveDrug(label=each.label, source=each.source) for each in stated)]
    return _first(facts, found, "anticoagulant", Topic.CONDITIONS)


ANTICOAGULANT: Need[ActiveDrug | None] = Need("anticoagulant", _anticoagulant)
"""COAG-04: an anticoagulant ordered, stated or running, or its long-term use recorded (Z79.01)."""


def _tranexamic_acid(facts: Facts) -> ActiveDrug | Missing | None:
    return _first(facts, list(_in_use(facts, frozenset({Drug.TRANEXAMIC_ACID}))), "tranexamic_acid")


TRANEXAMIC_ACID: Need[ActiveDrug | None] = Need("tranexamic_acid", _tranexamic_acid)
"""SAF-04."""


def _reads_low(facts: Facts) -> ActiveDrug | Missing | None:
    return _first(facts, list(_in_use(facts, MAY_READ_LOW)), "anticoagulant")


MAY_READ_LOW_DRUG: Need[ActiveDrug | None] = Need("may_read_low", _reads_low)
"""DQ-10: heparin, argatroban, bivalirudin or dabigatran, with which a fibrinogen may read low."""
