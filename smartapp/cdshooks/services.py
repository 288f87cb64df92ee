"""How a call becomes a subject, a chart and cards: one way for all hooks, each showing what concerns it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from smartapp.cdshooks.cards import Addresses, Orders, cards_of
from smartapp.cdshooks.offered import ENCOUNTER_START, NOT_ASKED, ORDER_SELECT, ORDER_SIGN, PATIENT_VIEW
from smartapp.cdshooks.request import HookRequest
from smartapp.cdshooks.trust import Caller
from smartapp.cdshooks.views import Answer, NotAnswered
from smartapp.cdshooks.wire import Card, Service
from smartapp.fhir.chart import AnswerState, Chart
from smartapp.fhir.files import sent_chart
from smartapp.usecases.assess import Assessed, Site, assess_patient, completed
from smartapp.usecases.ports import AssessmentLog, ChartSource, Subject

_TELLING = frozenset({"procedures", "administrations"})
_ALWAYS = ("patient", "fibrinogen")


class OpenSource(Protocol):
    """Opens the caller's FHIR server for a call that carries a token; None if the call carries none."""

    def __call__(self, hook: HookRequest) -> ChartSource | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What answering needs, whichever hook asked; `clock` gives the clinical now."""

    site: Site
    log: AssessmentLog
    clock: Callable[[], datetime]
    open_source: OpenSource
    addresses: Addresses
    orders: Callable[[Subject], Orders]


Shows = Callable[[Room, HookRequest, Subject, Assessed], tuple[Card, ...]]
"""Which cards a hook shows of an assessment."""


def services(room: Room) -> Mapping[str, tuple[Service, Answer]]:
    """Every service we offer by id, with the function that answers it; what no rule reads is not asked of a caller."""
    queries = tuple(query for query in room.site.queries if query.name not in NOT_ASKED)
    asking = replace(room, site=replace(room.site, queries=queries))
    shown: Mapping[str, tuple[Service, Shows]] = {
        PATIENT_VIEW.id: (PATIENT_VIEW, whole_picture),
        ENCOUNTER_START.id: (ENCOUNTER_START, whole_picture),
        ORDER_SELECT.id: (ORDER_SELECT, draft_orders),
        ORDER_SIGN.id: (ORDER_SIGN, draft_orders),
    }
    return {id_: (service, _answer(asking, shows)) for id_, (service, shows) in shown.items()}


def whole_picture(room: Room, _: HookRequest, subject: Subject, assessed: Assessed) -> tuple[Card, ...]:
    """Everything there is to say of the patient."""
    return cards_of(assessed.assessment, room.addresses, room.orders(subject))


def draft_orders(_room: Room, _hook: HookRequest, _subject: Subject, _assessed: Assessed) -> tuple[Card, ...]:
    """Only what touches a draft order: nothing, as long as no rule reads draft orders."""
    return ()


def _answer(room: Room, shows: Shows) -> Answer:
    def answer(hook: HookRequest, caller: Caller) -> tuple[Card, ...]:
        if not hook.by_professional:
            return ()
        subject = _subject(hook, caller)
        assessed = assess_patient(
            subject,
            sent=_complete(hook, room),
            source=None,
            site=room.site,
            as_of=room.clock(),
            log=room.log,
            event="hook assessed",
        )
        cards = shows(room, hook, subject, assessed)
        for card in cards:
            room.log.noted(subject, "card shown", f"{card.uuid} {card.indicator} {' '.join(card.rules)}")
        return cards

    return answer


def _subject(hook: HookRequest, caller: Caller) -> Subject:
    return Subject(
        ehr=caller.name,
        patient=hook.patient_id,
        user=hook.user_id,
        encounter=hook.encounter_id,
        reference=hook.hook_instance,
        fhir_base=hook.fhir_server,
    )


def _complete(hook: HookRequest, room: Room) -> Chart:
    """What was sent, completed from the caller's server; 412 where required data cannot be had (CDS-22, CDS-23)."""
    sent = sent_chart(hook.patient_id, hook.fhir_server, dict(hook.prefetch))
    chart = completed(sent, room.open_source(hook), room.site.queries)
    _check_required(sent.answers, chart)
    return chart


def _check_required(sent: Mapping[str, object], chart: Chart) -> None:
    lacking = [name for name in _ALWAYS if name not in sent and not _had(chart, name)]
    if not any(name in sent or _had(chart, name) for name in _TELLING):
        lacking.append(" or ".join(sorted(_TELLING)))
    if lacking:
        raise NotAnswered(
            412, f"required data were not sent and could not be fetched: {', '.join(lacking)}", "not-found"
        )


def _had(chart: Chart, name: str) -> bool:
    answer = chart.answers.get(name)
    return answer is not None and answer.state in (AnswerState.COMPLETE, AnswerState.INCOMPLETE)
