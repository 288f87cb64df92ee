"""A launch step by step: what is sent, what is refused before anything is sent, and what is redeemed once."""

import base64
import hashlib
import re
import threading
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from smartapp.outbound import NoAnswer
from smartapp.smart.errors import (
    BadParameter,
    EhrFailed,
    LaunchProblem,
    LaunchRefused,
    NoPatient,
    StateProblem,
    UnknownIssuer,
)
from smartapp.smart.flow import LaunchFlow
from tests.smart.launching import (
    BASE,
    ISSUER,
    REDIRECT,
    Ehr,
    configuration,
    launched,
    make_flow,
    registration,
    reply,
    sent,
)


@pytest.fixture
def ehr() -> Ehr:
    return Ehr()


@pytest.fixture
def flow(ehr: Ehr, tmp_path: Path) -> LaunchFlow:
    return make_flow(ehr, tmp_path)


@pytest.mark.req("SAL-20", "SAL-21", "SAL-22", "SAL-24")
def test_the_authorization_request(flow: LaunchFlow) -> None:
    asked = sent(flow.begin([BASE], ["xyz"]).url)
    assert set(asked) == {
        "response_type",
        "client_id",
        "redirect_uri",
        "scope",
        "state",
        "nonce",
        "aud",
        "launch",
        "code_challenge",
        "code_challenge_method",
    }
    assert (asked["response_type"], asked["client_id"], asked["redirect_uri"]) == ("code", "client-a", REDIRECT)
    assert (asked["aud"], asked["launch"], asked["code_challenge_method"]) == (BASE, "xyz", "S256")


@pytest.mark.req("SAL-10")
def test_launch_is_opaque_and_echoed_unchanged(flow: LaunchFlow) -> None:
    opaque = "a+b/c=d%20&e?f#g"
    assert parse_qs(urlsplit(flow.begin([BASE], [opaque]).url).query)["launch"] == [opaque]


@pytest.mark.req("SAL-22")
@pytest.mark.parametrize("methods", [None, [], ["plain"]])
def test_pkce_is_s256_whatever_discovery_says(ehr: Ehr, flow: LaunchFlow, methods: list[str] | None) -> None:
    ehr.discovery = configuration(code_challenge_methods_supported=methods)
    begun = flow.begin([BASE], ["xyz"])
    asked = sent(begun.url)
    ehr.nonce = asked["nonce"]
    flow.complete({"state": [asked["state"]], "code": ["abc"]}, begun.cookie)
    verifier = ehr.token_requests()[0][2]["code_verifier"][0]
    assert re.fullmatch(r"[A-Za-z0-9\-._~]{43,128}", verifier)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    assert (asked["code_challenge"], asked["code_challenge_method"]) == (challenge, "S256")


@pytest.mark.req("SAL-22", "SAL-23", "SAL-24")
def test_state_nonce_and_verifier_are_new_each_time(flow: LaunchFlow) -> None:
    launches = [sent(flow.begin([BASE], ["xyz"]).url) for _ in range(20)]
    for name in ("state", "nonce", "code_challenge"):
        values = {launch[name] for launch in launches}
        assert len(values) == 20
        assert min(len(value) for value in values) >= 43 - 22 * (name == "none")


@pytest.mark.req("SAL-11", "SAL-89")
@pytest.mark.parametrize(
    "iss",
    [
        "https://ehr.example.org.evil.test/fhir",
        "https://evil.test/https://ehr.example.org/fhir",
        "https://user@ehr.example.org/fhir",
        "https://ehr.example.org:8443/fhir",
        "https://ehr.example.org/fhir/../other",
        "https://ehr.example.org/FHIR",
        "https://ehr.example.org/fhir%2F",
        "https://ehr.example.org/fhir?x=1",
        "https://ehr.example.org/fhir#x",
        "https://ehr.example.org/fhir#",
        "https://ehr.example.org/fhir?",
        "https://ehr.example.org/fhir?#",
        "https://ehr.example.org/fhir/?",
        "https://ehr.example.org/fhir/#",
        "https://ehr.example.org/fhir//",
        "http://ehr.example.org/fhir",
        "https://ehr.example.org\\@evil.test/fhir",
        "javascript:alert(1)",
        "ehr.example.org/fhir",
    ],
)
def test_an_unknown_issuer_is_refused_and_nobody_is_asked(ehr: Ehr, flow: LaunchFlow, iss: str) -> None:
    with pytest.raises(UnknownIssuer):
        flow.begin([iss], ["xyz"])
    assert ehr.asked == []


@pytest.mark.req("SAL-11", "SAL-21", "SAL-03")
@pytest.mark.parametrize("iss", [BASE, BASE + "/", "HTTPS://EHR.example.org/fhir", "https://ehr.example.org:443/fhir"])
def test_the_same_issuer_in_other_writing(ehr: Ehr, flow: LaunchFlow, iss: str) -> None:
    asked = sent(flow.begin([iss], ["xyz"]).url)
    assert asked["aud"] == iss
    assert ehr.asked[0][1] == f"{BASE}/.well-known/smart-configuration"
    assert ehr.asked[0][3]["Accept"] == "application/json"


@pytest.mark.req("SAL-10", "SAL-13")
@pytest.mark.parametrize(
    ("iss", "launch"),
    [([], ["x"]), ([BASE], []), ([BASE, BASE], ["x"]), ([BASE], ["x", "y"]), ([BASE], ["x" * 2049]), ([""], ["x"])],
)
def test_each_parameter_exactly_once(ehr: Ehr, flow: LaunchFlow, iss: list[str], launch: list[str]) -> None:
    with pytest.raises(BadParameter):
        flow.begin(iss, launch)
    assert ehr.asked == []


@pytest.mark.req("SAL-90")
@pytest.mark.parametrize("length", [1, 2049, 6000])
def test_a_code_may_be_as_long_as_the_request_line(ehr: Ehr, flow: LaunchFlow, length: int) -> None:
    begun = flow.begin([BASE], ["xyz"])
    ehr.nonce = sent(begun.url)["nonce"]
    code = "c" * length
    assert flow.complete({"state": [sent(begun.url)["state"]], "code": [code]}, begun.cookie).session is not None
    ((_, _, form, _),) = ehr.token_requests()
    assert form["code"] == [code]


@pytest.mark.req("SAL-90", "SAL-13")
def test_a_state_keeps_its_limit_and_is_told_so(flow: LaunchFlow) -> None:
    begun = flow.begin([BASE], ["xyz"])
    with pytest.raises(BadParameter, match="state is longer than 2048"):
        flow.complete({"state": ["s" * 2049], "code": ["abc"]}, begun.cookie)


@pytest.mark.req("SAL-23")
def test_state_belongs_to_one_browser(ehr: Ehr, flow: LaunchFlow) -> None:
    begun, other = flow.begin([BASE], ["xyz"]), flow.begin([BASE], ["xyz"])
    for state, cookie in (
        (sent(begun.url)["state"], other.cookie),
        ("unknown", begun.cookie),
        (sent(begun.url)["state"], ""),
    ):
        with pytest.raises(StateProblem):
            flow.complete({"state": [state], "code": ["abc"]}, cookie)
    with pytest.raises(BadParameter):
        flow.complete({"code": ["abc"]}, begun.cookie)
    assert ehr.token_requests() == []


@pytest.mark.req("SAL-23")
def test_state_lives_ten_minutes(ehr: Ehr, tmp_path: Path) -> None:
    now = [1_000_000.0]
    flow = make_flow(ehr, tmp_path, clock=lambda: now[0])
    begun = flow.begin([BASE], ["xyz"])
    now[0] += 601
    with pytest.raises(StateProblem):
        flow.complete({"state": [sent(begun.url)["state"]], "code": ["abc"]}, begun.cookie)
    assert ehr.token_requests() == []


@pytest.mark.req("SAL-27")
def test_a_repeated_callback_leads_to_the_same_launch_and_redeems_nothing(ehr: Ehr, flow: LaunchFlow) -> None:
    begun = flow.begin([BASE], ["xyz"])
    asked = sent(begun.url)
    ehr.nonce = asked["nonce"]
    params = {"state": [asked["state"]], "code": ["abc"]}
    first, second = flow.complete(params, begun.cookie), flow.complete(params, begun.cookie)
    assert (second.launch, second.cookie) == (first.launch, "")
    assert len(ehr.token_requests()) == 1
    assert flow.store.find(first.launch, first.cookie, 15) is not None


@pytest.mark.req("SAL-27")
def test_twenty_callbacks_at_once_redeem_once(ehr: Ehr, flow: LaunchFlow) -> None:
    begun = flow.begin([BASE], ["xyz"])
    asked = sent(begun.url)
    ehr.nonce = asked["nonce"]
    done: list[str] = []

    def call() -> None:
        try:
            done.append(flow.complete({"state": [asked["state"]], "code": ["abc"]}, begun.cookie).launch)
        except StateProblem as problem:
            done.append(str(problem.status))

    threads = [threading.Thread(target=call) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ehr.token_requests()) == 1
    assert len({launch for launch in done if launch != "409"}) == 1


@pytest.mark.req("SAL-25")
@pytest.mark.parametrize(
    ("advertised", "iss", "accepted"),
    [
        (False, "", True),
        (True, "", False),
        (False, ISSUER, True),
        (True, ISSUER, True),
        (False, BASE, False),
        (True, ISSUER + "/", False),
    ],
)
def test_the_issuer_of_the_answer(ehr: Ehr, flow: LaunchFlow, advertised: bool, iss: str, accepted: bool) -> None:
    ehr.discovery = configuration(authorization_response_iss_parameter_supported=advertised)
    if accepted:
        assert launched(flow, ehr, iss=iss).launch
    else:
        with pytest.raises(LaunchRefused):
            launched(flow, ehr, iss=iss)
        assert ehr.token_requests() == []


@pytest.mark.req("SAL-26")
def test_an_error_answer_redeems_nothing_and_says_what_it_said(ehr: Ehr, flow: LaunchFlow) -> None:
    with pytest.raises(LaunchRefused, match="access_denied"):
        launched(
            flow,
            ehr,
            code="",
            error="access_denied",
            error_description="<script>alert(1)</script>",
            error_uri="https://evil.test/",
        )
    assert ehr.token_requests() == []


@pytest.mark.req("SAL-30", "SAL-31")
def test_a_public_client_sends_its_id_and_no_secret(ehr: Ehr, flow: LaunchFlow) -> None:
    launched(flow, ehr)
    _, url, form, headers = ehr.token_requests()[0]
    assert url == f"{ISSUER}/token"
    assert {name: form[name] for name in ("grant_type", "code", "redirect_uri", "client_id")} == {
        "grant_type": ["authorization_code"],
        "code": ["abc"],
        "redirect_uri": [REDIRECT],
        "client_id": ["client-a"],
    }
    assert set(form) == {"grant_type", "code", "redirect_uri", "client_id", "code_verifier"}
    assert "Authorization" not in headers


@pytest.mark.req("SAL-31")
def test_a_confidential_client_signs_or_uses_basic_and_sends_no_client_id(ehr: Ehr, tmp_path: Path) -> None:
    basic = make_flow(ehr, tmp_path, registration(client_auth="client_secret_basic", client_secret="s3cret"))
    launched(basic, ehr)
    _, _, form, headers = ehr.token_requests()[-1]
    assert headers["Authorization"] == "Basic " + base64.b64encode(b"client-a:s3cret").decode()
    assert "client_id" not in form
    signed = make_flow(ehr, tmp_path, registration(client_auth="private_key_jwt"))
    launched(signed, ehr)
    _, _, form, headers = ehr.token_requests()[-1]
    assert form["client_assertion_type"] == ["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"]
    assert "client_id" not in form
    assert "Authorization" not in headers


@pytest.mark.req("SAL-50")
@pytest.mark.parametrize(
    ("answer", "life"),
    [
        ({"token_type": "bearer"}, 3600),
        ({"expires_in": "120"}, 120),
        ({"expires_in": None}, 300),
        ({"expires_in": "soon"}, 300),
    ],
)
def test_shapes_of_a_good_token_answer(ehr: Ehr, flow: LaunchFlow, answer: dict[str, object], life: float) -> None:
    ehr.answer = answer
    session = launched(flow, ehr).session
    assert session is not None
    assert session.token_expires_at - flow.clock() == pytest.approx(life, abs=5)


@pytest.mark.req("SAL-50", "SAL-51")
@pytest.mark.parametrize(
    "answer",
    [{"access_token": None}, {"token_type": "mac"}, {"token_type": None}, {"scope": None}, {"access_token": ""}],
)
def test_a_token_answer_that_lacks_something_ends_the_launch(
    ehr: Ehr, flow: LaunchFlow, answer: dict[str, object]
) -> None:
    ehr.answer = answer
    with pytest.raises(EhrFailed):
        launched(flow, ehr)
    assert len(ehr.token_requests()) == 1


@pytest.mark.req("SAL-51")
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"<html>maintenance</html>", 200),
        (b"", 200),
        (b'{"access_token": "x', 200),
        (b"[]", 200),
        (b"oops", 500),
        (b'{"error":"invalid_grant"}', 400),
    ],
)
def test_anything_else_ends_it_without_a_second_redemption_or_the_raw_body(
    ehr: Ehr, flow: LaunchFlow, body: bytes, status: int
) -> None:
    ehr.raw_token = lambda: reply(body, status)
    with pytest.raises(LaunchProblem) as problem:
        launched(flow, ehr)
    assert len(ehr.token_requests()) == 1
    assert "maintenance" not in problem.value.what
    assert "oops" not in problem.value.what


@pytest.mark.req("SAL-51")
def test_a_silent_token_endpoint(ehr: Ehr, flow: LaunchFlow) -> None:
    def nothing() -> object:
        raise NoAnswer("the server did not answer in time")

    ehr.raw_token = nothing  # type: ignore[assignment]
    with pytest.raises(EhrFailed, match="did not answer in time"):
        launched(flow, ehr)


@pytest.mark.req("SAL-57", "SAL-58")
@pytest.mark.parametrize("patient", ["../Practitioner/1", "1?_include=*", "a b", "x" * 65, 7, ["P1"]])
def test_a_patient_that_is_no_id_stops_the_launch(ehr: Ehr, flow: LaunchFlow, patient: object) -> None:
    ehr.answer = {"patient": patient}
    with pytest.raises(EhrFailed):
        launched(flow, ehr)


@pytest.mark.req("SAL-58")
@pytest.mark.parametrize("patient", [None, ""])
def test_without_a_patient_there_is_no_session(ehr: Ehr, flow: LaunchFlow, patient: str | None) -> None:
    ehr.answer = {"patient": patient}
    with pytest.raises(NoPatient):
        launched(flow, ehr)


@pytest.mark.req("SAL-57", "SEC-01", "SEC-03")
def test_the_session_is_on_the_server_and_the_cookie_is_new_and_opaque(ehr: Ehr, flow: LaunchFlow) -> None:
    done = launched(flow, ehr)
    assert done.session is not None
    assert (done.session.patient, done.session.user.reference) == ("P1", "Practitioner/7")
    assert len(done.cookie) >= 22
    assert "secret-token" not in done.cookie + repr(done.session) + repr(done)
    assert flow.store.find(done.launch, "another", 15) is None


@pytest.mark.req("SAL-73")
def test_without_openid_nobody_is_known_and_so_nobody_may_write(ehr: Ehr, flow: LaunchFlow) -> None:
    ehr.answer, ehr.id_token = {"scope": "launch patient/Patient.r patient/Observation.rs"}, ""
    session = launched(flow, ehr).session
    assert session is not None
    assert not session.user.is_professional


@pytest.mark.req("SAL-12", "SAL-20")
def test_a_standalone_launch_asks_for_a_patient(flow: LaunchFlow) -> None:
    asked = sent(flow.begin_standalone("st-x").url)
    assert "launch" not in asked
    assert "launch/patient" in asked["scope"].split()
    assert asked["aud"] == BASE


@pytest.mark.req("SAL-55")
def test_writes_are_asked_for_only_where_the_site_enabled_them(ehr: Ehr, tmp_path: Path) -> None:
    scope = sent(make_flow(ehr, tmp_path, registration(write_back=False)).begin([BASE], ["x"]).url)["scope"]
    assert "patient/MedicationRequest.rs" in scope.split()
    assert "patient/Provenance.c" not in scope
    v1 = sent(make_flow(ehr, tmp_path, registration(scope_style="v1")).begin([BASE], ["x"]).url)["scope"].split()
    assert {"patient/Observation.read", "patient/MedicationRequest.write"} <= set(v1)


@pytest.mark.req("SAL-07", "SAL-04")
@pytest.mark.parametrize(
    "odd",
    [
        {"token_endpoint": "https://evil.test/token"},
        {"authorization_endpoint": "https://evil.test/authorize"},
        {"jwks_uri": "https://evil.test/jwks"},
        {"issuer": "https://evil.test"},
        {"token_endpoint": None},
        {"authorization_endpoint": None},
    ],
)
def test_discovery_that_points_elsewhere_stops_the_launch(ehr: Ehr, flow: LaunchFlow, odd: dict[str, object]) -> None:
    ehr.discovery = configuration(**odd)
    with pytest.raises(EhrFailed):
        flow.begin([BASE], ["xyz"])
    assert ehr.token_requests() == []


@pytest.mark.req("SAL-04")
def test_relative_endpoints_count_from_the_fhir_base(ehr: Ehr, tmp_path: Path) -> None:
    ehr.discovery = configuration(
        issuer=None, authorization_endpoint="auth/authorize", token_endpoint="auth/token", jwks_uri="auth/jwks"
    )
    flow = make_flow(ehr, tmp_path, registration(issuer="", endpoint_origins=frozenset()))
    assert flow.begin([BASE], ["xyz"]).url.startswith(f"{BASE}/auth/authorize?")
