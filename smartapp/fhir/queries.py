"""What we ask of a chart, by name: one table that gives the REST searches, the prefetch templates and the scopes."""

from dataclasses import dataclass

from smartapp.clinical.picture import Topic

PATIENT = "{{context.patientId}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One read or search: `params` is the search with the CDS Hooks token for the patient; `since_days` an additional
    lower bound of `date_param` that only REST searches carry (a 2.0 prefetch template cannot count days, CDS-21).
    `plain` is the US Core search to fall back to when a server refuses the first (FHIR-12). `required` as in
    interfaces.md section 4.
    """

    name: str
    resource: str
    topic: Topic
    params: tuple[tuple[str, str], ...] = ()
    plain: tuple[tuple[str, str], ...] = ()
    since_days: int | None = None
    date_param: str = "date"
    required: bool = False

    @property
    def is_read(self) -> bool:
        """An instance read (`Patient/{id}`), not a search."""
        return not self.params
