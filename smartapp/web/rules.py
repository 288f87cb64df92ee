"""Rules and evidence: every rule in plain language, with its sources and the site's parameters."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, jsonify, render_template

from smartapp.clinical.attributes import attributes_of, source_attributes
from smartapp.clinical.definition_rows import DEFINITIONS
from smartapp.clinical.parameters import PARAMETERS, parameters_of
from smartapp.clinical.policy import SitePolicy, as_given
from smartapp.clinical.rule import Row, Rule
from smartapp.web.presenters.trace import citation_words, level_words
from smartapp.web.presenters.words import input_words
from smartapp.web.problems import NotFound

_FAMILIES = {  # in the guideline's order
    "APP": "Which patients the guideline is about",
    "CRS": "CRS grade",
    "BLD": "Bleeding",
    "TIER": "Fibrinogen tiers",
    "MOD": "What raises the risk",
    "TRD": "Falling fibrinogen",
    "REP": "Replacement",
    "PRD": "Which product",
    "FC": "Dose of fibrinogen concentrate",
    "CRY": "Dose of cryoprecipitate",
    "SAF": "What stands against replacement",
    "RCK": "Recheck after a dose",
    "MON": "Monitoring",
    "TOC": "After tocilizumab",
    "COAG": "Clotting times and anticoagulants",
    "PLT": "Platelets",
    "DIC": "Disseminated intravascular coagulation",
    "IEC": "IEC-HS",
    "ORD": "Orders being written",
    "DQ": "Missing, old and unreadable data",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePage:
    """One row of the guideline in words."""

    id: str
    version: int
    title: str
    level: str
    says: tuple[tuple[str, str], ...]
    citations: tuple[str, ...]
    inputs: tuple[str, ...]
    off: bool
    parameters: tuple["ParameterLine", ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterLine:
    """A parameter with the site's value beside the default."""

    name: str
    value: str
    default: str
    unit: str
    changed: bool
    note: str


def create_blueprint(rules: Sequence[tuple[Rule, str]], policy: SitePolicy) -> Blueprint:
    """`rules` with the words of each module, as its docstring has them."""
    blueprint = Blueprint("rules", __name__)
    pages = {page.id: page for rule, words in rules for page in _pages(rule, words, policy)}
    pages |= {row.id: _definition(row, policy) for row in DEFINITIONS}

    @blueprint.get("/rules")
    def index() -> str:
        return render_template(
            "rules.html",
            families=families(pages.values()),
            parameters=parameter_lines(policy, [p.name for p in PARAMETERS]),
        )

    @blueprint.get("/rules/<rule_id>")
    def one(rule_id: str) -> str:
        if rule_id not in pages:
            raise NotFound("There is no such rule.", "Look at the list of all rules.")
        return render_template("rule.html", page=pages[rule_id])

    @blueprint.get("/source-attributes.json")
    def attributes() -> Response:
        return jsonify(source_attributes())

    return blueprint


def _pages(rule: Rule, words: str, policy: SitePolicy) -> tuple[RulePage, ...]:
    return tuple(_page(row, rule, words, policy) for row in rule.rows)


def _page(row: Row, rule: Rule, words: str, policy: SitePolicy) -> RulePage:
    return RulePage(
        id=row.id,
        version=row.version,
        title=row.title,
        level=level_words(row.level),
        says=tuple(_paragraphs(words)),
        citations=citation_words(row.citations),
        inputs=tuple(input_words(need.name) for need in (*rule.needs, *rule.wants)),
        off=row.id in policy.get("rules_off"),
        parameters=parameter_lines(policy, parameters_of(row.id)),
        attributes=tuple(_attribute_lines(row)),
    )


def _attribute_lines(row: Row) -> Iterator[tuple[str, str]]:
    """The source attributes in plain words; the citation stands above them already."""
    for name, value in attributes_of(row).items():
        if name != "bibliographic_citation":
            words = ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else str(value)
            yield name.replace("_", " ").capitalize(), words


def _definition(row: Row, policy: SitePolicy) -> RulePage:
    """A row without an outcome of its own: what it finds about the data stands among the data issues."""
    return RulePage(
        id=row.id,
        version=row.version,
        title=row.title,
        level=level_words(row.level),
        says=(("", "A definition that rules, or the reading of a chart, share. It has no outcome of its own."),),
        citations=citation_words(row.citations),
        inputs=(),
        off=False,
        parameters=parameter_lines(policy, parameters_of(row.id)),
    )


def families(pages: Iterable[RulePage]) -> tuple[tuple[str, tuple[RulePage, ...]], ...]:
    """The rules under what they are about, in the guideline's order."""
    by_prefix: dict[str, list[RulePage]] = {}
    for page in pages:
        by_prefix.setdefault(page.id.split("-")[0], []).append(page)
    ordered = sorted(
        by_prefix, key=lambda prefix: list(_FAMILIES).index(prefix) if prefix in _FAMILIES else len(_FAMILIES)
    )
    return tuple((_FAMILIES.get(prefix, prefix), tuple(by_prefix[prefix])) for prefix in ordered)


def _paragraphs(words: str) -> Iterator[tuple[str, str]]:
    """A module's words as (lead, text): `("Applies when", "…")`; the first has no lead."""
    for part in re.split(r"\n+(?=(?:Guideline|Applies when|Silent when|Cannot tell when):)", words.strip()):
        lead, colon, text = part.partition(":")
        known = colon and lead in ("Guideline", "Applies when", "Silent when", "Cannot tell when")
        yield (lead if known else ""), " ".join((text if known else part).split())


def parameter_lines(policy: SitePolicy, names: Collection[str]) -> tuple[ParameterLine, ...]:
    """These parameters, the site's value beside the default."""
    return tuple(
        ParameterLine(
            name=parameter.name,
            value=_words(policy.get(parameter.name)),
            default=_words(parameter.default),
            unit=parameter.unit,
            changed=policy.get(parameter.name) != parameter.default,
            note=parameter.note,
        )
        for parameter in PARAMETERS
        if parameter.name in names
    )


def _words(value: object) -> str:
    given = as_given(value) if value is not None else "not set"
    return ", ".join(map(str, given)) or "none" if isinstance(given, list | tuple) else str(given)
