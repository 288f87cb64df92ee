"""Coagulation rows of guideline sections 5 and 7 from a chart: below, at and above each limit, missing and bounded values."""

from decimal import Decimal
from typing import Any

import pytest

from smartapp.clinical.assessment import assess
from smartapp.clinical.picture import Topic
from smartapp.clinical.terminology import Analyte, Drug
from tests import charts as c
from tests.builders import a_crs, a_fibrinogen, a_lab, a_picture, an_exposure, facts_of, unread
from tests.clinical.rules.asked import findings_of, outcome_of

BASE = (c.patient("1990-01-10"), c.infusion(), c.weight("70"))
FIB = c.fibrinogen("2.4")
BLEED = c.condition("bleed", "K92.1", 3)
BRAIN = c.condition("brain", "I61.9", 3)


def limit(value: float, unit: str) -> dict[str, Any]:
    return {"referenceRange": [{"high": {"value": value, "code": unit, "system": c.UCUM}}]}


def platelets(value: str) -> c.Resource:
    return c.result("plt", "777-3", value, "10*9/L", 2)


def inr(value: str) -> c.Resource:
    return c.result("inr", "6301-6", value, "{INR}", 2)


def pt(value: str) -> c.Resource:
    return c.result("pt", "5902-2", value, "s", 2, **limit(14, "s"))


def aptt(value: str) -> c.Resource:
    return c.result("aptt", "14979-9", value, "s", 2, **limit(36, "s"))


@pytest.mark.req("PLT-01", "PLT-02", "PLT-03", "PLT-04", "FHIR-26")
@pytest.mark.parametrize(
    ("count", "extra", "rows"),
    [
        ("49", (BLEED,), {"PLT-01": "critical"}),
        ("50", (BLEED,), {}),
        ("49", (), {}),
        ("<50", (BLEED,), {"PLT-01": "critical"}),
        ("<60", (BLEED,), {}),
        ("19", (c.crs(2),), {"PLT-02": "warning"}),
        ("20", (c.crs(2),), {}),
        ("19", (c.crs(1),), {}),
        ("19", (c.condition("icans", "G92.02", 9),), {"PLT-02": "warning"}),
        ("19", (c.condition("icans", "G92.01", 9),), {}),
        ("9", (c.crs(1),), {"PLT-03": "warning"}),
        ("10", (c.crs(1),), {}),
        ("99", (BRAIN,), {"PLT-04": "critical"}),
        ("100", (BRAIN,), {}),
    ],
)
def test_platelet_rows(count: str, extra: tuple[c.Resource, ...], rows: dict[str, str]) -> None:
    found = findings_of(*BASE, FIB, platelets(count), *extra)
    assert {rule: indicator for rule, indicator in found.items() if rule.startswith("PLT")} == rows


@pytest.mark.req("PLT-01")
def test_no_platelet_count_cannot_tell() -> None:
    assert outcome_of("PLT-01", *BASE, FIB, BLEED) == ("cannot_tell", ["platelets"])


@pytest.mark.req("COAG-01", "COAG-02", "COAG-03")
@pytest.mark.parametrize(
    ("results", "extra", "rows"),
    [
        ((inr("1.5"),), (), {"COAG-01": "warning"}),
        ((inr("1.49"),), (), {}),
        ((inr("1.5"),), (BLEED,), {}),
        ((inr("1.51"),), (BLEED,), {"COAG-02": "critical"}),
        ((pt("21"),), (BLEED,), {}),
        ((pt("21.1"),), (BLEED,), {"COAG-02": "critical"}),
        ((aptt("54"), pt("13")), (), {}),
        ((aptt("54.1"), pt("14")), (), {"COAG-03": "info"}),
        ((aptt("54.1"), pt("14.1")), (), {}),
        ((aptt("54.1"),), (), {}),
    ],
)
def test_clotting_rows(results: tuple[c.Resource, ...], extra: tuple[c.Resource, ...], rows: dict[str, str]) -> None:
    found = findings_of(*BASE, FIB, *results, *extra)
    assert {rule: indicator for rule, indicator in found.items() if rule.startswith("COAG")} == rows


PROCEDURE = {
    "resourceType": "ServiceRequest",
    "id": "op",
    "status": "active",
    "intent": "order",
    "subject": c.SUBJECT,
    "category": [{"coding": [{"system": "http://snomed.info/sct", "code": "387713003"}]}],
    "code": {"text": "Central line"},
    "occurrenceDateTime": "2026-03-01T13:00:00Z",
}
NO_LIMIT = c.result("pt", "5902-2", "30", "s", 2)


@pytest.mark.req("COAG-01", "COAG-02", "COAG-03", "COAG-04", "FHIR-29")
@pytest.mark.parametrize(
    ("row", "chart", "outcome"),
    [
        ("COAG-01", (), ("cannot_tell", ["inr"])),
        ("COAG-01", (BLEED,), ("silent", [])),
        ("COAG-01", (inr("1.2"),), ("silent", [])),
        ("COAG-02", (), ("silent", [])),
        ("COAG-02", (BLEED,), ("cannot_tell", ["pt", "aptt", "inr"])),
        ("COAG-02", (PROCEDURE, pt("13"), inr("1.2")), ("cannot_tell", ["aptt"])),
        ("COAG-02", (PROCEDURE, NO_LIMIT, aptt("30"), inr("1.2")), ("cannot_tell", ["pt"])),
        ("COAG-02", (PROCEDURE, pt("13"), aptt("30"), inr("1.2")), ("silent", [])),
        ("COAG-02", (PROCEDURE, inr("1.51")), ("applies", [])),
        ("COAG-03", (), ("cannot_tell", ["aptt"])),
        ("COAG-03", (aptt("60"),), ("cannot_tell", ["pt"])),
        ("COAG-03", (aptt("60"), inr("1.1")), ("cannot_tell", ["inr"])),
        ("COAG-03", (aptt("30"),), ("silent", [])),
        ("COAG-04", (), ("silent", [])),
        ("COAG-04", (platelets("80"),), ("silent", [])),
    ],
)
def test_what_is_missing_is_named(row: str, chart: tuple[c.Resource, ...], outcome: tuple[str, list[str]]) -> None:
    assert outcome_of(row, *BASE, FIB, *chart) == outcome


@pytest.mark.req("COAG-04", "FHIR-29")
def test_an_anticoagulant_without_a_count_cannot_be_judged() -> None:
    assert outcome_of("COAG-04", *BASE, FIB, ordered("B01AB05")) == ("cannot_tell", ["platelets"])
    assert outcome_of("COAG-04", *BASE, platelets("80"), ordered("B01AB05")) == ("cannot_tell", ["fibrinogen"])
    assert outcome_of("COAG-04", *BASE, platelets("49"), ordered("B01AB05")) == ("applies", [])


@pytest.mark.req("COAG-01", "COAG-02", "DQ-17")
def test_unknown_bleeding_is_said_and_never_taken_for_none() -> None:
    results = (a_fibrinogen("2.4"), a_lab(Analyte.INR, "1.8"))
    picture = a_picture(*results, unread=unread(Topic.CONDITIONS))
    found = assess(picture, facts_of(picture).policy)
    outcomes = {outcome.rule: (str(outcome.kind), outcome.missing) for outcome in found.outcomes}
    assert outcomes["COAG-02"] == ("cannot_tell", ("bleeding",))
    text = next(f.text for f in found.findings if f.rule == "COAG-01")
    assert "bleeding is unknown" in text
    assert "without bleeding:" not in text


@pytest.mark.req("PLT-01", "PLT-02", "PLT-04", "SAF-04", "DQ-17")
@pytest.mark.parametrize(
    ("count", "topic", "crs", "cannot"),
    [
        ("40", Topic.CONDITIONS, 1, {"PLT-01", "PLT-04"}),
        ("120", Topic.CONDITIONS, 1, set()),
        ("15", Topic.CONDITIONS, 1, {"PLT-01", "PLT-02", "PLT-04"}),
        ("15", Topic.CONDITIONS, 3, {"PLT-01", "PLT-04"}),
        ("15", Topic.ALLERGIES, 1, {"PLT-02"}),
        ("15", Topic.ALLERGIES, None, {"PLT-02"}),
    ],
)
def test_low_platelets_in_an_unknown_setting(count: str, topic: Topic, crs: int | None, cannot: set[str]) -> None:
    records = [a_crs(crs)] if crs else []
    picture = a_picture(a_fibrinogen("2.4"), a_lab(Analyte.PLATELETS, count), crs=records, unread=unread(topic))
    outcomes = assess(picture, facts_of(picture).policy).outcomes
    assert {o.rule for o in outcomes if o.rule.startswith("PLT") and str(o.kind) == "cannot_tell"} == cannot


@pytest.mark.req("PLT-02")
def test_low_platelets_without_any_raised_risk_are_silent() -> None:
    dimer = a_lab(Analyte.D_DIMER, "300", upper_limit=Decimal(500))
    pt = a_lab(Analyte.PT, "12", upper_limit=Decimal(14))
    picture = a_picture(a_fibrinogen("2.4"), a_lab(Analyte.PLATELETS, "15"), dimer, pt, crs=[a_crs(1)])
    outcomes = assess(picture, facts_of(picture).policy).outcomes
    assert next(str(o.kind) for o in outcomes if o.rule == "PLT-02") == "silent"


@pytest.mark.req("SAF-04", "DQ-17")
def test_tranexamic_acid_in_an_unknown_setting() -> None:
    running = an_exposure(Drug.TRANEXAMIC_ACID, 1, running=True)
    well = (a_lab(Analyte.PLATELETS, "200"), a_lab(Analyte.PT, "12", upper_limit=Decimal(14)), a_fibrinogen("2.4"))
    for more, expected in (
        ({"unread": unread(Topic.CONDITIONS)}, ("cannot_tell", ("thrombosis",))),
        ({}, ("silent", ())),
    ):
        picture = a_picture(*well, exposures=[running], **more)
        outcomes = assess(picture, facts_of(picture).policy).outcomes
        assert next((str(o.kind), o.missing) for o in outcomes if o.rule == "SAF-04") == expected
    bare = a_picture(a_fibrinogen("0.9"), exposures=[running])
    found = next(o for o in assess(bare, facts_of(bare).policy).outcomes if o.rule == "SAF-04")
    assert (str(found.kind), found.missing) == ("cannot_tell", ("platelets", "d_dimer", "pt"))


@pytest.mark.req("DIC-01", "IEC-01", "FHIR-29")
def test_scores_without_their_results_cannot_tell() -> None:
    assert outcome_of("DIC-01", *BASE, FIB) == ("cannot_tell", ["platelets", "d_dimer", "pt"])
    assert outcome_of("IEC-01", *BASE, c.fibrinogen("1.2")) == ("cannot_tell", ["ferritin"])
    assert outcome_of("IEC-01", *BASE, FIB) == ("silent", [])


def ordered(code: str) -> c.Resource:
    medication = {"coding": [{"system": c.ATC, "code": code}], "text": "the drug"}
    return {
        "resourceType": "MedicationRequest",
        "id": "order",
        "status": "active",
        "intent": "order",
        "subject": c.SUBJECT,
        "medicationCodeableConcept": medication,
    }


@pytest.mark.req("COAG-04")
@pytest.mark.parametrize(
    ("fibrinogen", "count", "speaks"),
    [("0.99", "60", True), ("1.0", "60", False), ("2.4", "49", True), ("2.4", "50", False)],
)
def test_anticoagulant_with_low_counts(fibrinogen: str, count: str, speaks: bool) -> None:
    found = findings_of(*BASE, c.fibrinogen(fibrinogen), platelets(count), ordered("B01AB05"))
    assert ("COAG-04" in found) is speaks


@pytest.mark.req("DIC-01")
@pytest.mark.parametrize(
    ("dimer", "extra", "indicator"), [("2.1", (), "warning"), ("2.1", (BLEED,), "critical"), ("0.9", (), "info")]
)
def test_dic_speaks_louder_with_bleeding(dimer: str, extra: tuple[c.Resource, ...], indicator: str) -> None:
    d_dimer = c.result("dd", "48065-7", dimer, "mg{FEU}/L", 2, **limit(0.5, "mg{FEU}/L"))
    found = findings_of(*BASE, c.fibrinogen("0.9"), platelets("49"), pt("17"), d_dimer, *extra)
    assert found["DIC-01"] == indicator


@pytest.mark.req("DIC-01")
def test_d_dimer_without_a_limit_scores_as_missing() -> None:
    d_dimer = c.result("dd", "48065-7", "9", "mg{FEU}/L", 2)
    found = findings_of(*BASE, c.fibrinogen("2.4"), platelets("49"), pt("13"), d_dimer, text=True)
    assert "incomplete, missing d-dimer" in found["DIC-01"]


@pytest.mark.req("IEC-01", "IEC-02")
@pytest.mark.parametrize(
    ("ferritin", "fibrinogen", "rows"),
    [
        ("10000", "1.49", {"IEC-01": "warning"}),
        ("9999", "1.49", {}),
        ("10000", "1.5", {}),
        (None, "1.49", {"IEC-02": "info"}),
        (None, "1.5", {}),
    ],
)
def test_iec_hs_prompt(ferritin: str | None, fibrinogen: str, rows: dict[str, str]) -> None:
    ldh = c.result("ldh", "2532-0", "400", "U/L", 2, **limit(250, "U/L"))
    measured = (c.result("fer", "2276-4", ferritin, "ug/L", 2),) if ferritin else ()
    found = findings_of(*BASE, c.fibrinogen(fibrinogen), ldh, *measured)
    assert {rule: indicator for rule, indicator in found.items() if rule.startswith("IEC")} == rows


@pytest.mark.req("SAF-04")
@pytest.mark.parametrize(
    ("extra", "speaks"),
    [((c.condition("dvt", "I82.401", 240),), True), ((c.condition("urine", "R31.0", 3),), True), ((), False)],
)
def test_antifibrinolytic_caution(extra: tuple[c.Resource, ...], speaks: bool) -> None:
    assert ("SAF-04" in findings_of(*BASE, FIB, ordered("B02AA02"), *extra)) is speaks
