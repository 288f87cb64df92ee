"""Random settings at the edges of the rules: a patient for the application, the same facts for CQL, and what must come out."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from smartapp.clinical.assessment import Assessment, assess
from smartapp.clinical.orders import Product
from smartapp.clinical.parameters import BY_NAME, PROFILES
from smartapp.clinical.picture import AwaitedResult, Bedside, BirthDate, BleedingLevel, ClinicalPicture
from smartapp.clinical.policy import PolicyError, SitePolicy, build_policy
from smartapp.clinical.terminology import Allergen, Analyte, ConditionKind, Drug
from smartapp.fhir.cql_libraries import RULES, library_settings
from tests import builders as b

AGES = (0, 1, 5, 9, 10, 11, 12, 15, 17, 18, 40, 70)
WEIGHTS = "1.5 3.4 5 5.1 9.99 10 20 24.9 25 25.1 33.3 39.9 40 40.1 47 50 55.5 57.1 57.15 57.2 62 70 80 99.9 100 140 300"
LEVELS = "0 0.05 0.3 0.5 0.51 0.8 0.9 0.99 1.0 1.01 1.1 1.2 1.234 1.3 1.49 1.5 1.51 1.7 1.99 2.0 2.01 2.5 4"
HOURS = "0 0.5 1 5.75 6 6.25 8 10 10.0025 11.25 12 15 15.0025 18 23.75 24 24.0025 30 48 90"
DAYS = (1, 2, 5, 6, 29, 30, 31, 60, 90, 91)
PLATELETS = "10 29.9 30 42 49 49.9 50 50.1 120"
HAEMATOCRITS = "0.05 0.2 0.25 0.28 0.333 0.4 0.55 0.7"
BLEEDINGS = (None, None, None, *(level for level in BleedingLevel if level is not BleedingLevel.NONE_RECORDED))
SITE = {
    "profile": (*PROFILES,),
    "t1_below": "1.5 1.6 1.8 2.0",
    "t2_below": "1.0 0.8 1.1 1.5",
    "replace_below.bleeding": "1.5 1.2 2.0",
    "replace_below.severe": "1.5 1.0 1.2",
    "replace_below.moderate": "1.0 0.8 1.5",
    "replace_below.mild": "1.0 0.8",
    "replace_below.none": "1.0 0.7",
    "replace_below.unknown": "1.0 1.2",
    "consider_below": "1.5 1.2",
    "target_nonbleeding": "1.5 1.75 2.0",
    "target_significant_bleeding": "1.5 1.8",
    "target_major_bleeding": "2.0 2.5",
    "min_planned_increment": "0.5 0 0.25",
    "toci_lookback_d": "28 14",
    "age_risk_lt": "10 12",
    "platelet_risk_lt": "50 30",
    "icans_risk_ge": "3 2 6",
    "cryo_available": "true true false",
    "fc_available": "true true false",
    "product_order": "cryo,fc fc,cryo",
    "fc_product": "fibryga riastap",
    "fc_cap_mg_per_kg": "70 50",
    "fc_cap_mg": "4000 3000 4500",
    "fc_conc_mg_per_ml": "20 25",
    "fc_vial_mg": "1000 900 1300",
    "fc_whole_vial_from_kg": "40 0 57.1",
    "fc_vial_rounding": "up nearest",
    "rounding_excess_warn": "50 10 0",
    "cryo_method": "plasma_volume plasma_volume weight ml_per_kg",
    "cryo_mg_per_unit": "250 150 310 360",
    "cryo_recovery": "1.0 0.8",
    "recovery_low": "0.5 0.4",
    "cryo_product": "conventional conventional pathogen_reduced",
    "cryo_cap_units": "10 8 15",
    "cryo_unit_ml": "15 43",
    "tbv_ml_per_kg.from_1y": "75 80",
    "fluid_volume_warn": "10 3 5",
    "monitor_interval_h.severe": "8 7.5",
    "monitor_interval_h.t2": "6 5",
    "monitor_grace": "0.25 0 0.1",
}


@dataclass(frozen=True)
class Setting:
    """The parameters for CQL, and what must come out by the application."""

    given: dict[str, Any]
    expected: dict[str, Any]
    picture: ClinicalPicture
    policy: SitePolicy


def settings(count: int, seed: int) -> list[Setting]:
    """As many as asked, the same for the same seed."""
    dice = random.Random(seed)
    return [setting(dice) for _ in range(count)]


def setting(dice: random.Random) -> Setting:
    """One: the site's policy, the patient, and the answer."""
    policy = _policy(dice)
    picture, facts = _patient(dice, policy)
    answer = assess(picture, policy)
    return Setting(
        {**facts, **_beside(answer, picture), **site_values(policy)}, expected(answer, facts), picture, policy
    )


def site_values(policy: SitePolicy) -> dict[str, Any]:
    """The site's values as an engine takes them."""
    return {one.name: _as_given(one.value) for one in library_settings(RULES, policy) if one.value is not None}


def _as_given(value: object) -> Any:
    if isinstance(value, bool):
        return value
    return list(value) if isinstance(value, tuple) else str(value)


def _policy(dice: random.Random) -> SitePolicy:
    while True:
        profile = dice.choice(SITE["profile"])
        names = dice.sample([name for name in SITE if name != "profile"], dice.choice((0, 0, 1, 3, 8)))
        values = {name: dice.choice(SITE[name].split()) for name in names}  # type: ignore[attr-defined]
        if any(BY_NAME[name].kind == "number" and not _bounded(name, value) for name, value in values.items()):
            continue
        try:
            return build_policy(profile, values)
        except PolicyError:
            continue


def _bounded(name: str, value: str) -> bool:
    return BY_NAME[name].low <= Decimal(value) <= BY_NAME[name].high


def _patient(dice: random.Random, policy: SitePolicy) -> tuple[ClinicalPicture, dict[str, Any]]:
    facts: dict[str, Any] = {}
    more: dict[str, Any] = {"conditions": [], "exposures": [], "allergies": [], "procedures": [], "awaited": []}
    labs = [*_fibrinogen(dice, facts, policy), *_other_labs(dice, facts)]
    facts["Day"] = dice.choice((6, 6, 6, *DAYS))
    _weight(dice, facts, labs)
    _events(dice, facts, more, policy)
    crs = _crs(dice, facts)
    since = facts.get("Fibrinogen age")
    if since is not None and Decimal(since) <= facts["Day"] * 24:
        facts["Hours since last fibrinogen"] = since
    bleeding = dice.choice(BLEEDINGS)
    facts["Bleeding"] = None if bleeding is None else str(bleeding)
    birth = _birth(dice, facts)
    picture = b.a_picture(
        *labs, birth=birth, infusions=[b.an_infusion(facts["Day"])], crs=crs, bedside=Bedside(bleeding=bleeding), **more
    )
    return picture, {name: value for name, value in facts.items() if value is not None}


def _fibrinogen(dice: random.Random, facts: dict[str, Any], policy: SitePolicy) -> Iterator[Any]:
    if dice.random() < 0.08:
        return
    edges = [policy.get(name) + Decimal(step) for name in _LIMITS for step in ("-0.01", "0", "0.01")]
    level = str(dice.choice([*LEVELS.split(), *map(str, edges)]))
    comparator = dice.choice(["<", "<=", ">", ">="]) if dice.random() < 0.15 else ""
    hours = dice.choice((*["1"] * 12, *HOURS.split()))
    facts |= {"Fibrinogen": level, "Fibrinogen comparator": comparator or None, "Fibrinogen age": hours}
    yield b.a_fibrinogen(f"{comparator}{level}", float(hours))
    if dice.random() < 0.15:  # an earlier result, so that it may fall
        yield b.a_fibrinogen(str(Decimal(level) + Decimal("0.6")), float(hours) + 6)


_LIMITS = (
    "t1_below",
    "t2_below",
    "replace_below.bleeding",
    "replace_below.severe",
    "consider_below",
    "target_major_bleeding",
)


def _other_labs(dice: random.Random, facts: dict[str, Any]) -> Iterator[Any]:
    if dice.random() < 0.4:
        facts["Platelets"] = dice.choice(PLATELETS.split())
        yield b.a_lab(Analyte.PLATELETS, facts["Platelets"])
    if dice.random() < 0.15:  # perhaps overt DIC
        yield b.a_lab(Analyte.D_DIMER, "5", upper_limit=Decimal("0.5"))
        yield b.a_lab(Analyte.PT, dice.choice(["15", "18", "22"]), upper_limit=Decimal(14))
    if dice.random() < 0.7:
        facts["Haematocrit"] = dice.choice(HAEMATOCRITS.split())
        yield b.a_lab(Analyte.HAEMATOCRIT, facts["Haematocrit"])


def _weight(dice: random.Random, facts: dict[str, Any], labs: list[Any]) -> None:
    if dice.random() < 0.93:
        facts["Weight"] = dice.choice(WEIGHTS.split())
        labs.append(b.a_weight(facts["Weight"]))


def _events(dice: random.Random, facts: dict[str, Any], more: dict[str, Any], policy: SitePolicy) -> None:
    if dice.random() < 0.2:
        grade = dice.randint(1, 5)
        facts["ICANS grade"] = grade
        more["conditions"].append(b.a_condition(ConditionKind.ICANS, grade=grade))
    if dice.random() < 0.15:
        facts["Invasive procedure within 24 h"] = True
        more["procedures"].append(b.a_procedure())
    if dice.random() < 0.25:
        days = dice.choice(
            (Decimal(1), policy.get("toci_lookback_d"), policy.get("toci_lookback_d") + Decimal("0.001"))
        )
        facts["Days since tocilizumab"] = str(days)
        more["exposures"].append(b.an_exposure(Drug.TOCILIZUMAB, float(days * 24)))
    if dice.random() < 0.1:
        facts["Fluid overload"] = True
        more["conditions"].append(b.a_condition(ConditionKind.FLUID_OVERLOAD))
    if dice.random() < 0.1:
        more["exposures"].append(b.an_exposure(Drug.CRYOPRECIPITATE, dice.choice((0.5, 2, 9)), units=Decimal(2)))
    if dice.random() < 0.1:
        facts["Fibrinogen pending"] = True
        more["awaited"].append(AwaitedResult(source="Observation/awaited", at=b.before(hours=1)))
    _allergy(dice, facts, more)


def _allergy(dice: random.Random, facts: dict[str, Any], more: dict[str, Any]) -> None:
    if dice.random() > 0.1:
        return
    allergen = dice.choice((Allergen.PLASMA_DERIVED, Allergen.NAMED_CONCENTRATE))
    facts["Allergy rules out concentrate"] = True
    facts["Allergy rules out cryoprecipitate"] = allergen is Allergen.PLASMA_DERIVED
    more["allergies"].append(b.an_allergy(allergen))


def _crs(dice: random.Random, facts: dict[str, Any]) -> list[Any]:
    grade = dice.choice((None, None, 0, 0, 1, 2, 3, 3, 4, 5, "unspecified"))
    if grade is None:
        return []
    if grade == "unspecified":
        facts["CRS of unspecified grade"] = True
        return [b.a_crs(None)]
    facts["CRS grade"] = grade
    return [b.a_crs(2, over=True)] if grade == 0 else [b.a_crs(grade)]


def _birth(dice: random.Random, facts: dict[str, Any]) -> BirthDate | None:
    """Completed years, on the birthday or on the day before the next."""
    if dice.random() < 0.04:
        return None
    years = dice.choice(AGES)
    facts["Age"] = years
    today = b.NOW.date()
    born = today.replace(year=today.year - years)
    if dice.random() < 0.5:
        born = born.replace(year=born.year - 1) + timedelta(days=1)
    return BirthDate(born.year, born.month, born.day)


def _beside(answer: Assessment, picture: ClinicalPicture) -> dict[str, Any]:
    """The facts that rows without a twin give: TRD-01, DIC-01, RCK-01."""
    told: dict[str, Any] = {
        "Trend down": "trend_down" in answer.modifiers,
        "Overt DIC": "dic_overt" in answer.modifiers,
    }
    due = answer.monitoring.recheck_due if answer.monitoring else None
    return {
        **told,
        "Recheck after a dose open": due is not None,
        "Recheck after a dose late": due is not None and picture.as_of > due,
    }


def expected(answer: Assessment, facts: dict[str, Any]) -> dict[str, Any]:
    """What CQL must say: every define that has a counterpart in the answer."""
    runs = answer.applicability.runs
    told: dict[str, Any] = {"TIER-01": str(answer.tier), "APP-03": runs}
    decision = answer.decision
    if not runs or decision is None:
        return told
    told |= {
        "MOD-01": [str(one) for one in answer.modifiers],
        "Row": decision.row,
        "Action": str(decision.action),  # DQ-17 and DQ-21, which may stand in its place, have no twin
        "Indicator": str(decision.indicator),
        "Target": _text(decision.target_g_per_l),
        "PRD-01": _chosen(answer),
        **{row: row == decision.row for row in _REP},
    }
    if answer.monitoring is not None:
        told["MON-01"] = _text(answer.monitoring.interval_h)
        told["MON-02"] = answer.monitoring.overdue
        told["MON-02 indicator"] = str(answer.monitoring.indicator)
    for option in answer.options:
        amounts = _concentrate if option.product is Product.FIBRINOGEN_CONCENTRATE else _cryo
        told |= amounts(option, facts, judged=bool(answer.dose_responses))
    return told


_REP = ("REP-01", "REP-02", "REP-03", "REP-04", "REP-05", "REP-06", "REP-07", "REP-08", "REP-10", "REP-12")


def _chosen(answer: Assessment) -> str | None:
    if not answer.options:
        return None
    return "fc" if answer.options[0].product is Product.FIBRINOGEN_CONCENTRATE else "cryo"


def _concentrate(option: Any, facts: dict[str, Any], *, judged: bool) -> dict[str, Any]:
    if "Weight" not in facts or "Age" not in facts:  # FC-06 has no twin
        return {"FC-04": None}
    return {
        "FC-04": _text(option.dose_mg),
        "FC-04 mg/kg": _text(option.dose_mg_per_kg),
        "FC-04 vials": _text(option.vials),
        "FC-04 volume mL": _text(option.volume_ml),
        "FC-04 predicted": _text(option.predicted_g_per_l),
        **_low("FC-04", option, judged=judged),
        **({"FC-04 rounding excess": "rounding_excess" in option.flags} if option.dose_mg is not None else {}),
        **({"FC-04 capped below target": "capped_below_target" in option.flags} if option.dose_mg is not None else {}),
    }


def _cryo(option: Any, facts: dict[str, Any], *, judged: bool) -> dict[str, Any]:
    if "Weight" not in facts or "Age" not in facts or option.doses is not None:  # CRY-06 has no twin
        return {"Cryoprecipitate units": None}
    return {
        "Cryoprecipitate units": _text(option.units),
        "Cryoprecipitate volume mL": _text(option.volume_ml),
        "CRY-01 predicted": _text(option.predicted_g_per_l),
        **_low("CRY-01", option, judged=judged),
        "CRY-01 capped below target": "capped_below_target" in option.flags,
    }


def _low(row: str, option: Any, *, judged: bool) -> dict[str, Any]:
    """The lower end of what is expected; a recovery judged from an earlier dose (RCK-01) has no twin."""
    return {} if judged else {f"{row} predicted low": _text(option.predicted_low_g_per_l)}


def _text(number: object) -> str | None:
    return None if number is None else str(number)


def differences(asked: list[Setting], said: list[dict[str, Any]]) -> list[str]:
    """Each value that is not the application's; numbers to the eighth place."""
    found = []
    for place, (one, values) in enumerate(zip(asked, said, strict=True)):
        for name, value in one.expected.items():
            if not equal(value, values[name]):
                found.append(f"{place} {name}: {value} by the application, {values[name]} by CQL, given {one.given}")
    return found


_LAST_PLACE = Decimal("0.00000002")  # one engine cuts the eighth place, another rounds it


def equal(ours: Any, theirs: Any) -> bool:
    """The same; numbers as text to the last of eight places."""
    if isinstance(ours, str) and isinstance(theirs, str) and ours[:1].isdigit() and theirs[:1].isdigit():
        return abs(Decimal(ours) - Decimal(theirs)) <= _LAST_PLACE
    return bool(ours == theirs)
