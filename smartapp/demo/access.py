"""What one access token may do: scopes and the launch's patient, asked for every interaction and every entry."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sekmet.fhir.common import parse_reference

from smartapp.demo.fhir_server import Condition, FhirServer, Params, Resource
from smartapp.demo.scopes import Grant, parse_grants

OF_NO_PATIENT = frozenset(
    {
        "Practitioner",
        "PractitionerRole",
        "Organization",
        "Location",
        "Medication",
        "Device",
        "BiologicallyDerivedProduct",
    }
)
_SUBJECT = ("subject", "patient", "for", "beneficiary")


class ForbiddenError(Exception):
    """The token does not allow this; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class Access:
    """One token's rights on the server: its scope and its patient (empty: none in context)."""

    server: FhirServer
    scope: str
    patient: str

    def _grants(self, resource: str, letter: str) -> list[Grant]:
        fitting = [grant for grant in parse_grants(self.scope) if grant.allows(resource, letter)]
        if not fitting:
            raise ForbiddenError(f"the token grants no '{letter}' on {resource}")
        return fitting

    def condition(self, resource: str, params: Params) -> Condition | None:
        """Within what a search of this type finds its matches; None: everything."""
        self._refuse_detours(resource, params)
        grants = self._grants(resource, "s")
        if any(grant.level == "user" and not grant.query for grant in grants):
            return None
        parts = [self._part(resource, grant) for grant in grants]
        return f"({' OR '.join(sql for sql, _ in parts)})", [value for _, args in parts for value in args]

    def _part(self, resource: str, grant: Grant) -> Condition:
        sql, args = self.server.condition(resource, grant.query)
        if grant.level == "user" or resource in OF_NO_PATIENT:
            return sql, args
        own, own_args = self.server.condition(resource, [self._own(resource)])
        return f"({sql} AND {own})", [*args, *own_args]

    def _own(self, resource: str) -> tuple[str, str]:
        if not self.patient:
            raise ForbiddenError("the token has no patient in context")
        return ("_id" if resource == "Patient" else "patient", self.patient)

    def _refuse_detours(self, resource: str, params: Params) -> None:
        """Chains, reverse chains and includes could tell of what was not granted."""
        for name, value in params:
            if name.startswith(("_has", "_include", "_revinclude")) or "." in name:
                raise ForbiddenError(f"the parameter {name.partition(':')[0]} is not offered to apps")
            asked = value.removeprefix(f"{self.server.base_url}/").removeprefix("Patient/")
            if name in ("patient", "subject") and self._patient_only(resource) and asked != self.patient:
                raise ForbiddenError("the token is for another patient")

    def _patient_only(self, resource: str) -> bool:
        return all(grant.level == "patient" for grant in parse_grants(self.scope) if grant.allows(resource, "s"))

    def check(self, letter: str, resource: Resource) -> None:
        """Refuse unless an interaction with this letter may touch this resource, as it is or shall be stored."""
        kind = str(resource.get("resourceType"))
        if not any(self._covers(grant, resource) for grant in self._grants(kind, letter)):
            raise ForbiddenError(f"this {kind} lies outside what the token grants")

    def _covers(self, grant: Grant, resource: Resource) -> bool:
        kind = str(resource["resourceType"])
        if grant.query and not self._matches(grant, resource):
            return False
        return grant.level == "user" or kind in OF_NO_PATIENT or self.owns(resource)

    def _matches(self, grant: Grant, resource: Resource) -> bool:
        """Whether a stored resource fits the grant's query; what is not stored yet fits none."""
        if not resource.get("id"):
            return False
        return bool(self.server.service.search_engine.matches(resource, list(grant.query)))

    def owns(self, resource: Resource) -> bool:
        """Whether the resource is the launch patient's."""
        if not self.patient:
            return False
        if resource.get("resourceType") == "Patient":
            return resource.get("id") == self.patient
        if resource.get("resourceType") == "Provenance":
            return all(self._owns_target(target) for target in resource.get("target", ()))
        subject: dict[str, Any] = next(
            (resource[name] for name in _SUBJECT if isinstance(resource.get(name), dict)), {}
        )
        return bool(parse_reference(str(subject.get("reference", "")))[:2] == ("Patient", self.patient))

    def _owns_target(self, target: dict[str, Any]) -> bool:
        reference = str(target.get("reference", ""))
        if reference.startswith("urn:"):
            return True
        kind, resource_id, _ = parse_reference(reference)
        if kind is None or resource_id is None:
            return False
        stored = self.server.read(kind, resource_id)
        return stored is not None and self.owns(stored)

    def check_all(self, letter: str, resources: Iterable[Resource]) -> None:
        """As `check`, for several."""
        for resource in resources:
            self.check(letter, resource)
