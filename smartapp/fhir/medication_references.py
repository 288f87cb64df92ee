"""Which medications records name by reference alone, so that they can be read beside them (FHIR-13)."""

import re
from collections.abc import Iterable, Mapping

from smartapp.fhir.medications import is_unnamed
from smartapp.fhir.r4_structs import MedicationAdministration, MedicationUse, Unreadable, decode, kind_of

_MEDICATION = re.compile(r"Medication/[A-Za-z0-9\-.]{1,64}")
_NAMING: Mapping[str, type[MedicationAdministration | MedicationUse]] = {
    "MedicationAdministration": MedicationAdministration,
    "MedicationRequest": MedicationUse,
    "MedicationStatement": MedicationUse,
}


def referred_to(resources: Iterable[bytes], base: str) -> tuple[str, ...]:
    """The medications (`Medication/id`) that count here, are named by reference alone, and did not come with these records;
    a reference to another server is none of ours (FHIR-13, SAL-88)."""
    here, wanted = set(), {}
    for raw in resources:
        kind = kind_of(raw)
        if kind.resource_type == "Medication":
            here.add(f"Medication/{kind.id}")
        struct = _NAMING.get(kind.resource_type)
        if struct is not None and b"medicationReference" in raw and (reference := _named_by(raw, struct, base)):
            wanted[reference] = True
    return tuple(reference for reference in wanted if reference not in here)


def _named_by(raw: bytes, struct: type[MedicationAdministration | MedicationUse], base: str) -> str:
    try:
        given = decode(raw, struct)
    except Unreadable:
        return ""
    if given.medication_reference is None or not is_unnamed(given, None):
        return ""
    reference = given.medication_reference.reference.removeprefix(f"{base}/").split("/_history/", 1)[0]
    return reference if _MEDICATION.fullmatch(reference) else ""
