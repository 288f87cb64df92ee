"""What a clinician adds by hand for one launch: kept as plain values, read as the rules take them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from smartapp.clinical.criteria.weight import HEAVIEST, LIGHTEST
from smartapp.clinical.picture import Bedside, BleedingLevel
from smartapp.smart.errors import BadParameter
from smartapp.web.decisions import Observed


def merged(kept: dict[str, Any], observed: Observed) -> dict[str, Any]:
    """What was kept with what is added now; a weight outside DQ-11's range is refused."""
    if observed.bleeding is not None:
        kept["bleeding"] = observed.bleeding
    if observed.crs_grade is not None:
        kept["crs_grade"] = observed.crs_grade
    if observed.weight_kg is not None:
        if not LIGHTEST <= observed.weight_kg <= HEAVIEST:
            raise BadParameter(f"A weight must be from {LIGHTEST} to {HEAVIEST} kg.", "Go back and enter it again.")
        kept["weight_kg"] = str(observed.weight_kg)
    if observed.suspect:
        kept["suspects"] = {**kept.get("suspects", {}), observed.suspect: observed.reason[:200]}
    return kept


def bedside_of(kept: Mapping[str, Any]) -> Bedside:
    """What was kept, as the rules take it."""
    return Bedside(
        bleeding=BleedingLevel(kept["bleeding"]) if kept.get("bleeding") else None,
        crs_grade=kept.get("crs_grade"),
        weight_kg=Decimal(kept["weight_kg"]) if kept.get("weight_kg") else None,
        suspects=dict(kept.get("suspects", {})),
    )
