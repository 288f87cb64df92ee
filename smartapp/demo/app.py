"""The demo EHR as a Flask app: FHIR server, gate, authorization server and chart screens joined."""

import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import count
from typing import Any

from flask import Flask, Response

from smartapp.demo.authorization_server import create_server
from smartapp.demo.authorize import create_authorization
from smartapp.demo.calls import Caller, HookKey
from smartapp.demo.cards import Waiting
from smartapp.demo.chart_screen import create_screens
from smartapp.demo.concurrent_order import Colleague
from smartapp.demo.conformance import Conformance, Refusal
from smartapp.demo.console import Console
from smartapp.demo.faults import Faults
from smartapp.demo.fhir_gate import Gate, create_gate
from smartapp.demo.fhir_server import FhirServer
from smartapp.demo.hooks import HookCaller, Seen
from smartapp.demo.hospital import Hospital
from smartapp.demo.pad import Pads
from smartapp.demo.pad_screen import create_pad
from smartapp.demo.profiles import PLAIN, PROFILES
from smartapp.demo.stories import CLINICIAN, lay_out, read_stories
from smartapp.demo.token_issue import Realm
from smartapp.demo.tokens import AccessToken, DemoUser, LaunchContext, TokenStore

CLINICIAN_USER = DemoUser(reference="Practitioner/osei", name="Dr N Osei")
_HOOK_SECONDS = 300
_HOOK_SCOPE = "patient/*.rs"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoEhr:
    """The running demo, for tests: `app.extensions["demo_ehr"]`."""

    hospital: Hospital
    realm: Realm
    conformance: Conformance | None = None

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """What was asked since the last reset that the profile does not declare."""
        return tuple(self.conformance.refusals) if self.conformance else ()

    @property
    def faults(self) -> Faults:
        """The fault switches."""
        return self.realm.faults

    def create_launch(
        self,
        patient: str,
        *,
        user: DemoUser = CLINICIAN_USER,
        scopes: tuple[str, ...] | None = None,
        app_context: str = "",
    ) -> str:
        """An opaque launch id; `scopes` are the only words that may be granted, `user` may be a Patient."""
        encounter = self.hospital.stories[patient].encounter
        context = LaunchContext(patient=patient, encounter=encounter, user=user, scopes=scopes, app_context=app_context)
        return self.realm.tokens.add_launch(context)

    def reset(self) -> None:
        """Stories laid out anew, faults off, sessions ended."""
        self.hospital.reset()


def create_demo(
    *,
    base_url: str,
    app_url: str,
    now: Callable[[], datetime],
    template_folder: str,
    static_folder: str,
    profile: str = PLAIN,
) -> Flask:
    """The demo EHR at `base_url`, with the app at `app_url`; `now` is the clinical now, tokens use real time; `profile` names
    the EHR whose restrictions and habits it takes on."""
    app = Flask(__name__, template_folder=template_folder, static_folder=static_folder)
    server, tokens, faults, console = FhirServer(f"{base_url}/fhir"), TokenStore(), Faults(), Console()
    hook_key = HookKey(base_url)
    declared = PROFILES[profile]
    realm = Realm(base_url=base_url, app_url=app_url, tokens=tokens, faults=faults, hook_key=hook_key, profile=declared)
    conformance = Conformance(declared, server, faults) if declared else None
    stories = {story.patient: story for story in read_stories()}

    pads, waiting, editions, colleague = Pads(), Waiting(), count(), Colleague(server, faults, now)

    def reset() -> None:
        server.clear()
        tokens.clear()
        faults.clear()
        pads.clear()
        waiting.clear()
        colleague.clear()
        if conformance:
            conformance.clear()
        moment, edition = now(), next(editions)
        server.load(
            [CLINICIAN, *(resource for story in stories.values() for resource in lay_out(story, moment, edition))]
        )
        server.learn()

    caller = Caller(app_url, hook_key, console)
    hooks = HookCaller(caller, server, faults, lambda seen: _authorization(tokens, seen))
    hospital = Hospital(
        app_url=app_url,
        server=server,
        tokens=tokens,
        faults=faults,
        console=console,
        hooks=hooks,
        pads=pads,
        waiting=waiting,
        stories=stories,
        user=CLINICIAN_USER,
        now=now,
        reset=reset,
    )
    reset()
    _register(app, hospital, realm, colleague, conformance)
    app.extensions["demo_ehr"] = DemoEhr(hospital=hospital, realm=realm, conformance=conformance)
    return app


def _register(
    app: Flask, hospital: Hospital, realm: Realm, colleague: Colleague, conformance: Conformance | None
) -> None:
    endpoints = {
        "authorize": f"{realm.base_url}/authorize",
        "token": f"{realm.base_url}/token",
        "revoke": f"{realm.base_url}/revoke",
    }
    hospital.console.listen(app)
    app.register_blueprint(create_authorization(create_server(realm), hospital.user, lambda: _choices(hospital)))
    gate = Gate(hospital.server, hospital.tokens.access, hospital.faults, endpoints, colleague, conformance)
    app.register_blueprint(create_gate(gate))
    app.register_blueprint(create_screens(hospital))
    app.register_blueprint(create_pad(hospital))
    app.add_url_rule("/refused", "refused", lambda: _refused(conformance))
    policy = _content_policy(hospital.app_url)

    @app.after_request
    def protect(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "no-referrer")
        if response.mimetype == "text/html":
            response.headers["Cache-Control"] = "no-store"
        return response


def _refused(conformance: Conformance | None) -> dict[str, Any]:
    """The profile, and what was asked of it that it does not declare."""
    if conformance is None:
        return {"profile": PLAIN, "refused": []}
    return {"profile": conformance.profile.name, "refused": [asdict(one) for one in conformance.refusals]}


def _content_policy(app_url: str) -> str:
    parts = (
        "default-src 'none'",
        "style-src 'self'",
        f"frame-src 'self' {app_url}",
        f"form-action 'self' {app_url}",
        "base-uri 'none'",
        f"frame-ancestors 'self' {app_url}",
    )
    return "; ".join(parts)


def _choices(hospital: Hospital) -> list[tuple[str, str]]:
    shown = ((story.patient, hospital.server.read("Patient", story.patient)) for story in hospital.stories.values())
    return [(patient, stored["name"][0]["text"]) for patient, stored in shown if stored]


def _authorization(tokens: TokenStore, seen: Seen) -> dict[str, Any]:
    """fhirAuthorization of a hook call: five minutes, one patient, reading only."""
    context = LaunchContext(patient=seen.patient, encounter=seen.encounter, user=CLINICIAN_USER)
    token = AccessToken(
        access=secrets.token_urlsafe(32),
        refresh="",
        client_id="fibrinogen-watch",
        scope=_HOOK_SCOPE,
        launch=context,
        ends=tokens.clock() + _HOOK_SECONDS,
        family=secrets.token_urlsafe(12),
        from_launch=False,
    )
    tokens.add_token(token)
    return {
        "access_token": token.access,
        "token_type": "Bearer",
        "expires_in": _HOOK_SECONDS,
        "scope": _HOOK_SCOPE,
        "subject": token.client_id,
        "patient": seen.patient,
    }
