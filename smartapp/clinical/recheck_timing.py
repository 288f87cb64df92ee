"""When the fibrinogen ordered with a dose is due (RCK-02): never one hour after the click."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from smartapp.clinical.orders import Product, ProposedOrder
from smartapp.clinical.policy import SitePolicy
from smartapp.clinical.words import plain

THAWING_MIN = Decimal(45)  # conventional cryoprecipitate
CRYO_INFUSION_MIN = Decimal(30)  # project default: its infusion time is not known (CRY-05)


@dataclass(frozen=True, slots=True)
class RecheckTiming:
    """In words; and the planned time, where the site plans by the clock (`recheck_clock`), else None: the order then names the event alone."""

    text: str
    planned: datetime | None = None


def recheck_timing(order: ProposedOrder, policy: SitePolicy, now: datetime) -> RecheckTiming:
    """After the end of the infusion, or at the time at which that is planned."""
    wait = policy.get("recheck_after_dose_h")
    text = f"{plain(wait)} h after the end of the infusion"
    if policy.get("recheck_clock") == "event":
        return RecheckTiming(text)
    minutes = _until_the_end(order) + wait * 60
    planned = now + timedelta(seconds=int(minutes * 60))
    return RecheckTiming(f"planned, {text}", planned)


def _until_the_end(order: ProposedOrder) -> Decimal:
    """Thawing and infusion, in minutes."""
    if order.product is Product.FIBRINOGEN_CONCENTRATE:
        return _shortest(order)
    return CRYO_INFUSION_MIN + (THAWING_MIN if order.doses is None else Decimal(0))


def _shortest(order: ProposedOrder) -> Decimal:
    """FC-05's shortest time for this volume."""
    if order.volume_ml is None or not order.max_rate_ml_per_min:
        return Decimal(0)
    return order.volume_ml / order.max_rate_ml_per_min
