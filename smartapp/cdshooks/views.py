"""The HTTP of CDS Hooks: discovery, a call, CORS, and errors as the specification wants them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from flask import Blueprint, Response, request

from smartapp.cdshooks.request import HookRequest, parse
from smartapp.cdshooks.strict_json import Refused
from smartapp.cdshooks.trust import Caller, Unauthorized, allowed_origins, identify
from smartapp.cdshooks.wire import Card, Service, card_json, outcome_json, service_json

_JSON = "application/json"
_CALLS = "/cds-services"
Answer = Callable[[HookRequest, Caller], tuple[Card, ...]]


class NotAnswered(Refused):
    """A call that is well formed and cannot be answered: for want of data (412) or right (403)."""


def create_blueprint(
    services: Mapping[str, tuple[Service, Answer]],
    callers: Sequence[Caller],
    refused: Callable[[str, str], None],
) -> Blueprint:
    """`services` by id with the function that answers; `refused(service, why)` is told of each refusal for the log."""
    blueprint = Blueprint("cdshooks", __name__)
    origins = allowed_origins(callers)

    @blueprint.get(_CALLS)
    def discovery() -> Response:
        return _reply(200, {"services": [service_json(service) for service, _ in services.values()]})

    @blueprint.post(f"{_CALLS}/<service_id>")
    def call(service_id: str) -> Response:
        found = services.get(service_id)
        if found is None:
            return _reply(404, outcome_json("error", "not-found", "There is no such service"))
        try:
            return _called(found[0], found[1], callers)
        except Unauthorized as problem:
            refused(service_id, str(problem))
            return _unauthorized()
        except Refused as problem:
            refused(service_id, str(problem))
            return _reply(problem.status, outcome_json("error", problem.code, str(problem)))

    @blueprint.route(_CALLS, methods=["OPTIONS"], provide_automatic_options=False)
    @blueprint.route(f"{_CALLS}/<path:_any>", methods=["OPTIONS"], provide_automatic_options=False)
    def preflight(_any: str = "") -> Response:
        return Response(status=204)

    @blueprint.after_app_request
    def cors(response: Response) -> Response:
        return _with_cors(response, origins) if request.path.startswith(_CALLS) else response

    return blueprint


def _called(service: Service, answer: Answer, callers: Sequence[Caller]) -> Response:
    if request.mimetype != _JSON:
        raise Refused(415, "the request must be application/json", "not-supported")
    raw = request.get_data(cache=False)
    if request.headers.get("Authorization"):
        identify(request.headers["Authorization"], "", callers)
    hook = parse(raw, service.hook)
    caller = identify(None, hook.fhir_server, callers)
    if hook.fhir_server and hook.fhir_server not in caller.fhir_servers:
        raise NotAnswered(403, "fhirServer is not one this client is registered for", "forbidden")
    return _reply(200, {"cards": [card_json(card) for card in answer(hook, caller)]})


def _reply(status: int, body: Mapping[str, Any]) -> Response:
    return Response(msgspec.json.encode(body), status=status, mimetype=_JSON)


def _unauthorized() -> Response:
    response = _reply(401, {"error": "unauthorized"})
    response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _with_cors(response: Response, origins: frozenset[str]) -> Response:
    origin = request.headers.get("Origin", "")
    response.headers.add("Vary", "Origin")
    if origin in origins and origin != "null":
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Methods"] = "GET, POST, OPTIONS"
        response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
        response.headers["Access-Control-Max-Age"] = "600"
    return response
