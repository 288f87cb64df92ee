"""The source attributes of every rule: where it comes from, since when, and which facts about a person it uses (DSI-01)."""

from typing import Any

from smartapp.clinical.citations import PROJECT_DEFAULT, SOURCES
from smartapp.clinical.rule import Row
from smartapp.clinical.rules import all_rules

DEVELOPER = "The Fibrinogen Watch project"
FUNDING = "None declared: the technical implementation has no external funding"
NOT_USED, USED = "not used", "used"
_NEVER = (
    "race",
    "ethnicity",
    "language",
    "sexual_orientation",
    "gender_identity",
    "sex",
    "social_determinants_data",
    "health_status_assessment_data",
)


def source_attributes() -> dict[str, Any]:
    """All rules, each with its version and the thirteen attributes of 170.315(b)(11)(iv)(A); "not used" is an answer."""
    return {
        "intervention_type": "evidence-based",
        "rules": [_of(row) for rule in all_rules() for row in rule.rows],
    }


def attributes_of(row: Row) -> dict[str, Any]:
    """The thirteen attributes of one row."""
    return {
        "bibliographic_citation": [SOURCES[key].citation for key in row.citations] or [PROJECT_DEFAULT],
        "developer": DEVELOPER,
        "funding_source": FUNDING,
        "release_and_revision_dates": {"released": row.released, "revised": row.revised},
        **dict.fromkeys(_NEVER, NOT_USED),
        "date_of_birth": USED if row.uses_birth_date else NOT_USED,
    }


def _of(row: Row) -> dict[str, Any]:
    head = {"rule": row.id, "version": row.version, "title": row.title, "evidence_level": str(row.level)}
    return {**head, "attributes": attributes_of(row)}
