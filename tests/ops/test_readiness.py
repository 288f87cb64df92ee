"""Ready is what can do its work: schema, database and signing keys; alive is what answers."""

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from smartapp.factory import create_app
from smartapp.storage.database import Database
from tests.sites import open_settings


def made(folder: Path) -> Flask:
    database = Database(open_settings(folder).database)
    database.upgrade()
    database.close()
    return create_app(open_settings(folder))


def run(folder: Path, *statements: str) -> None:
    database = Database(open_settings(folder).database)
    with database.transaction() as connection:
        for statement in statements:
            connection.execute(text(statement))
    database.close()


@pytest.mark.req("SEC-37")
@pytest.mark.parametrize(
    ("statements", "reason"),
    [
        (("UPDATE alembic_version SET version_num = '0000'",), "run smartapp db upgrade"),
        (("UPDATE signing_keys SET private_jwk = 'x'",), "secret_key is not the one"),
        (("DELETE FROM signing_keys WHERE alg = 'RS384'",), "there is no RS384 signing key"),
        (("DROP TABLE signing_keys",), "the database cannot be used"),
    ],
)
def test_what_is_lacking_is_said_in_a_sentence(tmp_path: Path, statements: tuple[str, ...], reason: str) -> None:
    client = made(tmp_path).test_client()
    assert client.get("/readyz").json == {"status": "ready"}
    run(tmp_path, *statements)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["status"] == "not ready"
    assert reason in answer.json["reasons"][0]
    assert client.get("/healthz").json == {"status": "ok"}
