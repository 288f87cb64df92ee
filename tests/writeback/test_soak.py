"""A sample of `make soak`, on each storage: whatever fails or is killed, one order for each approved proposal, none for others."""

import pytest

from tests.databases import BOTH
from tests.writeback.soak import soak

APPROVALS, SECONDS, AT_LEAST = 100, 60.0, 10
"""On each storage: whichever of the first two is reached first, but not fewer than the last."""


@pytest.mark.req("FHIR-40", "FHIR-44", "FHIR-46", "SEC-32")
@pytest.mark.parametrize("storage", BOTH)
def test_a_random_run_ends_with_one_order_for_each_approval(request: pytest.FixtureRequest, storage: str) -> None:
    url = "" if storage == "sqlite" else str(request.getfixturevalue("postgresql_url"))
    told = soak(approvals=APPROVALS, seconds=SECONDS, at_least=AT_LEAST, seed=20260301, workers=2, url=url)
    print(told)  # noqa: T201 - the figures, for whoever looks
    assert told.wrong == []
    assert (len(told.approved) >= AT_LEAST, told.kills > 0, sum(told.faults.values()) > 5) == (True, True, True)


@pytest.mark.req("FHIR-44", "FHIR-46", "FHIR-61")
@pytest.mark.parametrize("profile", ["epic-2026-05", "oracle-2026-08"])
def test_it_ends_so_too_where_little_is_declared(profile: str) -> None:
    """No conditional creates, no transactions; at one of them identifiers are dropped: one order or none, nothing undeclared."""
    told = soak(approvals=8, seconds=10.0, at_least=2, seed=20260508, workers=2, profile=profile)
    print(told)  # noqa: T201 - as above
    assert told.wrong == []
    assert len(told.approved) >= 2
