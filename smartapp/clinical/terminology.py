"""What codes mean: analytes, drugs, products and conditions, and the coded values that name them (guideline section 9)."""

from enum import StrEnum


class Analyte(StrEnum):
    """What is measured; each has exactly one unit of its own (`smartapp.clinical.units`)."""

    FIBRINOGEN = "fibrinogen"
    PT = "pt"
    INR = "inr"
    APTT = "aptt"
    D_DIMER = "d_dimer"
    PLATELETS = "platelets"
    FERRITIN = "ferritin"
    CRP = "crp"
    LDH = "ldh"
    HAEMOGLOBIN = "haemoglobin"
    HAEMATOCRIT = "haematocrit"
    ALT = "alt"
    AST = "ast"
    BILIRUBIN = "bilirubin"
    TRIGLYCERIDES = "triglycerides"
    NEUTROPHILS = "neutrophils"
    IL6 = "il6"
    TEMPERATURE = "temperature"
    SYSTOLIC_PRESSURE = "systolic_pressure"
    DIASTOLIC_PRESSURE = "diastolic_pressure"
    MEAN_PRESSURE = "mean_pressure"
    SPO2 = "spo2"
    OXYGEN_FLOW = "oxygen_flow"
    FIO2 = "fio2"
    HEART_RATE = "heart_rate"
    RESPIRATORY_RATE = "respiratory_rate"
    WEIGHT = "weight"
    HEIGHT = "height"


class Variant(StrEnum):
    """How a result was obtained, where that decides what it may be used for (DQ-07, DQ-11, guideline 9.1)."""

    CLAUSS = "clauss"
    DERIVED = "derived"
    ANTIGEN = "antigen"
    HEAT = "heat"
    PRESENCE = "presence"
    FEU = "feu"
    DDU = "ddu"
    TYPE_UNKNOWN = "type_unknown"
    WEIGHT_MEASURED = "29463-7"
    WEIGHT_BODY = "3141-9"
    WEIGHT_ESTIMATED = "8335-2"
    WEIGHT_STATED = "3142-7"


class CarTProduct(StrEnum):
    """CAR-T products the guideline names (APP-04)."""

    TISAGENLECLEUCEL = "tisagenlecleucel"
    AXICABTAGENE = "axicabtagene ciloleucel"
    BREXUCABTAGENE = "brexucabtagene autoleucel"
    LISOCABTAGENE = "lisocabtagene maraleucel"
    IDECABTAGENE = "idecabtagene vicleucel"
    CILTACABTAGENE = "ciltacabtagene autoleucel"
    OBECABTAGENE = "obecabtagene autoleucel"
    UNKNOWN = "CAR-T product not identified"


class Drug(StrEnum):
    """Drugs and blood components that a rule asks about (guideline 9.5)."""

    CRYOPRECIPITATE = "cryoprecipitate"
    FIBRINOGEN_CONCENTRATE = "fibrinogen_concentrate"
    PLASMA = "plasma"
    TOCILIZUMAB = "tocilizumab"
    SILTUXIMAB = "siltuximab"
    ANAKINRA = "anakinra"
    SYSTEMIC_STEROID = "systemic_steroid"
    NORADRENALINE = "noradrenaline"
    ADRENALINE = "adrenaline"
    DOPAMINE = "dopamine"
    PHENYLEPHRINE = "phenylephrine"
    VASOPRESSIN = "vasopressin"
    TERLIPRESSIN = "terlipressin"
    HEPARIN = "heparin"
    ARGATROBAN = "argatroban"
    BIVALIRUDIN = "bivalirudin"
    DABIGATRAN = "dabigatran"
    OTHER_ANTICOAGULANT = "anticoagulant"
    TRANEXAMIC_ACID = "tranexamic_acid"
    VITAMIN_K = "vitamin_k"
    FLUID_BOLUS = "fluid_bolus"  # given for hypotension; has no code of its own (CRS-03)


class ConditionKind(StrEnum):
    """What a coded (or, where the guideline says so, worded) condition means to the rules (guideline 9.2 to 9.5)."""

    BLEEDING_MAJOR = "bleeding_major"
    BLEEDING_SIGNIFICANT = "bleeding_significant"
    BLEEDING_MINOR = "bleeding_minor"
    BLEEDING_OTHER = "bleeding_other"  # in 9.3, no level of its own: severity or grade decides
    INTRACRANIAL_BLEED = "intracranial_bleed"
    HAEMATURIA = "haematuria"
    THROMBOSIS = "thrombosis"
    FLUID_OVERLOAD = "fluid_overload"
    CONGENITAL_FIBRINOGEN_DISORDER = "congenital_fibrinogen_disorder"
    DYSFIBRINOGENAEMIA = "dysfibrinogenaemia"
    ICANS = "icans"
    CAR_T_HISTORY = "car_t_history"
    CAR_T_COMPLICATION = "car_t_complication"
    B_ALL = "b_all"
    DLBCL = "dlbcl"
    FOLLICULAR_LYMPHOMA = "follicular_lymphoma"
    MANTLE_CELL_LYMPHOMA = "mantle_cell_lymphoma"
    DIC = "dic"
    HAEMOPHAGOCYTOSIS = "haemophagocytosis"
    ANTICOAGULANT_USE = "anticoagulant_use"


class Allergen(StrEnum):
    """What an allergy is to, as far as SAF-02 asks."""

    NAMED_CONCENTRATE = "named_concentrate"
    PLASMA_DERIVED = "plasma_derived"
