"""The demo EHR as a CDS client: discovery, a hook's call with its prefetch, the cards, and what was done with them."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from smartapp.demo import prefetch
from smartapp.demo.calls import AppUnreachableError, Caller
from smartapp.demo.cards import Override, ShownCard
from smartapp.demo.faults import Faults
from smartapp.demo.fhir_server import FhirServer, Resource

PATIENT_VIEW, ORDER_SELECT, ORDER_SIGN = "patient-view", "order-select", "order-sign"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Whose chart is open, and who looks at it."""

    patient: str
    encounter: str
    user: str

    def context(self) -> dict[str, Any]:
        """The hook's context."""
        return {"userId": self.user, "patientId": self.patient, "encounterId": self.encounter}


@dataclass(frozen=True, slots=True)
class HookCaller:
    """Calls the app's hooks; `authorize` gives the members of fhirAuthorization for a patient."""

    app: Caller
    server: FhirServer
    faults: Faults
    authorize: Callable[[Seen], dict[str, Any]]

    def view(self, seen: Seen) -> list[ShownCard]:
        """The cards for an open chart."""
        return self._cards(PATIENT_VIEW, seen, seen.context())

    def select(self, seen: Seen, drafts: Sequence[Resource], chosen: str) -> list[ShownCard]:
        """The cards when a draft is chosen; `chosen` is its `Type/id`."""
        return self._cards(ORDER_SELECT, seen, {**seen.context(), "selections": [chosen], **_draft_orders(drafts)})

    def sign(self, seen: Seen, drafts: Sequence[Resource]) -> list[ShownCard]:
        """The cards when the drafts are signed."""
        return self._cards(ORDER_SIGN, seen, {**seen.context(), **_draft_orders(drafts)})

    def accepted(self, card: ShownCard, suggestion: str) -> None:
        """Tell the app that a suggestion was taken."""
        self._told(card, {"outcome": "accepted", "acceptedSuggestions": [{"id": suggestion}]})

    def overridden(self, card: ShownCard, why: Override) -> None:
        """Tell the app that the card was not followed, and why."""
        reason = {"reason": dict(why.reason)} if why.reason else {}
        comment = {"userComment": why.comment} if why.comment else {}
        given = {"overrideReason": {**reason, **comment}} if reason or comment else {}
        self._told(card, {"outcome": "overridden", **given})

    def _told(self, card: ShownCard, what: dict[str, Any]) -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        entry = {"card": card.uuid, **what, "outcomeTimestamp": at}
        self.app.post(f"{self._url(card.service)}/feedback", {"feedback": [entry]})

    def _cards(self, hook: str, seen: Seen, context: dict[str, Any]) -> list[ShownCard]:
        service = self._service(hook)
        templates = service.get("prefetch") or {}
        body = {
            "hook": hook,
            "hookInstance": str(uuid.uuid4()),
            "fhirServer": self.server.base_url,
            "fhirAuthorization": self.authorize(seen),
            "context": context,
            "prefetch": {
                key: prefetch.answered(self.server, self.faults, str(template), context)
                for key, template in templates.items()
            },
        }
        cards = self.app.post(self._url(service["id"]), body).get("cards")
        if not isinstance(cards, list):
            raise AppUnreachableError("The app answered, but without cards.")
        return [ShownCard(seen.patient, service["id"], hook, card) for card in cards if isinstance(card, dict)]

    def _service(self, hook: str) -> dict[str, Any]:
        listed = self.app.get(f"{self.app.app_url}/cds-services").get("services")
        offered = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
        found = next((one for one in offered if one.get("hook") == hook and one.get("id")), None)
        if found is None:
            raise AppUnreachableError(f"The app offers no service for {hook}: no cards.")
        return found

    def _url(self, service: str) -> str:
        return f"{self.app.app_url}/cds-services/{service}"


def _draft_orders(drafts: Sequence[Resource]) -> dict[str, Any]:
    entries = [{"resource": draft} for draft in drafts]
    return {"draftOrders": {"resourceType": "Bundle", "type": "collection", "entry": entries}}
