"""The HTTP of CDS Hooks: discovery, a call, feedback, CORS, and errors as the specification wants them."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from flask import Blueprint, Response, request

from smartapp.cdshooks.client_auth import CallAuthenticator, CdsClientCaller, server_of
from smartapp.cdshooks.feedback import FeedbackEntry, batch_json, parse_feedback
from smartapp.cdshooks.openapi import description
from smartapp.cdshooks.request import MAX_BYTES, HookRequest, parse
from smartapp.cdshooks.serialization import Card, Service, card_json, outcome_json, service_json
from smartapp.cdshooks.strict_json import JsonRefused
from smartapp.cdshooks.tokens import Unauthorized

_JSON = "application/json"
_ENCODER = msgspec.json.Encoder(decimal_format="number")  # a number of a draft goes back as it came
PATH = "/cds-services"
Answer = Callable[[HookRequest, CdsClientCaller], tuple[Card, ...]]


class NotAnswered(JsonRefused):
    """A call that is well formed and cannot be answered: for want of data (412), right (403) or time (503)."""


class TooMany(JsonRefused):
    """A caller beyond its rate; it may come again after `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(429, "more calls came than are answered in this time", "throttled")
        self.seconds = seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the views need: the services by id with what answers them, who may call, and where feedback goes.

    `base_url` is the configured public address of the app (never taken from a request), `version` its own; `seconds` the time an answer may take;
    `wait` says how many seconds a caller of that name must wait, 0 if it need not, `take` keeps feedback and says how many
    events are on record, `refused(service, why)` is told of each refusal for the log.
    """

    services: Mapping[str, tuple[Service, Answer]]
    gate: CallAuthenticator
    base_url: str
    version: str
    seconds: float
    wait: Callable[[str], int]
    take: Callable[[CdsClientCaller, Sequence[FeedbackEntry]], int]
    refused: Callable[[str, str], None]


def create_blueprint(desk: Desk) -> Blueprint:
    """The routes of interfaces.md section 4."""
    blueprint = Blueprint("cdshooks", __name__)
    origins = desk.gate.origins

    @blueprint.get(PATH)
    def discovery() -> Response:
        return _reply(200, {"services": [service_json(service) for service, _ in desk.services.values()]})

    @blueprint.get("/openapi.json")
    def openapi() -> Response:
        offered = [service for service, _ in desk.services.values()]
        return _reply(200, description(offered, base_url=desk.base_url, version=desk.version))

    @blueprint.post(f"{PATH}/<service_id>")
    def call(service_id: str) -> Response:
        return _answered(desk, service_id, _called)

    @blueprint.post(f"{PATH}/<service_id>/feedback")
    def feedback(service_id: str) -> Response:
        return _answered(desk, service_id, _took_feedback)

    @blueprint.route(PATH, methods=["OPTIONS"], provide_automatic_options=False)
    @blueprint.route(f"{PATH}/<path:_any>", methods=["OPTIONS"], provide_automatic_options=False)
    def preflight(_any: str = "") -> Response:
        return Response(status=204)

    @blueprint.after_app_request
    def cors(response: Response) -> Response:
        return _with_cors(response, origins) if _is_ours(request.path) else response

    return blueprint


def _answered(desk: Desk, service_id: str, act: Callable[[Desk, str, float], Response]) -> Response:
    deadline = time.monotonic() + desk.seconds
    try:
        if service_id not in desk.services:
            raise NotAnswered(404, "there is no such service", "not-found")
        return act(desk, service_id, deadline)
    except Unauthorized as problem:
        desk.refused(service_id, str(problem))
        return _unauthorized()
    except JsonRefused as problem:
        desk.refused(service_id, str(problem))
        return _refusal(problem)


def _called(desk: Desk, service_id: str, deadline: float) -> Response:
    service, answer = desk.services[service_id]
    signed = _signed(desk, [f"{desk.base_url}{PATH}/{service_id}"])
    raw = _body()
    hook = parse(raw, service.hook, deadline=deadline)
    caller = signed or _unsigned(desk, hook.fhir_server)
    server = server_of(caller, hook.fhir_server)
    if hook.fhir_server and not server:
        raise NotAnswered(403, "fhirServer is not one this client is registered for", "forbidden")
    cards = answer(replace(hook, fhir_server=server), caller)
    if time.monotonic() > deadline:
        raise NotAnswered(503, "the answer was not ready in time", "timeout")
    return _reply(200, {"cards": [card_json(card) for card in cards]})


def _took_feedback(desk: Desk, service_id: str, _deadline: float) -> Response:
    """What clients send as audience is the feedback address; the service's own is taken too (CDS-84)."""
    service_url = f"{desk.base_url}{PATH}/{service_id}"
    signed = _signed(desk, [f"{service_url}/feedback", service_url])
    raw = _body()
    batch = parse_feedback(raw)
    caller = signed or _unsigned(desk, "")
    return _reply(200, batch_json(desk.take(caller, batch.entries), batch.refused))


def _signed(desk: Desk, audiences: Sequence[str]) -> CdsClientCaller | None:
    """Who calls is known before the body is read."""
    caller = desk.gate.signed(request.headers.get("Authorization"), audiences)
    return _unhurried(desk, caller) if caller else None


def _unsigned(desk: Desk, fhir_server: str) -> CdsClientCaller:
    return _unhurried(desk, desk.gate.unsigned(fhir_server))


def _unhurried(desk: Desk, caller: CdsClientCaller) -> CdsClientCaller:
    seconds = desk.wait(caller.name)
    if seconds:
        raise TooMany(seconds)
    return caller


def _body() -> bytes:
    if request.mimetype != _JSON:
        raise JsonRefused(415, "the request must be application/json", "not-supported")
    length = request.content_length
    if (length or 0) > MAX_BYTES:
        raise JsonRefused(413, f"the request is larger than {MAX_BYTES} bytes", "too-long")
    # a length that is told is read in one piece: Werkzeug's limited stream copies a large body several times
    raw = request.get_data(cache=False) if length is None else request.environ["wsgi.input"].read(length)
    if len(raw) > MAX_BYTES:
        raise JsonRefused(413, f"the request is larger than {MAX_BYTES} bytes", "too-long")
    return raw


def _is_ours(path: str) -> bool:
    return path == PATH or path.startswith(f"{PATH}/")


def _reply(status: int, body: Mapping[str, Any]) -> Response:
    return Response(_ENCODER.encode(body), status=status, mimetype=_JSON)


def _refusal(problem: JsonRefused) -> Response:
    response = _reply(problem.status, outcome_json("error", problem.code, str(problem)))
    if isinstance(problem, TooMany):
        response.headers["Retry-After"] = str(problem.seconds)
    return response


def _unauthorized() -> Response:
    response = _reply(401, {"error": "unauthorized"})
    response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _with_cors(response: Response, origins: frozenset[str]) -> Response:
    """The exact origin of a registered client, on answers and errors alike (CDS-95, CDS-96)."""
    origin = request.headers.get("Origin", "")
    response.headers.add("Vary", "Origin")
    if origin in origins and origin != "null":
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Methods"] = "GET, POST, OPTIONS"
        response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
        response.headers["Access-Control-Max-Age"] = "600"
    return response
