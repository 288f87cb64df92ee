"""The demo EHR as a CDS client: discovery, prefetch made from the app's own templates, one call, its cards."""

import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import requests

from smartapp.demo.console import Console
from smartapp.demo.faults import Faults
from smartapp.demo.fhir_server import FhirServer, Reply, dump_json
from smartapp.demo.spoiling import spoiled

SERVICE = "coagulopathy-patient-view"
_TOKEN = re.compile(r"\{\{\s*context\.(\w+)\s*\}\}")
_SECONDS = 8.0


class AppUnreachableError(Exception):
    """The app did not answer as a CDS service; the text is a sentence for the screen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Whose chart is open, and who looks at it."""

    patient: str
    encounter: str
    user: str

    def context(self) -> dict[str, str]:
        """The hook's context."""
        return {"userId": self.user, "patientId": self.patient, "encounterId": self.encounter}


@dataclass(frozen=True, slots=True)
class HookCaller:
    """Calls the app's hook; `authorize` gives the members of fhirAuthorization for a patient."""

    app_url: str
    server: FhirServer
    console: Console
    faults: Faults
    authorize: Callable[[Seen], dict[str, Any]]

    def cards(self, seen: Seen) -> list[dict[str, Any]]:
        """The cards for this chart, as the app sent them."""
        answer = self._post(f"{self.app_url}/cds-services/{SERVICE}", self._request(seen))
        cards = answer.get("cards")
        if not isinstance(cards, list):
            raise AppUnreachableError("The app answered, but without cards.")
        return [card for card in cards if isinstance(card, dict)]

    def _request(self, seen: Seen) -> dict[str, Any]:
        return {
            "hook": "patient-view",
            "hookInstance": str(uuid.uuid4()),
            "fhirServer": self.server.base_url,
            "fhirAuthorization": self.authorize(seen),
            "context": seen.context(),
            "prefetch": self._prefetch(seen),
        }

    def _prefetch(self, seen: Seen) -> dict[str, Any]:
        services = self._get(f"{self.app_url}/cds-services").get("services")
        offered = services if isinstance(services, list) else []
        templates = next((one.get("prefetch") or {} for one in offered if one.get("id") == SERVICE), {})
        return {key: self._answered(str(template), seen.context()) for key, template in templates.items()}

    def _answered(self, template: str, context: dict[str, str]) -> Any:
        """What a template asks, from our own store, complete, with the faults that are on; None where we cannot."""
        asked = _TOKEN.sub(lambda found: context.get(found[1], ""), template)
        path, _, query = asked.partition("?")
        kind, _, resource_id = path.partition("/")
        if resource_id:
            return self.server.read(kind, resource_id)
        params = [(name, value) for name, value in parse_qsl(query) if name != "_count"]
        return spoiled(Reply(200, _whole(self.server, kind, params)), self.faults).body

    def _get(self, url: str) -> dict[str, Any]:
        return self._exchanged("GET", url, None)

    def _post(self, url: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._exchanged("POST", url, dump_json(body))

    def _exchanged(self, method: str, url: str, body: str | None) -> dict[str, Any]:
        started = time.monotonic()
        try:
            reply = _sent(method, url, body)
        except requests.RequestException:
            self.console.add(kind="hook", method=method, url=url, status=0, started=started, sent=body or "")
            raise AppUnreachableError(f"The app at {self.app_url} did not answer. Is it running?") from None
        self.console.add(
            kind="hook",
            method=method,
            url=url,
            status=reply.status_code,
            started=started,
            sent=body or "",
            received=reply.text,
        )
        try:
            answer = reply.json()
        except requests.JSONDecodeError:
            answer = None
        if reply.status_code != 200 or not isinstance(answer, dict):
            raise AppUnreachableError(f"The app answered {reply.status_code} to the CDS Hooks call: no cards.")
        return answer


def _sent(method: str, url: str, body: str | None) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        return session.request(
            method, url, data=body.encode() if body else None, headers=headers, timeout=_SECONDS, allow_redirects=False
        )


def _whole(server: FhirServer, kind: str, params: list[tuple[str, str]]) -> Any:
    """A searchset of all matches on one page: what an EHR sends ahead is complete."""
    first = server.search(kind, [*params, ("_count", "50")])
    bundle = first.body
    if first.status != 200 or bundle is None:
        return None
    matches = len(bundle.get("entry", ()))
    while matches < bundle["total"]:
        page = (server.search(kind, [*params, ("_count", "50"), ("_offset", str(matches))]).body or {}).get("entry", [])
        if not page:
            return None
        bundle["entry"].extend(page)
        matches += len(page)
    bundle["link"] = [link for link in bundle["link"] if link["relation"] == "self"]
    return bundle
