"""Forty patients with a little of everything, the same for ever, and the words they are answered with.

`python -m tests.clinical.golden_patients` writes the words anew; read the difference before keeping it.
"""

import json
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

from smartapp.clinical.assessment import assess
from smartapp.clinical.orders import DraftOrder
from smartapp.clinical.picture import BirthDate, ClinicalPicture, OxygenDevice, Topic
from smartapp.clinical.policy import SitePolicy, build_policy
from smartapp.clinical.report import as_json
from smartapp.clinical.sentences import as_text
from smartapp.clinical.terminology import Allergen, Analyte, CarTProduct, ConditionKind, Drug, Variant
from smartapp.clinical.would_change import would_change
from tests.builders import (
    a_condition,
    a_crs,
    a_fibrinogen,
    a_lab,
    a_picture,
    a_procedure,
    a_weight,
    an_allergy,
    an_exposure,
    an_infusion,
    an_order,
    oxygen,
    unread,
)

GOLDEN = Path(__file__).with_name("golden.json")
NUMBERS = range(40)
WHOLE = 12  # of so many the whole JSON is kept
_VALUES: dict[Analyte, tuple[str, ...]] = {
    Analyte.PLATELETS: ("7", "19", "49", "99", "210"),
    Analyte.INR: ("1.1", "1.5", "1.9"),
    Analyte.PT: ("13", "17.5", "22"),
    Analyte.APTT: ("30", "58"),
    Analyte.D_DIMER: ("400", "1500", "9000"),
    Analyte.FERRITIN: ("300", "12000"),
    Analyte.LDH: ("180", "600"),
    Analyte.ALT: ("20", "400"),
    Analyte.TRIGLYCERIDES: ("100", "300"),
    Analyte.NEUTROPHILS: ("0.3", "2"),
    Analyte.HAEMATOCRIT: ("0.26", "0.41", "0.58"),
    Analyte.TEMPERATURE: ("37", "39.2"),
    Analyte.SYSTOLIC_PRESSURE: ("82", "118"),
    Analyte.SPO2: ("86", "97"),
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
    {"fc_product": "riastap", "cryo_available": "false"},
    {"cryo_method": "ml_per_kg"},
    {"region": "EU", "fc_available": "false"},
    {"cryo_available": "false", "fc_available": "false"},
    {"profile": "bleeding_only"},
    {"profile": "restrictive_1_0", "draft_on_consider": "true"},
    {"crs_scale_default": "PENN", "cryo_method": "weight"},
)

TOPICS = [topic for topic in Topic if topic is not Topic.DISPENSES]  # a later topic does not reshuffle the patients


def a_patient(number: int) -> tuple[ClinicalPicture, SitePolicy]:
    """The patient of a number, and the site."""
    chance = random.Random(number)
    labs = [
        a_fibrinogen(
            chance.choice(["0.6", "0.99", "1.2", "1.5", "1.9", "2.6", "<0.6", ">4"]), chance.choice([0.5, 6, 13, 25])
        )
    ]
    labs += [a_fibrinogen(chance.choice(["1.1", "2.4"]), chance.choice([7, 20]), variant=Variant.CLAUSS)]
    labs += [_lab(chance, analyte) for analyte in _VALUES if chance.random() < 0.6]
    labs += (
        [a_weight(chance.choice(["9", "22.5", "40", "71"]), chance.choice([1, 20]))] if chance.random() < 0.9 else []
    )
    picture = a_picture(
        *labs,
        birth=chance.choice(
            [BirthDate(1990, 1, 1), BirthDate(2012, 3, 1), BirthDate(2017, 6), BirthDate(2025, 6, 1), None]
        ),
        infusions=[an_infusion(chance.choice([0, 6, 29, 45, 120]), product=chance.choice(list(CarTProduct)))],
        crs=[a_crs(chance.choice([None, 1, 2, 3, 4]), chance.choice([2, 30]))] if chance.random() < 0.8 else [],
        conditions=[
            a_condition(kind, hours_ago=chance.choice([3, 60, 200])) for kind in chance.sample(list(ConditionKind), 3)
        ],
        exposures=[_given(chance, drug) for drug in chance.sample(list(Drug), 4)],
        orders=[an_order(chance.choice(list(Drug)), chance.choice([1, 5])) for _ in range(2)],
        oxygen=[oxygen(chance.choice(list(OxygenDevice)), chance.choice([None, "4", "30"]))]
        if chance.random() < 0.4
        else [],
        procedures=[a_procedure()] if chance.random() < 0.2 else [],
        allergies=[an_allergy(chance.choice(list(Allergen)))] if chance.random() < 0.2 else [],
        unread=unread(*chance.sample(TOPICS, 1)) if chance.random() < 0.2 else {},
        draft_orders=[_draft(chance)],
    )
    return picture, build_policy(None, chance.choice(_SITES))


def _lab(chance: random.Random, analyte: Analyte) -> Any:
    limit = {"upper_limit": Decimal(_LIMITS[analyte])} if analyte in _LIMITS else {}
    return a_lab(analyte, chance.choice(_VALUES[analyte]), chance.choice([1, 5, 30]), **limit)


def _given(chance: random.Random, drug: Drug) -> Any:
    amount = {"dose_mg": Decimal(2000)} if drug is Drug.FIBRINOGEN_CONCENTRATE else {}
    return an_exposure(drug, chance.choice([2, 15, 40]), running=chance.random() < 0.3, **amount)


def _draft(chance: random.Random) -> DraftOrder:
    amount = Decimal(chance.choice([3, 900, 3000, 9000]))
    drug = chance.choice(
        [Drug.FIBRINOGEN_CONCENTRATE, Drug.CRYOPRECIPITATE, Drug.HEPARIN, Drug.TRANEXAMIC_ACID, Drug.TOCILIZUMAB]
    )
    return DraftOrder(source="MedicationRequest/draft", drug=drug, dose_mg=amount, units=amount, label=str(drug))


def words(number: int) -> list[str]:
    """Every word a clinician and a machine are told about the patient, line by line."""
    told = assess(*a_patient(number))
    changes = would_change(told)
    inputs = [
        f"{o.rule}: {'; '.join(' | '.join(each) for each in o.inputs)}" for o in told.outcomes if o.kind == "applies"
    ]
    body = as_json(told, changes) if number < WHOLE else {}
    machine = json.dumps(body, indent=0, ensure_ascii=False).splitlines()
    return [*as_text(told, changes).splitlines(), *inputs, *machine]


def main() -> None:
    """Write the words anew."""
    GOLDEN.write_text(
        json.dumps({str(n): words(n) for n in NUMBERS}, indent=0, ensure_ascii=False) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
