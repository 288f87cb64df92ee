"""Every parameter of guideline 0.2: its unit, default, bounds, status and where it is used, and the profiles that set defaults."""

import re
from collections.abc import Mapping

from smartapp.clinical.parameter_kinds import Parameter, flag, listing, number, unset, word
from smartapp.clinical.rule_families import FAMILIES

_MONITOR = {
    "none": 72,
    "mild": 24,
    "unknown": 24,
    "moderate": 12,
    "severe": 8,
    "t1": 12,
    "t2": 6,
    "bleeding": 6,
    "post_toci": 24,
}

PARAMETERS: tuple[Parameter, ...] = (
    word(
        "profile",
        "trial_1_5",
        "trial_1_5",
        "restrictive_1_0",
        "bleeding_only",
        note="REP-03, REP-04, REP-05, REP-06 (guideline 4.1)",
    ),
    word("region", "US", "US", "UK", "EU", "other", note="PRD-02"),
    number("window_days", "30", "d", "P from KYO, JOH21, HAS20", note="active window, inclusive (APP-03)"),
    number("window_extended_days", "90", "d", note="after the window (APP-03)"),
    number("pre_infusion_days", "7", "d", note="readiness check (APP-05)"),
    word("other_cart_policy", "extrapolate", "extrapolate", "off", note="APP-04"),
    word("crs_scale_default", "ASTCT", "ASTCT", "PENN", "LEE", note="CRS-01, CRS-04"),
    listing("crs_grade_codes", (), note="CRS-01: codes of Observations with a recorded grade, as system|code"),
    number("crs_grade_max_age_h", "24", "h", note="CRS-02"),
    number("vitals_window_h", "24", "h", note="CRS-03"),
    number("sbp_hypotension_adult", "90", "mm[Hg]", "V", note="below this (CRS-03)"),
    number("sbp_hypotension_child.under_1y", "70", "mm[Hg]", "U", note="below this (CRS-03)"),
    number(
        "sbp_hypotension_child.base",
        "70",
        "mm[Hg]",
        "U",
        note="CRS-03; 1 to 9 y: below base + per_year x completed years",
    ),
    number("sbp_hypotension_child.per_year", "2", "mm[Hg]/a", "U", note="CRS-03; 1 to 9 y"),
    number("sbp_hypotension_child.from_10y", "90", "mm[Hg]", "U", note="CRS-03; 10 to 17 y, below this"),
    number("t1_below", "1.5", "g/L", "V", note="TIER-01, REP-07, REP-08, DQ-04, MON-05"),
    number("t2_below", "1.0", "g/L", "V", note="TIER-01, REP-03, DQ-04"),
    number("replace_below.bleeding", "1.5", "g/L", "V", note="REP-01, REP-02"),
    number("replace_below.severe", "1.5", "g/L", "V", note="REP-05"),
    number("replace_below.moderate", "1.0", "g/L", note="REP-03"),
    number("replace_below.mild", "1.0", "g/L", note="REP-03"),
    number("replace_below.none", "1.0", "g/L", note="REP-03, REP-04"),
    number("replace_below.unknown", "1.0", "g/L", note="REP-03"),
    number("consider_below", "1.5", "g/L", note="REP-06"),
    number("target_nonbleeding", "1.5", "g/L", note="REP-03, REP-04, REP-05, REP-06"),
    number("target_significant_bleeding", "1.5", "g/L", "V", note="REP-01"),
    number("target_major_bleeding", "2.0", "g/L", "V", note="REP-01, REP-02, REP-10"),
    number("min_planned_increment", "0.5", "g/L", low="0", note="FC-01, CRY-01; 0 turns it off"),
    number("trend_rel_drop", "25", "%", low="0", high="100", note="TRD-01"),
    number("trend_abs_drop", "0.5", "g/L", low="0", note="TRD-01"),
    number("trend_window_h.min", "4", "h", low="0", note="TRD-01"),
    number("trend_window_h.max", "24", "h", note="TRD-01"),
    number("toci_lookback_d", "14", "d", note="TOC-01, MOD-01, CRS-05, MON-01, MON-05"),
    number("age_risk_lt", "10", "a", "V", low="0", note="MOD-01"),
    number("platelet_risk_lt", "50", "10*9/L", "P/V", low="0", note="MOD-01"),
    number("icans_risk_ge", "3", "grade", "V", low="1", high="6", note="MOD-01; 6: never"),
    flag("cryo_available", "true", "PRD-01", "site"),
    flag("fc_available", "true", "PRD-01", "site"),
    listing("product_order", ("cryo", "fc"), "cryo", "fc", status="V in part", note="PRD-01"),
    word("fc_product", "fibryga", "fibryga", "riastap", note="FC-01, FC-02, FC-05, FC-06, PRD-02"),
    number("fc_cap_mg_per_kg", "70", "mg/kg", "V", note="FC-04, SAF-06"),
    number("fc_cap_mg", "4000", "mg", "V", note="FC-04, FC-06, SAF-06"),
    number("fc_conc_mg_per_ml", "20", "mg/mL", "V", note="FC-04"),
    number("fc_vial_mg", "1000", "mg", "V", note="FC-04"),
    number("fc_whole_vial_from_kg", "40", "kg", low="0", note="FC-04"),
    word("fc_vial_rounding", "up", "up", "nearest", note="FC-04"),
    number("rounding_excess_warn", "50", "%", low="0", note="FC-04"),
    word(
        "cryo_method",
        "plasma_volume",
        "plasma_volume",
        "weight",
        "ml_per_kg",
        status="V",
        note="CRY-01, CRY-02, CRY-03",
    ),
    number("cryo_mg_per_unit", "250", "mg", low="120", high="500", note="CRY-01; ask the blood bank"),
    number("cryo_recovery", "1.0", "fraction", low="0.25", high="2", note="CRY-01"),
    number("cryo_units_per_pool", "5", "units", "V", low="1", high="20", note="CRY-04"),
    number("cryo_cap_units", "10", "units", "V", low="1", note="CRY-01, CRY-02, FC-06"),
    number("cryo_ml_per_kg.t1", "5", "mL/kg", "V", note="CRY-03"),
    number("cryo_ml_per_kg.t2", "10", "mL/kg", "V", note="CRY-03"),
    number("cryo_cap_ml", "400", "mL", note="CRY-03"),
    number("cryo_unit_ml", "15", "mL", "V2", low="5", high="60", note="CRY-05, SAF-03"),
    number("tbv_ml_per_kg.from_12y", "70", "mL/kg", "V", note="CRY-01"),
    number("tbv_ml_per_kg.from_1y", "75", "mL/kg", "U", note="CRY-01"),
    number("tbv_ml_per_kg.under_1y", "80", "mL/kg", "U", note="CRY-01"),
    number("fib_tier_max_age_h", "24", "h", note="DQ-03, TIER-01"),
    number("fib_dose_max_age_h", "12", "h", note="DQ-03"),
    number("weight_max_age_d.child", "7", "d", note="DQ-11"),
    number("weight_max_age_d.adult", "30", "d", note="DQ-11"),
    number("hct_max_age_h", "48", "h", note="CRY-01"),
    number("coag_max_age_h", "24", "h", note="MOD-01, COAG, PLT, DIC"),
    number("iec_max_age_h", "48", "h", note="IEC"),
    number("recent_dose_h", "6", "h", note="REP-09"),
    number("pending_order_h", "4", "h", note="REP-09, MON-02"),
    number("repeat_doses_alert_24h", "3", "doses", low="1", note="REP-11"),
    number("recheck_after_dose_h", "1", "h", note="RCK-01"),
    *(number(f"monitor_interval_h.{state}", str(hours), "h", note="MON-01") for state, hours in _MONITOR.items()),
    number("monitor_grace", "0.25", "fraction", low="0", high="1", note="MON-02"),
    number("inr_prolonged", "1.5", "{INR}", note="COAG-01, COAG-02"),
    number("pt_aptt_ratio", "1.5", "x limit", "V", note="COAG-02, COAG-03"),
    unset("pt_uln_s", "5", "60", "s", note="COAG-02, COAG-03, DIC-01: used only where a result carries no upper limit"),
    unset("aptt_uln_s", "10", "120", "s", note="COAG-02, COAG-03: used only where a result carries no upper limit"),
    number("ddimer_moderate_x", "2", "x limit", "V", note="DIC-01"),
    number("ddimer_strong_x", "4", "x limit", "V", note="DIC-01"),
    number("ferritin_abs", "10000", "ug/L", "U", note="IEC-01"),
    number("ferritin_double_h", "24", "h", "U", note="IEC-01"),
    flag("block_thrombosis_nonbleeding", "true", "SAF-01"),
    number("fluid_volume_warn", "10", "mL/kg", note="SAF-03"),
    word(
        "assume_fib_unit_if_missing",
        "none",
        "none",
        "g/L",
        "mg/dL",
        "mg/L",
        "g/dL",
        note="DQ-05: never guess by default",
    ),
    flag("draft_on_consider", "false", "REP-02, REP-06 (guideline 10)"),
    listing("rules_off", (), note="rules the site switched off"),
    word(
        "component_resource",
        "auto",
        "auto",
        "MedicationRequest",
        "ServiceRequest",
        status="site",
        note="guideline 10",
    ),
    word("order_status", "draft", "draft", "active", status="site", note="active only with order_intent order"),
    word("order_intent", "proposal", "proposal", "plan", "order", status="site", note="of what is written back"),
)

_ROW_NAMED = re.compile(rf"\b(?:{'|'.join(FAMILIES)})(?:-\d\d)?\b")


def rows_named(parameter: Parameter) -> tuple[str, ...]:
    """The rows of the guideline in which it is used: ids, or the first part of those of a whole family (`PLT`)."""
    return tuple(_ROW_NAMED.findall(parameter.note))


def parameters_of(row: str) -> tuple[str, ...]:
    """The names of the parameters that a row of the guideline uses."""
    family = row.partition("-")[0]
    return tuple(p.name for p in PARAMETERS if {row, family} & set(rows_named(p)))


BY_NAME: Mapping[str, Parameter] = {parameter.name: parameter for parameter in PARAMETERS}

PROFILES: Mapping[str, Mapping[str, str]] = {
    "trial_1_5": {},
    "restrictive_1_0": {"replace_below.severe": "1.0"},
    "bleeding_only": {},
}
