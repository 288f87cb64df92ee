"""Orders, drafts, dispenses and statements of use that stand in a chart (REP-09, REP-13, guideline 9.7)."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from smartapp.clinical.partial_datetime import Moment
from smartapp.clinical.terminology import Drug


class OrderKind(StrEnum):
    """By which resource something is ordered, handed out, or said to be taken."""

    MEDICATION_REQUEST = "MedicationRequest"
    SERVICE_REQUEST = "ServiceRequest"
    MEDICATION_STATEMENT = "MedicationStatement"
    MEDICATION_DISPENSE = "MedicationDispense"


class OrderState(StrEnum):
    """How far an order has come; only `ACTIVE` is in force."""

    DRAFT = "draft"
    ON_HOLD = "on_hold"
    ACTIVE = "active"
    COMPLETED = "completed"
    DISPENSED = "dispensed"  # a MedicationDispense, completed or in progress


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingOrder:
    """An order, a dispense or a statement of use.

    Of drugs in general only what is active is kept; of fibrinogen-containing products every state (REP-09, REP-13), but never
    intent `option` nor an order not to give. `drug` None with `fibrinogen_test`: a laboratory order for fibrinogen; with
    `may_be_product`: its words may name a fibrinogen-containing product (DQ-24). `in_words`: `drug` is known from words alone.
    `authored`: authoredOn; of a dispense whenHandedOver, else whenPrepared. `amount` in `unit` (`mg`, `mg/kg`, `mL`, `vial`,
    `pool`, `dose`, `single-donor unit`, or `unit` where the record does not say of which) where one could be read, else None
    and "". `by`: who asked, in the record's words. `identifiers` as `system|value`; `ours`: one of them is of this app's own
    system. `links`: the references of basedOn, priorPrescription, replaces and authorizingPrescription as written.
    """

    kind: OrderKind
    source: str
    state: OrderState = OrderState.ACTIVE
    drug: Drug | None = None
    in_words: bool = False
    may_be_product: bool = False
    fibrinogen_test: bool = False
    authored: Moment | None = None
    label: str = ""
    amount: Decimal | None = None
    unit: str = ""
    by: str = ""
    intent: str = ""
    identifiers: tuple[str, ...] = ()
    ours: bool = False
    links: tuple[str, ...] = ()

    @property
    def is_active(self) -> bool:
        """In force now: neither a draft, on hold, completed, nor handed out."""
        return self.state is OrderState.ACTIVE
