"""How a call becomes a subject, a chart and cards: one way for all hooks, each showing what concerns it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
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
from smartapp.fhir.chart import Chart
from smartapp.fhir.drafts import Draft, read_drafts, references
from smartapp.usecases.assess import Site, assess_chart, data_sets
from smartapp.usecases.call_counts import CallCounts
from smartapp.usecases.feedback import Answers, FeedbackEvent, Said, Told
from smartapp.usecases.hook_call import CalledChart, HookSource, RequiredDataMissing
from smartapp.usecases.ports import Subject


class OpenSource(Protocol):
    """Opens the caller's FHIR server for a call that carries a token; None if the call carries none."""

    def __call__(self, hook: HookRequest) -> HookSource | None: ...


Checks = Callable[[Assessment], Mapping[str, Any] | None]
"""A fibrinogen check to order, None where one is ordered already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What answering needs, whichever hook asked; `clock` gives the clinical now, `ehrs` the name of the EHR at a FHIR base,
    `refer` a signed reference to cards of one likeness."""

    site: Site
    clock: Callable[[], datetime]
    open_source: OpenSource
    addresses: Addresses
    orders: Callable[[Subject], Orders]
    checks: Callable[[Subject], Checks]
    answers: Answers
    counts: CallCounts
    refer: Callable[[str], str]
    ehrs: Mapping[str, str]


Shows = Callable[[Room, Subject, Assessment, Sequence[Draft]], tuple[Card, ...]]
"""Which cards a hook shows of an assessment; the drafts are those that the hook looks at."""


def services(room: Room, *, lean: bool = False) -> Mapping[str, tuple[Service, Answer]]:
    """Every service we offer by id, with the function that answers it; what no rule reads is not asked of a caller.

    `lean`: only what tells of an infusion is to be sent, and the rest is asked for where it tells of one.
    """
    queries = tuple(query for query in room.site.queries if query.name not in NOT_ASKED)
    asking = replace(room, site=replace(room.site, queries=queries))
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


def whole_picture(room: Room, subject: Subject, assessment: Assessment, _: Sequence[Draft]) -> tuple[Card, ...]:
    """Everything there is to say of the patient."""
    return cards_of(assessment, room.addresses, room.orders(subject))


def before_discharge(room: Room, subject: Subject, assessment: Assessment, _: Sequence[Draft]) -> tuple[Card, ...]:
    """What is open, as one card."""
    del subject
    return discharge_cards(assessment, room.addresses, room.site.zone)


def draft_orders(room: Room, subject: Subject, assessment: Assessment, drafts: Sequence[Draft]) -> tuple[Card, ...]:
    """Only what touches a draft order (guideline 7a)."""
    mending = Mending(orders=room.orders(subject), check=room.checks(subject))
    return order_cards(assessment, drafts, room.addresses, mending)


def _drafts(hook: HookRequest, room: Room) -> tuple[Draft, ...]:
    """The drafts of this patient: at order-select the chosen ones, which must be in the bundle (CDS-11)."""
    if not hook.draft_orders:
        return ()
    if not set(hook.selections) <= references(hook.draft_orders):
        raise NotAnswered(400, "context.selections names an order that is not in context.draftOrders", "invalid")
    drafts = read_drafts(hook.draft_orders, room.site.local_codes, hook.patient_id)
    return tuple(d for d in drafts if hook.hook != "order-select" or d.reference in hook.selections)


def _answer(room: Room, service: str, shows: Shows) -> Answer:
    def answer(hook: HookRequest, caller: CdsClientCaller) -> tuple[Card, ...]:
        if not hook.by_professional:
            return ()
        subject, drafts = _subject(hook, caller, room), _drafts(hook, room)
        as_of = room.clock()
        chart = _read(hook, subject, room, as_of)
        if chart is None:
            room.counts.count(service, caller.name)
            return ()
        assessment = assess_chart(chart, site=room.site, as_of=as_of, drafts=tuple(draft.order for draft in drafts))
        told = Told(subject=subject, assessment=assessment, read=data_sets(chart, room.site.queries))
        return _heard(room, hook, told, configured(shows(room, subject, assessment, drafts), hook.configuration))

    return answer


def _heard(room: Room, hook: HookRequest, told: Told, cards: tuple[Card, ...]) -> tuple[Card, ...]:
    """The cards that say something new to this user (CDS-54); shown or withheld, each is recorded (CDS-42)."""
    said = [Said(card=c.uuid, rules=c.rules, indicator=c.indicator, about=c.about) for c in cards]
    shown = room.answers.shown(told, hook.hook, f"coagulopathy-{hook.hook}", said)
    return tuple(_linked(card, room.refer(shown[card.uuid])) for card in cards if card.uuid in shown)


def _linked(card: Card, context: str) -> Card:
    """The app opened from this card shows the evaluation it spoke of: the link carries a signed reference, nothing else."""
    links = tuple(replace(link, app_context=context) if link.type == "smart" else link for link in card.links)
    return replace(card, links=links)


def take_feedback(room: Room, caller: CdsClientCaller, entries: Sequence[FeedbackEntry]) -> int:
    """Keep what a client reports; how many of its events are on record now."""
    ehrs = frozenset(ehrs_of(room, caller))
    for entry in entries:
        room.answers.take(
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


def ehrs_of(room: Room, caller: CdsClientCaller) -> tuple[str, ...]:
    """The EHRs a caller speaks for, by name; a caller without a server of its own is known by its own name."""
    return tuple(room.ehrs[server] for server in caller.fhir_servers if server in room.ehrs) or (caller.name,)


def _subject(hook: HookRequest, caller: CdsClientCaller, room: Room) -> Subject:
    """The same EHR, user and patient as in a launch; a call that names no server means the caller's first."""
    return Subject(
        ehr=room.ehrs.get(hook.fhir_server) or ehrs_of(room, caller)[0],
        patient=hook.patient_id,
        user=hook.user_id,
        encounter=hook.encounter_id,
        reference=hook.hook_instance,
        fhir_base=hook.fhir_server or next(iter(caller.fhir_servers), ""),
    )


def _read(hook: HookRequest, subject: Subject, room: Room, as_of: datetime) -> Chart | None:
    """The chart, None where nothing tells of an infusion; 412 where required data cannot be had (CDS-22, CDS-23)."""
    called = CalledChart(
        patient=hook.patient_id, base=subject.fhir_base, prefetch=hook.prefetch, source=room.open_source(hook)
    )
    try:
        return called.read(room.site, as_of)
    except RequiredDataMissing as problem:
        raise NotAnswered(412, str(problem), "not-found") from None
