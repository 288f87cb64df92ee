"""Calls of a CDS client: bodies as an EHR sends them."""

import uuid
from typing import Any

from smartapp.fhir.queries import QUERIES
from tests import charts as c

BASE = "/cds-services"
HOOKS = ("patient-view", "encounter-start", "encounter-discharge", "order-select", "order-sign")
ACT = (c.patient("1990-01-10"), c.infusion(), c.crs(3), c.fibrinogen("0.8"), c.weight("70"))


def url(hook: str = "patient-view") -> str:
    """The address of the service for a hook."""
    return f"{BASE}/coagulopathy-{hook}"


def bundle(*resources: c.Resource) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": resource} for resource in resources]}


def prefetch(*resources: c.Resource, **replaced: Any) -> dict[str, Any]:
    """Every key answered: results under `fibrinogen`, the rest by type; `replaced` overrides keys, `...` removes one."""
    of = {
        kind: [resource for resource in resources if resource["resourceType"] == kind]
        for kind in ("Patient", "Observation", "Condition", "Procedure", "MedicationAdministration")
    }
    body: dict[str, Any] = {query.name: None for query in QUERIES if query.name != "encounters"}
    body |= {
        "patient": of["Patient"][0],
        "fibrinogen": bundle(*of["Observation"]),
        "conditions": bundle(*of["Condition"]),
        "procedures": bundle(*of["Procedure"]),
        "administrations": bundle(*of["MedicationAdministration"]),
    }
    return {key: value for key, value in {**body, **replaced}.items() if value is not ...}


def context(hook: str = "patient-view", **more: Any) -> dict[str, Any]:
    """The context a hook requires."""
    required: dict[str, Any] = {"userId": "Practitioner/7", "patientId": "P1"}
    if hook in ("encounter-start", "encounter-discharge"):
        required["encounterId"] = "E1"
    if hook in ("order-select", "order-sign"):
        required["draftOrders"] = {"resourceType": "Bundle", "type": "collection", "entry": []}
    if hook == "order-select":
        required["selections"] = []
    return {key: value for key, value in {**required, **more}.items() if value is not ...}


def call(hook: str = "patient-view", /, **more: Any) -> dict[str, Any]:
    """A whole call about a patient who needs fibrinogen; `...` removes a member."""
    body = {
        "hook": hook,
        "hookInstance": str(uuid.uuid4()),
        "context": context(hook),
        "prefetch": prefetch(*ACT),
        **more,
    }
    return {key: value for key, value in body.items() if value is not ...}
