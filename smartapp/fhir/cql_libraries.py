"""The rules as CQL and ELM with one site's values in them (interfaces 10): three libraries, their text and their ELM."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from smartapp import clinical
from smartapp.clinical.code_tables import CAR_T, CONDITIONS, DRUGS, ICD10CM, LABS
from smartapp.clinical.definition_rows import DEFINITIONS
from smartapp.clinical.policy import SitePolicy
from smartapp.clinical.rule import Row
from smartapp.clinical.rules import all_rules
from smartapp.clinical.terminology import Analyte, ConditionKind, Drug, Variant

FOLDER = Path(clinical.__file__).parent / "cql"
RULES = "FibrinogenReplacement"
CHART = "FibrinogenChart"
ON_CHART = "FibrinogenReplacementOnChart"
NAMES = (RULES, CHART, ON_CHART)
VERSION = "1.2.0"  # of the libraries, as their first line has it: the guideline's, and a number of ours

_PARAMETER = re.compile(r'^parameter "(?P<name>[^"]+)" (?P<type>[A-Za-z<>.]+) default (?P<value>.+)$', re.MULTILINE)
_ROW = re.compile(r"^@row: (?P<id>[A-Z]+-\d\d)$", re.MULTILINE)
_TYPE = "{urn:hl7-org:elm-types:r1}"
ABOUT = {
    RULES: "The rows of the guideline in CQL. The patient's facts and the site's values are its parameters; it needs no FHIR.",
    CHART: "Reads the facts of those rows from a FHIR R4 chart. Valid for clean charts only: it does not judge data quality.",
    ON_CHART: "The same rows with the facts read from the chart, as the PlanDefinition asks them. Valid for clean charts only.",
}
_ABOUT_ON_CHART = """
/*
The rows of FibrinogenReplacement, word for word, with FibrinogenChart's facts in the place of its parameters: for a server that applies
the PlanDefinition to a patient. Valid for clean charts only, as FibrinogenChart says.
*/
"""


@dataclass(frozen=True, slots=True)
class Setting:
    """One parameter of a library: its CQL type, and the site's value of it; None for a fact of the patient."""

    name: str
    type: str
    value: object


@dataclass(frozen=True, slots=True)
class CqlLibrary:
    """One library with the site's values: text, ELM, parameters, and the libraries it includes."""

    name: str
    text: str
    elm: Mapping[str, Any]
    settings: tuple[Setting, ...]
    includes: tuple[str, ...] = ()


def cql_libraries(policy: SitePolicy) -> tuple[CqlLibrary, ...]:
    """The three of them; the site's values stand as the defaults of the CQL parameters, in the text and in the ELM alike."""
    return tuple(_library(name, policy) for name in NAMES)


def rows_with_twin() -> tuple[Row, ...]:
    """The rows of the guideline that the text tells, in its order."""
    rows = catalogue_rows()
    return tuple(rows[match["id"]] for match in _ROW.finditer(_source(RULES)))


def sentence(row: str) -> str:
    """What stands above a row's define: the guideline's sentence, in one line."""
    before, _, _ = _source(RULES).partition(f"@row: {row}\n")
    return " ".join(before.rpartition("/*")[2].split())


@cache
def catalogue_rows() -> Mapping[str, Row]:
    """Every row of the guideline by its id."""
    return {row.id: row for row in (*(row for rule in all_rules() for row in rule.rows), *DEFINITIONS)}


def default_texts() -> dict[str, str]:
    """The texts as they are checked in, which the ELM is made from."""
    return {name: _source(name) for name in NAMES}


def library_settings(name: str, policy: SitePolicy) -> tuple[Setting, ...]:
    """The CQL parameters of a library with the site's values."""
    return tuple(_setting(match, policy) for match in _PARAMETER.finditer(_source(name)))


def _library(name: str, policy: SitePolicy) -> CqlLibrary:
    source = _source(name)
    settings = library_settings(name, policy)
    values = {setting.name: setting for setting in settings}
    text = _PARAMETER.sub(lambda match: _declared(values[match["name"]]), source)
    text = _ROW.sub(lambda match: _told(catalogue_rows()[match["id"]]), text)
    return CqlLibrary(name, text, _filled(name, values), settings, (CHART,) if name == ON_CHART else ())


@cache
def _source(name: str) -> str:
    if name == ON_CHART:
        return _on_chart(_source(RULES))
    return (FOLDER / f"{name}.cql").read_text(encoding="utf-8")


def _on_chart(text: str) -> str:
    """The same rows, each fact read from the chart library."""
    head = f"library {RULES} version '{VERSION}'\n"
    uses = (
        f"library {ON_CHART} version '{VERSION}'\n\nusing FHIR version '4.0.1'\n\n"
        f"include {CHART} version '{VERSION}' called Chart\n"
    )
    introduction, _, rest = text.partition(head)
    facts, border, rules = rest.partition('parameter "policy_sha256"')
    parameters, at, rows = (border + rules).partition("// CRS-02. Bands")
    read = _PARAMETER.sub(lambda match: f'define "{match["name"]}":\n  Chart."{match["name"]}"\n', facts)
    return f"{introduction.rstrip()}\n{_ABOUT_ON_CHART}{uses}\n{parameters}\ncontext Patient\n{read}{at}{rows}"


def _setting(match: re.Match[str], policy: SitePolicy) -> Setting:
    name, kind, default = match["name"], match["type"], match["value"]
    if default == "null":
        return Setting(name, kind, None)
    if name == "policy_sha256":
        return Setting(name, kind, policy.sha256)
    return Setting(name, kind, _codes()[name] if name in _codes() else policy.get(name))


@cache
def _codes() -> Mapping[str, tuple[str, ...]]:
    """What the chart library recognises, from the tables of section 9."""
    return {
        "codes.fibrinogen": _lab_codes(Analyte.FIBRINOGEN, Variant.CLAUSS),
        "codes.platelets": _lab_codes(Analyte.PLATELETS, None),
        "codes.haematocrit": _lab_codes(Analyte.HAEMATOCRIT, None),
        "codes.weight": _lab_codes(Analyte.WEIGHT, Variant.WEIGHT_MEASURED),
        "codes.infusion": tuple(code for row in CAR_T for code in row.codes.split()),
        "codes.tocilizumab": tuple(code for row in DRUGS if row.drug is Drug.TOCILIZUMAB for code in row.codes.split()),
        "codes.bleeding.major": _icd_codes(ConditionKind.BLEEDING_MAJOR),
        "codes.bleeding.significant": _icd_codes(ConditionKind.BLEEDING_SIGNIFICANT),
        "codes.bleeding.minor": _icd_codes(ConditionKind.BLEEDING_MINOR),
    }


def _lab_codes(analyte: Analyte, variant: Variant | None) -> tuple[str, ...]:
    rows = [row for row in LABS if (row.analyte, row.variant) == (analyte, variant)]
    return tuple(code for row in rows for code in row.codes.split())


def _icd_codes(kind: ConditionKind) -> tuple[str, ...]:
    rows = [row for row in CONDITIONS if row.kind is kind and row.system == ICD10CM]
    return tuple(code for row in rows for code in row.codes.split())


def _declared(setting: Setting) -> str:
    return f'parameter "{setting.name}" {setting.type} default {_in_cql(setting.value)}'


def _in_cql(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return _decimal(value)
    if isinstance(value, tuple):
        return "{ " + ", ".join(_in_cql(item) for item in value) + " }"
    return "'" + str(value).replace("\\", "\\\\").replace("'", "\\'") + "'"


def _decimal(value: Decimal) -> str:
    """With a point, so that CQL takes it for a Decimal."""
    text = f"{value.normalize():f}"
    return text if "." in text else f"{text}.0"


def _told(row: Row) -> str:
    """What the catalogue knows of a row, as CQL tags."""
    tags = [f"@row: {row.id}", f"@title: {row.title}", f"@evidence: {row.level}"]
    sources = [f"@source: {', '.join(row.citations)}"] if row.citations else []
    return "\n".join((*tags, *sources, f"@version: {row.version} of {row.revised}"))


def _filled(name: str, settings: Mapping[str, Setting]) -> dict[str, Any]:
    """The ELM made ahead, with the site's values as defaults."""
    elm: dict[str, Any] = json.loads((FOLDER / f"{name}.elm.json").read_text(encoding="utf-8"))
    for parameter in elm["library"]["parameters"]["def"]:
        value = settings[parameter["name"]].value
        if value is not None:
            parameter["default"] = _in_elm(value)
    return elm


def _in_elm(value: object) -> dict[str, Any]:
    if isinstance(value, tuple):
        return {"type": "List", "element": [_in_elm(item) for item in value]}
    kind = "Boolean" if isinstance(value, bool) else "Decimal" if isinstance(value, Decimal) else "String"
    text = _decimal(value) if isinstance(value, Decimal) else str(value).lower() if isinstance(value, bool) else value
    return {"type": "Literal", "valueType": f"{_TYPE}{kind}", "value": text}
