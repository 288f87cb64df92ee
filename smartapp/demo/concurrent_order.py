"""A colleague who orders the same product while the dose is being reviewed (a fault switch)."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from smartapp.demo.faults import Fault, Faults
from smartapp.demo.fhir_server import FhirServer
from smartapp.demo.formulary import PRODUCTS, Amount, draft_order, signed
from smartapp.demo.tokens import AccessToken

NAME = "Dr A Lund"
_PAGES = 3  # an app reads the orders for the patient page, for the dose review, and for the receipt
_ORDERED = Amount(Decimal(10), "units")


class Colleague:
    """Counts how often a launch has read its patient's orders; with the switch on, the next reading finds another order."""

    def __init__(self, server: FhirServer, faults: Faults, now: Callable[[], datetime]) -> None:
        self._server = server
        self._faults = faults
        self._now = now
        self._read: Counter[str] = Counter()
        self._ordered: set[str] = set()
        self._lock = threading.Lock()

    def clear(self) -> None:
        """Nobody has read or ordered anything."""
        with self._lock:
            self._read.clear()
            self._ordered.clear()

    def before(self, token: AccessToken, method: str, segments: list[str]) -> None:
        """Called before a request is served."""
        if method != "GET" or segments != ["MedicationRequest"]:
            return
        with self._lock:
            self._read[token.family] += 1
            late = self._read[token.family] > _PAGES and token.patient not in self._ordered
            if late and self._faults.act(Fault.DUPLICATE_ORDER, "*"):
                self._ordered.add(token.patient)
                self._order(token)

    def _order(self, token: AccessToken) -> None:
        """Cryoprecipitate, which these stories offer first; signed a minute ago."""
        given = {"patient": token.patient, "encounter": token.launch.encounter, "user": token.launch.user.reference}
        moment = self._now() - timedelta(minutes=1)
        order = signed(draft_order(PRODUCTS["cryoprecipitate"], _ORDERED, now=moment, **given), "", moment)
        self._server.create({**order, "requester": {"display": NAME}})
