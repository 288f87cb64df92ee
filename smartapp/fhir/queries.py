"""What we ask of a chart, by name: one table that gives the REST searches, the prefetch templates and the scopes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from smartapp.clinical.codes import LOINC, PRESSURE_PANEL, loincs
from smartapp.clinical.picture import Topic
from smartapp.clinical.terminology import Analyte

PATIENT = "{{context.patientId}}"
_PAGE = "1000"  # the largest page that servers commonly give: each further page is one more round trip
_NEWEST = "250"  # of what is sorted, and sent again beside what was asked for by code
_WINDOW = timedelta(days=104)  # the extended window of 90 d and the 14 d before the infusion (APP-03, MON-04)
PANEL_WINDOW = timedelta(hours=48)
"""How far back the results of a panel, which no search by code finds, are looked for (DQ-17)."""

_A = Analyte
_PARTS = {  # of what is read by several queries
    "fibrinogen": "fibrinogen",
    "panels": "panels",
    "coagulation": "coagulation",
    "bloodCounts": "blood counts",
    "chemistry": "ferritin, CRP, LDH and other chemistry",
    "weight": "weight",
    "vitalSigns": "temperature, pressure, oxygen",
}


Search = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One read or search of one resource type.

    `params` is the search with the CDS Hooks token for the patient; `since` an additional lower bound of `date_param` that only REST
    searches carry (a 2.0 prefetch template cannot count days, CDS-21). Where the server refuses a parameter, the search is asked again
    without date, order and page size, and if that is refused too, the `plain` US Core searches together answer it (FHIR-12).
    `category` holds what is asked for by code: it is asked before a list of codes that finds nothing counts as absent. `refers` are the
    types that its records may name by reference only: what did not come with them is read, or comes by `includes` where the server
    declares them (FHIR-13, DQ-28). `covers`: only what is younger than this is asked of a sorted answer.
    `required` as in interfaces.md section 4; `tells` of an infusion, and is read before all else by a hook. `decides`: the verdict rests
    on it; while it is awaited none is shown. `optional`: an EHR need not offer it, and a caller need not send it, for advice to stand.
    """

    name: str
    resource: str
    topic: Topic
    params: Search = ()
    plain: tuple[Search, ...] = ()
    category: str = ""
    refers: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()
    since: timedelta | None = None
    date_param: str = "date"
    covers: timedelta | None = None
    required: bool = False
    tells: bool = False
    decides: bool = True
    optional: bool = False

    @property
    def is_read(self) -> bool:
        """An instance read (`Patient/{id}`), not a search."""
        return not self.params

    @property
    def may_be_left_out(self) -> bool:
        """Whether a call that does not send it, and cannot be asked for it, is answered all the same: what was sent holds what is
        asked for by code, and this only what other searches miss."""
        return self.optional or self.name == "panels"


def _codes(*codes: str) -> str:
    return ",".join(f"{LOINC}|{code}" for code in codes)


def _sorted_by_date(search: Search, count: str = _PAGE) -> Search:
    return (*search, ("_sort", "-date"), ("_count", count))


def _observations(
    name: str,
    topic: Topic,
    codes: tuple[str, ...],
    *,
    since: timedelta | None = None,
    required: bool = False,
    decides: bool = True,
) -> Query:
    category = "vital-signs" if topic is Topic.VITAL_SIGNS else "laboratory"
    return Query(
        name=name,
        resource="Observation",
        topic=topic,
        params=_sorted_by_date((("patient", PATIENT), ("code", _codes(*codes)))),
        plain=((("patient", PATIENT), ("category", category)),),
        category=category,
        refers=("Specimen",) if topic is Topic.LABORATORY else (),
        includes=("Observation:specimen",) if topic is Topic.LABORATORY else (),
        since=since,
        required=required,
        decides=decides,
    )


def _all_of(
    name: str,
    resource: str,
    topic: Topic,
    plain: tuple[Search, ...] = ((("patient", PATIENT),),),
    refers: tuple[str, ...] = (),
    includes: tuple[str, ...] = (),
    required: bool = False,
    tells: bool = False,
    decides: bool = True,
    optional: bool = False,
) -> Query:
    return Query(
        name=name,
        resource=resource,
        topic=topic,
        params=(("patient", PATIENT), ("_count", _PAGE)),
        plain=plain,
        refers=refers,
        includes=includes,
        required=required,
        tells=tells,
        decides=decides,
        optional=optional,
    )


_DRUG = ("Medication",)
_INTENTS = ("order", "plan", "proposal", "original-order", "reflex-order", "filler-order", "instance-order")

QUERIES: tuple[Query, ...] = (
    Query(name="patient", resource="Patient", topic=Topic.PATIENT, required=True),
    _all_of("specimens", "Specimen", Topic.SPECIMENS, decides=False, optional=True),
    _observations("fibrinogen", Topic.LABORATORY, loincs(_A.FIBRINOGEN), required=True),
    Query(
        name="panels",
        resource="Observation",
        topic=Topic.LABORATORY,
        params=_sorted_by_date((("patient", PATIENT), ("category", "laboratory")), _NEWEST),
        plain=((("patient", PATIENT), ("category", "laboratory")),),
        refers=("Specimen", "Observation"),
        includes=("Observation:specimen", "Observation:has-member"),
        since=PANEL_WINDOW,
        covers=PANEL_WINDOW,
    ),
    Query(
        name="reports",
        resource="DiagnosticReport",
        topic=Topic.REPORTS,
        params=_sorted_by_date((("patient", PATIENT),), _NEWEST),
        plain=((("patient", PATIENT), ("category", "LAB")),),
        refers=("Specimen",),
        covers=PANEL_WINDOW,
        optional=True,
    ),
    _observations("coagulation", Topic.LABORATORY, loincs(_A.PT, _A.INR, _A.APTT, _A.D_DIMER)),
    _observations(
        "bloodCounts", Topic.LABORATORY, loincs(_A.PLATELETS, _A.HAEMATOCRIT, _A.HAEMOGLOBIN, _A.NEUTROPHILS)
    ),
    _observations(
        "chemistry",
        Topic.LABORATORY,
        loincs(_A.FERRITIN, _A.CRP, _A.LDH, _A.ALT, _A.AST, _A.TRIGLYCERIDES),
        decides=False,
    ),
    _observations("weight", Topic.VITAL_SIGNS, loincs(_A.WEIGHT), decides=False),
    _observations(
        "vitalSigns",
        Topic.VITAL_SIGNS,
        (*loincs(_A.TEMPERATURE, _A.SYSTOLIC_PRESSURE, _A.SPO2, _A.OXYGEN_FLOW), PRESSURE_PANEL),
        since=_WINDOW,
    ),
    _all_of("conditions", "Condition", Topic.CONDITIONS, required=True, tells=True),
    _all_of(
        "procedures",
        "Procedure",
        Topic.PROCEDURES,
        refers=("BiologicallyDerivedProduct", "Medication"),
        required=True,
        tells=True,
    ),
    _all_of(
        "administrations",
        "MedicationAdministration",
        Topic.ADMINISTRATIONS,
        refers=_DRUG,
        includes=("MedicationAdministration:medication",),
        required=True,
        tells=True,
    ),
    _all_of(
        "medicationRequests",
        "MedicationRequest",
        Topic.MEDICATION_REQUESTS,
        plain=tuple((("patient", PATIENT), ("intent", intent)) for intent in _INTENTS),
        refers=_DRUG,
        includes=("MedicationRequest:medication",),
        tells=True,
        decides=False,
    ),
    _all_of(
        "medicationStatements",
        "MedicationStatement",
        Topic.MEDICATION_STATEMENTS,
        refers=_DRUG,
        includes=("MedicationStatement:medication",),
        decides=False,
    ),
    _all_of(
        "dispenses",
        "MedicationDispense",
        Topic.DISPENSES,
        refers=_DRUG,
        includes=("MedicationDispense:medication",),
        optional=True,
    ),
    _all_of("serviceRequests", "ServiceRequest", Topic.SERVICE_REQUESTS, tells=True),
    _all_of("allergies", "AllergyIntolerance", Topic.ALLERGIES, decides=False),
    _all_of("encounters", "Encounter", Topic.ENCOUNTER, decides=False),
)
BY_NAME = {query.name: query for query in QUERIES}
CRS_GRADES = "crsGrades"
TOPICS_BY_NAME = {query.name: query.topic for query in QUERIES} | {CRS_GRADES: Topic.VITAL_SIGNS}


def letter_to_read(resource: str) -> str:
    """The scope letter that reading this type needs: `s` where it is searched for, `r` where it is only read by its id (SAL-52)."""
    return "s" if any(query.resource == resource and not query.is_read for query in QUERIES) else "r"


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
    return (
        *table,
        Query(
            name=CRS_GRADES,
            resource="Observation",
            topic=TOPICS_BY_NAME[CRS_GRADES],
            params=_sorted_by_date((("patient", PATIENT), ("code", ",".join(grade_codes)))),
            plain=tuple((("patient", PATIENT), ("code", code)) for code in grade_codes),
            since=_WINDOW,
        ),
    )


def _with_local(query: Query, local_codes: Mapping[str, str]) -> Query:
    """A prefix (`system|I61.*`) cannot be asked for by code; what it means is found by category."""
    asked = dict(query.params).get("code", "")
    own = [code for code, meant in local_codes.items() if meant in asked.split(",") and not code.endswith("*")]
    if not own:
        return query
    more = ",".join([asked, *own])
    return replace(query, params=tuple((name, more if name == "code" else value) for name, value in query.params))


def search_params(query: Query, patient: str, as_of: datetime) -> list[tuple[str, str]]:
    """The parameters of the REST search for one patient."""
    return _since(query, _of(patient, query.params), as_of)


def bare_params(query: Query, patient: str) -> list[tuple[str, str]]:
    """The same search without date, order and page size, for a server that refuses one of them (FHIR-12)."""
    return [(name, value) for name, value in _of(patient, query.params) if not name.startswith("_")]


def plain_searches(query: Query, patient: str) -> list[list[tuple[str, str]]]:
    """The US Core searches that together answer the same (FHIR-12)."""
    return [_of(patient, search) for search in query.plain]


def category_searches(query: Query, patient: str, as_of: datetime) -> list[list[tuple[str, str]]]:
    """What to ask, each where the one before is refused, before a list of codes that found nothing counts as absent (FHIR-12); empty
    where the query asks for no codes."""
    if not query.category:
        return []
    search: Search = (("patient", PATIENT), ("category", query.category))
    newest = replace(query, params=_sorted_by_date(search), since=_WINDOW)
    return [search_params(newest, patient, as_of), _of(patient, search)]


def _since(query: Query, params: list[tuple[str, str]], as_of: datetime) -> list[tuple[str, str]]:
    if query.since is None:
        return params
    since = (as_of - query.since).date().isoformat()
    return [*params[:-1], (query.date_param, f"ge{since}"), params[-1]]


def _of(patient: str, search: Search) -> list[tuple[str, str]]:
    return [(name, patient if value == PATIENT else value) for name, value in search]


def prefetch_template(query: Query) -> str:
    """The CDS Hooks 2.0 template: instance read or type-level search with context tokens only (CDS-20, CDS-28)."""
    if query.is_read:
        return f"{query.resource}/{PATIENT}"
    return f"{query.resource}?" + "&".join(f"{name}={value}" for name, value in query.params)


def read_scopes(queries: Iterable[Query], style: str) -> list[str]:
    """The patient-level read scopes that these queries need, each type once, in SMART v2 or v1 words (SAL-55)."""
    wanted: dict[str, set[str]] = {}
    for query in queries:
        wanted.setdefault(query.resource, set()).update("r" if query.is_read else "rs")
        for kind in query.refers:
            wanted.setdefault(kind, set()).add("r")
    letters = {resource: "".join(sorted(found)) for resource, found in wanted.items()}
    return [f"patient/{resource}.{found if style == 'v2' else 'read'}" for resource, found in letters.items()]
