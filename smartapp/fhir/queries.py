"""What we ask of a chart, by name: one table that gives the REST searches, the prefetch templates and the scopes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from smartapp.clinical.codes import LOINC, PRESSURE_PANEL, loincs
from smartapp.clinical.picture import Topic
from smartapp.clinical.terminology import Analyte

PATIENT = "{{context.patientId}}"
_PAGE = "1000"  # the largest page that servers commonly give: each further page is one more round trip
_WINDOW_DAYS = 104  # the extended window of 90 d and the 14 d before the infusion (APP-03, MON-04)

_A = Analyte
_PARTS = {  # of what is read by several queries
    "fibrinogen": "fibrinogen",
    "coagulation": "coagulation",
    "bloodCounts": "blood counts",
    "chemistry": "ferritin, CRP, LDH and other chemistry",
    "weight": "weight",
    "vitalSigns": "temperature, pressure, oxygen",
}


Search = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One read or search: `params` is the search with the CDS Hooks token for the patient; `since_days` an additional
    lower bound of `date_param` that only REST searches carry (a 2.0 prefetch template cannot count days, CDS-21).
    `plain` are the US Core searches to fall back to when a server refuses the first; together they answer it (FHIR-12).
    `refers` is the type that its records may name by reference only: what did not come with them is read (FHIR-13). `required`
    as in interfaces.md section 4. `decides`: the verdict rests on it; while it is awaited none is shown.
    """

    name: str
    resource: str
    topic: Topic
    params: tuple[tuple[str, str], ...] = ()
    plain: tuple[Search, ...] = ()
    refers: str = ""
    since_days: int | None = None
    date_param: str = "date"
    required: bool = False
    decides: bool = True

    @property
    def is_read(self) -> bool:
        """An instance read (`Patient/{id}`), not a search."""
        return not self.params


def _codes(*codes: str) -> str:
    return ",".join(f"{LOINC}|{code}" for code in codes)


def _observations(
    name: str,
    topic: Topic,
    codes: tuple[str, ...],
    *,
    days: int | None,
    required: bool = False,
    decides: bool = True,
) -> Query:
    category = "vital-signs" if topic is Topic.VITAL_SIGNS else "laboratory"
    return Query(
        name=name,
        resource="Observation",
        topic=topic,
        params=(("patient", PATIENT), ("code", _codes(*codes)), ("_sort", "-date"), ("_count", _PAGE)),
        plain=((("patient", PATIENT), ("category", category)),),
        since_days=days,
        required=required,
        decides=decides,
    )


def _all_of(
    name: str,
    resource: str,
    topic: Topic,
    plain: tuple[Search, ...] = ((("patient", PATIENT),),),
    refers: str = "",
    required: bool = False,
    decides: bool = True,
) -> Query:
    return Query(
        name=name,
        resource=resource,
        topic=topic,
        params=(("patient", PATIENT), ("_count", _PAGE)),
        plain=plain,
        refers=refers,
        required=required,
        decides=decides,
    )


QUERIES: tuple[Query, ...] = (
    Query(name="patient", resource="Patient", topic=Topic.PATIENT, required=True),
    _observations("fibrinogen", Topic.LABORATORY, loincs(_A.FIBRINOGEN), days=_WINDOW_DAYS, required=True),
    _observations("coagulation", Topic.LABORATORY, loincs(_A.PT, _A.INR, _A.APTT, _A.D_DIMER), days=_WINDOW_DAYS),
    _observations(
        "bloodCounts",
        Topic.LABORATORY,
        loincs(_A.PLATELETS, _A.HAEMATOCRIT, _A.HAEMOGLOBIN, _A.NEUTROPHILS),
        days=_WINDOW_DAYS,
    ),
    _observations(
        "chemistry",
        Topic.LABORATORY,
        loincs(_A.FERRITIN, _A.CRP, _A.LDH, _A.ALT, _A.AST, _A.TRIGLYCERIDES),
        days=_WINDOW_DAYS,
        decides=False,
    ),
    _observations("weight", Topic.VITAL_SIGNS, loincs(_A.WEIGHT), days=None, decides=False),
    Query(
        name="vitalSigns",
        resource="Observation",
        topic=Topic.VITAL_SIGNS,
        params=(
            ("patient", PATIENT),
            (
                "code",
                _codes(
                    *loincs(_A.TEMPERATURE, _A.SYSTOLIC_PRESSURE, _A.SPO2, _A.OXYGEN_FLOW),
                    PRESSURE_PANEL,
                ),
            ),
            ("_sort", "-date"),
            ("_count", _PAGE),
        ),
        plain=((("patient", PATIENT), ("category", "vital-signs")),),
        since_days=_WINDOW_DAYS,
    ),
    _all_of("conditions", "Condition", Topic.CONDITIONS),
    _all_of("procedures", "Procedure", Topic.PROCEDURES, required=True),
    _all_of("administrations", "MedicationAdministration", Topic.ADMINISTRATIONS, refers="Medication", required=True),
    _all_of(
        "medicationRequests",
        "MedicationRequest",
        Topic.MEDICATION_REQUESTS,
        plain=tuple((("patient", PATIENT), ("intent", intent)) for intent in ("order", "plan")),
        refers="Medication",
        decides=False,
    ),
    _all_of(
        "medicationStatements",
        "MedicationStatement",
        Topic.MEDICATION_STATEMENTS,
        refers="Medication",
        decides=False,
    ),
    _all_of("serviceRequests", "ServiceRequest", Topic.SERVICE_REQUESTS),
    _all_of("allergies", "AllergyIntolerance", Topic.ALLERGIES, decides=False),
    _all_of("encounters", "Encounter", Topic.ENCOUNTER, decides=False),
)
BY_NAME = {query.name: query for query in QUERIES}
CRS_GRADES = "crsGrades"
TOPICS_BY_NAME = {query.name: query.topic for query in QUERIES} | {CRS_GRADES: Topic.VITAL_SIGNS}


def words_of(queries: Iterable[Query]) -> tuple[str, ...]:
    """What is read, as pages name it: `allergies`, `laboratory results (coagulation, blood counts)`."""
    parts: dict[Topic, list[str]] = {}
    for query in queries:
        parts.setdefault(query.topic, []).extend(filter(None, [_PARTS.get(query.name)]))
    return tuple(f"{topic} ({', '.join(names)})" if names else str(topic) for topic, names in parts.items())


def site_queries(local_codes: Mapping[str, str], grade_codes: Sequence[str]) -> tuple[Query, ...]:
    """The table as one site asks it: results under the site's own codes (`[codes]`) together with those they stand for, and
    its CRS grades (`crs_grade_codes`)."""
    table = tuple(_with_local(query, local_codes) for query in QUERIES)
    if not grade_codes:
        return table
    codes = ",".join(grade_codes)
    params = (("patient", PATIENT), ("code", codes), ("_sort", "-date"), ("_count", _PAGE))
    topic = TOPICS_BY_NAME[CRS_GRADES]
    return (
        *table,
        Query(
            name=CRS_GRADES,
            resource="Observation",
            topic=topic,
            params=params,
            plain=tuple((("patient", PATIENT), ("code", code)) for code in grade_codes),
            since_days=_WINDOW_DAYS,
        ),
    )


def _with_local(query: Query, local_codes: Mapping[str, str]) -> Query:
    asked = dict(query.params).get("code", "")
    own = [code for code, meant in local_codes.items() if meant in asked.split(",")]
    if not own:
        return query
    more = ",".join([asked, *own])
    return replace(query, params=tuple((name, more if name == "code" else value) for name, value in query.params))


def search_params(query: Query, patient: str, as_of: datetime) -> list[tuple[str, str]]:
    """The parameters of the REST search for one patient."""
    params = _of(patient, query.params)
    if query.since_days is None:
        return params
    since = (as_of - timedelta(days=query.since_days)).date().isoformat()
    return [*params[:-1], (query.date_param, f"ge{since}"), params[-1]]


def plain_searches(query: Query, patient: str) -> list[list[tuple[str, str]]]:
    """The US Core searches that together answer the same (FHIR-12)."""
    return [_of(patient, search) for search in query.plain]


def _of(patient: str, search: Search) -> list[tuple[str, str]]:
    return [(name, patient if value == PATIENT else value) for name, value in search]


def prefetch_template(query: Query) -> str:
    """The CDS Hooks 2.0 template: instance read or type-level search with context tokens only (CDS-20, CDS-28)."""
    if query.is_read:
        return f"{query.resource}/{PATIENT}"
    return f"{query.resource}?" + "&".join(f"{name}={value}" for name, value in query.params)


def read_scopes(queries: Iterable[Query], style: str) -> list[str]:
    """The patient-level read scopes that these queries need, each type once, in SMART v2 or v1 words (SAL-55)."""
    wanted: dict[str, str] = {}
    for query in queries:
        letters = "r" if query.is_read else "rs"
        wanted[query.resource] = "".join(sorted(set(wanted.get(query.resource, "")) | set(letters)))
        if query.refers:
            wanted.setdefault(query.refers, "r")
    return [f"patient/{resource}.{letters if style == 'v2' else 'read'}" for resource, letters in wanted.items()]
