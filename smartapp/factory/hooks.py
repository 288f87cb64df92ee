"""The CDS Hooks service joined to its chart source, its orders and its callers."""

import atexit
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask import Blueprint

from smartapp import __version__
from smartapp.cdshooks import views
from smartapp.cdshooks.cards import Addresses, Orders
from smartapp.cdshooks.request import Authorization, HookRequest
from smartapp.cdshooks.services import Checks, HookDependencies, OpenSource, services, take_feedback
from smartapp.clinical.assessment import Assessment
from smartapp.clinical.derived_facts import Option
from smartapp.clinical.policy import SitePolicy
from smartapp.config.settings import Settings
from smartapp.ehr.client import FhirClient
from smartapp.ehr.deadline_source import HurriedSource
from smartapp.ehr.errors import NotPermitted
from smartapp.ehr.source import FhirChartSource
from smartapp.factory.builders import registration_of
from smartapp.factory.callers import gate_of
from smartapp.factory.parts import Parts
from smartapp.fhir.proposals import Ordering, RecheckClock, check_body, order_body, recheck_body
from smartapp.fhir.queries import letter_to_read
from smartapp.ops.rate_limits import Rate
from smartapp.smart.scopes import parse_scopes
from smartapp.usecases.call_counts import CallCounts
from smartapp.usecases.hook_call import HookCall
from smartapp.usecases.orders.basis import order_of
from smartapp.usecases.orders.offer import Offers
from smartapp.usecases.ports import Subject

_ASSESSING_SECONDS, _STATEMENT_SECONDS = 0.5, 1.0


def hook_blueprint(parts: Parts, rate: Rate) -> Blueprint:
    """All services we offer."""
    settings, base, offers = parts.settings, parts.base, parts.orders().offers
    needs = HookDependencies(
        call=HookCall(
            site=parts.site,
            clock=parts.clock,
            feedback=parts.answers(),
            counts=_counts(parts),
            entries=parts.entries().of,
        ),
        open_source=_hook_source(settings, parts),
        addresses=Addresses(launch_url=f"{base}/launch", rules_url=f"{base}/rules"),
        orders=lambda subject: _suggested(_ordering(subject, base, parts), _identifiers(subject, base, offers)),
        checks=lambda subject: _checks(_ordering(subject, base, parts), parts.site.policy),
        refer=parts.references().refer,
        ehrs={ehr.fhir_base: ehr.name for ehr in settings.ehr},
        same_records=settings.same_records,
    )
    desk = views.Desk(
        services=services(needs, lean=settings.hooks.prefetch == "lean"),
        gate=gate_of(settings, parts.database, parts.requests.pool),
        base_url=base,
        version=__version__,
        seconds=float(settings.budgets.hook),
        wait=rate.wait,
        take=lambda caller, entries: take_feedback(needs, caller, entries),
        refused=parts.requests.refused,
    )
    return views.create_blueprint(desk)


def _counts(parts: Parts) -> CallCounts:
    """Counts in this process, written each hour and when it stops."""
    counts = CallCounts(parts.audit.counted, time.time)
    atexit.register(counts.close)
    return counts


def _hook_source(settings: Settings, parts: Parts) -> OpenSource:
    connections, statements, throttles = parts.connections, parts.statements, parts.throttles
    by_base = {ehr.fhir_base: registration_of(ehr) for ehr in settings.ehr}

    def open_source(hook: HookRequest) -> HurriedSource | None:
        if hook.authorization is None:
            return None
        granted = parse_scopes(hook.authorization.scope)

        def may_read(resource: str) -> str:
            return (
                ""
                if granted.may(resource, letter_to_read(resource))
                else f"the call's token does not grant patient/{resource}.rs"
            )

        def hidden(resource: str) -> str:
            limits = granted.constraints(resource, "s")
            return f"the call's token grants {resource} only where {' or '.join(limits)}" if limits else ""

        outbound = connections.of(by_base[hook.fhir_server])
        throttle = throttles.of(by_base[hook.fhir_server].name)
        client = FhirClient(hook.fhir_server, outbound, _HookToken(hook.authorization), throttle=throttle)
        until = hook.deadline - _ASSESSING_SECONDS
        patience = max(min(until - time.monotonic(), _STATEMENT_SECONDS), 0.0)
        source = FhirChartSource(
            client,
            hook.patient_id,
            as_of=parts.clock,
            may_read=may_read,
            hidden=hidden,
            capabilities=lambda: statements.within(hook.fhir_server, outbound, patience),
        )
        return HurriedSource(source, until)

    return open_source


class _HookToken:
    """A hook's token: in memory, for this call and its stated life only, never refreshed (CDS-31)."""

    def __init__(self, authorization: Authorization) -> None:
        self._token = authorization.access_token
        self._until = time.monotonic() + authorization.expires_in

    def current(self) -> str:
        """The token, while it lives."""
        if time.monotonic() >= self._until:
            raise NotPermitted("the call's token has expired")
        return self._token

    def refreshed(self, stale: str) -> str | None:
        """Never."""
        del stale
        return None


def _ordering(subject: Subject, base: str, parts: Parts) -> Ordering:
    """As the app would write: draft, proposal, no requester (CDS-48)."""
    policy = parts.site.policy
    return Ordering(
        patient=subject.patient,
        at=parts.clock(),
        rules_url=f"{base}/rules",
        encounter=subject.encounter,
        component_resource=policy.get("component_resource"),
        recheck_after_h=policy.get("recheck_after_dose_h"),
        recheck_clock=RecheckClock(policy.get("recheck_clock")),
    )


def _identifiers(subject: Subject, base: str, offers: Offers) -> Callable[[str], tuple[str, str]]:
    """The identifier under which the app would write for a result: a draft taken from a card is known as ours (REP-13, *Quiet*)."""
    return lambda basis: (f"{base}/proposal", offers.identifier(subject, basis))


def _suggested(ordering: Ordering, identifier: Callable[[str], tuple[str, str]]) -> Orders:
    """The order of an option, and its follow-up."""

    def orders(assessment: Assessment, option: Option) -> Sequence[Mapping[str, Any]]:
        order = order_of(assessment, option)
        system, value = identifier(order.basis)
        # two products are two orders, whichever a client takes: only the preferred one bears the app's own identifier
        other = "" if option.preferred else f"-{option.product}"
        named = replace(ordering, identifier=(system, f"{value}{other}"))
        return order_body(order, named), recheck_body(order, named)

    return orders


def _checks(ordering: Ordering, policy: SitePolicy) -> Checks:
    """A fibrinogen check after tocilizumab, unless one is ordered already (ORD-10)."""

    def check(assessment: Assessment) -> Mapping[str, Any] | None:
        if any(order.fibrinogen_test for order in assessment.picture.orders):
            return None
        due = ordering.at + policy.span("monitor_interval_h.post_toci")
        return check_body(ordering, due, "Fibrinogen often falls after tocilizumab")

    return check
