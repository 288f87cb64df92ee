"""What an EHR's CapabilityStatement says of reading and writing; a claim that is absent is no proof of absence (FHIR-52)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from smartapp.fhir.r4_structs import Unreadable, decode

LARGEST_STATEMENT = 8 * 1024 * 1024  # bytes (SEC-38)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """What is said of one resource type: its interactions and search parameters (empty: nothing is said), and `conditional`
    creates."""

    interactions: frozenset[str] = frozenset()
    params: frozenset[str] = frozenset()
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
        offered = self.types.get(resource_type)
        if offered is None:
            return f"the EHR does not offer {_a(resource_type)}" if self.declares else ""
        if not offered.interactions or interaction in offered.interactions:
            return ""
        return f"the EHR does not offer to {interaction} {_a(resource_type)}"

    @property
    def declares(self) -> bool:
        """Whether the statement names resource types and what may be done with them; only then does an absence mean something."""
        return any(offered.interactions for offered in self.types.values())

    def conditional(self, resource_type: str) -> bool:
        """Whether a conditional create may be sent: it is declared, or nothing is said of the type (FHIR-61)."""
        offered = self.types.get(resource_type, Offered())
        return offered.conditional is True or (offered.conditional is None and not offered.interactions)

    def searchable(self, resource_type: str, parameter: str) -> bool:
        """Whether a search parameter may be sent: it is declared, or no parameter of the type is."""
        params = self.types.get(resource_type, Offered()).params
        return not params or parameter in params


UNKNOWN = Capabilities()


class _Interaction(msgspec.Struct, frozen=True):
    code: str = ""


class _Param(msgspec.Struct, frozen=True):
    name: str = ""


class _Resource(msgspec.Struct, rename="camel", frozen=True):
    type: str = ""
    interaction: tuple[_Interaction, ...] = ()
    search_param: tuple[_Param, ...] = ()
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
        return parse_capabilities(raw)
    except Unreadable:
        return UNKNOWN


def parse_capabilities(raw: bytes) -> Capabilities:
    """As `read_capabilities`; `Unreadable` says in a few words why there is nothing to read."""
    if len(raw) > LARGEST_STATEMENT:
        raise Unreadable(f"it is larger than {LARGEST_STATEMENT // 1024 // 1024} MiB")
    statement = decode(raw, _Statement)
    if statement.resource_type != "CapabilityStatement":
        raise Unreadable(
            f"it is {_a(statement.resource_type[:40])}, no CapabilityStatement"
            if statement.resource_type
            else "it is no CapabilityStatement"
        )
    server = next((rest for rest in statement.rest if rest.mode == "server"), _Rest())
    return Capabilities(
        fhir_version=statement.fhir_version,
        transaction=any(one.code == "transaction" for one in server.interaction),
        types=_by_type(server.resource),
    )


def _by_type(resources: Iterable[_Resource]) -> dict[str, Offered]:
    """Each type once; what is said of it in several places counts together."""
    types: dict[str, Offered] = {}
    for resource in resources:
        before = types.get(resource.type, Offered())
        types[resource.type] = Offered(
            interactions=before.interactions | {one.code for one in resource.interaction},
            params=before.params | {one.name for one in resource.search_param},
            conditional=resource.conditional_create if before.conditional is None else before.conditional,
        )
    return types


def _a(resource_type: str) -> str:
    return f"{'an' if resource_type[:1] in 'AEIO' else 'a'} {resource_type}"
