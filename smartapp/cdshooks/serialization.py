"""Cards and services as the JSON of the specification, nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SUMMARY_LIMIT = 139  # fewer than 140 UTF-16 code units (CDS-41)


@dataclass(frozen=True, slots=True, kw_only=True)
class CardCoding:
    """A coded word."""

    system: str
    code: str
    display: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardSource:
    """Where a card's advice comes from (CDS-44)."""

    label: str
    url: str
    topic: CardCoding


@dataclass(frozen=True, slots=True, kw_only=True)
class CardAction:
    """A create or update with the whole resource, or a delete of `resource_id` (`Type/id`, CDS-46)."""

    description: str
    resource: Mapping[str, Any] = field(default_factory=dict)
    type: str = "create"
    resource_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """One way to follow the card; its actions apply together."""

    uuid: str
    label: str
    actions: tuple[CardAction, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link of a card (CDS-50)."""

    label: str
    url: str
    type: str
    app_context: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A card of CDS Hooks 2.0; `rules` are the rows it speaks for, `about` the draft order it is about, as it was (both kept for the
    record, not sent)."""

    uuid: str
    summary: str
    detail: str
    indicator: str
    source: CardSource
    suggestions: tuple[Suggestion, ...] = ()
    links: tuple[Link, ...] = ()
    override_reasons: tuple[CardCoding, ...] = ()
    rules: tuple[str, ...] = ()
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service as discovery shows it (CDS-02)."""

    id: str
    hook: str
    title: str
    description: str
    prefetch: Mapping[str, str]
    usage_requirements: str
    extension: Mapping[str, Any] = field(default_factory=dict)


def card_json(card: Card) -> dict[str, Any]:
    """A card; no member is null or empty (CDS-03)."""
    body: dict[str, Any] = {
        "uuid": card.uuid,
        "summary": shortened(card.summary),
        "detail": card.detail,
        "indicator": card.indicator,
        "source": {"label": card.source.label, "url": card.source.url, "topic": coding_json(card.source.topic)},
    }
    if card.suggestions:
        body["suggestions"] = [_suggestion(suggestion) for suggestion in card.suggestions]
        body["selectionBehavior"] = "at-most-one"
    if card.override_reasons:
        body["overrideReasons"] = [coding_json(reason) for reason in card.override_reasons]
    if card.links:
        body["links"] = [_link(link) for link in card.links]
    return body


def _suggestion(suggestion: Suggestion) -> dict[str, Any]:
    return {
        "uuid": suggestion.uuid,
        "label": suggestion.label,
        "actions": [_action(each) for each in suggestion.actions],
    }


def _action(action: CardAction) -> dict[str, Any]:
    body: dict[str, Any] = {"type": action.type, "description": action.description}
    return {**body, **({"resource": dict(action.resource)} if action.resource else {"resourceId": action.resource_id})}


def _link(link: Link) -> dict[str, Any]:
    body = {"label": link.label, "url": link.url, "type": link.type}
    return {**body, "appContext": link.app_context} if link.app_context and link.type == "smart" else body


def coding_json(coding: CardCoding) -> dict[str, str]:
    """A CardCoding with all three members."""
    return {"system": coding.system, "code": coding.code, "display": coding.display}


def service_json(service: Service) -> dict[str, Any]:
    """A service for discovery."""
    return {
        "hook": service.hook,
        "title": service.title,
        "description": service.description,
        "id": service.id,
        "prefetch": dict(service.prefetch),
        "usageRequirements": service.usage_requirements,
        "version": "2.0.0",
        **({"extension": dict(service.extension)} if service.extension else {}),
    }


def shortened(summary: str) -> str:
    """Fewer than 140 UTF-16 code units, cut at a word."""
    if utf16_length(summary) <= SUMMARY_LIMIT:
        return summary
    words = summary.split(" ")
    while words and utf16_length(" ".join(words)) > SUMMARY_LIMIT - 1:
        words.pop()
    text = " ".join(words) or summary
    while utf16_length(text) > SUMMARY_LIMIT - 1:
        text = text[:-1]
    return text + "…"


def utf16_length(text: str) -> int:
    """How long a text is in UTF-16 code units (CDS-41)."""
    return len(text.encode("utf-16-le")) // 2


def outcome_json(severity: str, code: str, text: str) -> dict[str, Any]:
    """An OperationOutcome (CDS-71)."""
    return {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": severity, "code": code, "details": {"text": text}}],
    }
