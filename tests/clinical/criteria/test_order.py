"""The order in which a chart gives its records never matters to any criterion."""

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartapp.clinical.criteria.active_drugs import ANTICOAGULANT, MAY_READ_LOW_DRUG, TRANEXAMIC_ACID
from smartapp.clinical.criteria.applicability import APPLICABILITY
from smartapp.clinical.criteria.bleeding_level import BLEEDING
from smartapp.clinical.criteria.crs import CRS
from smartapp.clinical.criteria.dic import DIC
from smartapp.clinical.criteria.fibrinogen import FIBRINOGEN_STATE
from smartapp.clinical.criteria.hazards import BLOCKED_BY_ALLERGY, DYSFIBRINOGENAEMIA, FLUID_OVERLOAD, THROMBOSIS
from smartapp.clinical.criteria.iec_hs import IEC_HS
from smartapp.clinical.criteria.infusion import INFUSION, PLANNED_INFUSION
from smartapp.clinical.criteria.issues import ALL_ISSUES
from smartapp.clinical.criteria.modifiers import ICANS, MODIFIERS, PROCEDURE_24H
from smartapp.clinical.criteria.products_given import RECENT_SUPPLY, doses_in_24h, last_dose_end
from smartapp.clinical.criteria.suggested_crs import VITAL_SIGNS
from smartapp.clinical.criteria.tocilizumab import POST_TOCI
from smartapp.clinical.criteria.trend import TREND
from smartapp.clinical.criteria.weight import HAEMATOCRIT, WEIGHT
from smartapp.clinical.labs import LabSeries
from smartapp.clinical.picture import ClinicalPicture, OxygenDevice
from smartapp.clinical.rule import Need
from smartapp.clinical.terminology import Allergen, Analyte, CarTProduct, ConditionKind, Drug
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
    facts_of,
    oxygen,
)

NEEDS: tuple[Need[Any], ...] = (
    ANTICOAGULANT, MAY_READ_LOW_DRUG, TRANEXAMIC_ACID, APPLICABILITY, BLEEDING, CRS, DIC, FIBRINOGEN_STATE,
    BLOCKED_BY_ALLERGY, DYSFIBRINOGENAEMIA, FLUID_OVERLOAD, THROMBOSIS, IEC_HS, INFUSION, PLANNED_INFUSION, ICANS,
    MODIFIERS, PROCEDURE_24H, RECENT_SUPPLY, VITAL_SIGNS, POST_TOCI, TREND, HAEMATOCRIT, WEIGHT, *ALL_ISSUES,
)  # fmt: skip
TOLD: tuple[Callable[[Any], Any], ...] = (doses_in_24h, last_dose_end)
K = ConditionKind

RICH = a_picture(
    a_fibrinogen("1.2", source="Observation/a"),
    a_fibrinogen("0.8", source="Observation/b"),
    a_fibrinogen("2.0", 9),
    a_weight("70"),
    a_weight("50", 3),
    a_lab(Analyte.TEMPERATURE, "39"),
    a_lab(Analyte.TEMPERATURE, "38.2"),
    a_lab(Analyte.FERRITIN, "12000"),
    a_lab(Analyte.PLATELETS, "40", source="Observation/p1"),
    a_lab(Analyte.PLATELETS, "60", source="Observation/p2"),
    infusions=[
        an_infusion(6, source="Procedure/a", product=CarTProduct.UNKNOWN),
        an_infusion(6, source="Procedure/b"),
        an_infusion(-4, strong=False, planned=True),
        an_infusion(start=None, source="Procedure/c"),
    ],
    crs=[a_crs(2, 3, source="Condition/1"), a_crs(3, 3, source="Condition/2"), a_crs(4, 30), a_crs(None, 1)],
    conditions=[
        a_condition(K.BLEEDING_MINOR),
        a_condition(K.BLEEDING_OTHER),
        a_condition(K.ICANS, grade=2),
        a_condition(K.ICANS, grade=3, source="Condition/i3"),
        a_condition(K.THROMBOSIS, source="Condition/t1"),
        a_condition(K.THROMBOSIS, source="Condition/t2"),
        a_condition(K.FLUID_OVERLOAD, source="Condition/o1"),
        a_condition(K.FLUID_OVERLOAD, source="Condition/o2"),
        a_condition(K.HAEMOPHAGOCYTOSIS, source="Condition/h1"),
        a_condition(K.HAEMOPHAGOCYTOSIS, source="Condition/h2"),
    ],
    exposures=[
        an_exposure(Drug.FIBRINOGEN_CONCENTRATE, 0.5, source="MedicationAdministration/1"),
        an_exposure(Drug.CRYOPRECIPITATE, 0.5, source="Procedure/2"),
        an_exposure(Drug.TOCILIZUMAB, 20, source="MedicationAdministration/3"),
        an_exposure(Drug.TOCILIZUMAB, 20, source="MedicationAdministration/4"),
        an_exposure(Drug.NORADRENALINE, 3, running=True, source="MedicationAdministration/5"),
        an_exposure(Drug.NORADRENALINE, 3, running=True, source="MedicationAdministration/6"),
    ],
    orders=[an_order(Drug.HEPARIN, source="MedicationRequest/1"), an_order(Drug.HEPARIN, source="MedicationRequest/2")],
    oxygen=[oxygen(OxygenDevice.CANNULA, "2"), oxygen(OxygenDevice.CANNULA, "4"), oxygen(OxygenDevice.MASK)],
    procedures=[a_procedure(source="ServiceRequest/1"), a_procedure(source="ServiceRequest/2")],
    allergies=[an_allergy(Allergen.PLASMA_DERIVED), an_allergy(Allergen.NAMED_CONCENTRATE)],
)
COLLECTIONS = ("infusions", "crs_records", "conditions", "exposures", "orders", "oxygen", "procedures", "allergies")


def shuffled(picture: ClinicalPicture, random: Random) -> ClinicalPicture:
    labs = {
        analyte: LabSeries.of(random.sample(series.results, len(series))) for analyte, series in picture.labs.items()
    }
    names = {name: getattr(picture, name) for name in COLLECTIONS}
    return replace(
        picture, labs=labs, **{name: tuple(random.sample(items, len(items))) for name, items in names.items()}
    )


def told(picture: ClinicalPicture) -> list[Any]:
    facts = facts_of(picture)
    return [*(facts.get(need) for need in NEEDS), *(tell(facts) for tell in TOLD)]


@pytest.mark.req("DQ-02", "DQ-08", "FHIR-10")
@settings(deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_records_never_matters(random: Random) -> None:
    assert told(shuffled(RICH, random)) == told(RICH)
