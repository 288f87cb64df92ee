"""The fault switches: what goes wrong at the demo EHR on purpose, one switch each."""

import threading
from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """One way in which EHRs fail; the value is the switch's name on the page and for tests."""

    EXPIRED_TOKEN = "expired_token"
    SLOW_FHIR = "slow_fhir"
    FHIR_429 = "fhir_429"
    FHIR_500 = "fhir_500"
    TOKEN_HTML = "token_html"
    NO_PATIENT = "no_patient"
    NO_ORDER_SCOPE = "no_order_scope"
    NO_OBSERVATION_SCOPE = "no_observation_scope"
    DROPPED_RESPONSE = "dropped_response"
    LOST_UNIT = "lost_unit"
    BROKEN_OBSERVATION = "broken_observation"
    ALTERED_WRITE = "altered_write"
    NO_CONDITIONAL_CREATE = "no_conditional_create"
    NO_TRANSACTION = "no_transaction"


SENTENCES = {
    Fault.EXPIRED_TOKEN: "Access tokens from a launch are refused as expired; tokens from a refresh work.",
    Fault.SLOW_FHIR: "Requests for the chosen resource type wait for the chosen number of seconds.",
    Fault.FHIR_429: "Requests for the chosen resource type are answered 429 with Retry-After of the chosen seconds.",
    Fault.FHIR_500: "Requests for the chosen resource type are answered 500.",
    Fault.TOKEN_HTML: "The token endpoint answers an HTML page.",
    Fault.NO_PATIENT: "The token answer names no patient.",
    Fault.NO_ORDER_SCOPE: "Creating a MedicationRequest is not granted at launch.",
    Fault.NO_OBSERVATION_SCOPE: "Reading and searching Observations is not granted at launch.",
    Fault.DROPPED_RESPONSE: "Writes are stored, but their answer is lost (500 without a body).",
    Fault.LOST_UNIT: "The newest fibrinogen is sent without its unit.",
    Fault.BROKEN_OBSERVATION: "One entry of each page of Observations is malformed.",
    Fault.ALTERED_WRITE: "The dose of an order is changed while it is stored.",
    Fault.NO_CONDITIONAL_CREATE: "Conditional creates are refused with 412.",
    Fault.NO_TRANSACTION: "Transactions are refused with 405.",
}


@dataclass(frozen=True, slots=True)
class Setting:
    """How a switch is set: for which resource type (`*`: all) and how many seconds, where that matters."""

    resource: str = "Observation"
    seconds: float = 3.0


class Faults:
    """Which switches are on."""

    def __init__(self) -> None:
        self._on: dict[Fault, Setting] = {}
        self._lock = threading.Lock()

    def switch_on(self, fault: Fault, *, resource: str = "Observation", seconds: float = 3.0) -> None:
        """Let it go wrong from now on."""
        with self._lock:
            self._on[fault] = Setting(resource, seconds)

    def switch_off(self, fault: Fault) -> None:
        """Let it work again."""
        with self._lock:
            self._on.pop(fault, None)

    def clear(self) -> None:
        """Everything works."""
        with self._lock:
            self._on.clear()

    def get(self, fault: Fault) -> Setting | None:
        """The setting of a switch that is on, else None."""
        return self._on.get(fault)

    def on(self, fault: Fault, resource: str = "") -> Setting | None:
        """The setting if the switch is on for this resource type."""
        setting = self._on.get(fault)
        return setting if setting is not None and setting.resource in (resource, "*") else None

    def names(self) -> tuple[str, ...]:
        """The switches that are on, for the screen."""
        return tuple(self._on)
