"""The signs of IEC-HS (IEC-01, IEC-02)."""

from decimal import Decimal
from typing import Any

import pytest

from smartapp.clinical.criteria.iec_hs import FERRITIN, IEC_HS, IecHs
from smartapp.clinical.labs import LabResult
from smartapp.clinical.picture import Bedside, ClinicalStatus
from smartapp.clinical.rule import Missing
from smartapp.clinical.terminology import Analyte, ConditionKind
from tests.builders import a_condition, a_lab, a_picture, an_infusion, facts_of

F, ALT, AST, LDH = Analyte.FERRITIN, Analyte.ALT, Analyte.AST, Analyte.LDH
PLT, ANC, TG = Analyte.PLATELETS, Analyte.NEUTROPHILS, Analyte.TRIGLYCERIDES
HIGH = a_lab(F, "12000")


def iec(*labs: LabResult, policy: dict[str, object] | None = None, **more: Any) -> IecHs:
    found = facts_of(a_picture(*labs, **more), **(policy or {})).get(IEC_HS)
    assert not isinstance(found, Missing)
    return found


@pytest.mark.req("IEC-01", "FHIR-26")
@pytest.mark.parametrize(
    ("value", "met"), [("9999", False), ("10000", True), (">10000", True), (">=9000", False), ("<20000", False)]
)
def test_a_very_high_ferritin(value: str, met: bool) -> None:
    assert (iec(a_lab(F, value)).ferritin is not None) is met


@pytest.mark.req("IEC-01")
@pytest.mark.parametrize(
    ("earlier", "hours_before", "met"),
    [
        ("1000", 24, True),
        ("1001", 24, False),
        ("1000", 24.01, False),
        ("<900", 12, True),
        (">900", 12, False),
        ("1000", 0, False),
    ],
)
def test_a_ferritin_that_doubled_within_24_hours(earlier: str, hours_before: float, met: bool) -> None:
    assert (iec(a_lab(F, "2000", 1), a_lab(F, earlier, 1 + hours_before)).ferritin is not None) is met


@pytest.mark.req("IEC-01", "DQ-10")
def test_a_suspect_ferritin_is_no_measure_of_a_rise() -> None:
    old = a_lab(F, "500", 9, source="Observation/odd")
    assert iec(a_lab(F, "2000"), old, bedside=Bedside(suspects={"Observation/odd": "x"})).ferritin is None


@pytest.mark.req("IEC-01")
@pytest.mark.parametrize(
    ("lab", "sign"),
    [
        (a_lab(ALT, "200", upper_limit=Decimal(40)), False),
        (a_lab(ALT, "201", upper_limit=Decimal(40)), True),
        (a_lab(AST, "201", upper_limit=Decimal(40)), True),
        (a_lab(LDH, "250", upper_limit=Decimal(250)), False),
        (a_lab(LDH, "251", upper_limit=Decimal(250)), True),
        (a_lab(LDH, "251", 48, upper_limit=Decimal(250)), True),
        (a_lab(LDH, "251", 48.01, upper_limit=Decimal(250)), False),
        (a_lab(TG, "265"), False),
        (a_lab(TG, "265.1"), True),
        (a_lab(TG, ">265"), True),
    ],
)
def test_signs_against_their_limits(lab: LabResult, sign: bool) -> None:
    assert bool(iec(HIGH, lab).signs) is sign


@pytest.mark.req("IEC-01")
def test_a_result_without_an_upper_limit_is_not_judged_and_said_so() -> None:
    found = iec(HIGH, a_lab(ALT, "9000"), a_lab(LDH, "9000"))
    assert (found.signs, found.not_judged) == ((), ("alt", "ldh"))


@pytest.mark.req("IEC-01")
@pytest.mark.parametrize(
    ("analyte", "now", "before", "new"),
    [
        (PLT, "49", "50", True),
        (PLT, "50", "150", False),
        (PLT, "49", "49", False),
        (PLT, "49", None, False),
        (ANC, "0.49", "0.5", True),
        (ANC, "0.5", "2", False),
        (ANC, "0.3", "0.2", False),
    ],
)
def test_a_cytopenia_counts_only_if_it_is_new_since_the_infusion(
    analyte: Analyte, now: str, before: str | None, new: bool
) -> None:
    labs = [HIGH, a_lab(analyte, now, 2)]
    if before is not None:
        labs += [a_lab(analyte, before, 6 * 24 + 1), a_lab(analyte, "0.01" if new else "900", 6 * 24 + 9)]
    assert bool(iec(*labs).signs) is new


@pytest.mark.req("IEC-01")
def test_without_a_dated_infusion_no_cytopenia_is_new() -> None:
    labs = (HIGH, a_lab(PLT, "20", 2), a_lab(PLT, "150", 200))
    assert iec(*labs).signs != ()
    assert iec(*labs, infusions=[an_infusion(start=None)]).signs == ()


@pytest.mark.req("IEC-01", "DQ-10")
def test_the_value_before_the_infusion_is_before_it_and_not_suspect() -> None:
    low = a_lab(PLT, "20", 2)
    assert iec(HIGH, low, a_lab(PLT, "150", 6 * 24)).signs == ()
    before = a_lab(PLT, "150", 200, source="Observation/odd")
    assert iec(HIGH, low, before, bedside=Bedside(suspects={"Observation/odd": "x"})).signs == ()


@pytest.mark.req("IEC-01")
def test_each_sign_is_told_in_words() -> None:
    labs = (a_lab(ALT, "400", upper_limit=Decimal(40)), a_lab(LDH, "900", upper_limit=Decimal(250)))
    texts = [sign.text for sign in iec(HIGH, *labs).signs]
    assert texts == ["ALT 400 alt, above 5 x its upper limit", "LDH 900 ldh, above its upper limit"]


@pytest.mark.req("IEC-01")
def test_recorded_haemophagocytosis_is_a_sign_while_active() -> None:
    kind = ConditionKind.HAEMOPHAGOCYTOSIS
    assert [sign.source for sign in iec(HIGH, conditions=[a_condition(kind)]).signs] == [f"Condition/{kind}"]
    assert iec(HIGH, conditions=[a_condition(kind, status=ClinicalStatus.OVER)]).signs == ()


@pytest.mark.req("IEC-02")
@pytest.mark.parametrize(("hours", "there"), [(48, True), (48.01, False)])
def test_a_ferritin_of_the_last_48_hours(hours: float, there: bool) -> None:
    facts = facts_of(a_picture(a_lab(F, "500", hours)))
    assert isinstance(facts.get(FERRITIN), LabResult) is there
    assert isinstance(facts.get(IEC_HS), IecHs) is there


@pytest.mark.req("IEC-01")
def test_the_site_may_set_the_ferritin_limits() -> None:
    assert iec(a_lab(F, "6000"), policy={"ferritin_abs": 5000}).ferritin is not None
    assert iec(a_lab(F, "2000", 1), a_lab(F, "900", 31), policy={"ferritin_double_h": 36}).ferritin is not None


@pytest.mark.req("IEC-01")
def test_a_doubling_is_told_with_both_values_and_the_newer_record() -> None:
    newest, earlier = a_lab(F, "2000", 1), a_lab(F, "1000", 20)
    sign = iec(newest, earlier).ferritin
    assert sign is not None
    assert sign.text == f"ferritin {newest.reported}, at least twice {earlier.reported}"
    assert sign.source == newest.source


@pytest.mark.req("IEC-01")
@pytest.mark.parametrize(
    ("lab", "words"),
    [
        (a_lab(ALT, "300", upper_limit=Decimal(45)), "above 5 x its upper limit"),
        (a_lab(LDH, "300", upper_limit=Decimal(250)), "above its upper limit"),
    ],
)
def test_how_far_above_its_limit_is_told(lab: LabResult, words: str) -> None:
    assert any(sign.text.endswith(words) for sign in iec(HIGH, lab).signs)
