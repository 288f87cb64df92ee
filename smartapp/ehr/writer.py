"""A ChartWriter on top of the client: create at most once, and tell what is known of it (FHIR-44 to FHIR-48)."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from smartapp.ehr.answers import located, refusal, refusal_of
from smartapp.ehr.cancel import cancelled
from smartapp.ehr.client import FhirClient
from smartapp.ehr.errors import EhrError, EhrRefused, Gone, NotPermitted
from smartapp.ehr.order_search import OrderSearch
from smartapp.fhir.capabilities import UNKNOWN, Capabilities
from smartapp.fhir.provenance import version_of
from smartapp.fhir.r4_structs import kind_of
from smartapp.fhir.transaction import Made, TransactionEntry, read_made, write_transaction
from smartapp.outbound import HttpReply
from smartapp.usecases.ports import WriteRequest, WriteResult, WriteState

_DONE, _BAD, _TIMED_OUT, _CONFLICT, _UNMATCHED, _FAILED = 200, 400, 408, 409, 412, 500
# answers after which a transaction was surely not performed: single creates may still be taken, or say better why not
_NO_TRANSACTION = frozenset({403, 404, 405, 415, 501})
_NO_SEARCH = "and it has no conditional creates, so that a second order could not be excluded"
_ANOTHER_PART = "the EHR carried out only a part of the transaction, and a search did not find it"


class FhirChartWriter:
    """Writes one session's approved orders.

    `may_create` and `may_update` tell from the granted scopes (empty: it may), `capabilities` what the EHR says of itself; `patient`
    is whose chart it is.
    """

    def __init__(
        self,
        client: FhirClient,
        *,
        may_create: Callable[[str], str],
        may_update: Callable[[str], str] = lambda _: "",
        capabilities: Callable[[], Capabilities] = lambda: UNKNOWN,
        patient: str = "",
        seconds: float = 20.0,
    ) -> None:
        self._client = client
        self._orders = OrderSearch(client, patient, capabilities, self._deadline)
        self._may_create = may_create
        self._may_update = may_update
        self._capabilities = capabilities
        self._seconds = seconds

    def can_create(self, resource_type: str) -> str:
        """Empty if the granted scopes and the EHR's capabilities allow it, else why not."""
        return self._may_create(resource_type) or self._capabilities().may_not(resource_type, "create")

    def can_update(self, resource_type: str) -> str:
        """Empty if the granted scopes and the EHR's capabilities allow changing one, else why not."""
        said = self._capabilities()
        why = said.may_not(resource_type, "update")
        return self._may_update(resource_type) or (why and said.may_not(resource_type, "patch") and why)

    def transacts(self) -> bool:
        """Whether the EHR says that it takes transactions."""
        return self._capabilities().transaction

    def conditions(self, resource_type: str) -> bool:
        """Whether a conditional create is worth sending."""
        return self._capabilities().conditional(resource_type)

    def together(self, requests: Sequence[WriteRequest]) -> tuple[WriteResult, ...] | None:
        """One transaction after a sure search for the order; None if it was surely not performed (FHIR-50).

        400, 412, 422 and their like are refusals: nothing is sent again in another form (interfaces.md section 6).
        """
        if not self._surely_none(requests[0]):
            return None  # single creates reconcile, and write nothing twice
        entries = [self._entry(request) for request in requests]
        try:
            reply = self._client.transact(write_transaction(entries), deadline=self._deadline())
        except NotPermitted:
            return None
        except EhrError as error:
            return self._unclear(requests, str(error))
        made = read_made(reply.body, len(requests)) if reply.status == _DONE else None
        if made is not None:
            return self._made(requests, made)
        if reply.status in _NO_TRANSACTION:
            return None
        return self._unclear(requests, refusal(reply), _none_means(reply.status))

    def _entry(self, request: WriteRequest) -> TransactionEntry:
        conditional = request.identifier and self.conditions(request.resource_type)
        condition = f"identifier={request.identifier}" if conditional else ""
        return TransactionEntry(
            resource_type=request.resource_type, body=request.body, condition=condition, full_url=request.full_url
        )

    def _surely_none(self, order: WriteRequest) -> bool:
        try:
            return self._orders.found(order.resource_type, order.identifier, sent=order.body) is None
        except EhrError:
            return False

    def _made(self, requests: Sequence[WriteRequest], made: Sequence[Made]) -> tuple[WriteResult, ...]:
        """Each entry is believed by itself: a server may carry out a part of a transaction (counterparts D1, D2)."""
        order, *rest = (self._entry_result(request, one) for request, one in zip(requests, made, strict=True))
        if made[0].refused:
            return (self._order_refused(requests[0], made[0], order, rest), *rest)
        if not order.reference:
            return self._unclear(requests, "the EHR did not say under which id", refused=rest)
        stored = self._read_back(order.reference)
        return (replace(order, stored=stored, version=order.version or version_of(stored)), *rest)

    def _entry_result(self, request: WriteRequest, one: Made) -> WriteResult:
        if one.refused and one.status is not None:
            return WriteResult(state=_none_means(one.status), reason=refusal_of(one.status, one.words))
        reference, version = located(one.location, one.etag, request.resource_type)
        if one.status is None and not reference:
            return WriteResult(state=WriteState.NOT_CONFIRMED, reason="the EHR did not say what became of it")
        return WriteResult(state=WriteState.WRITTEN, reference=reference, version=version)

    def _order_refused(
        self, request: WriteRequest, made: Made, order: WriteResult, rest: Sequence[WriteResult]
    ) -> WriteResult:
        """A refusal stands whether or not a search can be made, but for an order that is there; what was stored without it is named."""
        looked = self._looked(request, order.reason, order.state)
        if looked.state is WriteState.WRITTEN:
            return looked
        stray = ", ".join(result.reference for result in rest if result.reference)
        orphaned = f"; stored without its order: {stray}, look at it in the EHR" if stray else ""
        sure = order.state is WriteState.REFUSED and made.status != _CONFLICT
        known = order if sure else looked
        return replace(known, reason=f"{known.reason}{orphaned}")

    def _unclear(
        self,
        requests: Sequence[WriteRequest],
        why: str,
        none: WriteState = WriteState.NOT_CONFIRMED,
        refused: Sequence[WriteResult] = (),
    ) -> tuple[WriteResult, ...]:
        """The order's identifier tells; `none` is what it means that there is no order, `refused` what is known of the rest.

        What belongs beside an order that stands is searched too: all or nothing is what a transaction promises, and not what
        each server keeps.
        """
        order = self._looked(requests[0], why, none)
        if order.state is not WriteState.WRITTEN:
            return (order,) * len(requests)
        known = refused or (WriteResult(state=WriteState.WRITTEN),) * len(requests[1:])
        beside = [self._beside(request, result) for request, result in zip(requests[1:], known, strict=True)]
        whole = all(result.state is WriteState.WRITTEN for result in beside)
        unknown = WriteResult(state=WriteState.NOT_CONFIRMED, reason=_ANOTHER_PART)
        return (
            order,
            *(
                result if whole or request.identifier or result.reference or result.reason else unknown
                for request, result in zip(requests[1:], beside, strict=True)
            ),
        )

    def _beside(self, request: WriteRequest, known: WriteResult) -> WriteResult:
        """What a search tells of a part that has an identifier; the rest as it is known."""
        if not request.identifier or known.state is not WriteState.WRITTEN or known.reference:
            return known
        found = self.find(request.resource_type, request.identifier, request.body)
        if found.state is WriteState.REFUSED:
            return WriteResult(state=WriteState.NOT_CONFIRMED, reason=_ANOTHER_PART)
        return found

    def create(self, request: WriteRequest) -> WriteResult:
        """Search, then create conditionally; an ambiguous answer is resolved by a search, never by sending again."""
        refused = self._may_create(request.resource_type)
        if refused:
            return WriteResult(state=WriteState.REFUSED, reason=refused)
        if not request.identifier:
            return self._sent(request, condition="")
        condition = f"identifier={request.identifier}" if self.conditions(request.resource_type) else ""
        try:
            known = self._orders.found(request.resource_type, request.identifier, sent=request.body)
        except (NotPermitted, EhrRefused, Gone) as error:
            if not condition:
                return WriteResult(state=WriteState.REFUSED, reason=f"nothing was sent: {error}, {_NO_SEARCH}")
            known = None  # this EHR does not search for us: the condition has to do
        except EhrError as error:
            return WriteResult(state=WriteState.REFUSED, reason=f"nothing was sent, because {error}")
        return replace(known, earlier=True) if known else self._sent(request, condition=condition)

    def find(self, resource_type: str, identifier: str, sent: bytes = b"") -> WriteResult:
        """Only search; `sent` is the resource as it was sent, by which it is known where the EHR dropped its identifier."""
        try:
            found = self._orders.found(resource_type, identifier, sent=sent, remarks_matter=True)
        except EhrError as error:
            return WriteResult(state=WriteState.NOT_CONFIRMED, reason=str(error))
        return found or WriteResult(state=WriteState.REFUSED, reason="the EHR has no such order")

    def cancel(self, reference: str, version: str = "") -> WriteResult:
        """Only a draft, as it was last seen, with its version (FHIR-51)."""
        by_patch = bool(self._capabilities().may_not(reference.split("/", maxsplit=1)[0], "update"))
        return cancelled(self._client, reference, self._deadline, seen=version, by_patch=by_patch)

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

    def _failed(self, request: WriteRequest, reply: HttpReply) -> WriteResult:
        if reply.status == _CONFLICT:
            return self._looked(request, refusal(reply), WriteState.REFUSED)
        if reply.status < 300 or reply.status >= _FAILED or reply.status == _TIMED_OUT:
            return self._looked(request, refusal(reply), WriteState.NOT_CONFIRMED)
        return WriteResult(state=WriteState.REFUSED, reason=refusal(reply))

    def _unconditioned(self, request: WriteRequest, reply: HttpReply) -> WriteResult:
        """412: several match, or no conditional creates here; only a search that found none allows a plain one."""
        try:
            found = self._orders.found(request.resource_type, request.identifier, sent=request.body)
        except EhrError as error:
            return WriteResult(state=WriteState.NOT_CONFIRMED, reason=f"{refusal(reply)}, and {error}")
        return found or self._sent(request, condition="")

    def _looked(self, request: WriteRequest, why: str, none: WriteState) -> WriteResult:
        """FHIR-46: the identifier tells; `none` is what it means that a search finds nothing."""
        if not request.identifier:
            return WriteResult(state=none, reason=why)
        found = self.find(request.resource_type, request.identifier, request.body)
        if found.state is WriteState.WRITTEN:
            return found
        searched = found.state is WriteState.REFUSED
        said = "a search did not find it" if searched else f"a search failed: {found.reason}"
        state = none if searched else WriteState.NOT_CONFIRMED
        return WriteResult(state=state, reason=f"{why}; {said}")

    def _written(self, request: WriteRequest, reply: HttpReply) -> WriteResult:
        """201, or 200 where it already existed: id and version from `Location` and `ETag`, the resource read back."""
        body = reply.body if kind_of(reply.body).resource_type == request.resource_type else b""
        told = reply.headers.get("location", ""), reply.headers.get("etag", "")
        reference, version = located(*told, request.resource_type)
        if not reference and body:
            reference = f"{request.resource_type}/{kind_of(body).id}"
        if not reference:
            return self._looked(request, "the EHR did not say under which id", WriteState.NOT_CONFIRMED)
        stored = self._read_back(reference) or body
        return WriteResult(
            state=WriteState.WRITTEN, reference=reference, version=version or version_of(stored), stored=stored
        )

    def _read_back(self, reference: str) -> bytes:
        """The resource as the EHR has it now; empty if it cannot be read."""
        try:
            return self._client.read(reference, self._deadline())
        except EhrError:
            return b""

    def _deadline(self) -> float:
        return time.monotonic() + self._seconds


def _none_means(status: int) -> WriteState:
    """What an answer means where nothing stands there: 4xx is a refusal, but a time-out, as 5xx, leaves it open."""
    refused = status in range(_BAD, _FAILED) and status != _TIMED_OUT
    return WriteState.REFUSED if refused else WriteState.NOT_CONFIRMED
