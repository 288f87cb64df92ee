"""The policy: defaults of guideline 0.2, the text form, bounds, profiles, and the hash."""

from datetime import timedelta
from decimal import Decimal

import pytest

from smartapp.clinical.parameter_kinds import Parameter
from smartapp.clinical.parameters import PARAMETERS
from smartapp.clinical.policy import PolicyError, build_policy

DEFAULTS = {  # guideline 0.2, read from the page
    "profile": "trial_1_5",
    "region": "US",
    "window_days": "30",
    "window_extended_days": "90",
    "pre_infusion_days": "7",
    "other_cart_policy": "extrapolate",
    "crs_scale_default": "ASTCT",
    "crs_grade_codes": (),
    "crs_grade_max_age_h": "24",
    "vitals_window_h": "24",
    "sbp_hypotension_adult": "90",
    "sbp_hypotension_child.under_1y": "70",
    "sbp_hypotension_child.from_1y": "70",
    "sbp_hypotension_child.from_10y": "90",
    "t1_below": "1.5",
    "t2_below": "1.0",
    "replace_below.bleeding": "1.5",
    "replace_below.severe": "1.5",
    "replace_below.moderate": "1.0",
    "replace_below.mild": "1.0",
    "replace_below.none": "1.0",
    "replace_below.unknown": "1.0",
    "consider_below": "1.5",
    "target_nonbleeding": "1.5",
    "target_significant_bleeding": "1.5",
    "target_major_bleeding": "2.0",
    "min_planned_increment": "0.5",
    "trend_rel_drop": "25",
    "trend_abs_drop": "0.5",
    "trend_window_h.min": "4",
    "trend_window_h.max": "24",
    "toci_lookback_d": "28",
    "age_risk_lt": "10",
    "platelet_risk_lt": "50",
    "icans_risk_ge": "3",
    "cryo_available": True,
    "fc_available": True,
    "product_order": ("cryo", "fc"),
    "fc_product": "fibryga",
    "fc_cap_mg_per_kg": "70",
    "fc_cap_mg": "4000",
    "fc_conc_mg_per_ml": "20",
    "fc_vial_mg": "1000",
    "fc_whole_vial_from_kg": "40",
    "fc_vial_rounding": "up",
    "rounding_excess_warn": "50",
    "cryo_method": "plasma_volume",
    "cryo_mg_per_unit": "250",
    "cryo_recovery": "1.0",
    "cryo_units_per_pool": "5",
    "cryo_cap_units": "10",
    "cryo_ml_per_kg.t1": "5",
    "cryo_ml_per_kg.t2": "10",
    "cryo_cap_ml": "400",
    "cryo_unit_ml": "15",
    "tbv_ml_per_kg.from_12y": "70",
    "tbv_ml_per_kg.from_1y": "75",
    "tbv_ml_per_kg.under_1y": "80",
    "fib_tier_max_age_h": "24",
    "fib_dose_max_age_h": "12",
    "weight_max_age_d.child": "7",
    "weight_max_age_d.adult": "30",
    "hct_max_age_h": "48",
    "coag_max_age_h": "24",
    "iec_max_age_h": "48",
    "recent_dose_h": "6",
    "pending_order_h": "4",
    "repeat_doses_alert_24h": "3",
    "recheck_after_dose_h": "1",
    "monitor_interval_h.none": "72",
    "monitor_interval_h.mild": "24",
    "monitor_interval_h.unknown": "24",
    "monitor_interval_h.moderate": "12",
    "monitor_interval_h.severe": "8",
    "monitor_interval_h.t1": "12",
    "monitor_interval_h.t2": "6",
    "monitor_interval_h.bleeding": "6",
    "monitor_interval_h.post_toci": "24",
    "monitor_grace": "0.25",
    "inr_prolonged": "1.5",
    "pt_aptt_ratio": "1.5",
    "pt_uln_s": None,
    "aptt_uln_s": None,
    "ddimer_moderate_x": "2",
    "ddimer_strong_x": "4",
    "ferritin_abs": "10000",
    "ferritin_double_h": "24",
    "block_thrombosis_nonbleeding": True,
    "fluid_volume_warn": "10",
    "assume_fib_unit_if_missing": "none",
    "draft_on_consider": False,
    "cryo_product": "conventional",
    "ifc_dose_mg": "1450",
    "ifc_cap_doses": "2",
    "recovery_low": "0.5",
    "cryo_order_unit": "single",
    "standing_draft_h": "24",
    "unsigned_warn_min": "30",
    "delta_h": "6",
    "delta_fall_g": "1.0",
    "delta_fall_pct": "50",
    "delta_rise_g": "0.6",
    "delta_rise_pct": "25",
    "order_contact": "",
    "special_requirements": "",
    "team_contact": "",
    "recheck_clock": "event",
    "draw_early": True,
    "draw_early_min_h": "4",
    "draw_early_fraction": "0.8",
    "manual_entry_hours": "12",
    "rules_off": (),
    "component_resource": "auto",
    "order_status": "draft",
    "order_intent": "proposal",
}
TIED = {"t1_below", "t2_below", "consider_below"}  # guideline 4.1 ties these and replace_below.* to each other
NUMBERS = [parameter for parameter in PARAMETERS if parameter.kind == "number" and parameter.default is not None]


def test_every_parameter_has_the_default_of_the_guideline() -> None:
    values = build_policy().values
    assert set(values) == set(DEFAULTS)
    for name, default in DEFAULTS.items():
        expected = Decimal(default) if isinstance(default, str) and isinstance(values[name], Decimal) else default
        assert values[name] == expected, name


@pytest.mark.parametrize("parameter", NUMBERS, ids=lambda parameter: parameter.name)
def test_bounds_admit_half_to_double_each_default(parameter: Parameter) -> None:
    assert isinstance(parameter.default, Decimal)
    most = {"%": Decimal(100), "fraction": Decimal(1), "mm[Hg]": Decimal(110)}.get(
        parameter.unit, parameter.default * 2
    )
    assert parameter.low <= parameter.default / 2
    assert parameter.high >= min(parameter.default * 2, most)
    if parameter.name not in TIED and not parameter.name.startswith("replace_below"):
        for value in (parameter.default / 2, min(parameter.default * 2, parameter.high)):
            assert build_policy(None, {parameter.name: str(value)}).get(parameter.name) == value


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("replace_below.moderate", "1.2", Decimal("1.2")),
        ("min_planned_increment", "0", Decimal(0)),
        ("cryo_mg_per_unit", "150", Decimal(150)),
        ("cryo_mg_per_unit", "440", Decimal(440)),
        ("cryo_unit_ml", "43", Decimal(43)),
        ("product_order", "fc,cryo", ("fc", "cryo")),
        ("product_order", ["fc", "cryo"], ("fc", "cryo")),
        ("product_order", "fc", ("fc",)),
        ("cryo_available", "false", False),
        ("cryo_available", True, True),
        ("fc_product", "riastap", "riastap"),
        ("rules_off", "PLT-03,TOC-01", ("PLT-03", "TOC-01")),
        ("crs_grade_codes", "http://st-x.example|CRS", ("http://st-x.example|CRS",)),
        ("pt_uln_s", "14", Decimal(14)),
        ("trend_window_h.max", 12, Decimal(12)),
        ("cryo_recovery", 0.7, Decimal("0.7")),
        ("cryo_recovery", Decimal("0.70"), Decimal("0.7")),
    ],
)
def test_values_are_taken_in_the_text_form_and_as_toml_gives_them(name: str, text: object, value: object) -> None:
    assert build_policy(None, {name: text}).get(name) == value


def test_members_of_a_group_may_be_nested() -> None:
    policy = build_policy(None, {"replace_below": {"moderate": "1.2"}, "monitor_interval_h": {"t2": 4}})
    assert policy.get("replace_below.moderate") == Decimal("1.2")
    assert policy.get("monitor_interval_h.t2") == 4
    assert policy.overrides == {"replace_below.moderate": "1.2", "monitor_interval_h.t2": "4"}


def test_what_comes_later_wins_and_a_profile_in_the_overrides_too() -> None:
    policy = build_policy(
        "bleeding_only", {"profile": "restrictive_1_0", "fc_product": "riastap", "replace_below.severe": "1.4"}
    )
    assert policy.profile == "restrictive_1_0"
    assert policy.get("replace_below.severe") == Decimal("1.4")
    assert policy.overrides == {"fc_product": "riastap", "replace_below.severe": "1.4"}


@pytest.mark.parametrize(
    ("profile", "severe"), [("trial_1_5", "1.5"), ("restrictive_1_0", "1.0"), ("bleeding_only", "1.5")]
)
def test_a_profile_sets_defaults(profile: str, severe: str) -> None:
    assert build_policy(profile).get("replace_below.severe") == Decimal(severe)


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        ({"replace_below.sever": 1}, "nearest is replace_below.severe"),
        ({"weight_max_age_d": 7}, "weight_max_age_d is a group: set one of its members, weight_max_age_d.child"),
        ({"zzz": 1}, "there is no parameter zzz"),
        ({"fc_cap_mg": "40001"}, "fc_cap_mg must be a number from 1000 to 16000 (mg), not 40001"),
        ({"fc_cap_mg": "-1"}, "fc_cap_mg must be a number from 1000 to 16000 (mg), not -1"),
        ({"fc_cap_mg": "NaN"}, "not NaN"),
        ({"fc_cap_mg": "much"}, "not much"),
        ({"fc_cap_mg": True}, "not True"),
        ({"fc_product": "RiaSTAP"}, "fc_product must be one of fibryga, riastap, not RiaSTAP"),
        ({"profile": "brave"}, "profile must be one of trial_1_5, restrictive_1_0, bleeding_only, not brave"),
        ({"cryo_available": "perhaps"}, "cryo_available must be one of true, false"),
        ({"product_order": "fc,fc"}, "product_order must list at least one of cryo, fc, each at most once"),
        ({"product_order": ""}, "product_order must list at least one of cryo, fc"),
        ({"product_order": "plasma"}, "product_order must be one of cryo, fc, not plasma"),
        ({"rules_off": "everything"}, "rules_off must list rule ids such as PLT-03, not everything"),
        ({"crs_grade_codes": "CRS"}, "crs_grade_codes must list codes as system|code, not CRS"),
        (
            {"replace_below.severe": "0.9"},
            "replace_below.severe must be from t2_below (1) to t1_below (1.5) g/L, not 0.9",
        ),
        ({"t2_below": "1.6"}, "t2_below must be at most t1_below (1.5), not 1.6"),
        ({"t1_below": "1.2"}, "replace_below.severe must be from t2_below (1) to t1_below (1.2) g/L, not 1.5"),
        ({"replace_below.moderate": "1.6"}, "replace_below.moderate must be at most t1_below (1.5), not 1.6"),
        ({"consider_below": "1.6"}, "consider_below must be at most t1_below (1.5), not 1.6"),
        (
            {"trend_window_h.min": "16", "trend_window_h.max": "12"},
            "trend_window_h.min must be at most trend_window_h.max",
        ),
        ({"order_status": "active"}, "order_status may be active only together with order_intent order"),
    ],
)
def test_what_cannot_be_taken_is_refused_in_one_sentence(overrides: dict[str, object], says: str) -> None:
    with pytest.raises(PolicyError) as refused:
        build_policy(None, overrides)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_number_at_its_bound_is_taken_and_one_just_past_it_refused() -> None:
    assert build_policy(None, {"fc_cap_mg": "16000"}).get("fc_cap_mg") == 16000
    with pytest.raises(PolicyError):
        build_policy(None, {"fc_cap_mg": "16000.01"})


def test_order_status_active_goes_with_intent_order() -> None:
    policy = build_policy(None, {"order_status": "active", "order_intent": "order"})
    assert (policy.get("order_status"), policy.get("order_intent")) == ("active", "order")


def test_the_hash_is_over_the_values_in_force_not_over_how_they_were_written() -> None:
    plain = build_policy()
    assert len(plain.sha256) == 64
    assert build_policy(None, {"t2_below": "1.00"}).sha256 == plain.sha256
    assert build_policy(None, {"cryo_recovery": "0.9"}).sha256 != plain.sha256
    assert build_policy("bleeding_only").sha256 != plain.sha256


def test_spans_are_exact() -> None:
    policy = build_policy(None, {"fib_tier_max_age_h": "24.1"})
    assert policy.span("fib_tier_max_age_h") == timedelta(hours=24, minutes=6)
    assert policy.span("toci_lookback_d") == timedelta(days=28)


def test_a_parameter_that_does_not_exist_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        build_policy().get("t3_below")


def test_every_parameter_tells_its_unit_and_status() -> None:
    for parameter in PARAMETERS:
        assert parameter.status
        assert parameter.kind != "number" or (parameter.unit and parameter.low < parameter.high)
        assert parameter.note, parameter.name


@pytest.mark.req("DSI-04")
def test_a_rule_switched_off_is_another_policy_and_is_told_as_an_override() -> None:
    as_is, changed = build_policy(), build_policy(None, {"rules_off": "PLT-03"})
    assert changed.sha256 != as_is.sha256
    assert changed.get("rules_off") == ("PLT-03",)
    assert "rules_off" in changed.overrides


@pytest.mark.req("PRD-05")
@pytest.mark.parametrize(
    ("words", "kept"), [("Blood bank, 55 1234", "Blood bank, 55 1234"), (" ", ""), ("x" * 120, "x" * 120)]
)
def test_a_free_text_is_one_line_of_at_most_120_characters(words: str, kept: str) -> None:
    assert build_policy(None, {"order_contact": words}).get("order_contact") == kept


@pytest.mark.req("PRD-05")
@pytest.mark.parametrize("words", ["x" * 121, "two\nlines", "a\x00b"])
def test_a_longer_text_or_two_lines_are_refused(words: str) -> None:
    with pytest.raises(PolicyError, match="order_contact must be one line of at most 120 characters"):
        build_policy(None, {"order_contact": words})


@pytest.mark.parametrize(("hours", "fits"), [("0", True), ("5.9", False), ("6", True), ("24", True), ("25", False)])
def test_entries_by_hand_count_not_at_all_or_six_to_twenty_four_hours(hours: str, fits: bool) -> None:
    if fits:
        assert build_policy(None, {"manual_entry_hours": hours}).get("manual_entry_hours") == Decimal(hours)
        return
    with pytest.raises(PolicyError, match="manual_entry_hours"):
        build_policy(None, {"manual_entry_hours": hours})
