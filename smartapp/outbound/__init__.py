"""The one door outward: allow-list, address checks, no redirects, time and size caps (SEC-10 to SEC-13).

Here live the checks of an address, the connections that keep to them, and the requests that ride on those.
Never here: what is asked, or what an answer means. Nothing else opens connections.
"""

from smartapp.outbound.addresses import (
    AddressRefused,
    Allowed,
    NotAllowed,
    OutboundError,
    check_address,
    check_url,
    origin_of,
)
from smartapp.outbound.http_client import (
    MAX_BYTES,
    MAX_DOCUMENT_BYTES,
    MAX_STATEMENT_BYTES,
    HttpReply,
    NoAnswer,
    Outbound,
    Redirected,
    TooLarge,
    TooLate,
)

__all__ = [
    "MAX_BYTES",
    "MAX_DOCUMENT_BYTES",
    "MAX_STATEMENT_BYTES",
    "AddressRefused",
    "Allowed",
    "HttpReply",
    "NoAnswer",
    "NotAllowed",
    "Outbound",
    "OutboundError",
    "Redirected",
    "TooLarge",
    "TooLate",
    "check_address",
    "check_url",
    "origin_of",
]
