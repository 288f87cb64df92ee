"""Reading from an EHR: pages, caps, messages, dropped filters, and every way of failing (FHIR-01, 05 to 09, 12, 14)."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from smartapp.ehr.client import FhirClient, dropped_filters, retry_after
from smartapp.ehr.errors import Broken, Busy, EhrRefused, Gone, NotPermitted, Unreachable
from smartapp.ehr.source import FhirChartSource
from smartapp.fhir.chart import Answer, AnswerState
from smartapp.fhir.queries import BY_NAME
from smartapp.outbound import HttpReply, NoAnswer
from tests.charts import NOW

BASE = "https://ehr.example.org/fhir"


class Ehr:
    """Answers in order, or by a function of the URL; remembers URLs and tokens."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.tokens: list[str] = []

    def send(
        self, method: str, url: str, *, headers: Any = None, body: bytes | None = None, seconds: float = 10.0
    ) -> HttpReply:
        self.asked.append(url)
        self.tokens.append(headers["Authorization"])
        answer = self.answers[0](url) if callable(self.answers[0]) else self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


class Tokens:
    def __init__(self, newer: str | None = None) -> None:
        self.token, self.newer = "old", newer

    def current(self) -> str:
        return self.token

    def refreshed(self, stale: str) -> str | None:
        assert stale == "old"
        return self.newer


def reply(body: Any = None, status: int = 200, media: str = "application/fhir+json", **headers: str) -> HttpReply:
    raw = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
    return HttpReply(
        status=status, headers={"content-type": media, **{k.replace("_", "-"): v for k, v in headers.items()}}, body=raw
    )


def page(*ids: str, next_url: str = "", self_url: str = "", messages: tuple[dict[str, Any], ...] = ()) -> HttpReply:
    links = [{"relation": name, "url": url} for name, url in (("next", next_url), ("self", self_url)) if url]
    entries: list[dict[str, Any]] = [
        {"resource": {"resourceType": "Observation", "id": id_, "subject": {"reference": "Patient/P1"}}} for id_ in ids
    ]
    entries += [{"search": {"mode": "outcome"}, "resource": message} for message in messages]
    return reply({"resourceType": "Bundle", "type": "searchset", "link": links, "entry": entries})


def outcome(severity: str, text: str) -> dict[str, Any]:
    return {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": severity, "code": "processing", "details": {"text": text}}],
    }


def client(ehr: Ehr, tokens: Tokens | None = None, slept: list[float] | None = None) -> FhirClient:
    waits = slept if slept is not None else []
    return FhirClient(BASE, ehr, tokens or Tokens(), sleep=waits.append)  # type: ignore[arg-type]


def soon() -> float:
    return time.monotonic() + 30


def search(ehr: Ehr, **options: Any) -> Any:
    return client(ehr, **options).search("Observation", [("patient", "P1"), ("code", "x")], soon())


@pytest.mark.req("FHIR-05")
def test_all_pages_are_read() -> None:
    ehr = Ehr(page("a", next_url=f"{BASE}?page=2"), page("b", next_url=f"{BASE}/Observation?page=3"), page("c"))
    found = search(ehr)
    assert len(found.resources) == 3
    assert found.incomplete == ""


@pytest.mark.req("FHIR-05", "SAL-88")
@pytest.mark.parametrize(
    "link",
    [
        "https://evil.test/fhir?page=2",
        "https://ehr.example.org/other?page=2",
        "http://ehr.example.org/fhir?page=2",
        "https://ehr.example.org/fhir/../x",
        "https://ehr.example.org:444/fhir?p=2",
    ],
)
def test_a_foreign_next_is_not_asked_and_makes_it_incomplete(link: str) -> None:
    ehr = Ehr(page("a", next_url=link))
    found = search(ehr)
    assert len(ehr.asked) == 1
    assert "outside" in found.incomplete
    assert len(found.resources) == 1


@pytest.mark.req("FHIR-06")
def test_pages_in_a_circle_end_incomplete() -> None:
    ehr = Ehr(lambda url: page("a", next_url=f"{BASE}?page={'B' if url.endswith('A') else 'A'}"))
    assert "circle" in search(ehr).incomplete


@pytest.mark.req("FHIR-06")
def test_endless_pages_end_incomplete() -> None:
    ehr = Ehr(lambda url: page("a", next_url=f"{url}x" if "page" in url else f"{BASE}?page=x"))
    assert "more than 60 pages" in search(ehr).incomplete


@pytest.mark.req("FHIR-05", "FHIR-06")
def test_a_later_page_that_fails_leaves_what_is_there_incomplete() -> None:
    found = search(Ehr(page("a", next_url=f"{BASE}?page=2"), reply(status=500)))
    assert "page 2 could not be read" in found.incomplete
    assert len(found.resources) == 1


@pytest.mark.req("FHIR-07")
def test_total_and_page_length_mean_nothing() -> None:
    body = {"resourceType": "Bundle", "type": "searchset", "total": 3, "entry": []}
    found = search(Ehr(reply(body)))
    assert (found.resources, found.incomplete) == ((), "")


@pytest.mark.req("FHIR-09")
def test_messages_are_never_data() -> None:
    found = search(Ehr(page("a", messages=(outcome("warning", "an odd parameter"),))))
    assert len(found.resources) == 1
    assert "an odd parameter" in found.notices[0]
    failed = search(Ehr(page("a", messages=(outcome("error", "half of it failed"),))))
    assert "half of it failed" in failed.incomplete
    with pytest.raises(EhrRefused, match="no luck"):
        search(Ehr(reply(outcome("error", "no luck"))))


@pytest.mark.req("FHIR-01")
@pytest.mark.parametrize(
    "bad",
    [
        reply(b"<html></html>", media="text/html"),
        reply(b"{", media="application/fhir+json"),
        reply(b"[]"),
        reply({"resourceType": "Patient"}),
    ],
)
def test_anything_but_fhir_json_is_broken_not_empty(bad: HttpReply) -> None:
    with pytest.raises(Broken):
        search(Ehr(bad))


@pytest.mark.req("FHIR-01")
@pytest.mark.parametrize("media", ["application/fhir+json; charset=utf-8", "application/json"])
def test_both_json_types_are_taken(media: str) -> None:
    body = {"resourceType": "Bundle", "type": "searchset"}
    assert search(Ehr(reply(body, media=media))).resources == ()


@pytest.mark.req("FHIR-14")
@pytest.mark.parametrize(
    ("status", "error"),
    [(403, NotPermitted), (404, Gone), (410, Gone), (422, EhrRefused), (400, EhrRefused), (500, Broken), (502, Broken)],
)
def test_each_status_has_its_error(status: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        search(Ehr(reply(outcome("error", "words"), status=status)))


@pytest.mark.req("FHIR-14")
def test_401_asks_for_one_newer_token() -> None:
    ehr = Ehr(reply(status=401), page("a"))
    assert len(search(ehr, tokens=Tokens("new")).resources) == 1
    assert ehr.tokens == ["Bearer old", "Bearer new"]
    with pytest.raises(NotPermitted, match="launch the app again"):
        search(Ehr(reply(status=401)))


@pytest.mark.req("FHIR-14")
@pytest.mark.parametrize("status", [429, 503])
def test_busy_is_waited_for_as_told_and_at_most_three_times(status: int) -> None:
    slept: list[float] = []
    ehr = Ehr(reply(status=status, retry_after="2"), reply(status=status, retry_after="1"), page("a"))
    assert len(search(ehr, slept=slept).resources) == 1
    assert 2 <= slept[0] < 2.5
    with pytest.raises(Busy):
        search(Ehr(*[reply(status=status, retry_after="0")] * 3))


@pytest.mark.req("FHIR-14")
@pytest.mark.parametrize("wait", ["120", "Wed, 21 Oct 2099 07:28:00 GMT", "99999999999"])
def test_an_absurd_wait_is_not_waited_for(wait: str) -> None:
    slept: list[float] = []
    with pytest.raises(Busy):
        search(Ehr(reply(status=429, retry_after=wait)), slept=slept)
    assert slept == []


@pytest.mark.req("FHIR-14")
def test_both_forms_of_retry_after() -> None:
    assert retry_after("7") == 7
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert retry_after("soon") == 1
    assert retry_after("") == 1


@pytest.mark.req("FHIR-15")
def test_a_silent_server_is_unreachable() -> None:
    with pytest.raises(Unreachable, match="in time"):
        search(Ehr(NoAnswer("the server did not answer in time")))


@pytest.mark.req("FHIR-08")
@pytest.mark.parametrize(
    ("self_url", "dropped"),
    [
        (f"{BASE}/Observation?patient=P1&code=x", set()),
        (f"{BASE}/Observation?subject=Patient/P1&code=x", set()),
        (f"{BASE}/Observation?patient=P1", {"code"}),
        (f"{BASE}/Observation?code=x", {"patient"}),
        (f"{BASE}?_getpages=abc", set()),
        ("", set()),
    ],
)
def test_filters_that_the_server_dropped(self_url: str, dropped: set[str]) -> None:
    assert dropped_filters(self_url, [("patient", "P1"), ("code", "x")]) == dropped


def answered(
    answer: Callable[[str], HttpReply] | Any, name: str = "fibrinogen", may_read: str = ""
) -> tuple[Answer, Ehr]:
    ehr = Ehr(answer)
    source = FhirChartSource(client(ehr), "P1", as_of=lambda: NOW, may_read=lambda _: may_read)
    return source.answer([BY_NAME[name]])[0], ehr


@pytest.mark.req("FHIR-08")
def test_a_result_whose_patient_filter_was_dropped_is_rejected_whole() -> None:
    answer, _ = answered(lambda _: page("a", self_url=f"{BASE}/Observation?code=x"))
    assert (answer.state, answer.resources) == (AnswerState.FAILED, ())


@pytest.mark.req("FHIR-29", "SAL-53", "SAL-56")
@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (lambda _: page(), AnswerState.COMPLETE),
        (lambda _: reply(status=403), AnswerState.NOT_PERMITTED),
        (lambda _: reply(status=500), AnswerState.FAILED),
        (lambda _: reply(b"<html>", media="text/html"), AnswerState.FAILED),
        (lambda _: page("a", next_url="https://evil.test/"), AnswerState.INCOMPLETE),
    ],
)
def test_four_states_are_four_states(answer: Callable[[str], HttpReply], state: AnswerState) -> None:
    assert answered(answer)[0].state is state


@pytest.mark.req("SAL-53")
def test_what_is_not_granted_is_not_asked() -> None:
    answer, ehr = answered(lambda _: page("a"), may_read="not granted")
    assert (answer.state, answer.reason, ehr.asked) == (AnswerState.NOT_PERMITTED, "not granted", [])


@pytest.mark.req("FHIR-12")
@pytest.mark.parametrize(("refused", "asked"), [("_sort", ["code="]), ("code=", ["code=", "category=laboratory"])])
def test_a_refused_parameter_leads_to_a_search_without_it(refused: str, asked: list[str]) -> None:
    answer, ehr = answered(lambda url: reply(outcome("error", "unknown"), status=400) if refused in url else page("a"))
    assert (answer.state, len(answer.resources)) == (AnswerState.COMPLETE, 1)
    assert len(ehr.asked) == 1 + len(asked)
    assert all(
        name in url and "_sort" not in url and "_count" not in url
        for url, name in zip(ehr.asked[1:], asked, strict=True)
    )


@pytest.mark.req("FHIR-12")
def test_a_list_of_codes_that_finds_nothing_is_asked_by_category_once_for_all() -> None:
    ehr = Ehr(lambda url: page("a") if "category=laboratory" in url else page())
    source = FhirChartSource(client(ehr), "P1", as_of=lambda: NOW, may_read=lambda _: "")
    answers = source.answer([BY_NAME[name] for name in ("fibrinogen", "coagulation", "bloodCounts")])
    assert [len(answer.resources) for answer in answers] == [1, 1, 1]
    assert sum("category=laboratory" in url for url in ehr.asked) == 1


@pytest.mark.req("FHIR-12", "DQ-17")
def test_what_cannot_be_asked_by_category_either_is_not_absent() -> None:
    answer, _ = answered(lambda url: reply(status=403) if "category" in url else page())
    assert answer.state is AnswerState.INCOMPLETE
    assert "category could not be asked" in answer.reason


@pytest.mark.req("FHIR-12")
def test_of_panels_the_last_48_hours_are_asked_by_category() -> None:
    answer, ehr = answered(page("a"), "panels")
    assert answer.state is AnswerState.COMPLETE
    assert "category=laboratory" in ehr.asked[0]
    assert "date=ge2026-02-27" in ehr.asked[0]


@pytest.mark.req("FHIR-29", "SAL-53")
@pytest.mark.parametrize("name", ["specimens", "reports", "dispenses"])
@pytest.mark.parametrize("status", [400, 404, 410])
def test_what_an_ehr_need_not_offer_is_named_as_not_offered(name: str, status: int) -> None:
    answer, _ = answered(lambda _: reply(status=status), name)
    assert answer.state is AnswerState.NOT_OFFERED


@pytest.mark.req("FHIR-29")
@pytest.mark.parametrize("status", [404, 410])
def test_a_patient_that_is_not_there_is_told_from_a_reading_that_failed(status: int) -> None:
    assert answered(lambda _: reply(status=status), "patient")[0].state is AnswerState.GONE
    assert answered(lambda _: reply(status=500), "patient")[0].state is AnswerState.FAILED


@pytest.mark.req("FHIR-14", "FHIR-29")
def test_a_type_the_server_does_not_offer_is_incomplete_not_empty() -> None:
    answer, _ = answered(lambda _: reply(status=404), "medicationStatements")
    assert answer.state is AnswerState.INCOMPLETE
    assert "does not offer" in answer.reason


@pytest.mark.req("FHIR-15")
def test_the_pages_budget_names_what_is_missing() -> None:
    source = FhirChartSource(
        client(Ehr(lambda _: page("a"))), "P1", as_of=lambda: NOW, may_read=lambda _: "", seconds=0
    )
    answer = source.answer([BY_NAME["conditions"]])[0]
    assert answer.state is AnswerState.FAILED
    assert "used up" in answer.reason
