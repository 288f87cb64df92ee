"""What an EHR's FHIR server says of itself, and which way an approved order will take (FHIR-44, FHIR-50, FHIR-52)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from smartapp.cli.doctor.findings import Sentence, note, ok, wanting
from smartapp.ehr.client import FHIR_JSON
from smartapp.fhir.capabilities import UNKNOWN, Capabilities, read_capabilities
from smartapp.fhir.queries import Query
from smartapp.outbound import MAX_STATEMENT_BYTES, Outbound, OutboundError

_TEXT = "the page offers the order as text to copy"


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteProbe:
    """Asks one FHIR server; `writes` is whether the site switched writing on, `component` the type of an order."""

    base: str
    outbound: Outbound
    queries: Sequence[Query]
    writes: bool
    orders: tuple[str, ...]
    seconds: float

    def sentences(self) -> Iterator[Sentence]:
        """Its version, the types we read, and the write route."""
        address = f"{self.base.rstrip('/')}/metadata"
        try:
            reply = self.outbound.get(
                address, headers={"Accept": FHIR_JSON}, seconds=self.seconds, largest=MAX_STATEMENT_BYTES
            )
        except OutboundError as error:
            yield wanting(f"The FHIR server at {address} could not be asked: {error}.")
            return
        said = read_capabilities(reply.body) if reply.status == 200 else UNKNOWN
        if said is UNKNOWN:
            yield note(
                f"{address} gave no capability statement (status {reply.status}): what it offers is found by trying."
            )
        else:
            yield from self._reading(said)
        yield from self._writing(said)

    def _reading(self, said: Capabilities) -> Iterator[Sentence]:
        if said.fhir_version.startswith("4.0"):
            yield ok(f"Its FHIR version is {said.fhir_version}.")
        else:
            yield wanting(f"Its FHIR version is {said.fhir_version or 'not told'}; the app reads R4 (4.0.1).")
        asked = dict.fromkeys((query.resource, "read" if query.is_read else "search-type") for query in self.queries)
        missing = [kind for kind, way in asked if kind not in said.types or said.may_not(kind, way)]
        if missing:
            yield note(
                f"It does not say that it gives {', '.join(missing)}: what it gives none of is named on the page."
            )
        else:
            yield ok(f"It gives all that is read: {', '.join(dict.fromkeys(kind for kind, _ in asked))}.")

    def _writing(self, said: Capabilities) -> Iterator[Sentence]:
        if not self.writes:
            yield ok(f"Nothing is written there (write_back, write_route): {_TEXT}.")
            return
        for kind in self.orders:
            why = said.may_not(kind, "create")
            if why:
                yield wanting(f"write_back is on, but {why}: {_TEXT}.")
                return
        yield ok(f"An approved order is written as {_route(said, self.orders[0])}.")
        for kind in ("ServiceRequest", "Provenance"):
            if kind not in self.orders and said.may_not(kind, "create"):
                yield note(f"{said.may_not(kind, 'create').capitalize()}: it is left out, and the page says so.")


def _route(said: Capabilities, order: str) -> str:
    if said.transaction:
        return "one transaction, all of it or nothing"
    if said.conditional(order):
        return "conditional creates, one after another: the order first"
    return "a search and then a create, one after another: it says that it has no conditional create"
