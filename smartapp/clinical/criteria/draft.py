"""Whether a draft may be written, and every reason why not (`draft_allowed`, `draft_blockers`, guideline section 10)."""

from collections.abc import Callable, Iterator

from smartapp.clinical.criteria.bleeding_level import BLEEDING
from smartapp.clinical.criteria.fibrinogen import FIBRINOGEN
from smartapp.clinical.criteria.hazards import BLOCKED_BY_ALLERGY, DYSFIBRINOGENAEMIA, THROMBOSIS
from smartapp.clinical.criteria.newest_unusable import NEWEST_UNUSABLE, NewestUnusable
from smartapp.clinical.criteria.options import (
    CHOICE,
    age_known,
    available,
    dose_in_question,
    over_daily_limit,
    results_incomplete,
    serious_bleeding,
)
from smartapp.clinical.criteria.products_given import RECENT_SUPPLY, RecentSupply
from smartapp.clinical.criteria.standing import standing_orders
from smartapp.clinical.criteria.weight import WEIGHT, why_no_weight
from smartapp.clinical.derived_facts import Action, Blocker, EffectiveFibrinogen, Weight
from smartapp.clinical.picture import BleedingLevel, ConditionRecord, Topic
from smartapp.clinical.rule import Facts, Missing, Need
from smartapp.clinical.words import plain, standing_words


def _read(facts: Facts) -> tuple[Blocker, ...]:
    if dose_in_question(facts) is None:
        return ()
    return tuple(blocker for check in _CHECKS for blocker in check(facts))


BLOCKERS: Need[tuple[Blocker, ...]] = Need("draft_blockers", _read)
"""Every reason that holds; only for REPLACE and CONSIDER."""


def draft_allowed(facts: Facts) -> bool:
    """REPLACE (or CONSIDER, where the site drafts on it) and no blocker."""
    return dose_in_question(facts) is not None and not facts.get(BLOCKERS)


def _the_row(facts: Facts) -> Iterator[Blocker]:
    decision = dose_in_question(facts)
    if decision is None or decision.action is not Action.CONSIDER:
        return
    if decision.row == "REP-10":
        yield Blocker(rule="REP-10", text="The level is not known: an empirical dose is not drafted")
    elif not facts.policy.get("draft_on_consider"):
        yield Blocker(
            rule=decision.row, text="The site drafts only where replacement is advised, not where it may be considered"
        )


def _the_sample(facts: Facts) -> Iterator[Blocker]:
    effective = facts.get(FIBRINOGEN)
    if not isinstance(effective, EffectiveFibrinogen):
        return
    serious = serious_bleeding(facts)
    if "preliminary" in effective.flags:
        yield Blocker(rule="DQ-01", text="The fibrinogen result is preliminary")
    if not effective.result.collected.has_time:
        yield Blocker(rule="DQ-02", text="Only the date of the fibrinogen sample is recorded")
    if effective.age_h > facts.policy.get("fib_dose_max_age_h") and not serious:
        yield Blocker(
            rule="DQ-03",
            text=f"The fibrinogen sample is older than {plain(facts.policy.get('fib_dose_max_age_h'))} h: repeat it",
        )
    if "derived" in effective.flags and not serious:
        yield Blocker(rule="DQ-07", text="The fibrinogen is PT-derived: confirm by Clauss")


def _the_patient(facts: Facts) -> Iterator[Blocker]:
    weight = facts.get(WEIGHT)
    if not isinstance(weight, Weight):
        yield Blocker(rule="DQ-11", text=f"{why_no_weight(facts)[0].said_of('Weight')}: confirm weight")
    elif not weight.valid:
        yield Blocker(rule="DQ-11", text=weight.why_not[0].upper() + weight.why_not[1:])
    if not age_known(facts):
        yield Blocker(rule="DQ-12", text=facts.picture.why_absent(Topic.PATIENT).said_of("Birth date"))


def _the_product(facts: Facts) -> Iterator[Blocker]:
    choice = facts.get(CHOICE)
    if isinstance(choice, Missing):
        return
    chosen = choice.preferred
    if chosen is not None:
        if chosen.cap_mg is not None and chosen.dose_mg is None:
            yield Blocker(rule="FC-04", text="The limit for this patient is less than one step of the dose: no dose")
        if chosen.no_draft:
            yield Blocker(rule=chosen.no_draft_rule, text=chosen.no_draft)
        return
    blocked = facts.get(BLOCKED_BY_ALLERGY)
    if available(facts) and not isinstance(blocked, Missing) and blocked:
        yield Blocker(rule="SAF-02", text="A severe allergy to plasma-derived products is recorded: specialist advice")
    else:
        yield Blocker(rule="PRD-01", text="No fibrinogen source is configured")


def _recent_supply(facts: Facts) -> Iterator[Blocker]:
    supply = facts.get(RECENT_SUPPLY)
    if isinstance(supply, RecentSupply):
        at = supply.at_words(lambda at: at.astimezone(facts.picture.zone).strftime("%H:%M"))
        yield Blocker(rule="REP-09", text=supply.told(at))


def _standing(facts: Facts) -> Iterator[Blocker]:
    """REP-13: what stands, until the clinician says that another order is wanted beside it; never with major bleeding."""
    left = [order for order in standing_orders(facts) if order.source not in facts.picture.bedside.standing]
    if left and facts.get(BLEEDING) is not BleedingLevel.MAJOR:
        yield Blocker(rule="REP-13", text=standing_words(left, facts.picture.zone))


def _hazards(facts: Facts) -> Iterator[Blocker]:
    blocks = facts.policy.get("block_thrombosis_nonbleeding") and not serious_bleeding(facts)
    if blocks and isinstance(facts.get(THROMBOSIS), ConditionRecord):
        yield Blocker(rule="SAF-01", text="Active thrombosis within 30 days: haematology review before replacement")
    if isinstance(facts.get(DYSFIBRINOGENAEMIA), ConditionRecord):
        yield Blocker(rule="SAF-05", text="Dysfibrinogenaemia is recorded: no draft of any product, specialist advice")
    if exceeds_daily_concentrate(facts):
        yield Blocker(
            rule="SAF-06", text="The planned dose and what was given in 24 h exceed twice the limit of one dose"
        )


def exceeds_daily_concentrate(facts: Facts) -> bool:
    """SAF-06, for the chosen product."""
    choice = facts.get(CHOICE)
    chosen = None if isinstance(choice, Missing) else choice.preferred
    return chosen is not None and over_daily_limit(facts, chosen)


def _daily_concentrate(facts: Facts) -> bool | Missing:
    exceeds = exceeds_daily_concentrate(facts)
    if not exceeds and dose_in_question(facts) is not None and Topic.ADMINISTRATIONS in facts.picture.unread:
        return Missing(("products_given",), facts.picture.unread[Topic.ADMINISTRATIONS].text)
    return exceeds


DAILY_CONCENTRATE: Need[bool] = Need("concentrate_in_24h", _daily_concentrate)
"""SAF-06: whether the planned dose and those of the last 24 h exceed twice the limit of one."""


def _reading(facts: Facts) -> Iterator[Blocker]:
    """DQ-17: what is known to be incomplete or unread forbids a draft."""
    crucial = (Topic.LABORATORY, Topic.ADMINISTRATIONS, Topic.MEDICATION_REQUESTS, Topic.CONDITIONS, Topic.ALLERGIES)
    for topic in crucial:
        gap = results_incomplete(facts) if topic is Topic.LABORATORY else facts.picture.unread.get(topic)
        if gap is not None:
            yield Blocker(rule="DQ-17", text=gap.text)


def _newest_result(facts: Facts) -> Iterator[Blocker]:
    """DQ-21: the sample that decides is not the newest."""
    newest = facts.get(NEWEST_UNUSABLE)
    if (
        isinstance(newest, NewestUnusable)
        and isinstance(facts.get(FIBRINOGEN), EffectiveFibrinogen)
        and not serious_bleeding(facts)
    ):
        at = newest.at.astimezone(facts.picture.zone).strftime("%H:%M")
        text = newest.told(at)
        yield Blocker(rule="DQ-21", text=text[0].upper() + text[1:])


_CHECKS: tuple[Callable[[Facts], Iterator[Blocker]], ...] = (
    _the_row,
    _the_sample,
    _the_patient,
    _the_product,
    _recent_supply,
    _standing,
    _hazards,
    _reading,
    _newest_result,
)
