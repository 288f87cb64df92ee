"""The families of rule ids: what each is about, and which card its rules speak in (interfaces.md section 4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class CardGroup(StrEnum):
    """The kinds of card, of which a hook call shows at most one each (orders: one for each draft)."""

    REPLACEMENT = "replacement"
    COAGULATION = "coagulation"
    MONITORING = "monitoring"
    DATA = "data"
    ORDERS = "orders"


@dataclass(frozen=True, slots=True)
class Family:
    """All rows whose ids begin with `prefix`."""

    prefix: str
    title: str
    card: CardGroup


_G = CardGroup
_ALL = (  # in the guideline's order
    Family("APP", "Which patients the guideline is about", _G.REPLACEMENT),
    Family("CRS", "CRS grade", _G.REPLACEMENT),
    Family("BLD", "Bleeding", _G.REPLACEMENT),
    Family("TIER", "Fibrinogen tiers", _G.REPLACEMENT),
    Family("MOD", "What raises the risk", _G.REPLACEMENT),
    Family("TRD", "Falling fibrinogen", _G.REPLACEMENT),
    Family("REP", "Replacement", _G.REPLACEMENT),
    Family("PRD", "Which product", _G.REPLACEMENT),
    Family("FC", "Dose of fibrinogen concentrate", _G.REPLACEMENT),
    Family("CRY", "Dose of cryoprecipitate", _G.REPLACEMENT),
    Family("SAF", "What stands against replacement", _G.REPLACEMENT),
    Family("RCK", "Recheck after a dose", _G.REPLACEMENT),
    Family("MON", "Monitoring", _G.MONITORING),
    Family("TOC", "After tocilizumab", _G.MONITORING),
    Family("COAG", "Clotting times and anticoagulants", _G.COAGULATION),
    Family("PLT", "Platelets", _G.COAGULATION),
    Family("DIC", "Disseminated intravascular coagulation", _G.COAGULATION),
    Family("IEC", "IEC-HS", _G.COAGULATION),
    Family("ORD", "Orders being written", _G.ORDERS),
    Family("DQ", "Missing, old and unreadable data", _G.DATA),
)
FAMILIES: Mapping[str, Family] = {family.prefix: family for family in _ALL}


def family_of(rule_id: str) -> Family:
    """The family of a row such as `REP-03`; KeyError for an id of no family."""
    return FAMILIES[rule_id.partition("-")[0]]
