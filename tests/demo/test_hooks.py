"""The demo EHR as a CDS client: which service it calls for a hook, and what it takes for an answer."""

import json
from typing import Any

import pytest
import responses

from smartapp.demo.calls import AppUnreachableError
from smartapp.demo.hooks import HookCaller, Seen
from tests.demo.visits import APP, Visit, an_order

SEEN = Seen(patient="lindqvist", encounter="lindqvist-stay", user="Practitioner/osei")


def hooks(visit: Visit) -> HookCaller:
    caller: HookCaller = visit.demo.hospital.hooks
    return caller


def offering(mock: responses.RequestsMock, services: Any) -> None:
    mock.get(f"{APP}/cds-services", json={"services": services})


@pytest.mark.req("CDS-05", "CDS-12")
def test_the_service_is_found_by_its_hook_whatever_it_is_called(visit: Visit) -> None:
    with responses.RequestsMock() as app:
        offering(app, [{"hook": "patient-view", "id": "a"}, {"hook": "order-sign", "id": "signing"}])
        called = app.post(f"{APP}/cds-services/signing", json={"cards": [{"uuid": "1"}, "no card"]})
        cards = hooks(visit).sign(SEEN, [{**an_order(), "id": "pad-1"}])
    sent = json.loads(called.calls[0].request.body or "")
    assert (sent["hook"], sent["prefetch"], "selections" in sent["context"]) == ("order-sign", {}, False)
    assert sent["context"]["draftOrders"]["entry"][0]["resource"]["id"] == "pad-1"
    assert [(card.uuid, card.service, card.hook) for card in cards] == [("1", "signing", "order-sign")]


@pytest.mark.parametrize("services", [[], None, "x", [None], [{"hook": "order-sign"}], [{"hook": "x", "id": "x"}]])
def test_an_app_without_the_service_is_said(visit: Visit, services: Any) -> None:
    with responses.RequestsMock() as app:
        offering(app, services)
        with pytest.raises(AppUnreachableError, match="offers no service for order-sign"):
            hooks(visit).sign(SEEN, [])


def test_an_answer_without_cards_is_said(visit: Visit) -> None:
    with responses.RequestsMock() as app:
        offering(app, [{"hook": "patient-view", "id": "a"}])
        app.post(f"{APP}/cds-services/a", json={"cards": None})
        with pytest.raises(AppUnreachableError, match="without cards"):
            hooks(visit).view(SEEN)


@pytest.mark.req("CDS-20")
def test_a_template_that_cannot_be_answered_is_null(visit: Visit) -> None:
    prefetch = {"odd": "NoSuchType?patient={{context.patientId}}", "patient": "Patient/{{context.patientId}}"}
    with responses.RequestsMock() as app:
        offering(app, [{"hook": "patient-view", "id": "a", "prefetch": prefetch}])
        called = app.post(f"{APP}/cds-services/a", json={"cards": []})
        hooks(visit).view(SEEN)
    sent = json.loads(called.calls[0].request.body or "")["prefetch"]
    assert (sent["odd"], sent["patient"]["id"]) == (None, "lindqvist")
