"""Values in the words of the screens: number, unit, the other unit, time (screens.md section 2)."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import singledispatch
from typing import Any

from smartapp.clinical.derived_facts import (
    Age,
    CrsStatus,
    Decision,
    Dic,
    EffectiveFibrinogen,
    Infusion,
    Modifier,
    Monitoring,
    NoFibrinogen,
    Weight,
)
from smartapp.clinical.labs import LabResult
from smartapp.clinical.orders import Product
from smartapp.clinical.picture import Bedside, Exposure, OrderState, StandingOrder

_UNITS = {Product.FIBRINOGEN_CONCENTRATE: " mg", Product.CRYOPRECIPITATE: " units"}
_LONG = Context(prec=1000)
MODIFIER_WORDS = {
    Modifier.AGE_LT_10: "age below 10 years",
    Modifier.TREND_DOWN: "falling fibrinogen",
    Modifier.PLATELETS_LT_50: "platelets below 50",
    Modifier.ICANS_GE_3: "ICANS grade 3 or more",
    Modifier.INVASIVE_PROCEDURE_24H: "invasive procedure within 24 h",
    Modifier.POST_TOCI: "recent tocilizumab",
    Modifier.BLEEDING_MINOR: "minor bleeding",
    Modifier.DIC_OVERT: "overt DIC by score",
}


def rounded(value: Decimal, places: int = 2) -> str:
    """Half up, without trailing zeros: `1.53`, `42.9`, `3000`."""
    return plain(to_places(value, places))


def to_places(value: Decimal, places: int) -> Decimal:
    """Half up to so many decimals, trailing zeros kept; a number of any length has an answer."""
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, _LONG)


def plain(value: Decimal) -> str:
    """The shortest exact text of a number."""
    return f"{value.normalize(_LONG):f}" if value else "0"


def fibrinogen_words(value: Decimal) -> str:
    """A fibrinogen level in g/L as clinicians write it, with one decimal at least: `1.0`, `0.94`."""
    words = rounded(value)
    return words if "." in words else f"{words}.0"


def g_per_l(value: Decimal) -> str:
    """Fibrinogen in both units: `0.94 g/L (94 mg/dL)`."""
    return f"{fibrinogen_words(value)} g/L ({rounded(value * 100, 1)} mg/dL)"


def clock(at: datetime) -> str:
    """A time for traces: UTC, to the minute."""
    return at.strftime("%Y-%m-%d %H:%M UTC")


def age_words(span: timedelta) -> str:
    """How long ago: `35 min ago`, `9 h ago`, `3 d ago`."""
    minutes = int(span.total_seconds() // 60)
    if minutes < 0:
        return "in the future"
    if minutes < 120:
        return f"{minutes} min ago"
    return f"{minutes // 60} h ago" if minutes < 48 * 60 else f"{minutes // 1440} d ago"


def percent(share: Decimal) -> str:
    """A share as a whole percentage, with a minus sign: `7 %`, `−35 %`."""
    return f"{rounded(share * 100, 0)} %".replace("-", "−")


def span_words(span: timedelta) -> str:
    """How long: `41 min`, `5 h`, `2 d`."""
    minutes = int(span.total_seconds() // 60)
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} d"


def source_of(value: Any) -> str:
    """The record that a fact rests on: the source that `in_words` gives, without the words."""
    match value:
        case EffectiveFibrinogen():
            return value.result.source
        case NoFibrinogen():
            return value.last.source if value.last else ""
    return str(getattr(value, "source", ""))


@singledispatch
def in_words(value: Any) -> tuple[str, str]:
    """A fact as (words with unit and time, source reference)."""
    if isinstance(value, Decimal):
        return plain(value), "site policy"
    if isinstance(value, tuple | list | frozenset):
        return ", ".join(str(item) for item in value if isinstance(item, str)) or (
            "none" if not value else f"{len(value)}"
        ), ""
    if isinstance(value, bool):
        return ("yes" if value else "no"), ""
    if is_dataclass(value):
        return _members(value), str(getattr(value, "source", ""))
    return ("none that counts here" if value is None else str(value)), ""


@in_words.register
def _(value: Mapping) -> tuple[str, str]:  # type: ignore[type-arg]  # singledispatch takes the bare class
    told = (f"{name} {in_words(kept)[0]}{_UNITS.get(name, '')}".replace("_", " ") for name, kept in value.items())
    return ", ".join(told) or "none", ""


def fact_in_words(name: str, value: Any) -> tuple[str, str]:
    """As `in_words`, for a fact by its name: a grade of which there is no record is not a grade of 0."""
    return ("no grade recorded", "") if name == "icans" and value == 0 else in_words(value)


def _members(value: Any) -> str:
    """What a fact without words of its own holds, member by member: `fever no, vasopressors 0`."""
    held = ((member.name, getattr(value, member.name)) for member in fields(value) if member.name != "source")
    told = [f"{name.replace('_', ' ')} {in_words(kept)[0]}" for name, kept in held if _tellable(kept)]
    return ", ".join(told) or "none"


def _tellable(kept: Any) -> bool:
    return isinstance(kept, bool | int | Decimal) or (isinstance(kept, str) and bool(kept))


@in_words.register
def _(value: LabResult) -> tuple[str, str]:
    return f"{value.reported}, collected {clock(value.collected.at)}", value.source


@in_words.register
def _(value: EffectiveFibrinogen) -> tuple[str, str]:
    return in_words(value.result)


@in_words.register
def _(value: NoFibrinogen) -> tuple[str, str]:
    return value.why, value.last.source if value.last else ""


@in_words.register
def _(value: CrsStatus) -> tuple[str, str]:
    grade = "grade unknown" if value.grade is None else f"grade {value.grade}"
    return f"{grade}, {value.basis}", value.source


@in_words.register
def _(value: Infusion) -> tuple[str, str]:
    return f"{value.product}, day {value.day if value.day is not None else 'unknown'}", value.source


@in_words.register
def _(value: Age) -> tuple[str, str]:
    return (f"{value.low} years" if value.exact else f"{value.low} or {value.high} years"), "Patient"


@in_words.register
def _(value: Weight) -> tuple[str, str]:
    return f"{rounded(value.kg)} kg, measured {clock(value.measured)}", value.source


@in_words.register
def _(value: Exposure) -> tuple[str, str]:
    return f"{value.label or value.drug}, started {clock(value.start.at)}", value.source


@in_words.register
def _(value: Decision) -> tuple[str, str]:
    return f"{value.row}: {value.action}", ""


@in_words.register
def _(value: Dic) -> tuple[str, str]:
    return (
        f"score {value.score if value.score is not None else f'{value.lowest} to {value.highest}'}, {value.result}",
        "",
    )


@in_words.register
def _(value: Monitoring) -> tuple[str, str]:
    return f"every {plain(value.interval_h)} h", ""


_STANDS = {
    OrderState.DRAFT: ("drafted", "not signed: sign or withdraw it first"),
    OrderState.ON_HOLD: ("ordered", "on hold: sign or withdraw it first"),
    OrderState.ACTIVE: ("ordered", "not recorded as given"),
    OrderState.COMPLETED: ("ordered", "completed, administration not recorded"),
    OrderState.DISPENSED: ("handed out", "administration not recorded"),
}


def standing_order_words(order: StandingOrder, at: str) -> str:
    """`Cryoprecipitate 10 units drafted 04:56 by Dr Osei, not signed: sign or withdraw it first` (REP-13)."""
    name = str(order.drug or order.label).replace("_", " ")
    amount = f" {counted_amount(order.amount, order.unit)}" if order.amount is not None else ""
    verb, state = _STANDS[order.state]
    by = f" by {order.by}" if order.by else ""
    return f"{name[0].upper()}{name[1:]}{amount} {verb} {at}{by}, {state}"


def standing_words(orders: Sequence[StandingOrder], zone: tzinfo) -> str:
    """What stands, each with its time in the site's zone."""
    told = [
        standing_order_words(
            o, o.authored.at.astimezone(zone).strftime("%H:%M") if o.authored else "at an unknown time"
        )
        for o in orders
    ]
    return "; ".join(told)


def counted_amount(amount: Decimal, unit: str) -> str:
    """`10 units`, `3000 mg`, `1 pool`."""
    counts = unit not in ("mg", "mg/kg", "mL") and amount != 1
    return f"{plain(amount)} {unit}{'s' if counts else ''}"


def added_words(bedside: Bedside) -> dict[str, str]:
    """What was added by hand, by its name; results marked suspect are not among it."""
    told = {
        "bleeding": f"bleeding {bedside.bleeding}" if bedside.bleeding else "",
        "crs_grade": f"CRS grade {bedside.crs_grade}" if bedside.crs_grade is not None else "",
        "weight_kg": f"weight {plain(bedside.weight_kg)} kg" if bedside.weight_kg is not None else "",
        "infusion": f"{bedside.infusion_product} infused on {bedside.infusion_date}" if bedside.infusion_date else "",
    }
    return {name: words for name, words in told.items() if words}
