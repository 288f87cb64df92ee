"""What stands in the EHR of an order that was, or may have been, sent: by patient, the identifier matched here (FHIR-46, FHIR-61)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from smartapp.ehr.client import FhirClient, Pages
from smartapp.ehr.errors import Broken, EhrRefused
from smartapp.fhir.capabilities import Capabilities
from smartapp.fhir.provenance import carries, same_order, version_of
from smartapp.fhir.query_plan import SEARCH
from smartapp.fhir.r4_structs import kind_of
from smartapp.usecases.ports import WriteResult, WriteState

BY_CONTENT = "the EHR dropped our identifier: the order was found by product, dose, author and minute"


@dataclass(frozen=True, slots=True)
class OrderSearch:
    """Searches for one patient's orders; `patient` empty: by the identifier alone."""

    client: FhirClient
    patient: str
    capabilities: Callable[[], Capabilities]
    deadline: Callable[[], float]

    def found(
        self, resource_type: str, identifier: str, *, sent: bytes = b"", remarks_matter: bool = False
    ) -> WriteResult | None:
        """What stands under the identifier, or, where it bears none of ours, what says the same as `sent`; None if the EHR surely
        has nothing; EhrError if it could not be asked.

        `remarks_matter`: something may have been sent, so an answer with a remark of the server beside no order tells nothing (FHIR-09).
        """
        pages = self._pages(resource_type, identifier)
        orders = [raw for raw in pages.resources if kind_of(raw).resource_type == resource_type]
        own = [raw for raw in orders if carries(raw, identifier)]
        alike = [raw for raw in orders if same_order(raw, sent)] if sent and not own else []
        if not own and not alike and (pages.incomplete or (remarks_matter and pages.notices)):
            raise Broken("the EHR's answer to the search for the order was not complete")
        if not own and not alike:
            return None
        return _standing(resource_type, own or alike, dropped=not own)

    def _pages(self, resource_type: str, identifier: str) -> Pages:
        """By patient and identifier, or by what of both is declared; by patient alone where the identifier is refused."""
        said = self.capabilities()
        why = said.may_not(resource_type, SEARCH)
        if why:
            raise EhrRefused(why)
        whose = [("patient", self.patient)] if self.patient and said.searchable(resource_type, "patient") else []
        named = [("identifier", identifier)] if said.searchable(resource_type, "identifier") or not whose else []
        try:
            return self._asked(resource_type, [*whose, *named])
        except EhrRefused:
            if not (whose and named):
                raise
        return self._asked(resource_type, whose)

    def _asked(self, resource_type: str, params: Sequence[tuple[str, str]]) -> Pages:
        return self.client.search_by_post(resource_type, params, self.deadline())


def _standing(resource_type: str, orders: Sequence[bytes], *, dropped: bool) -> WriteResult:
    several = f"the EHR holds {len(orders)} orders with this identifier: look at them there" if len(orders) > 1 else ""
    if dropped:
        several = f"{BY_CONTENT}; {len(orders)} are alike: look at them there" if len(orders) > 1 else BY_CONTENT
    first = orders[0]
    return WriteResult(
        state=WriteState.WRITTEN,
        reference=f"{resource_type}/{kind_of(first).id}",
        version=version_of(first),
        stored=first,
        reason=several,
    )
