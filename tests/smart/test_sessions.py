"""Sessions with the app running: cookies, ends, and many charts in one browser (SEC-01 to SEC-05)."""

import base64
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from click.testing import CliRunner

from smartapp.cli import main
from smartapp.factory.builders import keyring_of, retention_of
from smartapp.storage.database import Database
from tests.smart.mock_ehr import MockEhr
from tests.smart.running import APP, Visitor, form_of, forms_of, running, settings_of, words
from tests.smart.test_authorizing import paths


def session_cookie(visitor: Visitor, path: str) -> str:
    return f"__Host-fw-{path.split('/')[2]}"


def later(folder: Path, minutes: float, column: str = "seen_at") -> None:
    """Let every launch be that much older."""
    with sqlite3.connect(folder / "smartapp.db") as database:
        database.execute(f"update launches set {column} = {column} - ?", (minutes * 60,))


@pytest.mark.req("SEC-01", "SAL-87")
def test_cookies_hold_nothing_but_random_keys(mock: MockEhr, visitor: Visitor) -> None:
    asked = visitor.begun(mock)
    visitor.callback(mock, asked)
    for name, value in visitor.cookies.items():
        assert re.fullmatch(r"__Host-fw-[A-Za-z0-9-]+", name)
        raw = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
        assert len(raw) >= 16
        assert not {asked["state"], asked["nonce"]} & {value}
        assert b"marker" not in raw
        assert b"P1" not in raw


@pytest.mark.req("SEC-02")
@pytest.mark.parametrize(("embedded", "same_site"), [(True, "SameSite=None"), (False, "SameSite=Lax")])
def test_attributes_of_every_cookie(mock: MockEhr, tmp_path: Path, embedded: bool, same_site: str) -> None:
    visitor = Visitor(running(tmp_path, mock, embedded=embedded, frame_ancestors=[mock.url]))
    visitor.launched(mock)
    assert len(visitor.lines) == 2
    for name, line in visitor.lines.items():
        assert name.startswith("__Host-")
        for word in ("Secure", "HttpOnly", "Path=/", same_site):
            assert word in line
        assert "Domain" not in line
        assert ("Partitioned" in line) is embedded


@pytest.mark.req("SEC-02")
def test_a_lost_cookie_offers_a_window_of_its_own(mock: MockEhr, visitor: Visitor) -> None:
    asked = visitor.begun(mock)
    visitor.cookies.clear()
    for iss, target in (("", "/"), (mock.url, "/standalone/ehr-1"), ("https://evil.test", "/")):
        answer = visitor.callback(mock, asked, iss=iss)
        assert answer.status_code == 400
        assert re.search(
            rf'href="{target}" target="_blank" rel="noopener noreferrer">Open in a new window', answer.text
        )
    assert mock.requests("/token") == []


@pytest.mark.req("SEC-02")
def test_inside_a_frame_the_cookie_is_tried_before_anybody_signs_in(mock: MockEhr, tmp_path: Path) -> None:
    visitor = Visitor(running(tmp_path, mock, embedded=True, frame_ancestors=[mock.url]))
    address = f"/launch?{urlencode({'iss': mock.base, 'launch': 'a+b'})}"
    again = visitor.get(address, **{"Sec-Fetch-Dest": "iframe"}).headers["Location"]
    blocked = Visitor(visitor.app).get(again, **{"Sec-Fetch-Dest": "iframe"})
    assert blocked.status_code == 400
    assert "Open in a new window" in blocked.text
    assert f'href="{address.replace("&", "&amp;")}"' in blocked.text
    assert mock.asked == []
    kept = visitor.get(again, **{"Sec-Fetch-Dest": "iframe"})
    assert kept.headers["Location"].startswith(f"{mock.url}/authorize")
    assert "launch=a%2Bb" in kept.headers["Location"]


@pytest.mark.req("SEC-03")
def test_a_planted_cookie_never_becomes_the_sessions(mock: MockEhr, visitor: Visitor) -> None:
    first = visitor.launched(mock)
    planted = dict(visitor.cookies)
    second = visitor.launched(mock)
    name = session_cookie(visitor, second)
    assert visitor.cookies[name] not in planted.values()
    assert name not in planted
    thief = Visitor(visitor.app, cookies={name: planted[session_cookie(visitor, first)]})
    assert thief.get(second).status_code == 401
    victim = Visitor(visitor.app, cookies={"__Host-fw-chosen": "chosen"})
    assert victim.cookies[session_cookie(victim, victim.launched(mock))] != "chosen"


@pytest.mark.req("SEC-03")
@pytest.mark.parametrize(
    ("minutes", "column", "sentence"),
    [(16, "seen_at", "not used for 15 minutes"), (481, "expires_at", "its time was over")],
)
def test_a_session_ends_idle_and_after_its_time(
    mock: MockEhr, visitor: Visitor, tmp_path: Path, minutes: float, column: str, sentence: str
) -> None:
    path = visitor.launched(mock)
    page = visitor.get(path)
    later(tmp_path, minutes - 2, column)
    assert visitor.get(path).status_code == 200
    later(tmp_path, 2 if column == "expires_at" else minutes, column)
    over = visitor.get(path)
    assert (over.status_code, sentence in words(over)) == (401, True)
    action, fields = form_of(page, "/approve")
    assert visitor.post(action, fields).status_code == 401


@pytest.mark.req("SEC-03")
def test_an_administrator_ends_sessions(mock: MockEhr, visitor: Visitor, tmp_path: Path) -> None:
    path = visitor.launched(mock)
    key = base64.urlsafe_b64encode(bytes(range(32))).decode()
    (tmp_path / "site.toml").write_text(f'secret_key = "{key}"\ndata_dir = "."\nmode = "development"\n')
    done = CliRunner().invoke(main, ["sessions", "end", "--config", str(tmp_path / "site.toml")])
    assert (done.exit_code, done.output) == (0, "1 launch ended\n")
    over = visitor.get(path)
    assert (over.status_code, "An administrator ended this session" in over.text) == (401, True)
    wrong = CliRunner().invoke(main, ["sessions", "end", "--ehr", "no", "--config", str(tmp_path / "site.toml")])
    assert wrong.exit_code == 2


@pytest.mark.req("SEC-03", "SAL-14")
def test_twenty_charts_live_in_a_browser_and_the_oldest_makes_room(mock: MockEhr, visitor: Visitor) -> None:
    opened = [visitor.launched(mock) for _ in range(21)]
    states = [visitor.app.test_client and visitor.get(f"{path}proposals/none").status_code for path in opened]
    assert states == [401, *[404] * 20]
    assert "twenty newer charts" in words(visitor.get(opened[0]))
    assert sum(name.startswith("__Host-fw-") and "pending" not in name for name in visitor.cookies) == 20


@pytest.mark.req("SEC-04", "SEC-07")
@pytest.mark.parametrize(
    ("headers", "change", "status"),
    [
        ({}, {}, 403),
        ({"Origin": "https://evil.test"}, {}, 403),
        ({"Origin": "null"}, {}, 403),
        ({"Origin": "null", "Sec-Fetch-Site": "cross-site"}, {}, 403),
        ({"Origin": APP, "Sec-Fetch-Site": "cross-site"}, {}, 403),
        ({"Origin": APP}, {"csrf_token": ""}, 403),
        ({"Origin": APP}, {"csrf_token": "x"}, 403),
        ({"Origin": APP}, {}, 303),
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, {}, 303),
    ],
)
def test_every_form_comes_from_our_own_page(
    mock: MockEhr, visitor: Visitor, headers: dict[str, str], change: dict[str, str], status: int
) -> None:
    page = visitor.get(visitor.launched(mock))
    for ending in ("/approve", "/observe"):
        action, fields = form_of(page, ending)
        data = {**fields, "bleeding": "none", **change}
        assert visitor.ask("POST", action, data=data, headers=headers).status_code == status


@pytest.mark.req("SEC-04")
def test_a_form_of_one_launch_or_proposal_is_none_of_another(mock: MockEhr, visitor: Visitor) -> None:
    one, other = (visitor.get(visitor.launched(mock)) for _ in range(2))
    approvals = [form for form in forms_of(one) if form[0].endswith("/approve")]
    tokens = [form_of(other, "/approve")[1], approvals[1][1], form_of(one, "/observe")[1]]
    for fields in tokens:
        assert visitor.post(approvals[0][0], fields).status_code == 403
    assert visitor.ask("GET", approvals[0][0]).status_code == 405


@pytest.mark.req("SEC-05", "SAL-28")
def test_headers_on_every_route(mock: MockEhr, visitor: Visitor) -> None:
    launched = visitor.launched(mock)
    review = visitor.press(visitor.get(launched), "/approve")
    assert review.status_code == 200
    for path in (*paths(visitor.app), launched, f"/launch?iss={quote(mock.base)}&launch=x", "/nowhere"):
        answer = visitor.get(path)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "max-age" in answer.headers["Strict-Transport-Security"]
        if path.startswith("/l/"):
            assert answer.headers["Cache-Control"] == "no-store"
        if answer.mimetype == "text/html" and answer.data:
            policy = answer.headers["Content-Security-Policy"]
            for part in ("default-src 'none'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
                assert part in policy
            assert "unsafe" not in policy
            assert not re.search(r"<script(?![^>]* src=)|\son\w+=|style=\"", answer.text)


@pytest.mark.req("SEC-05")
def test_only_the_ehrs_own_origins_may_frame(mock: MockEhr, tmp_path: Path) -> None:
    visitor = Visitor(running(tmp_path, mock, embedded=True, frame_ancestors=[mock.url]))
    policy = visitor.get(visitor.launched(mock)).headers["Content-Security-Policy"]
    assert policy.endswith(f"frame-ancestors {mock.url}")


def tidied(folder: Path, mock: MockEhr) -> None:
    """Clean up, as the app does now and then."""
    settings = settings_of(folder, mock)
    with closing(Database(settings.database)) as database:
        retention_of(settings, database, keyring_of(settings)).tidy()


@pytest.mark.req("SEC-03")
@pytest.mark.parametrize("tidy", [False, True])
def test_what_was_entered_before_a_time_out_counts_for_the_patient_marked_and_can_be_taken_back(
    mock: MockEhr, visitor: Visitor, tmp_path: Path, tidy: bool
) -> None:
    path = visitor.launched(mock)
    visitor.press(visitor.get(path), "/observe", bleeding="minor", weight_kg="62")
    later(tmp_path, 20)
    if tidy:
        tidied(tmp_path, mock)
    page = visitor.get(visitor.launched(mock))
    assert "62 kg" in words(page)
    assert "Use again for" not in page.text
    assert "Dr Osei" in words(page)


@pytest.mark.req("SEC-03")
def test_an_amount_chosen_before_a_time_out_is_one_press_away(mock: MockEhr, visitor: Visitor, tmp_path: Path) -> None:
    page = visitor.get(visitor.launched(mock))
    review = visitor.press(page, "/approve")
    visitor.press(review, "/approve", units="8")
    later(tmp_path, 20)
    page = visitor.get(visitor.launched(mock))
    assert "Review the amount you had chosen" in page.text
    chosen = next(form for form in forms_of(page) if form[1].get("units") == "8")
    shown = visitor.get(visitor.post(*chosen).headers["Location"])
    assert form_of(shown, "/approve")[1]["units"] == "8"
    assert form_of(page, "/approve")[1]["units"] == "10"


@pytest.mark.req("SEC-03", "SAL-74")
@pytest.mark.parametrize(
    ("who", "patient", "minutes"), [("u2", "P1", 20), ("u1", "P2", 20), ("u1", "P1", 200), ("u1", "P1", 5)]
)
def test_it_is_offered_only_to_the_same_user_for_the_same_patient_in_time(
    mock: MockEhr, visitor: Visitor, tmp_path: Path, who: str, patient: str, minutes: float
) -> None:
    mock.resources.append({"resourceType": "Patient", "id": "P2"})
    visitor.press(visitor.get(visitor.launched(mock)), "/observe", bleeding="minor")
    later(tmp_path, minutes)
    mock.claims = {"sub": who}
    assert "Use again for" not in visitor.get(visitor.launched(mock, patient=patient)).text


@pytest.mark.req("SEC-03")
def test_after_signing_out_nothing_is_offered_again(mock: MockEhr, visitor: Visitor, tmp_path: Path) -> None:
    path = visitor.launched(mock)
    page = visitor.press(visitor.get(path), "/observe", bleeding="minor")
    visitor.press(page, "/sign-out")
    later(tmp_path, 20)
    assert "Use again for" not in visitor.get(visitor.launched(mock)).text
