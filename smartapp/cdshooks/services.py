"""How a call becomes a subject, a chart and cards: one way for all hooks, each showing what concerns it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from smartapp.cdshooks.card_configuration import configured
from smartapp.cdshooks.cards import Addresses, Orders, cards_of
from smartapp.cdshooks.client_auth import CdsClientCaller
from smartapp.cdshooks.discharge_card import discharge_cards
from smartapp.cdshooks.feedback import FeedbackEntry
from smartapp.cdshooks.order_cards import Mending, order_cards
from smartapp.cdshooks.request import HookRequest
from smartapp.cdshooks.serialization import Card, Service
from smartapp.cdshooks.service_catalog import (
    ENCOUNTER_DISCHARGE,
    ENCOUNTER_START,
    NOT_ASKED,
    ORDER_SELECT,
    ORDER_SIGN,
    PATIENT_VIEW,
    leaned,
)
from smartapp.cdshooks.views import Answer, NotAnswered
from smartapp.clinical.assessment import Assessment
from smartapp.fhir.drafts import Draft, read_drafts, references
from smartapp.usecases.feedback import FeedbackEvent
from smartapp.usecases.hook_call import CalledChart, HookCall, HookSource, RequiredDataMissing
from smartapp.usecases.ports import Subject


class OpenSource(Protocol):
    """Opens the caller's FHIR server for a call that carries a token; None if the call carries none."""

    def __call__(self, hook: HookRequest) -> HookSource | None: ...


Checks = Callable[[Assessment], Mapping[str, Any] | None]
"""A fibrinogen check to order, None where one is ordered already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HookDependencies:
    """What answering needs, whichever hook asked; `ehrs` names the EHR at a FHIR base, `refer` gives a signed reference to cards
    of one deduplication key."""

    call: HookCall
    open_source: OpenSource
    addresses: Addresses
    orders: Callable[[Subject], Orders]
    checks: Callable[[Subject], Checks]
    refer: Callable[[str], str]
    ehrs: Mapping[str, str]
    same_records: Callable[[str], str] = lambda _: ""


Shows = Callable[[HookDependencies, Subject, Assessment, Sequence[Draft]], tuple[Card, ...]]
"""Which cards a hook shows of an assessment; the drafts are those that the hook looks at."""


def services(needs: HookDependencies, *, lean: bool = False) -> Mapping[str, tuple[Service, Answer]]:
    """Every service we offer by id, with the function that answers it; what no rule reads is not asked of a caller.

    `lean`: only what tells of an infusion is to be sent, and the rest is asked for where it tells of one.
    """
    queries = tuple(query for query in needs.call.site.queries if query.name not in NOT_ASKED)
    asking = replace(needs, call=replace(needs.call, site=replace(needs.call.site, queries=queries)))
    shown: Mapping[str, tuple[Service, Shows]] = {
        PATIENT_VIEW.id: (PATIENT_VIEW, whole_picture),
        ENCOUNTER_START.id: (ENCOUNTER_START, whole_picture),
        ENCOUNTER_DISCHARGE.id: (ENCOUNTER_DISCHARGE, before_discharge),
        ORDER_SELECT.id: (ORDER_SELECT, draft_orders),
        ORDER_SIGN.id: (ORDER_SIGN, draft_orders),
    }
    return {
        id_: (leaned(service) if lean else service, _answer(asking, service.id, shows))
        for id_, (service, shows) in shown.items()
    }


def whole_picture(
    needs: HookDependencies, subject: Subject, assessment: Assessment, _: Sequence[Draft]
) -> tuple[Card, ...]:
    """Everything there is to say of the patient."""
    drafted = needs.call.feedback.is_answered_by_a_draft(subject, assessment)
    return cards_of(assessment, needs.addresses, needs.orders(subject), drafted=drafted)


def before_discharge(
    needs: HookDependencies, subject: Subject, assessment: Assessment, _: Sequence[Draft]
) -> tuple[Card, ...]:
    """What is open, as one card."""
    del subject
    return discharge_cards(assessment, needs.addresses, needs.call.site.zone)


def draft_orders(
    needs: HookDependencies, subject: Subject, assessment: Assessment, drafts: Sequence[Draft]
) -> tuple[Card, ...]:
    """Only what touches a draft order (guideline 7a)."""
    mending = Mending(orders=needs.orders(subject), check=needs.checks(subject))
    return order_cards(assessment, drafts, needs.addresses, mending)


def _drafts(hook: HookRequest, needs: HookDependencies) -> tuple[Draft, ...]:
    """The drafts of this patient; at order-select none unless one is chosen, which must be in the bundle (CDS-11, ORD-11)."""
    if not hook.draft_orders:
        return ()
    if not set(hook.selections) <= references(hook.draft_orders):
        raise NotAnswered(400, "context.selections names an order that is not in context.draftOrders", "invalid")
    if hook.hook == "order-select" and not hook.selections:
        return ()
    return read_drafts(hook.draft_orders, needs.call.site.local_codes, hook.patient_id)


def _judged(hook: HookRequest, drafts: Sequence[Draft]) -> tuple[Draft, ...]:
    """Those that get a card of their own: at order-select the chosen ones; the set is judged whole (ORD-11)."""
    return tuple(draft for draft in drafts if hook.hook != "order-select" or draft.reference in hook.selections)


def _answer(needs: HookDependencies, service: str, shows: Shows) -> Answer:
    def answer(hook: HookRequest, caller: CdsClientCaller) -> tuple[Card, ...]:
        if not hook.by_professional:
            return ()
        subject, drafts = _subject(hook, caller, needs), _drafts(hook, needs)
        judged = _judged(hook, drafts)
        chart = CalledChart(
            patient=hook.patient_id, base=subject.fhir_base, prefetch=hook.prefetch, source=needs.open_source(hook)
        )
        try:
            shown = needs.call.cards(
                subject,
                chart,
                hook=hook.hook,
                service=service,
                caller=caller.name,
                drafts=tuple(draft.order for draft in drafts),
                present=lambda assessment: configured(shows(needs, subject, assessment, judged), hook.configuration),
            )
        except RequiredDataMissing as problem:
            raise NotAnswered(412, str(problem), "not-found") from None
        return tuple(_linked(card, needs.refer(key)) for card, key in shown)

    return answer


def _linked(card: Card, context: str) -> Card:
    """The app opened from this card shows the evaluation it spoke of: the link carries a signed reference, nothing else."""
    links = tuple(replace(link, app_context=context) if link.type == "smart" else link for link in card.links)
    return replace(card, links=links)


def take_feedback(needs: HookDependencies, caller: CdsClientCaller, entries: Sequence[FeedbackEntry]) -> int:
    """Keep what a client reports; how many of its events are on record now."""
    ehrs = frozenset(ehrs_of(needs, caller))
    for entry in entries:
        needs.call.feedback.take(
            ehrs,
            FeedbackEvent(
                card=entry.card,
                outcome=str(entry.outcome),
                at=entry.at.timestamp(),
                suggestions=entry.suggestions,
                reason_system=entry.reason_system,
                reason_code=entry.reason_code,
                comment=entry.comment,
            ),
        )
    return len(entries)


def ehrs_of(needs: HookDependencies, caller: CdsClientCaller) -> tuple[str, ...]:
    """The EHRs a caller speaks for, by name; a caller without a server of its own is known by its own name."""
    return tuple(needs.ehrs[server] for server in caller.fhir_servers if server in needs.ehrs) or (caller.name,)


def _subject(hook: HookRequest, caller: CdsClientCaller, needs: HookDependencies) -> Subject:
    """The same EHR, user and patient as in a launch; a call that names no server means the caller's first."""
    ehr = needs.ehrs.get(hook.fhir_server) or ehrs_of(needs, caller)[0]
    return Subject(
        ehr=ehr,
        same_as=needs.same_records(ehr),
        patient=hook.patient_id,
        user=hook.user_id,
        encounter=hook.encounter_id,
        reference=hook.hook_instance,
        fhir_base=hook.fhir_server or next(iter(caller.fhir_servers), ""),
    )
