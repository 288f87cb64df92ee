"""A verdict shown while a part of the chart is awaited is the verdict that stands when that part has come (`Query.decides`)."""

from datetime import UTC

import pytest

from smartapp.clinical.assessment import assess
from smartapp.clinical.policy import build_policy
from smartapp.demo.stories import lay_out
from smartapp.fhir.chart import Answer, AnswerState, Chart
from smartapp.fhir.picture import read_picture
from smartapp.fhir.queries import QUERIES, Query
from tests import charts
from tests.stories.hooked import STORIES

NEVER_DECIDING = [query.name for query in QUERIES if not query.decides]


def told(patient: str, awaited: str = "") -> tuple[str, str, str]:
    """Action, indicator and tier with every search answered but `awaited`."""
    resources, policy = lay_out(STORIES[patient], charts.NOW), build_policy()
    answers = [
        Answer(query=query.name, state=AnswerState.AWAITED)
        if query.name == awaited
        else Answer(query=query.name, state=AnswerState.COMPLETE, resources=tuple(_found(query, resources)))
        for query in QUERIES
    ]
    answer = assess(read_picture(Chart.empty(patient).with_answers(*answers), charts.NOW, UTC, policy=policy), policy)
    return str(answer.action), str(answer.indicator), str(answer.tier)


def _found(query: Query, resources: list[charts.Resource]) -> list[bytes]:
    codes = dict(query.params).get("code", "")
    mine = [resource for resource in resources if resource["resourceType"] == query.resource]
    return [charts.dumps(each) for each in mine if not codes or any(code in codes for code in _codes(each))]


def _codes(resource: charts.Resource) -> list[str]:
    return [coding["code"] for coding in resource["code"].get("coding", ())]


@pytest.mark.parametrize("awaited", NEVER_DECIDING)
@pytest.mark.parametrize("patient", STORIES)
def test_what_does_not_decide_changes_no_verdict_when_it_comes(patient: str, awaited: str) -> None:
    assert told(patient, awaited) == told(patient)


def test_what_decides_would_change_one() -> None:
    """Else the test above could not fail."""
    assert told("tanaka", "procedures") != told("tanaka")
    assert {"weight", "chemistry", "allergies", "encounters"} <= set(NEVER_DECIDING)
