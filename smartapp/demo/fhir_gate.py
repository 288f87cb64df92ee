"""The way into the FHIR server: a bearer token, its scopes on every interaction and every entry, and the faults."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from flask import Blueprint, Response, request
from sekmet.fhir.common import FhirError

from smartapp.demo import fault_payloads, write_faults
from smartapp.demo.access import Access, ForbiddenError
from smartapp.demo.concurrent_order import Colleague
from smartapp.demo.conformance import Conformance
from smartapp.demo.faults import Fault, Faults
from smartapp.demo.fhir_server import FhirServer, Params, Reply, Resource, dump_json, parse_json, refused
from smartapp.demo.profiles import statement
from smartapp.demo.tokens import AccessToken

FHIR_JSON = "application/fhir+json; charset=utf-8"
_LETTERS = {"POST": "c", "PUT": "u", "PATCH": "u", "DELETE": "d"}
_READS = 2  # segments of an instance read
_VERSION_READS = 4  # segments of a version read
TokenLookup = Callable[[str], AccessToken | None]


@dataclass(frozen=True, slots=True)
class Gate:
    """Serves FHIR requests for whoever holds a token; `conformance` is the profile that restricts what is offered."""

    server: FhirServer
    tokens: TokenLookup
    faults: Faults
    endpoints: Mapping[str, str]
    colleague: Colleague
    conformance: Conformance | None = None

    def answer(self, path: str) -> Response:
        """The answer to the current request below the FHIR base."""
        segments = [part for part in path.split("/") if part]
        if segments == ["metadata"] and request.method == "GET":
            return respond(self._metadata())
        token = self._token()
        if token is None:
            return _unauthorized(bool(request.authorization))
        access = Access(self.server, token.scope, token.patient)
        self.colleague.before(token, request.method, segments)
        kind = write_faults.kind_of(request.method, segments)
        reply = self._broken(segments) or (write_faults.prevented(kind, self.faults, request.environ) if kind else None)
        if reply is None:
            reply = self._allowed(access, segments)
            reply = write_faults.spoiled_answer(kind, reply, self.faults, request.environ) if kind else reply
        if (
            self.faults.get(Fault.DROPPED_RESPONSE)
            and request.method != "GET"
            and "_search" not in segments
            and reply.status < 300
        ):
            return Response(status=500)
        return respond(fault_payloads.spoiled(reply, self.faults))

    def _metadata(self) -> Reply:
        if self.faults.get(Fault.NO_METADATA):
            return refused(404, "not-found", "There is no CapabilityStatement (a fault switch is on)")
        refuses = self.faults.get(Fault.NO_CONDITIONAL_CREATE) is not None
        if self.conformance is not None:
            return Reply(200, statement(self.conformance.profile, self.endpoints))
        declared = self.server.capabilities(self.endpoints, conditional_create=not refuses)
        return Reply(200, fault_payloads.silenced(declared, self.faults))

    def _token(self) -> AccessToken | None:
        header = request.authorization
        token = self.tokens(header.token or "") if header is not None and header.type == "bearer" else None
        expired = token is not None and token.from_launch and self.faults.get(Fault.EXPIRED_TOKEN)
        return None if expired else token

    def _broken(self, segments: list[str]) -> Reply | None:
        kind = segments[0] if segments else "Bundle"
        slow = self.faults.on(Fault.SLOW_FHIR, kind)
        if slow:
            time.sleep(slow.seconds)
        busy = self.faults.on(Fault.FHIR_429, kind)
        if busy:
            body = refused(429, "throttled", "Too many requests (a fault switch is on)").body
            return Reply(429, body, {"Retry-After": str(round(busy.seconds))})
        if self.faults.on(Fault.BREAK_THE_GLASS, kind):
            return Reply(403, fault_payloads.break_the_glass())
        if self.faults.on(Fault.FHIR_500, kind):
            return refused(500, "exception", "The server failed (a fault switch is on)")
        if self.faults.get(Fault.NO_TRANSACTION) and not segments:
            return refused(405, "not-supported", "Transactions are not offered (a fault switch is on)")
        return None

    def _allowed(self, access: Access, segments: list[str]) -> Reply:
        try:
            return self._served(access, segments, _params(), _body())
        except ForbiddenError as error:
            return refused(403, "forbidden", f"Not allowed: {error}.")
        except FhirError as error:
            return Reply(error.status, error.outcome())
        except ValueError:
            return refused(400, "structure", "The body is not JSON.")

    def _served(self, access: Access, segments: list[str], params: Params, body: Any) -> Reply:
        if not segments and request.method == "POST" and isinstance(body, dict):
            undeclared = self.conformance and self.conformance.bundle_refusal(str(body.get("type")))
            return undeclared or self._bundle(access, body)
        if segments[1:] == ["_search"] and request.method == "POST" and isinstance(body, list):
            blind = write_faults.is_blind("/".join(segments), self.faults)
            if blind and self.conformance:
                return Reply(200, {"resourceType": "Bundle", "type": "searchset", "entry": []})
            if blind:
                body = [*body, ("_id", "not-indexed-yet")]
            return self._one(access, "GET", segments[:1], body if self.conformance else [*params, *body])
        headers = {name.lower(): value for name, value in request.headers.items()}
        return self._one(access, request.method, segments, params, body=body, headers=headers)

    def _one(
        self,
        access: Access,
        method: str,
        segments: list[str],
        params: Params,
        *,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """One interaction: asked of the profile, asked of the token, then done."""
        undeclared = self.conformance and self.conformance.refusal(method, segments, params, headers or {})
        if undeclared:
            return undeclared
        if method == "GET" and len(segments) == 1 and segments[0][0].isupper():
            search = self.server.search if self.conformance is None else self.conformance.search
            return search(segments[0], params, within=access.condition(segments[0], params))
        if self.faults.get(Fault.IGNORED_CONDITION):
            headers = {name: value for name, value in (headers or {}).items() if name != "if-none-exist"}
        if self.faults.get(Fault.NO_CONDITIONAL_CREATE) and (headers or {}).get("if-none-exist"):
            return refused(412, "not-supported", "Conditional create is not offered (a fault switch is on)")
        self._check(access, method, segments, body)
        spoiled = write_faults.unread if method == "GET" else write_faults.unchanged
        refusal = spoiled(segments, self.faults)
        if refusal is not None:
            return refusal
        if method == "POST" and isinstance(body, dict):
            body = fault_payloads.altered(self.conformance.stored(body) if self.conformance else body, self.faults)
        reply = self.server.request(method, segments, params, body=body, headers=headers)
        reply = self.conformance.shown(reply) if self.conformance else reply
        if not self.faults.get(Fault.ALTERED_PATIENT):
            _check_reply(access, method, reply)
        return reply

    def _check(self, access: Access, method: str, segments: list[str], body: Any) -> None:
        if not segments or any(part.startswith(("$", "_")) for part in (*segments[:2], *segments[3:])):
            raise ForbiddenError("this interaction is not offered to apps")
        if method in _LETTERS:
            self._check_write(access, _LETTERS[method], segments, body)
        elif not (len(segments) == _READS or (len(segments) == _VERSION_READS and segments[2] == "_history")):
            raise ForbiddenError("this interaction is not offered to apps")

    def _check_write(self, access: Access, letter: str, segments: list[str], body: Any) -> None:
        if letter == "c":
            access.check("c", _resource(body, segments[0]))
            return
        if len(segments) != _READS:
            raise ForbiddenError("conditional updates and deletes are not offered to apps")
        stored = self.server.read(segments[0], segments[1])
        access.check_all(letter, [stored] if stored else [])
        if letter == "u" and isinstance(body, dict) and body.get("resourceType") == segments[0]:
            access.check("u", body)
        elif stored is None:
            raise ForbiddenError("there is no such resource")

    def _bundle(self, access: Access, bundle: Resource) -> Reply:
        """A transaction is checked whole before it is run and after; a batch entry by entry."""
        entries = bundle.get("entry") or []
        if bundle.get("type") == "batch" or self.faults.act(Fault.PARTIAL_TRANSACTION, "*"):
            done = [self._entry(access, one) for one in entries]
            return Reply(200, {"resourceType": "Bundle", "type": f"{bundle.get('type')}-response", "entry": done})
        if self.faults.get(Fault.NO_CONDITIONAL_CREATE) and any(
            (one.get("request") or {}).get("ifNoneExist") for one in entries
        ):
            return refused(412, "not-supported", "Conditional create is not offered (a fault switch is on)")
        for entry in entries:
            method, segments, _ = self._asked(entry)
            self._check(access, method, segments, entry.get("resource"))
            if self.faults.get(Fault.IGNORED_CONDITION):
                entry["request"].pop("ifNoneExist", None)
        altered = {**bundle, "entry": [fault_payloads.altered_entry(entry, self.faults) for entry in entries]}
        with self.server.store.transaction():
            reply = self.server.request("POST", [], body=altered)
            for entry in () if self.faults.get(Fault.ALTERED_PATIENT) else (reply.body or {}).get("entry", ()):
                _check_reply(access, "POST", Reply(reply.status, entry.get("resource")))
        return reply

    def _entry(self, access: Access, entry: Resource) -> Resource:
        method, segments, params = self._asked(entry)
        headers = {"if-none-exist": str((entry.get("request") or {}).get("ifNoneExist") or "")}
        partial = self.faults.on(Fault.PARTIAL_TRANSACTION, segments[0] if segments else "")
        if partial is not None:
            done = refused(partial.status, "forbidden", "Not for this user (a fault switch is on)").body
            return {"response": {"status": str(partial.status), "outcome": done}}
        try:
            reply = self._one(access, method, segments, params, body=entry.get("resource"), headers=headers)
        except ForbiddenError as error:
            reply = refused(403, "forbidden", f"Not allowed: {error}.")
        answer: Resource = {
            "response": {
                "status": str(reply.status),
                **({"location": reply.headers["Location"]} if "Location" in reply.headers else {}),
            }
        }
        if reply.body is not None:
            answer.update({"resource": reply.body} if reply.status < 400 else {})
            answer["response"].update({"outcome": reply.body} if reply.status >= 400 else {})
        return answer

    def _asked(self, entry: Resource) -> tuple[str, list[str], Params]:
        asked = entry.get("request") or {}
        parts = urlsplit(str(asked.get("url", "")).removeprefix(self.server.base_url))
        segments = [part for part in parts.path.split("/") if part]
        return str(asked.get("method", "")).upper(), segments, parse_qsl(parts.query, keep_blank_values=True)


def create_gate(gate: Gate) -> Blueprint:
    """The FHIR base as a blueprint."""
    blueprint = Blueprint("fhir", __name__)
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    blueprint.add_url_rule("/fhir", "base", lambda: gate.answer(""), methods=methods)
    blueprint.add_url_rule("/fhir/", "base_slash", lambda: gate.answer(""), methods=methods)
    blueprint.add_url_rule("/fhir/<path:path>", "below", gate.answer, methods=methods)
    return blueprint


def respond(reply: Reply) -> Response:
    """A reply as HTTP."""
    headers = {**reply.headers, "Cache-Control": "no-store"}
    return Response("" if reply.body is None else dump_json(reply.body), reply.status, headers, content_type=FHIR_JSON)


def _check_reply(access: Access, method: str, reply: Reply) -> None:
    """What leaves by a read, or by a conditional create that found something, is the token's too."""
    body = reply.body or {}
    if reply.status >= 400 or body.get("resourceType") in (None, "OperationOutcome", "Bundle"):
        return
    access.check({"GET": "r", "HEAD": "r", **_LETTERS}[method], body)


def _resource(body: Any, kind: str) -> Resource:
    if not isinstance(body, dict) or body.get("resourceType") != kind:
        raise FhirError(400, f"The body is not a {kind}", "invalid")
    return {name: value for name, value in body.items() if name != "id"}


def _params() -> Params:
    return list(request.args.items(multi=True))


def _body() -> Any:
    if request.mimetype == "application/x-www-form-urlencoded":
        return list(request.form.items(multi=True))
    raw = request.get_data()
    return parse_json(raw) if raw else None


def _unauthorized(sent: bool) -> Response:
    error = ', error="invalid_token", error_description="The access token is unknown, ended or expired"' if sent else ""
    response = respond(refused(401, "login", "A valid access token is needed."))
    response.headers["WWW-Authenticate"] = f'Bearer realm="demo"{error}'
    return response
