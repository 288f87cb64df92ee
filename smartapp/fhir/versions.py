"""Under which version the EHR keeps each record that an answer rests on."""

from collections.abc import Set as AbstractSet

from smartapp.fhir.chart import Chart
from smartapp.fhir.r4_structs import kind_of


def versions_of(chart: Chart, references: AbstractSet[str]) -> dict[str, str]:
    """`Type/id` → version, for those of the references that were read; empty where the EHR names none."""
    found: dict[str, str] = {}
    for answer in chart.answers.values():
        for raw in answer.resources:
            resource = kind_of(raw)
            name = f"{resource.resource_type}/{resource.id}"
            if name in references:
                found[name] = resource.meta.versionId
    return found
