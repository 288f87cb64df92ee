"""REP-01 to REP-12 of guideline 4.1 from a chart: each row below, at and above its limits, the profiles, and the site's thresholds."""

from typing import Any

import pytest

from smartapp.clinical.assessment import Assessment
from smartapp.clinical.rules.replacement import TRIAL_NOTE
from tests import charts as c
from tests.clinical.rules.asked import assessed

BASE = (c.patient("1990-01-10"), c.infusion(), c.weight("70"))
MAJOR = c.condition("bleed", "I61.9", 3)
SIGNIFICANT = c.condition("bleed", "K92.1", 3)
MINOR = c.condition("bleed", "R04.0", 3)
RESOLVED = c.crs(2, 100, abatementDateTime=c.ago(hours=50))
TOCI = c.given("toci", "L04AC07", hours_ago=24)
ICANS = c.condition("icans", "G92.03", 9)
PROCEDURE = {
    "resourceType": "ServiceRequest",
    "id": "op",
    "status": "active",
    "intent": "order",
    "subject": c.SUBJECT,
    "category": [{"coding": [{"system": "http://snomed.info/sct", "code": "387713003"}]}],
    "code": {"text": "Central line"},
    "occurrenceDateTime": "2026-03-02T08:00:00Z",
}


def decided(*resources: c.Resource, **site: Any) -> tuple[str, str, str, str]:
    return shown(assessed(*BASE, *resources, **site))


def shown(found: Assessment) -> tuple[str, str, str, str]:
    """Row, action, indicator, target."""
    decision = found.decision
    assert decision is not None
    target = "" if decision.target_g_per_l is None else f"{decision.target_g_per_l:f}"
    return decision.row, str(found.action), str(found.indicator), target


def test_a_row_is_always_found_and_applies() -> None:
    found = assessed(*BASE, c.fibrinogen("1.2"))
    assert [o.rule for o in found.outcomes if o.rule.startswith("REP-0") and str(o.kind) == "applies"] == ["REP-07"]


@pytest.mark.req("REP-01", "REP-02", "V08", "V09")
@pytest.mark.parametrize(
    ("level", "bleed", "expected"),
    [
        ("1.49", SIGNIFICANT, ("REP-01", "REPLACE", "critical", "1.5")),
        ("1.5", SIGNIFICANT, ("REP-08", "MONITOR", "info", "")),
        ("1.49", MAJOR, ("REP-01", "REPLACE", "critical", "2.0")),
        ("1.5", MAJOR, ("REP-02", "CONSIDER", "warning", "2.0")),
        ("2.0", MAJOR, ("REP-02", "CONSIDER", "warning", "2.0")),
        ("2.01", MAJOR, ("REP-08", "NONE", "info", "")),
        ("1.49", MINOR, ("REP-06", "CONSIDER", "warning", "1.5")),
        ("<1.2", SIGNIFICANT, ("REP-01", "REPLACE", "critical", "1.5")),
        (">1.8", MAJOR, ("REP-02", "CONSIDER", "warning", "2.0")),
        (">2.1", MAJOR, ("REP-08", "NONE", "info", "")),
    ],
)
def test_bleeding(level: str, bleed: c.Resource, expected: tuple[str, ...]) -> None:
    assert decided(c.fibrinogen(level), c.crs(1), bleed) == expected


@pytest.mark.req("REP-03", "REP-04", "V01", "V05", "V11", "TIER-01")
@pytest.mark.parametrize(
    ("level", "extra", "expected"),
    [
        ("0.99", (c.crs(1),), ("REP-03", "REPLACE", "critical", "1.5")),
        ("0.99", (c.crs(2),), ("REP-03", "REPLACE", "critical", "1.5")),
        ("0.99", (c.crs(4),), ("REP-03", "REPLACE", "critical", "1.5")),
        ("0.99", (), ("REP-03", "REPLACE", "critical", "1.5")),
        ("0.99", (RESOLVED,), ("REP-04", "REPLACE", "warning", "1.5")),
        ("0.99", (RESOLVED, TOCI), ("REP-03", "REPLACE", "critical", "1.5")),
        ("0.99", (RESOLVED, ICANS), ("REP-04", "REPLACE", "warning", "1.5")),
        ("1.0", (RESOLVED,), ("REP-07", "MONITOR", "info", "")),
        ("<0.6", (c.crs(1),), ("REP-03", "REPLACE", "critical", "1.5")),
        ("<1.5", (c.crs(1),), ("REP-03", "REPLACE", "critical", "1.5")),
        ("<=1.0", (c.crs(1),), ("REP-03", "REPLACE", "critical", "1.5")),
    ],
)
def test_below_one(level: str, extra: tuple[c.Resource, ...], expected: tuple[str, ...]) -> None:
    assert decided(c.fibrinogen(level), *extra) == expected


@pytest.mark.req("REP-04")
def test_without_crs_other_causes_are_named() -> None:
    found = assessed(*BASE, c.fibrinogen("0.8"), RESOLVED)
    text = next(f.text for f in found.findings if f.rule == "REP-04")
    wanted = ("asparaginase", "liver failure", "IEC-HS", "DIC from another cause")
    assert [word for word in wanted if word not in text] == []


@pytest.mark.req("REP-05", "REP-06", "REP-07", "V02", "V06", "V07", "V20")
@pytest.mark.parametrize(
    ("level", "extra", "expected"),
    [
        ("1.0", (c.crs(3),), ("REP-05", "REPLACE", "warning", "1.5")),
        ("1.49", (c.crs(3),), ("REP-05", "REPLACE", "warning", "1.5")),
        ("1.49", (c.crs(3), ICANS), ("REP-05", "REPLACE", "critical", "1.5")),
        ("1.5", (c.crs(3), ICANS), ("REP-08", "MONITOR", "info", "")),
        ("1.0", (c.crs(2),), ("REP-07", "MONITOR", "warning", "")),
        ("1.49", (c.crs(2), ICANS), ("REP-06", "CONSIDER", "warning", "1.5")),
        ("1.49", (c.crs(1), MINOR), ("REP-06", "CONSIDER", "warning", "1.5")),
        ("1.2", (c.crs(1),), ("REP-07", "MONITOR", "info", "")),
        ("1.2", (), ("REP-07", "MONITOR", "warning", "")),
        ("1.2", (RESOLVED,), ("REP-07", "MONITOR", "info", "")),
        ("1.2", (RESOLVED, PROCEDURE), ("REP-06", "CONSIDER", "warning", "1.5")),
        ("1.2", (RESOLVED, TOCI), ("REP-06", "CONSIDER", "warning", "1.5")),
    ],
)
def test_from_one_to_one_and_a_half(level: str, extra: tuple[c.Resource, ...], expected: tuple[str, ...]) -> None:
    assert decided(c.fibrinogen(level), *extra) == expected


FALL = c.fibrinogen("3.0", hours_ago=10, id_="before")


@pytest.mark.req("REP-08", "TRD-01", "V03", "V13")
@pytest.mark.parametrize(
    ("level", "extra", "expected"),
    [
        ("1.99", (c.crs(1),), ("REP-08", "MONITOR", "info", "")),
        ("2.0", (c.crs(1),), ("REP-08", "NONE", "info", "")),
        ("2.0", (c.crs(1), FALL), ("REP-08", "MONITOR", "info", "")),
        ("2.0", (c.crs(2),), ("REP-08", "MONITOR", "info", "")),
        ("2.0", (c.crs(3),), ("REP-08", "MONITOR", "info", "")),
        ("2.0", (c.crs(3), FALL), ("REP-08", "MONITOR", "warning", "")),
        ("2.0", (c.crs(2), FALL), ("REP-08", "MONITOR", "info", "")),
        (">1.5", (c.crs(1),), ("REP-08", "MONITOR", "info", "")),
        (">2.0", (c.crs(1),), ("REP-08", "NONE", "info", "")),
    ],
)
def test_from_one_and_a_half(level: str, extra: tuple[c.Resource, ...], expected: tuple[str, ...]) -> None:
    assert decided(c.fibrinogen(level), *extra) == expected


def stale(level: str) -> c.Resource:
    return c.fibrinogen(level, hours_ago=24.01)


@pytest.mark.req("REP-10", "REP-12", "V12", "V14", "DQ-03", "DQ-16")
@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ((MAJOR,), ("REP-10", "CONSIDER", "critical", "")),
        ((stale("0.4"), MAJOR), ("REP-10", "CONSIDER", "critical", "")),
        ((SIGNIFICANT,), ("REP-12", "CANNOT_ASSESS", "warning", "")),
        ((c.crs(1),), ("REP-12", "CANNOT_ASSESS", "info", "")),
        ((), ("REP-12", "CANNOT_ASSESS", "info", "")),
        ((c.crs(2),), ("REP-12", "CANNOT_ASSESS", "warning", "")),
        ((c.crs(3),), ("REP-12", "CANNOT_ASSESS", "warning", "")),
        ((stale("1.49"),), ("REP-12", "CANNOT_ASSESS", "warning", "")),
        ((stale("1.5"),), ("REP-12", "CANNOT_ASSESS", "info", "")),
        ((c.fibrinogen("0.9", "mg/dL"), c.crs(3)), ("REP-12", "CANNOT_ASSESS", "warning", "")),
        ((c.fibrinogen("<1.8"), c.crs(1)), ("REP-12", "CANNOT_ASSESS", "info", "")),
        ((c.fibrinogen(">1.2"), c.crs(1)), ("REP-12", "CANNOT_ASSESS", "info", "")),
    ],
)
def test_without_a_usable_level(extra: tuple[c.Resource, ...], expected: tuple[str, ...]) -> None:
    assert decided(*extra) == expected


@pytest.mark.req("REP-10", "FC-03", "CRY-02")
def test_an_empirical_dose_is_shown_and_never_drafted() -> None:
    found = assessed(*BASE, MAJOR, draft_on_consider="true", fc_product="riastap")
    amounts = {str(option.product): option.units or option.dose_mg for option in found.options}
    assert amounts == {"cryoprecipitate": 10, "fibrinogen_concentrate": 4000}
    assert ("REP-10" in {b.rule for b in found.draft_blockers}, found.draft_allowed) == (True, False)


@pytest.mark.req("REP-06")
def test_a_site_may_draft_where_replacement_may_be_considered() -> None:
    chart = (*BASE, c.fibrinogen("1.2"), c.crs(1), ICANS)
    assert "REP-06" in {blocker.rule for blocker in assessed(*chart).draft_blockers}
    assert assessed(*chart, draft_on_consider="true").draft_allowed


@pytest.mark.req("REP-03")
@pytest.mark.parametrize(
    ("level", "extra", "says"),
    [
        ("0.9", (c.crs(3),), True),
        ("1.2", (c.crs(1), ICANS), True),
        ("0.9", (c.crs(3), SIGNIFICANT), False),
        ("2.4", (c.crs(1),), False),
    ],
)
def test_without_bleeding_the_note_on_trials_stands(level: str, extra: tuple[c.Resource, ...], says: bool) -> None:
    found = assessed(*BASE, c.fibrinogen(level), *extra)
    assert any(TRIAL_NOTE in f.text for f in found.findings) is says


@pytest.mark.req("REP-05", "REP-06", "REP-07")
@pytest.mark.parametrize(
    ("level", "extra", "row"),
    [
        ("1.2", (c.crs(3),), ("REP-07", "MONITOR", "warning", "")),
        ("1.2", (c.crs(3), ICANS), ("REP-06", "CONSIDER", "warning", "1.5")),
        ("0.99", (c.crs(3),), ("REP-03", "REPLACE", "critical", "1.5")),
        ("1.0", (c.crs(3),), ("REP-07", "MONITOR", "warning", "")),
        ("1.49", (c.crs(3), SIGNIFICANT), ("REP-01", "REPLACE", "critical", "1.5")),
    ],
)
def test_the_restrictive_profile(level: str, extra: tuple[c.Resource, ...], row: tuple[str, ...]) -> None:
    assert decided(c.fibrinogen(level), *extra, profile="restrictive_1_0") == row


@pytest.mark.req("REP-03", "REP-04", "REP-05", "REP-06")
@pytest.mark.parametrize(
    ("level", "extra", "expected"),
    [
        ("0.9", (c.crs(3),), ("REP-03", "MONITOR", "warning", "")),
        ("0.9", (RESOLVED,), ("REP-04", "MONITOR", "warning", "")),
        ("1.2", (c.crs(3),), ("REP-05", "MONITOR", "warning", "")),
        ("1.2", (c.crs(1), ICANS), ("REP-06", "MONITOR", "warning", "")),
        ("1.2", (c.crs(1), PROCEDURE), ("REP-06", "MONITOR", "warning", "")),
        ("1.0", (c.crs(3), PROCEDURE), ("REP-05", "MONITOR", "warning", "")),
        ("0.99", (c.crs(3), PROCEDURE), ("REP-03", "REPLACE", "warning", "1.5")),
        ("0.99", (RESOLVED, PROCEDURE), ("REP-04", "REPLACE", "warning", "1.5")),
        ("1.2", (c.crs(1),), ("REP-07", "MONITOR", "info", "")),
        ("2.4", (c.crs(1),), ("REP-08", "NONE", "info", "")),
        ("1.49", (SIGNIFICANT,), ("REP-01", "REPLACE", "critical", "1.5")),
        ("1.8", (MAJOR,), ("REP-02", "CONSIDER", "warning", "2.0")),
    ],
)
def test_the_profile_that_replaces_for_bleeding_only(
    level: str, extra: tuple[c.Resource, ...], expected: tuple[str, ...]
) -> None:
    assert decided(c.fibrinogen(level), *extra, profile="bleeding_only") == expected


@pytest.mark.req("REP-01", "REP-02", "REP-03", "REP-05", "REP-06", "REP-07")
@pytest.mark.parametrize(
    ("site", "level", "extra", "row"),
    [
        ({"replace_below": {"bleeding": "1.2"}}, "1.2", (MAJOR,), "REP-02"),
        ({"replace_below": {"bleeding": "1.8"}}, "1.79", (SIGNIFICANT,), "REP-01"),
        ({"target_major_bleeding": "2.5"}, "2.5", (MAJOR,), "REP-02"),
        ({"replace_below": {"moderate": "1.2"}}, "1.19", (c.crs(2),), "REP-03"),
        ({"replace_below": {"moderate": "1.2"}}, "1.2", (c.crs(2),), "REP-07"),
        ({"replace_below": {"mild": "0.8"}}, "0.9", (c.crs(1),), "REP-07"),
        ({"replace_below": {"none": "1.2"}}, "1.1", (RESOLVED,), "REP-04"),
        ({"replace_below": {"unknown": "1.2"}}, "1.1", (), "REP-03"),
        ({"replace_below": {"severe": "1.2"}}, "1.19", (c.crs(3),), "REP-05"),
        ({"replace_below": {"severe": "1.2"}}, "1.2", (c.crs(3),), "REP-07"),
        ({"t2_below": "1.2"}, "1.19", (c.crs(3),), "REP-03"),
        ({"t2_below": "1.2"}, "1.19", (c.crs(2),), "REP-07"),
        ({"consider_below": "1.2"}, "1.2", (c.crs(1), ICANS), "REP-07"),
        ({"t1_below": "1.8"}, "1.7", (c.crs(1),), "REP-07"),
    ],
)
def test_the_site_s_thresholds(site: dict[str, Any], level: str, extra: tuple[c.Resource, ...], row: str) -> None:
    assert decided(c.fibrinogen(level), *extra, **site)[0] == row


def given(hours_ago: float, id_: str = "dose", **more: Any) -> c.Resource:
    return c.given(id_, "B02BB01", hours_ago=hours_ago, **more)


def ordered(hours_ago: float) -> c.Resource:
    return {
        "resourceType": "MedicationRequest",
        "id": "order",
        "status": "active",
        "intent": "order",
        "subject": c.SUBJECT,
        "medicationCodeableConcept": {"coding": [{"system": c.ATC, "code": "B02BB01"}]},
        "authoredOn": c.ago(hours=hours_ago),
    }


@pytest.mark.req("REP-09", "SAF-07")
@pytest.mark.parametrize(
    ("sample", "supply", "blocks"),
    [
        (8, given(6), True),
        (8, given(6.001), False),
        (2, given(3), False),
        (2, given(1), True),
        (2, ordered(4), True),
        (2, ordered(4.001), False),
        (8, c.given("ffp", "P9017", "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", hours_ago=3), False),
        (8, c.given("red", "P9044", "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", hours_ago=3), False),
        (8, c.given("cryo", "P9012", "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", hours_ago=3), True),
    ],
)
def test_a_recent_dose_waits_for_its_recheck(sample: float, supply: c.Resource, blocks: bool) -> None:
    found = assessed(*BASE, c.fibrinogen("0.9", hours_ago=sample), c.crs(3), supply)
    assert shown(found)[:3] == ("REP-03", "REPLACE", "critical")
    rules = {b.rule for b in found.draft_blockers}
    assert ("REP-09" in rules, found.draft_allowed) == (blocks, not blocks and "REP-13" not in rules)
    assert any(f.rule == "REP-09" and "recheck before another dose" in f.text for f in found.findings) is blocks


@pytest.mark.req("REP-11")
@pytest.mark.parametrize(
    ("hours", "speaks"),
    [((23, 15, 7), True), ((24, 15, 7), True), ((24.001, 15, 7), False), ((15, 7), False), ((23, 20, 15, 7), True)],
)
def test_three_doses_in_a_day_speak_up(hours: tuple[float, ...], speaks: bool) -> None:
    doses = [given(at, f"dose-{at}") for at in hours]
    found = assessed(*BASE, c.fibrinogen("2.4"), c.crs(1), *doses)
    assert [str(f.indicator) for f in found.findings if f.rule == "REP-11"] == (["critical"] if speaks else [])
    assert str(found.indicator) == "info"


@pytest.mark.req("REP-11")
def test_whom_to_call() -> None:
    doses = [given(at, f"dose-{at}") for at in (1, 2, 3)]
    text = next(f.text for f in assessed(*BASE, c.fibrinogen("0.9"), *doses).findings if f.rule == "REP-11")
    assert [word for word in ("haematology", "DIC", "IEC-HS", "ongoing bleeding") if word not in text] == []
