"""The fault switches: what goes wrong at the demo EHR on purpose, one switch each."""

import threading
from collections import Counter
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
    PARTIAL_TRANSACTION = "partial_transaction"
    REFUSED_WRITE = "refused_write"
    FAILED_ANSWER = "failed_answer"
    CUT_BEFORE = "cut_before"
    CUT_AFTER = "cut_after"
    HELD_BEFORE = "held_before"
    HELD_AFTER = "held_after"
    NO_BODY = "no_body"
    OUTCOME_BODY = "outcome_body"
    RELATIVE_LOCATION = "relative_location"
    FOREIGN_LOCATION = "foreign_location"
    NO_LOCATION = "no_location"
    ALTERED_STATUS = "altered_status"
    ALTERED_PRODUCT = "altered_product"
    LAGGING_SEARCH = "lagging_search"
    NO_POST_SEARCH = "no_post_search"
    NO_READ_BACK = "no_read_back"
    NO_METADATA = "no_metadata"
    SILENT_METADATA = "silent_metadata"
    ALTERED_PATIENT = "altered_patient"
    REFUSED_UPDATE = "refused_update"
    DUPLICATE_ORDER = "duplicate_order"
    TWO_CHARTS = "two_charts"
    NORMALISED_WRITE = "normalised_write"
    IGNORED_CONDITION = "ignored_condition"
    EXPIRED_PAGE = "expired_page"
    BREAK_THE_GLASS = "break_the_glass"


GROUPS: dict[str, dict[Fault, str]] = {
    "Sign-in": {
        Fault.EXPIRED_TOKEN: "Access tokens from a launch are refused as expired; tokens from a refresh work.",
        Fault.TOKEN_HTML: "The token endpoint answers an HTML page.",
        Fault.NO_PATIENT: "The token answer names no patient.",
        Fault.NO_ORDER_SCOPE: "Creating a MedicationRequest is not granted at launch.",
        Fault.NO_OBSERVATION_SCOPE: "Reading and searching Observations is not granted at launch.",
    },
    "Reading": {
        Fault.SLOW_FHIR: "Requests for the chosen resource type wait for the chosen number of seconds.",
        Fault.FHIR_429: "Requests for the chosen resource type are answered 429 with Retry-After of the chosen seconds.",
        Fault.FHIR_500: "Requests for the chosen resource type are answered 500.",
        Fault.LOST_UNIT: "The newest fibrinogen is sent without its unit.",
        Fault.BROKEN_OBSERVATION: "One entry of each page of Observations is malformed.",
        Fault.BREAK_THE_GLASS: "Requests for the chosen resource type are answered 403 with this EHR's own code: break the glass first.",
        Fault.EXPIRED_PAGE: "With a profile: the session of a search has expired when its next page is asked for.",
    },
    "Meanwhile": {
        Fault.DUPLICATE_ORDER: "Duplicate order: after the receipt (a launch's third reading of orders), a colleague orders cryoprecipitate.",
        Fault.TWO_CHARTS: "Two charts: the app is launched for the next patient too, in a second frame at the same moment.",
    },
    "What the EHR can do": {
        Fault.NO_CONDITIONAL_CREATE: "Conditional creates are refused with 412.",
        Fault.IGNORED_CONDITION: "Conditions on creates are ignored: every create stores one more.",
        Fault.NO_TRANSACTION: "Transactions are refused with 405.",
        Fault.NO_POST_SEARCH: "Searches by POST are refused with 405.",
        Fault.NO_READ_BACK: "Reads of the chosen resource type by id are refused with the chosen status.",
        Fault.LAGGING_SEARCH: "Searches of the chosen resource type by identifier do not find what was stored; conditional creates do.",
        Fault.NO_METADATA: "There is no CapabilityStatement.",
        Fault.SILENT_METADATA: "The CapabilityStatement says nothing of transactions and conditional creates.",
    },
    "Writing fails": {
        Fault.REFUSED_WRITE: "Creates of the chosen resource type are refused with the chosen status; nothing is stored.",
        Fault.PARTIAL_TRANSACTION: "Entries of the chosen resource type in a transaction are refused with the chosen status, the rest is stored.",
        Fault.REFUSED_UPDATE: "Changes to a stored resource of the chosen type, such as a withdrawal, are refused with the chosen status.",
        Fault.FAILED_ANSWER: "Creates of the chosen resource type are stored, but answered with the chosen status.",
        Fault.DROPPED_RESPONSE: "Writes are stored, but their answer is lost (500 without a body).",
        Fault.CUT_BEFORE: "The connection is cut when the chosen resource type is created; nothing is stored.",
        Fault.CUT_AFTER: "The connection is cut after the chosen resource type was stored.",
        Fault.HELD_BEFORE: "Creates and searches by POST of the chosen resource type wait before they are carried out.",
        Fault.HELD_AFTER: "Creates and searches by POST of the chosen resource type are carried out, and their answer waits.",
    },
    "The answer to a write": {
        Fault.NO_BODY: "Creates are answered without a body, whatever was preferred.",
        Fault.OUTCOME_BODY: "Creates are answered with an OperationOutcome.",
        Fault.RELATIVE_LOCATION: "Creates name a relative Location.",
        Fault.FOREIGN_LOCATION: "Creates name a Location on another host.",
        Fault.NO_LOCATION: "Creates name no Location.",
    },
    "The order is changed while it is stored": {
        Fault.ALTERED_WRITE: "The dose of an order is changed while it is stored.",
        Fault.ALTERED_STATUS: "An order is stored as active, whatever was sent.",
        Fault.ALTERED_PRODUCT: "The product of an order is changed while it is stored.",
        Fault.ALTERED_PATIENT: "An order is stored for another patient.",
        Fault.NORMALISED_WRITE: "An order is stored with codings, an extension and words of units of this EHR; it says the same.",
    },
}
"""The switches as the page shows them, each with its sentence."""

SENTENCES = {fault: sentence for group in GROUPS.values() for fault, sentence in group.items()}


@dataclass(frozen=True, slots=True)
class Setting:
    """How a switch is set: for which resource type (`*`: all), how many seconds, which status, where that matters.

    `Bundle` is a transaction, `MedicationRequest/_search` a search by POST.
    """

    resource: str = "Observation"
    seconds: float = 3.0
    status: int = 503


class Faults:
    """Which switches are on."""

    def __init__(self) -> None:
        self._on: dict[Fault, Setting] = {}
        self._acted: Counter[Fault] = Counter()
        self._lock = threading.Lock()

    def switch_on(
        self, fault: Fault, *, resource: str = "Observation", seconds: float = 3.0, status: int = 503
    ) -> None:
        """Let it go wrong from now on."""
        with self._lock:
            self._on[fault] = Setting(resource, seconds, status)

    def switch_off(self, fault: Fault) -> None:
        """Let it work again."""
        with self._lock:
            self._on.pop(fault, None)

    def clear(self) -> None:
        """Everything works."""
        with self._lock:
            self._on.clear()
            self._acted.clear()

    def get(self, fault: Fault) -> Setting | None:
        """The setting of a switch that is on, else None."""
        return self._on.get(fault)

    def on(self, fault: Fault, resource: str = "") -> Setting | None:
        """The setting if the switch is on for this resource type (`*`: whichever was chosen)."""
        setting = self._on.get(fault)
        meant = setting is not None and (resource == "*" or setting.resource in (resource, "*"))
        return setting if meant else None

    def act(self, fault: Fault, resource: str = "") -> Setting | None:
        """As `on`, and counted."""
        setting = self.on(fault, resource)
        if setting is not None:
            with self._lock:
                self._acted[fault] += 1
        return setting

    def acted(self, fault: Fault) -> int:
        """How often a switch has acted since everything worked."""
        return self._acted[fault]

    def names(self) -> tuple[str, ...]:
        """The switches that are on, for the screen."""
        return tuple(self._on)
