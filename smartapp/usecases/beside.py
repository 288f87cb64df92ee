"""What is written beside an order, each only where its scope was granted: the follow-up and the provenance."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from smartapp.clinical.orders import ProposedOrder
from smartapp.clinical.picture import Bedside
from smartapp.fhir.proposals import Ordering, write_recheck
from smartapp.fhir.record import write_provenance
from smartapp.usecases.ports import AssessmentLog, ChartSource, ChartWriter, Subject, WriteRequest, WriteResult

_SOFTWARE = "Fibrinogen Watch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One clinician at one patient: who, with which source and writer, and what was added by hand."""

    subject: Subject
    source: ChartSource
    writer: ChartWriter
    bedside: Bedside = field(default_factory=Bedside)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Writes the follow-up and the provenance; `clock` gives the clinical now."""

    log: AssessmentLog
    clock: Callable[[], datetime]
    base_url: str
    organization: str = ""

    def write(
        self, case: Case, order: ProposedOrder, content: Mapping[str, Any], *, ordering: Ordering, token: str
    ) -> str:
        """The follow-up (if ticked), then the provenance of both; the follow-up's reference, or why there is none."""
        targets, told = [_versioned(str(content["reference"]), str(content["version"]))], ""
        if content.get("recheck") and not case.writer.can_create("ServiceRequest"):
            followed = self._follow_up(case, order, ordering, token)
            told = followed.reference or f"not saved: {followed.reason}"
            targets += [_versioned(followed.reference, followed.version)] if followed.reference else []
        if not case.writer.can_create("Provenance"):
            self._provenance(case, order, targets)
        return told

    def _follow_up(self, case: Case, order: ProposedOrder, ordering: Ordering, token: str) -> WriteResult:
        body = json.dumps(write_recheck(order, ordering)).encode()
        made = case.writer.create(
            WriteRequest(resource_type="ServiceRequest", body=body, identifier=f"{token}-recheck")
        )
        self.log.noted(case.subject, "follow-up", f"{made.state} {made.reference}".strip())
        return made

    def _provenance(self, case: Case, order: ProposedOrder, targets: list[str]) -> None:
        provenance = write_provenance(
            targets=targets,
            at=self.clock(),
            author=case.subject.user,
            entities=list(dict.fromkeys(source.split("#")[0] for source in order.supporting)),
            rules=order.rules,
            rules_url=f"{self.base_url}/rules",
            organization=self.organization or case.subject.ehr,
            software=_SOFTWARE,
        )
        made = case.writer.create(WriteRequest(resource_type="Provenance", body=json.dumps(provenance).encode()))
        self.log.noted(case.subject, "provenance", f"{made.state} {made.reference}".strip())


def _versioned(reference: str, version: str) -> str:
    return f"{reference}/_history/{version}" if version else reference
