"""The patient page and what the clinician adds to it; what this is, for everyone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from smartapp.clinical.picture import BleedingLevel
from smartapp.clinical.terminology import CarTProduct
from smartapp.clinical.words import plain
from smartapp.usecases.manual_entries import FutureInfusion, ImplausibleWeight, ManualEntry, check_weight
from smartapp.usecases.orders.proposal import Stage
from smartapp.usecases.patient_page import PatientPage, identity_within
from smartapp.web.amounts import AmountRefused, read_number
from smartapp.web.launch import LaunchDoor, OpenLaunch, UserKind
from smartapp.web.presenters.identity import arrival
from smartapp.web.presenters.proposal import DECLINE_REASONS
from smartapp.web.presenters.review import review_page
from smartapp.web.presenters.words import order_words
from smartapp.web.problems import NotEntitled, PageProblem, streamed
from smartapp.web.protection import FormTokens, check_origin

_BY_HAND = tuple(level for level in BleedingLevel if level is not BleedingLevel.NONE_RECORDED)
_GRADES = {  # ASTCT, as CRS-03 has it
    0: "no CRS",
    1: "fever (38.0 °C or more) only",
    2: "fever with hypotension that needs no vasopressor, or oxygen by low-flow cannula (6 L/min or less) or blow-by",
    3: "one vasopressor (vasopressin not counted beside it), or oxygen above 6 L/min, high-flow cannula or mask",
    4: "two or more vasopressors (not counting vasopressin), or CPAP, BiPAP or ventilation",
    5: "death",
}
_DEATH = 5  # ends all advice, so it takes a step of its own
AT_ONCE_SECONDS = 0.2  # a chart read by then is one answer; else the patient line is sent ahead of it
REFRESH_SECONDS = 3  # interfaces.md section 3: at most every 3 s
_PRODUCTS = tuple(product for product in CarTProduct)
_MOST_STANDING = 20
_SUSPICIONS = ("clotted", "diluted", "wrong patient")


def create_blueprint(
    *,
    door: LaunchDoor,
    page: PatientPage,
    tokens: FormTokens,
    own_origin: str,
    standalone: Sequence[str],
    shown: Mapping[str, Any],
) -> Blueprint:
    """`standalone` names the EHRs that can be launched from here; `shown` is what every page may print.

    That is `organization` and `development`.
    """
    blueprint = Blueprint("pages", __name__)
    blueprint.add_app_template_filter(plain, "plain")
    blueprint.add_app_template_filter(order_words, "order")

    @blueprint.app_context_processor
    def everywhere() -> dict[str, Any]:
        return {"site": shown}

    @blueprint.get("/")
    def home() -> str:
        return render_template("home.html", standalone=standalone)

    @blueprint.get("/l/<launch>/")
    def review(launch: str) -> Response:
        opened = entered(door, launch)
        if opened.user is UserKind.PATIENT:
            return make_response(
                render_template("for_professionals.html", opened=opened, token=tokens.token(opened, "sign-out"))
            )
        looks, chosen = read_looks(request.args.get("looks", "")), request.args.get("range", "all")
        reading = opened.read(looks)

        def whole(part: str = "") -> str:
            reviewed = review_page(page.review(replace(opened.case, source=reading)), chosen)
            again = url_for("pages.review", launch=launch, looks=looks + 1, range=reviewed.plot.chosen)
            return render_template(
                "review.html",
                part=part,
                page=reviewed,
                opened=opened,
                forms=_forms(opened, tokens),
                reasons=DECLINE_REASONS,
                again=again if reviewed.awaited else "",
                seconds=REFRESH_SECONDS,
            )

        def by_parts() -> Iterator[str]:
            counts = reading.coming()
            arrived = arrival(identity_within(opened.case, reading, AT_ONCE_SECONDS))
            yield render_template("review.html", part="top", arrived=arrived, opened=opened, count=next(counts))
            for count in counts:
                yield render_template("components/reading.html", opened=opened, count=count)
            yield whole("rest")

        return make_response(whole()) if reading.come_within(AT_ONCE_SECONDS) else streamed(by_parts())

    @blueprint.post("/l/<launch>/observe")
    def observe(launch: str) -> Response:
        opened = entered_to_act(door, launch, own_origin)
        tokens.step(opened, "observe", request.form.get("csrf_token", ""))
        _enter(page, opened)
        return to_review(launch)

    @blueprint.post("/l/<launch>/sign-out")
    def sign_out(launch: str) -> Response:
        opened = entered(door, launch)
        check_origin(request, own_origin)
        tokens.step(opened, "sign-out", request.form.get("csrf_token", ""))
        page.sign_out(opened.case, opened.revoke)
        return make_response(render_template("signed_out.html"))

    return blueprint


def _enter(page: PatientPage, opened: OpenLaunch) -> None:
    try:
        page.enter_by_hand(opened.case, read_entry(request.form))
    except FutureInfusion as refused:
        raise PageProblem(str(refused), "Write the day on which it was given.") from None


class WeightRefused(PageProblem):
    """What was typed is no weight."""

    status = 422
    title = "This weight cannot be used"

    def __init__(self, what: str) -> None:
        advice = "Open the patient page and write the weight in kg, such as 62.5."
        super().__init__(f"{what} Nothing was added.", advice)


def read_looks(text: str) -> int:
    """How often the page has looked at a reading under way; nonsense is a first look."""
    return int(text) if text.isdecimal() and len(text) <= 2 else 0


def entered(door: LaunchDoor, launch: str) -> OpenLaunch:
    """The launch of the path, if this browser holds its cookie; its EHR may frame the page."""
    opened = door(launch, request.cookies)
    g.ehr = opened.ehr
    return opened


def entered_to_act(door: LaunchDoor, launch: str, own_origin: str) -> OpenLaunch:
    """As `entered`, for a form: from our own page, by a professional (SAL-73)."""
    opened = entered(door, launch)
    check_origin(request, own_origin)
    if opened.user is not UserKind.PROFESSIONAL:
        raise NotEntitled("Only a health-care professional may do this.", "Ask your care team.")
    return opened


def to_review(launch: str) -> Response:
    """303 to the patient page."""
    return make_response(redirect(url_for("pages.review", launch=launch), code=303))


def _forms(opened: OpenLaunch, tokens: FormTokens) -> Mapping[str, Any]:
    return {
        "act": opened.user is UserKind.PROFESSIONAL,
        "observe": tokens.token(opened, "observe"),
        "sign_out": tokens.token(opened, "sign-out"),
        "proposal": lambda proposal: tokens.token(opened, proposal.id, Stage.PROPOSED),
        "bleeding": _BY_HAND,
        "grades": {grade: words for grade, words in _GRADES.items() if grade != _DEATH},
        "death": _DEATH,
        "suspicions": _SUSPICIONS,
        "products": _PRODUCTS,
    }


def read_entry(form: MultiDict[str, str]) -> ManualEntry:
    """What was pressed or typed; a word or number out of range is a 400 that says so."""
    bleeding, grade, weight = form.get("bleeding") or None, form.get("crs_grade") or None, form.get("weight_kg") or None
    if bleeding is not None and bleeding not in _BY_HAND:
        raise PageProblem("Bleeding is none, minor, significant or major.")
    if grade is not None and grade not in map(str, _GRADES):
        raise PageProblem("A CRS grade is a whole number from 0 to 5.")
    product, given = _infusion(form.get("infusion_product", ""), form.get("infusion_date", ""))
    entry = ManualEntry(
        bleeding=BleedingLevel(bleeding) if bleeding else None,
        crs_grade=int(grade) if grade else None,
        weight_kg=_weight(weight) if weight else None,
        suspect=form.get("suspect") or None,
        reason=form.get("reason", "")[:200],
        infusion_product=product,
        infusion_date=given,
        standing=tuple(form.getlist("standing")[:_MOST_STANDING]),
        take_back=form.get("take_back") or None,
    )
    if entry == ManualEntry(reason=entry.reason):
        raise PageProblem("Nothing was chosen.")
    return entry


def _infusion(product: str, given: str) -> tuple[CarTProduct | None, date | None]:
    """Product and date together; a day that has not come, or no product that the guideline names, is refused."""
    if not product and not given:
        return None, None
    if product not in _PRODUCTS:
        raise PageProblem("The infusion's product is none of those offered.")
    try:
        day = date.fromisoformat(given)
    except ValueError:
        raise PageProblem("The infusion's date is no date.", "Write it as year-month-day.") from None
    return CarTProduct(product), day


def _weight(text: str) -> Decimal:
    try:
        weight = read_number(text)
        check_weight(weight)
    except AmountRefused:
        raise WeightRefused(f"{text[:20]} is not a weight in kg that can be used.") from None
    except ImplausibleWeight as refused:
        raise WeightRefused(f"{text[:20]} kg cannot be used. {refused}") from None
    return weight
