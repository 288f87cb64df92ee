"""A proposal's pages and the decisions on it: POST-redirect-GET, each form good for one step."""

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for

from smartapp.clinical.dosing import amended
from smartapp.clinical.orders import ProposedOrder
from smartapp.usecases.orders.proposal import Proposal, Stage
from smartapp.usecases.patient_page import PatientPage, Proposed
from smartapp.web.amounts import AmountRefused, amount_in, entry_of, read_amount, read_number
from smartapp.web.launch import LaunchDoor, OpenLaunch, UserKind
from smartapp.web.pages import entered, entered_to_act, to_review
from smartapp.web.presenters.proposal import DECLINE_REASONS, proposal_page
from smartapp.web.problems import NotEntitled, PageProblem
from smartapp.web.protection import FormTokens, RequestRefused

_FOLLOW_UP_FIELD = "recheck"  # its name in the contract (interfaces.md section 4)
_MOST_BESIDE = 4  # products shown beside the first


def create_blueprint(*, door: LaunchDoor, page: PatientPage, tokens: FormTokens, own_origin: str) -> Blueprint:
    """Routes below `/l/<launch>/proposals/<proposal>`."""
    blueprint = Blueprint("proposals", __name__, url_prefix="/l/<launch>/proposals/<proposal>")

    @blueprint.get("")
    def show(launch: str, proposal: str) -> Response:
        opened = entered(door, launch)
        if opened.user is UserKind.PATIENT:
            raise NotEntitled("This page is for health-care professionals.", "Ask your care team.")
        return _page(opened, tokens, page.proposal(opened.case, proposal))

    @blueprint.post("/approve")
    def approve(launch: str, proposal: str) -> Response:
        opened = entered_to_act(door, launch, own_origin)
        stage = _stage(tokens.step(opened, proposal, request.form.get("csrf_token", "")))
        try:
            order = read_order(page.orders.find(opened.case, proposal))
        except AmountRefused as refused:
            return _page(opened, tokens, page.proposal(opened.case, proposal), refused)
        page.press(opened.case, proposal, stage, order=order, follow_up=_FOLLOW_UP_FIELD in request.form)
        return _to_proposal(launch, proposal)

    @blueprint.post("/check")
    def check(launch: str, proposal: str) -> Response:
        opened = entered_to_act(door, launch, own_origin)
        tokens.step(opened, proposal, request.form.get("csrf_token", ""))
        page.orders.check_again(opened.case, proposal)
        return _to_proposal(launch, proposal)

    @blueprint.post("/decline")
    def decline(launch: str, proposal: str) -> Response:
        opened = entered_to_act(door, launch, own_origin)
        tokens.step(opened, proposal, request.form.get("csrf_token", ""))
        reason = request.form.get("reason", "")
        if reason not in dict(DECLINE_REASONS):
            raise PageProblem("Choose one of the reasons.")
        comment = request.form.get("comment", "")
        for declined in dict.fromkeys((proposal, *request.form.getlist("also")[:_MOST_BESIDE])):
            page.decline(opened.case, declined, reason=reason, comment=comment)
        return to_review(launch)

    @blueprint.post("/withdraw")
    def withdraw(launch: str, proposal: str) -> Response:
        opened = entered_to_act(door, launch, own_origin)
        tokens.step(opened, proposal, request.form.get("csrf_token", ""))
        page.orders.withdraw(opened.case, proposal)
        return _to_proposal(launch, proposal)

    return blueprint


def create_standing_blueprint(*, door: LaunchDoor, page: PatientPage, tokens: FormTokens, own_origin: str) -> Blueprint:
    """`/l/<launch>/standing/withdraw`: a draft of ours that stands is taken back from any launch (REP-13)."""
    blueprint = Blueprint("standing", __name__)

    @blueprint.post("/l/<launch>/standing/withdraw")
    def withdraw(launch: str) -> Response:
        opened = entered_to_act(door, launch, own_origin)
        tokens.step(opened, "observe", request.form.get("csrf_token", ""))
        page.withdraw_standing(opened.case, request.form.get("reference", ""))
        return to_review(launch)

    return blueprint


def _stage(step: str) -> Stage:
    """The stage that a form was made for; a decided proposal has no form to approve."""
    if step not in tuple(Stage):
        raise RequestRefused
    return Stage(step)


def read_order(proposal: Proposal) -> ProposedOrder:
    """The proposed order with the amount of the form; unchanged where the form has none."""
    order, option = proposal.order, proposal.offer.option
    entry = entry_of(option)
    text = request.form.get(entry.name) if entry else None
    if entry is None or text is None:
        return order
    if read_number(text) == amount_in(entry, order):
        return order
    return amended(order, option, read_amount(entry, text))


def _page(opened: OpenLaunch, tokens: FormTokens, proposed: Proposed, refused: AmountRefused | None = None) -> Response:
    proposal, stage = proposed.proposal, proposed.proposal.stage
    if refused is not None and stage is Stage.CONFIRMING:
        raise refused
    step = Stage.REVIEWING if stage is Stage.PROPOSED else stage or proposal.state
    html = render_template(
        "proposal.html",
        page=proposal_page(proposed),
        opened=opened,
        act=opened.user is UserKind.PROFESSIONAL,
        token=tokens.token(opened, proposal.id, step),
        back=tokens.token(opened, proposal.id, Stage.PROPOSED),
        instead=lambda other: tokens.token(opened, other.id, Stage.PROPOSED),
        refused=refused,
        sign_out=tokens.token(opened, "sign-out"),
        reasons=DECLINE_REASONS,
    )
    return make_response(html, refused.status if refused else 200)


def _to_proposal(launch: str, proposal: str) -> Response:
    return make_response(redirect(url_for("proposals.show", launch=launch, proposal=proposal), code=303))
