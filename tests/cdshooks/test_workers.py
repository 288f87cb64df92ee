"""Four workers as one service: a token opens once whichever of them is asked, and all give the same answer (CDS-74, CDS-86)."""

import base64
import secrets
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from tests import charts as c
from tests.cdshooks import calls
from tests.cdshooks.signing import ISSUER, Signer, key_set
from tests.cli.test_serve import get, started
from tests.conftest import free_port

SIGNER = Signer()
SITE = """
base_url = "{base}"
data_dir = "var"
secret_key = "{secret}"

[[cds_client]]
name = "st-x"
issuer = "{issuer}"
jwks_file = "keys.json"
"""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of four workers in production mode."""
    folder, port = Path(tmp_path_factory.mktemp("workers")), free_port()
    address = f"https://app.test:{port}"
    secret = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    (folder / "site.toml").write_text(SITE.format(base=address, secret=secret, issuer=ISSUER))
    (folder / "keys.json").write_bytes(key_set(SIGNER.public()))
    with started("serve", "--config", str(folder / "site.toml"), "--port", str(port), "--workers", "4") as server:
        get(f"http://127.0.0.1:{port}/readyz", server)
        yield address
        server.send_signal(signal.SIGTERM)


def post(base: str, token: str) -> Any:
    """A call on a connection of its own, so that any worker may take it."""
    url = f"http://127.0.0.1:{base.rpartition(':')[2]}{calls.url()}"
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Connection": "close"}
    return requests.post(url, data=c.dumps(calls.call()), headers=headers, timeout=30)


@pytest.mark.req("CDS-86", "CDS-74")
def test_twenty_copies_of_one_token_are_one_success(base: str) -> None:
    token = SIGNER.token(aud=f"{base}{calls.url()}")
    with ThreadPoolExecutor(max_workers=20) as pool:
        statuses = [answer.status_code for answer in pool.map(lambda _: post(base, token), range(20))]
    assert sorted(statuses) == [200] + [401] * 19


@pytest.mark.req("CDS-74", "CDS-53")
def test_every_worker_gives_the_same_answer(base: str) -> None:
    tokens = [SIGNER.token(aud=f"{base}{calls.url()}") for _ in range(12)]
    with ThreadPoolExecutor(max_workers=6) as pool:
        answers = list(pool.map(lambda token: post(base, token), tokens))
    assert {answer.status_code for answer in answers} == {200}
    assert (
        len({str([(card["indicator"], card["source"]) for card in answer.json()["cards"]]) for answer in answers}) == 1
    )
