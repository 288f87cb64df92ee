"""Spoiled discovery, token and FHIR answers: never a failed page, never a reassuring one, never a token in a log or a page.

`FUZZ_EXAMPLES=2000` looks longer than the tests do.
"""

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from tests.cdshooks.calls import ACT
from tests.counterparts.ehr import PUBLIC, REFRESH, TOKEN, Asked, Ehr, Sent, as_json, listening
from tests.counterparts.mutations import SPOILINGS, Spoiling, written
from tests.counterparts.visit import Listener, Visit, app_beside, words

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "25"))
SECRETS = (TOKEN, REFRESH, "marker-code")
MEDIA = ("application/fhir+json", "application/json", "text/html", "", "application/fhir+json; charset=latin-1")
KINDS = ("Patient", "Observation", "Procedure", "Condition", "MedicationAdministration")
FUZZ = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="FUZZ_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def ehr() -> Iterator[Ehr]:
    with listening() as server:
        yield server


@pytest.fixture(scope="module")
def app(ehr: Ehr, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return app_beside(ehr, Path(tmp_path_factory.mktemp("fuzz")))


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    heard = Listener()
    root = logging.getLogger()
    before = root.level
    root.addHandler(heard)
    root.setLevel(logging.DEBUG)
    yield heard
    root.setLevel(before)
    root.removeHandler(heard)


def launched(app: Flask, ehr: Ehr, listener: Listener, special: Callable[[Asked], Sent | None]) -> TestResponse:
    """A launch at the spoiled EHR by a fresh browser; what holds for every page and every line is asserted here."""
    ehr.reset(*ACT)
    ehr.special = special
    listener.lines.clear()
    visit = Visit(app, ehr)
    answer = visit.complete(visit.launched())
    assert answer.status_code != 500, words(answer)
    assert [secret for secret in SECRETS for text in (*visit.pages, *listener.lines) if secret in text] == []
    assert "NO REPLACEMENT ADVISED" not in words(answer)
    return answer


@pytest.mark.req("SAL-04", "SAL-06", "SAL-51", "SAL-87", "SEC-34", "SEC-35")
@FUZZ
@given(spoiling=SPOILINGS, media=st.sampled_from(MEDIA))
def test_discovery(tmp_path: Path, ehr: Ehr, listener: Listener, spoiling: Spoiling, media: str) -> None:
    fresh = app_beside(ehr, tmp_path)  # another app would remember the last discovery
    more = {
        "revocation_endpoint": "/revoke",
        "scopes_supported": ["openid"],
        "token_endpoint_auth_methods_supported": ["x"],
    }

    def special(asked: Asked) -> Sent | None:
        if not asked.path.endswith("smart-configuration"):
            return None
        return Sent(spoiling.of(ehr.configuration() | more), media=media)

    launched(fresh, ehr, listener, special)


@pytest.mark.req("SAL-50", "SAL-51", "SAL-57", "SAL-59", "SAL-61", "SAL-70", "SAL-87", "SEC-34", "SEC-35")
@FUZZ
@given(spoiling=SPOILINGS)
def test_token_answers(app: Flask, ehr: Ehr, listener: Listener, spoiling: Spoiling) -> None:
    context = {"encounter": "E1", "need_patient_banner": True, "fhirContext": [{"reference": "Observation/1"}]}
    more = {**context, "intent": "x", "smart_style_url": "https://a/b", "appContext": "x"}

    def special(asked: Asked) -> Sent | None:
        return Sent(spoiling.of(ehr.tokens() | more), media="application/json") if asked.path == "/token" else None

    launched(app, ehr, listener, special)
    asked_for = [asked.body for asked in ehr.asked if asked.path == "/token"]
    assert len([body for body in asked_for if b"grant_type=authorization_code" in body]) <= 1
    assert len(asked_for) <= 4  # one refresh a look, not one a read


@pytest.mark.req("SAL-70", "SAL-71", "SEC-34")
@FUZZ
@given(spoiling=SPOILINGS)
def test_key_sets(tmp_path: Path, ehr: Ehr, listener: Listener, spoiling: Spoiling) -> None:
    fresh = app_beside(ehr, tmp_path)
    launched(
        fresh, ehr, listener, lambda asked: Sent(spoiling.of({"keys": [PUBLIC]})) if asked.path == "/jwks" else None
    )


@pytest.mark.req("SAL-70", "SAL-72", "SAL-73", "SEC-34")
@FUZZ
@given(
    claims=st.dictionaries(
        st.sampled_from(["iss", "sub", "aud", "azp", "exp", "iat", "nonce", "fhirUser", "name"]),
        st.sampled_from((None, True, 0, 10**30, "", "x", [], [None], {}, ["client-a", {}], "\x00")),
    )
)
def test_identity_claims(app: Flask, ehr: Ehr, listener: Listener, claims: dict[str, Any]) -> None:
    def special(asked: Asked) -> Sent | None:
        ehr.claims = claims
        return None

    launched(app, ehr, listener, special)


@pytest.mark.req("FHIR-01", "FHIR-03", "FHIR-06", "FHIR-09", "FHIR-29", "SEC-34", "SEC-35", "CDS-73")
@FUZZ
@given(kind=st.sampled_from(KINDS), spoiling=SPOILINGS, media=st.sampled_from(MEDIA[:2]))
def test_fhir_answers(app: Flask, ehr: Ehr, listener: Listener, kind: str, spoiling: Spoiling, media: str) -> None:
    def special(asked: Asked) -> Sent | None:
        return Sent(spoiling.of(page_of(ehr, kind)), media=media) if asked.path.startswith(f"/fhir/{kind}") else None

    answer = launched(app, ehr, listener, special)
    assert answer.status_code == 200 or kind == "Patient", words(answer)


def page_of(ehr: Ehr, kind: str) -> Any:
    """What the server says of this type without fault."""
    found = [resource for resource in ACT if resource["resourceType"] == kind]
    if kind == "Patient":
        return as_json(written(found[0]))
    links = [{"relation": "self", "url": f"{ehr.base}/{kind}?patient=P1"}]
    entries = [{"fullUrl": f"{ehr.base}/{kind}/1", "resource": one, "search": {"mode": "match"}} for one in found]
    return as_json(
        written({"resourceType": "Bundle", "type": "searchset", "total": 1, "link": links, "entry": entries})
    )
