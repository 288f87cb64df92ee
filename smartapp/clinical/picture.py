"""All that a rule may see of one patient at one moment."""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from enum import StrEnum

from smartapp.clinical.gaps import Gap, GapKind, Topic, UnusableReason, UnusableResult
from smartapp.clinical.labs import LabSeries
from smartapp.clinical.orders import DraftOrder
from smartapp.clinical.records import (
    Allergy,
    AwaitedResult,
    ClinicalStatus,
    ConditionRecord,
    CrsRecord,
    Exposure,
    InfusionRecord,
    InvasiveProcedure,
    OxygenDevice,
    OxygenSupport,
    PossibleBleeding,
    WordedDose,
)
from smartapp.clinical.standing_orders import OrderKind, OrderState, StandingOrder
from smartapp.clinical.terminology import Analyte, CarTProduct

__all__ = [
    "Allergy",
    "AwaitedResult",
    "Bedside",
    "BirthDate",
    "BleedingLevel",
    "ClinicalPicture",
    "ClinicalStatus",
    "ConditionRecord",
    "CrsRecord",
    "Exposure",
    "Gap",
    "GapKind",
    "InfusionRecord",
    "InvasiveProcedure",
    "OrderKind",
    "OrderState",
    "OxygenDevice",
    "OxygenSupport",
    "Patient",
    "PossibleBleeding",
    "StandingOrder",
    "Topic",
    "UnusableReason",
    "UnusableResult",
    "WordedDose",
]

NO_LABS = LabSeries()


@dataclass(frozen=True, slots=True)
class BirthDate:
    """A birth date as recorded: the month and the day may be missing (DQ-12)."""

    year: int
    month: int | None = None
    day: int | None = None

    def earliest(self) -> date:
        """The first day it can be."""
        return date(self.year, self.month or 1, self.day or 1)

    def latest(self) -> date:
        """The last day it can be."""
        if self.month is None:
            return date(self.year, 12, 31)
        return date(self.year, self.month, self.day or monthrange(self.year, self.month)[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """Who; `reference` is `Patient/<id>`. Sex and name are no inputs of any rule and are not here."""

    reference: str
    birth: BirthDate | None = None
    deceased: bool = False


class BleedingLevel(StrEnum):
    """BLD-01, lowest first. `NONE_RECORDED` is not evidence of no bleeding; `NONE` was set by hand."""

    NONE_RECORDED = "none_recorded"
    NONE = "none"
    MINOR = "minor"
    SIGNIFICANT = "significant"
    MAJOR = "major"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bedside:
    """What was added by hand and counts for the patient (interfaces.md section 4, `/observe`); counts as recorded at `as_of`.

    `suspects` maps an Observation reference to the reason it was marked suspect; `times` tells when each was added, `users` by whom, by
    its name or reference. `standing` are references of drafts and orders beside which another order is wanted in this launch (REP-13).
    `infusion_product` and `infusion_date` come together."""

    bleeding: BleedingLevel | None = None
    crs_grade: int | None = None
    weight_kg: Decimal | None = None
    suspects: Mapping[str, str] = field(default_factory=dict)
    times: Mapping[str, datetime] = field(default_factory=dict)
    users: Mapping[str, str] = field(default_factory=dict)
    standing: frozenset[str] = frozenset()
    infusion_product: CarTProduct | None = None
    infusion_date: date | None = None

    @property
    def added(self) -> frozenset[str]:
        """The names of what was added, suspects by their reference."""
        told = {
            "bleeding": self.bleeding,
            "crs_grade": self.crs_grade,
            "weight_kg": self.weight_kg,
            "infusion": self.infusion_date,
        }
        return frozenset({name for name, value in told.items() if value is not None} | set(self.suspects))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicalPicture:
    """Everything the rules may see of one patient, as of `as_of` (aware, UTC), in the site's time zone `zone`.

    Collections are free of order; `unread` names each part of the chart that failed, was refused or is incomplete: an
    empty collection whose topic is in `unread` means unknown, not none (DQ-17). `unusable_fibrinogen` are results that are recorded
    and cannot be used, with why (DQ-21); `fibrinogen_unread` says that fibrinogen results are known to be incomplete, refused or
    failed (DQ-17), with `only_older` where nothing newer than what was read can be missing. `worded_doses` and `possible_bleeding` are
    records under unknown codes that are told from their words (DQ-24).
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
    unusable_fibrinogen: tuple[UnusableResult, ...] = ()
    fibrinogen_unread: Gap | None = None
    worded_doses: tuple[WordedDose, ...] = ()
    possible_bleeding: tuple[PossibleBleeding, ...] = ()
    gaps: tuple[Gap, ...] = ()
    unread: Mapping[Topic, Gap] = field(default_factory=dict)

    def series(self, analyte: Analyte) -> LabSeries:
        """All usable results of `analyte`, oldest first; empty if there are none."""
        return self.labs.get(analyte, NO_LABS)

    def why_absent(self, topic: Topic) -> GapKind:
        """Why something of this part is not there: not recorded, or what became of the reading (FHIR-29)."""
        return self.unread[topic].kind if topic in self.unread else GapKind.ABSENT
