"""One case, and what is written beside an order: the follow-up and the provenance, each only where its scope was granted."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from smartapp.clinical.orders import ProposedOrder
from smartapp.clinical.picture import Bedside
from smartapp.fhir.provenance import write_provenance
from smartapp.usecases.ports import ChartSource, ChartWriter, Subject, WriteRequest, WriteResult, WriteState
from smartapp.usecases.proposal import order_in

_SOFTWARE = "Fibrinogen Watch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One clinician at one patient: who, with which source and writer, and what was added by hand."""

    subject: Subject
    source: ChartSource
    writer: ChartWriter
    bedside: Bedside = field(default_factory=Bedside)


def follow_up_request(content: Mapping[str, Any], token: str) -> WriteRequest:
    """The follow-up as it was approved; `token` is the order's `system|value`."""
    body = str(content["follow_up"]).encode()
    return WriteRequest(resource_type="ServiceRequest", body=body, identifier=f"{token}-recheck")


def provenance_request(
    case: Case, content: Mapping[str, Any], targets: Sequence[str], *, at: datetime, base_url: str, organization: str
) -> WriteRequest:
    """Who approved, what assembled it, from which records, by which rules, under which receipt (FHIR-49)."""
    order: ProposedOrder = order_in(content)
    body = write_provenance(
        targets=targets,
        at=at,
        author=case.subject.user,
        entities=list(dict.fromkeys(source.split("#")[0] for source in order.supporting)),
        rules=order.rules,
        rules_url=f"{base_url}/rules",
        organization=organization or case.subject.ehr,
        software=_SOFTWARE,
        receipt=(f"{base_url}/receipt", str(content.get("receipt", ""))),
    )
    return WriteRequest(resource_type="Provenance", body=json.dumps(body).encode())


def told(result: WriteResult) -> str:
    """What became of something written beside the order: its reference, or why there is none."""
    if result.state is WriteState.WRITTEN:
        return result.reference or "saved together with the order"
    words = "not saved" if result.state is WriteState.REFUSED else "not confirmed"
    return f"{words}: {result.reason}"


def versioned(reference: str, version: str) -> str:
    """A reference to one version, where the version is known."""
    return f"{reference}/_history/{version}" if version else reference
