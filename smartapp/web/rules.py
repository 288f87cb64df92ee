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
from smartapp.clinical.rule_families import FAMILIES, family_of
from smartapp.web.presenters.trace import citation_words, level_words
from smartapp.web.presenters.words import input_words
from smartapp.web.problems import NotFound


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


def create_blueprint(rules: Sequence[Rule], policy: SitePolicy) -> Blueprint:
    """The pages of all rules, and of the definitions that they share."""
    blueprint = Blueprint("rules", __name__)
    pages = {row.id: _page(row, rule, policy) for rule in rules for row in rule.rows}
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


def _page(row: Row, rule: Rule, policy: SitePolicy) -> RulePage:
    return RulePage(
        id=row.id,
        version=row.version,
        title=row.title,
        level=level_words(row.level),
        says=tuple(_paragraphs(rule.words)),
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
    by_family: dict[str, list[RulePage]] = {}
    for page in pages:
        by_family.setdefault(family_of(page.id).prefix, []).append(page)
    return tuple((family.title, tuple(by_family[prefix])) for prefix, family in FAMILIES.items() if prefix in by_family)


def _paragraphs(words: str) -> Iterator[tuple[str, str]]:
    """A rule's words as (lead, text): `("Applies when", "…")`; the first has no lead."""
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
