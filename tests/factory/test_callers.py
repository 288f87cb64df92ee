"""Callers' keys read where they lie: a file, or one address on loopback; whoever else is named sees no request."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey

from smartapp.cdshooks.tokens import Unauthorized
from smartapp.config.checks import SANDBOX
from smartapp.factory.callers import gate_of
from smartapp.storage.database import Database
from tests.cdshooks import calls
from tests.cdshooks.served import app_of, post, settings_of
from tests.cdshooks.signing import Signer, key_set

SIGNER, ATTACKER = Signer(), Signer()


class KeyHost:
    """Serves a key set; `asked` are the paths requested."""

    def __init__(self, *signers: Signer) -> None:
        self.body, self.status, self.headers = (
            key_set(*(s.public() for s in signers)),
            200,
            {"Cache-Control": "max-age=60"},
        )
        self.asked: list[str] = []
        self.url = ""


@contextmanager
def serving(*signers: Signer) -> Iterator[KeyHost]:
    host = KeyHost(*signers)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            host.asked.append(self.path)
            self.send_response(host.status)
            for name, value in {**host.headers, "Content-Length": str(len(host.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(host.body)

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    host.url = f"http://127.0.0.1:{server.server_address[1]}/jwks.json"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield host
    finally:
        server.shutdown()
        server.server_close()


def app_for(folder: Path, host: KeyHost, **caller: Any) -> Any:
    return app_of(settings_of(folder, mode="development", jwks_uri=host.url, jwks_file=None, **caller))


@pytest.mark.req("CDS-82", "CDS-83", "SEC-10")
def test_keys_come_from_the_configured_address_and_only_when_needed(tmp_path: Path) -> None:
    with serving(SIGNER) as host, serving(ATTACKER) as evil:
        app = app_for(tmp_path, host)
        assert host.asked == []
        for number in range(30):
            fake = ATTACKER.token(header={"jku": evil.url, "kid": f"random-{number}"})
            assert post(app, calls.url(), calls.call(), None, Authorization=f"Bearer {fake}").status_code == 401
        assert host.asked == evil.asked == []
        for number in range(30):
            fake = ATTACKER.token(header={"jku": host.url, "kid": f"random-{number}"})
            assert post(app, calls.url(), calls.call(), None, Authorization=f"Bearer {fake}").status_code == 401
        assert [post(app, calls.url(), calls.call(), SIGNER).status_code for _ in range(3)] == [200] * 3
        assert host.asked == ["/jwks.json"]
        assert evil.asked == []


@pytest.mark.req("CDS-83", "CDS-88", "SEC-10")
@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (500, b"{}", {}),
        (200, b"<html>", {}),
        (200, b"[]", {}),
        (200, b'{"keys": 7}', {}),
        (200, b'{"keys": [7, {"kid": "key-1"}]}', {}),
        (302, b"", {"Location": "/elsewhere"}),
        (200, b'{"keys": [' + b"[" * 5000 + b"]" * 5000 + b"]}", {}),
    ],
)
def test_a_key_set_that_cannot_be_had_is_a_bare_401(
    tmp_path: Path, status: int, body: bytes, headers: dict[str, str]
) -> None:
    with serving(SIGNER) as host:
        app = app_for(tmp_path, host)
        host.status, host.body, host.headers = status, body, headers
        answer = post(app, calls.url(), calls.call(), SIGNER)
        assert (answer.status_code, answer.json) == (401, {"error": "unauthorized"})
        assert host.asked == ["/jwks.json"]


@pytest.mark.req("CDS-83", "SAL-08")
def test_a_rotated_key_file_needs_no_restart(tmp_path: Path) -> None:
    app = app_of(settings_of(tmp_path, SIGNER))
    assert post(app, calls.url(), calls.call(), SIGNER).status_code == 200
    newer = Signer(kid="key-2")
    (tmp_path / "keys.json").write_bytes(key_set(newer.public()))
    assert post(app, calls.url(), calls.call(), newer).status_code == 200


@pytest.mark.req("CDS-89", "CDS-81")
@pytest.mark.parametrize(("mode", "admits"), [("development", True), ("production", False)])
def test_the_public_sandboxs_kind_of_key_is_for_development(tmp_path: Path, mode: str, admits: bool) -> None:
    """It signs with ES256 under a key marked for encryption; in production such settings do not even start."""
    sandbox = Signer(kid="s", key=ECKey.generate_key("P-256", private=True), alg="ES256")
    file = tmp_path / "sandbox.json"
    file.write_text(json.dumps({"keys": [sandbox.public(use="enc")]}))
    settings = settings_of(tmp_path, SIGNER, mode="development")
    client = settings.cds_client[0].model_copy(update={"issuer": SANDBOX, "jwks_file": file, "require_jwt": True})
    site = settings.model_copy(update={"cds_client": (client,), "mode": mode})
    database = Database(site.database)
    database.upgrade()
    gate, url = gate_of(site, database), f"{site.base_url}{calls.url()}"
    token = sandbox.token(iss=SANDBOX, aud=url, header={"jku": f"{SANDBOX}/.well-known/jwks.json"})
    if admits:
        assert gate.signed(f"Bearer {token}", [url])
        return
    with pytest.raises(Unauthorized):
        gate.signed(f"Bearer {token}", [url])
