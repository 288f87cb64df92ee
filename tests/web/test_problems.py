"""Every failure is a page with what failed, what to do and a reference number."""

import pytest
from flask import Flask, abort

from smartapp.web.problems import handle
from smartapp.web.static_files import serve_static
from tests.web.browsing import Browser, Page
from tests.web.desk import LAUNCH, ROOT, act_now


class TeapotError(Exception):
    """A problem of another adapter, known only by its attributes."""

    status = 502
    title = "The EHR failed"
    what = "The EHR did not answer."
    advice = "Try again in a minute."


def failing(told: list[object]) -> Flask:
    app = act_now().app
    fresh = Flask("failing", template_folder=app.template_folder, static_folder=app.static_folder)
    fresh.add_url_rule("/rules", "rules.index", lambda: "")
    fresh.context_processor(lambda: {"site": {"organization": "", "development": False}})
    handle(fresh, lambda *args: told.append(args))
    serve_static(fresh, ROOT / "static")

    @fresh.get("/known")
    def known() -> str:
        raise TeapotError

    @fresh.get("/unforeseen")
    def unforeseen() -> str:
        raise RuntimeError("secret words of the record")

    @fresh.get("/cds-services/x")
    def hook() -> str:
        raise RuntimeError("secret")

    @fresh.get("/metrics")
    def metrics() -> str:
        abort(429)

    return fresh


def test_a_known_problem_says_what_failed_and_what_to_do() -> None:
    told: list[object] = []
    answer = failing(told).test_client().get("/known")
    text = answer.get_data(as_text=True)
    assert answer.status_code == 502
    for words in (
        "The EHR failed",
        "The EHR did not answer.",
        "Try again in a minute.",
        answer.headers["X-Request-ID"],
    ):
        assert words in text
    assert told[0][0] == answer.headers["X-Request-ID"]  # type: ignore[index]


@pytest.mark.req("SEC-34")
def test_an_unforeseen_failure_shows_nothing_of_itself() -> None:
    answer = failing([]).test_client().get("/unforeseen")
    assert answer.status_code == 500
    assert "secret" not in answer.get_data(as_text=True)


@pytest.mark.req("CDS-71")
def test_a_hook_failure_is_an_operation_outcome() -> None:
    answer = failing([]).test_client().get("/cds-services/x")
    assert answer.status_code == 500
    assert answer.json["resourceType"] == "OperationOutcome"  # type: ignore[index]
    assert "secret" not in answer.get_data(as_text=True)


def test_other_json_routes_answer_json_with_the_reference() -> None:
    answer = failing([]).test_client().get("/metrics")
    assert answer.status_code == 429
    assert answer.json["reference"] == answer.headers["X-Request-ID"]  # type: ignore[index]


@pytest.mark.parametrize(("path", "status"), [("/nowhere", 404), ("/l/other/", 401)])
def test_pages_for_ordinary_mistakes(path: str, status: int) -> None:
    page: Page = Browser(act_now().app).get(path)
    assert page.status == status
    assert "Reference number" in page.text


def test_a_wrong_method_names_the_right_ones() -> None:
    answer = Browser(act_now().app).client.post("/rules")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize(
    ("path", "status", "works"),
    [
        ("/nowhere", 404, "The patient page and the rules work as before."),
        ("/l/other/", 401, "Drafts that were saved stand in the EHR."),
        (f"/l/{LAUNCH}/proposals/none", 404, "The patient page and the rules work as before."),
    ],
)
def test_a_failure_page_says_what_still_works(path: str, status: int, works: str) -> None:
    page = Browser(act_now().app).get(path)
    assert page.status == status
    for words in ("What to do", "What still works", works, "Reference number", page.response.headers["X-Request-ID"]):
        assert words in page.text


def test_within_a_launch_that_goes_on_the_way_leads_back_to_the_patient() -> None:
    browser = Browser(act_now().app)
    assert f'href="/l/{LAUNCH}/"' in browser.get(f"/l/{LAUNCH}/proposals/none").html
    assert f'href="/l/{LAUNCH}/"' not in Browser(act_now().app, cookie="stolen").get(f"/l/{LAUNCH}/proposals/x").html


def test_trying_again_keeps_the_whole_address() -> None:
    text = failing([]).test_client().get("/known?iss=https://ehr.example/fhir").get_data(as_text=True)
    assert 'href="/known?iss=https://ehr.example/fhir"' in text


@pytest.mark.parametrize("path", ["/nope", "/callback?code=x&state=y", "/launch"])
def test_a_failed_launch_always_offers_a_way_to_start_again(path: str) -> None:
    page = Browser(act_now().app).get(path)
    assert page.status in (400, 404)
    assert '<a class="button" href="/">Start again and choose the patient</a>' in page.html


@pytest.mark.req("SEC-03")
def test_an_ended_session_offers_to_start_again() -> None:
    ward = act_now()
    ward.ended = True
    assert "Start again and choose the patient" in Browser(ward.app).get().text
