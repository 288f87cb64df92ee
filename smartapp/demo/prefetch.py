"""What a service's prefetch templates ask for, answered from the EHR's own store: complete, with the faults that are on."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from smartapp.demo.fault_payloads import spoiled
from smartapp.demo.faults import Faults
from smartapp.demo.fhir_server import FhirServer, Reply

_TOKEN = re.compile(r"\{\{\s*context\.(\w+)\s*\}\}")


def answered(server: FhirServer, faults: Faults, template: str, context: Mapping[str, Any]) -> Any:
    """The resource or the searchset that a template asks for in this context; None where we cannot."""
    asked = _TOKEN.sub(lambda found: str(context.get(found[1], "")), template)
    path, _, query = asked.partition("?")
    kind, _, resource_id = path.partition("/")
    if resource_id:
        return server.read(kind, resource_id)
    params = [(name, value) for name, value in parse_qsl(query) if name != "_count"]
    return spoiled(Reply(200, _whole(server, kind, params)), faults).body


def _whole(server: FhirServer, kind: str, params: list[tuple[str, str]]) -> Any:
    """A searchset of all matches on one page: what an EHR sends ahead is complete."""
    first = server.search(kind, [*params, ("_count", "50")])
    bundle = first.body
    if first.status != 200 or bundle is None:
        return None
    matches = len(bundle.get("entry", ()))
    while matches < bundle["total"]:
        page = (server.search(kind, [*params, ("_count", "50"), ("_offset", str(matches))]).body or {}).get("entry", [])
        if not page:
            return None
        bundle["entry"].extend(page)
        matches += len(page)
    bundle["link"] = [link for link in bundle["link"] if link["relation"] == "self"]
    return bundle
