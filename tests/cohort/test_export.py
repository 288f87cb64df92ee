"""Reading an export: cut by bytes, owners found, whatever the order, the packing and the damage (interfaces.md section 9)."""

import gzip
import json
from pathlib import Path

import pytest

from smartapp.cohort.export import UnusableExport, find_parts, line_of, records_of
from smartapp.fhir.course_records import BrokenRecord, KnownBy, car_t_hint, read_known, read_owner
from smartapp.fhir.local_codes import LocalCodes
from tests.cohort.exports import HOUR, UTC, by_type, records, write_export


def _all(folder: Path, part_bytes: int) -> list[bytes]:
    return [one.raw for part in find_parts(folder, part_bytes) for one in records_of(folder, part)]


@pytest.mark.parametrize("part_bytes", [1, 37, 1000, 10_000_000])
def test_every_line_is_in_exactly_one_part_wherever_it_is_cut(tmp_path: Path, part_bytes: int) -> None:
    lines = [b'{"resourceType":"Observation","id":"%d","x":"\xe2\x80\xa8%s"}' % (n, b"y" * (n % 70)) for n in range(60)]
    write_export(tmp_path, {"a.ndjson": lines[:40], "b.ndjson": lines[40:]})
    assert _all(tmp_path, part_bytes) == lines


def test_a_compressed_file_and_a_folder_of_bundles_hold_the_same_records(tmp_path: Path) -> None:
    raw = list(records(1))
    plain = write_export(tmp_path / "plain", by_type(raw))
    zipped, bundles = tmp_path / "zipped", tmp_path / "bundles"
    zipped.mkdir()
    bundles.mkdir()
    for name, lines in by_type(raw).items():
        (zipped / f"{name}.gz").write_bytes(gzip.compress(b"\n".join(lines)))
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": json.loads(line)} for line in raw]}
    (bundles / "patient.json").write_text(json.dumps(bundle))
    told = [
        sorted(json.dumps(json.loads(r), sort_keys=True) for r in _all(folder, 999))
        for folder in (plain, zipped, bundles)
    ]
    assert told[0] == told[1] == told[2]


def test_a_bundles_records_belong_to_the_patient_whose_entry_they_name(tmp_path: Path) -> None:
    entries = [
        {"fullUrl": "urn:uuid:7", "resource": {"resourceType": "Patient", "id": "P1"}},
        {
            "fullUrl": "urn:uuid:8",
            "resource": {"resourceType": "Procedure", "id": "x", "subject": {"reference": "urn:uuid:7"}},
        },
        {"fullUrl": "urn:uuid:9", "resource": {"resourceType": "Medication", "id": "m"}},
    ]
    (tmp_path / "one.json").write_text(json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries}))
    (part,) = find_parts(tmp_path)
    found = list(records_of(tmp_path, part))
    assert [one.owned.owner for one in found if one.owned] == ["P1", "P1", "P1"]
    assert found[1].aliases == ("urn:uuid:7",)


@pytest.mark.parametrize(
    ("reference", "owner"),
    [
        ("Patient/p", "p"),
        ("Patient/p/_history/3", "p"),
        ("https://ehr.example/fhir/Patient/p", "p"),
        ("urn:uuid:p", "p"),
        ("Group/p", ""),
    ],
)
def test_the_owner_is_whom_subject_or_patient_names(reference: str, owner: str) -> None:
    for member in ("subject", "patient"):
        raw = json.dumps({"resourceType": "AllergyIntolerance", "id": "a", member: {"reference": reference}}).encode()
        assert read_owner(raw).owner == owner


def test_a_broken_line_is_named_with_its_file_and_line_and_the_patient_it_names(tmp_path: Path) -> None:
    lines = [
        b'{"resourceType":"Patient","id":"p"}',
        b'{"resourceType":"Observation","subject":{"reference":"Patient/p"},',
    ]
    write_export(tmp_path, {"Observation.ndjson": [lines[0]] * 16 + [lines[1]]})
    (part,) = find_parts(tmp_path)
    (broken,) = [one for one in records_of(tmp_path, part) if one.owned is None]
    assert (broken.problem, broken.suspect) == ("it is not JSON", "p")
    assert line_of(tmp_path, part.file, broken.offset) == 17
    with pytest.raises(BrokenRecord, match="not a FHIR resource"):
        read_owner(b"[1]")


def test_a_truncated_file_stops_the_replay_and_says_after_which_line(tmp_path: Path) -> None:
    whole = gzip.compress(b"\n".join(records(1)))
    (tmp_path / "Observation.ndjson.gz").write_bytes(whole[: len(whole) // 2])
    (part,) = find_parts(tmp_path)
    with pytest.raises(UnusableExport, match=r"Observation\.ndjson\.gz, after line \d+: it ends in the middle"):
        list(records_of(tmp_path, part))


def test_an_empty_folder_is_no_export(tmp_path: Path) -> None:
    with pytest.raises(UnusableExport, match="holds no"):
        find_parts(tmp_path)
    with pytest.raises(UnusableExport, match="not a folder"):
        find_parts(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("members", "by", "at"),
    [
        (
            {"issued": "2026-03-01T10:00:00Z", "meta": {"lastUpdated": "2026-04-01T00:00:00Z"}},
            KnownBy.ISSUED,
            "2026-03-01T10:00",
        ),
        ({"meta": {"lastUpdated": "2026-03-01T11:00:00+01:00"}}, KnownBy.LAST_UPDATED, "2026-03-01T10:00"),
        ({"effectiveDateTime": "2026-03-01T09:00:00Z"}, KnownBy.OWN_TIME, "2026-03-01T10:00"),
        ({}, KnownBy.ALWAYS, None),
    ],
)
def test_a_record_is_known_when_issued_else_last_updated_else_after_the_lag(members, by, at) -> None:
    known = read_known(json.dumps({"resourceType": "Observation", **members}).encode(), "Observation", HOUR, UTC)
    assert known.by is by
    assert (known.at and known.at.isoformat()[:16]) == at


@pytest.mark.req("APP-01")
def test_a_first_look_lets_pass_whatever_may_tell_of_car_t_cells() -> None:
    coded = b'{"code":{"coding":[{"system":"http://www.cms.gov/Medicare/Coding/ICD10","code":"XW043J7"}]}}'
    local = b'{"code":{"coding":[{"system":"http://st-x.example","code":"CELLS"}]}}'
    words = b'{"code":{"text":"Kymriah infusion"}}'
    other = b'{"code":{"coding":[{"system":"http://snomed.info/sct","code":"116859006"}]}}'
    codes = {"http://st-x.example|CELLS": "http://www.cms.gov/Medicare/Coding/ICD10|XW043J7"}
    assert [car_t_hint(raw, LocalCodes(codes)).names for raw in (coded, local, words, other, b'{"code":3}')] == [
        True,
        True,
        True,
        False,
        True,
    ]
