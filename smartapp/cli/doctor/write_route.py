"""What an EHR's FHIR server says of itself, and which way an approved order will take (FHIR-44, FHIR-50, FHIR-52)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from smartapp.cli.doctor.fhir_fit import orders, reading, version_sentence, writing
from smartapp.cli.doctor.findings import CheckMark, Sentence, note, ok, wanting
from smartapp.ehr.client import FHIR_JSON
from smartapp.fhir.capabilities import Capabilities, parse_capabilities
from smartapp.fhir.queries import Query
from smartapp.fhir.r4_structs import Unreadable
from smartapp.outbound import MAX_STATEMENT_BYTES, Outbound, OutboundError

_DONE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteProbe:
    """Asks one FHIR server; `writes` is whether the site switched writing on, `component_resource` and `only_create` (no lower
    rung) as it configured them."""

    base: str
    outbound: Outbound
    queries: Sequence[Query]
    writes: bool
    component_resource: str
    only_create: bool
    seconds: float

    def sentences(self) -> Iterator[Sentence]:
        """Its version, what is read, and the way of each order."""
        address = f"{self.base.rstrip('/')}/metadata"
        try:
            reply = self.outbound.get(
                address, headers={"Accept": FHIR_JSON}, seconds=self.seconds, largest=MAX_STATEMENT_BYTES
            )
            said = parse_capabilities(reply.body) if reply.status == _DONE else None
        except OutboundError as error:
            yield wanting(f"The FHIR server at {address} could not be asked: {error}.")
            return
        except Unreadable as problem:
            yield note(f"{address} gave no capability statement ({problem}): what it offers is found by trying.")
            return
        if said is None:
            yield note(
                f"{address} gave no capability statement (status {reply.status}): what it offers is found by trying."
            )
            return
        yield version_sentence(said)
        yield from self._reading(said)
        yield from self._writing(said)

    def _reading(self, said: Capabilities) -> Iterator[Sentence]:
        needed = [query.resource for query in self.queries if not query.optional]
        lacking = False
        for query, _, sentence in reading(said, self.queries):
            lacking = lacking or (sentence.mark is not CheckMark.OK and not query.optional)
            yield sentence
        if not lacking:
            yield ok(f"It gives all that is read: {', '.join(dict.fromkeys(needed))}.")

    def _writing(self, said: Capabilities) -> Iterator[Sentence]:
        if not self.writes:
            yield ok("Nothing is written there (write_back, write_route): the page offers the order as text to copy.")
            return
        found = orders(said, self.component_resource)
        if self.only_create and not all(order.created for order in found):
            lacking = next(order for order in found if not order.created)
            yield wanting(f"write_route is fhir, but {lacking.why}: nothing of it can be saved there.")
        yield from writing(said, found)
