"""What is pressed on the order pad and on cards: select, change, remove, sign, take a suggestion, override."""

from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, redirect, request, url_for

from smartapp.demo.calls import AppUnreachableError
from smartapp.demo.cards import ShownCard, Suggestion, in_words, override
from smartapp.demo.chart_formatting import drafted
from smartapp.demo.fhir_server import Resource
from smartapp.demo.formulary import PRODUCTS, UNITS, Amount, amount, draft_order, signed, with_amount
from smartapp.demo.hooks import PATIENT_VIEW
from smartapp.demo.hospital import Hospital
from smartapp.demo.pad import NotAppliedError, Pad, created, store

_NO_AMOUNT = "Give an amount above zero as a plain number such as 3000 or 2.5, and its unit. Nothing was changed."
_GONE = "That card was answered before, or is no longer shown. Nothing was changed."
Press = Callable[[Hospital, str, Pad], None]


def create_pad(hospital: Hospital) -> Blueprint:
    """The routes; each press is answered with a redirect to the chart."""
    blueprint = Blueprint("pad", __name__)

    def route(path: str, name: str, press: Press) -> None:
        def pressed(patient: str) -> Any:
            hospital.story(patient)
            pad = hospital.pads.of(patient)
            with pad.lock:
                press(hospital, patient, pad)
            return redirect(url_for("screens.chart", patient=patient, _anchor="pad"), 303)

        blueprint.add_url_rule(f"/chart/<patient>/{path}", name, pressed, methods=["POST"])

    route("pad/select", "select", _select)
    route("pad/change", "change", _change)
    route("pad/remove", "remove", lambda _hospital, _patient, pad: pad.remove(request.form.get("draft", "")))
    route("pad/sign", "sign", _sign)
    route("cards/accept", "accept", _accept)
    route("cards/override", "override", _override)
    return blueprint


def pad_shown(pad: Pad) -> dict[str, Any]:
    """The pad as the chart prints it; what was said is said once."""
    said, problem, pad.said, pad.problem = pad.said, pad.problem, "", ""
    return {
        "products": [(key, product.name) for key, product in PRODUCTS.items()],
        "units": tuple(UNITS),
        "drafts": [drafted(draft, reference) for reference, draft in pad.drafts.items()],
        "cards": [in_words(card) for card in pad.cards],
        "unchecked": pad.unchecked,
        "said": said,
        "problem": problem,
    }


def _select(hospital: Hospital, patient: str, pad: Pad) -> None:
    """A product and an amount become a draft, and the app is asked about it."""
    product, given = PRODUCTS.get(request.form.get("product", "")), _amount()
    if product is None or given is None:
        pad.problem = _NO_AMOUNT
        return
    seen = hospital.seen(hospital.story(patient))
    draft = draft_order(product, given, patient=patient, encounter=seen.encounter, user=seen.user, now=hospital.now())
    _ask_about(hospital, patient, pad, draft)


def _change(hospital: Hospital, patient: str, pad: Pad) -> None:
    """Another amount for a draft on the pad: it is selected again."""
    draft, given = pad.drafts.get(request.form.get("draft", "")), _amount()
    if draft is None or given is None:
        pad.problem = _NO_AMOUNT if draft else "That order is no longer on the pad."
        return
    _ask_about(hospital, patient, pad, with_amount(draft, given))


def _amount() -> Amount | None:
    return amount(request.form.get("amount", ""), request.form.get("unit", ""))


def _ask_about(hospital: Hospital, patient: str, pad: Pad, draft: Resource) -> None:
    chosen = pad.put(draft)
    seen, drafts = hospital.seen(hospital.story(patient)), list(pad.drafts.values())
    try:
        _show(hospital, pad, hospital.hooks.select(seen, drafts, chosen))
    except AppUnreachableError as error:
        pad.problem = f"{error} The order is on the pad, not checked."


def _show(hospital: Hospital, pad: Pad, cards: Sequence[ShownCard]) -> None:
    pad.show(cards)
    pad.unchecked = False
    hospital.waiting.show(pad.cards)


def _sign(hospital: Hospital, patient: str, pad: Pad) -> None:
    """Every draft on the pad: cards come first, and once they are answered the orders stand in the chart."""
    drafts = list(pad.drafts.values())
    if not drafts:
        pad.problem = "There is nothing on the pad to sign."
        return
    seen = hospital.seen(hospital.story(patient))
    try:
        if not (pad.unchecked and request.form.get("unchecked")):
            _show(hospital, pad, hospital.hooks.sign(seen, drafts))
        _store(hospital, pad, [] if pad.cards else [signed(draft, seen.user, hospital.now()) for draft in drafts])
    except AppUnreachableError as error:
        pad.cards, pad.unchecked = [], True
        pad.problem = f"{error} Nothing was signed, because the orders could not be checked."
    except NotAppliedError as error:
        pad.problem = str(error)


def _store(hospital: Hospital, pad: Pad, orders: Sequence[Resource]) -> None:
    if not orders:
        pad.said = "Not signed yet: take a suggestion or override each card, then sign again."
        return
    store(hospital.server, orders)
    pad.clear()
    pad.said = f"Signed: {len(orders)} order{'s' if len(orders) > 1 else ''} in the chart."


def _accept(hospital: Hospital, patient: str, pad: Pad) -> None:
    """A suggestion's actions, all or none; then the app is told."""
    card = hospital.waiting.take(patient, request.form.get("card", ""))
    if card is None:
        pad.problem = _GONE
        return
    try:
        chosen = _chosen(card)
        _apply(hospital, pad, card, chosen.get("actions") or ())
    except NotAppliedError as error:
        hospital.waiting.show([card])
        pad.problem = str(error)
        return
    pad.answer(card)
    pad.said = f"Done: {chosen.get('label', '')}."
    _tell(pad, lambda: hospital.hooks.accepted(card, str(chosen["uuid"])))


def _chosen(card: ShownCard) -> Suggestion:
    chosen = card.suggestion(request.form.get("suggestion", ""))
    if chosen is None:
        raise NotAppliedError("The card makes no such suggestion; nothing was changed.")
    return chosen


def _apply(hospital: Hospital, pad: Pad, card: ShownCard, actions: Sequence[Any]) -> None:
    """On the pad where the card is about drafts; else new drafts in the chart."""
    if card.hook == PATIENT_VIEW:
        store(hospital.server, created(actions, card.patient))
    else:
        pad.apply(actions, card.patient)


def _override(hospital: Hospital, patient: str, pad: Pad) -> None:
    """The card is not followed; the app is told why."""
    card = hospital.waiting.take(patient, request.form.get("card", ""))
    if card is None:
        pad.problem = _GONE
        return
    pad.answer(card)
    pad.said = "Overridden."
    why = override(card, request.form.get("reason", ""), request.form.get("comment", ""))
    _tell(pad, lambda: hospital.hooks.overridden(card, why))


def _tell(pad: Pad, told: Callable[[], None]) -> None:
    try:
        told()
    except AppUnreachableError as error:
        pad.problem = f"{error} Your answer to the card did not reach it."
