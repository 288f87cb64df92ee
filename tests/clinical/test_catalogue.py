"""What `smartapp rules` prints: rules with their inputs and parameters, definitions, and what a site has to sign off."""

import json

from smartapp.clinical.catalogue import printed, to_sign_off
from smartapp.clinical.codes import all_codes
from smartapp.clinical.terminology import Analyte, Drug

DATA = json.loads(printed("json"))


def test_a_rule_tells_its_inputs_and_parameters() -> None:
    row = next(entry for entry in DATA["rules"] if entry["id"] == "REP-05")
    assert row["needs"] == ["decision"]
    assert "fibrinogen" in row["wants"]
    assert "replace_below.severe" in row["parameters"]
    assert row["citations"] == ["BUE21", "ISTH13", "ESA", "BSH09"]


def test_a_site_default_is_called_one() -> None:
    line = next(line for line in printed("text").splitlines() if line.startswith("REP-07"))
    assert "site default, not from a published guideline" in line


def test_codes_marked_u_are_listed_for_the_site_to_sign_off() -> None:
    listed = to_sign_off()
    assert {entry.mark for entry in listed} == {"U"}
    assert len(listed) == sum(entry.mark == "U" for entry in all_codes())
    meanings = " ".join(entry.meaning for entry in listed)
    assert str(Analyte.HAEMATOCRIT) in meanings
    assert str(Drug.PHENYLEPHRINE) in meanings
    markdown = printed("markdown")
    assert [entry.code for entry in listed if f"- [ ] {entry.code}" not in markdown] == []


def test_the_three_forms_tell_the_same_rules() -> None:
    ids = [entry["id"] for entry in DATA["rules"]]
    assert len(ids) == len(set(ids))
    assert [id_ for id_ in ids if f"| {id_} |" not in printed("markdown") or f"{id_} v" not in printed("text")] == []


def test_the_terminology_has_a_version() -> None:
    assert DATA["terminology_version"] == "1.2"
    assert all(entry["mark"] in ("V", "V2", "U") for entry in DATA["codes"])
