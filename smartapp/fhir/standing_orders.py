"""Orders, drafts, dispenses and statements of use as records (guideline 9.7, REP-09, REP-13)."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from smartapp.clinical.codes import FIBRINOGEN_PRODUCTS
from smartapp.clinical.gaps import Gap, Topic
from smartapp.clinical.record_words import may_name_product, names_fibrinogen_level, product_named
from smartapp.clinical.standing_orders import OrderKind, OrderState, StandingOrder
from smartapp.clinical.terminology import Analyte, Drug
from smartapp.fhir.dose_amounts import DoseAmount, amount_of, ordered_amount
from smartapp.fhir.elements import CodeableConcept, Identifier
from smartapp.fhir.infusions import car_t_in
from smartapp.fhir.medications import drug_in, is_reduced_plasma
from smartapp.fhir.observation_values import ValueReading, meaning
from smartapp.fhir.r4_structs import MedicationUse, ServiceRequest
from smartapp.fhir.times import first_moment
from smartapp.fhir.unrecognised import A_PRODUCT, ANY_PRODUCT, unrecognised

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
    product, state = _product(concept, reading), state_of(kind, use.status)
    if state is None or use.do_not_perform or use.intent == _NOT_ORDERED or not product.counts_in(state):
        return None
    amount = _amount(use)
    return StandingOrder(
        kind=kind,
        source=use.source,
        state=state,
        drug=product.drug,
        in_words=product.in_words,
        may_be_product=product.may_be,
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


def ordered_in_words(order: StandingOrder | None, concept: CodeableConcept | None, topic: Topic) -> Iterator[Gap]:
    """An order whose product is told by words alone, with where to map its code (DQ-23)."""
    if order is not None and (order.in_words or order.may_be_product):
        so = "it counts as an order" if order.drug else "it may be an order for a fibrinogen product"
        meant = A_PRODUCT.get(order.drug, ANY_PRODUCT) if order.drug else ANY_PRODUCT
        yield unrecognised(
            concept,
            order.source,
            what="An order",
            so=so,
            stands_for=meant,
            topic=topic,
            rule="DQ-24",
            at=order.authored,
        )


class _Product(NamedTuple):
    """What is ordered: a drug by code or by words, or something that may be a fibrinogen product."""

    drug: Drug | None = None
    in_words: bool = False
    may_be: bool = False

    def counts_in(self, state: OrderState) -> bool:
        """Whether it stands in this state: a fibrinogen product in each, any other drug only while active."""
        if self.may_be or self.drug in FIBRINOGEN_PRODUCTS:
            return True
        return self.drug is not None and state is OrderState.ACTIVE


def _product(concept: CodeableConcept | None, reading: ValueReading) -> _Product:
    drug = drug_in(concept, reading.local_codes)
    if drug is not None or concept is None or is_reduced_plasma(concept) or car_t_in(concept, reading) is not None:
        return _Product(drug)
    worded = product_named(concept.words)
    return _Product(worded, in_words=worded is not None, may_be=worded is None and may_name_product(concept.words))


def from_service_request(request: ServiceRequest, reading: ValueReading) -> StandingOrder | None:
    """An order for a blood component in every state, or an active one for a fibrinogen."""
    state = state_of(OrderKind.SERVICE_REQUEST, request.status)
    if state is None or request.do_not_perform or request.code is None or request.intent == _NOT_ORDERED:
        return None
    meant = meaning(request.code, reading)
    is_test = meant is not None and meant[0] is Analyte.FIBRINOGEN
    product = _Product() if is_test else _component(request.code, reading)
    if not (is_test and state is OrderState.ACTIVE) and not product.counts_in(state):
        return None
    amount = amount_of(request.quantity_quantity or (request.quantity_range.high if request.quantity_range else None))
    return StandingOrder(
        kind=OrderKind.SERVICE_REQUEST,
        source=request.source,
        state=state,
        drug=product.drug,
        in_words=product.in_words,
        may_be_product=product.may_be,
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


def _component(code: CodeableConcept, reading: ValueReading) -> _Product:
    """A blood component; a service called fibrinogen is a test, whatever its code, and no product."""
    product = _product(code, reading)
    return _Product() if product.may_be and names_fibrinogen_level(code.words) else product


def _amount(use: MedicationUse) -> DoseAmount | None:
    dispensed = use.dispense_request.quantity if use.dispense_request else None
    return ordered_amount(use.dosage_instruction, use.quantity, dispensed)


def _identifiers(identifiers: Iterable[Identifier]) -> tuple[str, ...]:
    return tuple(f"{each.system}|{each.value}" for each in identifiers if each.value)


def _is_ours(identifiers: Iterable[Identifier], reading: ValueReading) -> bool:
    """Whether an identifier is of the system under which this app writes its orders."""
    system = reading.proposal_system
    return bool(system) and any(each.system == system for each in identifiers)
