"""An EHR whose references are absolute to its own base is read as the patient's own; any other base is foreign (DQ-19)."""

from datetime import UTC

import pytest

from smartapp.clinical.picture import ClinicalPicture
from smartapp.clinical.policy import build_policy
from smartapp.clinical.terminology import Analyte
from smartapp.fhir.chart import Answer, AnswerState, Chart
from smartapp.fhir.picture import read_picture
from tests import charts as c

BASE = "https://ehr.example.org/fhir"


def picture(reference: str) -> ClinicalPicture:
    result = c.fibrinogen("0.8", subject={"reference": reference})
    answer = Answer(query="fibrinogen", state=AnswerState.COMPLETE, resources=(c.dumps(result),))
    chart = Chart.empty("P1", BASE).with_answers(answer)
    return read_picture(chart, c.NOW, UTC, policy=build_policy())


@pytest.mark.req("DQ-19", "CDS-26")
@pytest.mark.parametrize(
    ("reference", "own"),
    [
        ("Patient/P1", True),
        (f"{BASE}/Patient/P1", True),
        (f"{BASE}/Patient/P1/_history/3", True),
        (f"{BASE}/Patient/P2", False),
        ("Patient/P2", False),
        ("https://other.example.org/fhir/Patient/P1", False),
    ],
)
def test_whose_result_it_is(reference: str, own: bool) -> None:
    read = picture(reference)
    assert bool(len(read.series(Analyte.FIBRINOGEN))) is own
    assert ("DQ-19" in {gap.rule for gap in read.gaps}) is not own
