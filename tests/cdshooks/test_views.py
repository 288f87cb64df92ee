"""The HTTP of the service in production: who gets in, every status with its body, CORS on all of them, and rates."""

from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from smartapp.cdshooks.request import MAX_BYTES
from tests.cdshooks import calls
from tests.cdshooks.served import ORIGIN, app_of, post, settings_of
from tests.cdshooks.signing import BASE, SERVER, Signer

SIGNER = Signer()
URL = calls.url()
BARE = b'{"error":"unauthorized"}'


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return app_of(settings_of(Path(tmp_path_factory.mktemp("views")), SIGNER, tenants=[]))


@pytest.mark.req("CDS-80", "CDS-82", "CDS-40")
def test_a_signed_call_is_answered_in_production(app: Flask) -> None:
    answer = post(app, URL, calls.call(fhirServer=SERVER), SIGNER)
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    assert answer.json["cards"]


@pytest.mark.req("CDS-86", "CDS-74")
def test_a_token_opens_once(app: Flask) -> None:
    token = {"Authorization": f"Bearer {SIGNER.token(aud=f'{BASE}{URL}')}"}
    seen = [post(app, URL, calls.call(), None, **token).status_code for _ in range(3)]
    assert seen == [200, 401, 401]


@pytest.mark.req("CDS-88", "CDS-80")
def test_every_refusal_is_the_same_bare_401(app: Flask) -> None:
    tokens = [
        None,
        "Bearer x",
        f"Bearer {SIGNER.token(aud=f'{BASE}/cds-services')}",
        f"Bearer {Signer().token(aud=f'{BASE}{URL}')}",
        f"Bearer {SIGNER.token(aud=f'{BASE}{URL}', exp=1)}",
        f"Bearer {SIGNER.token(aud=f'{BASE}{URL}', iss='https://evil.test')}",
    ]
    for token in tokens:
        answer = post(app, URL, b"not even json", None, **({"Authorization": token} if token else {}))
        assert (answer.status_code, answer.data) == (401, BARE)
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.mimetype == "application/json"


@pytest.mark.req("CDS-84")
@pytest.mark.parametrize("headers", [{"Host": "evil.test"}, {"X-Forwarded-Host": "evil.test"}])
def test_the_audience_comes_from_the_settings_never_from_the_request(app: Flask, headers: dict[str, str]) -> None:
    host = next(iter(headers.values()))
    wrong = {"Authorization": f"Bearer {SIGNER.token(aud=f'https://{host}{URL}')}"}
    right = {"Authorization": f"Bearer {SIGNER.token(aud=f'{BASE}{URL}')}"}
    assert post(app, URL, calls.call(), None, **headers, **wrong).status_code == 401
    assert post(app, URL, calls.call(), None, **headers, **right).status_code == 200


def outcome(answer: Any) -> str:
    """The text of an OperationOutcome that is one."""
    body = answer.json
    assert answer.mimetype == "application/json"
    assert body["resourceType"] == "OperationOutcome"
    issue = body["issue"][0]
    assert issue["severity"] == "error"
    assert issue["code"]
    return str(issue["details"]["text"])


@pytest.mark.req("CDS-70", "CDS-71", "CDS-32", "CDS-23", "CDS-15")
@pytest.mark.parametrize(
    ("status", "path", "body", "headers"),
    [
        (400, URL, b"{", {}),
        (400, URL, calls.call(hook="order-sign"), {}),
        (403, URL, calls.call(fhirServer="https://evil.test/fhir"), {}),
        (403, URL, calls.call(fhirServer="http://127.0.0.1:1/fhir"), {}),
        (404, "/cds-services/unknown", calls.call(), {}),
        (412, URL, calls.call(prefetch={}), {}),
        (413, URL, b" " * (MAX_BYTES + 1), {}),
        (413, URL, b" " * (MAX_BYTES * 2), {}),
        (415, URL, calls.call(), {"Content_Type": "text/plain"}),
        (415, URL, calls.call(), {"Content_Type": "application/x-www-form-urlencoded"}),
    ],
)
def test_each_status_has_an_outcome_that_says_why(
    app: Flask, status: int, path: str, body: Any, headers: dict[str, str]
) -> None:
    answer = post(app, path, body, SIGNER, **headers)
    assert answer.status_code == status
    said = outcome(answer)
    assert said
    assert "P1" not in said
    assert "evil" not in said


@pytest.mark.req("CDS-70")
@pytest.mark.parametrize("path", ["/cds-services", URL, f"{URL}/feedback"])
def test_another_method_is_405_with_allow(app: Flask, path: str) -> None:
    answer = app.test_client().delete(path)
    assert answer.status_code == 405
    assert ("GET" if path == "/cds-services" else "POST") in answer.headers["Allow"]
    assert outcome(answer)


@pytest.mark.req("CDS-71", "CDS-70", "SEC-34")
def test_a_failure_here_is_500_without_a_trace(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, SIGNER)
    app = app_of(settings)
    (tmp_path / "smartapp.db").write_bytes(b"no database any more" * 500)
    for rest in tmp_path.glob("smartapp.db-*"):
        rest.unlink()
    answer = post(app, URL, calls.call(), SIGNER)
    assert answer.status_code == 500
    assert "sql" not in outcome(answer).lower()


@pytest.mark.req("CDS-72", "CDS-70")
def test_an_answer_that_is_not_ready_in_time_is_503(tmp_path: Path) -> None:
    app = app_of(settings_of(tmp_path, SIGNER, budgets={"hook": "0.0001"}))
    answer = post(app, URL, calls.call(), SIGNER)
    assert answer.status_code == 503
    assert outcome(answer) == "the answer was not ready in time"


@pytest.mark.req("CDS-95")
@pytest.mark.parametrize("path", ["/cds-services", URL, f"{URL}/feedback"])
def test_a_browser_may_ask_first_without_a_token(app: Flask, path: str) -> None:
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    answer = app.test_client().options(path, headers=asked)
    assert answer.status_code in (200, 204)
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, POST, OPTIONS"
    assert answer.headers["Access-Control-Allow-Headers"] == "Authorization, Content-Type"
    assert "Origin" in answer.headers["Vary"]
    assert 0 < int(answer.headers["Access-Control-Max-Age"]) <= 3600


@pytest.mark.req("CDS-96")
@pytest.mark.parametrize(
    "origin",
    ["null", "https://ehr.test.evil.test", "https://ehr.tes", "http://ehr.test", "https://ehr.test:8443", "*", ""],
)
def test_another_origin_gets_no_cors_headers(app: Flask, origin: str) -> None:
    client = app.test_client()
    answers = [client.options(URL, headers={"Origin": origin}), client.get("/cds-services", headers={"Origin": origin})]
    for answer in (*answers, post(app, URL, calls.call(), SIGNER, Origin=origin)):
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]


@pytest.mark.req("CDS-96")
@pytest.mark.parametrize(
    ("body", "signer", "status"),
    [
        (calls.call(), None, 401),
        (b"{", SIGNER, 400),
        (calls.call(prefetch={}), SIGNER, 412),
        (calls.call(), SIGNER, 200),
    ],
)
def test_errors_carry_the_cors_headers_too(app: Flask, body: Any, signer: Signer | None, status: int) -> None:
    answer = post(app, URL, body, signer, Origin=ORIGIN)
    assert answer.status_code == status
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.req("CDS-97")
@pytest.mark.parametrize(
    "path", ["/", "/launch", "/callback", "/rules", "/l/x/", "/l/x/proposals/y/approve", "/cds-servicesx"]
)
def test_cors_never_applies_to_pages(app: Flask, path: str) -> None:
    client = app.test_client()
    for answer in (client.get(path, headers={"Origin": ORIGIN}), client.post(path, headers={"Origin": ORIGIN})):
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]


@pytest.mark.req("CDS-70", "SEC-31")
def test_a_caller_beyond_its_rate_is_told_when_to_come_again(tmp_path: Path) -> None:
    app = app_of(settings_of(tmp_path, SIGNER, limits={"hooks": "3/minute", "launch": ""}))
    seen = [post(app, URL, calls.call(), SIGNER) for _ in range(5)]
    assert [answer.status_code for answer in seen] == [200, 200, 200, 429, 429]
    assert 1 <= int(seen[-1].headers["Retry-After"]) <= 60
    assert outcome(seen[-1])
    assert app.test_client().get("/cds-services").status_code == 200


@pytest.mark.req("SEC-31")
def test_pages_have_a_rate_by_address(tmp_path: Path) -> None:
    app = app_of(settings_of(tmp_path, SIGNER, limits={"hooks": "", "launch": "4/minute"}))
    seen = [app.test_client().get(path) for path in ("/", "/launch", "/callback", "/rules", "/launch")]
    assert [answer.status_code == 429 for answer in seen] == [False] * 4 + [True]
    assert 1 <= int(seen[-1].headers["Retry-After"]) <= 60
    other = app.test_client().get("/", environ_overrides={"REMOTE_ADDR": "192.0.2.9"})
    assert other.status_code == 200
    assert app.test_client().get("/healthz").status_code == 200
