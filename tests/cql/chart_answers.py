"""What the application says of a FHIR chart, and the facts it found in it, by the names CQL has for them."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from smartapp.clinical.assessment import Assessment
from smartapp.clinical.criteria.fibrinogen import FIBRINOGEN_STATE, age_of, hours
from smartapp.clinical.criteria.hazards import BLOCKED_BY_ALLERGY, FLUID_OVERLOAD
from smartapp.clinical.criteria.modifiers import ICANS, PROCEDURE_24H
from smartapp.clinical.criteria.monitoring_interval import last_collection
from smartapp.clinical.criteria.recent import PLATELETS
from smartapp.clinical.criteria.tocilizumab import POST_TOCI
from smartapp.clinical.criteria.weight import HAEMATOCRIT
from smartapp.clinical.derived_facts import EffectiveFibrinogen, NoFibrinogen
from smartapp.clinical.orders import Product
from smartapp.clinical.picture import BleedingLevel
from smartapp.clinical.policy import SitePolicy
from smartapp.clinical.rule import Facts, Missing, Need
from smartapp.fhir.chart_from_json import read_file
from smartapp.usecases.assess import Site, assess_chart
from tests import charts as c


def answer_of(chart: list[dict[str, Any]], policy: SitePolicy, now: datetime) -> Assessment:
    """The application's answer on a chart given as a file."""
    site = Site(policy=policy, zone=ZoneInfo("UTC"), queries=(), local_codes={})
    return assess_chart(read_file(c.bundle(*chart), None), site=site, as_of=now)


def facts_of(answer: Assessment) -> dict[str, Any]:
    """The facts the answer rests on; what is not known is left out."""
    facts = Facts(answer.picture, answer.policy)
    last = last_collection(facts)
    blocked = _known(facts, BLOCKED_BY_ALLERGY) or {}
    toci = _known(facts, POST_TOCI)
    recheck = answer.monitoring.recheck_due if answer.monitoring else None
    bleeding = None if answer.bleeding is BleedingLevel.NONE_RECORDED else str(answer.bleeding)
    told = {
        **_fibrinogen(facts),
        "CRS grade": answer.crs.grade if answer.crs else None,
        "CRS of unspecified grade": (answer.crs.unresolved_unspecified if answer.crs else False) or None,
        "Bleeding": bleeding,
        "Age": answer.age.low if answer.age else None,
        "Day": answer.infusion.day if answer.infusion else None,
        "Platelets": _value(facts, PLATELETS),
        "ICANS grade": _known(facts, ICANS) or None,
        "Trend down": "trend_down" in answer.modifiers or None,
        "Overt DIC": "dic_overt" in answer.modifiers or None,
        "Invasive procedure within 24 h": True if _known(facts, PROCEDURE_24H) else None,
        "Days since tocilizumab": _text(hours(answer.picture.as_of - toci.start.at) / 24) if toci else None,
        "Weight": _text(answer.weight.kg) if answer.weight and answer.weight.valid else None,
        "Haematocrit": _value(facts, HAEMATOCRIT),
        "Fluid overload": True if _known(facts, FLUID_OVERLOAD) else None,
        "Allergy rules out cryoprecipitate": Product.CRYOPRECIPITATE in blocked or None,
        "Allergy rules out concentrate": Product.FIBRINOGEN_CONCENTRATE in blocked or None,
        "Hours since last fibrinogen": _text(hours(answer.picture.as_of - last)) if last else None,
        "Fibrinogen pending": (answer.monitoring.pending if answer.monitoring else False) or None,
        "Recheck after a dose open": True if recheck else None,
        "Recheck after a dose late": True if recheck and answer.picture.as_of > recheck else None,
    }
    return {name: value for name, value in told.items() if value is not None}


def _fibrinogen(facts: Facts) -> dict[str, Any]:
    state = facts.get(FIBRINOGEN_STATE)
    used = (
        state.result
        if isinstance(state, EffectiveFibrinogen)
        else state.last
        if isinstance(state, NoFibrinogen)
        else None
    )
    if used is None:
        return {}
    comparator = str(used.comparator.value) if used.comparator else None
    return {
        "Fibrinogen": _text(used.value),
        "Fibrinogen comparator": comparator,
        "Fibrinogen age": _text(age_of(facts, used)),
    }


def _known(facts: Facts, need: Need[Any]) -> Any:
    value = facts.get(need)
    return None if isinstance(value, Missing) else value


def _value(facts: Facts, need: Need[Any]) -> str | None:
    result = _known(facts, need)
    return None if result is None else _text(result.value)


def _text(number: Decimal) -> str:
    """At eight places, as CQL has them."""
    return f"{round(number, 8).normalize():f}"
