"""Draft orders as cards: at most one for each draft, the worst row first, with what would mend it (guideline 7a, CDS-46, CDS-47)."""

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from smartapp.cdshooks.card_text import label_of
from smartapp.cdshooks.cards import Addresses, Orders, card_for
from smartapp.cdshooks.serialization import Card, CardAction, Suggestion
from smartapp.clinical.assessment import Assessment
from smartapp.clinical.criteria.draft_orders import PRODUCTS
from smartapp.clinical.derived_facts import Option
from smartapp.clinical.findings import Finding, Indicator
from smartapp.fhir.drafts import Draft, labellers

_AMOUNT_ROWS = frozenset({"ORD-03", "ORD-04", "ORD-05", "ORD-12"})
_SET = "ORD-11"  # of all fibrinogen orders together: one card
_PRODUCT_ROWS = frozenset({"ORD-06", "ORD-07"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Mending:
    """What suggestions are made of: our own orders for an option, and a fibrinogen check; `None` where one is ordered already."""

    orders: Orders
    check: Callable[[Assessment], Mapping[str, Any] | None]


def order_cards(
    assessment: Assessment, drafts: Sequence[Draft], addresses: Addresses, mending: Mending
) -> tuple[Card, ...]:
    """The cards, critical before warning before info; a draft that fits gets none, a set that is too much one of its own (ORD-11)."""
    told = [(draft, _said(assessment, draft)) for draft in drafts]
    cards = [_card(assessment, draft, findings, addresses, mending) for draft, findings in told if findings]
    together = [finding for finding in assessment.findings if finding.rule == _SET]
    if together and drafts:
        cards.append(card_for(assessment, together[0].text, together, addresses))
    return tuple(sorted(cards, key=lambda card: -Indicator(card.indicator).rank))


def _card(
    assessment: Assessment, draft: Draft, findings: Sequence[Finding], addresses: Addresses, mending: Mending
) -> Card:
    suggestions = tuple(_suggestions(assessment, draft, findings, mending))
    card = card_for(assessment, findings[0].text, findings, addresses, suggestions)
    return replace(card, about=str(draft.order))


def _said(assessment: Assessment, draft: Draft) -> list[Finding]:
    """What the rules say of this draft, the worst first."""
    rows = [f for f in assessment.findings if f.rule.startswith("ORD-") and f.rule != _SET]
    about = [finding for finding in rows if finding.evidence[:1] == (draft.reference,)]
    return sorted(about, key=lambda finding: (-finding.indicator.rank, finding.rule != "ORD-05"))


def _suggestions(
    assessment: Assessment, draft: Draft, findings: Sequence[Finding], mending: Mending
) -> Iterator[Suggestion]:
    rules = {finding.rule for finding in findings}
    mine, others = _options(assessment, draft)
    if "ORD-10" in rules and (check := mending.check(assessment)):
        yield _suggestion(
            "Order a fibrinogen check", CardAction(description="Fibrinogen check; needs signature", resource=check)
        )
    if not assessment.draft_allowed or "/" not in draft.reference:
        return
    if rules & _PRODUCT_ROWS:
        yield from (_instead(assessment, draft, option, mending) for option in others)
    elif rules & _AMOUNT_ROWS and mine is not None:
        mended = _instead if _is_other_brand(assessment, draft, mine, mending) else _amended
        yield mended(assessment, draft, mine, mending)


def _options(assessment: Assessment, draft: Draft) -> tuple[Option | None, list[Option]]:
    """The option of the draft's own product, and those of others, with amounts that may be given."""
    product = PRODUCTS.get(draft.order.drug) if draft.order.drug else None
    dosed = [option for option in assessment.options if option.may_be_ordered]
    return next((o for o in dosed if o.product is product), None), [o for o in dosed if o.product is not product]


def _is_other_brand(assessment: Assessment, draft: Draft, option: Option, mending: Mending) -> bool:
    """Whether the draft names another brand than the one the amount was computed for: its amount is not that brand's."""
    drafted, computed = draft.labellers, labellers(mending.orders(assessment, option)[0])
    return bool(drafted and computed) and drafted.isdisjoint(computed)


def _amended(assessment: Assessment, draft: Draft, option: Option, mending: Mending) -> Suggestion:
    """The whole draft with the computed amount in place of its own."""
    computed = mending.orders(assessment, option)[0]
    name = "dosageInstruction" if draft.body["resourceType"] == "MedicationRequest" else "quantityQuantity"
    amount = computed.get(name) or computed["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]
    action = CardAction(
        description=f"Change the amount: {label_of(option)}", resource={**draft.body, name: amount}, type="update"
    )
    return _suggestion(f"Change to {label_of(option)}", action)


def _instead(assessment: Assessment, draft: Draft, option: Option, mending: Mending) -> Suggestion:
    """Delete the draft and create the other product in its place."""
    delete = CardAction(description="Remove this draft order", type="delete", resource_id=draft.reference)
    order, recheck = mending.orders(assessment, option)
    create = CardAction(description=f"Draft order: {label_of(option)}; needs signature", resource=order)
    follow = CardAction(description="Follow-up fibrinogen 1 h after the dose", resource=recheck)
    return _suggestion(f"Replace with {label_of(option)} and a follow-up fibrinogen", delete, create, follow)


def _suggestion(label: str, *actions: CardAction) -> Suggestion:
    return Suggestion(uuid=str(uuid.uuid4()), label=label, actions=actions)
