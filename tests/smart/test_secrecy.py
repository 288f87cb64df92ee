"""No token, code, verifier, assertion, state or nonce appears anywhere it could be read: a whole launch with marked values (SAL-87)."""

import logging
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from tests.smart.mock_ehr import MockEhr, as_json
from tests.smart.running import Visitor, running


def secrets_of(mock: MockEhr, asked: dict[str, str]) -> set[str]:
    """Every secret that passed: what the EHR issued, and what the app sent."""
    forms = [request.form for request in (*mock.requests("/token"), *mock.requests("/revoke"))]
    names = ("code", "code_verifier", "client_assertion", "refresh_token", "token")
    sent = {form[name] for form in forms for name in names if name in form}
    issued = {f"marker-{kind}-{number}" for kind in ("access", "refresh", "code") for number in range(mock.serial + 1)}
    return sent | issued | {asked["state"], asked["nonce"]}


def used(visitor: Visitor, mock: MockEhr) -> dict[str, str]:
    """A launch with everything a clinician does, a refresh, failures, and the sign-out; the authorization request."""
    asked = visitor.begun(mock)
    path = visitor.callback(mock, asked).headers["Location"]
    page = visitor.get(path)
    visitor.press(page, "/observe", bleeding="none")
    visitor.press(visitor.press(visitor.get(path), "/approve"), "/approve")
    mock.expire()
    visitor.get(path)
    mock.knobs["/fhir/Condition"] = lambda _: (500, {}, b"")
    visitor.get(path)
    visitor.press(visitor.get(path), "/sign-out")
    visitor.get(path)
    mock.knobs["/token"] = lambda _: as_json({"error": "invalid_grant"}, 400)
    visitor.refused(mock)
    return asked


@pytest.mark.req("SAL-87", "SEC-01")
@pytest.mark.parametrize("client", ["public", "private_key_jwt", "client_secret_basic"])
def test_marked_values_stay_between_the_servers(
    mock: MockEhr, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], client: str
) -> None:
    mock.refreshes = True
    secret = {"client_secret": "marker-client-secret"} if client == "client_secret_basic" else {}
    with caplog.at_level(logging.DEBUG):
        visitor = Visitor(running(tmp_path, mock, log_level="debug", client_auth=client, **secret))
        asked = used(visitor, mock)
    secrets = secrets_of(mock, asked) | {"marker-client-secret"}
    assert len([one for one in secrets if "marker-access" in one]) > 2
    captured = capfd.readouterr()
    places: dict[str, Any] = {
        "pages": [answer.text for answer in visitor.answers],
        "addresses": [inside(answer.headers.get("Location", "")) for answer in visitor.answers],
        "headers": [str(answer.headers.getlist("Set-Cookie")) for answer in visitor.answers],
        "logs": [captured.out, captured.err, *(record.getMessage() for record in caplog.records)],
        "files": [file.read_bytes().decode("latin-1") for file in tmp_path.rglob("*") if file.is_file()],
        "the chart's server": [request.path + str(request.query) for request in mock.clinical()],
    }
    for place, texts in places.items():
        found = {one for one in secrets for text in texts if one in text}
        assert not found, f"{place}: {found}"


def inside(location: str) -> str:
    """An address without the two parameters that the authorization request has to carry."""
    parts = urlsplit(location)
    if not parts.path.endswith("/authorize"):
        return unquote(location)
    return str({name: value for name, value in parse_qs(parts.query).items() if name not in ("state", "nonce")})
