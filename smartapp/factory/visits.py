"""A patient page whose chart is being read: who it is, how far the reading has come, and the patient as assessed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from smartapp.ehr.async_read import Underway
from smartapp.fhir.chart import Chart
from smartapp.fhir.identity import Identity, read_identity
from smartapp.web.decisions import Reviewed


@dataclass(frozen=True, slots=True)
class Visit:
    """An `Opening`; `reviewed` assesses on what has come in time."""

    patient: str
    reading: Underway
    reviewed: Callable[[], Reviewed]

    def come_within(self, seconds: float) -> bool:
        """Whether all has come after at most so long."""
        return self.reading.come_within(seconds)

    def identity(self, seconds: float) -> Identity:
        """Who the patient is, if that comes within so long."""
        return read_identity(Chart.empty(self.patient).with_answers(self.reading.one("patient", seconds)))

    def coming(self) -> Iterator[tuple[int, int]]:
        """How many searches have come, of how many."""
        return self.reading.coming()

    def review(self) -> Reviewed:
        """The patient as assessed on what has come in time."""
        return self.reviewed()
