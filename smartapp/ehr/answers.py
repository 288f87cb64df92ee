"""What an answer to a write says: where the resource is, and why it was refused, in safe words (FHIR-45, FHIR-47)."""

import re

from smartapp.ehr.client import said
from smartapp.outbound import HttpReply

_LOCATION = re.compile(r"(?:^|/)([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/([A-Za-z0-9\-.]{1,64}))?$")
_ETAG = re.compile(r'(?:W/)?"([^"]+)"')
_REASONS = {
    401: "the EHR no longer accepts this session",
    403: "the EHR does not permit it",
    404: "the EHR does not take such orders",
    405: "the EHR does not take such orders",
    409: "the EHR reported a conflict",
    412: "the EHR refused the condition that there be only one such order",
    415: "the EHR does not take this form",
    422: "the EHR refused the order",
}


def located(location: str, etag: str, resource_type: str) -> tuple[str, str]:
    """Type/id and version from `Location`, relative or on any host, and `ETag`; never followed (FHIR-47)."""
    match = _LOCATION.search(location.partition("?")[0].rstrip("/"))
    named = _ETAG.fullmatch(etag)
    version = named.group(1) if named else ""
    if match is None or match.group(1) != resource_type:
        return "", version
    return f"{resource_type}/{match.group(2)}", match.group(3) or version


def refusal(reply: HttpReply) -> str:
    """Why not, with the EHR's own words shortened."""
    return refusal_of(reply.status, said(reply).removeprefix(": "))


def refusal_of(status: int, words: str) -> str:
    """The same of one entry of an answered transaction: its status, and the words of its outcome (empty: none)."""
    reason = _REASONS.get(status, f"the EHR answered {status} for it")
    return f"{reason}: {words}" if words else reason
