"""Every story is a valid, realistic chart, told relative to now."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from smartapp.demo.fhir_server import dump_json
from smartapp.demo.results import observations
from smartapp.demo.stories import CLINICIAN, Story, lay_out, read_stories, shifted

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
STORIES = read_stories()
IDS = [story.patient for story in STORIES]


def fibrinogens(story: Story, now: datetime = NOW) -> list[dict[str, Any]]:
    chart = lay_out(story, now)
    found = [one for one in chart if one["resourceType"] == "Observation" and _code(one) == "3255-7"]
    return sorted(found, key=lambda one: str(one["effectiveDateTime"]), reverse=True)


def _code(observation: dict[str, Any]) -> str:
    return str((observation["code"].get("coding") or [{}])[0].get("code"))


def test_at_least_ten_with_a_line_each() -> None:
    assert len(STORIES) >= 10
    assert len(set(IDS)) == len(IDS)
    assert all(0 < len(story.title) < 90 and story.look_for for story in STORIES)


@pytest.mark.parametrize("story", STORIES, ids=IDS)
def test_every_resource_is_valid_r4(story: Story) -> None:
    for resource in [CLINICIAN, *lay_out(story, NOW)]:
        text = dump_json(resource)
        model = get_fhir_model_class(resource["resourceType"]).model_validate_json(text)
        assert model.id == resource["id"]


@pytest.mark.parametrize("story", STORIES, ids=IDS)
def test_volume_is_realistic(story: Story) -> None:
    chart = lay_out(story, NOW)
    count = sum(one["resourceType"] == "Observation" for one in chart)
    assert 60 <= count <= 300
    assert len({(one["resourceType"], one["id"]) for one in chart}) == len(chart)


@pytest.mark.parametrize("story", STORIES, ids=IDS)
def test_nothing_is_left_relative_and_results_lie_in_the_last_two_weeks(story: Story) -> None:
    chart = lay_out(story, NOW)
    assert '"@' not in dump_json(chart)
    times = [datetime.fromisoformat(one["effectiveDateTime"]) for one in chart if one["resourceType"] == "Observation"]
    assert min(times) >= NOW - timedelta(days=15)
    assert max(times) <= NOW


@pytest.mark.parametrize("story", STORIES, ids=IDS)
def test_the_same_now_gives_the_same_chart_and_a_later_now_moves_all(story: Story) -> None:
    later = NOW + timedelta(days=40, hours=5)
    assert dump_json(lay_out(story, NOW)) == dump_json(lay_out(story, NOW))
    ages = [
        [now - datetime.fromisoformat(one["effectiveDateTime"]) for one in fibrinogens(story, now)]
        for now in (NOW, later)
    ]
    assert ages[0] == ages[1]


@pytest.mark.parametrize("story", STORIES, ids=IDS)
def test_everything_is_about_the_storys_patient(story: Story) -> None:
    for resource in lay_out(story, NOW)[1:]:
        subject = resource.get("subject") or resource.get("patient")
        assert subject == {"reference": f"Patient/{story.patient}"}


def test_a_later_edition_has_ids_of_its_own() -> None:
    ids = [{(one["resourceType"], one["id"]) for one in lay_out(STORIES[5], NOW, edition)} for edition in (0, 1, 2)]
    assert ids[0] & ids[1] == ids[1] & ids[2] == {("Patient", "silva"), ("Encounter", "silva-stay")}
    assert len(ids[0]) == len(ids[1])


def test_the_newest_fibrinogen_is_the_one_told_as_it_was_written() -> None:
    newest = fibrinogens(STORIES[0])[0]
    assert '"value":0.80' in dump_json(newest)
    assert newest["effectiveDateTime"] == "2026-03-01T07:05:00Z"


def test_an_unusual_unit_comparator_or_none() -> None:
    stories = {story.patient: story for story in STORIES}
    below = fibrinogens(stories["silva"])[0]["valueQuantity"]
    assert (below["comparator"], below["unit"]) == ("<", "mg/dL")
    lost = fibrinogens(stories["kowalska"])
    assert "unit" not in lost[0]["valueQuantity"]
    assert lost[1]["valueQuantity"]["code"] == "g/L"


def test_no_weight_where_nobody_weighed() -> None:
    story = next(story for story in STORIES if story.patient == "petrov")
    assert not [one for one in lay_out(story, NOW) if one["resourceType"] == "Observation" and _code(one) == "29463-7"]


@pytest.mark.parametrize(
    ("offset", "moment"),
    [
        ("now", NOW),
        ("-35m", NOW - timedelta(minutes=35)),
        ("-1d4h", NOW - timedelta(days=1, hours=4)),
        ("+3d", NOW + timedelta(days=3)),
        ("-6y75d", datetime(2020, 3, 1, 8, 0, tzinfo=UTC) - timedelta(days=75)),
    ],
)
def test_offsets(offset: str, moment: datetime) -> None:
    assert shifted(offset, NOW) == moment


def test_a_leap_day_has_years_before_it() -> None:
    assert shifted("-1y", datetime(2028, 2, 29, tzinfo=UTC)) == datetime(2027, 2, 28, tzinfo=UTC)


@pytest.mark.parametrize("offset", ["", "-", "35m", "-3w", "yesterday"])
def test_what_is_no_offset(offset: str) -> None:
    with pytest.raises(ValueError, match="not an offset"):
        shifted(offset, NOW)


def test_blood_pressure_is_a_panel_with_components() -> None:
    story = {"series": {"systolic": [["-1h", "84"]]}}
    made = observations("p", "s", story, lambda offset: shifted(offset, NOW))
    panel = next(one for one in made if _code(one) == "85354-9")
    assert [_code(one) for one in panel["component"]] == ["8480-6", "8462-4"]
    assert str(panel["component"][0]["valueQuantity"]["value"]) == "84"
