"""Four workers as one service: a token opens once whichever of them is asked, and all give the same answer (CDS-74, CDS-86)."""

import base64
import json
import secrets
import signal
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
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


@contextmanager
def serving(folder: Path, workers: int) -> Iterator[str]:
    """The address of so many workers in production mode; they are told to end at the end."""
    port = free_port()
    address = f"https://app.test:{port}"
    secret = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    (folder / "site.toml").write_text(SITE.format(base=address, secret=secret, issuer=ISSUER))
    (folder / "keys.json").write_bytes(key_set(SIGNER.public()))
    options = ("--config", str(folder / "site.toml"), "--port", str(port), "--workers", str(workers))
    with started("serve", *options) as server:
        get(f"http://127.0.0.1:{port}/readyz", server)
        yield address
        server.send_signal(signal.SIGTERM)
        server.wait(60)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of four workers."""
    with serving(Path(tmp_path_factory.mktemp("workers")), 4) as address:
        yield address


def post(base: str, token: str, **changed: Any) -> Any:
    """A call on a connection of its own, so that any worker may take it."""
    url = f"http://127.0.0.1:{base.rpartition(':')[2]}{calls.url()}"
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Connection": "close"}
    return requests.post(url, data=c.dumps(calls.call(**changed)), headers=headers, timeout=30)


@pytest.mark.req("SEC-32")
def test_workers_that_stop_write_how_many_calls_they_only_counted(tmp_path: Path) -> None:
    sent = calls.prefetch(c.patient("1950-01-10"))
    with serving(tmp_path, 2) as address:
        for _ in range(6):
            answer = post(address, SIGNER.token(aud=f"{address}{calls.url()}"), prefetch=sent)
            assert (answer.status_code, answer.json()) == (200, {"cards": []})
    with closing(sqlite3.connect(tmp_path / "var" / "smartapp.db")) as database:
        records = [json.loads(row) for (row,) in database.execute("select record from audit")]
    counted = [row for record in records for row in record.get("counts", ())]
    assert sum(row["count"] for row in counted) == 6
    assert {(row["service"], row["caller"]) for row in counted} == {("coagulopathy-patient-view", "st-x")}
    assert not [record for record in records if record["patient"] or record["event"] == "hook assessed"]


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
