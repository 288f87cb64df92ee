"""Launches through an authorization server written by others: npm `oidc-provider`, strict (PKCE, single-use codes, RFC 9207, signed clients)."""

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
import requests
from werkzeug.serving import make_server

from smartapp.fhir.queries import QUERIES, read_scopes
from smartapp.smart.scopes import wanted_scopes
from tests.conftest import free_port
from tests.smart.mock_ehr import MockEhr, mock_ehr
from tests.smart.running import Visitor, running

ASKED = wanted_scopes(read_scopes(QUERIES, "v2"), style="v2", launch=True, write_back=True, refresh=("online_access",))
HERE = Path(__file__).parent
CLIENT = {"client_id": "fibrinogen-watch", "client_auth": "private_key_jwt", "online_access": True}


@dataclass
class Strict:
    """The app, its FHIR server, and the authorization server at `url`."""

    url: str
    fhir: MockEhr
    visitor: Visitor

    def control(self, what: str = "") -> Any:
        return requests.get(f"{self.url}/control{what}", timeout=10)

    def sign_in(self, **replaced: str) -> str:
        """The app's launch, followed through the server's sign-in: the address of the callback."""
        with requests.Session() as browser:
            url = f"/launch?iss={self.fhir.base}&launch=xyz"
            url = self.visitor.get(url).headers["Location"]
            for name, value in replaced.items():
                url = url.replace(f"{name}=", f"{name}={value}&ignored=")
            while "/callback" not in url.split("?")[0]:
                answer = browser.get(url, allow_redirects=False, timeout=10)
                assert answer.status_code in (302, 303), answer.text
                url = urljoin(url, answer.headers["Location"])
            return url

    def page(self) -> Any:
        """A whole launch, and its patient page."""
        back = self.visitor.get(self.sign_in())
        assert back.status_code == 303, self.control().text
        return self.visitor.get(back.headers["Location"])


def node() -> str:
    """Node with the server's packages; without them the test is skipped, with CI set it fails."""
    found = shutil.which("node")
    lacking = "Node is missing" if not found else "" if (HERE / "node_modules").exists() else "npm installed nothing"
    if lacking:
        assert not os.environ.get("CI"), lacking
        pytest.skip(lacking)
    return str(found)


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Strict]:
    port, own = free_port(), free_port()
    app_url, url = f"http://127.0.0.1:{own}", f"http://127.0.0.1:{port}"
    with mock_ehr() as fhir:
        words = [
            node(),
            "server.mjs",
            str(port),
            f"{app_url}/callback",
            f"{app_url}/.well-known/jwks.json",
            fhir.base,
            ASKED,
        ]
        with subprocess.Popen(words, cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
            assert server.stdout is not None
            started = any("listening" in line for line in server.stdout)
            fhir.discovery = configuration(url)
            fhir.takes = bool
            folder = tmp_path_factory.mktemp("strict")
            entry = {**CLIENT, "issuer": url, "endpoint_origins": [url]}
            app = running(folder, fhir, base_url=app_url, **entry)
            listening = make_server("127.0.0.1", own, app, threaded=True)
            threading.Thread(target=listening.serve_forever, daemon=True).start()
            try:
                assert started, "the server did not start"
                yield Strict(url, fhir, Visitor(app, own={"Origin": app_url}))
            finally:
                listening.shutdown()
                listening.server_close()
                server.terminate()


def configuration(url: str) -> dict[str, Any]:
    """The server's own OpenID configuration, as a SMART server publishes it."""
    told = requests.get(f"{url}/.well-known/openid-configuration", timeout=10).json()
    return {**told, "capabilities": ["launch-ehr", "sso-openid-connect", "permission-v2"]}


@pytest.mark.req("SAL-20", "SAL-22", "SAL-25", "SAL-35", "SAL-37", "SAL-39", "SAL-70")
def test_a_launch_goes_through(strict: Strict) -> None:
    page = strict.page()
    assert "ACT NOW" in page.text
    assert "/approve" in page.text
    assert strict.control().json()["refused"] == []


@pytest.mark.req("SAL-08", "SAL-71")
def test_the_first_launch_after_the_server_changed_its_key(strict: Strict) -> None:
    assert "ACT NOW" in strict.page().text
    assert strict.control("/rotate").text == "rotated"
    assert "ACT NOW" in strict.page().text


@pytest.mark.req("SAL-27")
def test_a_code_is_redeemed_once_however_often_it_comes_back(strict: Strict) -> None:
    callback, before = strict.sign_in(), len(strict.control().json()["granted"])
    answers = [strict.visitor.get(callback).status_code for _ in range(3)]
    after = strict.control().json()
    assert answers == [303, 303, 303]
    assert len(after["granted"]) == before + 1
    assert after["refused"] == []


@pytest.mark.req("SAL-25")
@pytest.mark.parametrize("wrong", ["", "&iss=https://evil.test"])
def test_the_servers_name_must_stand_in_its_answer(strict: Strict, wrong: str) -> None:
    callback = strict.sign_in()
    before = len(strict.control().json()["granted"])
    mixed = callback.split("&iss=", maxsplit=1)[0] + wrong
    assert strict.visitor.get(mixed).status_code == 403
    assert len(strict.control().json()["granted"]) == before


@pytest.mark.req("SAL-80", "SAL-32")
def test_refresh_tokens_rotate(strict: Strict) -> None:
    page_url = strict.visitor.get(strict.sign_in()).headers["Location"]
    assert "ACT NOW" in strict.visitor.get(page_url).text
    for _ in range(2):
        used = strict.fhir.clinical()[-1].headers["authorization"].removeprefix("Bearer ")
        strict.fhir.takes = lambda token, old=used: token != old
        assert "ACT NOW" in strict.visitor.get(page_url).text
    told = strict.control().json()
    assert told["granted"][-2:] == ["refresh_token", "refresh_token"]
    assert told["refused"] == []


@pytest.mark.req("SAL-83")
def test_signing_out_revokes_at_the_server(strict: Strict) -> None:
    page = strict.page()
    assert "Signed out" in strict.visitor.press(page, "/sign-out").text
