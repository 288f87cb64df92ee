"""What must be known before acting, worst first (guideline section 10, *Provisos*)."""

from collections.abc import Callable, Iterator
from datetime import datetime

from smartapp.clinical.amount_words import capped_words
from smartapp.clinical.criteria.bleeding_level import BLEEDING, SERIOUS
from smartapp.clinical.criteria.crs import CRS
from smartapp.clinical.criteria.decision import DECISION
from smartapp.clinical.criteria.delta import DELTA, Delta
from smartapp.clinical.criteria.dose_responses import low_recovery
from smartapp.clinical.criteria.hazards import BLOCKED_BY_ALLERGY, DYSFIBRINOGENAEMIA, THROMBOSIS
from smartapp.clinical.criteria.newest_unusable import NEWEST_UNUSABLE, NewestUnusable
from smartapp.clinical.criteria.options import CHOICE, DOSED, results_incomplete
from smartapp.clinical.criteria.products_given import RECENT_SUPPLY, REPEATED_DOSES, RecentSupply
from smartapp.clinical.criteria.standing import standing_orders
from smartapp.clinical.criteria.verdict import fibrinogen_incomplete
from smartapp.clinical.derived_facts import Basis, CrsStatus, Proviso
from smartapp.clinical.dosing import CAPPED
from smartapp.clinical.orders import Product
from smartapp.clinical.picture import BleedingLevel, ConditionRecord
from smartapp.clinical.rule import Facts, Missing, Need
from smartapp.clinical.terminology import Allergen
from smartapp.clinical.words import age_words, percent, standing_words

Found = Iterator[Proviso]


def _read(facts: Facts) -> tuple[Proviso, ...]:
    decision, off = facts.get(DECISION), facts.policy.get("rules_off")
    dosed = not isinstance(decision, Missing) and decision.action in DOSED
    checks = _ALL if dosed else [check for check in _ALL if check in _WITHOUT_A_DOSE]
    return tuple(proviso for check in checks for proviso in check(facts) if proviso.rule not in off)


PROVISOS: Need[tuple[Proviso, ...]] = Need("provisos", _read)
"""All that hold for REPLACE and CONSIDER; for other actions those that do not speak of a dose."""


def _clock(facts: Facts, at: datetime | None) -> str:
    return at.astimezone(facts.picture.zone).strftime("%H:%M") if at is not None else "an unknown time"


def _newest(facts: Facts) -> Found:
    newest = facts.get(NEWEST_UNUSABLE)
    if isinstance(newest, NewestUnusable):
        meanings = f" ({newest.meanings})" if newest.meanings else ""
        yield Proviso(rule="DQ-21", text=f"{newest.told(_clock(facts, newest.at))}{meanings}")


def _incomplete(facts: Facts) -> Found:
    if fibrinogen_incomplete(facts) is not None:
        text = "fibrinogen results are incomplete: a newer or lower one may exist"
        yield Proviso(rule="DQ-17", text=text)
    elif results_incomplete(facts) is not None:
        yield Proviso(rule="DQ-17", text="laboratory results are incomplete: no dose is shown")


def _allergy(facts: Facts) -> Found:
    blocked = facts.get(BLOCKED_BY_ALLERGY)
    if isinstance(blocked, Missing) or not blocked:
        return
    allergy = blocked[Product.FIBRINOGEN_CONCENTRATE]
    if allergy.allergen is Allergen.NAMED_CONCENTRATE:
        text = "severe reaction to fibrinogen concentrate recorded; cryoprecipitate holds the same protein"
    else:
        text = f"severe reaction to a plasma product recorded ({allergy.label}): specialist advice first"
    yield Proviso(rule="SAF-02", text=text)


def _dysfibrinogenaemia(facts: Facts) -> Found:
    if isinstance(facts.get(DYSFIBRINOGENAEMIA), ConditionRecord):
        text = "dysfibrinogenaemia recorded: fibrinogen products are not indicated, specialist advice first"
        yield Proviso(rule="SAF-05", text=text)


def _thrombosis(facts: Facts) -> Found:
    clot = facts.get(THROMBOSIS)
    if not isinstance(clot, ConditionRecord):
        return
    when = f" {age_words(clot.onset.age(facts.picture.as_of))}" if clot.onset is not None else ""
    lead = "weigh against bleeding" if facts.get(BLEEDING) in SERIOUS else "ask haematology first"
    yield Proviso(rule="SAF-01", text=f"{lead}: {clot.label}{when}")


def _recent_supply(facts: Facts) -> Found:
    supply = facts.get(RECENT_SUPPLY)
    if isinstance(supply, RecentSupply):
        text = supply.told(supply.at_words(lambda at: _clock(facts, at)))
        yield Proviso(rule="REP-09", text=text[0].lower() + text[1:])


def _standing(facts: Facts) -> Found:
    standing = standing_orders(facts)
    if standing:
        yield Proviso(rule="REP-13", text=standing_words(standing, facts.picture.zone))


def _repeated(facts: Facts) -> Found:
    doses = facts.get(REPEATED_DOSES)
    if not isinstance(doses, Missing) and len(doses) >= facts.policy.get("repeat_doses_alert_24h"):
        last = _clock(facts, doses[-1].start.at)
        text = f"{len(doses)} doses within 24 h, the last at {last}: call haematology; consider DIC, IEC-HS, ongoing bleeding"
        yield Proviso(rule="REP-11", text=text)


def _low_recovery(facts: Facts) -> Found:
    low = low_recovery(facts)
    if low is not None and low.recovery is not None:
        text = f"the last dose reached {percent(low.recovery)} of what was computed: ongoing consumption or bleeding?"
        yield Proviso(rule="RCK-01", text=text)


def _delta(facts: Facts) -> Found:
    delta = facts.get(DELTA)
    if isinstance(delta, Delta):
        yield Proviso(rule="DQ-22", text=delta.text)


def _capped(facts: Facts) -> Found:
    choice, decision = facts.get(CHOICE), facts.get(DECISION)
    preferred = None if isinstance(choice, Missing) else choice.preferred
    if preferred is None or CAPPED not in preferred.flags or isinstance(decision, Missing):
        return
    cryo = "CRY-06" if preferred.doses is not None else "CRY-01"
    rule = "FC-04" if preferred.product is Product.FIBRINOGEN_CONCENTRATE else cryo
    yield Proviso(rule=rule, text=capped_words(preferred, decision.target_g_per_l))


def _bleeding(facts: Facts) -> Found:
    level = facts.get(BLEEDING)
    if isinstance(level, Missing):
        yield Proviso(rule="BLD-01", text="bleeding not known: confirm at the bedside")
    elif level is BleedingLevel.NONE_RECORDED:
        yield Proviso(rule="BLD-01", text="bleeding not recorded: confirm at the bedside")


def _suggested_crs(facts: Facts) -> Found:
    crs = facts.get(CRS)
    if isinstance(crs, CrsStatus) and crs.basis is Basis.SUGGESTED:
        yield Proviso(rule="CRS-03", text=f"CRS {crs.grade} suggested by vital signs, not recorded: confirm")


def _crs_in_words(facts: Facts) -> Found:
    crs = facts.get(CRS)
    if isinstance(crs, CrsStatus) and crs.in_words:
        yield Proviso(rule="CRS-01", text=f"CRS {crs.grade} read from words: confirm")


_ALL: tuple[Callable[[Facts], Found], ...] = (
    _newest,
    _incomplete,
    _allergy,
    _dysfibrinogenaemia,
    _thrombosis,
    _recent_supply,
    _standing,
    _repeated,
    _low_recovery,
    _delta,
    _capped,
    _bleeding,
    _suggested_crs,
    _crs_in_words,
)
_WITHOUT_A_DOSE = frozenset({_newest, _incomplete, _repeated, _low_recovery, _delta, _bleeding, _suggested_crs})
