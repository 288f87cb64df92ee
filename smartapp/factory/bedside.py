"""What a clinician adds by hand for one launch: kept as plain values, read as the rules take them."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from smartapp.clinical.picture import Bedside, BleedingLevel
from smartapp.web.decisions import Observed

TIMES = "times"  # when each was added, beside what was


def merged(kept: Mapping[str, Any], observed: Observed, at: datetime) -> dict[str, Any]:
    """What was kept with what is added or taken back now; a weight outside DQ-11's range is refused."""
    now = _added(_without(kept, observed.take_back or ""), observed)
    held, stamps = {*now, *now.get("suspects", {})}, {**kept.get(TIMES, {}), **_stamps(observed, at)}
    return {**now, TIMES: {name: time for name, time in stamps.items() if name in held}}


def _stamps(observed: Observed, at: datetime) -> dict[str, str]:
    given = [name for name in ("bleeding", "crs_grade", "weight_kg") if getattr(observed, name) is not None]
    return dict.fromkeys([*given, *([observed.suspect] if observed.suspect else [])], at.isoformat())


def _without(kept: Mapping[str, Any], name: str) -> dict[str, Any]:
    """What was kept but for one input, or one suspect by its reference."""
    suspects = {source: why for source, why in kept.get("suspects", {}).items() if source != name}
    return {**{key: value for key, value in kept.items() if key != name}, "suspects": suspects}


def _added(kept: dict[str, Any], observed: Observed) -> dict[str, Any]:
    if observed.bleeding is not None:
        kept["bleeding"] = observed.bleeding
    if observed.crs_grade is not None:
        kept["crs_grade"] = observed.crs_grade
    if observed.weight_kg is not None:
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
        times={name: datetime.fromisoformat(at) for name, at in kept.get(TIMES, {}).items()},
    )
