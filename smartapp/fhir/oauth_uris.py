"""Where an older EHR's CapabilityStatement says that its authorization server is: the `oauth-uris` extension of SMART 1.0 (SAL-05)."""

from collections.abc import Mapping

import msgspec

from smartapp.fhir.r4_structs import Unreadable, decode

_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
_NAMES = {"authorize": "authorization_endpoint", "token": "token_endpoint", "revoke": "revocation_endpoint"}


class _Uri(msgspec.Struct, rename="camel", frozen=True):
    url: str = ""
    value_uri: str = ""
    extension: tuple["_Uri", ...] = ()


class _Security(msgspec.Struct, frozen=True):
    extension: tuple[_Uri, ...] = ()


class _OAuthRest(msgspec.Struct, frozen=True):
    mode: str = "server"
    security: _Security = _Security()


class _OAuthStatement(msgspec.Struct, rename="camel", frozen=True):
    resource_type: str = ""
    rest: tuple[_OAuthRest, ...] = ()


def read_oauth_uris(raw: bytes) -> Mapping[str, str]:
    """The endpoints under their names in a discovery document; empty where the statement names none."""
    try:
        statement = decode(raw, _OAuthStatement)
    except Unreadable:
        return {}
    if statement.resource_type != "CapabilityStatement":
        return {}
    told = [one for rest in statement.rest for one in rest.security.extension if one.url == _URIS]
    return {_NAMES[uri.url]: uri.value_uri for one in told for uri in one.extension if uri.url in _NAMES}
