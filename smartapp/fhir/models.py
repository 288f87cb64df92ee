"""The classes of fhir.resources.R4B that build and validate all we send (the library's default is R5, FHIR-02)."""

from functools import cache
from importlib import import_module
from typing import Any


@cache
def model(resource_type: str) -> Any:
    """The R4B class of a resource type, imported when it is first needed: reading never pays for it."""
    return getattr(import_module(f"fhir.resources.R4B.{resource_type.lower()}"), resource_type)


def validated(body: dict[str, Any]) -> dict[str, Any]:
    """The resource as the library writes it, valid R4; ValueError names what is not."""
    kind = body["resourceType"]
    built = model(kind).model_validate({name: value for name, value in body.items() if name != "resourceType"})
    written: dict[str, Any] = built.model_dump(mode="json", exclude_none=True, by_alias=True)
    return {"resourceType": kind, **{name: value for name, value in written.items() if name != "resourceType"}}
