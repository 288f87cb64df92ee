"""A proposal's pages and the decisions on it: POST-redirect-GET, each form good for one step."""

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for

from smartapp.clinical.derived_facts import Option
from smartapp.clinical.dosing import amended
from smartapp.clinical.orders import ProposedOrder
from smartapp.web.amounts import AmountRefused, check_dose, read_number
from smartapp.web.decisions import Desk, OpenLaunch, ProposalView, Proposed, State, UserKind
from smartapp.web.pages import entered, entered_to_act, to_review
from smartapp.web.presenters.proposal import DECLINE_REASONS, proposal_page
from smartapp.web.problems import NotEntitled, PageProblem
from smartapp.web.protection import FormTokens

_COMMENT_LIMIT = 500
_MOST_BESIDE = 4  # products shown beside the first


def create_blueprint(*, desk: Desk, tokens: FormTokens, own_origin: str) -> Blueprint:
    """Routes below `/l/<launch>/proposals/<proposal>`."""
    blueprint = Blueprint("proposals", __name__, url_prefix="/l/<launch>/proposals/<proposal>")

    @blueprint.get("")
    def show(launch: str, proposal: str) -> Response:
        opened = entered(desk, launch)
        if opened.user is UserKind.PATIENT:
            raise NotEntitled("This page is for health-care professionals.", "Ask your care team.")
        return _page(opened, tokens, desk.proposal(opened, proposal))

    @blueprint.post("/approve")
    def approve(launch: str, proposal: str) -> Response:
        opened = entered_to_act(desk, launch, own_origin)
        state = State(tokens.step(opened, proposal, request.form.get("csrf_token", "")))
        try:
            order = read_order(*desk.look(opened, proposal))
        except AmountRefused as refused:
            return _page(opened, tokens, desk.proposal(opened, proposal), refused)
        desk.advance(opened, proposal, state, order, "recheck" in request.form)
        return _to_proposal(launch, proposal)

    @blueprint.post("/check")
    def check(launch: str, proposal: str) -> Response:
        opened = entered_to_act(desk, launch, own_origin)
        tokens.step(opened, proposal, request.form.get("csrf_token", ""))
        desk.check_again(opened, proposal)
        return _to_proposal(launch, proposal)

    @blueprint.post("/decline")
    def decline(launch: str, proposal: str) -> Response:
        opened = entered_to_act(desk, launch, own_origin)
        tokens.step(opened, proposal, request.form.get("csrf_token", ""))
        reason = request.form.get("reason", "")
        if reason not in dict(DECLINE_REASONS):
            raise PageProblem("Choose one of the reasons.")
        for declined in dict.fromkeys((proposal, *request.form.getlist("also")[:_MOST_BESIDE])):
            desk.decline(opened, declined, reason, request.form.get("comment", "")[:_COMMENT_LIMIT])
        return to_review(launch)

    @blueprint.post("/withdraw")
    def withdraw(launch: str, proposal: str) -> Response:
        opened = entered_to_act(desk, launch, own_origin)
        tokens.step(opened, proposal, request.form.get("csrf_token", ""))
        desk.withdraw(opened, proposal)
        return _to_proposal(launch, proposal)

    return blueprint


def read_order(proposal: ProposalView, option: Option) -> ProposedOrder:
    """The proposed order with the amount of the form; unchanged where the form has none."""
    order = proposal.order
    text = request.form.get("dose_mg" if order.dose_mg is not None else "units")
    if text is None or (order.dose_mg is None and order.units is None):
        return order
    amount = read_number(text)
    check_dose(option, amount)
    return order if amount == (order.dose_mg or order.units) else amended(order, option, amount)


def _page(opened: OpenLaunch, tokens: FormTokens, proposed: Proposed, refused: AmountRefused | None = None) -> Response:
    state = proposed.proposal.state
    if refused is not None and state is State.CONFIRMING:
        raise refused
    page = render_template(
        "proposal.html",
        page=proposal_page(proposed),
        opened=opened,
        act=opened.user is UserKind.PROFESSIONAL,
        token=tokens.token(opened, proposed.proposal.id, State.REVIEWING if state is State.PROPOSED else state),
        back=tokens.token(opened, proposed.proposal.id, State.PROPOSED),
        instead=lambda other: tokens.token(opened, other.id, State.PROPOSED),
        refused=refused,
        sign_out=tokens.token(opened, "sign-out"),
        reasons=DECLINE_REASONS,
    )
    return make_response(page, refused.status if refused else 200)


def _to_proposal(launch: str, proposal: str) -> Response:
    return make_response(redirect(url_for("proposals.show", launch=launch, proposal=proposal), code=303))
