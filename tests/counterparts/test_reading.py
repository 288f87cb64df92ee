"""A launched page at an EHR that answers oddly: what is read, what is named as missing, and what never passes for normal."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from smartapp.fhir.queries import QUERIES, read_scopes
from tests import charts as c
from tests.cdshooks.calls import ACT
from tests.counterparts.ehr import SCOPE, Asked, Ehr, Sent, Special, listening, outcome, searchset, sent
from tests.counterparts.visit import Visit, app_beside

HTML = Sent(b"<html><title>Sign in</title></html>", media="text/html")
FIBRINOGEN = "3255-7"


@pytest.fixture(scope="module")
def server() -> Iterator[Ehr]:
    with listening() as ehr:
        yield ehr


@pytest.fixture
def app(server: Ehr, tmp_path: Path) -> Flask:
    """One for each test: an app remembers an EHR that did not answer, and leaves it alone for a while."""
    return app_beside(server, tmp_path)


@pytest.fixture
def ehr(server: Ehr) -> Ehr:
    server.reset(*ACT)
    return server


@pytest.fixture
def visit(app: Flask, ehr: Ehr) -> Visit:
    return Visit(app, ehr)


def of_fibrinogen(asked: Asked) -> bool:
    """The search for fibrinogen itself, or the plain one for all laboratory results."""
    params = dict(asked.params)
    return asked.path == "/fhir/Observation" and (
        FIBRINOGEN in params.get("code", "") or params.get("category") == "laboratory"
    )


def at_fibrinogen(answer: Sent | Callable[[Asked], Sent]) -> Special:
    """This answer to the search for fibrinogen, everything else as usual."""

    def special(asked: Asked) -> Sent | None:
        if not of_fibrinogen(asked):
            return None
        return answer if isinstance(answer, Sent) else answer(asked)

    return special


def read_whole(said: str) -> bool:
    """Whether nothing is said to be missing of what was asked; the legend of the chart names what a cross means."""
    told = said.replace("✕ could not be read", "").partition("Inputs and sources of")[0]
    return not any(word in told for word in ("could not be read", "incomplete", "not permitted", "awaited"))


def not_reassuring(said: str) -> None:
    """Nothing that a clinician could take for "all is well", and no draft."""
    assert "NO REPLACEMENT ADVISED" not in said
    verdict, _, _ = said.partition("Inputs and sources of")  # there each rule speaks for itself
    assert "no replacement advised" not in verdict.lower()
    assert "Review dose" not in said


def test_the_ehr_is_read_whole(visit: Visit) -> None:
    said = visit.review()
    assert "0.8 g/L" in said
    assert read_whole(said)


@pytest.mark.req("FHIR-05", "FHIR-10")
def test_the_newest_value_on_the_third_page_counts(ehr: Ehr, visit: Visit) -> None:
    old = [c.fibrinogen("2.1", hours_ago=30 + hours, id_=f"old{hours}") for hours in range(4)]
    ehr.resources = [r for r in ehr.resources if r["id"] != "fib"] + [*old, c.fibrinogen("0.8")]
    ehr.page_size = 2
    assert "0.8 g/L" in visit.review()
    by_code = [asked for asked in ehr.reads("Observation") if FIBRINOGEN in dict(asked.params).get("code", "")]
    assert len(by_code) == 3


def looping(base: str, *pages: str) -> Callable[[Asked], Sent]:
    """Pages that name each other in turn, or with `+` go on for ever."""

    def answer(asked: Asked) -> Sent:
        here = dict(asked.params).get("p", "")
        following = f"{here}x" if "+" in pages else pages[(pages.index(here) + 1) % len(pages)] if here else pages[0]
        more = "&".join(f"{n}={v}" for n, v in asked.params if n != "p" and n in ("patient", "code"))
        return sent(searchset(c.fibrinogen("2.4"), links={"next": f"{base}/Observation?{more}&p={following}"}))

    return answer


@pytest.mark.req("FHIR-06", "FHIR-29")
@pytest.mark.parametrize("pages", [("a",), ("a", "b"), ("+",)], ids=["itself", "A and B", "endless"])
def test_pages_without_an_end_are_an_incomplete_reading(ehr: Ehr, visit: Visit, pages: tuple[str, ...]) -> None:
    ehr.special = at_fibrinogen(looping(ehr.base, *pages))
    said = visit.review()
    assert "incomplete" in said
    not_reassuring(said)


@pytest.mark.req("FHIR-05", "SAL-88")
def test_a_next_page_elsewhere_is_not_asked_for(ehr: Ehr, visit: Visit) -> None:
    with listening() as foreign:
        links = {"next": f"{foreign.base}/Observation?p=2"}
        ehr.special = at_fibrinogen(sent(searchset(c.fibrinogen("2.4"), links=links)))
        said = visit.review()
        assert foreign.asked == []
    assert "incomplete" in said
    not_reassuring(said)


def dropping(ehr: Ehr, *names: str) -> Callable[[Asked], Sent]:
    """A server that ignores these parameters and says so in its self link."""

    def answer(asked: Asked) -> Sent:
        kept = "&".join(f"{n}={v}" for n, v in asked.params if n not in names)
        found = [r for r in ehr.resources if r["resourceType"] == "Observation"]
        return sent(searchset(*found, links={"self": f"{ehr.base}/Observation?{kept}"}))

    return answer


@pytest.mark.req("FHIR-08")
def test_a_dropped_code_filter_is_applied_here(ehr: Ehr, visit: Visit) -> None:
    ehr.resources.append(c.result("other", "2823-3", "4.1", "mmol/L"))
    ehr.special = at_fibrinogen(dropping(ehr, "code", "date"))
    said = visit.review()
    assert "0.8 g/L" in said
    assert "4.1" not in said


@pytest.mark.req("FHIR-08")
def test_a_result_without_the_patient_filter_is_rejected_whole(ehr: Ehr, visit: Visit) -> None:
    ehr.special = at_fibrinogen(dropping(ehr, "patient"))
    said = visit.review()
    assert "ignored the patient filter" in said
    assert "0.8 g/L" not in said
    not_reassuring(said)


@pytest.mark.req("FHIR-09", "FHIR-07")
def test_messages_among_the_entries_are_told_and_are_no_data(ehr: Ehr, visit: Visit) -> None:
    entry = {"resource": outcome("one parameter was ignored", "warning"), "search": {"mode": "outcome"}}
    ehr.special = at_fibrinogen(sent(searchset(c.fibrinogen("0.8"), entry, total=99)))
    said = visit.review()
    assert "one parameter was ignored" in said
    assert "0.8 g/L" in said


@pytest.mark.req("FHIR-09", "FHIR-01", "FHIR-14", "FHIR-16", "FHIR-29")
@pytest.mark.parametrize(
    "answer",
    [
        sent(outcome("half of the archive is down")),
        sent(searchset({"resource": outcome("half of the archive is down"), "search": {"mode": "outcome"}})),
        HTML,
        Sent(b""),
        Sent(b"null"),
        Sent(b'{"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Obs', cut=40),
        Sent(c.dumps(searchset(c.fibrinogen("2.4"))), cut=60),
        Sent(c.dumps(searchset(c.fibrinogen("2.4"))).replace(b"2.4", b"NaN")),
        Sent(b"\xff\xfe{}"),
        Sent(b"{}", status=500),
        Sent(b"{}", status=403),
        Sent(b"{}", status=302, headers={"Location": "/fhir/Observation?patient=P1"}),
        Sent(b"{}", status=429, headers={"Retry-After": "86400"}),
        Sent(b"{}", status=503, headers={"Retry-After": "Wed, 21 Oct 2099 07:28:00 GMT"}),
        Sent(b"{}", status=503, headers={"Retry-After": "\u00b2"}),
    ],
    ids=[
        "a message for an answer",
        "a message for a page",
        "html with 200",
        "nothing",
        "null",
        "half an entry",
        "half an answer",
        "NaN",
        "no text",
        "500",
        "403",
        "302",
        "429 for a day",
        "503 until 2099",
        "an odd Retry-After",
    ],
)
def test_what_is_no_answer_is_named_and_never_reads_as_normal(ehr: Ehr, visit: Visit, answer: Sent) -> None:
    ehr.special = at_fibrinogen(answer)
    said = visit.review()
    assert not read_whole(said)
    assert "fibrinogen is not recorded" not in said
    not_reassuring(said)


@pytest.mark.req("FHIR-14")
@pytest.mark.parametrize("wait", ["1", "Wed, 21 Oct 2015 07:28:00 GMT"])
@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again_as_it_says(ehr: Ehr, visit: Visit, status: int, wait: str) -> None:
    first = {"left": 1}

    def busy(asked: Asked) -> Sent | None:
        if of_fibrinogen(asked) and first["left"]:
            first["left"] -= 1
            return Sent(status=status, headers={"Retry-After": wait})
        return None

    ehr.special = busy
    assert "0.8 g/L" in visit.review()


@pytest.mark.req("FHIR-12")
def test_a_server_that_takes_only_us_core_searches_is_read_all_the_same(ehr: Ehr, visit: Visit) -> None:
    ehr.strict = True
    said = visit.review()
    assert "0.8 g/L" in said
    assert read_whole(said)


@pytest.mark.req("FHIR-12")
def test_a_refused_parameter_is_left_out_once_and_not_more(ehr: Ehr, visit: Visit) -> None:
    ehr.special = lambda asked: sent(outcome("no searches today"), status=400) if of_fibrinogen(asked) else None
    said = visit.review()
    assert "no searches today" in said
    # by code, without what only eases it, and by category; the panels of two days by category and without what eases it
    assert len([asked for asked in ehr.asked if of_fibrinogen(asked)]) <= 5
    not_reassuring(said)


@pytest.mark.req("FHIR-15")
def test_a_server_that_only_drips_costs_its_part_of_the_page_and_no_more(ehr: Ehr, visit: Visit) -> None:
    ehr.special = at_fibrinogen(Sent(c.dumps(searchset(c.fibrinogen("2.4"))), drip=0.3))
    began = time.monotonic()
    said = visit.review()
    assert time.monotonic() - began < 20
    assert "could not be read" in said
    not_reassuring(said)


@pytest.mark.req("FHIR-17")
def test_a_netrc_of_the_server_account_is_not_used(
    ehr: Ehr, visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    assert "0.8 g/L" in visit.review()
    assert {asked.headers["Authorization"] for asked in ehr.reads("Observation")} == {"Bearer marker-access-token"}


@pytest.mark.req("FHIR-08", "FHIR-01")
def test_every_search_asks_for_strictness_and_for_fhir_json(ehr: Ehr, visit: Visit) -> None:
    visit.review()
    searches = [asked for asked in ehr.asked if asked.path.startswith("/fhir/") and asked.params]
    assert {asked.headers.get("Prefer") for asked in searches} == {"handling=strict"}
    assert {asked.headers["Accept"] for asked in searches} == {"application/fhir+json"}


@pytest.mark.req("SAL-42", "FHIR-16")
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_token_endpoint_that_redirects_gets_the_code_once_and_nobody_else(
    ehr: Ehr, visit: Visit, status: int
) -> None:
    with listening() as foreign:
        away: dict[str, Any] = {"status": status, "headers": {"Location": f"{foreign.origin}/token"}}
        ehr.special = lambda asked: Sent(**away) if asked.path == "/token" else None
        assert visit.launched().status_code == 502
        assert foreign.asked == []
    assert len([asked for asked in ehr.asked if asked.path == "/token"]) == 1


def unnamed(kind: str, **more: Any) -> c.Resource:
    """Tranexamic acid, named only by reference."""
    reference = {"medicationReference": {"reference": "Medication/m1"}}
    given = c.given("txa", "B02AA02", status="in-progress", hours_ago=2)
    given = {name: value for name, value in given.items() if name != "medicationCodeableConcept"}
    return {**given, "resourceType": kind, **reference, **more}


ACID = {"resourceType": "Medication", "id": "m1", "code": {"coding": [{"system": c.ATC, "code": "B02AA02"}]}}
NOT_NAMED = "which drug it is could not be read"


@pytest.mark.req("FHIR-13")
@pytest.mark.parametrize("reference", ["Medication/m1", "{base}/Medication/m1", "Medication/m1/_history/2"])
def test_a_medication_named_only_by_reference_is_read(ehr: Ehr, visit: Visit, reference: str) -> None:
    named = {"medicationReference": {"reference": reference.format(base=ehr.base)}}
    ehr.resources += [unnamed("MedicationAdministration", **named), ACID]
    assert NOT_NAMED not in visit.review()
    assert [asked.path for asked in ehr.reads("Medication")] == ["/fhir/Medication/m1"]


@pytest.mark.req("FHIR-13")
def test_one_that_came_with_the_search_is_not_read_again(ehr: Ehr, visit: Visit) -> None:
    order = unnamed("MedicationRequest", status="active", intent="order")
    page = sent(searchset(order, {"resource": ACID, "search": {"mode": "include"}}))
    ehr.special = lambda asked: page if asked.path == "/fhir/MedicationRequest" else None
    assert NOT_NAMED not in visit.review()
    assert ehr.reads("Medication") == []


@pytest.mark.req("FHIR-13", "FHIR-29", "SAL-88")
@pytest.mark.parametrize("why", ["not there", "forbidden", "not granted", "elsewhere"])
def test_one_that_cannot_be_read_is_a_named_gap(ehr: Ehr, visit: Visit, why: str) -> None:
    ehr.resources.append(unnamed("MedicationAdministration"))
    if why == "forbidden":
        ehr.special = lambda asked: Sent(status=403) if asked.path.startswith("/fhir/Medication/") else None
    if why == "not granted":
        ehr.token["scope"] = SCOPE.replace(
            "patient/*.rs", " ".join(read_scopes(QUERIES, "v2")).replace("Medication.r ", "x ")
        )
    if why == "elsewhere":
        ehr.resources[-1]["medicationReference"]["reference"] = "https://evil.test/fhir/Medication/m1"
    assert NOT_NAMED in visit.review()
    assert len(ehr.reads("Medication")) == (0 if why in ("not granted", "elsewhere") else 1)


@pytest.mark.req("FHIR-06", "FHIR-29", "SEC-35")
@pytest.mark.parametrize(
    ("unread", "why"),
    [
        ("Observation", "fibrinogen results are incomplete"),
        ("Condition", "Nothing in what was read speaks for replacement"),
    ],
)
def test_a_calm_answer_on_a_part_of_the_chart_is_no_answer(ehr: Ehr, visit: Visit, unread: str, why: str) -> None:
    ehr.resources = [c.patient("1990-01-10"), c.infusion(day=20), c.fibrinogen("2.4"), c.weight("70")]
    links = {"next": "https://elsewhere.test/?p=2"}
    page = sent(searchset(c.fibrinogen("2.4"), links=links)) if unread == "Observation" else Sent(status=403)
    ehr.special = lambda asked: page if asked.path == f"/fhir/{unread}" else None
    said = visit.review()
    assert "CANNOT ASSESS —" in said
    assert why.lower() in said.lower()
    not_reassuring(said)
    ehr.special = None
    assert "NO REPLACEMENT ADVISED" in Visit(visit.app, ehr).review()
