"""Every parameter of guideline 0.2: its status, where it is used, and that setting it changes an answer."""

from typing import Any

import pytest

from smartapp.clinical.catalogue import as_data
from smartapp.clinical.parameters import BY_NAME, PARAMETERS, parameters_of, rows_named
from smartapp.clinical.policy import build_policy
from smartapp.clinical.report import as_json
from tests import charts as c
from tests.clinical.rules.asked import assessed

STATUS = {  # guideline 0.2, read from the page
    "V": (
        "sbp_hypotension_adult t1_below t2_below replace_below.bleeding replace_below.severe target_significant_bleeding "
        "target_major_bleeding age_risk_lt icans_risk_ge fc_cap_mg_per_kg fc_cap_mg fc_conc_mg_per_ml fc_vial_mg cryo_method "
        "cryo_units_per_pool cryo_cap_units cryo_ml_per_kg.t1 cryo_ml_per_kg.t2 tbv_ml_per_kg.from_12y pt_aptt_ratio "
        "ddimer_moderate_x ddimer_strong_x ifc_dose_mg"
    ),
    "V2": "cryo_unit_ml sbp_hypotension_child.under_1y sbp_hypotension_child.from_1y sbp_hypotension_child.from_10y",
    "U": ("tbv_ml_per_kg.from_1y tbv_ml_per_kg.under_1y ferritin_abs ferritin_double_h"),
    "P": (
        "profile region window_extended_days pre_infusion_days other_cart_policy crs_scale_default crs_grade_max_age_h "
        "vitals_window_h replace_below.moderate replace_below.mild replace_below.none replace_below.unknown consider_below "
        "target_nonbleeding min_planned_increment trend_rel_drop trend_abs_drop trend_window_h.min trend_window_h.max "
        "toci_lookback_d fc_product fc_whole_vial_from_kg fc_vial_rounding rounding_excess_warn cryo_mg_per_unit cryo_recovery "
        "cryo_cap_ml fib_tier_max_age_h fib_dose_max_age_h weight_max_age_d.child weight_max_age_d.adult hct_max_age_h "
        "coag_max_age_h iec_max_age_h recent_dose_h pending_order_h repeat_doses_alert_24h recheck_after_dose_h "
        "monitor_interval_h.none monitor_interval_h.mild monitor_interval_h.unknown monitor_interval_h.moderate "
        "monitor_interval_h.severe monitor_interval_h.t1 monitor_interval_h.t2 monitor_interval_h.bleeding "
        "monitor_interval_h.post_toci monitor_grace inr_prolonged block_thrombosis_nonbleeding fluid_volume_warn "
        "assume_fib_unit_if_missing draft_on_consider ifc_cap_doses recovery_low standing_draft_h unsigned_warn_min delta_h delta_fall_g "
        "delta_fall_pct delta_rise_g delta_rise_pct recheck_clock draw_early draw_early_min_h draw_early_fraction manual_entry_hours"
    ),
    "P/V": "platelet_risk_lt",
    "P from KYO, JOH21, HAS20": "window_days",
    "V in part": "product_order",
    "site": (
        "crs_grade_codes cryo_available fc_available pt_uln_s aptt_uln_s cryo_product cryo_order_unit order_contact "
        "special_requirements team_contact"
    ),
}
OF_THE_SITE_ONLY = {"rules_off", "component_resource", "order_status", "order_intent"}  # interfaces.md section 3


def test_every_parameter_has_the_status_of_the_guideline() -> None:
    expected = {name: status for status, names in STATUS.items() for name in names.split()}
    assert {p.name: p.status for p in PARAMETERS if p.name not in OF_THE_SITE_ONLY} == expected


def test_every_parameter_names_the_rows_that_use_it() -> None:
    listed = as_data()
    rows = {row["id"] for row in (*listed["rules"], *listed["definitions"])}
    families = {row.partition("-")[0] for row in rows}
    assert [p.name for p in PARAMETERS if not rows_named(p) and p.name not in OF_THE_SITE_ONLY] == []
    assert {name for p in PARAMETERS for name in rows_named(p)} <= rows | families


def test_a_row_lists_its_parameters() -> None:
    assert parameters_of("REP-04") == ("profile", "replace_below.none", "target_nonbleeding")
    assert "coag_max_age_h" in parameters_of("PLT-03")
    assert parameters_of("SAF-07") == ()


ADULT, CHILD, INFANT = c.patient("1990-01-10"), c.patient("2019-01-10"), c.patient("2025-10-01")
TEEN = c.patient("2011-01-10")
RESOLVED = c.crs(2, 100, abatementDateTime=c.ago(hours=50))
SIGNIFICANT, MAJOR = c.condition("bleed", "K92.1", 3), c.condition("bleed", "I61.9", 3)
FEVER = c.result("temp", "8310-5", "38.6", "Cel", 3)
ICANS2 = c.condition("icans", "G92.02", 9)
TOCI = c.given("toci", "L04AC07", hours_ago=24 * 3)
HCT = c.result("hct", "4544-3", "0.3", "1", 4)
DOSE = c.given("dose", "B02BB01", hours_ago=3)
ONLY_FC = {"cryo_available": "false", "fc_product": "riastap"}
FALL = c.fibrinogen("3.0", hours_ago=10, id_="before")


def fib(value: str, hours_ago: float = 1) -> c.Resource:
    return c.fibrinogen(value, hours_ago=hours_ago)


def low_pressure(value: str) -> c.Resource:
    return c.result("sbp", "8480-6", value, "mm[Hg]", 2)


def limited(id_: str, code: str, value: str, unit: str, high: float, hours_ago: float = 2) -> c.Resource:
    range_ = [{"high": {"value": high, "unit": unit, "code": unit, "system": c.UCUM}}]
    return c.result(id_, code, value, unit, hours_ago, referenceRange=range_)


def on_day(day: int, *more: c.Resource) -> tuple[c.Resource, ...]:
    return (ADULT, c.infusion(day), *more)


def planned(on: str) -> c.Resource:
    return {
        "resourceType": "ServiceRequest",
        "id": "plan",
        "status": "active",
        "intent": "order",
        "subject": c.SUBJECT,
        "code": {"text": "Kymriah"},
        "occurrenceDateTime": on,
    }


ORDER = {
    "resourceType": "MedicationRequest",
    "id": "order",
    "status": "active",
    "intent": "order",
    "subject": c.SUBJECT,
    "medicationCodeableConcept": {"coding": [{"system": c.ATC, "code": "B02BB01"}]},
    "authoredOn": c.ago(hours=5),
}
DRAFT = {**ORDER, "status": "draft", "authoredOn": c.ago(hours=14)}
SLOW_FALL = on_day(6, c.crs(2), c.fibrinogen("3.0", hours_ago=13, id_="before"), fib("2.0"))
JUMP_DOWN = on_day(6, c.crs(1), c.fibrinogen("3.0", hours_ago=5, id_="before"), fib("1.2"))
JUMP_UP = on_day(6, c.crs(1), c.fibrinogen("1.0", hours_ago=5, id_="before"), fib("1.9"))
GRADE = {
    "resourceType": "Observation",
    "id": "grade",
    "status": "final",
    "subject": c.SUBJECT,
    "code": {"coding": [{"system": "urn:site", "code": "CRS"}]},
    "effectiveDateTime": c.ago(hours=2),
    "valueInteger": 3,
}
ADULT_LOW = on_day(6, c.weight("70"), c.crs(3), fib("1.2"))
BY_VOLUME = {"cryo_method": "ml_per_kg"}
FERRITIN = c.result("fer", "2276-4", "12000", "ug/L", 3)
LDH = limited("ldh", "2532-0", "900", "U/L", 250, 3)
DIMER = limited("dd", "48065-7", "3000", "ug/L", 500)
PT, APTT = c.result("pt", "5902-2", "25", "s", 2), c.result("aptt", "14979-9", "70", "s", 2)

Case = tuple[str, Any, tuple[c.Resource, ...], dict[str, Any]]
CASES: tuple[Case, ...] = (
    ("profile", "restrictive_1_0", ADULT_LOW, {}),
    ("profile", "bleeding_only", ADULT_LOW, {}),
    ("region", "EU", ADULT_LOW, {}),
    ("window_days", "20", on_day(25, fib("2.4")), {}),
    ("window_extended_days", "60", on_day(70, fib("1.2")), {}),
    ("pre_infusion_days", "5", (ADULT, planned("2026-03-08")), {}),
    ("other_cart_policy", "off", (ADULT, c.infusion(6, "XW033H7"), fib("1.2")), {}),
    ("crs_scale_default", "LEE", ADULT_LOW, {}),
    ("crs_grade_codes", "urn:site|CRS", on_day(6, fib("1.2"), GRADE), {}),
    ("crs_grade_max_age_h", "12", on_day(6, fib("1.2"), c.crs(3, 13)), {}),
    ("vitals_window_h", "12", on_day(6, fib("1.2"), c.result("temp", "8310-5", "39", "Cel", 13)), {}),
    ("sbp_hypotension_adult", "100", on_day(6, FEVER, low_pressure("95")), {}),
    ("sbp_hypotension_child.under_1y", "80", (INFANT, c.infusion(), FEVER, low_pressure("75")), {}),
    ("sbp_hypotension_child.from_1y", "80", (CHILD, c.infusion(), FEVER, low_pressure("90")), {}),
    ("sbp_hypotension_child.from_10y", "100", (TEEN, c.infusion(), FEVER, low_pressure("95")), {}),
    ("t1_below", "1.8", on_day(6, c.crs(1), fib("1.6")), {}),
    ("t2_below", "1.2", on_day(6, c.crs(1), fib("1.1")), {}),
    ("replace_below.bleeding", "1.8", on_day(6, SIGNIFICANT, fib("1.6")), {}),
    ("replace_below.severe", "1.1", ADULT_LOW, {}),
    ("replace_below.moderate", "1.3", on_day(6, c.crs(2), fib("1.2")), {}),
    ("replace_below.mild", "1.3", on_day(6, c.crs(1), fib("1.2")), {}),
    ("replace_below.none", "1.3", on_day(6, RESOLVED, fib("1.2")), {}),
    ("replace_below.unknown", "1.3", on_day(6, fib("1.2")), {}),
    ("consider_below", "1.1", on_day(6, TOCI, c.crs(1), fib("1.2")), {}),
    ("target_nonbleeding", "1.8", ADULT_LOW, {}),
    ("target_significant_bleeding", "1.8", on_day(6, SIGNIFICANT, c.weight("70"), fib("1.2")), {}),
    ("target_major_bleeding", "2.4", on_day(6, MAJOR, c.weight("70"), fib("1.2")), {}),
    ("min_planned_increment", "0", ADULT_LOW, ONLY_FC),
    ("trend_rel_drop", "40", on_day(6, c.fibrinogen("1.2", hours_ago=10, id_="before"), fib("0.8")), {}),
    ("trend_abs_drop", "1", on_day(6, c.fibrinogen("3.0", hours_ago=10, id_="before"), fib("2.4")), {}),
    ("trend_window_h.min", "12", on_day(6, FALL, fib("2.0")), {}),
    ("trend_window_h.max", "8", on_day(6, FALL, fib("2.0")), {}),
    ("toci_lookback_d", "7", on_day(20, c.given("toci", "L04AC07", hours_ago=24 * 9), fib("1.2")), {}),
    ("age_risk_lt", "5", (CHILD, c.infusion(), c.crs(3), fib("1.2")), {}),
    ("platelet_risk_lt", "30", (*ADULT_LOW, c.result("plt", "777-3", "40", "10*9/L", 2)), {}),
    ("icans_risk_ge", "2", (*ADULT_LOW, ICANS2), {}),
    ("cryo_available", "false", ADULT_LOW, {}),
    ("fc_available", "false", ADULT_LOW, {}),
    ("product_order", "fc,cryo", ADULT_LOW, {}),
    ("fc_product", "riastap", ADULT_LOW, {}),
    ("fc_cap_mg_per_kg", "40", on_day(6, c.weight("50"), c.crs(3), fib("0.4")), ONLY_FC),
    ("fc_cap_mg", "3000", on_day(6, c.weight("90"), c.crs(3), fib("0.4")), ONLY_FC),
    ("fc_conc_mg_per_ml", "25", ADULT_LOW, {}),
    ("fc_vial_mg", "500", ADULT_LOW, {}),
    ("fc_whole_vial_from_kg", "80", ADULT_LOW, ONLY_FC),
    ("fc_vial_rounding", "nearest", ADULT_LOW, ONLY_FC),
    ("rounding_excess_warn", "20", ADULT_LOW, ONLY_FC),
    ("cryo_method", "weight", (*ADULT_LOW, HCT), {}),
    ("cryo_method", "ml_per_kg", (*ADULT_LOW, HCT), {}),
    ("cryo_mg_per_unit", "440", (*ADULT_LOW, HCT), {}),
    ("cryo_recovery", "0.6", (*ADULT_LOW, HCT), {}),
    ("cryo_product", "pathogen_reduced", (*ADULT_LOW, HCT), {}),
    ("ifc_dose_mg", "2200", (*ADULT_LOW, HCT), {"cryo_product": "pathogen_reduced"}),
    ("ifc_cap_doses", "1", (*ADULT_LOW[:-1], fib("0.4"), HCT), {"cryo_product": "pathogen_reduced"}),
    ("recovery_low", "0.4", (*ADULT_LOW, HCT), {}),
    ("cryo_order_unit", "pool", (*ADULT_LOW, HCT), {}),
    ("cryo_units_per_pool", "7", ADULT_LOW, {}),
    ("cryo_cap_units", "5", ADULT_LOW, {}),
    ("cryo_ml_per_kg.t1", "4", ADULT_LOW, BY_VOLUME),
    ("cryo_ml_per_kg.t2", "5", on_day(6, c.weight("50"), c.crs(3), fib("0.8")), BY_VOLUME),
    ("cryo_cap_ml", "300", ADULT_LOW, BY_VOLUME),
    ("cryo_unit_ml", "43", ADULT_LOW, {}),
    ("tbv_ml_per_kg.from_12y", "80", (*ADULT_LOW, HCT), {}),
    ("tbv_ml_per_kg.from_1y", "85", (CHILD, c.infusion(), c.weight("24"), c.crs(3), fib("1.2"), HCT), {}),
    ("tbv_ml_per_kg.under_1y", "100", (INFANT, c.infusion(), c.weight("6"), c.crs(3), fib("1.2"), HCT), {}),
    ("fib_tier_max_age_h", "30", on_day(6, c.crs(3), fib("1.2", 25)), {}),
    ("fib_dose_max_age_h", "6", on_day(6, c.weight("70"), c.crs(3), fib("1.2", 7)), {}),
    ("weight_max_age_d.child", "14", (CHILD, c.infusion(), c.weight("24", 24 * 9), c.crs(3), fib("1.2")), {}),
    ("weight_max_age_d.adult", "10", on_day(6, c.weight("70", 24 * 12), c.crs(3), fib("1.2")), {}),
    ("hct_max_age_h", "24", (*ADULT_LOW, c.result("hct", "4544-3", "0.3", "1", 30)), {}),
    ("coag_max_age_h", "12", (*ADULT_LOW, c.result("plt", "777-3", "9", "10*9/L", 13)), {}),
    ("iec_max_age_h", "24", (*ADULT_LOW, c.result("fer", "2276-4", "900", "ug/L", 30)), {}),
    (
        "recent_dose_h",
        "12",
        (*on_day(6, c.weight("70"), c.crs(3), fib("1.2", 9)), c.given("d", "B02BB01", hours_ago=7)),
        {},
    ),
    ("pending_order_h", "6", (*ADULT_LOW, ORDER), {}),
    ("repeat_doses_alert_24h", "1", (*ADULT_LOW, DOSE), {}),
    ("recheck_after_dose_h", "2", (*on_day(6, c.crs(3), fib("1.2", 9)), DOSE), {}),
    ("monitor_interval_h.none", "48", on_day(6, RESOLVED, fib("2.4")), {}),
    ("monitor_interval_h.mild", "36", on_day(6, c.crs(1), fib("2.4")), {}),
    ("monitor_interval_h.unknown", "36", on_day(6, fib("2.4")), {}),
    ("monitor_interval_h.moderate", "8", on_day(6, c.crs(2), fib("2.4")), {}),
    ("monitor_interval_h.severe", "6", on_day(6, c.crs(3), fib("2.4")), {}),
    ("monitor_interval_h.t1", "8", on_day(6, c.crs(1), fib("1.2")), {}),
    ("monitor_interval_h.t2", "4", on_day(6, c.crs(1), fib("0.8")), {}),
    ("monitor_interval_h.bleeding", "4", on_day(6, SIGNIFICANT, fib("2.4")), {}),
    ("monitor_interval_h.post_toci", "12", on_day(6, TOCI, RESOLVED, fib("2.4")), {}),
    ("monitor_grace", "0.5", on_day(6, c.crs(3), fib("2.4", 11)), {}),
    ("inr_prolonged", "1.4", on_day(6, fib("2.4"), c.result("inr", "6301-6", "1.45", "{INR}", 2)), {}),
    ("pt_aptt_ratio", "2", on_day(6, SIGNIFICANT, fib("2.4"), limited("pt", "5902-2", "25", "s", 14)), {}),
    ("pt_uln_s", "14", on_day(6, SIGNIFICANT, fib("2.4"), PT), {}),
    ("aptt_uln_s", "36", on_day(6, SIGNIFICANT, fib("2.4"), APTT), {}),
    ("ddimer_moderate_x", "8", on_day(6, fib("2.4"), DIMER), {"ddimer_strong_x": "8"}),
    ("ddimer_strong_x", "8", on_day(6, fib("2.4"), DIMER), {}),
    ("ferritin_abs", "15000", (*ADULT_LOW, FERRITIN, LDH), {}),
    (
        "ferritin_double_h",
        "12",
        (*ADULT_LOW, c.result("f1", "2276-4", "4000", "ug/L", 20), c.result("f2", "2276-4", "9000", "ug/L", 3), LDH),
        {},
    ),
    ("block_thrombosis_nonbleeding", "false", (*ADULT_LOW, c.condition("clot", "I26.99", 48)), {}),
    ("fluid_volume_warn", "2.5", on_day(6, c.weight("60"), c.crs(3), fib("0.8")), {"cryo_unit_ml": "20"}),
    ("assume_fib_unit_if_missing", "g/L", on_day(6, {**fib("1.2"), "valueQuantity": {"value": 1.2}}), {}),
    ("draft_on_consider", "true", on_day(6, c.weight("70"), TOCI, c.crs(1), fib("1.2")), {}),
    ("standing_draft_h", "12", (*ADULT_LOW, DRAFT), {}),
    ("unsigned_warn_min", "120", (*ADULT_LOW, {**DRAFT, "authoredOn": c.ago(hours=1)}), {}),
    ("draw_early", "false", SLOW_FALL, {}),
    ("draw_early_min_h", "6", SLOW_FALL, {"draw_early_fraction": "0.4"}),
    ("draw_early_fraction", "1", SLOW_FALL, {}),
    ("delta_h", "3", JUMP_DOWN, {}),
    ("delta_fall_g", "2", JUMP_DOWN, {}),
    ("delta_fall_pct", "80", JUMP_DOWN, {}),
    ("delta_rise_g", "2", JUMP_UP, {}),
    ("delta_rise_pct", "100", JUMP_UP, {"delta_rise_g": "0.3"}),
    ("rules_off", "MON-01", ADULT_LOW, {}),
)


def answer(chart: tuple[c.Resource, ...], site: dict[str, Any]) -> dict[str, Any]:
    body = as_json(assessed(*chart, **site))
    return {name: member for name, member in body.items() if name != "policy"}


def test_every_parameter_has_a_case() -> None:
    written_with_orders = {
        "component_resource",
        "order_status",
        "order_intent",
        "order_contact",
        "special_requirements",
    }
    elsewhere = {"team_contact", "recheck_clock", "manual_entry_hours"}  # on pages and orders
    assert {name for name, *_ in CASES} == set(BY_NAME) - written_with_orders - elsewhere


@pytest.mark.parametrize(
    ("name", "value", "chart", "site"), CASES, ids=[f"{name}={value}" for name, value, *_ in CASES]
)
def test_setting_it_changes_an_answer(
    name: str, value: str, chart: tuple[c.Resource, ...], site: dict[str, Any]
) -> None:
    assert answer(chart, {**site, name: value}) != answer(chart, site)


@pytest.mark.parametrize(
    ("name", "value", "chart", "site"), CASES, ids=[f"{name}={value}" for name, value, *_ in CASES]
)
def test_setting_it_changes_the_hash_of_the_policy(
    name: str, value: str, chart: tuple[c.Resource, ...], site: dict[str, Any]
) -> None:
    policy = as_json(assessed(*chart, **{**site, name: value}))["policy"]
    assert policy["sha256"] == build_policy(None, {**site, name: value}).sha256
    assert policy["sha256"] != build_policy(None, site).sha256


OPEN = ("crs_grade_codes", "rules_off", "order_contact", "special_requirements", "team_contact")  # free lists and texts


def test_every_bound_is_told_with_its_range() -> None:
    listed = {entry["name"]: entry for entry in as_data()["parameters"]}
    assert listed["fc_cap_mg"]["range"] == "1000 to 16000"
    assert listed["product_order"]["range"] == "cryo / fc"
    assert all(entry["range"] for name, entry in listed.items() if name not in OPEN)
