"""What an EHR's capability statement means for us: each query with what stands in its place, and the way of each order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import assert_never

from smartapp.cli.doctor.findings import Sentence, note, ok, wanting
from smartapp.clinical.orders import Product
from smartapp.fhir.capabilities import Capabilities
from smartapp.fhir.queries import Query, words_of
from smartapp.fhir.query_plan import SEARCH, Fit, QueryPlan, planned
from smartapp.fhir.write_ladder import SERVICE, order_resource

_ANY_TIME = datetime(2026, 1, 1, tzinfo=UTC)
_PRODUCTS = {
    Product.FIBRINOGEN_CONCENTRATE: "Fibrinogen concentrate",
    Product.CRYOPRECIPITATE: "Cryoprecipitate",
}
LOWER_RUNGS = "text to copy, and a suggestion on the cards of our hooks"


def version_sentence(said: Capabilities) -> Sentence:
    """R4 or nothing."""
    if said.fhir_version.startswith("4.0"):
        return ok(f"Its FHIR version is {said.fhir_version}.")
    return wanting(f"Its FHIR version is {said.fhir_version[:20] or 'not told'}; the app reads R4 (4.0.1).")


def reading(said: Capabilities, queries: Sequence[Query]) -> Iterator[tuple[Query, QueryPlan | None, Sentence]]:
    """Each query, its plan (None: an instance read) and a sentence."""
    for query in queries:
        if query.is_read:
            yield query, None, _read_sentence(said, query)
            continue
        plan = planned(query, said, "", _ANY_TIME)
        yield query, plan, _search_sentence(query, plan)


def _read_sentence(said: Capabilities, query: Query) -> Sentence:
    why = said.may_not(query.resource, "read")
    if not why:
        return ok(f"{_words(query)}: {query.resource} is read by its id.")
    return wanting(f"{_words(query)}: {why}, so no patient can be assessed.")


def _search_sentence(query: Query, plan: QueryPlan) -> Sentence:
    words = _words(query)
    asked = "; ".join(_names(search) for search in plan.ways[0]) if plan.ways else ""
    match plan.fit:
        case Fit.UNTOLD:
            return ok(f"{words}: {query.resource} by {asked}; nothing is said of its parameters, if refused plainly.")
        case Fit.AS_ASKED:
            return ok(f"{words}: {query.resource} by {asked}.")
        case Fit.WIDER:
            left = ", ".join(name for name in plan.missing if name != "_sort")
            return note(f"{words}: {query.resource} by {asked}; without {left}: more is read, the rest left out here.")
        case Fit.LAST_RESORT:
            return note(
                f"{words}: {query.resource} is not declared so; tried by {asked}, a refusal is named on the page."
            )
        case Fit.NOT_OFFERED if query.required:
            return wanting(f"{words}: {query.resource} is not searched there, so no patient can be assessed.")
        case Fit.NOT_OFFERED:
            return note(f"{words}: {query.resource} is not searched there; the page names it as not offered.")
    assert_never(plan.fit)


def _words(query: Query) -> str:
    words = words_of((query,))[0]
    return f"{words[:1].upper()}{words[1:]}"


def _names(search: Sequence[tuple[str, str]]) -> str:
    return ", ".join(name for name, _ in search if name != "_count")


@dataclass(frozen=True, slots=True)
class OrderFit:
    """What an order of a product becomes there: `created` the resource type, or empty with `why` not."""

    product: Product
    created: str
    why: str

    @property
    def sentence(self) -> Sentence:
        """In words."""
        name = _PRODUCTS[self.product]
        if self.created:
            return ok(f"{name}: an approved order is created as {self.created}.")
        return note(f"{name}: {self.why}; an approved order is {LOWER_RUNGS}.")


def orders(said: Capabilities, component_resource: str) -> list[OrderFit]:
    """Each product."""
    found = []
    for product in _PRODUCTS:
        resource = order_resource(product, component_resource, lambda kind: said.may_not(kind, "create"))
        found.append(OrderFit(product, "" if resource.refused else resource.resource_type, resource.refused))
    return found


def writing(said: Capabilities, found: Sequence[OrderFit]) -> Iterator[Sentence]:
    """The route of each product, of what belongs to an order, and how doubt is settled."""
    yield from (order.sentence for order in found)
    for kind, name in ((SERVICE, "Follow-up fibrinogen"), ("Provenance", "Provenance")):
        why = said.may_not(kind, "create")
        instead = "it is text to copy" if kind == SERVICE else "who decided is kept in our receipt only"
        yield note(f"{name}: {why}; {instead}.") if why else ok(f"{name}: created as {kind}.")
    created = dict.fromkeys(order.created for order in found if order.created)
    if not created:
        return
    yield ok(f"It is written as {_route(said, tuple(created))}.")
    for kind in created:
        yield from _doubt(said, kind)


def _route(said: Capabilities, created: Sequence[str]) -> str:
    if said.transaction:
        return "one transaction, all of it or nothing"
    if all(said.conditional(kind) for kind in created):
        return "conditional creates, one after another: the order first"
    return "a search, a lock, a create and a search, one after another: it declares no conditional create"


def _doubt(said: Capabilities, kind: str) -> Iterator[Sentence]:
    if said.may_not(kind, SEARCH):
        yield note(
            f"{kind}: it is not searched there, so what became of a lost answer is not known until somebody looks."
        )
        return
    by = "identifier and patient" if said.searchable(kind, "identifier") else "patient, the identifier matched here"
    yield ok(f"{kind}: after a lost answer the order is looked for by {by}.")
    why = said.may_not(kind, "update")
    if why:
        yield note(f"{kind}: {why}: a draft is withdrawn in the EHR, not from here.")
