"""Which fibrinogen counts: guideline section 8 on choosing, and the tiers."""

from datetime import timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartapp.clinical.criteria.fibrinogen import FIBRINOGEN, FIBRINOGEN_ISSUES, FIBRINOGEN_STATE, TIER
from smartapp.clinical.derived_facts import EffectiveFibrinogen, NoFibrinogen, Tier
from smartapp.clinical.labs import LabResult, ResultStatus
from smartapp.clinical.partial_datetime import Moment, Precision
from smartapp.clinical.picture import Bedside, Gap, GapKind, Topic
from smartapp.clinical.rule import Missing
from smartapp.clinical.terminology import Analyte, Variant
from tests.builders import NOW, a_fibrinogen, a_picture, before, facts_of, unread


def state(*labs: LabResult, **more: Any) -> EffectiveFibrinogen | NoFibrinogen:
    found = facts_of(a_picture(*labs, **more)).get(FIBRINOGEN_STATE)
    assert not isinstance(found, Missing)
    return found


def effective(*labs: LabResult, **more: Any) -> EffectiveFibrinogen:
    found = state(*labs, **more)
    assert isinstance(found, EffectiveFibrinogen)
    return found


def issues(*labs: LabResult, **more: Any) -> list[str]:
    found = facts_of(a_picture(*labs, **more)).get(FIBRINOGEN_ISSUES)
    assert not isinstance(found, Missing)
    return [gap.rule for gap in found]


@pytest.mark.req("TIER-01")
@pytest.mark.parametrize(
    ("value", "tier"),
    [("0", "T2"), ("0.999", "T2"), ("1.0", "T1"), ("1.001", "T1"), ("1.499", "T1"), ("1.5", "T0"), ("1.501", "T0")],
)
def test_tiers_at_their_boundaries(value: str, tier: str) -> None:
    assert effective(a_fibrinogen(value)).tier == tier


@pytest.mark.req("TIER-01")
def test_the_site_may_move_the_tiers() -> None:
    facts = facts_of(a_picture(a_fibrinogen("1.2")), t2_below="1.3", **{"replace_below.severe": "1.4"})
    assert facts.get(TIER) is Tier.T2


@pytest.mark.req("DQ-04", "FHIR-26")
@pytest.mark.parametrize(
    ("value", "tier", "uncertain"),
    [
        ("<0.6", "T2", False),
        ("<1.0", "T2", False),
        ("<1.01", "T2", True),
        ("<1.5", "T2", True),
        ("<1.51", "TX", False),
        ("<=0.99", "T2", False),
        ("<=1.0", "T2", True),
        ("<=1.49", "T2", True),
        ("<=1.5", "TX", False),
        (">1.49", "TX", False),
        (">1.5", "T0", False),
        (">=1.5", "T0", False),
        (">=1.49", "TX", False),
        (">5", "T0", False),
    ],
)
def test_a_bound_gives_the_tier_it_proves(value: str, tier: str, uncertain: bool) -> None:
    facts = facts_of(a_picture(a_fibrinogen(value), a_fibrinogen("1.2", hours_ago=2)))
    assert facts.get(TIER) == tier
    found = facts.get(FIBRINOGEN)
    assert uncertain == (not isinstance(found, Missing) and "tier_uncertain" in found.flags)


@pytest.mark.req("DQ-04")
def test_a_bound_that_tells_nothing_is_not_replaced_by_an_older_number() -> None:
    found = state(a_fibrinogen("<2.0"), a_fibrinogen("0.8", hours_ago=3))
    assert isinstance(found, NoFibrinogen)
    assert "DQ-04" in issues(a_fibrinogen("<2.0"), a_fibrinogen("0.8", hours_ago=3))


@pytest.mark.req("DQ-04")
def test_the_measured_value_of_a_bound_is_the_bound() -> None:
    assert effective(a_fibrinogen("<0.6")).g_per_l == Decimal("0.6")


@pytest.mark.req("DQ-03", "V12")
@pytest.mark.parametrize(
    ("age", "tier"),
    [
        (timedelta(hours=12), "T2"),
        (timedelta(hours=24), "T2"),
        (timedelta(hours=24, seconds=1), "TX"),
        (timedelta(0), "T2"),
    ],
)
def test_a_result_counts_for_24_hours_to_the_second(age: timedelta, tier: str) -> None:
    facts = facts_of(a_picture(a_fibrinogen("0.9", collected=Moment(NOW - age))))
    assert facts.get(TIER) == tier


@pytest.mark.req("DQ-03")
def test_a_stale_result_is_remembered_with_the_tier_it_would_have_had() -> None:
    found = state(a_fibrinogen("0.9", hours_ago=25))
    assert isinstance(found, NoFibrinogen)
    assert found.last is not None
    assert found.last_tier is Tier.T2
    assert issues(a_fibrinogen("0.9", hours_ago=25)) == ["DQ-03"]


@pytest.mark.req("DQ-03")
def test_the_site_may_set_how_long_a_result_counts() -> None:
    facts = facts_of(a_picture(a_fibrinogen("0.9", hours_ago=25)), fib_tier_max_age_h=25)
    assert facts.get(TIER) is Tier.T2


@pytest.mark.req("DQ-02")
def test_the_newest_collection_wins_not_the_newest_issue() -> None:
    late_report = a_fibrinogen("0.8", hours_ago=5, issued=NOW)
    assert effective(late_report, a_fibrinogen("1.8", hours_ago=1, issued=NOW - timedelta(hours=1))).g_per_l == Decimal(
        "1.8"
    )


@pytest.mark.req("DQ-02")
def test_a_date_without_a_time_counts_from_midnight_and_is_named() -> None:
    midnight = Moment(NOW.replace(hour=0), Precision.DAY)
    found = effective(a_fibrinogen("0.9", collected=midnight))
    assert found.age_h == 8
    assert issues(a_fibrinogen("0.9", collected=midnight)) == ["DQ-02"]


@pytest.mark.req("DQ-01")
def test_a_preliminary_result_gives_the_tier_and_is_flagged() -> None:
    found = effective(a_fibrinogen("0.9", status=ResultStatus.PRELIMINARY))
    assert (found.tier, found.flags) == (Tier.T2, ("preliminary",))


@pytest.mark.req("DQ-07")
@pytest.mark.parametrize("variant", [Variant.ANTIGEN, Variant.HEAT, Variant.PRESENCE])
def test_other_methods_are_never_tiered(variant: Variant) -> None:
    found = state(a_fibrinogen("0.9", variant=variant))
    assert isinstance(found, NoFibrinogen)
    assert "none could be used" in found.why


@pytest.mark.req("DQ-07")
@pytest.mark.parametrize(
    ("clauss_hours_before", "value", "flags"),
    [(11.99, "1.2", ()), (12, "1.2", ()), (12.01, "2.0", ("derived",))],
)
def test_a_derived_result_counts_only_without_clauss_within_12_hours(
    clauss_hours_before: float, value: str, flags: tuple[str, ...]
) -> None:
    found = effective(
        a_fibrinogen("2.0", variant=Variant.DERIVED), a_fibrinogen("1.2", hours_ago=1 + clauss_hours_before)
    )
    assert (found.g_per_l, found.flags) == (Decimal(value), flags)


@pytest.mark.req("DQ-07")
def test_of_several_clauss_results_near_a_derived_one_the_newest_counts() -> None:
    found = effective(
        a_fibrinogen("2.0", variant=Variant.DERIVED), a_fibrinogen("1.2", hours_ago=4), a_fibrinogen("0.8", hours_ago=6)
    )
    assert found.g_per_l == Decimal("1.2")


@pytest.mark.req("DQ-07", "DQ-08")
def test_a_clauss_that_stands_in_for_a_newer_derived_result_is_itself_checked_for_conflict() -> None:
    labs = (
        a_fibrinogen("2.0", variant=Variant.DERIVED),
        a_fibrinogen("1.6", hours_ago=4),
        a_fibrinogen("1.1", hours_ago=4.2),
    )
    assert effective(*labs).g_per_l == Decimal("1.1")


@pytest.mark.req("DQ-08")
@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize(
    ("one", "other", "tier"),
    [("0.99", "1.01", "T2"), ("1.2", "<1.2", "T2"), ("1.2", ">1.2", "T1"), ("1.499", ">=1.499", "T1")],
)
def test_of_two_results_collected_together_that_agree_the_lower_counts(
    one: str, other: str, tier: str, order: int
) -> None:
    sources = ["Observation/a", "Observation/b"]
    first, second = a_fibrinogen(one, source=sources[order]), a_fibrinogen(other, source=sources[1 - order])
    assert effective(first, second).tier == tier


@pytest.mark.req("DQ-01", "DQ-08")
@pytest.mark.parametrize("order", [0, 1])
def test_of_one_result_told_as_preliminary_and_as_final_the_final_one_counts(order: int) -> None:
    sources = ["Observation/a", "Observation/b"]
    early = a_fibrinogen("0.9", status=ResultStatus.PRELIMINARY, source=sources[order])
    assert effective(early, a_fibrinogen("0.9", source=sources[1 - order])).flags == ()


@pytest.mark.req("DQ-08")
@pytest.mark.parametrize(
    ("minutes", "other", "value", "named"),
    [
        (15, "1.19", "1.19", True),
        (15, "1.2", "1.5", False),
        (16, "0.8", "1.5", False),
        (0, "1.9", "1.5", True),
        (15, "1.81", "1.5", True),
        (15, "1.8", "1.5", False),
    ],
)
def test_of_two_results_of_one_sample_the_lower_counts_if_they_conflict(
    minutes: int, other: str, value: str, named: bool
) -> None:
    labs = (a_fibrinogen("1.5"), a_fibrinogen(other, hours_ago=1 + minutes / 60))
    assert effective(*labs).g_per_l == Decimal(value)
    assert issues(*labs) == (["DQ-08"] if named else [])


@pytest.mark.req("DQ-08")
def test_the_lower_of_a_conflict_is_sought_among_all_results_of_the_sample() -> None:
    labs = (a_fibrinogen("1.6"), a_fibrinogen("1.2", hours_ago=1.1), a_fibrinogen("0.9", hours_ago=1.2))
    assert effective(*labs).g_per_l == Decimal("0.9")


@pytest.mark.req("DQ-08")
@pytest.mark.parametrize(
    ("derived", "minutes", "named"), [("1.5", 0, False), ("1.51", 0, True), ("1.51", 15, True), ("1.51", 16, False)]
)
def test_a_clauss_and_a_derived_result_that_differ_are_named(derived: str, minutes: int, named: bool) -> None:
    other = before(hours=1, minutes=minutes)
    labs = (a_fibrinogen("1.2"), a_fibrinogen(derived, variant=Variant.DERIVED, collected=other))
    assert effective(*labs).g_per_l == Decimal("1.2")
    assert issues(*labs) == (["DQ-08"] if named else [])


@pytest.mark.req("DQ-10")
def test_a_result_marked_suspect_at_the_bedside_is_skipped() -> None:
    suspect, older = a_fibrinogen("0.4", source="Observation/clotted"), a_fibrinogen("1.8", hours_ago=3)
    bedside = Bedside(suspects={"Observation/clotted": "clotted tube"})
    assert effective(suspect, older, bedside=bedside).g_per_l == Decimal("1.8")


@pytest.mark.req("DQ-16", "FHIR-29")
def test_no_fibrinogen_is_named_with_the_reason() -> None:
    assert issues() == ["DQ-16"]
    absent, failed = state(), state(unread=unread(Topic.LABORATORY))
    refused = state(gaps=(Gap(kind=GapKind.UNREADABLE, rule="DQ-06", text="check unit", analyte=Analyte.FIBRINOGEN),))
    assert isinstance(absent, NoFibrinogen)
    assert isinstance(failed, NoFibrinogen)
    assert isinstance(refused, NoFibrinogen)
    other = Gap(kind=GapKind.UNREADABLE, rule="DQ-05", text="no unit", analyte=Analyte.PLATELETS)
    noted = Gap(kind=GapKind.NOTED, rule="DQ-02", text="time of issue", analyte=Analyte.FIBRINOGEN)
    assert absent == state(gaps=(other, noted))
    assert "not recorded" in absent.why
    assert "could not be read" in failed.why
    assert "none could be used" in refused.why


def test_a_result_before_the_infusion_still_gives_the_tier() -> None:
    assert effective(a_fibrinogen("0.9", hours_ago=20), infusions=[]).tier is Tier.T2


@pytest.mark.req("DQ-02", "DQ-08")
def test_the_order_of_results_never_matters() -> None:
    labs = [
        a_fibrinogen("1.5", source="Observation/a"),
        a_fibrinogen("1.1", source="Observation/b"),
        a_fibrinogen("1.3", hours_ago=1.1),
        a_fibrinogen("2.0", hours_ago=0.5, variant=Variant.DERIVED),
        a_fibrinogen("<0.8", hours_ago=1.2),
    ]
    states = [state(*order) for order in permutations(labs)]
    assert all(found == states[0] for found in states)


LEVELS = st.decimals(min_value=0, max_value=4, places=2)
TIER_ORDER = ("T2", "T1", "T0")


@settings(deadline=None)
@given(LEVELS, LEVELS)
@pytest.mark.req("TIER-01")
def test_a_lower_fibrinogen_never_gives_a_better_tier(one: Decimal, other: Decimal) -> None:
    lower, higher = sorted((one, other))
    assert TIER_ORDER.index(effective(a_fibrinogen(lower)).tier) <= TIER_ORDER.index(
        effective(a_fibrinogen(higher)).tier
    )


def test_age_in_hours_is_exact() -> None:
    assert effective(a_fibrinogen("0.9", collected=before(minutes=90))).age_h == Decimal("1.5")


@pytest.mark.req("DQ-16", "DQ-17")
@pytest.mark.parametrize(
    ("kind", "rule", "topic", "may_be"),
    [
        (GapKind.UNREADABLE, "DQ-17", Topic.LABORATORY, True),
        (GapKind.NOTED, "DQ-17", Topic.LABORATORY, False),
        (GapKind.UNREADABLE, "DQ-19", Topic.LABORATORY, False),
        (GapKind.UNREADABLE, "DQ-17", Topic.CONDITIONS, False),
    ],
)
def test_a_record_that_could_not_be_read_may_be_fibrinogen(
    kind: GapKind, rule: str, topic: Topic, may_be: bool
) -> None:
    gap = Gap(kind=kind, rule=rule, text="a record could not be read", topic=topic)
    state = facts_of(a_picture(gaps=[gap])).get(FIBRINOGEN_STATE)
    said = "a result that could not be read may be fibrinogen" if may_be else "fibrinogen is not recorded"
    assert isinstance(state, NoFibrinogen)
    assert state.why == said
