"""What each dose did: levels before and after it, the rise that was to be expected, and how much of it came (RCK-01)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from smartapp.clinical.concentrate import k_of
from smartapp.clinical.criteria.age import AGE
from smartapp.clinical.criteria.chosen_fibrinogen import USABLE_FIBRINOGEN
from smartapp.clinical.criteria.infusion import since_infusion
from smartapp.clinical.criteria.products_given import given_products
from smartapp.clinical.criteria.weight import HAEMATOCRIT, WEIGHT
from smartapp.clinical.cryoprecipitate import blood_volume
from smartapp.clinical.derived_facts import Age, Weight
from smartapp.clinical.labs import LabResult
from smartapp.clinical.orders import Brand, Product
from smartapp.clinical.picture import Exposure, Topic
from smartapp.clinical.policy import SitePolicy
from smartapp.clinical.rule import Facts, Missing, Need
from smartapp.clinical.terminology import Drug
from smartapp.clinical.words import clock, fibrinogen_words, plain, rounded

_BEFORE_START = timedelta(hours=24)  # RCK-01: a level so long before a dose still tells what it began from
_PRODUCTS = {Drug.CRYOPRECIPITATE: Product.CRYOPRECIPITATE, Drug.FIBRINOGEN_CONCENTRATE: Product.FIBRINOGEN_CONCENTRATE}


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseResponse:
    """One dose with the levels around it (g/L): what is not known is None, and `steps` say why.

    Doses between the same two levels share what they were to bring. `recovery` = achieved / predicted, a fraction.
    """

    product: Product
    given: datetime
    source: str
    steps: tuple[str, ...]
    before: LabResult | None = None
    after: LabResult | None = None
    predicted: Decimal | None = None
    achieved: Decimal | None = None
    recovery: Decimal | None = None


def _read(facts: Facts) -> tuple[DoseResponse, ...] | Missing:
    given = [e for e in given_products(facts) if since_infusion(facts, e.start)]
    doses = [dose for dose in given if not dose.running]
    if not doses and any(topic in facts.picture.unread for topic in (Topic.ADMINISTRATIONS, Topic.PROCEDURES)):
        return Missing(("products_given",), "doses could not be read completely")
    return tuple(_response(facts, dose, given) for dose in doses)


DOSE_RESPONSES: Need[tuple[DoseResponse, ...]] = Need("dose_responses", _read)
"""Each dose since the infusion that has ended, oldest first."""


def low_recovery(facts: Facts) -> DoseResponse | None:
    """The last dose that can be judged, if less than `recovery_low` of the predicted rise came (RCK-01)."""
    responses = facts.get(DOSE_RESPONSES)
    judged = [] if isinstance(responses, Missing) else [each for each in responses if each.recovery is not None]
    last = judged[-1] if judged else None
    low = last is not None and last.recovery is not None and last.recovery < facts.policy.get("recovery_low")
    return last if low else None


LOW_RECOVERY: Need[DoseResponse | None] = Need("low_recovery", low_recovery)


def _response(facts: Facts, dose: Exposure, given: list[Exposure]) -> DoseResponse:
    after = _after(facts, dose, given)
    before = _before(facts, dose, after)
    sharing = [each for each in given if before and after and _between(each, before, after)] or [dose]
    rises = [_predicted(facts, each, after) for each in sharing]
    known = [rise for rise, _ in rises if rise is not None]
    predicted = sum(known, Decimal(0)) if len(known) == len(rises) else None
    achieved = _achieved(before, after)
    recovery = achieved / predicted if achieved is not None and predicted else None
    return DoseResponse(
        product=_PRODUCTS[dose.drug],
        given=dose.start.at,
        source=dose.source,
        before=before,
        after=after,
        predicted=predicted,
        achieved=achieved,
        recovery=recovery,
        steps=(*(step for _, step in rises), *_steps(before, after, predicted, achieved, recovery)),
    )


def _end(dose: Exposure) -> datetime:
    return dose.end.at if dose.end else dose.start.at


def _after(facts: Facts, dose: Exposure, given: list[Exposure]) -> LabResult | None:
    """The first usable level collected after the end and before the next product was started."""
    end = _end(dose)
    following = min((each.start.at for each in given if each.start.at > dose.start.at), default=None)
    later = [r for r in _levels(facts) if end < r.collected.at and (following is None or r.collected.at <= following)]
    return min(later, key=lambda result: result.collected.at, default=None)


def _before(facts: Facts, dose: Exposure, after: LabResult | None) -> LabResult | None:
    """The last usable level collected before the start, of the same method as the one after it, at most a day old."""
    start = dose.start.at
    earlier = [r for r in _levels(facts) if timedelta(0) <= start - r.collected.at <= _BEFORE_START]
    same = [r for r in earlier if after is None or r.variant is after.variant]
    return max(same, key=lambda result: result.collected.at, default=None)


def _levels(facts: Facts) -> list[LabResult]:
    results = facts.get(USABLE_FIBRINOGEN)
    return [] if isinstance(results, Missing) else [result for result in results if result.collected.has_time]


def _between(dose: Exposure, before: LabResult, after: LabResult) -> bool:
    return before.collected.at <= dose.start.at < after.collected.at


def _achieved(before: LabResult | None, after: LabResult | None) -> Decimal | None:
    if before is None or after is None or any(r.comparator or r.low is not None for r in (before, after)):
        return None
    return after.value - before.value


def _predicted(facts: Facts, dose: Exposure, after: LabResult | None) -> tuple[Decimal | None, str]:
    """The rise in g/L that this dose was to bring by the level after, and the arithmetic; or why it cannot be told."""
    weight, age = facts.get(WEIGHT), facts.get(AGE)
    when = f"{str(_PRODUCTS[dose.drug]).replace('_', ' ').capitalize()} at {clock(dose.start.at)}"
    if after is not None and (dose.running or _end(dose) > after.collected.at):
        return None, f"{when}: it was still running when the level after was drawn"
    if isinstance(weight, Missing) or not weight.valid or isinstance(age, Missing):
        return None, f"{when}: without a valid weight and an age no rise can be predicted"
    if dose.drug is Drug.FIBRINOGEN_CONCENTRATE:
        return _by_concentrate(facts, dose, weight, age, when)
    return _by_cryoprecipitate(facts, dose, weight, age, when)


def _by_concentrate(facts: Facts, dose: Exposure, weight: Weight, age: Age, when: str) -> tuple[Decimal | None, str]:
    if dose.dose_mg is None:
        return None, f"{when}: its amount in mg is not recorded"
    k = k_of(_brand(facts, dose), age.low)
    rise = dose.dose_mg / weight.kg * k / 100
    return rise, f"{when}: {plain(dose.dose_mg)} mg / {plain(weight.kg)} kg × {k} / 100 = {rounded(rise)} g/L expected"


def _brand(facts: Facts, dose: Exposure) -> Brand:
    """The brand that the record names, else the site's."""
    named = next((brand for brand in Brand if str(brand) in dose.label.lower()), None)
    return named or Brand(facts.policy.get("fc_product"))


def _by_cryoprecipitate(
    facts: Facts, dose: Exposure, weight: Weight, age: Age, when: str
) -> tuple[Decimal | None, str]:
    haematocrit, policy = facts.get(HAEMATOCRIT), facts.policy
    mg, amount = _mg_of(dose, policy)
    if mg is None:
        return None, f"{when}: its number of units is not recorded"
    if isinstance(haematocrit, Missing):
        return None, f"{when}: without a usable haematocrit the sources differ about the rise (CRY-02)"
    plasma = weight.kg * blood_volume(age.low, policy) * (1 - haematocrit.value) / 100
    share = policy.get("cryo_recovery")
    rise = mg * share / plasma / 100
    words = f"{amount} × {plain(share)} / {rounded(plasma)} dL / 100"
    return rise, f"{when}: {words} = {rounded(rise)} g/L expected"


def _mg_of(dose: Exposure, policy: SitePolicy) -> tuple[Decimal | None, str]:
    """What it held, as recorded in mg, doses (CRY-06), units or pools; and that in words."""
    if dose.dose_mg is not None:
        return dose.dose_mg, f"{plain(dose.dose_mg)} mg"
    if dose.doses is not None:
        each = policy.get("ifc_dose_mg")
        return dose.doses * each, f"{plain(dose.doses)} × {plain(each)} mg"
    pooled = None if dose.pools is None else dose.pools * policy.get("cryo_units_per_pool")
    units, each = dose.units if dose.units is not None else pooled, policy.get("cryo_mg_per_unit")
    return (None, "") if units is None else (units * each, f"{plain(units)} × {plain(each)} mg")


def _steps(
    before: LabResult | None,
    after: LabResult | None,
    predicted: Decimal | None,
    achieved: Decimal | None,
    recovery: Decimal | None,
) -> Iterator[str]:
    if before is None:
        yield "No usable level was collected in the day before the dose"
    if after is None:
        yield "No usable level was collected after the dose and before the next"
    if before and after and achieved is None:
        yield "One of the two levels is a bound: the rise is not known"
    if before and after and achieved is not None:
        yield f"Rise: {fibrinogen_words(after.value)} − {fibrinogen_words(before.value)} = {rounded(achieved)} g/L"
    if recovery is not None and achieved is not None and predicted is not None:
        yield f"Recovery: {rounded(achieved)} / {rounded(predicted)} = {rounded(recovery * 100, 0)} %"
