"""One checker for every answer of the hooks: the specification's members and invariants, and what we promise beyond them."""

import json
import re
import threading
import uuid
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, request

from smartapp.fhir.models import validated

PATH = "/cds-services"
_SEEN: set[str] = set()
_GUARD = threading.Lock()
_SEMANTIC = re.compile(r"\d+\.\d+\.\d+(-[A-Za-z0-9.\-]+)?")
_REFERENCE = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64}")
_FORBIDDEN = {"systemActions", "autolaunchable", "autoLaunchable", "actionSelectionBehavior", "serviceActions"}
_MEMBERS = {
    "card": {
        "uuid", "summary", "detail", "indicator", "source", "suggestions", "selectionBehavior", "overrideReasons", "links",
        "extension",
    },
    "suggestion": {"label", "uuid", "isRecommended", "actions"},
    "action": {"type", "description", "resource", "resourceId"},
    "link": {"label", "url", "type", "appContext"},
}  # fmt: skip


def problems_of(response: Response) -> list[str]:
    """What is wrong with an answer of `/cds-services`, a sentence each."""
    if request.method not in ("GET", "POST"):
        return []
    if response.mimetype != "application/json":
        return [f"{response.status_code} is {response.mimetype}"]
    body = json.loads(response.get_data())
    return [*_unfilled(body, ""), *_by_kind(response.status_code, body)]


def _by_kind(status: int, body: Any) -> Iterator[str]:
    if status == 401:
        yield from () if body == {"error": "unauthorized"} else ("401 says more than unauthorized",)
    elif status >= 300:
        yield from _outcome(body)
    elif request.path == PATH:
        yield from _discovery(body)
    elif not request.path.endswith("/feedback"):
        yield from _cards(body)


def listen(sender: Flask, response: Response, problems: list[str]) -> None:
    """Check an answer as it leaves the app."""
    del sender
    if request.path == PATH or request.path.startswith(f"{PATH}/"):
        problems += [f"{request.method} {request.path}: {problem}" for problem in problems_of(response)]


def _unfilled(value: Any, place: str) -> Iterator[str]:
    """No member is null or empty (CDS-03), but for an empty list of cards or services."""
    if value in (None, "", [], {}) and place not in (".cards", ".services"):
        yield f"{place or 'the body'} is {value!r}"
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in inner:
        yield from _unfilled(member, f"{place}.{name}")


def _outcome(body: Any) -> Iterator[str]:
    if body.get("resourceType") != "OperationOutcome":
        yield "an error is no OperationOutcome"
        return
    for issue in body["issue"]:
        if not issue["severity"] or not issue["code"] or not issue["details"]["text"]:
            yield "an issue lacks severity, code or text"
        if "Traceback" in issue["details"]["text"]:
            yield "an issue holds a trace"


def _discovery(body: Any) -> Iterator[str]:
    for service in body["services"]:
        if not {"hook", "description", "id", "title", "prefetch", "usageRequirements", "version"} <= set(service):
            yield "a service lacks a member"
        if not re.fullmatch(r"[a-z0-9\-]+", service["id"]) or not _SEMANTIC.fullmatch(service["version"]):
            yield "a service's id or version is odd"
    if len({service["id"] for service in body["services"]}) != len(body["services"]):
        yield "two services have one id"


def _cards(body: Any) -> Iterator[str]:
    if set(body) != {"cards"}:
        yield f"the answer holds {sorted(body)}"
    for card in body["cards"]:
        try:
            yield from [f"card: {problem}" for check in _CHECKS for problem in check(card)]
        except (KeyError, TypeError, ValueError) as error:
            yield f"card: a member is missing or of another kind: {error}"


def _card(card: Any) -> Iterator[str]:
    if (
        not {"uuid", "summary", "detail", "indicator", "source", "overrideReasons", "links"}
        <= set(card)
        <= _MEMBERS["card"]
    ):
        yield f"members {sorted(card)}"
    if len(card["summary"].encode("utf-16-le")) // 2 >= 140:
        yield "summary of 140 or more"
    if "\n" in card["summary"] or card["indicator"] not in ("info", "warning", "critical"):
        yield "summary of two lines, or an odd indicator"
    if re.search(r"<|\]\(", card["detail"]):
        yield "detail forms markup"
    if _FORBIDDEN & set(re.findall(r'"(\w+)":', json.dumps(card))):
        yield "a member that lets something pass a human"


def _source(card: Any) -> Iterator[str]:
    source = card["source"]
    if not {"label", "url", "topic"} <= set(source) <= {"label", "url", "topic", "icon"}:
        yield "source lacks a member"
    if not _absolute(source["url"]) or urlsplit(source["url"]).query:
        yield "source.url is not absolute, or says something of the patient"
    for coding in (source["topic"], *card["overrideReasons"]):
        if set(coding) != {"system", "code", "display"}:
            yield "a coding is not whole"


def _suggestions(card: Any) -> Iterator[str]:
    suggestions = card.get("suggestions", [])
    if bool(suggestions) != ("selectionBehavior" in card):
        yield "selectionBehavior does not go with suggestions"
    if suggestions and card["selectionBehavior"] not in ("at-most-one", "any"):
        yield "an odd selectionBehavior"
    if card.get("selectionBehavior") == "at-most-one" and sum(bool(s.get("isRecommended")) for s in suggestions) > 1:
        yield "more than one recommended"
    for suggestion in suggestions:
        if not {"label", "uuid"} <= set(suggestion) <= _MEMBERS["suggestion"]:
            yield f"a suggestion has {sorted(suggestion)}"
        for action in suggestion.get("actions", []):
            yield from _action(action)


def _action(action: Any) -> Iterator[str]:
    if not {"type", "description"} <= set(action) <= _MEMBERS["action"]:
        yield f"an action has {sorted(action)}"
    resource = action.get("resource")
    if action["type"] == "delete":
        if resource is not None or not _REFERENCE.fullmatch(action.get("resourceId", "")):
            yield "a delete names no resourceId alone"
        return
    if action["type"] not in ("create", "update") or not resource or "resourceId" in action:
        yield "an action is neither create nor update of a whole resource"
        return
    if action["type"] == "update" and not resource.get("id"):
        yield "an update has no id"
    if action["type"] == "create" and validated(resource) != resource:
        yield "a new resource is not written as R4 has it"
    if action["type"] == "create":
        wanted = ("draft", "proposal"), ("draft", "plan")
        if (
            "id" in resource
            or (resource.get("status"), resource.get("intent")) not in wanted
            or "requester" in resource
        ):
            yield "a created order is no draft proposal without requester"


def _links(card: Any) -> Iterator[str]:
    for link in card["links"]:
        if not {"label", "url", "type"} <= set(link) <= _MEMBERS["link"] or not _absolute(link["url"]):
            yield f"a link has {sorted(link)}"
        if link["type"] not in ("absolute", "smart") or urlsplit(link["url"]).query:
            yield "a link is of an odd type, or its address says something"
        if link["type"] == "smart" and not link["url"].endswith("/launch"):
            yield "a smart link leads elsewhere than to the launch"
        if "appContext" in link and link["type"] != "smart":
            yield "appContext on a link that is not smart"


def _uuids(card: Any) -> Iterator[str]:
    """Fresh in every answer of this run (CDS-42)."""
    for id_ in (card["uuid"], *(suggestion["uuid"] for suggestion in card.get("suggestions", []))):
        with _GUARD:
            if str(uuid.UUID(id_)) != id_ or id_ in _SEEN:
                yield f"{id_} is no fresh uuid"
            _SEEN.add(id_)


def _absolute(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and bool(parts.netloc)


_CHECKS: tuple[Callable[[Any], Iterator[str]], ...] = (_card, _source, _suggestions, _links, _uuids)
