"""What leaves for the EHR's door, and what comes back from it, with the app running (SAL-01, SAL-02, SAL-10 to SAL-29)."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from flask import Flask

from tests.smart.mock_ehr import MockEhr, mock_ehr
from tests.smart.running import APP, Visitor, form_of, running, sent, words

PARAMETERS = {"response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "aud", "launch"}
PARAMETERS |= {"code_challenge", "code_challenge_method"}


@pytest.fixture
def second() -> Iterator[MockEhr]:
    with mock_ehr() as listening:
        yield listening


@pytest.mark.req("SAL-01")
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.test"},
        {"X-Forwarded-Host": "evil.test", "X-Forwarded-Proto": "https"},
        {"Forwarded": "host=evil.test;proto=https"},
        {"X-Forwarded-Prefix": "/evil"},
    ],
)
def test_the_redirect_uri_never_varies(mock: MockEhr, visitor: Visitor, headers: dict[str, str]) -> None:
    answer = visitor.get(f"/launch?{urlencode({'iss': mock.base, 'launch': 'x'})}", **headers)
    assert sent(answer.headers["Location"])["redirect_uri"] == f"{APP}/callback"


@pytest.mark.req("SAL-02", "SAL-55", "SAL-82")
def test_the_manifest_says_what_the_app_sends(tmp_path: Path, mock: MockEhr) -> None:
    visitor = Visitor(running(tmp_path, mock, client_auth="private_key_jwt"))
    manifest = visitor.get("/.well-known/smart/manifest.json").get_json()
    asked = visitor.begun(mock)
    visitor.callback(mock, asked)
    standalone = sent(visitor.get("/standalone/ehr-1").headers["Location"])
    assert set(manifest["scope"].split()) == {*asked["scope"].split(), *standalone["scope"].split()}
    assert manifest["redirect_uris"] == [asked["redirect_uri"]]
    assert "client_assertion" in mock.requests("/token")[0].form
    assert manifest["token_endpoint_auth_method"] == "private_key_jwt"
    assert visitor.get(manifest["jwks_uri"].removeprefix(APP)).get_json()["keys"]
    assert not {"client_id", "client_secret"} & set(manifest)


@pytest.mark.req("SAL-10", "SAL-20", "SAL-21", "SAL-24", "SAL-75")
def test_the_request_holds_exactly_these_parameters(mock: MockEhr, visitor: Visitor) -> None:
    opaque = "a+b/c=d%20&e?f#g%2Bé"
    asked = visitor.begun(mock, opaque)
    assert set(asked) == PARAMETERS
    assert (asked["launch"], asked["aud"], asked["response_type"]) == (opaque, mock.base, "code")


@pytest.mark.req("SAL-20")
@pytest.mark.parametrize("launch", ["xyz", "x" * 2000])
def test_the_request_as_a_form_where_the_ehr_takes_one(tmp_path: Path, mock: MockEhr, launch: str) -> None:
    mock.discovery = {"capabilities": ["authorize-post"], "authorization_endpoint": f"{mock.url}/authorize?tenant=7"}
    visitor = Visitor(running(tmp_path, mock, authorize_post=True))
    page = visitor.get(f"/launch?{urlencode({'iss': mock.base, 'launch': launch})}")
    action, fields = form_of(page, "tenant=7")
    assert (page.status_code, action) == (200, f"{mock.url}/authorize?tenant=7")
    assert set(fields) == PARAMETERS
    assert fields["launch"] == launch
    assert f"form-action 'self' {mock.url} https:" in page.headers["Content-Security-Policy"]
    assert "Ready" in words(visitor.callback(mock, fields)) or visitor.answers[-1].status_code == 303


@pytest.mark.req("SAL-20")
@pytest.mark.parametrize(
    ("offered", "wanted", "launch", "posts"),
    [
        ([], True, "x", False),
        (["authorize-post"], False, "x", False),
        (["authorize-post"], False, "%" * 2000, True),
        ([], False, "%" * 2000, False),
    ],
)
def test_a_form_only_where_offered_and_wanted_or_needed(
    tmp_path: Path, mock: MockEhr, offered: list[str], wanted: bool, launch: str, posts: bool
) -> None:
    mock.discovery = {"capabilities": offered}
    visitor = Visitor(running(tmp_path, mock, authorize_post=wanted))
    answer = visitor.get(f"/launch?{urlencode({'iss': mock.base, 'launch': launch})}")
    assert answer.status_code == (200 if posts else 303)


@pytest.mark.req("SAL-12", "SAL-20")
def test_a_standalone_launch_of_each_registered_ehr(tmp_path: Path, mock: MockEhr, second: MockEhr) -> None:
    visitor = Visitor(running(tmp_path, mock, second))
    home = visitor.get("/")
    for name, ehr in (("ehr-1", mock), ("ehr-2", second)):
        assert f"/standalone/{name}" in home.text
        answer = visitor.get(f"/standalone/{name}")
        asked = sent(answer.headers["Location"])
        assert set(asked) == PARAMETERS - {"launch"}
        assert "launch/patient" in asked["scope"].split()
        assert "launch" not in asked["scope"].split()
        assert asked["aud"] == ehr.base
        assert "ACT NOW" in visitor.get(visitor.callback(ehr, asked).headers["Location"]).text
    assert visitor.get("/standalone/ehr-3").status_code == 404


@pytest.mark.req("SAL-07", "SAL-11", "SAL-14")
def test_several_ehrs_are_each_asked_for_their_own(tmp_path: Path, mock: MockEhr, second: MockEhr) -> None:
    visitor = Visitor(running(tmp_path, mock, second))
    first, other = visitor.begun(mock), visitor.begun(second)
    pages = [
        visitor.get(visitor.callback(ehr, asked).headers["Location"]) for ehr, asked in ((second, other), (mock, first))
    ]
    assert [page.status_code for page in pages] == [200, 200]
    assert len(mock.requests("/token")) == len(second.requests("/token")) == 1
    tokens = [{a.headers["authorization"] for a in ehr.clinical()} for ehr in (mock, second)]
    assert len(tokens[0]) == len(tokens[1]) == 1


@pytest.mark.req("SAL-11")
def test_an_unknown_issuer_is_asked_nothing(mock: MockEhr, visitor: Visitor, second: MockEhr) -> None:
    for iss in (second.base, f"{mock.base}/../fhir", f"{mock.base}.evil.test", mock.base.replace("127", "user@127")):
        answer = visitor.get(f"/launch?{urlencode({'iss': iss, 'launch': 'x'})}")
        assert answer.status_code == 400
        assert "Location" not in answer.headers
    assert mock.asked == second.asked == []


@pytest.mark.req("SAL-13")
@pytest.mark.parametrize(
    "query",
    [
        "iss={0}&iss={0}&launch=x",
        "iss={0}&launch=x&launch=x",
        "iss[]={0}&launch=x",
        "iss={0}&launch[]=x",
        "iss={0}&launch=",
    ],
)
def test_parameters_that_are_not_exactly_one_value(mock: MockEhr, visitor: Visitor, query: str) -> None:
    assert visitor.get(f"/launch?{query.format(quote(mock.base))}").status_code == 400
    assert visitor.get(f"/launch?iss={quote(mock.base)}&launch={'x' * 2049}").status_code == 400
    assert mock.asked == []


@pytest.mark.req("SAL-23", "SEC-22")
def test_a_state_is_good_in_its_own_browser_only(mock: MockEhr, visitor: Visitor) -> None:
    attacker = Visitor(visitor.app)
    theirs, ours = attacker.begun(mock), visitor.begun(mock)
    for browser, asked in ((visitor, theirs), (attacker, ours), (Visitor(visitor.app), ours)):
        answer = browser.callback(mock, asked)
        assert answer.status_code == 400
        assert not [name for name in browser.cookies if "pending" not in name]
    assert mock.requests("/token") == []
    assert visitor.callback(mock, ours).status_code == 303


@pytest.mark.req("SAL-23")
@pytest.mark.parametrize("state", ["", "unknown", "x" * 3000])
def test_a_missing_or_unknown_state_redeems_nothing(mock: MockEhr, visitor: Visitor, state: str) -> None:
    visitor.begun(mock)
    assert visitor.get(f"/callback?{urlencode({'code': 'x', 'state': state})}").status_code == 400
    assert mock.requests("/token") == []


@pytest.mark.req("SAL-25")
@pytest.mark.parametrize(
    ("advertised", "iss", "status"),
    [
        (False, "", 303),
        (True, "", 403),
        (True, "{url}", 303),
        (False, "{url}", 303),
        (False, "{base}", 403),
        (True, "{url}/", 403),
        (False, "https://evil.test", 403),
    ],
)
def test_the_issuer_in_the_answer(mock: MockEhr, visitor: Visitor, advertised: bool, iss: str, status: int) -> None:
    mock.discovery = {"authorization_response_iss_parameter_supported": advertised}
    asked = visitor.begun(mock)
    answer = visitor.callback(mock, asked, iss=iss.format(url=mock.url, base=mock.base))
    assert answer.status_code == status
    assert len(mock.requests("/token")) == (1 if status == 303 else 0)


@pytest.mark.req("SAL-26")
def test_an_error_is_read_after_the_state_and_shown_as_text(mock: MockEhr, visitor: Visitor) -> None:
    asked = visitor.begun(mock)
    error = {"error": "access_denied", "error_description": "<script>x</script>", "error_uri": "https://evil.test/"}
    foreign = visitor.get(f"/callback?{urlencode({**error, 'state': 'other'})}")
    assert (foreign.status_code, "access_denied" in foreign.text) == (400, False)
    own = visitor.get(f"/callback?{urlencode({**error, 'state': asked['state']})}")
    assert own.status_code == 403
    assert "&lt;script&gt;" in own.text
    assert "<script>x" not in own.text
    assert "evil.test" not in own.text
    assert "Open the app again" in own.text
    assert mock.requests("/token") == []


@pytest.mark.req("SAL-27")
def test_a_repeated_callback_redeems_nothing_and_keeps_the_session(mock: MockEhr, visitor: Visitor) -> None:
    asked = visitor.begun(mock)
    query = urlencode({"code": mock.authorize(asked), "state": asked["state"]})
    answers = [visitor.get(f"/callback?{query}") for _ in range(3)]
    assert {answer.headers["Location"] for answer in answers} == {answers[0].headers["Location"]}
    assert len(mock.requests("/token")) == 1
    assert visitor.get(answers[0].headers["Location"]).status_code == 200


@pytest.mark.req("SAL-27")
def test_ten_callbacks_at_once_redeem_once(mock: MockEhr, visitor: Visitor) -> None:
    asked = visitor.begun(mock)
    query = urlencode({"code": mock.authorize(asked), "state": asked["state"]})
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda: found.append(visitor.get(f"/callback?{query}").status_code)) for _ in range(10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(mock.requests("/token")) == 1
    assert found.count(303) >= 1
    assert set(found) <= {303, 409}


@pytest.mark.req("SAL-28")
def test_the_way_back_leaves_no_code_in_the_address(mock: MockEhr, visitor: Visitor) -> None:
    answer = visitor.callback(mock, visitor.begun(mock))
    assert answer.status_code == 303
    assert "?" not in answer.headers["Location"]
    assert answer.data == b""
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"


def paths(app: Flask) -> list[str]:
    """Every address that can be fetched, with a value in each place of its path."""
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and rule.endpoint != "static"]
    return sorted({rule.rule.replace("<launch>", "x").replace("<", "").replace(">", "") for rule in rules})


@pytest.mark.req("SAL-29")
def test_no_parameter_leads_to_another_site(mock: MockEhr, visitor: Visitor) -> None:
    page = visitor.launched(mock)
    evil = "https://evil.test/"
    query = urlencode(
        dict.fromkeys(("next", "redirect", "url", "return_to", "redirect_uri", "target", "looks", "range"), evil)
    )
    launch = f"/launch?{urlencode({'iss': mock.base, 'launch': 'x'})}&{query}"
    for path in (*(f"{path}?{query}" for path in paths(visitor.app)), f"{page}?{query}", launch):
        answer = visitor.get(path)
        assert "evil.test" not in answer.headers.get("Location", "").replace("%3A", ":")
        assert "evil.test" not in answer.headers.get("Refresh", "")
        assert f'href="{evil}' not in answer.text


@pytest.mark.req("SAL-14", "SAL-15")
def test_a_relaunch_leaves_the_other_chart_with_its_own_patient(mock: MockEhr, visitor: Visitor) -> None:
    other = json.loads(json.dumps({"resourceType": "Patient", "id": "P2", "name": [{"family": "Zwei"}]}))
    mock.resources.append(other)
    first = visitor.launched(mock)
    second = visitor.launched(mock, patient="P2")
    assert "Patient/P1" in visitor.get(first).text
    assert "Zwei" in visitor.get(second).text
    assert "Zwei" not in visitor.get(first).text
