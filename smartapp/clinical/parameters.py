"""Every parameter of guideline 0.2: its unit, default, bounds, status and note, and the profiles that set defaults."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter: its name, default and unit, what it may be, and how sure its default is.

    `kind` number has `low` and `high` (both allowed); word and flag have `choices`; words is a list of `choices`,
    texts a free list. `status`: V, V2, U, P as in guideline section 0, or site. A default of None is "not set".
    """

    name: str
    default: object
    kind: str
    unit: str = ""
    low: Decimal = Decimal(0)
    high: Decimal = Decimal(0)
    choices: tuple[str, ...] = ()
    status: str = "P"
    note: str = ""


def _number(
    name: str, default: str, unit: str, status: str = "P", *, low: str = "", high: str = "", note: str = ""
) -> Parameter:
    value = Decimal(default)
    return Parameter(
        name=name,
        default=value,
        kind="number",
        unit=unit,
        low=Decimal(low) if low else value / 4,
        high=Decimal(high) if high else value * 4,
        status=status,
        note=note,
    )


def _word(name: str, default: str, *choices: str, status: str = "P", note: str = "") -> Parameter:
    return Parameter(name=name, default=default, kind="word", choices=choices, status=status, note=note)


def _flag(name: str, default: str, note: str = "", status: str = "P") -> Parameter:
    on = default == "true"
    return Parameter(name=name, default=on, kind="flag", choices=("true", "false"), status=status, note=note)


def _list(name: str, default: tuple[str, ...], *choices: str, status: str = "site", note: str = "") -> Parameter:
    kind = "words" if choices else "texts"
    return Parameter(name=name, default=default, kind=kind, choices=choices, status=status, note=note)


def _unset(name: str, low: str, high: str, unit: str, note: str) -> Parameter:
    bounds = (Decimal(low), Decimal(high))
    return Parameter(
        name=name, default=None, kind="number", unit=unit, low=bounds[0], high=bounds[1], status="site", note=note
    )


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
    _word("profile", "trial_1_5", "trial_1_5", "restrictive_1_0", "bleeding_only", note="guideline 4.1"),
    _word("region", "US", "US", "UK", "EU", "other", note="PRD-02"),
    _number("window_days", "30", "d", "P from KYO, JOH21, HAS20", note="active window, inclusive (APP-03)"),
    _number("window_extended_days", "90", "d", note="after the window (APP-03)"),
    _number("pre_infusion_days", "7", "d", note="readiness check (APP-05)"),
    _word("other_cart_policy", "extrapolate", "extrapolate", "off", note="APP-04"),
    _word("crs_scale_default", "ASTCT", "ASTCT", "PENN", "LEE", note="CRS-01"),
    _list("crs_grade_codes", (), note="codes of local CRS-grade Observations, as system|code"),
    _number("crs_grade_max_age_h", "24", "h", note="CRS-02"),
    _number("vitals_window_h", "24", "h", note="CRS-03"),
    _number("sbp_hypotension_adult", "90", "mm[Hg]", "V", note="below this (CRS-03)"),
    _number("sbp_hypotension_child.under_1y", "70", "mm[Hg]", "U", note="below this (CRS-03)"),
    _number("sbp_hypotension_child.base", "70", "mm[Hg]", "U", note="1 to 9 y: base + per_year x completed years"),
    _number("sbp_hypotension_child.per_year", "2", "mm[Hg]/a", "U", note="1 to 9 y"),
    _number("sbp_hypotension_child.from_10y", "90", "mm[Hg]", "U", note="10 to 17 y"),
    _number("t1_below", "1.5", "g/L", "V", note="TIER-01"),
    _number("t2_below", "1.0", "g/L", "V", note="TIER-01"),
    _number("replace_below.bleeding", "1.5", "g/L", "V", note="REP-01, REP-02"),
    _number("replace_below.severe", "1.5", "g/L", "V", note="REP-05"),
    _number("replace_below.moderate", "1.0", "g/L", note="REP-03"),
    _number("replace_below.mild", "1.0", "g/L", note="REP-03"),
    _number("replace_below.none", "1.0", "g/L", note="REP-03, REP-04"),
    _number("replace_below.unknown", "1.0", "g/L", note="REP-03"),
    _number("consider_below", "1.5", "g/L", note="REP-06"),
    _number("target_nonbleeding", "1.5", "g/L", note="target"),
    _number("target_significant_bleeding", "1.5", "g/L", "V", note="target"),
    _number("target_major_bleeding", "2.0", "g/L", "V", note="target; upper end of REP-02"),
    _number("min_planned_increment", "0.5", "g/L", low="0", note="0 turns it off (4.3)"),
    _number("trend_rel_drop", "25", "%", low="0", high="100", note="TRD-01"),
    _number("trend_abs_drop", "0.5", "g/L", low="0", note="TRD-01"),
    _number("trend_window_h.min", "4", "h", low="0", note="TRD-01"),
    _number("trend_window_h.max", "24", "h", note="TRD-01"),
    _number("toci_lookback_d", "14", "d", note="TOC-01"),
    _number("age_risk_lt", "10", "a", "V", low="0", note="MOD-01"),
    _number("platelet_risk_lt", "50", "10*9/L", "P/V", low="0", note="MOD-01"),
    _number("icans_risk_ge", "3", "grade", "V", low="1", high="6", note="MOD-01; 6: never"),
    _flag("cryo_available", "true", "PRD-01", "site"),
    _flag("fc_available", "true", "PRD-01", "site"),
    _list("product_order", ("cryo", "fc"), "cryo", "fc", status="V in part", note="PRD-01"),
    _word("fc_product", "fibryga", "fibryga", "riastap", note="FC"),
    _number("fc_cap_mg_per_kg", "70", "mg/kg", "V", note="FC-04"),
    _number("fc_cap_mg", "4000", "mg", "V", note="FC-04"),
    _number("fc_conc_mg_per_ml", "20", "mg/mL", "V", note="FC-04"),
    _number("fc_vial_mg", "1000", "mg", "V", note="FC-04"),
    _number("fc_whole_vial_from_kg", "40", "kg", low="0", note="FC-04"),
    _word("fc_vial_rounding", "up", "up", "nearest", note="FC-04"),
    _number("rounding_excess_warn", "50", "%", low="0", note="FC-04"),
    _word("cryo_method", "plasma_volume", "plasma_volume", "weight", "ml_per_kg", status="V", note="CRY"),
    _number("cryo_mg_per_unit", "250", "mg", low="120", high="500", note="CRY-01; ask the blood bank"),
    _number("cryo_recovery", "1.0", "fraction", low="0.25", high="2", note="CRY-01"),
    _number("cryo_units_per_pool", "5", "units", "V", low="1", high="20", note="CRY-04"),
    _number("cryo_cap_units", "10", "units", "V", low="1", note="CRY-01, CRY-02"),
    _number("cryo_ml_per_kg.t1", "5", "mL/kg", "V", note="CRY-03"),
    _number("cryo_ml_per_kg.t2", "10", "mL/kg", "V", note="CRY-03"),
    _number("cryo_cap_ml", "400", "mL", note="CRY-03"),
    _number("cryo_unit_ml", "15", "mL", "V2", low="5", high="60", note="CRY-05"),
    _number("tbv_ml_per_kg.from_12y", "70", "mL/kg", "V", note="CRY-01"),
    _number("tbv_ml_per_kg.from_1y", "75", "mL/kg", "U", note="CRY-01"),
    _number("tbv_ml_per_kg.under_1y", "80", "mL/kg", "U", note="CRY-01"),
    _number("fib_tier_max_age_h", "24", "h", note="DQ-03"),
    _number("fib_dose_max_age_h", "12", "h", note="DQ-03"),
    _number("weight_max_age_d.child", "7", "d", note="DQ-11"),
    _number("weight_max_age_d.adult", "30", "d", note="DQ-11"),
    _number("hct_max_age_h", "48", "h", note="CRY-01"),
    _number("coag_max_age_h", "24", "h", note="MOD-01, COAG, PLT, DIC"),
    _number("iec_max_age_h", "48", "h", note="IEC"),
    _number("recent_dose_h", "6", "h", note="REP-09"),
    _number("pending_order_h", "4", "h", note="REP-09, MON-02"),
    _number("repeat_doses_alert_24h", "3", "doses", low="1", note="REP-11"),
    _number("recheck_after_dose_h", "1", "h", note="RCK-01"),
    *(_number(f"monitor_interval_h.{state}", str(hours), "h", note="MON-01") for state, hours in _MONITOR.items()),
    _number("monitor_grace", "0.25", "fraction", low="0", high="1", note="MON-02"),
    _number("inr_prolonged", "1.5", "{INR}", note="COAG-01"),
    _number("pt_aptt_ratio", "1.5", "x limit", "V", note="COAG-02, COAG-03"),
    _unset("pt_uln_s", "5", "60", "s", note="used only where a result carries no upper limit"),
    _unset("aptt_uln_s", "10", "120", "s", note="used only where a result carries no upper limit"),
    _number("ddimer_moderate_x", "2", "x limit", "V", note="DIC-01"),
    _number("ddimer_strong_x", "4", "x limit", "V", note="DIC-01"),
    _number("ferritin_abs", "10000", "ug/L", "U", note="IEC-01"),
    _number("ferritin_double_h", "24", "h", "U", note="IEC-01"),
    _flag("block_thrombosis_nonbleeding", "true", "SAF-01"),
    _number("fluid_volume_warn", "10", "mL/kg", note="SAF-03"),
    _word(
        "assume_fib_unit_if_missing",
        "none",
        "none",
        "g/L",
        "mg/dL",
        "mg/L",
        "g/dL",
        note="DQ-05: never guess by default",
    ),
    _flag("draft_on_consider", "false", "guideline 10"),
    _list("rules_off", (), note="rules the site switched off"),
    _word(
        "component_resource",
        "MedicationRequest",
        "MedicationRequest",
        "ServiceRequest",
        status="site",
        note="guideline 10",
    ),
    _word("order_status", "draft", "draft", "active", status="site", note="active only with order_intent order"),
    _word("order_intent", "proposal", "proposal", "plan", "order", status="site", note="of what is written back"),
)

BY_NAME: Mapping[str, Parameter] = {parameter.name: parameter for parameter in PARAMETERS}

PROFILES: Mapping[str, Mapping[str, str]] = {
    "trial_1_5": {},
    "restrictive_1_0": {"replace_below.severe": "1.0"},
    "bleeding_only": {},
}
