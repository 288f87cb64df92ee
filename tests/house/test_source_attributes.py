"""Source attributes: thirteen for every rule, none blank, bound to what the rule says and reads (DSI-01, DSI-02)."""

from pathlib import Path

import pytest

from smartapp.clinical.attributes import source_attributes
from smartapp.fhir import r4_structs
from tests.house.rule_revisions import birth_date_readers, recorded, rows, unlooked
from tests.web.browsing import Browser
from tests.web.desk import jane

THIRTEEN = {
    *("bibliographic_citation", "developer", "funding_source", "release_and_revision_dates"),
    *("race", "ethnicity", "language", "sexual_orientation", "gender_identity", "sex", "date_of_birth"),
    *("social_determinants_data", "health_status_assessment_data"),
}


@pytest.mark.req("DSI-01")
def test_every_rule_has_all_thirteen_and_none_is_blank() -> None:
    told = source_attributes()["rules"]
    assert [each["rule"] for each in told] == [row.id for _, row in rows()]
    for each in told:
        assert set(each["attributes"]) == THIRTEEN
        assert all(each["attributes"].values())


@pytest.mark.req("DSI-02")
def test_a_change_of_a_rule_or_of_its_criteria_is_looked_at() -> None:
    """If this fails: raise the version and the revision date of each row that answers differently, then `make revisions`."""
    assert unlooked() == []


@pytest.mark.req("DSI-02")
def test_a_version_that_rose_has_its_date() -> None:
    kept = recorded()
    risen = [row for _, row in rows() if 0 < kept[row.id]["released"] < row.version]
    assert [row.id for row in risen if row.revised == row.released] == []
    assert [
        row.id for _, row in rows() if row.version not in (kept[row.id]["released"], kept[row.id]["released"] + 1)
    ] == []


@pytest.mark.req("DSI-01", "DSI-06")
def test_date_of_birth_is_declared_where_it_is_read() -> None:
    assert {row.id for _, row in rows() if row.uses_birth_date} == birth_date_readers()


@pytest.mark.req("DSI-01")
def test_no_rule_can_see_what_is_declared_not_used() -> None:
    """The picture of a patient has no place for sex, race, language or the like."""
    source = Path(__file__).parents[2].joinpath("smartapp/clinical/picture.py").read_text(encoding="utf-8")
    assert not [word for word in ("gender", "race:", "ethnicity", "language") if word in source]
    assert "gender" in r4_structs.PatientStruct.__struct_fields__  # the banner shows it, the rules do not get it


@pytest.mark.req("DSI-01")
def test_they_are_served_and_stand_on_the_page_of_each_rule() -> None:
    app = jane().app
    served = app.test_client().get("/source-attributes.json").get_json()
    assert served == source_attributes()
    assert "Funding source" in Browser(app).get("/rules/REP-03").text
