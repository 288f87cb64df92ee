"""What words name in the languages of DQ-23, and what does not count: negated, a risk, a family's, history (DQ-10, DQ-24, DQ-28)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartapp.clinical.drug_words import drug_in_product_text
from smartapp.clinical.record_words import (
    car_t_named,
    grades_in,
    may_name_product,
    names_crs,
    names_fibrinogen_level,
    product_named,
    specimen_fault,
    tells_of_bleeding,
    tells_of_giving,
    tells_of_preparation,
)
from smartapp.clinical.terminology import CarTProduct, Drug

CRYO, FC = Drug.CRYOPRECIPITATE, Drug.FIBRINOGEN_CONCENTRATE

SPECIMENS = {
    "clotted": True,
    "Sample CLOTTED, please repeat": True,
    "not clotted": False,
    "Sample checked: not clotted, not haemolysed.": False,
    "no haemolysis": False,
    "no clots, haemolysis or lipaemia": False,
    "specimen not contaminated but clotted": True,
    "sample clotted; not haemolysed": True,
    "sufficient": False,
    "insufficient volume": True,
    "not insufficient": False,
    "QNS": True,
    "wrong tube": True,
    "short draw": True,
    "Hemolysis index 0": False,
    "Haemolysis: none": False,
    "nicht geronnen": False,
    "geronnen": True,
    "échantillon coagulé": True,
    "non coagulé": False,
    "sin hemolizado": False,
    "cannot exclude haemolysis": True,
}


@pytest.mark.req("DQ-10", "DQ-28")
@pytest.mark.parametrize("words", SPECIMENS)
def test_a_specimen_is_bad_where_words_say_so_and_no_negation_does(words: str) -> None:
    assert bool(specimen_fault(words)) is SPECIMENS[words]


LEVELS = {
    "Fibrinogen": True,
    "FIBRINOGEN (CLAUSS)": True,
    "Fibrinogène": True,
    "Fibrinógeno": True,
    "Fibrinogênio": True,
    "Fibrinogeno": True,
    "Fibrinogeen": True,
    "P-Fibrinogen": True,
    "フィブリノゲン": True,
    "血浆纤维蛋白原": True,
    "피브리노겐": True,
    "Fibrinogen degradation products": False,
    "Fibrinogen split products": False,
    "FDP": False,
    "Fibrinogen antigen": False,
    "Fibrinogen comment": False,
    "FIBTEM fibrinogen": False,
    "Fibrinogen, pleural fluid": False,
    "Fibrinogen gene mutation": False,
    "fibrin monomer": False,
    "Platelets": False,
}


@pytest.mark.req("DQ-23", "DQ-24")
@pytest.mark.parametrize("words", LEVELS)
def test_a_result_that_calls_itself_fibrinogen(words: str) -> None:
    assert names_fibrinogen_level(words) is LEVELS[words]


PRODUCTS: dict[str, tuple[Drug | None, bool]] = {
    "Transfusion of cryoprecipitate": (CRYO, True),
    "Cryoprecipitate (pooled), 10 units": (CRYO, True),
    "Kryopräzipitat": (CRYO, True),
    "cryoprécipité": (CRYO, True),
    "crioprecipitado": (CRYO, True),
    "Kryopresipitat": (CRYO, True),
    "クリオプレシピテート": (CRYO, True),
    "冷沉淀": (CRYO, True),
    "동결침전제제": (CRYO, True),
    "pathogen reduced cryoprecipitated fibrinogen complex": (CRYO, True),
    "RiaSTAP 1 g": (FC, True),
    "fibrinogen, human 1000 MG Injection [Fibryga]": (FC, True),
    "Fibrinogen concentrate": (FC, True),
    "concentré de fibrinogène": (FC, True),
    "Fibrinogenkonzentrat": (FC, True),
    "Cryo 10 U": (None, True),
    "Haemocomplettan P": (None, True),
    "human fibrinogen 1 g": (None, True),
    "plasma, cryoprecipitate reduced": (None, False),
    "cryo-poor plasma": (None, False),
    "cryosupernatant": (None, False),
    "cryotherapy": (None, False),
    "cryo ablation": (None, False),
    "cryoglobulins": (None, False),
    "cryopreserved cells": (None, False),
    "fibrin sealant with fibrinogen": (None, False),
    "Tisseel fibrinogen / thrombin": (None, False),
    "TachoSil patch fibrinogen": (None, False),
    "fibrinogen level": (None, False),
    "No cryoprecipitate given": (None, False),
    "allergy to cryoprecipitate": (None, False),
    "red cells": (None, False),
    "": (None, False),
}


@pytest.mark.req("DQ-24", "SAF-07")
@pytest.mark.parametrize("words", PRODUCTS)
def test_a_product_by_its_words(words: str) -> None:
    assert (product_named(words), may_name_product(words)) == PRODUCTS[words]


INFUSIONS: dict[str, tuple[CarTProduct | None, bool, bool]] = {
    "Tisagenlecleucel infusion": (CarTProduct.TISAGENLECLEUCEL, False, True),
    "KYMRIAH": (CarTProduct.TISAGENLECLEUCEL, False, False),
    "tisa-cel leukapheresis": (CarTProduct.TISAGENLECLEUCEL, True, False),
    "axi-cel": (CarTProduct.AXICABTAGENE, False, False),
    "Aucatzyl": (CarTProduct.OBECABTAGENE, False, False),
    "CAR-T cell administration, autologous": (CarTProduct.UNKNOWN, False, True),
    "CAR T-cell therapy": (CarTProduct.UNKNOWN, False, False),
    "キメラ抗原受容体T細胞": (CarTProduct.UNKNOWN, False, False),
    "CAR-T-Zell-Therapie": (CarTProduct.UNKNOWN, False, False),
    "consent for CAR-T": (CarTProduct.UNKNOWN, True, False),
    "cart": (None, False, False),
    "wheelchair car transfer": (None, False, False),
    "no CAR-T": (None, False, False),
}


@pytest.mark.req("APP-01", "DQ-24")
@pytest.mark.parametrize("words", INFUSIONS)
def test_a_car_t_product_by_its_words(words: str) -> None:
    assert (car_t_named(words), tells_of_preparation(words), tells_of_giving(words)) == INFUSIONS[words]


CRS: dict[str, tuple[bool, set[int]]] = {
    "Cytokine release syndrome grade 3 (ASTCT)": (True, {3}),
    "CRS grade II (Lee)": (True, {2}),
    "CRS G3, ASTCT": (True, {3}),
    "CRS grade 3": (False, {3}),
    "Cytokine release syndrome": (True, set()),
    "cytokine release syndrome grade 2-3": (True, {2, 3}),
    "cytokine release syndrome grade 2 or 3": (True, {2, 3}),
    "cytokine release syndrome grade 2, now grade 3": (True, {2, 3}),
    "cytokine release syndrome grade 10": (True, set()),
    "cytokine release syndrome grade 2.5": (True, set()),
    "Zytokinfreisetzungssyndrom Grad 2": (True, {2}),
    "syndrome de relargage des cytokines grade 1": (True, {1}),
    "Síndrome de liberación de citocinas grado 4": (True, {4}),
    "síndrome de liberação de citocinas grau 3": (True, {3}),
    "Sindrome da rilascio di citochine di grado 2": (True, {2}),
    "cytokinfrigjøringssyndrom grad 1": (True, {1}),
    "サイトカイン放出症候群 グレード2": (True, {2}),
    "细胞因子释放综合征3级": (True, {3}),
    "사이토카인 방출 증후군 2등급": (True, {2}),
    "no cytokine release syndrome": (False, set()),
    "risk of cytokine release syndrome": (False, set()),
    "family history of cytokine release syndrome": (False, set()),
}


@pytest.mark.req("DQ-24", "CRS-01")
@pytest.mark.parametrize("words", CRS)
def test_crs_and_its_grade_in_words(words: str) -> None:
    assert (names_crs(words), set(grades_in(words))) == CRS[words]


@pytest.mark.req("DQ-24", "CRS-01")
@given(grade=st.integers(0, 5), word=st.sampled_from(["grade", "Grad", "grado", "grau", "graad", "GRADE", "グレード"]))
def test_one_grade_in_any_language_is_that_grade(grade: int, word: str) -> None:
    assert grades_in(f"cytokine release syndrome {word} {grade}") == {grade}


BLEEDING = {
    "GI bleeding": True,
    "Hirnblutung": True,
    "hémorragie digestive": True,
    "hemorragia": True,
    "maagbloeding": True,
    "hjärnblödning": True,
    "鼻出血": True,
    "출혈": True,
    "epistaxis": True,
    "cannot exclude bleeding": True,
    "bleeding not ruled out": True,
    "No fever, bleeding from gums": True,
    "no bleeding": False,
    "denies haematuria": False,
    "no epistaxis, haematuria or melaena": False,
    "pas de saignement": False,
    "keine Blutung": False,
    "出血なし": False,
    "无出血": False,
    "bleeding: absent": False,
    "bleeding ruled out": False,
    "rule out bleeding": False,
    "bleeding risk": False,
    "family history of haemorrhage": False,
    "history of GI bleed": False,
    "had a bleed in 2019": False,
    "screening for bleeding disorder": False,
    "bleeding prophylaxis": False,
    "pneumonia": False,
}


@pytest.mark.req("DQ-23", "DQ-24")
@pytest.mark.parametrize("words", BLEEDING)
def test_bleeding_in_words(words: str) -> None:
    assert tells_of_bleeding(words) is BLEEDING[words]


@pytest.mark.req("DQ-23")
@given(
    st.sampled_from(
        ["no", "without", "denies", "negative for", "kein", "ohne", "sin", "sem", "senza", "geen", "ingen", "sans"]
    )
)
def test_a_negation_in_any_language_takes_the_word_back(negation: str) -> None:
    assert not tells_of_bleeding(f"{negation} bleeding")
    assert not names_crs(f"{negation} cytokine release syndrome")
    assert product_named(f"{negation} cryoprecipitate") is None


@pytest.mark.req("DQ-23")
@given(st.text(max_size=60))
def test_any_text_has_an_answer(text: str) -> None:
    answers = (specimen_fault(text), product_named(text), car_t_named(text), grades_in(text), names_crs(text))
    assert len(answers) == 5


RXNORM = {
    "tocilizumab 20 MG/ML Injection": Drug.TOCILIZUMAB,
    "4 ML tocilizumab 20 MG/ML Injection [Actemra]": Drug.TOCILIZUMAB,
    "tranexamic acid 650 MG Oral Tablet": Drug.TRANEXAMIC_ACID,
    "norepinephrine 1 MG/ML Injection": Drug.NORADRENALINE,
    "epinephrine 1 MG/ML Injection": Drug.ADRENALINE,
    "dexamethasone 4 MG Oral Tablet": Drug.SYSTEMIC_STEROID,
    "apixaban 5 MG Oral Tablet": Drug.OTHER_ANTICOAGULANT,
    "fibrinogen, human 1000 MG Injection [RiaSTAP]": FC,
    "lidocaine / epinephrine": None,
    "epinephrine / lidocaine Injection": None,
    "dexamethasone 0.1 % Ophthalmic Solution": None,
    "hydrocortisone 10 MG/ML Topical Cream": None,
    "heparin 10 UNT/ML lock flush": None,
    "vasopressinase": None,
    "paracetamol 500 MG Oral Tablet": None,
}


@pytest.mark.req("DQ-24")
@pytest.mark.parametrize("text", RXNORM)
def test_a_drug_by_the_text_of_an_rxnorm_product(text: str) -> None:
    assert drug_in_product_text(text) == RXNORM[text]
