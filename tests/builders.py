"""The core's nouns for tests: each builder makes an ordinary value; a test states only what matters to it."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from smartapp.clinical.labs import Comparator, LabResult, LabSeries, ResultStatus
from smartapp.clinical.partial_datetime import Moment, Precision
from smartapp.clinical.picture import (
    Allergy,
    BirthDate,
    ClinicalPicture,
    ClinicalStatus,
    ConditionRecord,
    CrsRecord,
    Exposure,
    Gap,
    GapKind,
    InfusionRecord,
    InvasiveProcedure,
    OrderKind,
    OxygenDevice,
    OxygenSupport,
    Patient,
    StandingOrder,
    Topic,
)
from smartapp.clinical.policy import build_policy
from smartapp.clinical.rule import Facts
from smartapp.clinical.terminology import Allergen, Analyte, CarTProduct, ConditionKind, Drug, Variant

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
ADULT = BirthDate(1996, 1, 1)
_VARIANTS = {Analyte.FIBRINOGEN: Variant.CLAUSS, Analyte.WEIGHT: Variant.WEIGHT_MEASURED}
_COMPARATORS = {comparator.value: comparator for comparator in Comparator}


def before(now: datetime = NOW, **span: float) -> Moment:
    """The instant `span` (hours=1, days=2) before `now`; negative spans lie after it."""
    return Moment(now - timedelta(**span))


def on_day(year: int, month: int, day: int) -> Moment:
    """A date without a time, at 00:00 UTC."""
    return Moment(datetime(year, month, day, tzinfo=UTC), Precision.DAY)


def a_lab(
    analyte: Analyte = Analyte.FIBRINOGEN, value: str | Decimal = "1.2", hours_ago: float = 1, **more: Any
) -> LabResult:
    """A final result; `value` may begin with a comparator (`<0.6`). Fibrinogen is Clauss, a weight measured."""
    text = str(value)
    number = text.lstrip("<>=")
    defaults: dict[str, Any] = {
        "analyte": analyte,
        "value": Decimal(number),
        "reported": f"{text} {analyte}",
        "collected": before(hours=hours_ago),
        "source": f"Observation/{analyte}-{text}-{hours_ago}",
        "comparator": _COMPARATORS.get(text[: len(text) - len(number)]),
        "variant": _VARIANTS.get(analyte),
        "status": ResultStatus.FINAL,
    }
    return LabResult(**(defaults | more))


def a_fibrinogen(value: str | Decimal = "1.2", hours_ago: float = 1, **more: Any) -> LabResult:
    """A Clauss fibrinogen in g/L."""
    return a_lab(Analyte.FIBRINOGEN, value, hours_ago, **more)


def a_weight(kg: str = "70", days_ago: float = 1, variant: Variant = Variant.WEIGHT_MEASURED, **more: Any) -> LabResult:
    """A weight in kg."""
    return a_lab(Analyte.WEIGHT, kg, days_ago * 24, variant=variant, **more)


def an_infusion(day: int = 6, **more: Any) -> InfusionRecord:
    """A tisagenlecleucel infusion `day` days before NOW, at 08:00, told by a Procedure."""
    defaults: dict[str, Any] = {
        "product": CarTProduct.TISAGENLECLEUCEL,
        "source": "Procedure/cart",
        "strong": True,
        "start": before(days=day),
    }
    return InfusionRecord(**(defaults | more))


def a_crs(grade: int | None = 3, hours_ago: float = 2, **more: Any) -> CrsRecord:
    """An unresolved CRS record of `grade` (None: unspecified)."""
    at = before(hours=hours_ago)
    defaults: dict[str, Any] = {
        "grade": grade,
        "source": f"Condition/crs-{grade}-{hours_ago}",
        "onset": at,
        "own_time": at,
        "reported": f"grade {grade}",
    }
    return CrsRecord(**(defaults | more))


def a_condition(*kinds: ConditionKind, hours_ago: float = 5, **more: Any) -> ConditionRecord:
    """An active condition that began `hours_ago`."""
    name = "-".join(kinds)
    defaults: dict[str, Any] = {
        "kinds": frozenset(kinds),
        "label": name,
        "source": f"Condition/{name}",
        "status": ClinicalStatus.ACTIVE,
        "onset": before(hours=hours_ago),
    }
    return ConditionRecord(**(defaults | more))


def an_exposure(drug: Drug = Drug.FIBRINOGEN_CONCENTRATE, hours_ago: float = 2, **more: Any) -> Exposure:
    """A drug or component started `hours_ago` and over."""
    defaults: dict[str, Any] = {
        "drug": drug,
        "start": before(hours=hours_ago),
        "source": f"MedicationAdministration/{drug}-{hours_ago}",
        "label": str(drug),
    }
    return Exposure(**(defaults | more))


def an_order(drug: Drug | None = Drug.FIBRINOGEN_CONCENTRATE, hours_ago: float = 1, **more: Any) -> StandingOrder:
    """An active order written `hours_ago`."""
    defaults: dict[str, Any] = {
        "kind": OrderKind.MEDICATION_REQUEST,
        "source": f"MedicationRequest/{drug}-{hours_ago}",
        "drug": drug,
        "authored": before(hours=hours_ago),
        "label": str(drug),
    }
    return StandingOrder(**(defaults | more))


def oxygen(device: OxygenDevice, flow: str | None = None, hours_ago: float = 1) -> OxygenSupport:
    """One record of oxygen."""
    return OxygenSupport(
        device=device,
        at=before(hours=hours_ago),
        source=f"Observation/o2-{device}-{flow}",
        flow_l_per_min=None if flow is None else Decimal(flow),
    )


def a_procedure(hours_ahead: float = 5, **more: Any) -> InvasiveProcedure:
    """A surgical procedure planned `hours_ahead`."""
    defaults: dict[str, Any] = {"source": "ServiceRequest/op", "at": before(hours=-hours_ahead), "label": "biopsy"}
    return InvasiveProcedure(**(defaults | more))


def an_allergy(allergen: Allergen = Allergen.PLASMA_DERIVED, *, severe: bool = True) -> Allergy:
    """An active allergy."""
    return Allergy(allergen=allergen, severe=severe, label=str(allergen), source=f"AllergyIntolerance/{allergen}")


def unread(*topics: Topic) -> dict[Topic, Gap]:
    """Parts of the chart that could not be read."""
    return {
        topic: Gap(kind=GapKind.UNREADABLE, rule="DQ-17", text=f"{topic} could not be read", topic=topic)
        for topic in topics
    }


def a_picture(
    *labs: LabResult,
    birth: BirthDate | None = ADULT,
    deceased: bool = False,
    infusions: Iterable[InfusionRecord] | None = None,
    crs: Iterable[CrsRecord] = (),
    as_of: datetime = NOW,
    **more: Any,
) -> ClinicalPicture:
    """An adult on day 6 after tisagenlecleucel, with `labs` and whatever else a test names."""
    series: dict[Analyte, list[LabResult]] = {}
    for lab in labs:
        series.setdefault(lab.analyte, []).append(lab)
    return ClinicalPicture(
        as_of=as_of,
        patient=Patient(reference="Patient/P1", birth=birth, deceased=deceased),
        infusions=tuple([an_infusion()] if infusions is None else infusions),
        labs={analyte: LabSeries.of(results) for analyte, results in series.items()},
        crs_records=tuple(crs),
        **{name: tuple(value) if isinstance(value, list) else value for name, value in more.items()},
    )


def facts_of(picture: ClinicalPicture, profile: str | None = None, /, **policy: object) -> Facts:
    """The facts of `picture` under a profile and overrides (`fc_product="riastap"`, `replace_below={"severe": 1}`)."""
    return Facts(picture, build_policy(profile, policy))
