"""The services we offer, and how a call becomes a subject, a chart and cards."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from smartapp.cdshooks.cards import Addresses, Orders, cards_of
from smartapp.cdshooks.request import Authorization, HookRequest
from smartapp.cdshooks.trust import Caller
from smartapp.cdshooks.views import Answer, NotAnswered
from smartapp.cdshooks.wire import Card, Service
from smartapp.fhir.chart import AnswerState, Chart
from smartapp.fhir.files import sent_chart
from smartapp.fhir.queries import QUERIES, prefetch_template
from smartapp.usecases.assess import Site, assess_patient, completed
from smartapp.usecases.ports import AssessmentLog, ChartSource, Subject

_TELLING = frozenset({"procedures", "administrations"})
_ALWAYS = ("patient", "fibrinogen")
_USAGE = (
    "For health-care professionals. Needs Patient, Observation (laboratory and vital signs), Condition, Procedure, "
    "MedicationAdministration, MedicationRequest, MedicationStatement, ServiceRequest and AllergyIntolerance, by prefetch or by "
    "fhirAuthorization with the scopes patient/<type>.rs. Does not replace monitoring or alarms; not for emergency decisions; not a "
    "cleared medical device."
)
PATIENT_VIEW = Service(
    id="coagulopathy-patient-view",
    hook="patient-view",
    title="Fibrinogen Watch: coagulopathy after CAR-T therapy",
    description="Says whether fibrinogen replacement may be needed after CAR-T therapy, with the reasons and a draft order.",
    prefetch={query.name: prefetch_template(query) for query in QUERIES if query.name != "encounters"},
    usage_requirements=_USAGE,
)
OpenSource = Callable[[str, Authorization, str], ChartSource]


def patient_view(
    *,
    site: Site,
    log: AssessmentLog,
    clock: Callable[[], datetime],
    open_source: OpenSource,
    addresses: Addresses,
    orders: Callable[[Subject], Orders],
) -> tuple[Service, Answer]:
    """The patient-view service with the function that answers it; what no rule reads is not asked of a caller."""
    asked = replace(site, queries=tuple(query for query in site.queries if query.name != "encounters"))

    def answer(hook: HookRequest, caller: Caller) -> tuple[Card, ...]:
        if not hook.by_professional:
            return ()
        _check_server(hook, caller)
        subject = _subject(hook, caller)
        chart = _complete(hook, asked, open_source)
        assessed = assess_patient(
            subject, sent=chart, source=None, site=asked, as_of=clock(), log=log, event="hook assessed"
        )
        cards = cards_of(assessed.assessment, addresses, orders(subject))
        for card in cards:
            log.noted(subject, "card shown", f"{card.uuid} {card.indicator} {' '.join(card.rules)}")
        return cards

    return PATIENT_VIEW, answer


def _check_server(hook: HookRequest, caller: Caller) -> None:
    if hook.fhir_server and hook.fhir_server not in caller.fhir_servers:
        raise NotAnswered(403, "fhirServer is not one this client is registered for", "forbidden")


def _subject(hook: HookRequest, caller: Caller) -> Subject:
    return Subject(
        ehr=caller.name,
        patient=hook.patient_id,
        user=hook.user_id,
        encounter=hook.encounter_id,
        reference=hook.hook_instance,
    )


def _complete(hook: HookRequest, site: Site, open_source: OpenSource) -> Chart:
    """What was sent, completed from the caller's server; 412 where required data cannot be had (CDS-22, CDS-23)."""
    sent = sent_chart(hook.patient_id, hook.fhir_server, dict(hook.prefetch))
    source = open_source(hook.fhir_server, hook.authorization, hook.patient_id) if hook.authorization else None
    chart = completed(sent, source, site.queries)
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
