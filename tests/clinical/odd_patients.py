"""A thousand patients with everything that makes an answer turn, the same for ever, and a fingerprint of all that is told of each.

`python -m tests.clinical.odd_patients` writes the fingerprints anew; with a patient's number it prints what is told of that one, so that
the difference between two versions can be read before it is kept.
"""

import hashlib
import random
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from smartapp.clinical.assessment import Assessment, assess
from smartapp.clinical.labs import LabResult, LabSeries, ResultStatus
from smartapp.clinical.orders import DraftOrder
from smartapp.clinical.partial_datetime import Moment, Precision
from smartapp.clinical.picture import (
    AwaitedResult,
    Bedside,
    BirthDate,
    BleedingLevel,
    ClinicalPicture,
    ClinicalStatus,
    Exposure,
    Gap,
    GapKind,
    InfusionRecord,
    InvasiveProcedure,
    OrderKind,
    OxygenDevice,
    Topic,
)
from smartapp.clinical.policy import SitePolicy, build_policy
from smartapp.clinical.report import as_json
from smartapp.clinical.sentences import as_text
from smartapp.clinical.terminology import Allergen, Analyte, CarTProduct, ConditionKind, Drug, Variant
from tests import builders as b
from tests.house import rule_revisions

KEPT = Path(__file__).with_name("odd_patients.txt")
NUMBERS = range(1000)
_HOURS = (0, 0.25, 2, 6, 6.5, 11.75, 12, 23, 24, 24.5, 47, 72, 100, 200, -0.05, -30)
_LEVELS = (
    "0.3",
    "0.69",
    "0.99",
    "1.0",
    "1.2",
    "1.49",
    "1.5",
    "1.9",
    "2.0",
    "3.1",
    "<0.6",
    "<1.2",
    "<=1.0",
    ">4",
    ">=1.6",
)
_VALUES: dict[Analyte, tuple[str, ...]] = {
    Analyte.PLATELETS: ("9", "10", "19", "20", "49", "50", "99", "100", "210", "<30", ">90"),
    Analyte.INR: ("1.1", "1.5", "1.6", "1.9", ">8", "<1.4"),
    Analyte.PT: ("13", "17", "17.5", "20", "22", ">60"),
    Analyte.APTT: ("30", "54", "58", "<40"),
    Analyte.D_DIMER: ("400", "500", "2500", "5000", "9000", ">2000"),
    Analyte.FERRITIN: ("300", "5000", "12000", "24000"),
    Analyte.LDH: ("180", "500", "600"),
    Analyte.ALT: ("20", "225", "400"),
    Analyte.AST: ("20", "230"),
    Analyte.BILIRUBIN: ("5", "30"),
    Analyte.TRIGLYCERIDES: ("100", "265", "300"),
    Analyte.NEUTROPHILS: ("0.3", "0.5", "2"),
    Analyte.HAEMOGLOBIN: ("6.5", "8", "12"),
    Analyte.HAEMATOCRIT: ("0.26", "0.41", "0.58"),
    Analyte.TEMPERATURE: ("37", "38", "38.5", "39.2"),
    Analyte.SYSTOLIC_PRESSURE: ("69", "82", "90", "118"),
    Analyte.SPO2: ("86", "90", "97"),
}
_LIMITS = {
    Analyte.PT: "14",
    Analyte.APTT: "36",
    Analyte.INR: "1.2",
    Analyte.D_DIMER: "500",
    Analyte.LDH: "250",
    Analyte.ALT: "45",
}
_SITES: tuple[dict[str, Any], ...] = (
    {},
    {},
    {"fc_product": "riastap"},
    {"cryo_available": "false"},
    {"fc_available": "false"},
    {"cryo_available": "false", "fc_available": "false"},
    {"cryo_method": "ml_per_kg"},
    {"cryo_method": "weight", "region": "EU"},
    {"region": "other", "other_cart_policy": "off"},
    {"profile": "bleeding_only"},
    {"profile": "restrictive_1_0", "draft_on_consider": "true"},
    {"profile": "trial_1_5", "crs_scale_default": "LEE", "pt_uln_s": "13"},
    {"crs_scale_default": "PENN", "aptt_uln_s": "36"},
)  # fmt: skip
_PRODUCTS = [CarTProduct.TISAGENLECLEUCEL] * 6 + list(CarTProduct)
_ZONES = (UTC, ZoneInfo("America/Los_Angeles"), ZoneInfo("Pacific/Auckland"))
_BIRTHS = (
    BirthDate(1990, 1, 1),
    BirthDate(1950),
    BirthDate(2008, 3, 1),
    BirthDate(2008, 3, 2),
    BirthDate(2008, 3),
    BirthDate(2013, 9, 9),
    BirthDate(2017, 6),
    BirthDate(2025, 6, 1),
    BirthDate(2026),
    None,
)

TOPICS = [topic for topic in Topic if topic is not Topic.DISPENSES]  # a later topic does not reshuffle the patients
ORDER_KINDS = [kind for kind in OrderKind if kind is not OrderKind.MEDICATION_DISPENSE]


def an_odd_patient(number: int) -> tuple[ClinicalPicture, SitePolicy]:
    """The patient of a number, and the site."""
    chance = random.Random(f"odd {number}")
    labs = [*_fibrinogens(chance), *_others(chance), *_weights(chance)]
    picture = b.a_picture(
        *labs,
        birth=chance.choice(_BIRTHS),
        deceased=chance.random() < 0.02,
        infusions=list(_infusions(chance)),
        crs=[_crs(chance) for _ in range(chance.choice((0, 1, 1, 2, 3)))],
        conditions=[_condition(chance) for _ in range(chance.choice((0, 1, 2, 4)))],
        exposures=[_exposure(chance, drug) for drug in chance.choices(list(Drug), k=chance.choice((0, 2, 5, 9)))],
        orders=[_order(chance) for _ in range(chance.choice((0, 0, 1, 3)))],
        awaited=[AwaitedResult(source="Observation/awaited", at=_moment(chance))] if chance.random() < 0.15 else [],
        oxygen=[_oxygen(chance)] if chance.random() < 0.4 else [],
        procedures=[_procedure(chance)] if chance.random() < 0.25 else [],
        allergies=[b.an_allergy(chance.choice(list(Allergen)), severe=chance.random() < 0.7)] if chance.random() < 0.2 else [],
        unread=b.unread(*chance.sample(TOPICS, chance.choice((1, 1, 3)))) if chance.random() < 0.2 else {},
        gaps=[_gap(chance)] if chance.random() < 0.2 else [],
        bedside=_bedside(chance, labs) if chance.random() < 0.3 else Bedside(),
        draft_orders=[_draft(chance) for _ in range(chance.choice((0, 0, 1, 2)))],
    )  # fmt: skip
    return replace(picture, zone=_zone(chance)), build_policy(None, chance.choice(_SITES))


def _zone(chance: random.Random) -> tzinfo:
    return chance.choice(_ZONES)


def _moment(chance: random.Random) -> Moment:
    """An instant, or only a day, a month or a year, of which December and this year's beginning matter."""
    if chance.random() < 0.8:
        return b.before(hours=chance.choice(_HOURS))
    precision = chance.choice((Precision.DAY, Precision.DAY, Precision.MONTH, Precision.YEAR))
    year, month, day = chance.choice(
        ((2026, 3, 1), (2026, 2, 28), (2026, 2, 20), (2025, 12, 1), (2026, 1, 1), (2026, 2, 1))
    )
    return Moment(datetime(year, month if precision > Precision.YEAR else 1, day, tzinfo=UTC), precision)


def _fibrinogens(chance: random.Random) -> Iterator[LabResult]:
    for number in range(chance.choice((0, 1, 2, 2, 3, 5))):
        made = b.a_fibrinogen(chance.choice(_LEVELS), 0, source=f"Observation/f{number}", collected=_moment(chance))
        if chance.random() < 0.2:
            made = replace(made, variant=chance.choice((Variant.DERIVED, Variant.ANTIGEN, None)))
        if chance.random() < 0.15:
            made = replace(made, status=ResultStatus.PRELIMINARY)
        if chance.random() < 0.3:
            made = replace(made, issued=b.before(hours=chance.choice((0, 1, 5))).at)
        yield made


def _others(chance: random.Random) -> Iterator[LabResult]:
    for analyte, values in _VALUES.items():
        for number in range(chance.choice((0, 1, 1, 2))):
            limit = {"upper_limit": Decimal(_LIMITS[analyte])} if analyte in _LIMITS and chance.random() < 0.7 else {}
            hours = chance.choice((0.5, 2, 5, 11, 20, 24, 30, 60, 180, 200))
            yield b.a_lab(analyte, chance.choice(values), hours, source=f"Observation/{analyte}{number}", **limit)


def _weights(chance: random.Random) -> Iterator[LabResult]:
    kinds = [Variant.WEIGHT_MEASURED, Variant.WEIGHT_MEASURED, None]
    for number in range(chance.choice((0, 1, 1, 1, 2, 3))):
        days, kg = (
            chance.choice((0, 1, 6, 8, 29, 31)),
            chance.choice(("3.5", "9", "22.5", "40", "71", "140", "400", "0")),
        )
        yield b.a_weight(kg, days, chance.choice(kinds), source=f"Observation/w{number}")  # type: ignore[arg-type]


def _infusions(chance: random.Random) -> Iterator[InfusionRecord]:
    if chance.random() < 0.75:
        yield b.an_infusion(chance.choice((1, 6, 13, 29)), product=chance.choice(_PRODUCTS))
        return
    for number in range(chance.choice((0, 1, 2))):
        start = chance.choice((b.before(days=chance.choice((0, 31, 45, 120))), _moment(chance), None))
        yield b.an_infusion(
            product=chance.choice(list(CarTProduct)),
            start=start,
            strong=chance.random() < 0.7,
            planned=start is not None and start.at > b.NOW,
            source=f"Procedure/cart{number}",
        )


def _crs(chance: random.Random) -> Any:
    made = b.a_crs(chance.choice((None, 0, 1, 2, 3, 4, 5)), 0, onset=_moment(chance), own_time=_moment(chance))
    over = {"over": True} if chance.random() < 0.25 else {}
    abated = {"abated": _moment(chance)} if chance.random() < 0.2 else {}
    source = f"Condition/crs{chance.randrange(1000)}"
    return replace(made, source=source, scale=chance.choice((None, None, "ASTCT", "PENN", "LEE")), **over, **abated)


def _condition(chance: random.Random) -> Any:
    kinds = chance.sample(list(ConditionKind), chance.choice((1, 1, 2)))
    return replace(
        b.a_condition(*kinds),
        source=f"Condition/c{chance.randrange(1000)}",
        status=chance.choice([ClinicalStatus.ACTIVE, ClinicalStatus.ACTIVE, *ClinicalStatus]),
        onset=chance.choice((_moment(chance), None)),
        recorded=chance.choice((_moment(chance), None)),
        abated=_moment(chance) if chance.random() < 0.15 else None,
        severe=chance.random() < 0.2,
        severity_stated=chance.random() < 0.4,
        grade=chance.choice((None, None, 1, 2, 3, 4)),
    )


def _exposure(chance: random.Random, drug: Drug) -> Exposure:
    start = b.before(hours=chance.choice(_HOURS))
    return b.an_exposure(
        drug,
        start=start,
        source=f"MedicationAdministration/{drug}{chance.randrange(1000)}",
        running=chance.random() < 0.3,
        end=Moment(start.at) if chance.random() < 0.4 else None,
        dose_mg=chance.choice((None, Decimal(1000), Decimal(2000), Decimal(4000))),
        units=chance.choice((None, Decimal(5), Decimal(10))),
    )


def _order(chance: random.Random) -> Any:
    return replace(
        b.an_order(chance.choice([*Drug, None]), chance.choice(_HOURS)),
        source=f"MedicationRequest/{chance.randrange(1000)}",
        kind=chance.choice(ORDER_KINDS),
        fibrinogen_test=chance.random() < 0.3,
        authored=chance.choice((_moment(chance), None)),
    )


def _oxygen(chance: random.Random) -> Any:
    return b.oxygen(
        chance.choice(list(OxygenDevice)), chance.choice((None, "4", "6", "7", "30")), chance.choice((1, 5, 30))
    )


def _procedure(chance: random.Random) -> InvasiveProcedure:
    at = chance.choice((b.before(hours=-5), b.before(hours=-24), b.before(hours=-25), _moment(chance), None))
    return InvasiveProcedure(source="ServiceRequest/op", at=at, in_progress=chance.random() < 0.2, label="biopsy")


def _gap(chance: random.Random) -> Gap:
    return Gap(
        kind=chance.choice(list(GapKind)),
        rule=chance.choice(("DQ-05", "DQ-17", "DQ-19")),
        text="a record could not be used",
        source="Observation/odd",
        topic=chance.choice(TOPICS),
        analyte=chance.choice((None, Analyte.FIBRINOGEN, Analyte.WEIGHT, Analyte.PLATELETS, Analyte.HAEMATOCRIT)),
    )


def _bedside(chance: random.Random, labs: list[LabResult]) -> Bedside:
    suspects = {lab.source: "clotted" for lab in labs if chance.random() < 0.15}
    return Bedside(
        bleeding=chance.choice([None, None, *BleedingLevel]),
        crs_grade=chance.choice((None, None, 0, 2, 4)),
        weight_kg=chance.choice((None, None, Decimal(20), Decimal("0.2"), Decimal(72), Decimal(700))),
        suspects=suspects,
    )


def _draft(chance: random.Random) -> DraftOrder:
    return DraftOrder(
        source=f"MedicationRequest/draft{chance.randrange(100)}",
        drug=chance.choice([*Drug, Drug.FIBRINOGEN_CONCENTRATE, Drug.CRYOPRECIPITATE, None]),
        dose_mg=chance.choice((None, Decimal(3), Decimal(900), Decimal(3000), Decimal(9000))),
        mg_per_kg=chance.choice((None, None, Decimal(70))),
        units=chance.choice((None, Decimal(2), Decimal(10), Decimal(1000))),
        pools=chance.choice((None, None, Decimal(2))),
        label="a draft",
    )


def steady(value: Any) -> Any:
    """A value in words that never depend on the order of a set."""
    if isinstance(value, LabSeries):
        return steady(value.results)
    if is_dataclass(value) and not isinstance(value, type):
        return {type(value).__name__: [(field.name, steady(getattr(value, field.name))) for field in fields(value)]}
    if isinstance(value, (set, frozenset)):
        return sorted(map(repr, value))
    if isinstance(value, Mapping):
        return sorted((repr(key), steady(each)) for key, each in value.items())
    return [steady(each) for each in value] if isinstance(value, (list, tuple)) else repr(value)


def told_of(number: int) -> list[str]:
    """All that is told of a patient, line by line: the answer, each rule's outcome, and each fact or why it cannot be told."""
    answer = assess(*an_odd_patient(number))
    parts = [f for f in fields(Assessment) if f.name not in ("picture", "policy", "outcomes")]
    facts = {need.name: value for outcome in answer.outcomes for need, value in outcome.facts.items()}
    return [
        *(f"{part.name}: {steady(getattr(answer, part.name))}" for part in parts),
        *(f"{o.rule} v{o.version} {o.kind} {o.missing} {steady(o.inputs)}" for o in answer.outcomes),
        *(f"{name}: {steady(value)}" for name, value in sorted(facts.items())),
        repr(steady(as_json(answer))),
        as_text(answer),
    ]


def fingerprint(number: int) -> str:
    """Of all that is told of a patient."""
    return hashlib.sha256("\n".join(told_of(number)).encode()).hexdigest()[:16]


def main() -> None:
    """Write the fingerprints anew, or print one patient."""
    for number in map(int, sys.argv[1:]):
        click.echo("\n".join(told_of(number)))
    if not sys.argv[1:]:
        KEPT.write_text("".join(f"{number} {fingerprint(number)}\n" for number in NUMBERS))
        rule_revisions.look()


if __name__ == "__main__":
    main()
