"""A ChartWriter on top of the client: create at most once, and tell what is known of it (FHIR-44 to FHIR-48)."""

import re
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from smartapp.ehr.client import FhirClient, said
from smartapp.ehr.errors import Broken, EhrError, Gone, NotPermitted, Refused
from smartapp.fhir.document import kind_of
from smartapp.fhir.record import carries, version_of
from smartapp.outbound import Reply
from smartapp.usecases.ports import WriteRequest, WriteResult, WriteState

_LOCATION = re.compile(r"(?:^|/)([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/([A-Za-z0-9\-.]{1,64}))?$")
_ETAG = re.compile(r'(?:W/)?"([^"]+)"')
_CONFLICT, _UNMATCHED, _FAILED = 409, 412, 500
_CANCELLED = frozenset({"cancelled", "revoked", "entered-in-error"})
_REASONS = {
    401: "the EHR no longer accepts this session",
    403: "the EHR does not permit it",
    404: "the EHR does not take such orders",
    405: "the EHR does not take such orders",
    409: "the EHR reported a conflict",
    412: "the EHR refused the condition that there be only one such order",
    422: "the EHR refused the order",
}


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
        """Search, then create conditionally; an ambiguous answer is resolved by a search, never by sending again."""
        refused = self._may_create(request.resource_type)
        if refused:
            return WriteResult(state=WriteState.REFUSED, reason=refused)
        if not request.identifier:
            return self._sent(request, condition="")
        try:
            known = self._found(request.resource_type, request.identifier)
        except (NotPermitted, Refused, Gone):
            known = None  # this EHR does not search by identifier for us: the condition has to do
        except EhrError as error:
            return WriteResult(state=WriteState.REFUSED, reason=f"nothing was sent, because {error}")
        return known or self._sent(request, condition=f"identifier={request.identifier}")

    def find(self, resource_type: str, identifier: str) -> WriteResult:
        """Only search."""
        try:
            found = self._found(resource_type, identifier)
        except EhrError as error:
            return WriteResult(state=WriteState.NOT_CONFIRMED, reason=str(error))
        return found or WriteResult(state=WriteState.REFUSED, reason="the EHR has no such order")

    def cancel(self, reference: str) -> WriteResult:
        """Read, set `cancelled` (a ServiceRequest: `revoked`), update with `If-Match`; only a draft (FHIR-51)."""
        try:
            raw = self._client.read(reference, self._deadline())
            body: dict[str, Any] = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal).decode(raw)
        except (EhrError, msgspec.DecodeError) as error:
            return WriteResult(state=WriteState.REFUSED, reason=f"it could not be read ({error}); nothing was changed")
        if body.get("status") in _CANCELLED:
            return WriteResult(state=WriteState.WRITTEN, reference=reference, stored=raw)
        if body.get("status") != "draft":
            return WriteResult(state=WriteState.REFUSED, reason=f"it is no longer a draft but {body.get('status')}")
        if not version_of(raw):
            return WriteResult(state=WriteState.REFUSED, reason="the EHR names no version of it")
        body["status"] = "revoked" if reference.startswith("ServiceRequest/") else "cancelled"
        return self._updated(reference, msgspec.json.Encoder(decimal_format="number").encode(body), version_of(raw))

    def _updated(self, reference: str, body: bytes, version: str) -> WriteResult:
        try:
            reply = self._client.update(reference, body, version=version, deadline=self._deadline())
        except NotPermitted as error:
            return WriteResult(state=WriteState.REFUSED, reason=str(error))
        except EhrError as error:
            return WriteResult(state=WriteState.NOT_CONFIRMED, reason=str(error))
        if reply.status in (200, 201, 204):
            return WriteResult(state=WriteState.WRITTEN, reference=reference)
        if reply.status in (_CONFLICT, _UNMATCHED):
            return WriteResult(state=WriteState.REFUSED, reason="it was changed in the EHR meanwhile")
        state = WriteState.NOT_CONFIRMED if reply.status >= _FAILED else WriteState.REFUSED
        return WriteResult(state=state, reason=_refusal(reply))

    def _found(self, resource_type: str, identifier: str) -> WriteResult | None:
        """What stands under the identifier; None if the EHR surely has nothing; EhrError if it could not be asked."""
        bundle = self._client.search_by_post(resource_type, [("identifier", identifier)], self._deadline())
        own = [
            raw for raw in bundle.resources if kind_of(raw).resource_type == resource_type and carries(raw, identifier)
        ]
        if not own and (bundle.next_url or any(message.is_failure for message in bundle.messages)):
            raise Broken("the EHR's answer to the search for the order was not complete")
        if not own:
            return None
        several = f"the EHR holds {len(own)} orders with this identifier: look at them there" if len(own) > 1 else ""
        reference = f"{resource_type}/{kind_of(own[0]).id}"
        return WriteResult(
            state=WriteState.WRITTEN, reference=reference, version=version_of(own[0]), stored=own[0], reason=several
        )

    def _sent(self, request: WriteRequest, *, condition: str) -> WriteResult:
        """One POST, and what its answer means (FHIR-45)."""
        try:
            reply = self._client.create(
                request.resource_type, request.body, if_none_exist=condition, deadline=self._deadline()
            )
        except NotPermitted as error:
            return WriteResult(state=WriteState.REFUSED, reason=str(error))
        except EhrError as error:
            return self._looked(request, str(error), WriteState.NOT_CONFIRMED)
        if reply.status in (200, 201):
            return self._written(request, reply)
        if reply.status == _UNMATCHED and condition:
            return self._unconditioned(request, reply)
        return self._failed(request, reply)

    def _failed(self, request: WriteRequest, reply: Reply) -> WriteResult:
        if reply.status == _CONFLICT:
            return self._looked(request, _refusal(reply), WriteState.REFUSED)
        if reply.status < 300 or reply.status >= _FAILED:
            return self._looked(request, _refusal(reply), WriteState.NOT_CONFIRMED)
        return WriteResult(state=WriteState.REFUSED, reason=_refusal(reply))

    def _unconditioned(self, request: WriteRequest, reply: Reply) -> WriteResult:
        """412: several match, or no conditional creates here; only a search that found none allows a plain one."""
        try:
            found = self._found(request.resource_type, request.identifier)
        except EhrError as error:
            return WriteResult(state=WriteState.NOT_CONFIRMED, reason=f"{_refusal(reply)}, and {error}")
        return found or self._sent(request, condition="")

    def _looked(self, request: WriteRequest, why: str, none: WriteState) -> WriteResult:
        """FHIR-46: the identifier tells; `none` is what it means that a search finds nothing."""
        if not request.identifier:
            return WriteResult(state=none, reason=why)
        found = self.find(request.resource_type, request.identifier)
        if found.state is WriteState.WRITTEN:
            return found
        if found.state is WriteState.REFUSED:
            return WriteResult(state=none, reason=f"{why}; a search did not find it")
        return WriteResult(state=WriteState.NOT_CONFIRMED, reason=f"{why}; a search failed: {found.reason}")

    def _written(self, request: WriteRequest, reply: Reply) -> WriteResult:
        """201, or 200 where it already existed: id and version from `Location` and `ETag`, the resource read back."""
        body = reply.body if kind_of(reply.body).resource_type == request.resource_type else b""
        reference, version = _located(reply, request.resource_type)
        if not reference and body:
            reference = f"{request.resource_type}/{kind_of(body).id}"
        if not reference:
            return self._looked(request, "the EHR did not say under which id", WriteState.NOT_CONFIRMED)
        try:
            stored = self._client.read(reference, self._deadline())
        except EhrError:
            stored = body
        return WriteResult(
            state=WriteState.WRITTEN, reference=reference, version=version or version_of(stored), stored=stored
        )

    def _deadline(self) -> float:
        return time.monotonic() + self._seconds


def _located(reply: Reply, resource_type: str) -> tuple[str, str]:
    """Type/id and version from `Location`, relative or on any host, and `ETag`; never followed (FHIR-47)."""
    match = _LOCATION.search(reply.headers.get("location", "").split("?")[0].rstrip("/"))
    etag = _ETAG.fullmatch(reply.headers.get("etag", ""))
    version = etag.group(1) if etag else ""
    if match is None or match.group(1) != resource_type:
        return "", version
    return f"{resource_type}/{match.group(2)}", match.group(3) or version


def _refusal(reply: Reply) -> str:
    return f"{_REASONS.get(reply.status, f'the EHR answered {reply.status}')}{said(reply)}"
