"""The Flask application from the settings."""

import json
import logging
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from flask import Flask

from smartapp import assets
from smartapp.cdshooks import views as hook_views
from smartapp.cdshooks.cards import Addresses, Orders
from smartapp.cdshooks.request import Authorization
from smartapp.cdshooks.services import patient_view
from smartapp.cdshooks.trust import Caller
from smartapp.clinical.assessment import Assessment
from smartapp.clinical.conclusions import Option
from smartapp.clinical.rule import Rule
from smartapp.clinical.rules import all_rules
from smartapp.config.settings import Settings
from smartapp.ehr.client import FhirClient
from smartapp.ehr.source import FhirChartSource
from smartapp.factory.desk import ClinicalDesk
from smartapp.factory.wiring import Charts, Connections, KeyRows, database_of, keyring_of, registration_of, site_of
from smartapp.fhir.proposals import Ordering, write_order, write_recheck
from smartapp.fhir.queries import QUERIES, read_scopes
from smartapp.outbound import OutboundError, origin_of
from smartapp.smart import views as smart_views
from smartapp.smart.discovery import Discovery
from smartapp.smart.errors import LaunchProblem
from smartapp.smart.flow import LaunchFlow
from smartapp.smart.identity import Identities
from smartapp.smart.keys import SigningKeys
from smartapp.smart.scopes import parse_scopes
from smartapp.smart.session import SmartSession
from smartapp.smart.tokens import TokenEndpoint
from smartapp.storage.audit import AuditLog
from smartapp.storage.database import SchemaError
from smartapp.storage.keys import StoredKeys
from smartapp.storage.launches import LaunchStore
from smartapp.storage.proposals import ProposalStore
from smartapp.usecases.accept import Acceptance
from smartapp.usecases.ports import Subject
from smartapp.usecases.proposal import order_of
from smartapp.usecases.writing import OrderWriting
from smartapp.web import operations, pages, problems, proposals, protection, rules

_log = logging.getLogger("smartapp")


def create_app(settings: Settings, *, now: Callable[[], datetime] | None = None) -> Flask:
    """The application; `now` is the clinical now (frozen by `--clock`), tokens and sessions keep real time."""
    clock = now or (lambda: datetime.now(UTC))
    app = Flask("smartapp", template_folder=str(assets.templates()), static_folder=str(assets.static()))
    app.url_map.strict_slashes = True
    app.config["MAX_CONTENT_LENGTH"] = 6 * 1024 * 1024
    base = settings.base_url.rstrip("/")
    database, keyring, site = database_of(settings), keyring_of(settings), site_of(settings)
    store = LaunchStore(database, keyring, time.time)
    audit = AuditLog(database, time.time)
    connections = Connections(settings)
    registrations = {ehr.name: registration_of(ehr) for ehr in settings.ehr}
    keys = SigningKeys(KeyRows(StoredKeys(database, keyring, time.time)))
    keys.ensure()
    seconds = float(settings.budgets.authorization)
    discovery = Discovery(connections.of, seconds=seconds)
    tokens = TokenEndpoint(connections.of, keys, seconds=seconds)
    flow = LaunchFlow(
        registrations=tuple(registrations.values()),
        redirect_uri=f"{base}/callback",
        discovery=discovery,
        tokens=tokens,
        identities=Identities(connections.of, seconds=seconds),
        store=store,
        read_scopes=lambda style: read_scopes(QUERIES, style),
        state_minutes=float(settings.limits.state_minutes),
        absolute_minutes=float(settings.limits.absolute_minutes),
    )
    charts = Charts(
        settings=settings,
        registrations=registrations,
        connections=connections,
        discovery=discovery,
        tokens=tokens,
        store=store,
        now=clock,
    )
    proposal_store = ProposalStore(database, keyring, time.time)
    acceptance = Acceptance(
        proposals=proposal_store,
        site=site,
        writing=OrderWriting(
            proposals=proposal_store,
            policy=site.policy,
            log=audit,
            clock=clock,
            base_url=base,
            organization=settings.organization,
        ),
        log=audit,
        clock=clock,
        seconds=time.time,
        minutes=float(settings.limits.proposal_minutes),
    )

    def signed_out(session: SmartSession) -> None:
        _revoked(session, registrations, discovery, tokens)

    desk = ClinicalDesk(
        store=store,
        site=site,
        log=audit,
        acceptance=acceptance,
        clock=clock,
        source_of=charts.source_of,
        writer_of=charts.writer_of,
        signed_out=signed_out,
        idle_minutes=float(settings.limits.idle_minutes),
    )

    def launched(session: SmartSession) -> None:
        audit.noted(_subject(session), "launched", f"granted {session.scope}")

    forms = protection.FormTokens([secret.hex() for secret in keyring.signing_secrets])
    shown = {"organization": settings.organization, "development": settings.development}
    problems.handle(app, _logged)
    protection.protect(app, {name: entry.frame_ancestors for name, entry in registrations.items()})
    standalone = [name for name, entry in registrations.items() if entry.client_id]
    app.register_blueprint(
        smart_views.create_blueprint(flow=flow, keys=keys, manifest=lambda: manifest(settings), launched=launched)
    )
    app.register_blueprint(
        pages.create_blueprint(desk=desk, tokens=forms, own_origin=origin_of(base), standalone=standalone, shown=shown)
    )
    app.register_blueprint(proposals.create_blueprint(desk=desk, tokens=forms, own_origin=origin_of(base)))
    app.register_blueprint(rules.create_blueprint(_rule_pages(), site.policy))
    app.register_blueprint(operations.create_blueprint(lambda: _lacking(database)))
    service, answer = patient_view(
        site=site,
        log=audit,
        clock=clock,
        open_source=_hook_source(settings, connections, clock),
        addresses=Addresses(launch_url=f"{base}/launch", rules_url=f"{base}/rules"),
        orders=lambda subject: _suggested(subject, base, clock, site.policy),
    )
    callers = tuple(
        Caller(
            name=client.name,
            fhir_servers=client.fhir_servers,
            cors_origins=client.cors_origins,
            require_jwt=client.require_jwt or not settings.development,
        )
        for client in settings.cds_client
    )
    app.register_blueprint(hook_views.create_blueprint({service.id: (service, answer)}, callers, _hook_refused))
    return app


def manifest(settings: Settings) -> Mapping[str, Any]:
    """launch.json with the deployed base URL (SAL-02)."""
    text = assets.launch_json().read_text(encoding="utf-8")
    rendered: dict[str, Any] = json.loads(text.replace("https://app.example.org", settings.base_url.rstrip("/")))
    return rendered


def _rule_pages() -> Sequence[tuple[Rule, str]]:
    """Each rule with the words of its module."""
    return [(rule, sys.modules[rule.applies.__module__].__doc__ or "") for rule in all_rules()]


def _subject(session: SmartSession) -> Subject:
    return Subject(
        ehr=session.ehr,
        patient=session.patient,
        user=session.user.reference,
        encounter=session.encounter,
        reference=session.launch,
    )


def _revoked(
    session: SmartSession, registrations: Mapping[str, Any], discovery: Discovery, tokens: TokenEndpoint
) -> None:
    """RFC 7009; a failure is logged, not shown (SAL-83)."""
    registration = registrations[session.ehr]
    try:
        endpoints = discovery.endpoints(registration)
        if not endpoints.revoke:
            return
        for token in filter(None, (session.refresh_token, session.access_token)):
            tokens.revoke(registration, endpoints, token)
    except (OutboundError, LaunchProblem):
        _log.warning("revocation at %s failed", session.ehr)


def _hook_source(
    settings: Settings, connections: Connections, clock: Callable[[], datetime]
) -> Callable[[str, Authorization, str], FhirChartSource]:
    by_base = {ehr.fhir_base: registration_of(ehr) for ehr in settings.ehr}

    def open_source(base: str, authorization: Authorization, patient: str) -> FhirChartSource:
        granted = parse_scopes(authorization.scope)

        def may_read(resource: str) -> str:
            letter = "r" if resource == "Patient" else "s"
            return "" if granted.may(resource, letter) else f"the call's token does not grant reading {resource}"

        client = FhirClient(base, connections.of(by_base[base]), _HookToken(authorization.access_token))
        return FhirChartSource(
            client, patient, as_of=clock, may_read=may_read, seconds=float(settings.budgets.hook) - 0.5
        )

    return open_source


class _HookToken:
    """A hook's token: for this call only, never refreshed (CDS-31)."""

    def __init__(self, token: str) -> None:
        self._token = token

    def current(self) -> str:
        """The token."""
        return self._token

    def refreshed(self, stale: str) -> str | None:
        """Never."""
        del stale
        return None


def _suggested(subject: Subject, base: str, clock: Callable[[], datetime], policy: Any) -> Orders:
    """The same orders as the app would write, as suggestions: draft, proposal, no requester (CDS-48)."""

    def orders(assessment: Assessment, option: Option) -> Sequence[Mapping[str, Any]]:
        order = order_of(assessment, option)
        ordering = Ordering(
            patient=subject.patient,
            at=clock(),
            rules_url=f"{base}/rules",
            encounter=subject.encounter,
            component_resource=policy.get("component_resource"),
            recheck_after_h=policy.get("recheck_after_dose_h"),
        )
        return write_order(order, ordering), write_recheck(order, ordering)

    return orders


def _lacking(database: Any) -> Sequence[str]:
    try:
        database.check()
    except SchemaError as error:
        return [str(error)]
    except OSError:
        return ["the database cannot be opened"]
    return []


def _logged(reference: str, path: str, status: int, error: BaseException | None) -> None:
    """Ids and paths only; an unforeseen exception with its trace."""
    where = "/".join(part if len(part) < 16 else "…" for part in path.split("/"))
    if error is None:
        _log.info("problem %s at %s: %s", reference, where, status)
    else:
        _log.error("problem %s at %s: %s", reference, where, status, exc_info=error)


def _hook_refused(service: str, why: str) -> None:
    _log.info("hook %s refused: %s", service, why)
