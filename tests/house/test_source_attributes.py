"""Source attributes: thirteen for every rule, none blank, bound to what the rule says and reads (DSI-01, DSI-02)."""

from pathlib import Path

import pytest

from smartapp.clinical.attributes import source_attributes
from smartapp.clinical.revisions import REVISIONS
from smartapp.fhir import r4_structs
from tests.house.rule_revisions import birth_date_readers, digest, rows
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
def test_a_rule_that_changes_raises_its_version_and_its_date() -> None:
    """If this fails: raise the version of the rule, set its revision date, and take over the new digest."""
    assert set(REVISIONS) == {row.id for _, row in rows()}
    changed = [row.id for rule, row in rows() if REVISIONS[row.id].digest != digest(rule)]
    assert changed == []
    assert [row.id for _, row in rows() if REVISIONS[row.id].version != row.version] == []


@pytest.mark.req("DSI-01", "DSI-06")
def test_date_of_birth_is_declared_where_it_is_read() -> None:
    declared = {id_ for id_, revision in REVISIONS.items() if revision.uses_birth_date}
    assert declared == birth_date_readers()


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
