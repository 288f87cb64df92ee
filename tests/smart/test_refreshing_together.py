"""One refresh among all requests and processes, and what ends a session, with the app running (SAL-80 to SAL-83)."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from smartapp.storage.database import Database
from smartapp.storage.keyring import Keyring
from smartapp.storage.session_store import LaunchStore
from smartapp.storage.tables import launches
from tests.smart.mock_ehr import MockEhr, as_json
from tests.smart.running import Visitor, running, words


def refreshes(mock: MockEhr) -> list[Any]:
    return [asked.form for asked in mock.requests("/token") if asked.form["grant_type"] == "refresh_token"]


@pytest.fixture
def opened(mock: MockEhr, visitor: Visitor) -> str:
    """The patient page of a launch that was given a refresh token, which has been read once."""
    mock.refreshes = True
    path = visitor.launched(mock)
    assert "ACT NOW" in visitor.get(path).text
    return path


@pytest.mark.req("SAL-80")
def test_twenty_expired_requests_in_two_processes_are_one_refresh(
    mock: MockEhr, visitor: Visitor, opened: str, tmp_path: Path
) -> None:
    other = Visitor(running(tmp_path, mock), cookies=visitor.cookies)
    mock.knobs["/token"] = lambda _: time.sleep(0.3)  # type: ignore[func-returns-value]
    mock.expire()
    with ThreadPoolExecutor(20) as pool:
        pages = list(pool.map(lambda one: one.get(opened), [visitor, other] * 10))
    assert ["ACT NOW" in page.text for page in pages] == [True] * 20
    assert len(refreshes(mock)) == 1


@pytest.mark.req("SAL-80", "SAL-32")
@pytest.mark.parametrize("client", ["private_key_jwt", "client_secret_basic", "public"])
def test_a_rotated_refresh_token_is_used_next_and_each_once(mock: MockEhr, tmp_path: Path, client: str) -> None:
    mock.refreshes = True
    secret = {"client_secret": "s3cret"} if client == "client_secret_basic" else {}
    visitor = Visitor(running(tmp_path, mock, client_auth=client, **secret))
    path = visitor.launched(mock)
    visitor.get(path)
    for _ in range(3):
        mock.expire()
        assert "ACT NOW" in visitor.get(path).text
    sent = refreshes(mock)
    assert len({form["refresh_token"] for form in sent}) == len(sent) == 3
    assert all("scope" not in form and ("client_id" in form) is (client == "public") for form in sent)
    assert all(("client_assertion" in form) is (client == "private_key_jwt") for form in sent)


@pytest.mark.req("SAL-80")
def test_a_refresh_without_a_new_refresh_token_keeps_the_old_one(mock: MockEhr, visitor: Visitor, opened: str) -> None:
    mock.refreshed = {"refresh_token": None, "patient": None, "scope": None}
    for _ in range(2):
        mock.expire()
        assert "ACT NOW" in visitor.get(opened).text
    assert len({form["refresh_token"] for form in refreshes(mock)}) == 1


@pytest.mark.req("SAL-81")
def test_a_grant_that_is_over_ends_the_session_without_a_loop(mock: MockEhr, visitor: Visitor, opened: str) -> None:
    mock.knobs["/token"] = lambda _: as_json({"error": "invalid_grant"}, 400)
    mock.expire()
    page = visitor.get(opened)
    assert "The EHR ended this session" in page.text
    assert "Open the app again from the patient" in page.text
    assert visitor.get(opened).status_code == 401
    assert len(refreshes(mock)) == 1


@pytest.mark.req("SAL-81", "SAL-15")
def test_a_refresh_for_another_patient_ends_the_session(mock: MockEhr, visitor: Visitor, opened: str) -> None:
    mock.refreshed = {"patient": "P2"}
    mock.expire()
    page = visitor.get(opened)
    assert "another patient" in page.text
    assert not [asked for asked in mock.asked if "P2" in str(asked.query)]
    assert visitor.get(opened).status_code == 401


@pytest.mark.req("SAL-80", "SAL-81")
@pytest.mark.parametrize("status", [500, 503, 400])
def test_a_refresh_that_fails_is_tried_once_a_page_and_reads_as_not_permitted(
    mock: MockEhr, visitor: Visitor, opened: str, status: int
) -> None:
    mock.knobs["/token"] = lambda _: as_json({"error": "temporarily_unavailable"}, status)
    mock.expire()
    page = visitor.get(opened)
    assert "CANNOT ASSESS" in page.text
    assert "launch the app again" in words(page)
    assert len(refreshes(mock)) == 1
    mock.knobs.clear()
    assert "ACT NOW" in visitor.get(opened).text


@pytest.mark.req("SAL-80")
def test_without_a_refresh_token_nothing_is_refreshed(mock: MockEhr, visitor: Visitor) -> None:
    path = visitor.launched(mock)
    visitor.get(path)
    mock.expire()
    assert "not permitted" in visitor.get(path).text
    assert refreshes(mock) == []


@pytest.mark.req("SAL-80")
def test_a_dead_holders_right_to_refresh_falls(mock: MockEhr, visitor: Visitor, opened: str, tmp_path: Path) -> None:
    with closing(Database(f"sqlite:///{tmp_path}/smartapp.db")) as database, database.transaction() as connection:
        connection.execute(update(launches).values(refresh_holder="dead", refresh_until=time.time() - 1))
    mock.expire()
    assert "ACT NOW" in visitor.get(opened).text


@pytest.mark.req("SAL-83", "SEC-03")
def test_signing_out_while_a_refresh_runs_leaves_no_tokens(mock: MockEhr, visitor: Visitor, opened: str) -> None:
    page, going_on = visitor.get(opened), threading.Event()
    mock.knobs["/token"] = lambda _: going_on.wait(1) and None  # type: ignore[func-returns-value]
    mock.expire()
    with ThreadPoolExecutor(1) as pool:
        read = pool.submit(visitor.get, opened)
        while not refreshes(mock):
            time.sleep(0.01)
        visitor.press(page, "/sign-out")
        going_on.set()
        assert "You signed out" in read.result().text
    assert visitor.get(opened).status_code == 401


@pytest.mark.req("SAL-83", "SEC-03")
@pytest.mark.parametrize("answer", [200, 400, 500, 302, None])
def test_signing_out_revokes_both_tokens_and_never_fails_for_it(
    mock: MockEhr, visitor: Visitor, opened: str, answer: int | None
) -> None:
    mock.knobs["/revoke"] = lambda _: (answer, {"Location": "/x"}, b"") if answer else time.sleep(3)  # type: ignore[func-returns-value,return-value]
    kept = set(mock.live)
    done = visitor.press(visitor.get(opened), "/sign-out")
    assert (done.status_code, "Signed out" in done.text) == (200, True)
    revoked = [asked.form["token"] for asked in mock.requests("/revoke")]
    assert len(revoked) == 2
    assert set(revoked) & kept
    gone = visitor.get(opened)
    assert (gone.status_code, "You signed out" in gone.text) == (401, True)


@pytest.mark.req("SAL-83")
def test_signing_out_where_nothing_can_be_revoked(mock: MockEhr, visitor: Visitor) -> None:
    mock.discovery = {"revocation_endpoint": None}
    path = visitor.launched(mock)
    assert "Signed out" in visitor.press(visitor.get(path), "/sign-out").text
    assert mock.requests("/revoke") == []


@pytest.mark.req("SAL-80", "SEC-03")
def test_the_right_to_refresh_is_one_processs_on_every_storage(database: Database) -> None:
    now = [1000.0]
    store = LaunchStore(database, Keyring([b"k" * 32]), lambda: now[0])
    store.open(state="s", launch="a", cookie="c", ehr="x", payload={"access_token": "1"}, minutes=10)
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda number: store.hold("a", str(number), 30), range(8)))
    assert taken.count(True) == 1
    winner = str(taken.index(True))
    store.release("a", "another")
    assert not store.hold("a", "late", 30)
    store.release("a", winner)
    assert store.hold("a", "next", 30)
    now[0] += 31
    assert store.hold("a", "after its death", 30)
    store.end("a")
    assert not store.replace("a", {"access_token": "2"})
    assert store.kept("a") is None
