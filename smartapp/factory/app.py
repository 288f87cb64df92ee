"""The Flask application from the settings."""

import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Flask

from smartapp import assets
from smartapp.clinical.rules import all_rules
from smartapp.config.settings import Settings
from smartapp.factory.builders import Charts, registration_of
from smartapp.factory.hooks import hook_blueprint
from smartapp.factory.parts import Parts, make_parts
from smartapp.factory.sessions import StoredLaunches, subject_of
from smartapp.ops.rate_limits import Rate, limit_pages, make_limiter
from smartapp.ops.readiness import missing
from smartapp.outbound import OutboundError, origin_of
from smartapp.smart import views as smart_views
from smartapp.smart.errors import LaunchProblem
from smartapp.smart.session import SmartSession
from smartapp.storage.last_viewed import LastViewStore
from smartapp.usecases.patient_page import PatientPage
from smartapp.web import operations, pages, problems, proposals, protection, receipts, rules
from smartapp.web.compression import compress_pages
from smartapp.web.static_files import serve_static

_MAX_BODY = 6 * 1024 * 1024


def create_app(settings: Settings, *, now: Callable[[], datetime] | None = None, workers: int = 1) -> Flask:
    """The application; `now` is the clinical now (frozen by `--clock`), tokens and sessions keep real time.

    `workers` is how many processes like this one answer together: each gets its share of the rates.
    """
    app = Flask("smartapp", template_folder=str(assets.templates()), static_folder=str(assets.static()))
    serve_static(app, assets.static())
    app.debug = False  # whatever FLASK_DEBUG says (SEC-34)
    app.url_map.strict_slashes = True
    app.config["MAX_CONTENT_LENGTH"] = _MAX_BODY
    parts = make_parts(settings, now or (lambda: datetime.now(UTC)))
    app.extensions["database"] = parts.database  # for whoever ends the app to close
    parts.requests.tell_of(app)
    problems.handle(app, parts.requests.problem)
    compress_pages(app)
    protection.protect(app, {name: entry.frame_ancestors for name, entry in parts.registrations.items()})
    charts = parts.charts(alone=workers == 1)
    _register_launch(app, parts, charts)
    _register_pages(app, parts, charts)
    limiter, limits = make_limiter(), settings.limits
    limit_pages(app, Rate(limiter, "pages", limits.launch, workers))
    app.register_blueprint(hook_blueprint(parts, Rate(limiter, "hooks", limits.hooks, workers)))
    return app


def _register_launch(app: Flask, parts: Parts, charts: Charts) -> None:
    def launched(session: SmartSession) -> None:
        charts.read_ahead(session, parts.site.queries)
        parts.audit.noted(subject_of(session), "launched", f"granted {session.scope}")

    app.register_blueprint(
        smart_views.create_blueprint(
            flow=parts.flow(), keys=parts.keys, manifest=lambda: manifest(parts.settings), launched=launched
        )
    )


def _register_pages(app: Flask, parts: Parts, charts: Charts) -> None:
    settings, door = parts.settings, _launches(parts, charts)
    page = _patient_page(parts, door)
    forms = protection.FormTokens([secret.hex() for secret in parts.keyring.signing_secrets])
    own = origin_of(parts.base)
    standalone = [name for name, entry in parts.registrations.items() if entry.client_id]
    shown = {"organization": settings.organization, "development": settings.development}
    app.register_blueprint(
        pages.create_blueprint(door=door, page=page, tokens=forms, own_origin=own, standalone=standalone, shown=shown)
    )
    app.register_blueprint(proposals.create_blueprint(door=door, page=page, tokens=forms, own_origin=own))
    app.register_blueprint(proposals.create_standing_blueprint(door=door, page=page, tokens=forms, own_origin=own))
    app.register_blueprint(receipts.create_blueprint(door=door, page=page, keys=parts.receipts().public_keys))
    app.register_blueprint(rules.create_blueprint(all_rules(), parts.site.policy))
    app.register_blueprint(
        operations.create_blueprint(
            lambda: missing(parts.database, parts.keys), parts.requests.metrics.text, parts.throttles.troubled
        )
    )


def _launches(parts: Parts, charts: Charts) -> StoredLaunches:
    return StoredLaunches(
        store=parts.store,
        charts=charts,
        queries=parts.site.queries,
        card_of=parts.references().likeness,
        revoke=lambda session: _revoked(session, parts),
        entries=parts.entries(),
        same_records=parts.settings.same_records,
        idle_minutes=float(parts.settings.limits.idle_minutes),
    )


def _patient_page(parts: Parts, launches: StoredLaunches) -> PatientPage:
    return PatientPage(
        site=parts.site,
        log=parts.audit,
        orders=parts.orders(),
        feedback=parts.answers(),
        launches=launches,
        last_views=LastViewStore(parts.database, parts.keyring, time.time),
        clock=parts.clock,
        seconds=time.time,
    )


def manifest(settings: Settings) -> Mapping[str, Any]:
    """launch.json with the deployed base URL (SAL-02)."""
    text = assets.launch_json().read_text(encoding="utf-8")
    rendered: dict[str, Any] = json.loads(text.replace("https://app.example.org", settings.base_url.rstrip("/")))
    words = dict.fromkeys(word for ehr in settings.ehr for word in registration_of(ehr).refresh_words)
    rendered["scope"] = " ".join((rendered["scope"], *words))
    return rendered


def _revoked(session: SmartSession, parts: Parts) -> None:
    """RFC 7009; a failure is logged, not shown (SAL-83)."""
    registration = parts.registrations[session.ehr]
    for token in filter(None, (session.refresh_token, session.access_token)):
        try:
            endpoints = parts.discovery.endpoints(registration)
            refused = parts.tokens.revoke(registration, endpoints, token) if endpoints.revoke else ""
        except (OutboundError, LaunchProblem) as error:
            refused = type(error).__name__
        if refused:
            parts.requests.warned("revocation failed", ehr=session.ehr, launch=session.launch, why=refused)
