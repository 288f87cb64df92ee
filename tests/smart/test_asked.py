"""What a launch asks for, and what it makes of context that it does not understand (SAL-06, 61, 74, 75)."""

from pathlib import Path

import pytest

from tests.smart.launching import BASE, ISSUER, Ehr, configuration, launched, make_flow, sent


@pytest.fixture
def ehr() -> Ehr:
    return Ehr()


@pytest.mark.req("SAL-06")
def test_odd_and_legacy_capabilities_do_not_stop_a_launch(ehr: Ehr, tmp_path: Path) -> None:
    ehr.discovery = configuration(capabilities=["context-passthrough-banner", 7, "lanch-ehr"], scopes_supported=["x"])
    assert launched(make_flow(ehr, tmp_path), ehr).launch


@pytest.mark.req("SAL-75")
def test_no_time_of_sign_in_is_asked_for_or_needed(ehr: Ehr, tmp_path: Path) -> None:
    flow = make_flow(ehr, tmp_path)
    assert "max_age" not in sent(flow.begin([BASE], ["xyz"]).url)
    ehr.claims = {"auth_time": 0}
    assert launched(flow, ehr).launch


@pytest.mark.req("SAL-61", "SAL-88")
@pytest.mark.parametrize(
    "given",
    [
        "Observation/1",
        ["Observation/1", 7, None],
        [{}],
        [{"reference": "https://evil.test/Observation/1"}, {"reference": "Patient/P2", "role": "x"}],
        [{"reference": "Patient/P2"}, {"canonical": "http://a.example|1"}, {"identifier": {"value": "1"}}],
    ],
)
def test_context_that_is_not_understood_is_ignored_and_not_followed(ehr: Ehr, tmp_path: Path, given: object) -> None:
    ehr.answer = {"fhirContext": given}
    session = launched(make_flow(ehr, tmp_path), ehr).session
    assert session is not None
    assert session.patient == "P1"
    assert {url for _, url, _, _ in ehr.asked} == {
        f"{BASE}/.well-known/smart-configuration",
        f"{ISSUER}/token",
        f"{ISSUER}/jwks",
    }


@pytest.mark.req("SAL-74")
def test_a_user_is_an_issuer_and_a_subject_whatever_the_name(ehr: Ehr, tmp_path: Path) -> None:
    flow = make_flow(ehr, tmp_path)
    ehr.claims = {"name": "Dr A", "email": "a@example.org"}
    first = launched(flow, ehr).session
    ehr.claims = {"name": "Dr B"}
    second = launched(flow, ehr).session
    assert first is not None
    assert second is not None
    assert (first.user.issuer, first.user.subject) == (second.user.issuer, second.user.subject) == (ISSUER, "u1")
