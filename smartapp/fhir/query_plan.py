"""Which searches answer a query at one EHR: only parameters that it declares, US Core's plain search as the last resort (FHIR-61)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from smartapp.fhir.capabilities import Capabilities, Offered
from smartapp.fhir.queries import Query, bare_params, category_searches, plain_searches, search_params

SEARCH = "search-type"
_PAGE_SIZE = "_count"  # understood or ignored everywhere; never what a server refuses a search for
Params = Sequence[tuple[str, str]]


class Fit(StrEnum):
    """How well an EHR's declared parameters answer a query."""

    UNTOLD = "untold"  # the EHR says nothing of it: asked as the table has it, the plain search if that is refused
    AS_ASKED = "as asked"
    WIDER = "wider"  # without a parameter that it lacks: more is read than needed, the rest is left out here
    LAST_RESORT = "last resort"  # it declares the type or `patient` not at all: US Core's plain search
    NOT_OFFERED = "not offered"  # it declares the type, and that it is not searched


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryPlan:
    """What to ask for one query: `ways` in order, each a set of searches that together answer it; the next way is tried only
    where a way is refused. `missing` are the parameters of the table that are not sent."""

    fit: Fit
    ways: tuple[tuple[Params, ...], ...] = ()
    missing: tuple[str, ...] = ()


def planned(query: Query, capabilities: Capabilities, patient: str, as_of: datetime) -> QueryPlan:
    """The searches for one patient; `Query.is_read` is no search and has no plan."""
    asked = search_params(query, patient, as_of)
    bare, plain = bare_params(query, patient), plain_searches(query, patient)
    if not capabilities.types:
        return QueryPlan(fit=Fit.UNTOLD, ways=_distinct([asked], [bare], plain))
    offered = capabilities.types.get(query.resource)
    if offered is None and not query.optional:
        return QueryPlan(fit=Fit.LAST_RESORT, ways=_distinct(plain or [bare]), missing=_names([asked]))
    if offered is None or (offered.interactions and SEARCH not in offered.interactions):
        return QueryPlan(fit=Fit.NOT_OFFERED)
    if not offered.params:
        return QueryPlan(fit=Fit.UNTOLD, ways=_distinct([asked], [bare], plain))
    return _declared(query, asked, offered, patient, as_of)


def category_ways(query: Query, capabilities: Capabilities, patient: str, as_of: datetime) -> Sequence[Params]:
    """What to ask by category where a list of codes found nothing, each where the one before is refused."""
    searches = category_searches(query, patient, as_of)
    offered = capabilities.types.get(query.resource, Offered())
    if not offered.params:
        return searches
    return [search for (search,) in _distinct(*([_kept(one, offered)] for one in searches))]


def _declared(query: Query, asked: Params, offered: Offered, patient: str, as_of: datetime) -> QueryPlan:
    bare, plain = bare_params(query, patient), plain_searches(query, patient)
    if not offered.params & {"patient", "subject"}:
        return QueryPlan(fit=Fit.LAST_RESORT, ways=_distinct(plain or [bare]), missing=_names([asked]))
    missing = tuple(name for name in _names([asked]) if name not in offered.params and not _same(name, offered))
    narrowing = [name for name in missing if name != "_sort"]
    plainly = [_kept(search, offered) for search in plain]
    if "code" in narrowing:
        by_category = [_kept(search, offered) for search in category_searches(query, patient, as_of)[:1]]
        ways = _distinct(by_category, plainly)
    else:
        ways = _distinct([_bounded(query, _kept(asked, offered), offered, as_of)], [_kept(bare, offered)], plainly)
    return QueryPlan(fit=Fit.WIDER if narrowing else Fit.AS_ASKED, ways=ways, missing=missing)


def _bounded(query: Query, search: Params, offered: Offered, as_of: datetime) -> Params:
    """With the date from which a sorted answer would have to reach, where the answer cannot be sorted."""
    dated = any(name == query.date_param for name, _ in search)
    if query.covers is None or dated or "_sort" in offered.params or query.date_param not in offered.params:
        return search
    return [*search, (query.date_param, f"ge{(as_of - query.covers).date().isoformat()}")]


def _same(name: str, offered: Offered) -> bool:
    return name == "patient" and "subject" in offered.params


def _kept(search: Params, offered: Offered) -> Params:
    """The search without what is not declared; `subject` in place of a `patient` that is not."""
    by_subject = "patient" not in offered.params
    pairs = (
        (("subject", f"Patient/{value}") if name == "patient" and by_subject else (name, value))
        for name, value in search
    )
    return [(name, value) for name, value in pairs if name in offered.params or name == _PAGE_SIZE]


def _distinct(*ways: Sequence[Params]) -> tuple[tuple[Params, ...], ...]:
    """Each way once, each search of a way once; a way that repeats an earlier one is left out."""
    kept: list[tuple[Params, ...]] = []
    for way in ways:
        searches = tuple({tuple(search): search for search in way}.values())
        if searches and {tuple(s) for s in searches} not in [{tuple(s) for s in one} for one in kept]:
            kept.append(searches)
    return tuple(kept)


def _names(searches: Iterable[Params]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for search in searches for name, _ in search if name != _PAGE_SIZE))
