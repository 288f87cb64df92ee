"""What an EHR's CapabilityStatement says of writing; a claim that is absent is no proof of absence (FHIR-52)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from smartapp.fhir.r4_structs import Unreadable, decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """What is said of one resource type: its interactions (empty: nothing is said), and `conditional` creates."""

    interactions: frozenset[str] = frozenset()
    conditional: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """The claims of one EHR; `UNKNOWN` where there is no statement to read."""

    fhir_version: str = ""
    transaction: bool = False
    types: Mapping[str, Offered] = field(default_factory=dict)

    def may_not(self, resource_type: str, interaction: str) -> str:
        """Why the EHR does not take it, in a sentence; empty if it says so, or says nothing of it."""
        if self.fhir_version and not self.fhir_version.startswith(("4.0", "4.3")):
            return f"the EHR's FHIR version is {self.fhir_version[:20]}; orders are written to R4 only"
        said = self.types.get(resource_type, Offered()).interactions
        if not said or interaction in said:
            return ""
        return f"the EHR does not offer to {interaction} a {resource_type}"

    def conditional(self, resource_type: str) -> bool:
        """Whether a conditional create is worth sending: not where the EHR says it has none."""
        return self.types.get(resource_type, Offered()).conditional is not False


UNKNOWN = Capabilities()


class _Interaction(msgspec.Struct, frozen=True):
    code: str = ""


class _Resource(msgspec.Struct, rename="camel", frozen=True):
    type: str = ""
    interaction: tuple[_Interaction, ...] = ()
    conditional_create: bool | None = None


class _Rest(msgspec.Struct, frozen=True):
    mode: str = "server"
    resource: tuple[_Resource, ...] = ()
    interaction: tuple[_Interaction, ...] = ()


class _Statement(msgspec.Struct, rename="camel", frozen=True):
    resource_type: str = ""
    fhir_version: str = ""
    rest: tuple[_Rest, ...] = ()


def read_capabilities(raw: bytes) -> Capabilities:
    """The claims of a CapabilityStatement's server part; `UNKNOWN` if it is none."""
    try:
        statement = decode(raw, _Statement)
    except Unreadable:
        return UNKNOWN
    if statement.resource_type != "CapabilityStatement":
        return UNKNOWN
    server = next((rest for rest in statement.rest if rest.mode == "server"), _Rest())
    return Capabilities(
        fhir_version=statement.fhir_version,
        transaction=any(one.code == "transaction" for one in server.interaction),
        types={resource.type: _offered(resource) for resource in server.resource},
    )


def _offered(resource: _Resource) -> Offered:
    return Offered(
        interactions=frozenset(one.code for one in resource.interaction), conditional=resource.conditional_create
    )
