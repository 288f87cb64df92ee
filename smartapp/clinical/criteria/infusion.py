"""The CAR-T infusion that counts, its day number, and a planned one (APP-01, APP-02, APP-05)."""

from datetime import date

from smartapp.clinical.conclusions import Infusion
from smartapp.clinical.moments import Moment
from smartapp.clinical.picture import InfusionRecord, Topic
from smartapp.clinical.rule import Facts, Missing, Need
from smartapp.clinical.terminology import CarTProduct, ConditionKind

_WEAK = frozenset({ConditionKind.CAR_T_HISTORY, ConditionKind.CAR_T_COMPLICATION})
_TELLING = (Topic.PROCEDURES, Topic.ADMINISTRATIONS)


def _read(facts: Facts) -> Infusion | Missing:
    picture = facts.picture
    records = [record for record in picture.infusions if not record.planned]
    dated = [(r.start, r) for r in records if r.strong and r.start and r.start.at <= picture.as_of]
    if dated:
        start, record = max(dated, key=lambda pair: (pair[0].at, pair[1].source))
        return _dated(facts, record, start)
    undated = [record for record in records if not (record.strong and record.start)]
    if undated:
        best = min(undated, key=lambda record: (not record.strong, record.source))
        return Infusion(product=best.product, strong=False, source=best.source)
    hint = next((c for c in picture.conditions if c.kinds & _WEAK), None)
    if hint is not None:
        return Infusion(product=CarTProduct.UNKNOWN, strong=False, source=hint.source)
    failed = [topic for topic in _TELLING if topic in picture.unread]
    if failed:
        return Missing(("infusion",), f"{' and '.join(failed)} could not be read, so a CAR-T infusion may be recorded there")
    return Missing((), "no CAR-T infusion is recorded")


INFUSION = Need("infusion", _read)


def _dated(facts: Facts, record: InfusionRecord, start: Moment) -> Infusion:
    zone = facts.picture.zone
    on = start.local_date(zone)
    today = facts.picture.as_of.astimezone(zone).date()
    return Infusion(
        product=record.product,
        strong=True,
        source=record.source,
        local_date=on,
        day=(today - on).days,
        start=start.at,
    )


def _planned(facts: Facts) -> date | Missing:
    dates = sorted(
        record.start.local_date(facts.picture.zone) for record in facts.picture.infusions if record.planned and record.start
    )
    return dates[0] if dates else Missing((), "no CAR-T infusion is planned")


PLANNED_INFUSION = Need("planned_infusion", _planned)


def since_infusion(facts: Facts, at_date: date) -> bool:
    """Whether a local date is on or after the infusion's; an undated infusion bounds nothing."""
    infusion = facts.get(INFUSION)
    return isinstance(infusion, Missing) or infusion.local_date is None or at_date >= infusion.local_date
