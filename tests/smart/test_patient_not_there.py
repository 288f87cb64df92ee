"""A launch for a patient whom the EHR does not have: no answer that could be taken for one."""

import json
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests import charts as c
from tests.smart.mock_ehr import Answer, Asked, mock_ehr
from tests.smart.running import Visitor, running, words


@pytest.mark.req("FHIR-29", "SAL-57")
@pytest.mark.parametrize("status", [404, 410])
def test_nothing_is_assessed_and_the_page_says_so(tmp_path: Path, status: int) -> None:
    def gone(_: Asked) -> Answer:
        return status, {"Content-Type": "application/fhir+json"}, b"{}"

    with mock_ehr(resources=[c.infusion(), c.crs(3), c.fibrinogen("0.8")]) as ehr:
        ehr.knobs["/fhir/Patient/P1"] = gone
        visitor = Visitor(running(tmp_path, ehr))
        page = visitor.get(visitor.launched(ehr))
    assert "CANNOT ASSESS — this patient could not be read" in words(page)
    assert "No rule was run" in words(page)
    assert not [word for word in ("OUTSIDE SCOPE", "REPLACE", "/approve") if word in page.text]
    engine = create_engine(f"sqlite:///{tmp_path / 'smartapp.db'}")
    with engine.connect() as connection:
        events = [json.loads(row)["event"] for row in connection.execute(text("select record from audit")).scalars()]
    engine.dispose()
    assert "not assessed" in events
    assert "page assessed" not in events


@pytest.mark.req("FHIR-29")
def test_a_patient_that_only_failed_to_come_is_named_as_a_gap(tmp_path: Path) -> None:
    with mock_ehr() as ehr:
        ehr.knobs["/fhir/Patient/P1"] = lambda _: (500, {}, b"")
        visitor = Visitor(running(tmp_path, ehr))
        page = visitor.get(visitor.launched(ehr))
    assert "this patient could not be read" not in words(page)
    assert "could not be read" in words(page)
