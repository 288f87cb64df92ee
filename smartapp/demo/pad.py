"""The order pad of one chart: its drafts, the cards about them, and what a suggestion does to both pad and chart."""

import threading
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from smartapp.demo.cards import ShownCard
from smartapp.demo.fhir_server import FhirServer, Resource, dump_json, parse_json
from smartapp.demo.hooks import ORDER_SIGN

ORDERS = ("MedicationRequest", "ServiceRequest")
_numbers = count(1)


class NotAppliedError(Exception):
    """An action that cannot be done here; nothing of its suggestion was done. The text is a sentence for the screen."""


@dataclass(slots=True)
class Pad:
    """Drafts by `Type/id`, the cards that speak of them, and what to say on the next page.

    `answered` holds the cards of signing that were answered since the drafts were last changed by hand: they do not
    hold the next signing. `unchecked`: the app could not be asked, so that signing without it is offered. The lock is
    held while a press is worked on, so that a double click signs once.
    """

    drafts: dict[str, Resource] = field(default_factory=dict)
    cards: list[ShownCard] = field(default_factory=list)
    answered: set[tuple[str, str, str]] = field(default_factory=set)
    unchecked: bool = False
    said: str = ""
    problem: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def put(self, draft: Resource) -> str:
        """A draft chosen or changed by hand; its `Type/id`."""
        reference = self._keep(self.drafts, draft)
        self.answered.clear()
        return reference

    def remove(self, reference: str) -> None:
        """A draft taken away by hand, with the cards, which spoke of it too."""
        self.drafts.pop(reference, None)
        self.cards = []
        self.answered.clear()

    def clear(self) -> None:
        """An empty pad."""
        self.drafts, self.cards, self.answered, self.unchecked = {}, [], set(), False

    def show(self, cards: Sequence[ShownCard]) -> None:
        """The cards about the drafts as they are now."""
        self.cards = [card for card in cards if card.likeness not in self.answered]

    def answer(self, card: ShownCard) -> None:
        """This card was answered: it is shown no more, and one of signing holds signing no more."""
        self.cards = [other for other in self.cards if other.uuid != card.uuid]
        if card.hook == ORDER_SIGN:
            self.answered.add(card.likeness)

    def apply(self, actions: Iterable[Mapping[str, Any]], patient: str) -> None:
        """All actions of a suggestion on the drafts, or none."""
        drafts = dict(self.drafts)
        for action in actions:
            self._act(drafts, action, patient)
        self.drafts = drafts

    def _act(self, drafts: dict[str, Resource], action: Mapping[str, Any], patient: str) -> None:
        kind = action.get("type")
        if kind == "create":
            self._keep(drafts, _new(action, patient))
            return
        reference = str(action.get("resourceId")) if kind == "delete" else _reference(_order(action, patient))
        if kind not in ("update", "delete") or reference not in drafts:
            raise NotAppliedError("The suggestion is about an order that is not on the pad; nothing was changed.")
        if kind == "delete":
            del drafts[reference]
        else:
            drafts[reference] = _order(action, patient)

    @staticmethod
    def _keep(drafts: dict[str, Resource], draft: Resource) -> str:
        kept = draft if draft.get("id") else {**draft, "id": f"pad-{next(_numbers)}"}
        drafts[_reference(kept)] = kept
        return _reference(kept)


@dataclass(slots=True)
class Pads:
    """One pad a chart."""

    _pads: dict[str, Pad] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, patient: str) -> Pad:
        """The pad of this patient's chart."""
        with self._lock:
            return self._pads.setdefault(patient, Pad())

    def clear(self) -> None:
        """Empty pads everywhere."""
        with self._lock:
            self._pads.clear()


def created(actions: Iterable[Mapping[str, Any]], patient: str) -> list[Resource]:
    """The orders that a suggestion outside the pad writes into the chart, as drafts."""
    listed = list(actions)
    if any(action.get("type") != "create" for action in listed):
        raise NotAppliedError("The suggestion changes an order that is not on the pad; nothing was changed.")
    return [{**_new(action, patient), "status": "draft"} for action in listed]


def store(server: FhirServer, orders: Sequence[Resource]) -> None:
    """All of these into the chart, or none."""
    entries = [
        {
            "fullUrl": f"urn:uuid:{uuid.uuid4()}",
            "resource": order,
            "request": {"method": "POST", "url": order["resourceType"]},
        }
        for order in orders
    ]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    if server.request("POST", [], body=parse_json(dump_json(bundle))).status >= 400:
        raise NotAppliedError("The FHIR server refused the orders; nothing was stored.")


def _new(action: Mapping[str, Any], patient: str) -> Resource:
    return {name: value for name, value in _order(action, patient).items() if name != "id"}


def _order(action: Mapping[str, Any], patient: str) -> Resource:
    """The action's order, which must be this patient's."""
    order = action.get("resource")
    if not isinstance(order, dict) or order.get("resourceType") not in ORDERS:
        raise NotAppliedError("The suggestion holds no order that this EHR knows; nothing was changed.")
    subject = order.get("subject")
    if not isinstance(subject, dict) or subject.get("reference") != f"Patient/{patient}":
        raise NotAppliedError("The suggestion is about another patient; nothing was changed.")
    return order


def _reference(order: Resource) -> str:
    return f"{order['resourceType']}/{order.get('id')}"
