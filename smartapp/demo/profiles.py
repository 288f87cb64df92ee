"""What two large EHRs declare (standards/ehr-profiles.md): interactions, search parameters, sign-in and habits, as one table."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LARGEST_ANSWER = 100  # results of one search at most; more is a warning and a next page
PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class TypeOffer:
    """What is allowed on one resource type: interactions by their FHIR codes, search parameters by name."""

    interactions: tuple[str, ...]
    params: tuple[str, ...] = ()

    @property
    def by_patient(self) -> bool:
        """Whether a search must name its patient."""
        return "patient" in self.params


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One EHR: what it declares is allowed, everything else is refused."""

    name: str
    types: Mapping[str, TypeOffer]
    system: tuple[str, ...] = ()
    capabilities: tuple[str, ...]
    auth_methods: tuple[str, ...]
    auth_algs: tuple[str, ...] = ()
    contained_medications: bool = False
    dropped_identifiers: frozenset[str] = field(default_factory=frozenset)


_READ, _SEARCH, _CREATE, _UPDATE = "read", "search-type", "create", "update"
_SMART = (
    "launch-ehr",
    "launch-standalone",
    "client-public",
    "client-confidential-symmetric",
    "client-confidential-asymmetric",
    "context-banner",
    "context-style",
    "context-ehr-patient",
    "context-ehr-encounter",
    "permission-v1",
    "permission-v2",
    "authorize-post",
)


def _asked(*params: str, more: tuple[str, ...] = ()) -> TypeOffer:
    return TypeOffer((_READ, _SEARCH, *more), params)


_READ_ONLY = {kind: TypeOffer((_READ,)) for kind in ("Medication", "Practitioner", "PractitionerRole")}
_OUR_SETTING = {  # what the published table does not name
    "Patient": _asked("_id"),
    **{
        kind: _asked("patient")
        for kind in ("AllergyIntolerance", "MedicationStatement", "MedicationDispense", "Specimen")
    },
    "DiagnosticReport": _asked("patient", "category", "date"),
    **_READ_ONLY,
}

EPIC = Profile(
    name="epic-2026-05",
    types={
        **_OUR_SETTING,
        "MedicationRequest": _asked("_id", "patient", "intent", "status"),
        "ServiceRequest": _asked("patient", "identifier", more=(_CREATE, _UPDATE)),
        "Observation": _asked("patient", "code", "category", "date", "issued", more=(_CREATE, _UPDATE)),
        "Procedure": _asked("patient", more=(_CREATE, _UPDATE)),
        "Condition": _asked("patient", "category", more=(_CREATE,)),
        "MedicationAdministration": _asked("patient", "effective-time", "request", "status"),
        "Encounter": _asked("patient", "location", "location-period", "practitioner"),
        "List": _asked("code", "patient"),
        "Group": TypeOffer((_READ, _SEARCH), ("_id",)),
    },
    capabilities=_SMART,
    auth_methods=("client_secret_post", "client_secret_basic", "private_key_jwt"),
)

ORACLE = Profile(
    name="oracle-2026-08",
    types={
        **_OUR_SETTING,
        "MedicationRequest": _asked(
            "_id", "patient", "intent", "status", "_lastUpdated", "-timing-boundsPeriod", more=(_CREATE, "patch")
        ),
        "ServiceRequest": _asked("patient"),
        "Observation": _asked(
            "patient", "subject", "category", "code", "date", "_lastUpdated", more=(_CREATE, _UPDATE)
        ),
        "Procedure": _asked("patient", more=(_CREATE,)),
        "Condition": _asked("patient", "category", "_lastUpdated", more=(_CREATE, _UPDATE)),
        "MedicationAdministration": _asked("patient", "status", "performer", "effective-time"),
        "Encounter": _asked("patient", "subject", "status", "date", "account", "_lastUpdated"),
    },
    system=("batch",),
    capabilities=(*_SMART, "permission-online"),
    auth_methods=("client_secret_basic", "private_key_jwt"),
    auth_algs=("RS384", "ES384"),
    contained_medications=True,
    dropped_identifiers=frozenset({"MedicationRequest"}),
)

PROFILES: Mapping[str, Profile | None] = {PLAIN: None, EPIC.name: EPIC, ORACLE.name: ORACLE}
"""By the name that `--profile` takes; `plain` restricts nothing."""

_TOKENS = frozenset({"_id", "identifier", "code", "category", "status", "intent", "account"})
_DATES = frozenset({"date", "issued", "effective-time", "location-period", "_lastUpdated", "-timing-boundsPeriod"})


def statement(profile: Profile, endpoints: Mapping[str, str]) -> dict[str, Any]:
    """The CapabilityStatement: what the table holds and no more; `endpoints` are the authorization server's addresses."""
    uris = [{"url": name, "valueUri": url} for name, url in endpoints.items()]
    rest: dict[str, Any] = {
        "mode": "server",
        "security": {
            "extension": [
                {"url": "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris", "extension": uris}
            ]
        },
        "resource": [_declared(kind, profile.types[kind]) for kind in sorted(profile.types)],
    }
    if profile.system:
        rest["interaction"] = [{"code": code} for code in profile.system]
    return {
        "resourceType": "CapabilityStatement",
        "name": f"DemoEhr {profile.name}",
        "status": "active",
        "date": f"{profile.name[-7:]}-01",
        "kind": "instance",
        "implementation": {"description": f"Demo EHR with the restrictions of {profile.name}"},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "rest": [rest],
    }


def _declared(kind: str, offer: TypeOffer) -> dict[str, Any]:
    declared: dict[str, Any] = {"type": kind, "interaction": [{"code": code} for code in offer.interactions]}
    if offer.params:
        declared["searchParam"] = [{"name": name, "type": _type_of(name)} for name in offer.params]
    return declared


def _type_of(name: str) -> str:
    return "token" if name in _TOKENS else "date" if name in _DATES else "reference"


def smart_configuration(profile: Profile, base_url: str) -> dict[str, Any]:
    """The SMART configuration of an authorization server at `base_url`: what the table holds, and the addresses."""
    algs = {"token_endpoint_auth_signing_alg_values_supported": list(profile.auth_algs)} if profile.auth_algs else {}
    return {
        "issuer": base_url,
        "jwks_uri": f"{base_url}/jwks.json",
        "authorization_endpoint": f"{base_url}/authorize",
        "token_endpoint": f"{base_url}/token",
        "grant_types_supported": ["authorization_code", "client_credentials"],
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": list(profile.auth_methods),
        **algs,
        "capabilities": list(profile.capabilities),
    }
