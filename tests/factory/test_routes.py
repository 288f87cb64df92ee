"""What holds for every route that the app has, walked through its map: headers, CORS, forms, and failures."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from werkzeug.test import TestResponse

from smartapp.config.load import build
from smartapp.storage.database import Database
from tests.cdshooks.calls import url
from tests.cdshooks.served import ORIGIN, app_of, settings_of
from tests.cdshooks.signing import Signer
from tests.web.desk import COOKIE, LAUNCH, act_now

SIGNER = Signer()
FRAMING = "https://frames.test"
PLACES = {"launch": LAUNCH, "proposal": "p1", "service_id": "coagulopathy-patient-view", "rule_id": "REP-03"}
HTML_POLICY = ("default-src 'none'", "object-src 'none'", "base-uri 'none'", "form-action 'self'", "script-src 'self'")


def site(folder: Path, *, embedded: bool = True, **more: Any) -> Flask:
    """In production, with one EHR that may frame the pages if `embedded`."""
    settings = settings_of(folder, SIGNER, **more)
    ehr = settings.ehr[0].model_copy(update={"embedded": embedded, "frame_ancestors": (FRAMING,)})
    return app_of(settings.model_copy(update={"ehr": (ehr,)}))


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return site(tmp_path_factory.mktemp("routes"), limits={"launch": ""})


def walked(app: Flask, *methods: str, **headers: str) -> Iterator[tuple[str, str, TestResponse]]:
    """Every route with every method, as anybody may send it; with the launch's cookie where the app knows it."""
    client = app.test_client()
    client.set_cookie("launch", COOKIE)
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:[a-z]+:)?([a-z_]+)>", lambda found: PLACES.get(found[1], "x"), rule.rule)
        for method in methods or ("GET", "POST", "PUT", "DELETE", "OPTIONS"):
            yield method, rule.rule, client.open(path, method=method, headers=headers)


def assert_protected(answer: TestResponse, framing: str) -> None:
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert re.fullmatch(r"max-age=\d{8,}; includeSubDomains", answer.headers["Strict-Transport-Security"])
    assert answer.headers["X-Request-ID"]
    assert answer.headers["Permissions-Policy"]
    if answer.mimetype == "text/html":
        policy = answer.headers["Content-Security-Policy"]
        assert all(part in policy for part in HTML_POLICY)
        assert "unsafe" not in policy
        assert policy.endswith(f"frame-ancestors {framing}")
    if answer.status_code >= 400:
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.req("SEC-05")
def test_every_route_carries_the_headers_whatever_it_answers(app: Flask) -> None:
    answers = [answer for *_, answer in walked(app)]
    assert len(answers) >= 100
    for answer in answers:
        assert_protected(answer, FRAMING)


@pytest.mark.req("SEC-05", "SEC-02")
def test_pages_are_framed_by_nobody_where_no_ehr_embeds_them(tmp_path: Path) -> None:
    for *_, answer in walked(site(tmp_path, embedded=False, limits={"launch": ""}), "GET"):
        assert_protected(answer, "'none'")


@pytest.mark.req("SEC-05")
def test_every_page_of_a_live_launch_carries_them_too() -> None:
    live = [(rule, answer) for _, rule, answer in walked(act_now().app, "GET") if rule.startswith("/l/")]
    assert 200 in {answer.status_code for _, answer in live}
    for _, answer in live:
        assert answer.headers["Cache-Control"] == "no-store"
        assert_protected(answer, "http://ehr.example")


@pytest.mark.req("CDS-97", "CDS-96")
def test_only_the_hooks_answer_other_origins(app: Flask) -> None:
    for origin in (ORIGIN, "null", "https://elsewhere.test"):
        for _, rule, answer in walked(app, Origin=origin):
            given = [name for name, _ in answer.headers if name.startswith("Access-Control")]
            hooks = rule.startswith("/cds-services") and origin == ORIGIN
            assert bool(given) == hooks, rule
            assert answer.headers.get("Access-Control-Allow-Origin", origin) == origin


@pytest.mark.req("SEC-04", "CDS-97")
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://elsewhere.test", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://localhost", "Sec-Fetch-Site": "same-site"},
        {"Origin": "http://localhost.elsewhere.test"},
        {"Origin": "http://localhost"},
    ],
)
def test_no_form_of_a_live_launch_is_taken_without_its_token_or_from_elsewhere(headers: dict[str, str]) -> None:
    ward = act_now()
    seen = {rule: answer.status_code for _, rule, answer in walked(ward.app, "POST", **headers) if "/l/" in rule}
    posts = {rule: status for rule, status in seen.items() if status != 405}
    assert len(posts) >= 5
    assert set(posts.values()) <= {403, 404}
    assert (ward.entered, ward.ended, ward.writer.created) == ([], False, [])


@pytest.mark.req("SEC-04")
def test_nothing_changes_by_a_get(app: Flask) -> None:
    changing = {rule.rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    assert all(rule.startswith(("/l/", "/cds-services/")) for rule in changing)
    assert {
        rule.rule for rule in app.url_map.iter_rules() if {"PUT", "PATCH", "DELETE"} & set(rule.methods or ())
    } == set()
    ward = act_now()
    list(walked(ward.app, "GET"))
    assert (ward.entered, ward.ended, ward.writer.created) == ([], False, [])


@pytest.mark.req("SEC-07")
def test_every_route_of_a_launch_is_closed_to_other_browsers() -> None:
    client = act_now().app.test_client()
    for rule in act_now().app.url_map.iter_rules():
        if rule.rule.startswith("/l/"):
            path = rule.rule.replace("<launch>", LAUNCH).replace("<proposal>", "p1")
            for method in (rule.methods or set()) & {"GET", "POST"}:
                assert client.open(path, method=method, headers={"Origin": "http://localhost"}).status_code == 401


@pytest.mark.req("SEC-31")
@pytest.mark.parametrize(
    "path", ["/launch?iss=https://ehr.test/fhir&launch=x", "/callback?state=x&code=y", "/standalone/st-x"]
)
def test_a_burst_of_launches_or_callbacks_is_told_when_to_come_again(tmp_path: Path, path: str) -> None:
    client = site(tmp_path, limits={"launch": "5/minute"}).test_client()
    seen = [client.get(path) for _ in range(8)]
    assert [answer.status_code == 429 for answer in seen] == [False] * 5 + [True] * 3
    assert 1 <= int(seen[-1].headers["Retry-After"]) <= 60
    assert "Reference number" in seen[-1].get_data(as_text=True)


@pytest.mark.req("SEC-31", "CDS-70")
@pytest.mark.parametrize("path", [url(), f"{url()}/feedback"])
def test_a_burst_of_calls_or_feedback_is_told_when_to_come_again(tmp_path: Path, path: str) -> None:
    client = site(tmp_path, limits={"hooks": "5/minute"}).test_client()
    seen = []
    for _ in range(8):
        token = SIGNER.token(aud=f"https://app.test{path}")
        headers = {"Authorization": f"Bearer {token}"}
        seen.append(client.post(path, data=b"{}", content_type="application/json", headers=headers))
    assert [answer.status_code for answer in seen[5:]] == [429] * 3
    assert 1 <= int(seen[-1].headers["Retry-After"]) <= 60


@pytest.mark.req("SEC-34")
@pytest.mark.parametrize("path", ["/callback?state=x&code=y", f"/l/{LAUNCH}/", "/.well-known/jwks.json"])
def test_a_failure_that_nobody_foresaw_shows_a_number_and_nothing_of_itself(
    tmp_path: Path, path: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FLASK_DEBUG", "1")
    app = site(tmp_path)
    assert app.debug is False
    break_database(app, tmp_path)
    client = app.test_client()
    for name in ("__Host-fw-pending-1", f"__Host-fw-{LAUNCH}"):
        client.set_cookie(name, "x", secure=True, domain="app.test")
    answer = client.get(path, base_url="https://app.test")
    told = answer.get_data(as_text=True)
    assert answer.status_code == 500
    assert answer.headers["X-Request-ID"] in told
    assert not re.search(r"Traceback|sqlite|no such table|SELECT|werkzeug|debugger", told, re.I)
    assert answer.headers["X-Request-ID"] in capsys.readouterr().err


def break_database(app: Flask, folder: Path) -> None:
    database = Database(build({"data_dir": folder}).database)
    with database.transaction() as connection:
        for table in ("launches", "pending_launches", "signing_keys"):
            connection.execute(text(f"DROP TABLE IF EXISTS {table}"))
    database.close()


@pytest.mark.req("SEC-01", "SEC-05")
def test_no_route_sets_a_cookie_but_a_launch(app: Flask) -> None:
    assert {rule for _, rule, answer in walked(app) if "Set-Cookie" in answer.headers} <= {"/launch", "/callback"}
