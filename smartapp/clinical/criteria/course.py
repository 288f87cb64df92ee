"""The course since before the infusion: its baseline, and whether it has become steady (MON-04, MON-05)."""

from datetime import timedelta

from smartapp.clinical.criteria.chosen_fibrinogen import USABLE_FIBRINOGEN
from smartapp.clinical.criteria.infusion import INFUSION
from smartapp.clinical.criteria.products_given import given_products
from smartapp.clinical.criteria.recent import surely_at_least
from smartapp.clinical.labs import LabResult
from smartapp.clinical.picture import Topic
from smartapp.clinical.rule import Facts, Missing, Need

BASELINE_DAYS = timedelta(days=14)
_DAY = timedelta(hours=24)


def _baseline(facts: Facts) -> LabResult | Missing | None:
    infusion, results = facts.get(INFUSION), facts.get(USABLE_FIBRINOGEN)
    if isinstance(infusion, Missing) or infusion.local_date is None or isinstance(results, Missing):
        return Missing(("infusion",), "the day of the infusion is not known")
    first, last, zone = infusion.local_date - BASELINE_DAYS, infusion.local_date, facts.picture.zone
    found = next((r for r in results if first <= r.collected.local_date(zone) <= last), None)
    gap = facts.picture.unread.get(Topic.LABORATORY)
    return Missing(("fibrinogen",), gap.text) if found is None and gap is not None else found


BASELINE: Need[LabResult | None] = Need("baseline_fibrinogen", _baseline)
"""The newest usable fibrinogen from day -14 to day 0 by local date; None if there is none."""


def _steady(facts: Facts) -> tuple[LabResult, ...] | Missing:
    results = facts.get(USABLE_FIBRINOGEN)
    if isinstance(results, Missing) or len(results) < 2:
        return ()
    newest, previous = results[0], results[1]
    failed = [topic for topic in (Topic.ADMINISTRATIONS, Topic.PROCEDURES) if topic in facts.picture.unread]
    if failed:
        return Missing(("products_given",), f"{' and '.join(failed)} could not be read completely")
    apart = newest.collected.at - previous.collected.at >= _DAY
    normal = all(surely_at_least(result, facts.policy.get("t1_below")) for result in (newest, previous))
    ends = [(e.end or e.start).at for e in given_products(facts)]
    running = any(e.running for e in given_products(facts))
    clear = not running and all(previous.collected.at - end >= _DAY for end in ends)
    return (newest, previous) if apart and normal and clear else ()


STEADY: Need[tuple[LabResult, ...]] = Need("steady_fibrinogen", _steady)
"""The last two usable results, if both are normal, at least 24 h apart, and at least 24 h after the last product; else none."""
