"""What the criteria establish about a patient: the values that rules, doses and pages speak of (interfaces.md section 5)."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from smartapp.clinical.findings import Indicator
from smartapp.clinical.labs import LabResult
from smartapp.clinical.orders import Brand, Product
from smartapp.clinical.terminology import CarTProduct


class Action(StrEnum):
    """Guideline section 0."""

    REPLACE = "REPLACE"
    CONSIDER = "CONSIDER"
    MONITOR = "MONITOR"
    NONE = "NONE"
    CANNOT_ASSESS = "CANNOT_ASSESS"


class Tier(StrEnum):
    """TIER-01: T0 >= 1.5 g/L, T1 1.0 to below 1.5, T2 below 1.0, TX no usable value."""

    T0 = "T0"
    T1 = "T1"
    T2 = "T2"
    TX = "TX"


class Band(StrEnum):
    """CRS severity bands (CRS-02)."""

    NONE = "none"
    MILD = "mild"
    MODERATE = "moderate"
    SEVERE = "severe"
    UNKNOWN = "unknown"
    FATAL = "fatal"  # grade 5: no recommendations


class Basis(StrEnum):
    """Where the effective CRS grade comes from (CRS-02)."""

    RECORDED = "recorded"
    RESOLVED = "resolved"
    SUGGESTED = "suggested"
    UNKNOWN = "unknown"


class Modifier(StrEnum):
    """Risk modifiers (MOD-01)."""

    AGE_LT_10 = "age_lt_10"
    TREND_DOWN = "trend_down"
    PLATELETS_LT_50 = "platelets_lt_50"
    ICANS_GE_3 = "icans_ge_3"
    INVASIVE_PROCEDURE_24H = "invasive_procedure_24h"
    POST_TOCI = "post_toci"
    BLEEDING_MINOR = "bleeding_minor"
    DIC_OVERT = "dic_overt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Age:
    """Completed years at `now`; `low` and `high` differ where the birth date is partial (DQ-12)."""

    low: int
    high: int

    @property
    def exact(self) -> bool:
        """Whether the birth date settles the age."""
        return self.low == self.high


@dataclass(frozen=True, slots=True, kw_only=True)
class Infusion:
    """The infusion that counts (APP-01, APP-02): `day` 0 is its local date; `local_date` and `day` are missing if undated."""

    product: CarTProduct
    strong: bool
    source: str
    local_date: date | None = None
    day: int | None = None
    start: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicability:
    """Whether the therapy rules run (APP-01, 03, 04, 06, CRS-02 grade 5), else the action and the reason in words.

    `rule` is the row that decided. `reason` is what the page says, such as "no CAR-T infusion found". `indicator` is that of the answer
    where they do not run.
    """

    runs: bool
    rule: str = ""
    action: Action | None = None
    reason: str = ""
    indicator: Indicator = Indicator.INFO


@dataclass(frozen=True, slots=True, kw_only=True)
class CrsStatus:
    """The effective CRS grade (CRS-02); `grade` None means not known. `by_hand`: the clinician set it in this launch. `in_words`: it was
    read from the words of a record (DQ-24)."""

    band: Band
    basis: Basis
    grade: int | None = None
    scale: str | None = None
    scale_assumed: bool = False
    stale: bool = False
    in_words: bool = False
    suggested_grade: int | None = None
    peak_grade: int | None = None
    source: str = ""
    by_hand: bool = False
    unresolved_unspecified: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveFibrinogen:
    """The result the tier rests on (guideline section 8, DQ-01 … DQ-08) and what it may be used for.

    `tier` is never TX here. `age` in hours is unrounded. `flags`: tier_uncertain, preliminary, derived. `flags` of the reading
    stay on `result`. `conflicts` are results set aside (DQ-08).
    """

    result: LabResult
    tier: Tier
    age_h: Decimal
    flags: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()

    @property
    def g_per_l(self) -> Decimal:
        """The measured value, or the bound of a comparator, unrounded."""
        return self.result.value


@dataclass(frozen=True, slots=True, kw_only=True)
class NoFibrinogen:
    """TX: no usable value; `last` is the newest result that is too old to count, `last_tier` what it would have been, its age in hours."""

    why: str
    last: LabResult | None = None
    last_tier: Tier | None = None
    last_age_h: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """The weight in kg for dosing (DQ-11). `valid` False: the dose is shown as "confirm weight" and nothing is drafted."""

    kg: Decimal
    source: str
    measured: datetime
    valid: bool
    why_not: str = ""
    by_hand: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The row of the REP table that matched (guideline 4.1)."""

    row: str
    version: int
    action: Action
    indicator: Indicator
    target_g_per_l: Decimal | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One product with its dose (guideline 4.2 to 4.4); amounts are missing where no number may be given (FC-06).

    Exact amounts unrounded; `dose_mg_per_kg` after rounding; `vial_mg` is what one vial holds. `cap_mg`, `cap_units`, `cap_doses` the limit of one
    dose, `step_mg` the step of entry. `steps` is the arithmetic with this patient's numbers, a sentence each. `flags` as in
    guideline section 10; `notes` what is to be known of the product (PRD-03). `units` are single-donor units, `pools` of `units_per_pool`
    hold them, `in_pools` where the blood bank is asked for pools; `doses` are pathogen-reduced doses of `mg_per_dose` (CRY-06).
    `predicted_low_g_per_l` is the lower end of the expected level (FC-04). `no_draft` says why this one may not be drafted, whatever the
    others may, by row `no_draft_rule` (SAF-06, PRD-05, CRY-06); `day_left_mg` is twice the limit less what was given in 24 h.
    """

    product: Product
    preferred: bool
    why: str
    licence: str
    brand: Brand | None = None
    dose_mg: Decimal | None = None
    dose_mg_per_kg: Decimal | None = None
    vials: int | None = None
    vial_mg: Decimal | None = None
    units: int | None = None
    pools: int | None = None
    units_per_pool: int | None = None
    in_pools: bool = False
    doses: int | None = None
    mg_per_dose: Decimal | None = None
    volume_ml: Decimal | None = None
    min_minutes: Decimal | None = None
    max_rate_ml_per_min: Decimal | None = None
    predicted_g_per_l: Decimal | None = None
    predicted_low_g_per_l: Decimal | None = None
    expected_rise_mg_per_dl: tuple[Decimal, Decimal] | None = None
    cap_mg: Decimal | None = None
    cap_units: int | None = None
    cap_doses: int | None = None
    step_mg: Decimal | None = None
    flags: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    blocked: str = ""
    no_draft: str = ""
    no_draft_rule: str = ""
    day_left_mg: Decimal | None = None

    @property
    def most_mg(self) -> Decimal | None:
        """The largest amount of concentrate that may be approved: one dose's limit, and what is left of the day's (SAF-06)."""
        limits = [limit for limit in (self.cap_mg, self.day_left_mg) if limit is not None]
        return min(limits, default=None)

    @property
    def may_be_ordered(self) -> bool:
        """Whether it has an amount (FC-06 lists some without) and nothing stands against this product alone."""
        amounts = (self.dose_mg, self.units, self.doses, self.volume_ml)
        return not self.no_draft and any(amount is not None for amount in amounts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dic:
    """ISTH overt DIC score (DIC-01): `score` only if nothing is missing; `items` maps platelets, d_dimer, pt, fibrinogen to points."""

    result: str
    lowest: int
    highest: int
    score: int | None
    items: tuple[tuple[str, int], ...]
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyDraw:
    """A fall that reaches `limit` g/L by `reached` at its present `rate` g/L an hour (MON-06): draw by `by`."""

    rate: Decimal
    limit: Decimal
    reached: datetime
    by: datetime
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitoring:
    """When fibrinogen is due (MON-01, MON-02, MON-06, RCK-01, DQ-21); hours. `due` missing: never measured since infusion, and no dose to
    recheck. `due_rule` is the row that makes it the earliest.

    `recheck_due`: after the last dose nothing was collected yet. `states` are those the interval follows (guideline 0.2).
    `early`: the fall that calls for an earlier draw (MON-06).
    """

    interval_h: Decimal
    indicator: Indicator
    overdue: bool
    pending: bool
    due: datetime | None = None
    reason: str = ""
    recheck_due: datetime | None = None
    states: tuple[str, ...] = ()
    due_rule: str = ""
    early: "EarlyDraw | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proviso:
    """What must be known before acting, beside the verdict (`provisos`, guideline section 10); `rule` is the row it comes from."""

    rule: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker:
    """One reason why nothing may be drafted (`draft_blockers`, guideline section 10)."""

    rule: str
    text: str
