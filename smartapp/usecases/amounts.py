"""The amount a clinician chose: read from words with comma or point, held to the step and the cap of the option."""

import re
from dataclasses import replace
from decimal import Decimal

from smartapp.clinical.conclusions import Option
from smartapp.clinical.orders import Product, ProposedOrder
from smartapp.clinical.wording import plain

_NUMBER = re.compile(r"\d{1,6}(?:[.,]\d{1,3})?")
_THOUSANDS = re.compile(r"\d{1,3}(?:[ \u00a0\u202f']\d{3})+")


class BadAmount(ValueError):
    """An amount that cannot be taken; the message is a sentence for the clinician."""


def parse_amount(text: str) -> Decimal:
    """`3000`, `3 000`, `2,5`, `2.5`; anything else is refused rather than guessed."""
    text = text.strip()
    if _THOUSANDS.fullmatch(text):
        text = re.sub(r"\D", "", text)
    if not _NUMBER.fullmatch(text):
        raise BadAmount("Enter the amount as a number, such as 3000 or 2,5.")
    return Decimal(text.replace(",", "."))


def with_amount(order: ProposedOrder, option: Option, amount: Decimal) -> ProposedOrder:
    """The order with another amount within the option's cap; `BadAmount` says why not."""
    if amount <= 0:
        raise BadAmount("The amount must be more than zero.")
    if order.product is Product.FIBRINOGEN_CONCENTRATE:
        return _milligrams(order, option, amount)
    return _units(order, option, amount)


def _milligrams(order: ProposedOrder, option: Option, mg: Decimal) -> ProposedOrder:
    if option.cap_mg is not None and mg > option.cap_mg:
        raise BadAmount(f"{plain(mg)} mg is above the limit of {plain(option.cap_mg)} mg for this patient (FC-04).")
    if mg < 50:
        raise BadAmount(f"{plain(mg)} mg is less than the smallest step of 50 mg. Was another unit meant?")
    if order.dose_mg is None or order.volume_ml is None or order.vials is None:
        raise BadAmount("No dose was calculated, so none can be changed.")
    per_vial = Decimal(1000)
    volume = mg * order.volume_ml / order.dose_mg
    return replace(order, dose_mg=mg, volume_ml=volume, vials=int(-(-mg // per_vial)))


def _units(order: ProposedOrder, option: Option, units: Decimal) -> ProposedOrder:
    if units != int(units):
        raise BadAmount("Cryoprecipitate is given in whole units.")
    if option.cap_units is not None and units > option.cap_units:
        raise BadAmount(f"{plain(units)} units is above the limit of {option.cap_units} units for this patient (CRY-01).")
    if order.units is None or order.volume_ml is None:
        raise BadAmount("No dose was calculated, so none can be changed.")
    return replace(order, units=int(units), volume_ml=units * order.volume_ml / order.units)
