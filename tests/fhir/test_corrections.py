"""Identity of results: by fullUrl and version, corrections under a new id, contained members (DQ-29, DQ-30)."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartapp.clinical.policy import build_policy
from smartapp.clinical.terminology import Analyte
from smartapp.fhir.chart import Answer, AnswerState, Chart
from smartapp.fhir.picture import read_picture
from tests import charts as c
from tests.fhir.reading import UTC, picture_of

LAB = [{"system": "urn:lab", "value": "F1"}]


def fib(value: str, id_: str, hours_issued: float | None = None, **more: Any) -> c.Resource:
    issued = {} if hours_issued is None else {"issued": c.ago(hours=hours_issued)}
    return c.fibrinogen(value, id_=id_, **issued, **more)


def values(*resources: c.Resource) -> list[Decimal]:
    return sorted(result.value for result in picture_of(*resources).series(Analyte.FIBRINOGEN))


CASES: dict[str, tuple[tuple[c.Resource, ...], list[str]]] = {
    "a correction, later": ((fib("0.8", "a", 0.9), fib("1.9", "b", 0.2, status="corrected")), ["1.9"]),
    "an amendment by identifier": (
        (fib("0.8", "a", 0.9, identifier=LAB), fib("1.9", "b", 0.2, status="amended", identifier=LAB, hours_ago=3)),
        ["1.9"],
    ),
    "a correction issued before": ((fib("0.8", "a", 0.2), fib("1.9", "b", 0.9, status="corrected")), ["0.8", "1.9"]),
    "a correction without times": ((fib("0.8", "a"), fib("1.9", "b", status="corrected")), ["0.8", "1.9"]),
    "two finals": ((fib("0.8", "a", 0.9), fib("1.9", "b", 0.2)), ["0.8", "1.9"]),
    "a final after a preliminary": ((fib("0.8", "a", 0.9, status="preliminary"), fib("1.9", "b", 0.2)), ["1.9"]),
    "a later final does not replace a correction": (
        (fib("0.8", "a", 0.9, status="corrected"), fib("1.9", "b", 0.2)),
        ["0.8", "1.9"],
    ),
    "another sample": ((fib("0.8", "a", 0.9, hours_ago=5), fib("1.9", "b", 0.2, status="corrected")), ["0.8", "1.9"]),
    "an error of another identity": ((fib("0.8", "a", 0.9), fib("1.9", "b", 0.2, status="entered-in-error")), ["0.8"]),
    "an error of its own identity": ((fib("0.8", "a", 0.9), fib("0.8", "a", 0.2, status="entered-in-error")), []),
    "one id, later issue": ((fib("0.8", "a", 0.9), fib("1.9", "a", 0.2)), ["1.9"]),
    "one id, corrected beats final": ((fib("0.8", "a", 0.9), fib("1.9", "a", 0.9, status="corrected")), ["1.9"]),
    "one id, nothing tells": ((fib("1.9", "a"), fib("0.8", "a")), ["0.8"]),
}


@pytest.mark.req("DQ-29", "DQ-09")
@pytest.mark.parametrize("name", CASES)
def test_what_replaces_what(name: str) -> None:
    resources, expected = CASES[name]
    assert values(*resources) == [Decimal(value) for value in expected]
    assert values(*reversed(resources)) == [Decimal(value) for value in expected]


@pytest.mark.req("DQ-29")
def test_last_updated_counts_only_where_both_have_it() -> None:
    stamped = {"meta": {"lastUpdated": c.ago(hours=0.1)}}
    older = {"meta": {"lastUpdated": c.ago(hours=0.5)}}
    assert values(fib("0.8", "a"), fib("1.9", "b", status="corrected", **stamped)) == [Decimal("0.8"), Decimal("1.9")]
    assert values(fib("0.8", "a", **older), fib("1.9", "b", status="corrected", **stamped)) == [Decimal("1.9")]


@pytest.mark.req("DQ-29")
def test_of_one_inr_that_stands_twice_the_higher_counts_and_is_named() -> None:
    picture = picture_of(c.result("i", "6301-6", "1.1", "{INR}"), c.result("i", "6301-6", "1.9", "{INR}"))
    assert [result.value for result in picture.series(Analyte.INR)] == [Decimal("1.9")]
    assert [gap.rule for gap in picture.gaps] == ["DQ-29"]


@pytest.mark.req("DQ-29")
def test_an_unusable_correction_replaces_what_it_corrects() -> None:
    bad = fib("0.8", "b", 0.2, status="corrected", note=[{"text": "clotted"}])
    picture = picture_of(fib("2.4", "a", 0.9), bad)
    assert list(picture.series(Analyte.FIBRINOGEN)) == []
    assert [unusable.source for unusable in picture.unusable_fibrinogen] == ["Observation/b"]


@pytest.mark.req("DQ-29")
@given(st.permutations([("0.8", 0.9, "preliminary"), ("1.2", 0.5, "final"), ("1.9", 0.1, "corrected")]))
def test_a_chain_of_corrections_ends_in_the_last_whatever_its_order(chain: list[tuple[str, float, str]]) -> None:
    resources = [fib(value, f"r{value}", issued, status=status) for value, issued, status in chain]
    assert values(*resources) == [Decimal("1.9")]


def bundled(*entries: tuple[c.Resource, str]) -> Chart:
    raws, urls = tuple(c.dumps(body) for body, _ in entries), tuple(url for _, url in entries)
    answer = Answer(query="file", state=AnswerState.COMPLETE, resources=raws, full_urls=urls)
    return Chart.empty("P1", "https://ehr.test/fhir").with_answers(answer)


def read(chart: Chart) -> Any:
    return read_picture(chart, c.NOW, UTC, policy=build_policy())


@pytest.mark.req("DQ-29")
def test_one_id_at_two_servers_is_two_results_each_with_its_own_source() -> None:
    a, b = "https://a.test/fhir/Observation/1", "https://b.test/fhir/Observation/1"
    picture = read(bundled((c.fibrinogen("1.8", id_="1", hours_ago=20), a), (c.fibrinogen("0.8", id_="1"), b)))
    assert [result.source for result in picture.series(Analyte.FIBRINOGEN)] == [a, b]


@pytest.mark.req("DQ-29")
def test_the_own_server_s_address_is_no_other_identity() -> None:
    url = "https://ehr.test/fhir/Observation/1"
    picture = read(bundled((c.fibrinogen("0.8", id_="1"), url), (c.fibrinogen("0.8", id_="1"), "")))
    assert [result.source for result in picture.series(Analyte.FIBRINOGEN)] == ["Observation/1"]


@pytest.mark.req("DQ-30", "DQ-15")
@pytest.mark.parametrize("subject", [c.SUBJECT, None])
def test_a_member_contained_in_a_panel_is_read(subject: Any) -> None:
    member = {**c.fibrinogen("0.8", id_="m"), "subject": subject}
    panel = c.result("panel", "34528-0", None, "", contained=[member], hasMember=[{"reference": "#m"}])
    (result,) = picture_of(panel).series(Analyte.FIBRINOGEN)
    assert result.source == "Observation/panel#m"


@pytest.mark.req("DQ-30", "DQ-28")
def test_a_specimen_contained_in_the_report_counts_for_its_members() -> None:
    member = {**c.fibrinogen("0.8", id_="m"), "specimen": {"reference": "#s"}}
    bad = {"resourceType": "Specimen", "id": "s", "status": "unsatisfactory"}
    report = {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": "final",
        "subject": c.SUBJECT,
        "contained": [member, bad],
    }
    assert [str(unusable.reason) for unusable in picture_of(report).unusable_fibrinogen] == ["specimen"]
