"""Whether a caller is one of our EHRs.

Callers that must sign are refused until their signature can be verified; only in development may a registered client call
without one (interfaces.md section 3).
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A registered CDS client: the FHIR servers it may speak for and the origins its browsers call from."""

    name: str
    fhir_servers: tuple[str, ...]
    cors_origins: tuple[str, ...] = ()
    require_jwt: bool = True


class Unauthorized(Exception):
    """The caller is not known; the answer is the same for every reason (CDS-88), the message is for the log."""


def identify(authorization: str | None, fhir_server: str, callers: Sequence[Caller]) -> Caller:
    """The caller of a request; `Unauthorized` if none fits or a signature would have to be verified."""
    if authorization:
        raise Unauthorized("a token was sent, and tokens are not accepted yet")
    unsigned = [caller for caller in callers if not caller.require_jwt]
    fitting = unsigned[:1] if not fhir_server else [caller for caller in unsigned if fhir_server in caller.fhir_servers]
    if not fitting:
        raise Unauthorized("no registered client may call without a token for this fhirServer")
    return fitting[0]


def allowed_origins(callers: Sequence[Caller]) -> frozenset[str]:
    """The origins whose browsers may call (CDS-96)."""
    return frozenset(origin for caller in callers for origin in caller.cors_origins)
