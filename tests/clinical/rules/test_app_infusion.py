"""APP-01, APP-03, APP-04 and APP-06 as they are said of a chart."""

import pytest

from tests import charts as c
from tests.clinical.rules.asked import assessed, findings_of

PATIENT = c.patient("1990-01-10")
B_ALL = c.condition("b-all", "C91.01", 24 * 200)
FIB = c.fibrinogen("1.2")
CONGENITAL = c.condition("congenital", "D68.2", 24 * 900)
PLANNED = {
    "resourceType": "ServiceRequest",
    "id": "plan",
    "status": "active",
    "intent": "order",
    "subject": c.SUBJECT,
    "code": {"text": "Kymriah infusion"},
    "occurrenceDateTime": "2026-03-06",
}
REMISSION = {
    "clinicalStatus": {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "remission"}]
    }
}


@pytest.mark.req("APP-01")
@pytest.mark.parametrize(
    "evidence",
    [
        c.infusion(performedDateTime=None),
        c.condition("history", "Z92.850", 24 * 6),
        c.condition("complication", "T80.82XA", 24 * 6),
        {**PLANNED, "occurrenceDateTime": "2026-02-20"},
    ],
    ids=["undated", "history", "complication", "request that is past"],
)
def test_weak_or_undated_evidence_is_to_be_confirmed(evidence: c.Resource) -> None:
    found = assessed(PATIENT, {k: v for k, v in evidence.items() if v is not None}, FIB)
    assert (str(found.action), str(found.tier), found.decision) == ("CANNOT_ASSESS", "T1", None)
    assert [f.text for f in found.findings if f.rule == "APP-01"] == [
        "CAR-T therapy suspected, infusion date not found: confirm"
    ]


@pytest.mark.req("APP-01", "APP-05")
def test_a_plan_alone_is_no_evidence() -> None:
    assert str(assessed(PATIENT, PLANNED, FIB).action) == "NONE"


@pytest.mark.req("APP-03")
@pytest.mark.parametrize(
    ("day", "extra", "action"),
    [
        (30, (c.fibrinogen("2.4"),), "NONE"),
        (30, (c.fibrinogen("1.9"),), "MONITOR"),
        (31, (c.fibrinogen("1.5"),), "NONE"),
        (31, (c.fibrinogen("1.49"),), "MONITOR"),
        (90, (c.fibrinogen("1.49"),), "MONITOR"),
        (91, (c.fibrinogen("0.4"),), "NONE"),
        (31, (c.fibrinogen("1.9"), c.crs(1)), "MONITOR"),
        (31, (c.fibrinogen("1.9"), c.condition("nose", "R04.0", 3)), "MONITOR"),
    ],
)
def test_the_window(day: int, extra: tuple[c.Resource, ...], action: str) -> None:
    found = assessed(PATIENT, c.infusion(day), B_ALL, *extra)
    assert str(found.action) == action
    assert found.fibrinogen is not None


@pytest.mark.req("APP-04")
@pytest.mark.parametrize(
    ("code", "conditions", "says"),
    [
        ("XW043J7", (B_ALL,), []),
        ("XW043J7", ({**B_ALL, **REMISSION},), []),
        ("XW043J7", (c.condition("dlbcl", "C83.38", 99),), ["base evidence is B-ALL", "diffuse large B-cell lymphoma"]),
        ("XW043J7", (), ["base evidence is B-ALL", "not recorded"]),
        ("XW043H7", (B_ALL,), ["evidence extrapolated from tisagenlecleucel"]),
        ("XW043C3", (B_ALL,), ["evidence extrapolated from tisagenlecleucel"]),
        ("XW043H7", (), ["evidence extrapolated from tisagenlecleucel", "base evidence is B-ALL"]),
    ],
)
def test_product_and_indication_are_told_and_gate_nothing(
    code: str, conditions: tuple[c.Resource, ...], says: list[str]
) -> None:
    found = findings_of(PATIENT, c.infusion(code=code), FIB, *conditions, text=True)
    assert [words for words in says if words not in found.get("APP-04", "")] == []
    assert ("APP-04" in found) == bool(says)
    assert "REP-07" in found


@pytest.mark.req("APP-04")
@pytest.mark.parametrize(("code", "action"), [("XW043H7", "NONE"), ("XW043C3", "MONITOR"), ("XW043J7", "MONITOR")])
def test_a_site_may_not_extrapolate(code: str, action: str) -> None:
    found = assessed(PATIENT, c.infusion(code=code), FIB, other_cart_policy="off")
    assert str(found.action) == action


@pytest.mark.req("APP-06")
def test_a_congenital_disorder_stops_the_rules() -> None:
    found = assessed(PATIENT, c.infusion(), B_ALL, CONGENITAL, c.fibrinogen("0.4"), c.condition("bleed", "K92.1", 3))
    assert (str(found.action), str(found.indicator), found.decision) == ("MONITOR", "info", None)
    assert "specialist plan" in next(f.text for f in found.findings if f.rule == "APP-06")


@pytest.mark.req("APP-06", "APP-05", "APP-01")
@pytest.mark.parametrize("evidence", [c.infusion(), PLANNED, c.condition("history", "Z92.850", 24 * 6)])
def test_nothing_is_said_of_a_patient_who_died(evidence: c.Resource) -> None:
    found = assessed(c.patient("1990-01-10", deceasedBoolean=True), evidence, FIB, c.crs(4))
    assert (str(found.action), str(found.indicator), found.findings) == ("NONE", "info", ())


@pytest.mark.req("APP-06", "DQ-12")
def test_without_a_birth_date_no_age_rule_and_no_dose() -> None:
    found = assessed(c.patient(None), c.infusion(), B_ALL, c.crs(3), c.fibrinogen("0.8"), c.weight("20"))
    assert str(found.action) == "REPLACE"
    assert "age_lt_10" not in found.modifiers
    assert [option.dose_mg or option.units for option in found.options] == [None, None]
    assert "DQ-12" in {blocker.rule for blocker in found.draft_blockers}
    assert "DQ-12" in {gap.rule for gap in found.gaps}
