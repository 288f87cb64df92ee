"""The closed table of units, against UCUM and against DQ-05, DQ-06 and DQ-13."""

import re
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ucumvert import PintUcumRegistry

from smartapp.clinical.terminology import Analyte, Variant
from smartapp.clinical.unit_tables import FACTORS, OWN_UNIT, TEXT_SPELLINGS
from smartapp.clinical.units import FAHRENHEIT, UnitRefused, annotated_variant, to_own_unit, unit_of

FIB, HCT = Analyte.FIBRINOGEN, Analyte.HAEMATOCRIT
ACCEPTED = [(analyte, unit) for analyte, factors in FACTORS.items() for unit in factors]
NOT_BY_UCUM = {  # needs the molar mass (340 kDa, DQ-05) / read by magnitude, not by unit (DQ-13)
    (FIB, "umol/L"),
    (HCT, "%"),
}
BARE_ANNOTATION = re.compile(r"\{[^}]*\}")


@cache
def registry() -> Any:
    return PintUcumRegistry()


def by_ucum(value: Decimal, unit: str, own: str) -> Decimal:
    """The oracle: UCUM's own conversion; annotations carry no meaning in UCUM and are taken off."""
    ureg = registry()
    source, target = (ureg.from_ucum(BARE_ANNOTATION.sub("", text) or "1").units for text in (unit, own))
    return Decimal(str(ureg.Quantity(float(value), source).to(target).magnitude))


LIVING = {
    Analyte.TEMPERATURE: Decimal("37.5"),
    Analyte.SPO2: Decimal(91),
    Analyte.OXYGEN_FLOW: Decimal(6),
    Analyte.FIO2: Decimal(40),
}


@pytest.mark.req("FHIR-24", "DQ-05")
@pytest.mark.parametrize(("analyte", "unit"), [pair for pair in ACCEPTED if pair not in NOT_BY_UCUM])
def test_every_accepted_unit_converts_as_ucum_does(analyte: Analyte, unit: str) -> None:
    value = Decimal("0.30") if analyte is HCT else Decimal("0.9") if unit == "g/dL" else Decimal("137")
    value = value if unit not in ("g/L", "mg/mL") else Decimal("1.37")
    value = LIVING.get(analyte, value)
    found = to_own_unit(analyte, value, unit)
    assert isinstance(found, Decimal)
    assert abs(found - by_ucum(value, unit, OWN_UNIT[analyte])) <= abs(found) * Decimal("1e-9")


@pytest.mark.req("FHIR-24")
@pytest.mark.parametrize(("fahrenheit", "celsius"), [("100.4", "38"), ("98.6", "37"), ("89.6", "32"), ("107.6", "42")])
def test_fahrenheit(fahrenheit: str, celsius: str) -> None:
    assert to_own_unit(Analyte.TEMPERATURE, Decimal(fahrenheit), FAHRENHEIT) == Decimal(celsius)


def test_every_analyte_has_its_own_unit_and_takes_it_as_it_is() -> None:
    for analyte in Analyte:
        assert FACTORS[analyte][OWN_UNIT[analyte]] == 1


@pytest.mark.parametrize(("text", "code"), TEXT_SPELLINGS.items())
def test_every_spelling_stands_for_an_accepted_unit(text: str, code: str) -> None:
    assert code == FAHRENHEIT or any(code in factors for factors in FACTORS.values())
    assert text != code


@pytest.mark.req("DQ-05", "FHIR-24")
@pytest.mark.parametrize(
    ("value", "unit", "grams"),
    [
        ("1.2", "g/L", "1.2"),
        ("120", "mg/dL", "1.20"),
        ("99.9", "mg/dL", "0.999"),
        ("1200", "mg/L", "1.2"),
        ("0.12", "g/dL", "1.2"),
        ("1.2", "mg/mL", "1.2"),
        ("4", "umol/L", "1.36"),
    ],
)
def test_fibrinogen_in_every_unit(value: str, unit: str, grams: str) -> None:
    assert to_own_unit(FIB, Decimal(value), unit) == Decimal(grams)


@pytest.mark.req("DQ-06", "V14", "FHIR-24")
@pytest.mark.parametrize(
    ("value", "unit", "why"),
    [
        ("9.99", "mg/dL", "unit suspected wrong"),
        ("10", "mg/dL", ""),
        ("0.9", "mg/dL", "unit suspected wrong"),
        ("0", "mg/dL", "unit suspected wrong"),
        ("99.9", "mg/L", "unit suspected wrong"),
        ("100", "mg/L", ""),
        ("1", "g/dL", ""),
        ("1.01", "g/dL", "unit suspected wrong"),
        ("20", "g/L", ""),
        ("20.01", "g/L", "implausible"),
        ("2001", "mg/dL", "implausible"),
        ("120", "mg/mL", "implausible"),
        ("0", "g/L", ""),
        ("-0.1", "g/L", "below zero"),
        ("-120", "mg/dL", "below zero"),
    ],
)
def test_implausible_fibrinogen_is_refused(value: str, unit: str, why: str) -> None:
    found = to_own_unit(FIB, Decimal(value), unit)
    if why:
        assert isinstance(found, UnitRefused)
        assert found.rule == "DQ-06"
        assert why in found.why
    else:
        assert isinstance(found, Decimal)


@pytest.mark.req("DQ-13")
@pytest.mark.parametrize(
    ("value", "unit", "fraction"),
    [
        ("28", "%", "0.28"),
        ("0.28", "1", "0.28"),
        ("0.28", "%", "0.28"),
        ("28", "1", "0.28"),
        ("28", "L/L", "0.28"),
        ("0.05", "1", "0.05"),
        ("0.049", "1", None),
        ("70", "%", "0.70"),
        ("70.1", "%", None),
        ("1", "%", None),
        ("-28", "%", None),
    ],
)
def test_a_haematocrit_is_read_by_its_magnitude(value: str, unit: str, fraction: str | None) -> None:
    found = to_own_unit(HCT, Decimal(value), unit)
    assert found == Decimal(fraction) if fraction else isinstance(found, UnitRefused)


@pytest.mark.req("DQ-05", "FHIR-24", "FHIR-25")
@pytest.mark.parametrize(
    ("analyte", "code", "text", "unit"),
    [
        (FIB, "mg/dL", "mg/dL", "mg/dL"),
        (FIB, "mg/dL", "", "mg/dL"),
        (FIB, "", "mg/dL", "mg/dL"),
        (FIB, "g/L", "mg/mL", "g/L"),
        (FIB, "mg/dL", "mg per dL", "mg/dL"),
        (FIB, "", " g/L ", "g/L"),
        (Analyte.PLATELETS, "10*3/uL", "10^9/L", "10*3/uL"),
        (Analyte.PLATELETS, "", "K/uL", "10*3/uL"),
        (Analyte.TEMPERATURE, "[degF]", "°F", "[degF]"),
        (Analyte.TEMPERATURE, "", "°C", "Cel"),
        (Analyte.INR, "1", "INR", "1"),
        (Analyte.INR, "{INR}", "", "{INR}"),
        (Analyte.WEIGHT, "", "lb", "[lb_av]"),
        (HCT, "%", "%", "%"),
        (Analyte.D_DIMER, "mg{FEU}/L", "mg/L FEU", "mg{FEU}/L"),
        (Analyte.D_DIMER, "mg/L", "mg/L FEU", "mg{FEU}/L"),
        (Analyte.D_DIMER, "ug/L{DDU}", "", "ug/L{DDU}"),
    ],
)
def test_the_code_counts_else_the_text(analyte: Analyte, code: str, text: str, unit: str) -> None:
    assert unit_of(analyte, code, text) == unit


@pytest.mark.req("DQ-05", "FHIR-24", "FHIR-25")
@pytest.mark.parametrize(
    ("analyte", "code", "text", "why"),
    [
        (FIB, "", "", "no unit"),
        (FIB, "mg/dL", "g/L", "disagree"),
        (FIB, "mg/dL", "10^9/L", "disagree"),
        (FIB, "MG/DL", "", "MG/DL is not one that is accepted"),
        (FIB, "G/L", "", "G/L is not one that is accepted"),
        (FIB, "mg/dL", "G/L", "disagree"),
        (Analyte.PLATELETS, "", "g/L", "g/L is not one that is accepted"),
        (Analyte.WEIGHT, "", "KG", "KG is not one that is accepted"),
        (FIB, "10*9/L", "10*9/L", "not one that is accepted"),
        (FIB, "%", "g/L", "not one that is accepted"),
        (Analyte.TEMPERATURE, "Cel", "°F", "disagree"),
        (HCT, "%", "L/L", "disagree"),
        (Analyte.D_DIMER, "mg{FEU}/L", "mg/L DDU", "disagree"),
        (Analyte.FERRITIN, "pmol/L", "", "not one that is accepted"),
        (Analyte.WEIGHT, "kg", "lb", "disagree"),
    ],
)
def test_no_or_contradictory_or_other_units_are_refused(analyte: Analyte, code: str, text: str, why: str) -> None:
    found = unit_of(analyte, code, text)
    assert isinstance(found, UnitRefused)
    assert found.rule == "DQ-05"
    assert why in found.why


@pytest.mark.req("FHIR-25")
@pytest.mark.parametrize(
    ("unit", "variant"), [("mg{FEU}/L", Variant.FEU), ("ug/L{DDU}", Variant.DDU), ("mg/L", None), ("{INR}", None)]
)
def test_feu_and_ddu_survive(unit: str, variant: Variant | None) -> None:
    assert annotated_variant(unit) == variant


@pytest.mark.req("FHIR-25")
def test_no_factor_lies_between_feu_and_ddu() -> None:
    for kind in ("FEU", "DDU"):
        assert to_own_unit(Analyte.D_DIMER, Decimal("1.5"), f"mg{{{kind}}}/L") == 1500


def test_a_unit_of_another_analyte_is_refused_and_a_negative_count_too() -> None:
    assert isinstance(to_own_unit(Analyte.PT, Decimal(12), "g/L"), UnitRefused)
    assert isinstance(to_own_unit(Analyte.PLATELETS, Decimal(-5), "10*9/L"), UnitRefused)


@settings(deadline=None)
@given(st.sampled_from(list(Analyte)), st.text(max_size=8), st.text(max_size=8))
def test_any_unit_text_is_an_accepted_unit_or_refused(analyte: Analyte, code: str, text: str) -> None:
    found = unit_of(analyte, code, text)
    assert isinstance(found, UnitRefused) or found in FACTORS[analyte] or found == FAHRENHEIT


@pytest.mark.req("FHIR-24")
@settings(deadline=None)
@given(st.decimals(min_value="0.1", max_value=19, places=3))
def test_equal_meanings_give_equal_results(grams: Decimal) -> None:
    found = {to_own_unit(FIB, grams * times, unit) for times, unit in ((1, "g/L"), (100, "mg/dL"), (1000, "mg/L"))}
    assert found == {grams}


@pytest.mark.req("DQ-05")
@pytest.mark.parametrize(
    ("analyte", "code", "text", "accepted"),
    [
        (FIB, "mg/dL", "g/l", False),
        (FIB, "g/L", "MG/DL", False),
        (FIB, "mg/dL", "mg/dl", True),
        (FIB, "g/L", "G/L", True),
        (Analyte.PLATELETS, "10*9/L", "G/L", True),
    ],
)
def test_a_text_with_an_error_of_case_may_contradict_the_code(
    analyte: Analyte, code: str, text: str, accepted: bool
) -> None:
    assert unit_of(analyte, code, text) == code if accepted else isinstance(unit_of(analyte, code, text), UnitRefused)


VITALS = {
    Analyte.TEMPERATURE: ("30", "43", "29.9", "43.1"),
    Analyte.SYSTOLIC_PRESSURE: ("30", "300", "29", "301"),
    Analyte.SPO2: ("40", "100", "39", "101"),
    Analyte.OXYGEN_FLOW: ("0", "80", "-1", "80.5"),
    Analyte.FIO2: ("0.21", "100", "0.2", "101"),
}


@pytest.mark.req("DQ-26")
@pytest.mark.parametrize("analyte", VITALS)
def test_a_vital_sign_outside_the_limits_of_the_living_is_not_used(analyte: Analyte) -> None:
    *within, low, high = VITALS[analyte]
    unit = OWN_UNIT[analyte]
    assert all(isinstance(to_own_unit(analyte, Decimal(value), unit), Decimal) for value in within)
    refused = [to_own_unit(analyte, Decimal(value), unit) for value in (low, high)]
    assert all(isinstance(each, UnitRefused) for each in refused)


@pytest.mark.req("DQ-26")
@pytest.mark.parametrize(
    ("value", "why"),
    [("98.9", "suspected wrong"), ("86", "suspected wrong"), ("113", "suspected wrong"), ("60", "implausible")],
)
def test_a_fahrenheit_under_the_code_cel_is_named_as_one(value: str, why: str) -> None:
    refused = to_own_unit(Analyte.TEMPERATURE, Decimal(value), "Cel")
    assert isinstance(refused, UnitRefused)
    assert why in refused.why
    assert refused.rule == "DQ-26"


@pytest.mark.req("DQ-32")
@pytest.mark.parametrize(
    ("analyte", "code", "text", "unit"),
    [
        (FIB, "mg/dl", "mg/dl", "mg/dL"),
        (FIB, "g/l", "", "g/L"),
        (FIB, "", "MG/DL", "mg/dL"),
        (FIB, "", "G/L", "g/L"),
        (FIB, "umol/l", "", "umol/L"),
        (FIB, "", "Mg/Ml", "mg/mL"),
        (Analyte.PLATELETS, "10*9/l", "10*9/l", "10*9/L"),
        (Analyte.PLATELETS, "", "G/L", "10*9/L"),
        (Analyte.PLATELETS, "", "10^4/µL", "10*4/uL"),
        (Analyte.PLATELETS, "/nl", "", "/nL"),
        (Analyte.PLATELETS, "", "/mm3", "/mm3"),
        (Analyte.PLATELETS, "10*6/mL", "", "10*6/mL"),
        (Analyte.D_DIMER, "", "MG/L FEU", "mg{FEU}/L"),
        (Analyte.D_DIMER, "mg/l{FEU}", "", "mg/L{FEU}"),
        (Analyte.D_DIMER, "", "ng/ml (DDU)", "ng{DDU}/mL"),
        (Analyte.FERRITIN, "", "µg/l", "ug/L"),
        (Analyte.LDH, "U/l", "", "U/L"),
        (HCT, "l/l", "", "L/L"),
    ],
)
def test_ucums_small_litre_counts_and_the_text_of_a_mass_in_any_case(
    analyte: Analyte, code: str, text: str, unit: str
) -> None:
    assert unit_of(analyte, code, text) == unit


@pytest.mark.req("DQ-32")
@pytest.mark.parametrize(("unit", "value"), [("10*6/mL", "42"), ("/nL", "42"), ("/mm3", "42000"), ("10*4/uL", "4.2")])
def test_more_units_of_counts(unit: str, value: str) -> None:
    assert to_own_unit(Analyte.PLATELETS, Decimal(value), unit) == 42
