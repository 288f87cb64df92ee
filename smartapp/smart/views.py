"""The HTTP of a launch: launch, callback, standalone, sign-out, keys and manifest."""

import secrets
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec
from flask import Blueprint, Response, g, make_response, redirect, render_template, request

from smartapp.outbound import origin_of
from smartapp.smart.errors import CookieLost, StateProblem
from smartapp.smart.flow import Begun, Completed, LaunchFlow
from smartapp.smart.keys import JWKS_SECONDS, SigningKeys
from smartapp.smart.session import SmartSession

PENDING_COOKIE = "__Host-fw-pending"
_PREFIX = "__Host-fw-"
_PROBE_COOKIE = "__Host-fwframed"
_PROBED = "framed"
_PROBE_SECONDS = 60


def cookie_name(launch: str) -> str:
    """Each launch has its own cookie (house.md section 6)."""
    return f"{_PREFIX}{launch}"


def create_blueprint(
    *,
    flow: LaunchFlow,
    keys: SigningKeys,
    manifest: Callable[[], Mapping[str, Any]],
    launched: Callable[[SmartSession], None],
) -> Blueprint:
    """Routes of the launch; `launched` is told of each completed one for the audit."""
    blueprint = Blueprint("smart", __name__)

    @blueprint.get("/launch")
    def launch() -> Response:
        iss, launched_as = request.args.getlist("iss"), request.args.getlist("launch")
        if flow.embeds(iss, launched_as) and _unsure_of_cookies():
            return _probing(iss[0], launched_as[0])
        return _sent_off(flow.begin(iss, launched_as))

    @blueprint.get("/standalone/<name>")
    def standalone(name: str) -> Response:
        return _sent_off(flow.begin_standalone(name))

    @blueprint.get("/callback")
    def callback() -> Response:
        params = {name: request.args.getlist(name) for name in request.args}
        done = _completed(flow, params)
        if done.session is not None:
            launched(done.session)
        return _opened(done, flow)

    @blueprint.get("/.well-known/jwks.json")
    def jwks() -> Response:
        response = Response(msgspec.json.encode(keys.jwks()), mimetype="application/json")
        response.headers["Cache-Control"] = f"public, max-age={JWKS_SECONDS}"
        return response

    @blueprint.get("/.well-known/smart/manifest.json")
    def smart_manifest() -> Response:
        return Response(msgspec.json.encode(manifest()), mimetype="application/json")

    return blueprint


def _completed(flow: LaunchFlow, params: Mapping[str, list[str]]) -> Completed:
    """The pending cookies of this browser are tried one by one: two launches may be under way (SAL-14)."""
    pending = [value for name, value in request.cookies.items() if name.startswith(PENDING_COOKIE)]
    last: StateProblem | None = None
    for value in pending or [""]:
        try:
            return flow.complete(params, value)
        except StateProblem as problem:
            if problem.status == 409:
                raise
            last = problem
    raise last or StateProblem("This launch cannot be continued.")


def _sent_off(begun: Begun) -> Response:
    response = _form(begun) if begun.fields else _redirected(begun.url)
    name = f"{PENDING_COOKIE}-{secrets.token_hex(4)}"
    _set_cookie(response, name, begun.cookie, embedded=begun.embedded, seconds=int(begun.seconds))
    return response


def _form(begun: Begun) -> Response:
    """A page that posts itself; from there the browser is led on: to a sign-in at another place, and back to us."""
    g.form_action = f"'self' {origin_of(begun.url)} https:"
    response = make_response(render_template("continue.html", action=begun.url, fields=begun.fields))
    response.headers["Cache-Control"] = "no-store"
    return response


def _opened(done: Completed, flow: LaunchFlow) -> Response:
    response = _redirected(f"/l/{done.launch}/")
    if done.cookie:
        _make_room(response, flow, embedded=done.embedded)
        _set_cookie(response, cookie_name(done.launch), done.cookie, embedded=done.embedded, seconds=None)
    return response


def _redirected(url: str) -> Response:
    response = redirect(url, code=303)
    response.set_data(b"")  # the usual body repeats the URL, and state and nonce belong into no HTML (SAL-87)
    response.headers["Cache-Control"] = "no-store"
    return response  # type: ignore[return-value]


def _make_room(response: Response, flow: LaunchFlow, *, embedded: bool) -> None:
    """Launches that are over, or end to make room, lose their cookies."""
    held = {
        name.removeprefix(_PREFIX): value
        for name, value in request.cookies.items()
        if name.startswith(_PREFIX) and not name.startswith(PENDING_COOKIE)
    }
    for launch in set(held) - flow.make_room(held):
        _set_cookie(response, cookie_name(launch), "", embedded=embedded, seconds=0)


def _unsure_of_cookies() -> bool:
    """Inside a frame, unless the cookie of the first try came back (SEC-02)."""
    return request.headers.get("Sec-Fetch-Dest") == "iframe" and _PROBE_COOKIE not in request.cookies


def _probing(iss: str, launch: str) -> Response:
    """Set a cookie and come here again; where it was lost, say so before anybody signs in, and offer a window of its own."""
    query = {"iss": iss, "launch": launch}
    if _PROBED in request.args:
        raise CookieLost(f"{request.path}?{urlencode(query)}")
    response = _redirected(f"{request.path}?{urlencode({**query, _PROBED: '1'})}")
    _set_cookie(response, _PROBE_COOKIE, "1", embedded=True, seconds=_PROBE_SECONDS)
    return response


def _set_cookie(response: Response, name: str, value: str, *, embedded: bool, seconds: int | None) -> None:
    """SEC-02: `__Host-`, Secure, HttpOnly; SameSite=None and Partitioned only where the EHR embeds us."""
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        path="/",
        secure=True,
        httponly=True,
        samesite="None" if embedded else "Lax",
        partitioned=embedded,
    )
