"""Orders, drafts, dispenses and statements of use as records (guideline 9.7, REP-09, REP-13)."""

from collections.abc import Iterable, Mapping

from smartapp.clinical.codes import FIBRINOGEN_PRODUCTS
from smartapp.clinical.standing_orders import OrderKind, OrderState, StandingOrder
from smartapp.clinical.terminology import Analyte
from smartapp.fhir.dose_amounts import Amount, amount_of, ordered_amount
from smartapp.fhir.elements import CodeableConcept, Identifier
from smartapp.fhir.medications import drug_in
from smartapp.fhir.observation_values import ValueReading, meaning
from smartapp.fhir.r4_structs import MedicationUse, ServiceRequest
from smartapp.fhir.times import first_moment

_STATES: Mapping[str, OrderState] = {
    "active": OrderState.ACTIVE,
    "draft": OrderState.DRAFT,
    "on-hold": OrderState.ON_HOLD,
    "completed": OrderState.COMPLETED,
}
_HANDED_OUT = frozenset({"completed", "in-progress"})
_NOT_ORDERED = "option"  # an intent that never counts (REP-13, guideline 9.7)


def state_of(kind: OrderKind, status: str) -> OrderState | None:
    """How far it has come; None for a status that does not count."""
    match kind:
        case OrderKind.MEDICATION_DISPENSE:
            return OrderState.DISPENSED if status in _HANDED_OUT else None
        case OrderKind.MEDICATION_STATEMENT:
            return OrderState.ACTIVE if status == "active" else None
        case _:
            return _STATES.get(status)


def from_use(
    use: MedicationUse, concept: CodeableConcept | None, kind: OrderKind, reading: ValueReading
) -> StandingOrder | None:
    """An order, a dispense or a statement: of any drug the rules ask about if it is active, of a fibrinogen product in every state."""
    drug, state = drug_in(concept, reading.local_codes), state_of(kind, use.status)
    if not _counts(state, drug in FIBRINOGEN_PRODUCTS) or drug is None or state is None or use.do_not_perform:
        return None
    if use.intent == _NOT_ORDERED:
        return None
    amount = _amount(use)
    return StandingOrder(
        kind=kind,
        source=f"{kind}/{use.id}",
        state=state,
        drug=drug,
        authored=first_moment(reading.zone, use.authored_on, use.when_handed_over, use.when_prepared),
        label=concept.label if concept else "",
        amount=amount.value if amount else None,
        unit=amount.unit if amount else "",
        by=use.requester.display if use.requester else "",
        intent=use.intent,
        identifiers=_identifiers(use.identifier),
        ours=_is_ours(use.identifier, reading),
        links=use.links,
    )


def from_service_request(request: ServiceRequest, reading: ValueReading) -> StandingOrder | None:
    """An order for a blood component in every state, or an active one for a fibrinogen."""
    state = state_of(OrderKind.SERVICE_REQUEST, request.status)
    if state is None or request.do_not_perform or request.code is None or request.intent == _NOT_ORDERED:
        return None
    meant = meaning(request.code, reading)
    is_test = meant is not None and meant[0] is Analyte.FIBRINOGEN
    drug = drug_in(request.code, reading.local_codes)
    if (drug is None and not is_test) or not _counts(state, drug in FIBRINOGEN_PRODUCTS):
        return None
    amount = amount_of(request.quantity_quantity or (request.quantity_range.high if request.quantity_range else None))
    return StandingOrder(
        kind=OrderKind.SERVICE_REQUEST,
        source=f"ServiceRequest/{request.id}",
        state=state,
        drug=drug,
        fibrinogen_test=is_test,
        authored=first_moment(reading.zone, request.authored_on),
        label=request.code.label,
        amount=amount.value if amount else None,
        unit=amount.unit if amount else "",
        by=request.requester.display if request.requester else "",
        intent=request.intent,
        identifiers=_identifiers(request.identifier),
        ours=_is_ours(request.identifier, reading),
        links=request.links,
    )


def _counts(state: OrderState | None, is_product: bool) -> bool:
    return state is OrderState.ACTIVE or (state is not None and is_product)


def _amount(use: MedicationUse) -> Amount | None:
    dispensed = use.dispense_request.quantity if use.dispense_request else None
    return ordered_amount(use.dosage_instruction, use.quantity, dispensed)


def _identifiers(identifiers: Iterable[Identifier]) -> tuple[str, ...]:
    return tuple(f"{each.system}|{each.value}" for each in identifiers if each.value)


def _is_ours(identifiers: Iterable[Identifier], reading: ValueReading) -> bool:
    """Whether an identifier is of the system under which this app writes its orders."""
    system = reading.proposal_system
    return bool(system) and any(each.system == system for each in identifiers)
