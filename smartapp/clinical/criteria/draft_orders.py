"""The orders that the clinician is writing (guideline 7a)."""

from collections.abc import Callable
from typing import TypeVar

from smartapp.clinical.codes import ANTICOAGULANTS, FIBRINOGEN_PRODUCTS
from smartapp.clinical.orders import DraftOrder, Product
from smartapp.clinical.rule import Facts, Need
from smartapp.clinical.terminology import Drug

PRODUCTS = {Drug.CRYOPRECIPITATE: Product.CRYOPRECIPITATE, Drug.FIBRINOGEN_CONCENTRATE: Product.FIBRINOGEN_CONCENTRATE}
T = TypeVar("T")


def _of(drugs: frozenset[Drug]) -> Callable[[Facts], tuple[DraftOrder, ...]]:
    return lambda facts: tuple(draft for draft in facts.picture.draft_orders if draft.drug in drugs)


DRAFT_PRODUCTS: Need[tuple[DraftOrder, ...]] = Need("draft_products", _of(FIBRINOGEN_PRODUCTS))
DRAFT_ANTICOAGULANTS: Need[tuple[DraftOrder, ...]] = Need("draft_anticoagulants", _of(ANTICOAGULANTS))
DRAFT_ANTIFIBRINOLYTICS: Need[tuple[DraftOrder, ...]] = Need(
    "draft_antifibrinolytics", _of(frozenset({Drug.TRANEXAMIC_ACID}))
)
DRAFT_TOCILIZUMAB: Need[tuple[DraftOrder, ...]] = Need("draft_tocilizumab", _of(frozenset({Drug.TOCILIZUMAB})))


def where_drafted(drafts: Need[tuple[DraftOrder, ...]], need: Need[T]) -> Need[T | None]:
    """A need that is asked only where there is such a draft, so that no row is open about an order nobody writes."""
    return Need(need.name, lambda facts: facts.get(need) if facts.get(drafts) else None)
