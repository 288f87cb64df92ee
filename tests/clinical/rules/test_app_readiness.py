"""APP-05: what is said before a planned infusion."""

import pytest

from tests import charts as c
from tests.clinical.rules.asked import assessed, findings_of

PATIENT = c.patient("1990-01-10")


def planned(on: str, id_: str = "plan", **more: object) -> c.Resource:
    return {
        "resourceType": "ServiceRequest",
        "id": id_,
        "status": "active",
        "intent": "order",
        "subject": c.SUBJECT,
        "code": {"text": "Tisagenlecleucel infusion"},
        "occurrenceDateTime": on,
        **more,
    }


@pytest.mark.req("APP-05")
@pytest.mark.parametrize(
    ("on", "speaks"),
    [
        ("2026-03-01T20:00:00Z", False),
        ("2026-03-02", True),
        ("2026-03-08", True),
        ("2026-03-09", False),
    ],
    ids=["later today", "tomorrow", "7 d", "8 d"],
)
def test_from_tomorrow_to_seven_days_ahead(on: str, speaks: bool) -> None:
    found = assessed(PATIENT, planned(on))
    assert [(f.rule, str(f.indicator)) for f in found.findings] == ([("APP-05", "info")] if speaks else [])
    assert (str(found.action), str(found.indicator)) == ("NONE", "info")


@pytest.mark.req("APP-05")
def test_what_to_have_ready() -> None:
    says = findings_of(PATIENT, planned("2026-03-04"), text=True)["APP-05"]
    wanted = ("fibrinogen", "PT/INR", "aPTT", "D-dimer", "platelets", "weight", "cryoprecipitate", "concentrate")
    assert [word for word in wanted if word not in says] == []


@pytest.mark.req("APP-05")
def test_a_plan_for_today_does_not_hide_the_next_one() -> None:
    assert "APP-05" in findings_of(PATIENT, planned("2026-03-01T20:00:00Z"), planned("2026-03-06", "second"))


@pytest.mark.req("APP-05")
@pytest.mark.parametrize(
    ("cryo", "concentrate", "indicators"),
    [
        ("true", "false", ["info"]),
        ("false", "true", ["info"]),
        ("false", "false", ["warning"]),
    ],
)
def test_no_source_at_all_is_a_warning(cryo: str, concentrate: str, indicators: list[str]) -> None:
    found = assessed(PATIENT, planned("2026-03-04"), cryo_available=cryo, fc_available=concentrate)
    assert [str(f.indicator) for f in found.findings] == indicators


@pytest.mark.req("APP-05")
def test_the_site_sets_how_far_ahead() -> None:
    assert "APP-05" in findings_of(PATIENT, planned("2026-03-09"), pre_infusion_days=8)
