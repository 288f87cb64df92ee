"""Cancelling a draft that we wrote: read, change, update with its version; never deleted (FHIR-51)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from smartapp.ehr.answers import refusal
from smartapp.ehr.client import FhirClient
from smartapp.ehr.errors import EhrError, NotPermitted
from smartapp.fhir.provenance import over, status_of, version_of
from smartapp.usecases.ports import WriteResult, WriteState

_CONFLICT, _UNMATCHED, _FAILED = 409, 412, 500
_MEANWHILE = "it was changed in the EHR meanwhile"
_OVER = frozenset({"cancelled", "revoked", "entered-in-error"})


def cancelled(
    client: FhirClient, reference: str, deadline: Callable[[], float], *, seen: str = "", by_patch: bool = False
) -> WriteResult:
    """The draft set to `cancelled` (a ServiceRequest: `revoked`); refused with what the EHR has, if it is none any more or another
    version than the one that was `seen`. `by_patch`: the EHR takes patches and no updates."""
    try:
        raw = client.read(reference, deadline())
        body: dict[str, Any] = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal).decode(raw)
    except (EhrError, msgspec.DecodeError) as error:
        return WriteResult(state=WriteState.REFUSED, reason=f"it could not be read ({error}); nothing was changed")
    if body.get("status") in _OVER:
        return WriteResult(state=WriteState.WRITTEN, reference=reference, stored=raw)
    if body.get("status") != "draft":
        reason = f"it is no longer a draft but {body.get('status')}"
        return WriteResult(state=WriteState.REFUSED, reason=reason, stored=raw)
    if not version_of(raw):
        return WriteResult(state=WriteState.REFUSED, reason="the EHR names no version of it")
    if seen and version_of(raw) != seen:
        return WriteResult(state=WriteState.REFUSED, reason=_MEANWHILE, stored=raw, version=version_of(raw))
    status = "revoked" if reference.startswith("ServiceRequest/") else "cancelled"
    change: Any = [{"op": "replace", "path": "/status", "value": status}] if by_patch else {**body, "status": status}
    changed = msgspec.json.Encoder(decimal_format="number").encode(change)
    return _updated(client, reference, changed, version_of(raw), deadline)


def _updated(
    client: FhirClient, reference: str, body: bytes, version: str, deadline: Callable[[], float]
) -> WriteResult:
    try:
        reply = client.update(reference, body, version=version, deadline=deadline())
    except NotPermitted as error:
        return WriteResult(state=WriteState.REFUSED, reason=str(error))
    except EhrError as error:
        return WriteResult(state=WriteState.NOT_CONFIRMED, reason=str(error))
    if reply.status in (200, 201, 204):
        return _seen(client, reference, deadline)
    if reply.status in (_CONFLICT, _UNMATCHED):
        return _changed(client, reference, deadline)
    state = WriteState.NOT_CONFIRMED if reply.status >= _FAILED else WriteState.REFUSED
    return WriteResult(state=state, reason=refusal(reply))


def _seen(client: FhirClient, reference: str, deadline: Callable[[], float]) -> WriteResult:
    """The EHR answered that it took the change: believed, unless it still has the order as it was."""
    try:
        stored = client.read(reference, deadline())
    except EhrError:
        stored = b""
    if stored and not over(stored):
        reason = f"the EHR answered that it took the change, and still has it as {status_of(stored)}"
        return WriteResult(state=WriteState.REFUSED, reason=reason, stored=stored)
    return WriteResult(state=WriteState.WRITTEN, reference=reference, stored=stored)


def _changed(client: FhirClient, reference: str, deadline: Callable[[], float]) -> WriteResult:
    try:
        stored = client.read(reference, deadline())
    except EhrError:
        stored = b""
    return WriteResult(state=WriteState.REFUSED, reason=_MEANWHILE, stored=stored, version=version_of(stored))
