"""The hooks as an OpenAPI 3.1 description, made from the services and the rules by which calls are read."""

from collections.abc import Iterable, Mapping
from typing import Any

from smartapp.cdshooks.feedback import FeedbackOutcome
from smartapp.cdshooks.request import ID, SELECTION, USER, WITH_ENCOUNTER, WITH_ORDERS
from smartapp.cdshooks.serialization import SUMMARY_LIMIT, Service

Schema = Mapping[str, Any]
_TEXT: Schema = {"type": "string", "minLength": 1}
_CODING: Schema = {
    "type": "object",
    "required": ["system", "code", "display"],
    "properties": {"system": _TEXT, "code": _TEXT, "display": _TEXT},
}
_OUTCOME: Schema = {
    "type": "object",
    "required": ["resourceType", "issue"],
    "properties": {"resourceType": {"const": "OperationOutcome"}, "issue": {"type": "array", "minItems": 1}},
}
_UNAUTHORIZED: Schema = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"const": "unauthorized"}},
    "additionalProperties": False,
}
_REFUSALS = {
    "400": "malformed; the text names the member",
    "403": "not entitled to this server or tenant",
    "404": "no such service",
    "405": "no such method here",
    "412": "required data are missing and cannot be read",
    "413": "too large",
    "415": "not application/json",
    "429": "too many calls",
    "503": "not ready in time",
}


def description(services: Iterable[Service], *, base_url: str, version: str) -> Mapping[str, Any]:
    """All routes of `/cds-services` with what they take and give."""
    paths: dict[str, Any] = {"/cds-services": {"get": _operation("Discovery", {}, _services_schema())}}
    for service in services:
        path = f"/cds-services/{service.id}"
        paths[path] = {"post": _operation(service.description, _call(service), _cards_schema())}
        paths[f"{path}/feedback"] = {"post": _operation("Feedback on cards", _feedback(), _kept_schema())}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Fibrinogen Watch: CDS Hooks", "version": version},
        "servers": [{"url": base_url}],
        "paths": paths,
        "components": {"securitySchemes": {"caller": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}},
    }


def _operation(summary: str, takes: Schema, gives: Schema) -> Mapping[str, Any]:
    answers = {"200": _answer("answered", gives)}
    if not takes:
        return {"summary": summary, "responses": answers}
    refusals = {status: _answer(words, _OUTCOME) for status, words in _REFUSALS.items()}
    return {
        "summary": summary,
        "security": [{"caller": []}],
        "requestBody": {"required": True, "content": {"application/json": {"schema": takes}}},
        "responses": {**answers, "401": _answer("not a registered caller", _UNAUTHORIZED), **refusals},
    }


def _answer(words: str, schema: Schema) -> Mapping[str, Any]:
    return {"description": words, "content": {"application/json": {"schema": schema}}}


def _object(required: Iterable[str], **properties: Schema) -> Schema:
    return {"type": "object", "required": list(required), "properties": properties}


def _array(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _whole(pattern: str) -> Schema:
    return {"type": "string", "pattern": f"^{pattern}$"}


def _call(service: Service) -> Schema:
    """A call: what the hook requires in its context, and a resource or null for each prefetch key."""
    context: dict[str, Schema] = {"userId": _whole(USER), "patientId": _whole(ID), "encounterId": _whole(ID)}
    required = ["userId", "patientId"]
    if service.hook in WITH_ENCOUNTER:
        required.append("encounterId")
    if service.hook in WITH_ORDERS:
        context["draftOrders"] = {"type": "object"}
        required.append("draftOrders")
    if service.hook == "order-select":
        context["selections"] = _array(_whole(SELECTION))
        required.append("selections")
    return _object(
        ("hook", "hookInstance", "context"),
        hook={"const": service.hook},
        hookInstance={"type": "string", "format": "uuid"},
        context=_object(required, **context),
        prefetch=_object((), **{key: {"type": ["object", "null"]} for key in service.prefetch}),
        fhirServer={"type": "string", "format": "uri"},
        fhirAuthorization=_object(
            ("access_token", "token_type", "expires_in", "scope", "subject"),
            access_token=_TEXT,
            token_type={"const": "Bearer"},
            expires_in={"type": "integer"},
            scope={"type": "string"},
            subject=_TEXT,
            patient=_whole(ID),
        ),
    )


def _feedback() -> Schema:
    entry = _object(
        ("card", "outcome", "outcomeTimestamp"),
        card=_TEXT,
        outcome={"enum": [str(outcome) for outcome in FeedbackOutcome]},
        outcomeTimestamp={"type": "string", "format": "date-time"},
        acceptedSuggestions=_array(_object(("id",), id=_TEXT)),
        overrideReason=_object((), reason={"type": "object"}, userComment={"type": "string"}),
    )
    return _object(("feedback",), feedback={**_array(entry), "minItems": 1})


def _services_schema() -> Schema:
    service = _object(
        ("hook", "description", "id"),
        hook=_TEXT,
        title=_TEXT,
        description=_TEXT,
        id=_TEXT,
        prefetch={"type": "object", "additionalProperties": _TEXT},
        usageRequirements=_TEXT,
        version=_TEXT,
    )
    return _object(("services",), services=_array(service))


def _cards_schema() -> Schema:
    action = _object(
        ("type", "description"),
        type={"enum": ["create", "update", "delete"]},
        description=_TEXT,
        resource={"type": "object", "required": ["resourceType"]},
        resourceId=_TEXT,
    )
    suggestion = _object(("label", "uuid"), label=_TEXT, uuid=_TEXT, actions={**_array(action), "minItems": 1})
    link = _object(("label", "url", "type"), label=_TEXT, url=_TEXT, type={"enum": ["absolute", "smart"]})
    card = _object(
        ("uuid", "summary", "indicator", "source"),
        uuid=_TEXT,
        summary={**_TEXT, "maxLength": SUMMARY_LIMIT},
        detail=_TEXT,
        indicator={"enum": ["info", "warning", "critical"]},
        source=_object(("label",), label=_TEXT, url=_TEXT, topic=_CODING),
        suggestions=_array(suggestion),
        selectionBehavior={"enum": ["at-most-one", "any"]},
        overrideReasons=_array(_CODING),
        links=_array(link),
    )
    return _object(("cards",), cards=_array(card))


def _kept_schema() -> Schema:
    count: Schema = {"type": "integer", "minimum": 0}
    return _object(("recorded", "refused"), recorded=count, refused=count)
