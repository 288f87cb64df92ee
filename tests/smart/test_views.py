"""The HTTP of a launch against the running stack: cookies, redirects, headers, sign-out, and two charts side by side."""

import re
import time
from html import unescape
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urljoin

import pytest
import requests

from smartapp.smart.keys import JWKS_SECONDS
from tests.conftest import Stack


class Browser:
    """Follows redirects by hand, waits for a page that still reads, and keeps cookies by name, Secure ones too."""

    def __init__(self) -> None:
        self.cookies: dict[str, str] = {}
        self.set: dict[str, Any] = {}

    def get(self, url: str, **headers: str) -> requests.Response:
        answer = self.ask("GET", url, headers=headers)
        while again := re.search(r'data-again="([^"]+)"', answer.text):
            time.sleep(1)
            answer = self.ask("GET", urljoin(url, again.group(1).replace("&amp;", "&")), headers=headers)
        return answer

    def ask(self, method: str, url: str, **options: Any) -> requests.Response:
        headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            **options.pop("headers", {}),
        }
        answer = requests.request(method, url, headers=headers, allow_redirects=False, timeout=30, **options)
        for line in answer.raw.headers.getlist("Set-Cookie"):
            for name, morsel in SimpleCookie(line.replace("Partitioned", "")).items():
                self.cookies[name] = morsel.value
                self.set[name] = line
        return answer

    def follow(self, url: str) -> tuple[requests.Response, list[str]]:
        trail = [url]
        answer = self.get(url)
        while answer.status_code in (302, 303):
            trail.append(urljoin(trail[-1], answer.headers["Location"]))
            answer = self.get(trail[-1])
        return self._whole(answer, trail[-1]), trail

    def page(self, url: str) -> requests.Response:
        return self._whole(self.get(url), url)

    def _whole(self, answer: requests.Response, url: str) -> requests.Response:
        while again := re.search(r'http-equiv="refresh" content="\d+; url=([^"]+)"', answer.text):
            answer = self.get(urljoin(url, unescape(again[1])))  # on a busy machine not everything has come yet
        return answer


def launched(
    stack: Stack, patient: str = "lindqvist", browser: Browser | None = None
) -> tuple[Browser, requests.Response, list[str]]:
    browser = browser or Browser()
    answer, trail = browser.follow(f"{stack.ehr}/chart/{patient}/launch")
    return browser, answer, trail


@pytest.mark.req("SAL-20", "SAL-28", "SAL-30", "SAL-70", "SEC-01", "SEC-02")
def test_a_launch_ends_on_a_clean_url_with_an_opaque_cookie(stack: Stack) -> None:
    browser, answer, trail = launched(stack)
    assert answer.status_code == 200
    assert "/l/" in trail[-1]
    assert "code=" not in trail[-1]
    assert "state=" not in trail[-1]
    name = next(name for name in browser.cookies if name.startswith("__Host-fw-") and "pending" not in name)
    line = browser.set[name]
    for word in ("Secure", "HttpOnly", "Path=/", "SameSite=None", "Partitioned"):
        assert word in line
    assert "Domain" not in line
    assert len(browser.cookies[name]) >= 22
    assert trail[-1].rstrip("/").endswith(name.removeprefix("__Host-fw-"))


@pytest.mark.req("SAL-28", "SAL-87")
def test_redirects_repeat_no_secret_in_their_body(stack: Stack) -> None:
    browser = Browser()
    at_ehr = browser.get(f"{stack.ehr}/chart/lindqvist/launch")
    begun = browser.get(at_ehr.headers["Location"])
    assert begun.status_code == 303
    assert begun.content == b""
    assert begun.headers["Referrer-Policy"] == "no-referrer"
    assert begun.headers["Cache-Control"] == "no-store"


@pytest.mark.req("SEC-05", "SAL-28")
def test_every_page_carries_the_headers(stack: Stack) -> None:
    _, page, _ = launched(stack)
    for answer in (page, requests.get(f"{stack.app}/", timeout=10), requests.get(f"{stack.app}/launch", timeout=10)):
        policy = answer.headers["Content-Security-Policy"]
        for word in ("default-src 'none'", "object-src 'none'", "base-uri 'none'", "frame-ancestors"):
            assert word in policy
        assert "unsafe-inline" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "Strict-Transport-Security" in answer.headers
    assert page.headers["Cache-Control"] == "no-store"
    assert f"frame-ancestors {stack.ehr}" in page.headers["Content-Security-Policy"]


@pytest.mark.req("SAL-23", "SEC-22")
def test_a_callback_in_another_browser_is_refused(stack: Stack) -> None:
    browser, _, trail = launched(stack)
    callback = next(url for url in trail if "/callback?" in url)
    stranger = Browser().get(callback)
    assert stranger.status_code == 400
    assert "X-Request-ID" in stranger.headers
    again = browser.get(callback)
    assert again.status_code == 303
    assert again.headers["Location"] in trail[-1]


@pytest.mark.req("SEC-07", "SEC-01")
def test_a_page_needs_its_own_cookie(stack: Stack) -> None:
    browser, _, trail = launched(stack)
    other, _, _ = launched(stack, "moreau")
    assert Browser().get(trail[-1]).status_code == 401
    assert other.get(trail[-1]).status_code == 401
    assert browser.get(trail[-1]).status_code == 200


@pytest.mark.req("SAL-14", "SAL-15")
def test_two_charts_in_one_browser_never_mix(stack: Stack) -> None:
    browser, _, first = launched(stack, "lindqvist")
    _, _, second = launched(stack, "moreau", browser)
    assert "Amara Lindqvist" in browser.page(first[-1]).text
    assert "Elio Moreau" in browser.page(second[-1]).text
    assert "Elio Moreau" not in browser.page(first[-1]).text


@pytest.mark.req("SAL-14")
def test_interleaved_launches_end_with_their_own_patient(stack: Stack) -> None:
    browser = Browser()
    begun = []
    for patient in ("lindqvist", "moreau"):
        at_app = browser.get(browser.get(f"{stack.ehr}/chart/{patient}/launch").headers["Location"])
        begun.append(browser.get(at_app.headers["Location"]).headers["Location"])
    pages = [browser.follow(callback)[0].text for callback in reversed(begun)]
    assert "Elio Moreau" in pages[0]
    assert "Amara Lindqvist" in pages[1]


@pytest.mark.req("SEC-03", "SAL-83")
def test_sign_out_ends_the_session_at_once(stack: Stack) -> None:
    browser, page, trail = launched(stack)
    token = page.text.split('sign-out"')[1].split('name="csrf_token" value="')[1].split('"')[0]
    headers = {"Origin": stack.app, "Sec-Fetch-Site": "same-origin"}
    refused = browser.ask(
        "POST", f"{trail[-1]}sign-out", data={"csrf_token": token}, headers={"Origin": "https://evil.test"}
    )
    assert refused.status_code == 403
    done = browser.ask("POST", f"{trail[-1]}sign-out", data={"csrf_token": token}, headers=headers)
    assert done.status_code == 200
    assert browser.get(trail[-1]).status_code == 401


@pytest.mark.req("SEC-04", "SEC-07", "CDS-97")
@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"csrf_token": "x"}, 403),
        ({"csrf_token": ""}, 403),
        ({"origin": "https://evil.test"}, 403),
        ({"origin": None}, 403),
        ({"proposal": "other"}, 404),
    ],
)
def test_an_approval_that_is_not_from_our_page_writes_nothing(
    stack: Stack, change: dict[str, Any], status: int
) -> None:
    browser, page, trail = launched(stack, "tanaka")
    action = page.text.split('action="')
    path = next(part.split('"')[0] for part in action if part.split('"')[0].endswith("/approve"))
    token = page.text.split(path)[1].split('name="csrf_token" value="')[1].split('"')[0]
    if change.get("proposal"):
        path, status_ok = path.replace(path.split("/")[-2], "other"), (403, 404)
    else:
        status_ok = (status,)
    origin = change.get("origin", stack.app)
    headers = {"Origin": origin} if origin else {}
    answer = browser.ask(
        "POST", urljoin(trail[-1], path), data={"csrf_token": change.get("csrf_token", token)}, headers=headers
    )
    assert answer.status_code in status_ok
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.req("SAL-11", "SAL-13", "SAL-29")
@pytest.mark.parametrize(
    "query",
    [
        "iss=https://evil.test/fhir&launch=x",
        "launch=x",
        "iss={fhir}",
        "iss={fhir}&iss={fhir}&launch=x",
        "iss={fhir}&launch=x&launch=y",
    ],
)
def test_bad_launch_links_end_in_a_page_with_a_reference(stack: Stack, query: str) -> None:
    answer = Browser().get(
        f"{stack.app}/launch?{query.format(fhir=f'{stack.ehr}/fhir')}&next=https://evil.test&redirect=https://evil.test"
    )
    assert answer.status_code == 400
    assert answer.headers["X-Request-ID"] in answer.text
    assert "Location" not in answer.headers


@pytest.mark.req("SAL-26")
def test_an_authorization_error_is_shown_as_inert_text(stack: Stack) -> None:
    browser = Browser()
    at_app = browser.get(browser.get(f"{stack.ehr}/chart/lindqvist/launch").headers["Location"])
    state = at_app.headers["Location"].split("state=")[1].split("&")[0]
    params = {
        "state": state,
        "error": "access_denied",
        "error_description": "<script>alert(1)</script>",
        "error_uri": "https://evil.test/",
        "iss": stack.ehr,
    }
    query = requests.Request("GET", f"{stack.app}/callback", params=params).prepare().url
    answer = browser.get(str(query))
    assert answer.status_code == 403
    assert "<script>alert" not in answer.text
    assert "evil.test" not in answer.text


@pytest.mark.req("SAL-39", "SAL-02")
def test_keys_and_manifest_are_served(stack: Stack) -> None:
    keys = requests.get(f"{stack.app}/.well-known/jwks.json", timeout=10)
    assert keys.headers["Content-Type"] == "application/json"
    assert f"max-age={JWKS_SECONDS}" in keys.headers["Cache-Control"]
    manifest = requests.get(f"{stack.app}/.well-known/smart/manifest.json", timeout=10).json()
    assert manifest["redirect_uris"] == [f"{stack.app}/callback"]


@pytest.mark.req("SAL-01")
def test_the_redirect_uri_never_follows_the_request(stack: Stack) -> None:
    url = Browser().get(f"{stack.ehr}/chart/lindqvist/launch").headers["Location"]
    headers = {"Host": "evil.test", "X-Forwarded-Host": "evil.test", "X-Forwarded-Proto": "https"}
    answer = requests.get(url, headers=headers, allow_redirects=False, timeout=10)
    assert "evil.test" not in answer.headers.get("Location", "")


@pytest.mark.req("SAL-73", "DSI-10")
def test_a_standalone_launch_of_an_unknown_name_is_not_found(stack: Stack) -> None:
    assert requests.get(f"{stack.app}/standalone/nowhere", timeout=10).status_code == 404
    begun = requests.get(f"{stack.app}/standalone/demo", allow_redirects=False, timeout=10)
    assert begun.status_code == 303
    assert "launch%2Fpatient" in begun.headers["Location"]
