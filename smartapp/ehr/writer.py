"""A ChartWriter on top of the client: create at most once, and tell what is known of it (FHIR-44 to FHIR-48)."""

import re
import time
from collections.abc import Callable
from typing import Any

import msgspec

from smartapp.ehr.client import FhirClient, said
from smartapp.ehr.errors import EhrError, NotPermitted, Unreachable
from smartapp.fhir.document import kind_of
from smartapp.outbound import Reply
from smartapp.usecases.ports import WriteRequest, WriteResult, WriteState

_LOCATION = re.compile(r"(?:^|/)([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/([A-Za-z0-9\-.]{1,64}))?$")
_ETAG = re.compile(r'(?:W/)?"([^"]+)"')
_UNKNOWN = "the EHR did not confirm it"


class FhirChartWriter:
    """Writes one session's approved orders; `may_create` tells from the granted scopes (empty: it may)."""

    def __init__(self, client: FhirClient, *, may_create: Callable[[str], str], seconds: float = 20.0) -> None:
        self._client = client
        self._may_create = may_create
        self._seconds = seconds

    def can_create(self, resource_type: str) -> str:
        """Empty if the granted scopes allow it, else why not."""
        return self._may_create(resource_type)

    def create(self, request: WriteRequest) -> WriteResult:
        """Search first, then create conditionally; an ambiguous answer is resolved by a search, never by sending again."""
        refused = self._may_create(request.resource_type)
        if refused:
            return WriteResult(state=WriteState.REFUSED, reason=refused)
        if request.identifier:
            known = self.find(request.resource_type, request.identifier)
            if known.state is not WriteState.REFUSED:
                return known
        return self._created(request)

    def _created(self, request: WriteRequest) -> WriteResult:
        condition = f"identifier={request.identifier}" if request.identifier else ""
        try:
            reply = self._client.create(
                request.resource_type, request.body, if_none_exist=condition, deadline=self._deadline()
            )
        except NotPermitted as error:
            return WriteResult(state=WriteState.REFUSED, reason=str(error))
        except EhrError as error:
            return self._look(request, str(error))
        if reply.status in (200, 201):
            return self._written(request, reply)
        if reply.status in (409, 412) or reply.status >= 500:
            return self._look(request, f"the EHR answered {reply.status}{said(reply)}")
        return WriteResult(state=WriteState.REFUSED, reason=_refusal(reply))

    def _look(self, request: WriteRequest, why: str) -> WriteResult:
        """FHIR-46: after an ambiguous answer the identifier tells; without one it stays open."""
        if not request.identifier:
            return WriteResult(state=WriteState.NOT_CONFIRMED, reason=why)
        found = self.find(request.resource_type, request.identifier)
        if found.state is WriteState.WRITTEN:
            return found
        reason = f"{why}; a search did not find it" if found.state is WriteState.REFUSED else f"{why}; {found.reason}"
        return WriteResult(state=WriteState.NOT_CONFIRMED, reason=reason)

    def find(self, resource_type: str, identifier: str) -> WriteResult:
        """Only search."""
        try:
            bundle = self._client.search_by_post(resource_type, [("identifier", identifier)], self._deadline())
        except Unreachable:
            return WriteResult(state=WriteState.NOT_CONFIRMED, reason=_UNKNOWN)
        except EhrError as error:
            return WriteResult(state=WriteState.NOT_CONFIRMED, reason=str(error))
        own = [
            raw for raw in bundle.resources if kind_of(raw).resource_type == resource_type and _carries(raw, identifier)
        ]
        if not own:
            return WriteResult(state=WriteState.REFUSED, reason="the EHR has no such order")
        return WriteResult(state=WriteState.WRITTEN, reference=f"{resource_type}/{kind_of(own[0]).id}", stored=own[0])

    def cancel(self, reference: str) -> WriteResult:
        """Read, set `cancelled` (a ServiceRequest: `revoked`), update with `If-Match`; only while it is a draft."""
        try:
            raw = self._client.read(reference, self._deadline())
            body: dict[str, Any] = msgspec.json.decode(raw)
            if body.get("status") != "draft":
                return WriteResult(state=WriteState.REFUSED, reason=f"it is no longer a draft but {body.get('status')}")
            body["status"] = "revoked" if reference.startswith("ServiceRequest/") else "cancelled"
            version = str(body.get("meta", {}).get("versionId", ""))
            reply = self._client.update(
                reference, msgspec.json.encode(body), version=version, deadline=self._deadline()
            )
        except (EhrError, msgspec.DecodeError, AttributeError) as error:
            return WriteResult(state=WriteState.NOT_CONFIRMED, reason=str(error))
        if reply.status in (200, 201):
            return WriteResult(state=WriteState.WRITTEN, reference=reference)
        if reply.status in (409, 412):
            return WriteResult(state=WriteState.REFUSED, reason="it was changed in the EHR meanwhile")
        return WriteResult(state=WriteState.REFUSED, reason=_refusal(reply))

    def _written(self, request: WriteRequest, reply: Reply) -> WriteResult:
        """201, or 200 where it already existed: id and version from `Location` and `ETag`, the resource read back."""
        reference, version = _located(reply)
        body_kind = kind_of(reply.body) if reply.body else None
        if not reference and body_kind is not None and body_kind.resource_type == request.resource_type:
            reference = f"{request.resource_type}/{body_kind.id}"
        if not reference:
            return self._look(request, "the EHR did not say under which id")
        stored = b""
        try:
            stored = self._client.read(reference, self._deadline())
        except EhrError:
            stored = reply.body if body_kind is not None and body_kind.resource_type == request.resource_type else b""
        return WriteResult(state=WriteState.WRITTEN, reference=reference, version=version, stored=stored)

    def _deadline(self) -> float:
        return time.monotonic() + self._seconds


def _carries(raw: bytes, identifier: str) -> bool:
    """Whether the resource has the identifier's value, in case a server ignored the filter."""
    return identifier.split("|", 1)[-1].encode() in raw


def _located(reply: Reply) -> tuple[str, str]:
    """Type/id and version from `Location`, relative or on any host, and `ETag`; the token never follows it (FHIR-47)."""
    match = _LOCATION.search(reply.headers.get("location", "").split("?")[0].rstrip("/"))
    etag = _ETAG.fullmatch(reply.headers.get("etag", ""))
    if match is None:
        return "", etag.group(1) if etag else ""
    return f"{match.group(1)}/{match.group(2)}", match.group(3) or (etag.group(1) if etag else "")


def _refusal(reply: Reply) -> str:
    reasons = {
        401: "the EHR no longer accepts this session",
        403: "the EHR does not permit it",
        404: "the EHR does not take such orders",
        405: "the EHR does not take such orders",
        422: "the EHR refused the order",
    }
    return f"{reasons.get(reply.status, f'the EHR answered {reply.status}')}{said(reply)}"
