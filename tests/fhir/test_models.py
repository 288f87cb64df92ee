"""Only valid R4 leaves the house (FHIR-02, FHIR-42)."""

from typing import Any

import pytest

from smartapp.fhir.models import validated

ORDER: dict[str, Any] = {
    "resourceType": "MedicationRequest",
    "status": "draft",
    "intent": "proposal",
    "medicationCodeableConcept": {"text": "Cryoprecipitate"},
    "subject": {"reference": "Patient/P1"},
}


@pytest.mark.req("FHIR-02")
def test_r4_medication_elements_survive() -> None:
    assert validated(ORDER) == ORDER


@pytest.mark.req("FHIR-42")
@pytest.mark.parametrize("lacking", ["subject", "status", "intent", "medicationCodeableConcept"])
def test_a_missing_element_is_refused(lacking: str) -> None:
    with pytest.raises(ValueError, match="MedicationRequest"):
        validated({name: value for name, value in ORDER.items() if name != lacking})


@pytest.mark.req("FHIR-02")
def test_an_element_of_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="medication"):
        validated({**ORDER, "medication": {"concept": {"text": "R5"}}})
