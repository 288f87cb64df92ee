"""Which resource an order becomes: by product, by the site, and by what may be created (interfaces.md section 6)."""

import pytest

from smartapp.clinical.orders import Product
from smartapp.fhir.write_ladder import OrderResource, order_resource

FC, CRYO = Product.FIBRINOGEN_CONCENTRATE, Product.CRYOPRECIPITATE
MR, SR = "MedicationRequest", "ServiceRequest"


@pytest.mark.parametrize(
    ("product", "component", "may", "resource", "refused"),
    [
        (FC, "auto", {MR, SR}, MR, ""),
        (FC, "auto", {SR}, MR, "no MedicationRequest"),
        (FC, "ServiceRequest", {SR}, MR, "no MedicationRequest"),
        (CRYO, "auto", {MR, SR}, MR, ""),
        (CRYO, "auto", {SR}, SR, ""),
        (CRYO, "auto", set(), MR, "no MedicationRequest"),
        (CRYO, "ServiceRequest", {MR, SR}, SR, ""),
        (CRYO, "MedicationRequest", {SR}, MR, "no MedicationRequest"),
    ],
)
def test_the_resource_of_an_order(product: Product, component: str, may: set[str], resource: str, refused: str) -> None:
    found = order_resource(product, component, lambda kind: "" if kind in may else f"no {kind}")
    assert found == OrderResource(resource, refused)
