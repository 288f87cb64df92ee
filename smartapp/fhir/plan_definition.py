"""The rules as FHIR: a PlanDefinition with an action a row, ActivityDefinitions and Libraries in one Bundle (interfaces 10)."""

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any

from smartapp.clinical.citations import PROJECT_DEFAULT, SOURCES
from smartapp.clinical.codes import LOINC
from smartapp.clinical.findings import EvidenceLevel
from smartapp.clinical.orders import Brand, Product, ProposedOrder
from smartapp.clinical.policy import SitePolicy
from smartapp.clinical.report import DISCLAIMER
from smartapp.clinical.rule import Row
from smartapp.fhir.cql_libraries import (
    ABOUT,
    ON_CHART,
    VERSION,
    CqlLibrary,
    catalogue_rows,
    cql_libraries,
    rows_with_twin,
    sentence,
)
from smartapp.fhir.models import validated
from smartapp.fhir.proposals import medication

PLAN = "fibrinogen-replacement"
CONCENTRATE, CRYOPRECIPITATE, CHECK = "fibrinogen-concentrate", "cryoprecipitate", "fibrinogen-check"
_CPG = "http://hl7.org/fhir/uv/cpg/StructureDefinition"
_HL7 = "http://terminology.hl7.org/CodeSystem"
_PUBLISHER = "Fibrinogen Watch"
_CHECKED_AT = frozenset({"REP-10", "REP-12", "MON-02"})  # rows that ask for a fibrinogen
_ORDERS = {
    "FC-04": (CONCENTRATE, "FC_04_dose"),
    "CRY-01": (CRYOPRECIPITATE, "CRY_dose"),
    "CRY-02": (CRYOPRECIPITATE, "CRY_dose"),
}
_TEXTS = {
    "TIER-01": "TIER_01_text",
    "MOD-01": "MOD_01_text",
    "PRD-01": "PRD_01_text",
    "MON-01": "MON_01_text",
    **{f"REP-{number:02}": "REP_text" for number in range(1, 9)},
}
_APART = {  # what a site's setting takes away from the twins
    ("cryo_method", "ml_per_kg"): "cryoprecipitate is dosed in mL/kg (CRY-03): no units are told",
    ("cryo_product", "pathogen_reduced"): "cryoprecipitate is pathogen-reduced (CRY-06): no units are told",
    (
        "cryo_order_unit",
        "pool",
    ): "cryoprecipitate is ordered by the pool (PRD-05): no units are told, and SAF-03 does not weigh their volume",
}


def rules_bundle(policy: SitePolicy, base: str) -> dict[str, Any]:
    """A transaction that puts every resource under `base`, the root of the canonical addresses; each resource is valid R4."""
    libraries = cql_libraries(policy)
    resources = [
        _plan(policy, base),
        *_activities(policy, base),
        *(_library(one, policy, base) for one in libraries),
    ]
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [_entry(validated(resource), base) for resource in resources],
    }


def without_twin(policy: SitePolicy) -> tuple[str, ...]:
    """Lines that tell what the export leaves out: every row of the catalogue without CQL, and what the site's settings take away."""
    told = {row.id for row in rows_with_twin()}
    rest = [row for row in catalogue_rows().values() if row.id not in told]
    apart = [text for (name, value), text in _APART.items() if policy.values.get(name) == value]
    off = sorted(told & set(policy.get("rules_off")))
    return (
        *(f"{row.id} {row.title}" for row in sorted(rest, key=lambda row: row.id)),
        *(f"With this site's settings {text}" for text in apart),
        *(f"{id_} is switched off at this site (rules_off); the export tells it all the same" for id_ in off),
    )


def _entry(resource: dict[str, Any], base: str) -> dict[str, Any]:
    place = f"{resource['resourceType']}/{resource['id']}"
    return {"fullUrl": f"{base}/{place}", "resource": resource, "request": {"method": "PUT", "url": place}}


def _shared(kind: str, id_: str, profile: str, policy: SitePolicy, base: str) -> dict[str, Any]:
    """What CPG's shareable and computable profiles ask of each artefact."""
    return {
        "resourceType": kind,
        "id": id_,
        "meta": {"profile": [f"{_CPG}/{profile}"]},
        "extension": [
            {"url": f"{_CPG}/cpg-knowledgeCapability", "valueCode": code} for code in ("shareable", "computable")
        ],
        "url": f"{base}/{kind}/{id_}",
        "identifier": [{"system": f"{base}/policy-sha256", "value": policy.sha256}],
        "version": VERSION,
        "status": "draft",
        "experimental": False,
        "date": max(row.revised for row in rows_with_twin()),
        "publisher": _PUBLISHER,
    }


def _plan(policy: SitePolicy, base: str) -> dict[str, Any]:
    rows = rows_with_twin()
    cited = dict.fromkeys(key for row in rows for key in row.citations)
    left_out = "\n".join(f"- {line}" for line in without_twin(policy))
    return {
        **_shared("PlanDefinition", PLAN, "cpg-computableplandefinition", policy, base),
        "name": "FibrinogenReplacement",
        "title": "Fibrinogen replacement after CAR-T therapy",
        "type": {"coding": [{"system": f"{_HL7}/plan-definition-type", "code": "eca-rule"}]},
        "subjectCodeableConcept": {"coding": [{"system": "http://hl7.org/fhir/resource-types", "code": "Patient"}]},
        "description": f"{DISCLAIMER} Each action is one row of the guideline; its condition is a define of the library. Valid for clean "
        f"charts only, as the library {ON_CHART} says.",
        "usage": f"These rows of the guideline have no CQL twin:\n{left_out}",
        "library": [f"{base}/Library/{ON_CHART}|{VERSION}"],
        "relatedArtifact": [_citation(key) for key in cited],
        "action": [_action(row, policy, base) for row in rows],
    }


def _action(row: Row, policy: SitePolicy, base: str) -> dict[str, Any]:
    activity, dose = _ORDERS.get(row.id, (CHECK if row.id in _CHECKED_AT else "", ""))
    level = f"{row.level} ({PROJECT_DEFAULT})" if row.level is EvidenceLevel.L5 else str(row.level)
    texts = [{"path": "description", "expression": _expression(_TEXTS[row.id])}] if row.id in _TEXTS else []
    doses = [{"path": _DOSE_PATHS[_kind(activity, policy)], "expression": _expression(dose)}] if dose else []
    action = {
        "id": row.id,
        "extension": [
            {
                "url": "http://hl7.org/fhir/StructureDefinition/cqf-qualityOfEvidence",
                "valueCodeableConcept": {"text": level},
            }
        ],
        "prefix": row.id,
        "title": row.title,
        "description": sentence(row.id),
        "code": [
            {"coding": [{"system": f"{base}/rows", "version": str(row.version), "code": row.id, "display": row.title}]}
        ],
        "documentation": [
            *(_citation(key) for key in row.citations),
            {
                "type": "documentation",
                "label": row.id,
                "display": f"Version {row.version} of {row.revised}, evidence {level}",
            },
        ],
        "condition": [{"kind": "applicability", "expression": _expression(_identifier(row))}],
        "type": {"coding": [{"system": f"{_HL7}/action-type", "code": "create" if activity else "fire-event"}]},
        "definitionCanonical": f"{base}/ActivityDefinition/{activity}|{VERSION}" if activity else None,
        "dynamicValue": [*texts, *doses],
    }
    return {name: value for name, value in action.items() if value}


_DOSE_PATHS = {
    "MedicationRequest": "dosageInstruction[0].doseAndRate[0].doseQuantity",
    "ServiceRequest": "quantityQuantity",
}


def _kind(activity: str, policy: SitePolicy) -> str:
    """Which resource a proposal becomes: a site may order blood components as services; left to each EHR (`auto`), it is a MedicationRequest."""
    as_service = activity == CRYOPRECIPITATE and policy.get("component_resource") == "ServiceRequest"
    return "ServiceRequest" if as_service or activity == CHECK else "MedicationRequest"


def _identifier(row: Row) -> str:
    return row.id.replace("-", "_")


def _expression(name: str) -> dict[str, str]:
    """The name of a define: an identifier, so that it reads as a name and as an expression alike."""
    return {"language": "text/cql", "expression": name}


def _citation(key: str) -> dict[str, str]:
    source = SOURCES[key]
    return {"type": "citation", "label": key, "display": source.used_for, "citation": source.citation}


def _activities(policy: SitePolicy, base: str) -> Iterable[dict[str, Any]]:
    brand = Brand(policy.get("fc_product"))
    concentrate = ProposedOrder(reason="", product=Product.FIBRINOGEN_CONCENTRATE, brand=brand)
    cryo = ProposedOrder(reason="", product=Product.CRYOPRECIPITATE)
    yield _medicine(CONCENTRATE, "Propose fibrinogen concentrate", concentrate, policy, base)
    yield _medicine(CRYOPRECIPITATE, "Propose cryoprecipitate", cryo, policy, base)
    yield {
        **_activity(CHECK, "Propose a fibrinogen", policy, base),
        "kind": _kind(CHECK, policy),
        "code": {"coding": [{"system": LOINC, "code": "3255-7"}], "text": "Fibrinogen (Clauss)"},
    }


def _medicine(id_: str, title: str, order: ProposedOrder, policy: SitePolicy, base: str) -> dict[str, Any]:
    kind = _kind(id_, policy)
    what = "code" if kind == "ServiceRequest" else "productCodeableConcept"
    return {**_activity(id_, title, policy, base), "kind": kind, what: medication(order)}


def _activity(id_: str, title: str, policy: SitePolicy, base: str) -> dict[str, Any]:
    return {
        **_shared("ActivityDefinition", id_, "cpg-computableactivity", policy, base),
        "name": "".join(word.capitalize() for word in id_.split("-")),
        "title": title,
        "description": f"{DISCLAIMER} A proposal for a clinician to review, change and sign; never an order by itself.",
        "library": [f"{base}/Library/{ON_CHART}|{VERSION}"],
        "intent": "proposal",
    }


def _library(library: CqlLibrary, policy: SitePolicy, base: str) -> dict[str, Any]:
    includes = [{"type": "depends-on", "resource": f"{base}/Library/{name}|{VERSION}"} for name in library.includes]
    elm = json.dumps(library.elm, separators=(",", ":"))
    return {
        **_shared("Library", library.name, "cpg-computablelibrary", policy, base),
        "name": library.name,
        "title": library.name,
        "type": {"coding": [{"system": f"{_HL7}/library-type", "code": "logic-library"}]},
        "description": f"{DISCLAIMER} {ABOUT[library.name]}",
        **({"relatedArtifact": includes} if includes else {}),
        "parameter": [_parameter(one.name, one.type) for one in library.settings],
        "content": [_content("text/cql", library.text), _content("application/elm+json", elm)],
    }


_FHIR_TYPES: Mapping[str, str] = {
    "System.Decimal": "decimal",
    "System.Integer": "integer",
    "System.Boolean": "boolean",
    "System.String": "string",
    "List<System.String>": "string",
}


def _parameter(name: str, kind: str) -> dict[str, Any]:
    return {
        "name": name,
        "use": "in",
        "min": 0,
        "max": "*" if kind.startswith("List") else "1",
        "type": _FHIR_TYPES[kind],
    }


def _content(kind: str, text: str) -> dict[str, str]:
    return {"contentType": kind, "data": base64.b64encode(text.encode()).decode()}
