"""The CDS Hooks service joined to its chart source, its orders and its callers."""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import Blueprint

from smartapp.cdshooks import views
from smartapp.cdshooks.cards import Addresses, Orders
from smartapp.cdshooks.request import HookRequest
from smartapp.cdshooks.services import OpenSource, Room, services
from smartapp.cdshooks.trust import Caller
from smartapp.clinical.assessment import Assessment
from smartapp.clinical.conclusions import Option
from smartapp.clinical.policy import SitePolicy
from smartapp.config.settings import CdsClient, Settings
from smartapp.ehr.client import FhirClient
from smartapp.ehr.source import FhirChartSource
from smartapp.factory.parts import Parts
from smartapp.factory.wiring import Connections, registration_of
from smartapp.fhir.proposals import Ordering, write_order, write_recheck
from smartapp.smart.scopes import parse_scopes
from smartapp.usecases.ports import Subject
from smartapp.usecases.proposal import order_of

_log = logging.getLogger("smartapp")


def hook_blueprint(parts: Parts) -> Blueprint:
    """All services we offer."""
    settings, base = parts.settings, parts.base
    room = Room(
        site=parts.site,
        log=parts.audit,
        clock=parts.clock,
        open_source=_hook_source(settings, parts.connections, parts.clock),
        addresses=Addresses(launch_url=f"{base}/launch", rules_url=f"{base}/rules"),
        orders=lambda subject: _suggested(subject, base, parts.clock, parts.site.policy),
    )
    callers = tuple(_caller(client, development=settings.development) for client in settings.cds_client)
    return views.create_blueprint(services(room), callers, _hook_refused)


def _caller(client: CdsClient, *, development: bool) -> Caller:
    """Only in development may a caller come without a token."""
    return Caller(
        name=client.name,
        fhir_servers=client.fhir_servers,
        cors_origins=client.cors_origins,
        require_jwt=client.require_jwt or not development,
    )


def _hook_source(settings: Settings, connections: Connections, clock: Callable[[], datetime]) -> OpenSource:
    by_base = {ehr.fhir_base: registration_of(ehr) for ehr in settings.ehr}

    def open_source(hook: HookRequest) -> FhirChartSource | None:
        if hook.authorization is None:
            return None
        granted = parse_scopes(hook.authorization.scope)

        def may_read(resource: str) -> str:
            letter = "r" if resource == "Patient" else "s"
            return "" if granted.may(resource, letter) else f"the call's token does not grant reading {resource}"

        token = _HookToken(hook.authorization.access_token)
        client = FhirClient(hook.fhir_server, connections.of(by_base[hook.fhir_server]), token)
        return FhirChartSource(
            client, hook.patient_id, as_of=clock, may_read=may_read, seconds=float(settings.budgets.hook) - 0.5
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


def _suggested(subject: Subject, base: str, clock: Callable[[], datetime], policy: SitePolicy) -> Orders:
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


def _hook_refused(service: str, why: str) -> None:
    _log.info("hook %s refused: %s", service, why)
