"""Data by prefetch or by own queries: the same cards; only what was not sent is asked, within the call's token and time."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from smartapp.fhir.queries import QUERIES
from tests import charts as c
from tests.cdshooks import calls
from tests.cdshooks.fhir_host import Host, hosted
from tests.cdshooks.served import app_of, post, settings_of
from tests.cdshooks.signing import Signer

SIGNER = Signer()
TOKEN = "marker-token-1234"
SCOPE = "patient/*.rs"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(tmp_path_factory.mktemp("queries"))


@pytest.fixture(scope="module")
def listening() -> Iterator[Host]:
    with hosted() as host:
        yield host


@pytest.fixture(scope="module")
def app(listening: Host, folder: Path) -> Flask:
    return app_of(settings_of(folder, SIGNER, server=listening.base, mode="development", budgets={"hook": "2"}))


@pytest.fixture
def host(listening: Host) -> Host:
    """The same server, as if it had just been started."""
    listening.reset(*calls.ACT)
    return listening


def authorization(**more: Any) -> dict[str, Any]:
    given = {
        "access_token": TOKEN,
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": SCOPE,
        "subject": "app",
        "patient": "P1",
        **more,
    }
    return {name: value for name, value in given.items() if value is not ...}


def ask(app: Flask, host: Host, **more: Any) -> Any:
    body = {"fhirServer": host.base, "fhirAuthorization": authorization(), **more}
    return post(app, calls.url(), calls.call(**body), SIGNER)


def plain(cards: list[dict[str, Any]]) -> Any:
    return [
        {**card, "uuid": "", "suggestions": [{**s, "uuid": ""} for s in card.get("suggestions", [])]} for card in cards
    ]


def bare(*keys: str) -> dict[str, Any]:
    """A prefetch of these keys alone."""
    return {key: value for key, value in calls.prefetch(*calls.ACT).items() if key in keys}


@pytest.mark.req("CDS-34", "CDS-22", "CDS-53")
def test_prefetch_and_own_queries_give_equal_cards(app: Flask, host: Host) -> None:
    sent = ask(app, host)
    assert host.asked == []
    read = ask(app, host, prefetch=...)
    assert {path.split("?")[0].split("/")[2] for path in host.asked} == {
        q.resource for q in QUERIES if q.name != "encounters"
    }
    assert sent.json["cards"]
    assert plain(read.json["cards"]) == plain(sent.json["cards"])
    assert host.tokens == {f"Bearer {TOKEN}"}


@pytest.mark.req("CDS-22")
@pytest.mark.parametrize("key", [q.name for q in QUERIES if q.name != "encounters"])
@pytest.mark.parametrize(
    ("value", "fetched"),
    [
        (..., True),
        (None, False),
        ({"resourceType": "Bundle", "type": "searchset"}, False),
        ({"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}, False),
    ],
    ids=["absent", "null", "empty Bundle", "OperationOutcome"],
)
def test_four_states_of_every_key(app: Flask, host: Host, key: str, value: Any, fetched: bool) -> None:
    answer = ask(app, host, prefetch=calls.prefetch(*calls.ACT, **{key: value}))
    assert answer.status_code == 200
    asked = {
        path.partition("?")[0] for path in host.asked
    }  # a list of codes that finds nothing is asked by category too
    assert len(asked) == (1 if fetched else 0)
    if isinstance(value, dict) and value["resourceType"] == "OperationOutcome":
        said = json.dumps(answer.json)
        assert "could not be read" in said
        if key in ("fibrinogen", "patient"):
            assert '"suggestions"' not in said


@pytest.mark.req("CDS-23", "CDS-70")
@pytest.mark.parametrize("key", ["patient", "fibrinogen"])
@pytest.mark.parametrize(
    "how",
    [{"fhirAuthorization": ...}, {"fhirAuthorization": ..., "fhirServer": ...}, {"scope": "patient/Device.rs"}, "403"],
)
def test_412_names_the_key_that_cannot_be_had(app: Flask, host: Host, key: str, how: Any) -> None:
    more: dict[str, Any] = how if isinstance(how, dict) and "scope" not in how else {}
    if how == "403":
        host.refuses |= {"Patient", "Observation"}
    if isinstance(how, dict) and "scope" in how:
        more = {"fhirAuthorization": authorization(**how)}
    answer = ask(app, host, prefetch=calls.prefetch(*calls.ACT, **{key: ...}), **more)
    assert answer.status_code == 412
    assert key in answer.json["issue"][0]["details"]["text"]
    assert "cards" not in answer.json


@pytest.mark.req("CDS-25")
def test_the_newest_value_on_page_two_is_found(app: Flask, host: Host) -> None:
    old, new = c.fibrinogen("3.0", hours_ago=12, id_="old"), c.fibrinogen("0.8")
    host.pages["/fhir/more"] = calls.bundle(new, c.weight("70"))
    first = {**calls.bundle(old), "link": [{"relation": "next", "url": f"{host.base}/more?page=2"}]}
    card = ask(app, host, prefetch=calls.prefetch(*calls.ACT, fibrinogen=first)).json["cards"][0]
    assert card["summary"].startswith("Replacement advised: fibrinogen 0.8 g/L")
    assert card["suggestions"]
    assert host.asked == ["/fhir/more?page=2"]


@pytest.mark.req("CDS-25", "FHIR-05", "FHIR-06")
@pytest.mark.parametrize(
    "url", ["https://evil.test/fhir/more", "{origin}/other", "{base}/../other", "{base}/Patient/none", "x"]
)
def test_a_page_that_cannot_be_read_leaves_the_key_incomplete(app: Flask, host: Host, url: str) -> None:
    link = url.format(base=host.base, origin=host.base.removesuffix("/fhir"))
    first = {**calls.bundle(c.fibrinogen("0.8")), "link": [{"relation": "next", "url": link}]}
    answer = ask(app, host, prefetch=calls.prefetch(*calls.ACT, fibrinogen=first))
    assert "incomplete" in json.dumps(answer.json)
    assert '"suggestions"' not in json.dumps(answer.json)
    assert host.asked in ([], ["/fhir/Patient/none"])


@pytest.mark.req("CDS-25", "FHIR-06")
def test_pages_in_a_circle_end(app: Flask, host: Host) -> None:
    link = [{"relation": "next", "url": f"{host.base}/more"}]
    host.pages["/fhir/more"] = {**calls.bundle(), "link": link}
    first = {**calls.bundle(c.fibrinogen("0.8")), "link": link}
    answer = ask(app, host, prefetch=calls.prefetch(*calls.ACT, fibrinogen=first))
    assert "incomplete" in json.dumps(answer.json)
    assert host.asked == ["/fhir/more"]


@pytest.mark.req("CDS-26", "DQ-19")
@pytest.mark.parametrize("way", ["sent", "read"])
def test_another_patients_resources_are_dropped_counted_and_reported(app: Flask, host: Host, way: str) -> None:
    foreign = c.fibrinogen("0.2", hours_ago=0.5, id_="foreign", subject={"reference": f"{host.base}/Patient/P2"})
    host.resources.append(foreign)
    body = {} if way == "read" else calls.prefetch(*calls.ACT, foreign)
    cards = ask(app, host, prefetch=body).json["cards"]
    said = json.dumps(cards)
    assert cards[0]["summary"].startswith("Replacement advised: fibrinogen 0.8 g/L")
    assert "does not belong to this patient" in said


@pytest.mark.req("CDS-26")
def test_references_absolute_to_the_server_are_the_patients_own(app: Flask, host: Host) -> None:
    own = c.fibrinogen("0.8", subject={"reference": f"{host.base}/Patient/P1"})
    others = [r for r in calls.ACT if r["id"] != own["id"]]
    assert ask(app, host, prefetch=calls.prefetch(*others, own)).json["cards"][0]["indicator"] == "critical"


@pytest.mark.req("CDS-72", "CDS-23")
@pytest.mark.parametrize("fault", ["slow", "drips"])
def test_a_slow_server_does_not_hold_the_answer_beyond_its_time(app: Flask, host: Host, fault: str) -> None:
    setattr(host, fault, 30.0 if fault == "slow" else True)
    unread = ask(app, host, prefetch=...)
    partly = ask(app, host, prefetch=calls.prefetch(*calls.ACT, conditions=...))
    assert host.asked
    assert host.finished == []
    assert unread.status_code == 412
    assert partly.status_code == 200
    assert "Conditions could not be read" in json.dumps(partly.json)


@pytest.mark.req("CDS-30", "CDS-33", "CDS-15")
@pytest.mark.parametrize(
    ("more", "member"),
    [
        ({"access_token": ...}, "access_token"),
        ({"access_token": ""}, "access_token"),
        ({"access_token": "a\r\nX-Evil: 1"}, "access_token"),
        ({"access_token": 7}, "access_token"),
        ({"token_type": ...}, "token_type"),
        ({"token_type": "MAC"}, "token_type"),
        ({"expires_in": ...}, "expires_in"),
        ({"expires_in": "300"}, "expires_in"),
        ({"expires_in": True}, "expires_in"),
        ({"scope": ...}, "scope"),
        ({"scope": []}, "scope"),
        ({"subject": ...}, "subject"),
        ({"patient": "P2"}, "patient"),
        ({"patient": 7}, "patient"),
    ],
)
def test_a_malformed_authorization_is_400(app: Flask, host: Host, more: dict[str, Any], member: str) -> None:
    answer = ask(app, host, prefetch=..., fhirAuthorization=authorization(**more))
    assert answer.status_code == 400
    assert f"fhirAuthorization.{member}" in answer.json["issue"][0]["details"]["text"]
    assert host.asked == []


@pytest.mark.req("CDS-30")
def test_an_authorization_needs_its_server(app: Flask, host: Host) -> None:
    assert ask(app, host, fhirServer=...).status_code == 400


@pytest.mark.req("CDS-33", "SAL-52")
@pytest.mark.parametrize("scope", ["patient/*.rs", "patient/*.read", "user/*.cruds", "system/*.rs", "patient/*.*"])
def test_scopes_of_both_versions_are_understood(app: Flask, host: Host, scope: str) -> None:
    answer = ask(app, host, prefetch=..., fhirAuthorization=authorization(scope=scope, patient=...))
    assert answer.json["cards"][0]["indicator"] == "critical"


@pytest.mark.req("CDS-33")
def test_what_the_scope_does_not_grant_is_not_asked_and_is_named(app: Flask, host: Host) -> None:
    kinds = {"Patient", "Observation", "Procedure", "Condition", "MedicationAdministration"}
    scope = " ".join(f"patient/{kind}.rs" for kind in kinds)
    answer = ask(app, host, prefetch=..., fhirAuthorization=authorization(scope=scope))
    assert {path.split("?")[0].split("/")[2] for path in host.asked} == kinds
    assert "not permitted" in json.dumps(answer.json)


@pytest.mark.req("CDS-23", "CDS-33")
@pytest.mark.parametrize("kind", ["Procedure", "Condition", "MedicationAdministration"])
def test_412_names_the_scope_that_lacked_for_what_tells_of_an_infusion(app: Flask, host: Host, kind: str) -> None:
    kinds = {"Patient", "Observation", "Procedure", "Condition", "MedicationAdministration"} - {kind}
    scope = " ".join(f"patient/{each}.rs" for each in kinds)
    answer = ask(app, host, prefetch=..., fhirAuthorization=authorization(scope=scope))
    assert answer.status_code == 412
    assert f"patient/{kind}.rs" in answer.json["issue"][0]["details"]["text"]


@pytest.mark.req("CDS-23")
@pytest.mark.parametrize("status", [404, 410])
def test_a_patient_that_the_ehr_does_not_have_is_412(app: Flask, host: Host, status: int) -> None:
    host.statuses = {"/fhir/Patient/P1": status}
    answer = ask(app, host, prefetch=calls.prefetch(*calls.ACT, patient=...))
    assert answer.status_code == 412
    assert "patient (the EHR does not have it)" in answer.json["issue"][0]["details"]["text"]


@pytest.mark.req("CDS-31")
@pytest.mark.parametrize("seconds", [0, -1])
def test_an_expired_token_is_not_used(app: Flask, host: Host, seconds: int) -> None:
    answer = ask(app, host, prefetch=..., fhirAuthorization=authorization(expires_in=seconds))
    assert (answer.status_code, host.asked) == (412, [])


@pytest.mark.req("CDS-31", "SAL-87")
def test_the_token_is_stored_and_logged_nowhere(
    app: Flask, host: Host, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        for more in ({"prefetch": ...}, {"prefetch": ..., "hook": 7}, {"prefetch": {}, "context": {}}):
            answer = ask(app, host, **more)
            assert TOKEN not in answer.get_data(as_text=True)
    assert TOKEN not in caplog.text
    assert not [path for path in folder.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]


@pytest.mark.req("CDS-32", "SEC-10")
def test_nothing_is_asked_of_a_foreign_server(app: Flask, host: Host) -> None:
    with hosted(*calls.ACT) as foreign:
        answer = ask(app, host, fhirServer=foreign.base, prefetch=...)
        assert answer.status_code == 403
        assert foreign.asked == []
