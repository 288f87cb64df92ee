"""Every rule has its parts: a docstring that says when it applies, sources that exist, one id each, a version."""

import pytest

from smartapp.clinical.citations import SOURCES
from smartapp.clinical.definition_rows import DEFINITIONS
from smartapp.clinical.parameters import PARAMETERS
from smartapp.clinical.rule import Rule
from smartapp.clinical.rule_families import FAMILIES
from smartapp.clinical.rules import all_rules


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.rows[0].id)
def test_a_rule_says_when_it_speaks(rule: Rule) -> None:
    parts = ("Guideline:", "Applies when:", "Silent when:", "Cannot tell when:")
    assert [part for part in parts if part not in rule.words] == []


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.rows[0].id)
def test_a_rule_cites_known_sources(rule: Rule) -> None:
    cited = {key for row in rule.rows for key in row.citations}
    assert cited <= set(SOURCES)


def test_every_row_has_a_family_and_every_family_a_row() -> None:
    rows = [*(row for rule in all_rules() for row in rule.rows), *DEFINITIONS]
    assert {row.family.prefix for row in rows} == set(FAMILIES)


def test_every_id_stands_once() -> None:
    ids = [row.id for rule in all_rules() for row in rule.rows]
    assert len(ids) == len(set(ids))


def test_every_version_is_a_positive_number() -> None:
    assert all(row.version >= 1 for rule in all_rules() for row in rule.rows)


def test_every_parameter_says_unit_or_choices() -> None:
    assert [p.name for p in PARAMETERS if p.kind == "number" and not p.unit] == []
    assert [p.name for p in PARAMETERS if p.kind == "word" and not p.choices] == []
