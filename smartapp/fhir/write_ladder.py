"""What an approved order becomes at one EHR: the resource of its product, by what may be created there (interfaces.md section 6)."""

from collections.abc import Callable
from dataclasses import dataclass

from smartapp.clinical.orders import Product

AUTO = "auto"
MEDICATION, SERVICE = "MedicationRequest", "ServiceRequest"
Refused = Callable[[str], str]
"""Of a resource type: why it may not be created, in a few words; empty if it may."""


@dataclass(frozen=True, slots=True)
class OrderResource:
    """The resource type of an order, and why it may not be created (empty: it may)."""

    resource_type: str
    refused: str


def order_resource(product: Product, component_resource: str, refused: Refused) -> OrderResource:
    """A MedicationRequest; cryoprecipitate as the site says, with `auto` a ServiceRequest where only that may be created."""
    wanted = _wanted(product, component_resource)
    tried = [OrderResource(kind, refused(kind)) for kind in wanted]
    return next((one for one in tried if not one.refused), tried[0])


def _wanted(product: Product, component_resource: str) -> tuple[str, ...]:
    if product is not Product.CRYOPRECIPITATE:
        return (MEDICATION,)
    return (MEDICATION, SERVICE) if component_resource == AUTO else (component_resource,)
