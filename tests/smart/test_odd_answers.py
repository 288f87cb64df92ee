"""What a fuzz of discovery, token and key answers brought to light: each ends the launch with a page, none with a failure."""

from pathlib import Path
from typing import Any

import pytest

from smartapp.smart.discovery import lifetime
from smartapp.smart.errors import EhrFailed
from tests.smart.launching import Ehr, configuration, launched, make_flow, reply


@pytest.mark.req("SAL-04", "SAL-07")
@pytest.mark.parametrize("address", ["http://[::1", "https://[", "//"])
def test_an_endpoint_that_is_no_address(tmp_path: Path, address: str) -> None:
    ehr = Ehr(discovery=configuration(token_endpoint=address))
    with pytest.raises(EhrFailed, match="token_endpoint"):
        launched(make_flow(ehr, tmp_path), ehr)


@pytest.mark.req("SAL-50")
@pytest.mark.parametrize("token", ["\ud800", "a b", "a\r\nX-More: 1", "\u00e9"])
def test_an_access_token_that_no_header_can_carry(tmp_path: Path, token: str) -> None:
    ehr = Ehr(answer={"access_token": token})
    with pytest.raises(EhrFailed, match="no access_token"):
        launched(make_flow(ehr, tmp_path), ehr)


@pytest.mark.req("SAL-50", "SAL-52")
def test_odd_words_of_a_scope_grant_nothing_and_harm_nothing(tmp_path: Path) -> None:
    ehr = Ehr(answer={"scope": "openid \ud800 patient/*.rs", "expires_in": 10**400, "refresh_token": "\ud800"})
    session = launched(make_flow(ehr, tmp_path), ehr).session
    assert session is not None
    assert (session.scope, session.refresh_token) == ("openid patient/*.rs", "")
    assert session.token_expires_at > 0


@pytest.mark.req("SAL-70")
@pytest.mark.parametrize(
    "claims", [{"aud": 5}, {"aud": {"client-a": 1}}, {"sub": ["u1"]}, {"sub": "u\x001"}, {"sub": 7}]
)
def test_claims_of_another_type_are_not_valid(tmp_path: Path, claims: dict[str, Any]) -> None:
    ehr = Ehr(claims=claims)
    with pytest.raises(EhrFailed, match="not valid for this launch"):
        launched(make_flow(ehr, tmp_path), ehr)


@pytest.mark.req("SAL-70", "SEC-06")
def test_what_no_page_can_show_in_a_name_is_left_out(tmp_path: Path) -> None:
    ehr = Ehr(claims={"name": "Dr \x00A\u202e"})
    session = launched(make_flow(ehr, tmp_path), ehr).session
    assert session is not None
    assert session.user.name == "Dr A"


@pytest.mark.req("SAL-08")
def test_an_age_that_is_no_number_is_as_none() -> None:
    assert lifetime(reply({}, **{"cache-control": "max-age=\u00b2"})) == lifetime(reply({}))
