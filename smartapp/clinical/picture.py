"""All that a rule may see of one patient at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from enum import StrEnum

from smartapp.clinical.labs import LabSeries
from smartapp.clinical.orders import DraftOrder
from smartapp.clinical.partial_datetime import Moment
from smartapp.clinical.terminology import Allergen, Analyte, CarTProduct, ConditionKind, Drug

NO_LABS = LabSeries()


class Topic(StrEnum):
    """A part of the chart that is read, or fails to be read, as a whole (DQ-17)."""

    PATIENT = "patient"
    LABORATORY = "laboratory results"
    VITAL_SIGNS = "vital signs"
    CONDITIONS = "conditions"
    PROCEDURES = "procedures"
    ADMINISTRATIONS = "medication administrations"
    MEDICATION_REQUESTS = "medication requests"
    MEDICATION_STATEMENTS = "medication statements"
    SERVICE_REQUESTS = "service requests"
    ALLERGIES = "allergies"
    ENCOUNTER = "encounter"


class GapKind(StrEnum):
    """Why something is not known; the values are the words that stand on pages (interfaces.md section 4)."""

    ABSENT = "not recorded"
    UNREADABLE = "could not be read"
    INCOMPLETE = "incomplete"
    NOT_PERMITTED = "not permitted"
    FAILED = "could not be read: the EHR did not answer"
    AWAITED = "awaited"
    NOTED = "noted"  # read and used, with a remark (assumed scale, case error in a unit, time of issue used …)

    @property
    def brief(self) -> str:
        """Without the cause: `could not be read`."""
        return self.value.partition(":")[0]

    def said_of(self, what: str) -> str:
        """`weight could not be read`, `weight is not recorded` (FHIR-29)."""
        return f"{what} {self.brief}" if self in (GapKind.UNREADABLE, GapKind.FAILED) else f"{what} is {self.brief}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Something absent, stale, unreadable or remarkable, and why: one line of `data_issues`.

    `rule` is the guideline row (DQ-06), `text` a sentence for the clinician that shows the record's own words verbatim,
    `source` the record, `analyte` and `at` place it on the chart (a cross), `topic` says which part of the chart it is from.
    """

    kind: GapKind
    rule: str
    text: str
    source: str = ""
    topic: Topic | None = None
    analyte: Analyte | None = None
    at: Moment | None = None
    reported: str = ""


@dataclass(frozen=True, slots=True)
class BirthDate:
    """A birth date as recorded: the month and the day may be missing (DQ-12)."""

    year: int
    month: int | None = None
    day: int | None = None

    def earliest(self) -> date:
        """The first day it can be."""
        return date(self.year, self.month or 1, self.day or 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """Who; `reference` is `Patient/<id>`. Sex and name are no inputs of any rule and are not here."""

    reference: str
    birth: BirthDate | None = None
    deceased: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InfusionRecord:
    """One record that tells of a CAR-T infusion (APP-01).

    `strong`: a Procedure or MedicationAdministration; else a request or a condition alone. `planned`: an active request
    with a time later than the picture's. `start` may be missing.
    """

    product: CarTProduct
    source: str
    strong: bool
    planned: bool = False
    start: Moment | None = None


class ClinicalStatus(StrEnum):
    """A condition's clinicalStatus, folded to what the rules ask (guideline 9.7)."""

    ACTIVE = "active"  # active, recurrence, relapse
    OVER = "over"  # resolved, inactive, remission
    NOT_STATED = "not_stated"  # absent


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionRecord:
    """One condition, neither entered in error nor refuted.

    `grade` is a CTCAE/WHO grade in words of severity or stage, or the ICANS grade of the code; `severe` that the severity
    says severe or life-threatening. `label` is the record's own wording.
    """

    kinds: frozenset[ConditionKind]
    label: str
    source: str
    status: ClinicalStatus = ClinicalStatus.NOT_STATED
    onset: Moment | None = None  # onset dateTime or period start, else recordedDate
    abated: Moment | None = None
    has_abatement: bool = False  # any abatement[x], readable as a time or not
    recorded: Moment | None = None
    severe: bool = False
    severity_stated: bool = False
    grade: int | None = None
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrsRecord:
    """One record of a CRS grade (CRS-01); `grade` None is D89.839, "unspecified". `own_time`: recordedDate, else onset;
    for an Observation its collection. `over`: clinicalStatus resolved, inactive or remission."""

    grade: int | None
    source: str
    scale: str | None = None  # ASTCT, PENN, LEE as stated; None: not stated
    onset: Moment | None = None
    own_time: Moment | None = None
    over: bool = False
    abated: Moment | None = None
    reported: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """A drug or component that was given or is running (MedicationAdministration, Procedure; guideline 9.7)."""

    drug: Drug
    start: Moment
    source: str
    running: bool = False  # in-progress and not ended
    end: Moment | None = None
    dose_mg: Decimal | None = None
    units: Decimal | None = None
    label: str = ""


class OrderKind(StrEnum):
    """By which resource something is ordered or said to be taken."""

    MEDICATION_REQUEST = "MedicationRequest"
    SERVICE_REQUEST = "ServiceRequest"
    MEDICATION_STATEMENT = "MedicationStatement"


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingOrder:
    """An active order or statement of use. `drug` None with `fibrinogen_test`: a laboratory order for fibrinogen."""

    kind: OrderKind
    source: str
    drug: Drug | None = None
    fibrinogen_test: bool = False
    authored: Moment | None = None
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitedResult:
    """A fibrinogen Observation registered or preliminary: a result on its way (MON-02)."""

    source: str
    at: Moment | None


class OxygenDevice(StrEnum):
    """How oxygen is given (CRS-03, guideline 9.7)."""

    NONE = "none"
    CANNULA = "low-flow cannula"
    BLOW_BY = "blow-by"
    HIGH_FLOW = "high-flow cannula"
    MASK = "mask"
    POSITIVE_PRESSURE = "CPAP, BiPAP or ventilation"
    NOT_NAMED = "device not named"


@dataclass(frozen=True, slots=True, kw_only=True)
class OxygenSupport:
    """One record of oxygen: device and, if given, flow in L/min."""

    device: OxygenDevice
    at: Moment
    source: str
    flow_l_per_min: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvasiveProcedure:
    """A surgical procedure planned or in progress (guideline 9.7)."""

    source: str
    at: Moment | None
    in_progress: bool = False
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allergy:
    """An active allergy to something SAF-02 asks about; `severe`: criticality high, or a reaction severe or anaphylactic."""

    allergen: Allergen
    severe: bool
    label: str
    source: str


class BleedingLevel(StrEnum):
    """BLD-01, lowest first. `NONE_RECORDED` is not evidence of no bleeding; `NONE` was set by hand."""

    NONE_RECORDED = "none_recorded"
    NONE = "none"
    MINOR = "minor"
    SIGNIFICANT = "significant"
    MAJOR = "major"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bedside:
    """What the clinician added by hand in this launch (interfaces.md section 4, `/observe`); counts as recorded at `as_of`.

    `suspects` maps an Observation reference to the reason it was marked suspect; `times` tells when each was added, by its
    name or reference."""

    bleeding: BleedingLevel | None = None
    crs_grade: int | None = None
    weight_kg: Decimal | None = None
    suspects: Mapping[str, str] = field(default_factory=dict)
    times: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def added(self) -> frozenset[str]:
        """The names of what was added, suspects by their reference."""
        told = {"bleeding": self.bleeding, "crs_grade": self.crs_grade, "weight_kg": self.weight_kg}
        return frozenset({name for name, value in told.items() if value is not None} | set(self.suspects))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicalPicture:
    """Everything the rules may see of one patient, as of `as_of` (aware, UTC), in the site's time zone `zone`.

    Collections are free of order; `unread` names each part of the chart that failed, was refused or is incomplete: an
    empty collection whose topic is in `unread` means unknown, not none (DQ-17).
    """

    as_of: datetime
    patient: Patient
    zone: tzinfo = UTC
    infusions: tuple[InfusionRecord, ...] = ()
    labs: Mapping[Analyte, LabSeries] = field(default_factory=dict)
    crs_records: tuple[CrsRecord, ...] = ()
    conditions: tuple[ConditionRecord, ...] = ()
    exposures: tuple[Exposure, ...] = ()
    orders: tuple[StandingOrder, ...] = ()
    awaited: tuple[AwaitedResult, ...] = ()
    oxygen: tuple[OxygenSupport, ...] = ()
    procedures: tuple[InvasiveProcedure, ...] = ()
    allergies: tuple[Allergy, ...] = ()
    draft_orders: tuple[DraftOrder, ...] = ()
    bedside: Bedside = Bedside()
    gaps: tuple[Gap, ...] = ()
    unread: Mapping[Topic, Gap] = field(default_factory=dict)

    def series(self, analyte: Analyte) -> LabSeries:
        """All usable results of `analyte`, oldest first; empty if there are none."""
        return self.labs.get(analyte, NO_LABS)

    def why_absent(self, topic: Topic) -> GapKind:
        """Why something of this part is not there: not recorded, or what became of the reading (FHIR-29)."""
        return self.unread[topic].kind if topic in self.unread else GapKind.ABSENT
