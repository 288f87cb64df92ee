"""Exceptions as pages, JSON or OperationOutcomes, once: what failed, what to do, and a reference number (SEC-34)."""

import secrets
from collections.abc import Callable, Iterator, Mapping

from flask import (
    Flask,
    Response,
    current_app,
    g,
    jsonify,
    make_response,
    render_template,
    request,
    stream_with_context,
)
from werkzeug.exceptions import HTTPException

from smartapp.usecases.assess import PatientNotThere
from smartapp.usecases.manual_entries import ImplausibleWeight
from smartapp.usecases.orders.approve import NoSuchProposal, NotApprovable
from smartapp.usecases.orders.cancel import NotWithdrawn
from smartapp.usecases.patient_page import NoReceipt

_JSON_PATHS = ("/healthz", "/readyz", "/metrics", "/source-attributes.json", "/.well-known/")
_HTTP_WORDS = {
    400: (
        "The request was not understood",
        "Something in the address or the form is missing or wrong.",
        "Go back and try again.",
    ),
    401: (
        "This session has ended",
        "There is no live launch for this browser.",
        "Open the app again from the patient's chart.",
    ),
    403: ("Not permitted", "You are not entitled to this.", "Open the app again from the patient's chart."),
    404: ("Not found", "There is no such page.", "Open the app again from the patient's chart."),
    405: ("Not possible here", "This address does not do that.", "Go back and try again."),
    413: ("Too large", "What was sent is larger than is accepted.", "Go back and send less."),
    429: ("Too many requests", "More requests came than are answered in a minute.", "Wait a minute and try again."),
}
_REFUSALS: Mapping[type[Exception], tuple[int, str, str]] = {
    PatientNotThere: (
        200,  # the page is a state of the patient page (screens.md section 1), not a failure of it
        "◇ CANNOT ASSESS — this patient could not be read",
        "Open the app again from the patient's chart. If it stays so, ask your EHR team whether the launch names the right patient.",
    ),
    NoSuchProposal: (404, "Not found", "Go back to the patient page."),
    NotApprovable: (
        409,
        "This can no longer be approved",
        "Go back to the patient page: it shows what is advised now.",
    ),
    NotWithdrawn: (
        409,
        "This order was not withdrawn",
        "Open the patient page: it says how the order stands. It may have to be cancelled in the EHR.",
    ),
    ImplausibleWeight: (
        422,
        "This weight cannot be used",
        "Open the patient page and write the weight in kg, such as 62.5.",
    ),
    NoReceipt: (
        404,
        "No receipt",
        "Receipts are made when an order is approved or declined. Go back to the patient page.",
    ),
}
"""What the use cases refuse: status, title, and what to do; their message says what failed."""
_WORKS = "The chart in the EHR, its cards and other patients opened here are not affected."
_STILL_WORKS = {
    401: "Drafts that were saved stand in the EHR. Other patients opened here are not affected.",
    403: "Nothing was written by this step. What was saved before stands in the EHR.",
    404: "The patient page and the rules work as before.",
    409: "Nothing more was written. What was saved before stands in the EHR.",
    422: "Nothing was written. The patient page works as before.",
    429: "Nothing is lost: what was saved stands, and this session goes on.",
}
_FAILED = (
    "Something failed here",
    "The app failed while making this page. Nothing was written.",
    "Try again; if it fails again, quote the reference number.",
)
_FAILED_POST = (
    _FAILED[0],
    "The app failed while taking this step.",
    "Open the patient page: it says what was written. Check there before repeating the step.",
)


class PageProblem(Exception):  # a page, not a failure of the program
    """A problem with a sentence for the page: what failed, and what to do."""

    status = 400
    title = "This cannot be done"

    def __init__(self, what: str, advice: str = "Go back and try again.") -> None:
        super().__init__(what)
        self.what = what
        self.advice = advice


class NotFound(PageProblem):
    """No such thing in this launch."""

    status = 404
    title = "Not found"


class NotEntitled(PageProblem):
    """The user may look, not act."""

    status = 403
    title = "Not permitted"


def handle(app: Flask, log: Callable[[str, str, int, BaseException | None], None]) -> None:
    """Register; `log(reference, path, status, exception)` is told of every problem, with the unforeseen exceptions."""

    app.extensions["problems"] = log

    @app.before_request
    def number() -> None:
        g.reference = secrets.token_hex(6)

    @app.after_request
    def mark(response: Response) -> Response:
        response.headers["X-Request-ID"] = reference()
        return response

    @app.errorhandler(Exception)
    def problem(error: Exception) -> Response:
        status, title, what, advice = _told(error)
        log(reference(), request.path, status, error if status == 500 else None)
        response = _shown(status, title, what, advice, elsewhere=str(getattr(error, "elsewhere", "")))
        if isinstance(error, HTTPException):
            kept = ((name, value) for name, value in error.get_headers() if name in ("Allow", "Retry-After"))
            response.headers.extend(kept)
        return response


def streamed(parts: Iterator[str]) -> Response:
    """A page that is sent part by part; a failure on the way ends it with words, not with silence."""
    return Response(stream_with_context(_to_the_end(parts)), headers={"X-Accel-Buffering": "no"})


def _to_the_end(parts: Iterator[str]) -> Iterator[str]:
    try:
        yield from parts
    except Exception as error:  # noqa: BLE001 - the edge: too late for an answer of its own
        status, title, what, advice = _told(error)
        current_app.extensions["problems"](reference(), request.path, status, error if status == 500 else None)
        yield render_template(
            "problems/ending.html",
            title=title,
            what=what,
            advice=advice,
            works=_STILL_WORKS.get(status, _WORKS),
            reference=reference(),
            retry=request.path,
        )


def reference() -> str:
    """The number of this request, on the page, in the header and in the log."""
    return str(g.get("reference", "none"))


def _told(error: Exception) -> tuple[int, str, str, str]:
    refusal = _REFUSALS.get(type(error))
    if refusal is not None:
        return refusal[0], refusal[1], str(error), refusal[2]
    status = getattr(error, "status", None)
    what, advice = getattr(error, "what", None), getattr(error, "advice", None)
    if isinstance(status, int) and what and advice:
        return status, str(getattr(error, "title", "This cannot be done")), str(what), str(advice)
    if isinstance(error, HTTPException) and error.code:
        return error.code, *_HTTP_WORDS.get(
            error.code, (error.name, "The request could not be answered.", "Go back and try again.")
        )
    return 500, *(_FAILED_POST if request.method == "POST" else _FAILED)


def _shown(status: int, title: str, what: str, advice: str, *, elsewhere: str) -> Response:
    """`elsewhere` is where the app can be opened in a window of its own, for a problem that only a frame has."""
    if request.path.startswith("/cds-services"):
        return make_response(jsonify(_outcome(status, what)), status)
    if request.path.startswith(_JSON_PATHS):
        return make_response(jsonify({"error": what, "reference": reference()}), status)
    retry, patient_page = _retry(status), _patient_page(status)
    page = render_template(
        "problems/problem.html",
        title=title,
        what=what,
        advice=advice,
        reference=reference(),
        works=_STILL_WORKS.get(status, _WORKS),
        retry=retry,
        window=elsewhere or retry,
        patient_page=patient_page,
        start="" if retry or patient_page or elsewhere or request.path == "/" else "/",
    )
    return make_response(page, status)


def _retry(status: int) -> str:
    """The same address again, where that may help; a callback's code is good for one time only."""
    again = request.method == "GET" and (status >= 500 or status == 429) and "code" not in request.args
    return request.full_path.rstrip("?") if again else ""


def _patient_page(status: int) -> str:
    """The way back to the patient page of a launch that goes on."""
    launch = (request.view_args or {}).get("launch", "")
    return f"/l/{launch}/" if launch and status not in (401, 429) and request.endpoint != "pages.review" else ""


def _outcome(status: int, what: str) -> dict[str, object]:
    code = {404: "not-found", 405: "not-supported", 413: "too-long", 429: "throttled"}.get(status, "exception")
    return {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": code, "details": {"text": what}}],
    }
