"""Records of a chart as the rules see them: infusions, conditions, CRS grades, doses, oxygen, procedures, allergies."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from smartapp.clinical.partial_datetime import Moment
from smartapp.clinical.terminology import Allergen, CarTProduct, ConditionKind, Drug


@dataclass(frozen=True, slots=True, kw_only=True)
class InfusionRecord:
    """One record that tells of a CAR-T infusion (APP-01).

    `strong`: a Procedure or MedicationAdministration; else a request or a condition alone. `planned`: an active request
    with a time later than the picture's. `start` may be missing. `in_words`: its words name a CAR-T product, no code that is
    known does (DQ-24).
    """

    product: CarTProduct
    source: str
    strong: bool
    planned: bool = False
    start: Moment | None = None
    in_words: bool = False


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
    for an Observation its collection. `over`: clinicalStatus resolved, inactive or remission. `in_words`: the grade was read from
    words (DQ-24)."""

    grade: int | None
    source: str
    scale: str | None = None  # ASTCT, PENN, LEE as stated; None: not stated
    onset: Moment | None = None
    own_time: Moment | None = None
    over: bool = False
    abated: Moment | None = None
    reported: str = ""
    in_words: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """A drug or component that was given or is running (MedicationAdministration, Procedure; guideline 9.7).

    The amount as recorded: `dose_mg`, single-donor `units`, `pools`, `doses` (of the pathogen-reduced complex), `volume_ml`; what is
    not recorded is None. `links`: the references of request, basedOn and partOf as written.
    """

    drug: Drug
    start: Moment
    source: str
    running: bool = False  # in-progress and not ended
    end: Moment | None = None
    dose_mg: Decimal | None = None
    units: Decimal | None = None
    label: str = ""
    pools: Decimal | None = None
    doses: Decimal | None = None
    volume_ml: Decimal | None = None
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WordedDose:
    """Something given under no code that is known, whose words name a fibrinogen-containing product or may do so (DQ-24).

    `drug` None: it only may be one ("may have been given"). It is a dose for REP-09, and a product between two samples for
    TRD-01, DQ-22 and MON-06; never for REP-11, RCK-01 and SAF-06.
    """

    start: Moment
    source: str
    label: str
    drug: Drug | None = None
    end: Moment | None = None
    running: bool = False
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PossibleBleeding:
    """A condition under no code that is known whose words tell of bleeding (DQ-24): the level must be set by hand."""

    label: str
    source: str
    onset: Moment | None = None


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
