"""A suggestion's actions on the pad: each type, all or none, and only on this patient's drafts."""

from typing import Any

import pytest

from smartapp.demo.cards import ShownCard
from smartapp.demo.pad import NotAppliedError, Pad, Pads, created, store
from tests.demo.visits import Visit, an_order

CARD = {"indicator": "critical", "summary": "Too much", "source": {"label": "x", "url": "http://app/rules/ORD-03"}}


def create(patient: str = "lindqvist", **more: Any) -> dict[str, Any]:
    return {"type": "create", "description": "x", "resource": {**an_order(patient), **more}}


def a_pad() -> tuple[Pad, str]:
    pad = Pad()
    return pad, pad.put(an_order(dose=9000))


def doses(pad: Pad) -> list[int]:
    return [draft["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]["value"] for draft in pad.drafts.values()]


@pytest.mark.req("CDS-46")
def test_update_puts_the_whole_resource_in_place_of_the_draft() -> None:
    pad, reference = a_pad()
    mended = {**an_order(dose=3000), "id": reference.partition("/")[2], "priority": "stat"}
    pad.apply([{"type": "update", "resource": mended}], "lindqvist")
    assert pad.drafts == {reference: mended}


@pytest.mark.req("CDS-46")
def test_delete_and_create_replace_a_draft() -> None:
    pad, reference = a_pad()
    pad.apply([{"type": "delete", "resourceId": reference}, create()], "lindqvist")
    assert reference not in pad.drafts
    assert doses(pad) == [3000]


@pytest.mark.req("CDS-46")
def test_create_stands_beside_the_draft_under_an_id_of_our_own() -> None:
    pad, reference = a_pad()
    pad.apply([create(id=reference.partition("/")[2])], "lindqvist")
    assert doses(pad) == [9000, 3000]


@pytest.mark.req("CDS-46", "CDS-47")
@pytest.mark.parametrize(
    "action",
    [
        {"type": "delete", "resourceId": "MedicationRequest/elsewhere"},
        {"type": "update", "resource": {**an_order(), "id": "elsewhere"}},
        {"type": "update"},
        {"type": "repeat", "resource": an_order()},
        create("tanaka"),
        create(subject={}),
        create(resourceType="Observation"),
        {"type": "create", "resource": "x"},
        {},
    ],
)
def test_one_action_that_cannot_be_done_undoes_all(action: dict[str, Any]) -> None:
    pad, reference = a_pad()
    with pytest.raises(NotAppliedError):
        pad.apply([create(), {"type": "delete", "resourceId": reference}, action], "lindqvist")
    assert list(pad.drafts) == [reference]


def a_card(hook: str, uuid: str = "1") -> ShownCard:
    return ShownCard("lindqvist", f"coagulopathy-{hook}", hook, {"uuid": uuid, **CARD})


def test_an_answered_card_of_signing_holds_no_signing_until_a_draft_changes() -> None:
    pad, _ = a_pad()
    pad.show([a_card("order-sign")])
    pad.answer(pad.cards[0])
    pad.show([a_card("order-sign", "2")])
    assert pad.cards == []
    pad.put(an_order(dose=12000))
    pad.show([a_card("order-sign", "3")])
    assert len(pad.cards) == 1


def test_an_answer_while_selecting_does_not_count_for_signing() -> None:
    pad, _ = a_pad()
    pad.show([a_card("order-select")])
    pad.answer(pad.cards[0])
    pad.show([a_card("order-sign", "2")])
    assert len(pad.cards) == 1


def test_each_chart_has_its_own_pad() -> None:
    pads = Pads()
    pads.of("lindqvist").put(an_order())
    assert pads.of("tanaka").drafts == {}
    assert len(pads.of("lindqvist").drafts) == 1
    pads.clear()
    assert pads.of("lindqvist").drafts == {}


@pytest.mark.req("CDS-46")
def test_outside_the_pad_orders_are_created_as_drafts_and_nothing_else_is_done() -> None:
    assert [order["status"] for order in created([create(status="active"), create()], "lindqvist")] == ["draft"] * 2
    with pytest.raises(NotAppliedError, match="not on the pad"):
        created([create(), {"type": "delete", "resourceId": "MedicationRequest/1"}], "lindqvist")


def test_orders_are_stored_all_or_none(visit: Visit) -> None:
    server = visit.demo.hospital.server
    before = len(server.everything("MedicationRequest", [("patient", "lindqvist")]))
    with pytest.raises(NotAppliedError, match="nothing was stored"):
        store(server, [an_order(), {**an_order(), "status": ["draft"]}])
    assert len(server.everything("MedicationRequest", [("patient", "lindqvist")])) == before
    store(server, [an_order(), an_order(dose=4000)])
    assert len(server.everything("MedicationRequest", [("patient", "lindqvist")])) == before + 2
