"""At EHRs that declare little: only what they declare is asked of them, and what an order becomes there (FHIR-61, interfaces 6)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.writeback.app import Ward, a_ward

PROFILES = ("plain", "epic-2026-05", "oracle-2026-08")


@pytest.fixture(params=PROFILES)
def restricted(request: pytest.FixtureRequest, sqlite_url: str, tmp_path: Path) -> Iterator[Ward]:
    """A ward at each EHR."""
    with a_ward(sqlite_url, tmp_path, profile=request.param) as ward:
        yield ward


@pytest.mark.req("FHIR-61")
def test_a_chart_is_read_with_nothing_but_what_is_declared(restricted: Ward) -> None:
    patient = restricted.hospital.admit()
    page = restricted.clinician().open(restricted.hospital.launch_url(patient))
    assert restricted.hospital.demo.refusals == ()
    assert "3000 mg" in page.text
    assert "could not be read" not in page.text
