import json
import time

import pytest
import responses
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from smartapp.demo.clients import ASSERTION_TYPE, BASIC_SECRET
from smartapp.demo.faults import Fault
from smartapp.demo.tokens import DemoUser
from tests.demo.visits import APP, BASE, CALLBACK, PUBLIC, SCOPE, VERIFIER, Visit, returned

pytestmark = pytest.mark.req("SAL-20", "SAL-22", "SAL-30")


def test_launch_gives_code_state_and_issuer(visit: Visit) -> None:
    back = returned(visit.authorize())
    assert back["state"] == "state-1"
    assert back["iss"] == BASE
    assert back["code"]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": None}, "invalid_scope"),
        ({"scope": "bogus patient/observation.rs system/*.rs"}, "invalid_scope"),
        ({"aud": None}, "invalid_request"),
        ({"aud": "http://127.0.0.1:8001/fhir/"}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"launch": "unknown"}, "invalid_request"),
        ({"launch": None}, "invalid_request"),
        ({"state": None}, "invalid_request"),
    ],
)
def test_a_bad_request_goes_back_with_its_error(visit: Visit, changes: dict[str, str | None], error: str) -> None:
    back = returned(visit.authorize(**changes))
    assert back["error"] == error
    assert back["iss"] == BASE
    assert "code" not in back


@pytest.mark.parametrize(
    "changes",
    [{"client_id": "someone"}, {"client_id": None}, {"redirect_uri": f"{CALLBACK}/x"}, {"redirect_uri": None}],
)
def test_no_redirect_where_the_address_is_not_known_to_be_right(visit: Visit, changes: dict[str, str | None]) -> None:
    answer = visit.authorize(**changes)
    assert answer.status_code == 400
    assert "not allowed in" in answer.get_data(as_text=True)


def test_parameters_sent_twice_are_refused(visit: Visit) -> None:
    sent = [*visit.request().items(), ("aud", "http://elsewhere.example/fhir")]
    assert returned(visit.client.get("/authorize", query_string=sent, base_url=BASE))["error"] == "invalid_request"


def test_token_answer_carries_context_and_identity(visit: Visit) -> None:
    answer = visit.redeem(visit.code())
    body = answer.get_json()
    assert answer.headers["Cache-Control"] == "no-store"
    assert (body["patient"], body["encounter"], body["token_type"]) == ("lindqvist", "lindqvist-stay", "Bearer")
    assert body["need_patient_banner"] is False
    assert "refresh_token" not in body
    keys = KeySet.import_key_set(visit.client.get("/jwks.json").get_json())
    token = jwt.decode(body["id_token"], keys, algorithms=["RS256"])
    assert token.header["kid"] == keys.keys[0].kid
    assert token.claims["fhirUser"] == f"{BASE}/fhir/Practitioner/osei"
    assert (token.claims["iss"], token.claims["aud"], token.claims["nonce"]) == (BASE, PUBLIC, "nonce-1")


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"redirect_uri": f"{APP}/other"}, 400, "invalid_grant"),
        ({"code_verifier": "w" * 60}, 400, "invalid_grant"),
        ({"code_verifier": ""}, 400, "invalid_request"),
        ({"client_id": "someone"}, 400, "invalid_client"),
        ({"client_id": "fibrinogen-watch-basic"}, 401, "invalid_client"),
        ({"client_id": "fibrinogen-watch"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
def test_bad_token_requests(visit: Visit, changes: dict[str, str], status: int, error: str) -> None:
    answer = visit.redeem(visit.code(), **changes)
    assert (answer.status_code, answer.get_json()["error"]) == (status, error)


def test_an_unknown_code(visit: Visit) -> None:
    assert visit.redeem("unknown").get_json()["error"] == "invalid_grant"


def test_a_replayed_code_ends_the_tokens_made_from_it(visit: Visit) -> None:
    code = visit.code()
    token = visit.redeem(code).get_json()["access_token"]
    assert visit.fhir("GET", "/Patient/lindqvist", token).status_code == 200
    assert visit.redeem(code).get_json()["error"] == "invalid_grant"
    assert visit.fhir("GET", "/Patient/lindqvist", token).status_code == 401


def test_refresh_rotates_and_reuse_ends_the_family(visit: Visit) -> None:
    first = visit.tokens(scope=f"{SCOPE} online_access")
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"], "client_id": PUBLIC}
    second = visit.post("/token", form).get_json()
    assert second["refresh_token"] != first["refresh_token"]
    assert second["patient"] == "lindqvist"
    assert visit.fhir("GET", "/Patient/lindqvist", first["access_token"]).status_code == 401
    assert visit.fhir("GET", "/Patient/lindqvist", second["access_token"]).status_code == 200
    assert visit.post("/token", form).get_json()["error"] == "invalid_grant"
    assert visit.fhir("GET", "/Patient/lindqvist", second["access_token"]).status_code == 401


def test_revocation_ends_both_tokens(visit: Visit) -> None:
    tokens = visit.tokens(scope=f"{SCOPE} offline_access")
    assert visit.post("/revoke", {"token": tokens["refresh_token"], "client_id": PUBLIC}).status_code == 200
    assert visit.fhir("GET", "/Patient/lindqvist", tokens["access_token"]).status_code == 401
    again = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "client_id": PUBLIC}
    assert visit.post("/token", again).get_json()["error"] == "invalid_grant"


def test_client_secret_basic(visit: Visit) -> None:
    form = {"grant_type": "authorization_code", "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    code = visit.code(client_id="fibrinogen-watch-basic")
    assert visit.post("/token", {**form, "code": code}, auth=("fibrinogen-watch-basic", "wrong")).status_code == 401
    assert (
        visit.post("/token", {**form, "code": code}, auth=("fibrinogen-watch-basic", BASIC_SECRET)).status_code == 200
    )


KEY = ECKey.generate_key("P-384", auto_kid=True)


def assertion(**changes: object) -> str:
    now = int(time.time())
    claims = {
        "iss": "fibrinogen-watch",
        "sub": "fibrinogen-watch",
        "aud": f"{BASE}/token",
        "exp": now + 240,
        "jti": "one",
        **changes,
    }
    return jwt.encode({"alg": "ES384", "kid": KEY.kid}, claims, KEY, algorithms=["ES384"])


def asserted(visit: Visit, text: str) -> int:
    form = {"grant_type": "authorization_code", "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    form |= {
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": text,
        "code": visit.code(client_id="fibrinogen-watch"),
    }
    with responses.RequestsMock(assert_all_requests_are_fired=False) as app:
        app.get(
            f"{APP}/.well-known/jwks.json",
            body=json.dumps({"keys": [KEY.as_dict(private=False)]}),
            content_type="application/json",
        )
        return visit.post("/token", form).status_code


@pytest.mark.req("SAL-35", "SAL-36")
def test_private_key_jwt_once_per_jti(visit: Visit) -> None:
    assert asserted(visit, assertion()) == 200
    assert asserted(visit, assertion()) == 401
    assert asserted(visit, assertion(jti="two")) == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": f"{BASE}/fhir"},
        {"aud": [f"{BASE}/token", "http://elsewhere.example"]},
        {"sub": "someone"},
        {"iss": "fibrinogen-watch-basic", "sub": "fibrinogen-watch-basic"},
        {"exp": 1},
        {"exp": int(time.time()) + 3600},
        {"exp": None},
        {"jti": ""},
    ],
)
def test_wrong_assertions_are_refused(visit: Visit, changes: dict[str, object]) -> None:
    assert asserted(visit, assertion(**changes)) == 401


def test_an_assertion_by_another_key_is_refused(visit: Visit) -> None:
    other = ECKey.generate_key("P-384", {"kid": KEY.kid})
    forged = jwt.encode(
        {"alg": "ES384", "kid": KEY.kid},
        jwt.decode(assertion(), KEY, algorithms=["ES384"]).claims,
        other,
        algorithms=["ES384"],
    )
    assert asserted(visit, forged) == 401


@pytest.mark.req("SAL-12")
def test_standalone_launch_asks_for_a_patient(visit: Visit) -> None:
    sent = visit.request(launch=None, scope="launch/patient openid patient/Patient.r")
    page = visit.client.get("/authorize", query_string=sent, base_url=BASE)
    assert page.status_code == 200
    assert "Choose a patient" in page.get_data(as_text=True)
    code = returned(visit.post("/authorize", {**sent, "patient": "tanaka"}))["code"]
    assert visit.redeem(code).get_json()["patient"] == "tanaka"


def test_a_patient_who_is_not_on_the_list_cannot_be_picked(visit: Visit) -> None:
    sent = visit.request(launch=None, scope="launch/patient patient/Patient.r")
    assert "Choose a patient" in visit.post("/authorize", {**sent, "patient": "nobody"}).get_data(as_text=True)


def test_a_launch_may_grant_less_and_be_a_patients_own(visit: Visit) -> None:
    patient = DemoUser(reference="Patient/lindqvist", name="Amara Lindqvist")
    launch = visit.demo.create_launch(
        "lindqvist", user=patient, scopes=("launch", "openid", "patient/Patient.r"), app_context="from a card"
    )
    answer = visit.tokens(launch=launch)
    assert answer["scope"] == "launch openid patient/Patient.r"
    assert answer["appContext"] == "from a card"
    keys = KeySet.import_key_set(visit.client.get("/jwks.json").get_json())
    assert (
        jwt.decode(answer["id_token"], keys, algorithms=["RS256"]).claims["fhirUser"]
        == f"{BASE}/fhir/Patient/lindqvist"
    )


@pytest.mark.req("SAL-53")
@pytest.mark.parametrize(
    ("fault", "gone", "kept"),
    [
        (Fault.NO_ORDER_SCOPE, "patient/MedicationRequest.crus", "patient/MedicationRequest.rs"),
        (Fault.NO_OBSERVATION_SCOPE, "patient/Observation.rs", "patient/Patient.r"),
    ],
)
def test_downgraded_scopes(visit: Visit, fault: Fault, gone: str, kept: str) -> None:
    visit.demo.faults.switch_on(fault)
    words = visit.tokens()["scope"].split()
    assert gone not in words
    assert kept in words


def test_faults_of_the_token_endpoint(visit: Visit) -> None:
    visit.demo.faults.switch_on(Fault.NO_PATIENT)
    assert "patient" not in visit.tokens()
    visit.demo.faults.switch_on(Fault.TOKEN_HTML)
    assert visit.redeem(visit.code()).mimetype == "text/html"


@pytest.mark.req("SAL-03")
def test_discovery_names_what_is_offered(visit: Visit) -> None:
    found = visit.client.get("/fhir/.well-known/smart-configuration", base_url=BASE).get_json()
    assert found["issuer"] == BASE
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert found["token_endpoint_auth_signing_alg_values_supported"] == ["ES384", "RS384"]
    assert {"launch-ehr", "launch-standalone", "permission-v1", "permission-v2", "sso-openid-connect"} <= set(
        found["capabilities"]
    )
    assert (
        visit.client.get("/.well-known/openid-configuration", base_url=BASE).get_json()["jwks_uri"]
        == f"{BASE}/jwks.json"
    )
