"""Where the app finds an EHR's endpoints, and where it stops (SAL-03 to SAL-08), against a mock EHR on a socket."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from smartapp.outbound import HttpReply
from smartapp.smart.discovery import Discovery, lifetime
from tests.smart.launching import Ehr, configuration, registration, reply
from tests.smart.mock_ehr import KEY, OTHER_KEY, MockEhr, as_json, mock_ehr
from tests.smart.running import Visitor, running, words

WELL_KNOWN = "/.well-known/smart-configuration"


@pytest.mark.req("SAL-03", "SAL-21")
@pytest.mark.parametrize("prefix", ["/fhir", "/sites/north/fhir/R4", "/fhir/"])
def test_the_document_is_asked_for_below_the_fhir_base(tmp_path: Path, prefix: str) -> None:
    with mock_ehr(prefix=prefix) as ehr:
        visitor = Visitor(running(tmp_path, ehr))
        asked = visitor.begun(ehr)
    request = ehr.asked[0]
    assert request.path == f"{prefix.rstrip('/')}{WELL_KNOWN}"
    assert request.headers["accept"] == "application/json"
    assert asked["aud"] == ehr.base


@pytest.mark.req("SAL-03", "SAL-11")
def test_a_fhir_base_with_a_slash_reads_the_same_chart(tmp_path: Path) -> None:
    with mock_ehr() as ehr:
        visitor = Visitor(running(tmp_path, ehr, fhir_base=f"{ehr.base}/"))
        page = visitor.get(visitor.launched(ehr))
    assert "ACT NOW" in page.text
    assert all("//" not in asked.path for asked in ehr.asked)


@pytest.mark.req("SAL-04")
def test_relative_endpoints_and_unknown_members(mock: MockEhr, visitor: Visitor) -> None:
    mock.discovery = {
        "token_endpoint": "../token",
        "jwks_uri": "/jwks",
        "authorization_endpoint": "../authorize",
        "x_vendor": [{"anything": None}],
    }
    assert "ACT NOW" in visitor.get(visitor.launched(mock)).text


@pytest.mark.req("SAL-04")
@pytest.mark.parametrize("lacking", ["token_endpoint", "authorization_endpoint"])
def test_a_document_without_an_endpoint_is_named(mock: MockEhr, visitor: Visitor, lacking: str) -> None:
    mock.discovery = {lacking: None}
    answer = visitor.get(f"/launch?iss={mock.base}&launch=x")
    assert answer.status_code == 502
    assert lacking in answer.text


OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"


def statement(ehr: MockEhr) -> dict[str, Any]:
    uris = [{"url": name, "valueUri": f"{ehr.url}/{name}"} for name in ("authorize", "token")]
    security = {"extension": [{"url": OAUTH_URIS, "extension": uris}]}
    return {"resourceType": "CapabilityStatement", "rest": [{"mode": "server", "security": security}]}


@pytest.mark.req("SAL-05")
@pytest.mark.parametrize(
    ("switched_on", "status", "begins"),
    [(False, 404, False), (True, 404, True), (True, 500, False), (True, 200, False)],
)
def test_the_old_place_of_the_endpoints_only_after_404_and_only_by_switch(
    tmp_path: Path, switched_on: bool, status: int, begins: bool
) -> None:
    with mock_ehr() as ehr:
        ehr.knobs[f"/fhir{WELL_KNOWN}"] = lambda _: (status, {}, b"<html>")
        ehr.knobs["/fhir/metadata"] = lambda _: as_json(statement(ehr))
        visitor = Visitor(running(tmp_path, ehr, discovery_fallback=switched_on))
        answer = visitor.get(f"/launch?iss={ehr.base}&launch=x")
    assert (answer.status_code == 303) is begins
    assert bool(ehr.requests("/fhir/metadata")) is begins
    if begins:
        assert answer.headers["Location"].startswith(f"{ehr.url}/authorize?")


@pytest.mark.req("SAL-06")
@pytest.mark.parametrize(
    "said",
    [
        {"capabilities": ["context-passthrough-banner", "launch-ehrr", 7]},
        {"capabilities": None},
        {"scopes_supported": ["openid"], "code_challenge_methods_supported": ["plain"]},
        {"token_endpoint_auth_methods_supported": ["something_new"]},
    ],
)
def test_odd_or_missing_capabilities_launch_all_the_same(mock: MockEhr, visitor: Visitor, said: dict[str, Any]) -> None:
    mock.discovery = said
    asked = visitor.begun(mock)
    assert "patient/Observation.rs" in asked["scope"].split()
    assert visitor.callback(mock, asked).status_code == 303


@pytest.fixture
def thief() -> Iterator[MockEhr]:
    with mock_ehr() as listening:
        yield listening


@pytest.mark.req("SAL-07")
@pytest.mark.parametrize("name", ["token_endpoint", "authorization_endpoint", "jwks_uri", "revocation_endpoint"])
def test_an_endpoint_at_another_origin_stops_the_launch(
    mock: MockEhr, visitor: Visitor, thief: MockEhr, name: str
) -> None:
    mock.discovery = {name: f"{thief.url}/token"}
    answer = visitor.get(f"/launch?iss={mock.base}&launch=x")
    assert answer.status_code == 502
    assert "not registered" in answer.text
    assert thief.asked == []
    assert mock.requests("/token") == []


@pytest.mark.req("SAL-07")
@pytest.mark.parametrize("end", ["/", ".evil.test", "/fhir"])
def test_the_issuer_must_be_the_pinned_one_exactly(mock: MockEhr, visitor: Visitor, end: str) -> None:
    mock.discovery = {"issuer": f"{mock.url}{end}"}
    answer = visitor.get(f"/launch?iss={mock.base}&launch=x")
    assert answer.status_code == 502
    assert "another issuer" in answer.text


@pytest.mark.req("SAL-07")
def test_endpoints_at_a_pinned_origin_beside_the_fhir_server(tmp_path: Path, thief: MockEhr, mock: MockEhr) -> None:
    mock.discovery = {"token_endpoint": f"{thief.url}/token"}
    visitor = Visitor(running(tmp_path, mock, endpoint_origins=[mock.url, thief.url]))
    visitor.callback(mock, visitor.begun(mock))
    assert len(thief.requests("/token")) == 1
    assert mock.requests("/token") == []


@pytest.mark.req("SAL-71")
@pytest.mark.parametrize(
    ("configured", "works"), [({"jwks_uri": "{url}/jwks"}, True), ({"jwks_uri": "https://evil.test/jwks"}, False)]
)
def test_keys_by_the_issuers_openid_configuration(
    mock: MockEhr, visitor: Visitor, configured: dict[str, str], works: bool
) -> None:
    mock.discovery = {"jwks_uri": None}
    told = {"issuer": mock.url, "jwks_uri": configured["jwks_uri"].format(url=mock.url)}
    mock.knobs["/.well-known/openid-configuration"] = lambda _: as_json(told)
    answer = visitor.get(f"/launch?iss={mock.base}&launch=x")
    assert (answer.status_code == 303) is works


@pytest.mark.req("SAL-04", "SAL-73")
def test_an_ehr_that_signs_nobody_in_launches_to_be_read_only(mock: MockEhr, visitor: Visitor) -> None:
    mock.discovery = {"jwks_uri": None}
    mock.knobs["/.well-known/openid-configuration"] = lambda _: (404, {}, b"")
    mock.token = {"id_token": None, "scope": "launch patient/*.rs"}
    page = visitor.get(visitor.launched(mock))
    assert "ACT NOW" in page.text
    assert "/approve" not in page.text


@pytest.mark.req("SAL-08", "SAL-70")
@pytest.mark.parametrize("header", [{}, {"kid": None}])
def test_the_first_login_after_a_key_rotation_fetches_the_keys_once(
    mock: MockEhr, visitor: Visitor, header: dict[str, Any]
) -> None:
    mock.header = header
    visitor.launched(mock)
    visitor.launched(mock)
    assert len(mock.requests("/jwks")) == 1
    mock.keys, mock.signs_with = [OTHER_KEY], OTHER_KEY
    assert visitor.get(visitor.launched(mock)).status_code == 200
    assert len(mock.requests("/jwks")) == 2
    assert len(mock.requests(f"/fhir{WELL_KNOWN}")) == 1


@pytest.mark.req("SAL-08", "SAL-70")
def test_a_key_that_is_nowhere_is_looked_for_once(mock: MockEhr, visitor: Visitor) -> None:
    visitor.launched(mock)
    mock.signs_with = OTHER_KEY
    assert "could not be verified" in words(visitor.refused(mock))
    assert len(mock.requests("/jwks")) == 2


@pytest.mark.req("SAL-08")
@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("max-age=300", 300),
        ("max-age=0", 60),
        ("no-store", 60),
        ("private, no-cache", 60),
        ("max-age=9999999", 86400),
        ("", 600),
        ("Max-Age=300", 300),
    ],
)
def test_how_long_an_answer_is_kept(said: str, seconds: float) -> None:
    assert lifetime(HttpReply(status=200, headers={"cache-control": said}, body=b"")) == seconds


@pytest.mark.req("SAL-08")
def test_the_document_is_asked_for_again_when_its_time_is_over() -> None:
    ehr, now = Ehr(), [0.0]
    ehr.knob = lambda: reply(configuration(), **{"cache-control": "max-age=120"})
    discovery = Discovery(lambda _: ehr, clock=lambda: now[0])  # type: ignore[arg-type,return-value]
    for moment, asked in ((0.0, 1), (119.0, 1), (121.0, 2)):
        now[0] = moment
        discovery.endpoints(registration())
        assert len(ehr.asked) == asked


@pytest.mark.req("SAL-71")
def test_a_key_set_with_keys_of_kinds_we_do_not_read(mock: MockEhr, visitor: Visitor) -> None:
    odd = [{"kty": "OKP", "crv": "Ed25519", "x": "AA"}, {"kty": "RSA"}, "text", {"kty": "oct", "k": "AA"}]
    own = {**KEY.as_dict(private=False), "kid": KEY.thumbprint(), "x5c": ["AA"]}
    mock.knobs["/jwks"] = lambda _: as_json({"keys": [*odd, own]})
    assert visitor.get(visitor.launched(mock)).status_code == 200


@pytest.mark.req("SAL-04")
def test_the_page_of_a_failed_launch_tries_the_same_launch_again(mock: MockEhr, visitor: Visitor) -> None:
    mock.knobs[f"/fhir{WELL_KNOWN}"] = lambda _: (503, {}, b"")
    answer = visitor.get(f"/launch?iss={mock.base}&launch=x%2By")
    again = answer.text.split('class="button" href="')[1].split('"')[0].replace("&amp;", "&")
    mock.knobs.clear()
    assert visitor.get(again).status_code == 303
