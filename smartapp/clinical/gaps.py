"""What is not known of a chart and why: parts not read, records not used, results that are unusable (DQ-17, DQ-21)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from smartapp.clinical.labs import Comparator
from smartapp.clinical.partial_datetime import Moment
from smartapp.clinical.terminology import Analyte, Variant


class Topic(StrEnum):
    """A part of the chart that is read, or fails to be read, as a whole (DQ-17)."""

    PATIENT = "patient"
    LABORATORY = "laboratory results"
    REPORTS = "diagnostic reports"
    SPECIMENS = "specimens"
    VITAL_SIGNS = "vital signs"
    CONDITIONS = "conditions"
    PROCEDURES = "procedures"
    ADMINISTRATIONS = "medication administrations"
    MEDICATION_REQUESTS = "medication requests"
    MEDICATION_STATEMENTS = "medication statements"
    DISPENSES = "medication dispenses"
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
    `only_older`: what is missing can only be older than what was read (DQ-17). `mapping`: the line of `[codes]` that would map an
    unknown code, without what it stands for (DQ-23).
    """

    kind: GapKind
    rule: str
    text: str
    source: str = ""
    topic: Topic | None = None
    analyte: Analyte | None = None
    at: Moment | None = None
    reported: str = ""
    only_older: bool = False
    mapping: str = ""


class UnusableReason(StrEnum):
    """Why a result is unusable, as far as DQ-21 asks."""

    UNIT_MISSING = "unit missing"
    UNIT_CONTRADICTORY = "unit code and unit text disagree"
    UNIT_SUSPECT = "unit suspected wrong"
    UNIT_NOT_ACCEPTED = "unit not accepted"
    IMPLAUSIBLE = "implausible value"
    SPECIMEN = "specimen"
    NUMBER = "number could not be read"
    TWO_WAY_NUMBER = "number can be read in two ways"
    NO_VALUE = "no value and no reason for it"
    NO_VALUE_FOR_A_REASON = "no value, with a reason"
    CODE = "code not recognised"
    FUTURE = "collected in the future"
    NO_TIME = "no time of collection"
    MODIFIED = "carries a modifier that is not understood"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnusableResult:
    """A fibrinogen result that is recorded and cannot be used; `why` is a sentence part for the clinician.

    Its status is one that DQ-01 uses, or `cancelled` with a specimen fault (DQ-21). `value` and `comparator` as recorded, where they are
    a number; `collected` is missing where no time of collection is recorded, then `issued` may stand for it. `variant` None where
    the code is not known.
    """

    source: str
    reason: UnusableReason
    rule: str
    why: str
    reported: str = ""
    value: Decimal | None = None
    comparator: Comparator | None = None
    collected: Moment | None = None
    issued: datetime | None = None
    status: str = ""
    variant: Variant | None = None
    identifiers: tuple[str, ...] = ()
    updated: datetime | None = None
