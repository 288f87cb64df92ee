"""Reading for a hook: whatever has not come when the time is up is a failed read, and nothing is waited for (CDS-72)."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from smartapp.ehr.source import FhirChartSource
from smartapp.fhir.chart import Answer, AnswerState
from smartapp.fhir.queries import Query


@dataclass(frozen=True, slots=True)
class HurriedSource:
    """Asks through `source`, and answers by `until` (of the monotonic clock) at the latest, also where a server only drips."""

    source: FhirChartSource
    until: float

    def complete(self, queries: Sequence[Query], begun: Sequence[Answer]) -> tuple[Answer, ...]:
        """Every query with its answer; a first page that could not be read on stays incomplete."""
        first = {answer.query: answer for answer in begun}
        left = max(self.until - time.monotonic(), 0.0)
        answers = self.source.begin(queries, begun, left).answers(left)
        return tuple(_late(answer, first) if answer.state is AnswerState.AWAITED else answer for answer in answers)

    def referred(self, answers: Sequence[Answer]) -> Answer:
        """What these records name by reference and did not bring."""
        return self.source.referred(answers, max(self.until - time.monotonic(), 0.0))


def _late(answer: Answer, first: dict[str, Answer]) -> Answer:
    known = first.get(answer.query)
    if known is not None:
        return replace(known, next_url="", reason=f"{known.reason}, and the rest did not come in time")
    return replace(answer, state=AnswerState.FAILED, reason="the EHR did not answer in time")
