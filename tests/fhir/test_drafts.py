"""Draft orders as clients really send them: read where they can be, never refused."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartapp.clinical.terminology import Drug
from smartapp.fhir.drafts import read_drafts, references
from tests import charts as c

ATC_FC = {"coding": [{"system": "http://www.whocc.no/atc", "code": "B02BB01"}]}
CRYO = {"coding": [{"system": "http://snomed.info/sct", "code": "256401009"}], "text": "Cryoprecipitate"}
MEASURES = ("dose_mg", "mg_per_kg", "units", "pools", "ml", "vials", "doses", "donor_units")
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["value", "unit", "code", "coding", "text", "doseAndRate", "doseQuantity", "reference", "system"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def a_bundle(*resources: Any, **more: Any) -> bytes:
    return c.dumps({"resourceType": "Bundle", "entry": [{"resource": each} for each in resources], **more})


def a_request(**more: Any) -> dict[str, Any]:
    return {"resourceType": "MedicationRequest", "id": "d1", "medicationCodeableConcept": ATC_FC, **more}


def dosed(value: Any, unit: str) -> dict[str, Any]:
    return a_request(dosageInstruction=[{"doseAndRate": [{"doseQuantity": {"value": value, "unit": unit}}]}])


def only(raw: bytes) -> Any:
    (draft,) = read_drafts(raw, {})
    return draft.order


@pytest.mark.req("CDS-12", "FHIR-30")
def test_a_draft_is_known_by_its_code() -> None:
    order = only(a_bundle(a_request()))
    assert (order.source, order.drug) == ("MedicationRequest/d1", Drug.FIBRINOGEN_CONCENTRATE)
    assert only(a_bundle({"resourceType": "ServiceRequest", "id": "s", "code": CRYO})).drug is Drug.CRYOPRECIPITATE
    assert only(a_bundle(a_request(medicationCodeableConcept={"text": "Fibrinogen concentrate"}))).drug is (
        Drug.FIBRINOGEN_CONCENTRATE
    )
    assert only(a_bundle(a_request(medicationCodeableConcept={"text": "Fibrin sealant"}))).drug is None


@pytest.mark.req("CDS-12")
@pytest.mark.parametrize(
    "odd",
    [
        {"category": {"text": "inpatient"}},
        {"intent": None},
        {"dosageInstruction": "3 g"},
        {"dosageInstruction": {"text": "3000 mg"}},
        {"medicationCodeableConcept": None},
        {"medicationCodeableConcept": "fibrinogen"},
        {"subject": "Patient/P1"},
        {"dosageInstruction": [{"doseAndRate": {"doseQuantity": {"value": 3000, "unit": "mg"}}}]},
        {"dosageInstruction": [{"doseQuantity": {"value": 3000, "unit": "mg"}}]},
    ],
)
def test_an_odd_shape_is_read_as_far_as_it_goes(odd: dict[str, Any]) -> None:
    (draft,) = read_drafts(a_bundle({**a_request(), **odd}), {}, "P1")
    assert draft.order.source == "MedicationRequest/d1"
    assert draft.order.dose_mg in (None, Decimal(3000))


@pytest.mark.parametrize(
    ("value", "unit", "name", "amount"),
    [
        (Decimal("3000"), "mg", "dose_mg", "3000"),
        (Decimal("3.5"), "g", "dose_mg", "3500"),
        (Decimal("42.9"), "mg/kg", "mg_per_kg", "42.9"),
        (Decimal(10), "{unit}", "units", "10"),
        (Decimal(2), "pools", "pools", "2"),
    ],
)
def test_amounts_with_their_units(value: Decimal, unit: str, name: str, amount: str) -> None:
    assert getattr(only(a_bundle(dosed(value, unit))), name) == Decimal(amount)


@pytest.mark.req("ORD-03", "ORD-05")
@pytest.mark.parametrize(
    ("dosage", "told"),
    [
        ([{"doseAndRate": [{"doseQuantity": {"value": 3, "unit": "vial"}}]}], {"vials": 3}),
        ([{"doseAndRate": [{"doseQuantity": {"value": 150, "code": "mL"}}]}], {"ml": 150}),
        ([{"doseAndRate": [{"doseQuantity": {"value": 10, "unit": "single-donor unit"}}]}], {"donor_units": 10}),
        ([{"doseAndRate": [{"doseQuantity": {"value": 2, "unit": "pool"}}]}], {"pools": 2}),
        ([{"doseAndRate": [{"doseQuantity": {"value": 2, "unit": "pool", "code": "{unit}"}}]}], {"pools": 2}),
        ([{"doseAndRate": [{"doseQuantity": {"value": 2, "unit": "dose", "code": "1"}}]}], {"doses": 2}),
        ([{"doseAndRate": [{"doseQuantity": {"value": 10}}]}], {"units": 10}),
        ([{"doseAndRate": [{"doseQuantity": {"value": 10, "code": "1"}}]}], {"units": 10}),
        (
            [
                {
                    "doseAndRate": [
                        {"doseRange": {"low": {"value": 2, "unit": "g"}, "high": {"value": 4000, "unit": "mg"}}}
                    ]
                }
            ],
            {"dose_mg": 4000, "low_share": Decimal("0.5")},
        ),
        ([{"doseAndRate": [{"doseRange": {"high": {"value": 4000, "unit": "mg"}}}]}], {"dose_mg": 4000}),
        (
            [
                {
                    "doseAndRate": [
                        {
                            "rateRatio": {
                                "numerator": {"value": 3, "code": "g"},
                                "denominator": {"value": 30, "code": "min"},
                            }
                        }
                    ]
                }
            ],
            {"dose_mg": 3000},
        ),
        (
            [
                {
                    "doseAndRate": [
                        {
                            "doseRatio": {
                                "numerator": {"value": 70, "code": "mg"},
                                "denominator": {"value": 1, "code": "kg"},
                            }
                        }
                    ]
                }
            ],
            {"mg_per_kg": 70},
        ),
        (
            [
                {"doseAndRate": [{"doseQuantity": {"value": 2000, "unit": "mg"}}]},
                {"doseAndRate": [{"doseQuantity": {"value": 1, "unit": "g"}}]},
            ],
            {"dose_mg": 3000},
        ),
        (
            [
                {"doseAndRate": [{"doseQuantity": {"value": 2000, "unit": "mg"}}], "text": "2000 mg now"},
                {"text": "1000 mg after one hour"},
            ],
            {"dose_mg": 3000},
        ),
        (
            [
                {
                    "doseAndRate": [
                        {
                            "type": {"coding": [{"code": "calculated"}]},
                            "doseQuantity": {"value": 42.9, "unit": "mg/kg"},
                        },
                        {"type": {"coding": [{"code": "ordered"}]}, "doseQuantity": {"value": 3000, "unit": "mg"}},
                    ]
                }
            ],
            {"dose_mg": 3000},
        ),
        (
            [
                {
                    "doseAndRate": [
                        {"doseQuantity": {"value": 3000, "unit": "mg"}},
                        {"doseQuantity": {"value": 3, "unit": "vial"}},
                    ]
                }
            ],
            {"dose_mg": 3000},
        ),
        ([{"text": "10 single-donor units (= 2 pools of 5), about 150 mL"}], {"donor_units": 10}),
        (
            [{"text": "Fibrinogen concentrate 3000 mg intravenously, once; 3 vials; volume about 150 mL"}],
            {"dose_mg": 3000},
        ),
        ([{"text": "2 pools"}, {"text": "flush the line"}], {"pools": 2}),
        # what is told and cannot be read leaves the whole amount open
        ([{"doseAndRate": [{"doseQuantity": {"value": 2, "unit": "{pill}"}}]}], {}),
        ([{"doseAndRate": [{"doseQuantity": {"value": 3000, "unit": "mg", "comparator": "<"}}]}], {}),
        ([{"doseAndRate": [{"doseQuantity": {"value": 3, "unit": "g", "code": "mg"}}]}], {}),
        (
            [
                {
                    "doseAndRate": [
                        {"doseRange": {"low": {"value": 2, "unit": "g"}, "high": {"value": 4, "unit": "vial"}}}
                    ]
                }
            ],
            {},
        ),
        (
            [
                {"doseAndRate": [{"doseQuantity": {"value": 2000, "unit": "mg"}}]},
                {"doseAndRate": [{"doseQuantity": {"value": 1, "unit": "{pill}"}}]},
            ],
            {},
        ),
    ],
)
def test_a_dose_is_read_from_every_form(dosage: list[dict[str, Any]], told: dict[str, Any]) -> None:
    """Guideline 7a: quantity, range, ratio, several dosages, the way that is ordered, mL, vials, pools, doses."""
    order = only(a_bundle(a_request(dosageInstruction=dosage)))
    assert {name: getattr(order, name) for name in MEASURES if getattr(order, name) is not None} == {
        name: value for name, value in told.items() if name != "low_share"
    }
    assert order.low_share == told.get("low_share", 1)


@pytest.mark.req("ORD-03")
def test_what_is_dispensed_counts_only_where_no_dosage_tells_an_amount() -> None:
    dispensed = {"dispenseRequest": {"quantity": {"value": 3, "unit": "vials", "code": "{vial}"}}}
    assert only(a_bundle(a_request(**dispensed))).vials == 3
    assert only(a_bundle(a_request(**dispensed, dosageInstruction=[{"text": "as directed"}]))).vials == 3
    both = only(a_bundle({**dosed(2000, "mg"), **dispensed}))
    assert (both.dose_mg, both.vials) == (2000, None)
    unread = only(a_bundle({**dosed(2, "{pill}"), **dispensed}))
    assert unread.vials is None


@pytest.mark.req("ORD-03")
@pytest.mark.parametrize(
    ("quantity", "name", "high"),
    [
        ({"quantityQuantity": {"value": 10, "unit": "units"}}, "units", 10),
        ({"quantityRange": {"low": {"value": 1, "unit": "pool"}, "high": {"value": 2, "unit": "pool"}}}, "pools", 2),
    ],
)
def test_a_service_request_tells_its_quantity(quantity: dict[str, Any], name: str, high: int) -> None:
    order = only(a_bundle({"resourceType": "ServiceRequest", "id": "s", "code": CRYO, **quantity}))
    assert getattr(order, name) == high


MEDICATION = {"resourceType": "Medication", "id": "m", "code": ATC_FC}
BY_INGREDIENT = {"resourceType": "Medication", "id": "m", "ingredient": [{"itemCodeableConcept": ATC_FC}]}


@pytest.mark.req("FHIR-13")
@pytest.mark.parametrize("medication", [MEDICATION, BY_INGREDIENT], ids=["code", "ingredient"])
@pytest.mark.parametrize(
    "reference", ["Medication/m", "https://ehr.test/fhir/Medication/m", "Medication/m/_history/2", "urn:uuid:m"]
)
def test_a_medication_that_came_with_the_draft_names_the_product(reference: str, medication: dict[str, Any]) -> None:
    draft = a_request(medicationCodeableConcept=None, medicationReference={"reference": reference})
    entries = [{"resource": draft}, {"fullUrl": "urn:uuid:m", "resource": medication}]
    (read,) = read_drafts(c.dumps({"resourceType": "Bundle", "entry": entries}), {})
    assert read.order.drug is Drug.FIBRINOGEN_CONCENTRATE


@pytest.mark.req("FHIR-13")
def test_a_contained_medication_names_the_product_by_its_ingredient() -> None:
    more = {"medicationReference": {"reference": "#m"}, "contained": [BY_INGREDIENT]}
    assert only(a_bundle(a_request(medicationCodeableConcept=None, **more))).drug is Drug.FIBRINOGEN_CONCENTRATE


@pytest.mark.parametrize(
    ("text", "mg"),
    [
        ("3000 mg IV once", "3000"),
        ("3 g IV", "3000"),
        ("3,000 mg over 30 min at 5 mL/min", "3000"),
        ("2,5 g", "2500"),
        ("3000 mg or 4000 mg", None),
        ("as directed", None),
        ("5 mg/mL", None),
        ("", None),
    ],
)
def test_an_amount_in_words_counts_if_it_is_the_only_one(text: str, mg: str | None) -> None:
    order = only(a_bundle(a_request(dosageInstruction=[{"text": text}])))
    assert order.dose_mg == (None if mg is None else Decimal(mg))


def test_a_contained_medication_names_the_product() -> None:
    contained = {"resourceType": "Medication", "id": "m", "code": ATC_FC}
    order = only(
        a_bundle(
            a_request(medicationCodeableConcept=None, medicationReference={"reference": "#m"}, contained=[contained])
        )
    )
    assert order.drug is Drug.FIBRINOGEN_CONCENTRATE


def test_a_site_s_own_code_is_known() -> None:
    local = {"coding": [{"system": "http://st-x.test", "code": "FIBC"}]}
    codes = {"http://st-x.test|FIBC": "http://www.whocc.no/atc|B02BB01"}
    (draft,) = read_drafts(a_bundle(a_request(medicationCodeableConcept=local)), codes)
    assert draft.order.drug is Drug.FIBRINOGEN_CONCENTRATE


@pytest.mark.req("CDS-26")
def test_another_patient_s_draft_is_not_this_one_s() -> None:
    assert read_drafts(a_bundle(a_request(subject={"reference": "Patient/other"})), {}, "P1") == ()


@pytest.mark.parametrize(
    "raw", [b"", b"{}", b"[]", b"null", b'{"entry": 7}', b'{"entry": [7, {"resource": 8}]}', b"{", b"NaN"]
)
def test_what_is_no_bundle_holds_no_draft(raw: bytes) -> None:
    assert read_drafts(raw, {}) == ()
    assert references(raw) == frozenset()


@given(
    st.dictionaries(
        st.sampled_from(["id", "status", "dosageInstruction", "quantityQuantity", "subject", "code", "contained"]), ODD
    ),
    ODD,
)
def test_nothing_a_client_sends_raises(odd: dict[str, Any], concept: Any) -> None:
    raw = a_bundle({**a_request(), **odd, "medicationCodeableConcept": concept})
    assert len(read_drafts(raw, {}, "P1")) <= 1


@pytest.mark.req("CDS-12")
@pytest.mark.parametrize(
    "more",
    [{"status": s} for s in ("cancelled", "revoked", "stopped", "completed", "entered-in-error")]
    + [{"doNotPerform": True}],
)
def test_what_is_taken_back_is_not_being_ordered(more: dict[str, Any]) -> None:
    assert read_drafts(a_bundle(a_request(**more)), {}) == ()
    assert len(read_drafts(a_bundle(a_request(status="active", doNotPerform=False)), {})) == 1


@pytest.mark.req("ORD-05")
@pytest.mark.parametrize("unit", ["ug", "mcg", "µg", "μg"])
def test_micrograms_are_an_amount(unit: str) -> None:
    structured = a_request(dosageInstruction=[{"doseAndRate": [{"doseQuantity": {"value": 3000, "unit": unit}}]}])
    in_words = a_request(dosageInstruction=[{"text": f"3000 {unit} once"}])
    assert [draft.order.dose_mg for draft in read_drafts(a_bundle(structured, in_words), {})] == [3, 3]
