"""What makes two cards the same, and when a change is for the worse."""

from dataclasses import replace
from datetime import UTC
from decimal import Decimal
from typing import Any

import pytest

from smartapp.clinical.assessment import Assessment, assess
from smartapp.clinical.policy import build_policy
from smartapp.fhir.chart_from_json import read_file
from smartapp.fhir.picture import read_picture
from smartapp.usecases.card_suppression import is_worse, likeness, severity
from smartapp.usecases.ports import Subject
from tests import charts as c

WHO = Subject(ehr="st-x", patient="P1", user="Practitioner/7")
RULES = ("REP-03",)


def assessed(*more: c.Resource, **policy: Any) -> Assessment:
    chosen = build_policy(None, policy)
    chart = read_file(c.bundle(c.patient("1990-01-10"), c.infusion(), c.crs(3), c.weight("70"), *more), None)
    return assess(read_picture(chart, c.NOW, UTC, policy=chosen), chosen)


BEFORE = assessed(c.fibrinogen("0.8"))


@pytest.mark.req("CDS-54")
def test_the_same_advice_to_the_same_user_is_the_same() -> None:
    later = replace(WHO, reference="later", encounter="E2")
    assert likeness(WHO, BEFORE, RULES, "critical") == likeness(later, assessed(c.fibrinogen("0.8")), RULES, "critical")


@pytest.mark.req("CDS-54")
@pytest.mark.parametrize(
    "other",
    [
        lambda: likeness(replace(WHO, user="Practitioner/8"), BEFORE, RULES, "critical"),
        lambda: likeness(replace(WHO, patient="P2"), BEFORE, RULES, "critical"),
        lambda: likeness(replace(WHO, ehr="st-y"), BEFORE, RULES, "critical"),
        lambda: likeness(WHO, BEFORE, ("REP-03", BEFORE.findings[-1].rule), "critical"),
        lambda: likeness(WHO, BEFORE, RULES, "warning"),
        lambda: likeness(WHO, assessed(c.fibrinogen("0.8", id_="next")), RULES, "critical"),
        lambda: likeness(WHO, assessed(c.fibrinogen("0.5")), RULES, "critical"),
        lambda: likeness(WHO, replace(BEFORE, options=()), RULES, "critical"),
        lambda: likeness(
            WHO, replace(BEFORE, weight=replace(BEFORE.weight, source="Observation/w2")), RULES, "critical"
        ),
    ],
    ids=["user", "patient", "EHR", "rules", "indicator", "observation", "value", "dose", "weight"],
)
def test_anything_else_is_not(other: Any) -> None:
    assert other() != likeness(WHO, BEFORE, RULES, "critical")


@pytest.mark.req("CDS-54")
def test_a_rules_new_version_is_not_the_same() -> None:
    newer = replace(BEFORE, findings=tuple(replace(f, version=f.version + 1) for f in BEFORE.findings))
    assert likeness(WHO, newer, RULES, "critical") != likeness(WHO, BEFORE, RULES, "critical")


@pytest.mark.req("CDS-54")
@pytest.mark.parametrize(
    ("then", "now", "worse"),
    [
        ("T1 mild none_recorded", "T1 mild none_recorded", False),
        ("T1 mild none_recorded", "T2 mild none_recorded", True),
        ("T2 mild none_recorded", "T1 mild none_recorded", False),
        ("T1 mild none_recorded", "TX mild none_recorded", True),
        ("TX mild none_recorded", "T1 mild none_recorded", True),
        ("T1 mild minor", "T1 severe minor", True),
        ("T1 severe minor", "T1 mild minor", False),
        ("T1 unknown minor", "T1 mild minor", True),
        ("T1 mild minor", "T1 unknown minor", True),
        ("T1 mild minor", "T1 mild major", True),
        ("T1 mild major", "T1 mild none", False),
        ("T1 mild none", "T1 mild none_recorded", False),
        ("T2 mild none", "T1 severe none", True),
        ("", "T1 severe none", True),
    ],
)
def test_worse_in_one_of_three_is_worse(then: str, now: str, worse: bool) -> None:
    assert is_worse(now, then) is worse


def test_severity_is_tier_band_and_bleeding() -> None:
    assert severity(BEFORE) == "T2 severe none_recorded"
    assert BEFORE.weight is not None
    assert BEFORE.weight.kg == Decimal(70)
