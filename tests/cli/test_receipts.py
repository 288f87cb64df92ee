"""`smartapp receipt`: a file is shown and verified without a database (interfaces.md section 2)."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from smartapp.cli import main
from smartapp.storage.signatures import new_key, public_part, sealed
from tests.usecases.orders.clinician import Clinician

KEY = new_key()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The receipt of an approved order."""
    clinician = Clinician()
    view = clinician.written()
    path = tmp_path / "receipt.json"
    path.write_bytes(sealed(a_receipt(clinician, view.id), KEY))
    return path


def a_receipt(clinician: Clinician, proposal: str) -> dict[str, object]:
    return {**clinician.receipts.kept[proposal][0], "program": {"name": "fibrinogen-watch", "version": "0"}}


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["receipt", *map(str, arguments)])


def test_a_receipt_is_verified_and_gives_the_same_advice(file: Path) -> None:
    done = run("verify", file)
    assert done.exit_code == 0, done.output
    assert "its values give the same advice again" in done.output
    assert public_part(KEY)["kid"] in done.output


def test_one_changed_byte_is_detected(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b'"0.8"', b'"0.9"', 1))
    done = run("verify", file)
    assert done.exit_code == 1
    assert "was changed" in done.output


def test_a_receipt_that_was_signed_by_another_key_is_refused_where_the_key_is_named(file: Path) -> None:
    assert run("verify", file, "--key", public_part(KEY)["kid"]).exit_code == 0
    done = run("verify", file, "--key", "another")
    assert (done.exit_code, "not with another" in done.output) == (1, True)


def test_values_that_give_another_advice_are_found_wanting(tmp_path: Path) -> None:
    clinician = Clinician()
    receipt = a_receipt(clinician, clinician.written().id)
    receipt["advice"] = {**receipt["advice"], "action": "MONITOR"}  # type: ignore[dict-item]
    path = tmp_path / "receipt.json"
    path.write_bytes(sealed(receipt, KEY))
    done = run("verify", path)
    assert (done.exit_code, "another advice here (action)" in done.output) == (1, True)


def test_a_policy_whose_hash_is_another_is_found_wanting(tmp_path: Path) -> None:
    clinician = Clinician()
    receipt = a_receipt(clinician, clinician.written().id)
    receipt["policy"] = {**receipt["policy"], "sha256": "0" * 64}  # type: ignore[dict-item]
    path = tmp_path / "receipt.json"
    path.write_bytes(sealed(receipt, KEY))
    assert run("verify", path).exit_code == 1


def test_a_receipt_is_shown_in_sentences(file: Path) -> None:
    shown = run("show", file)
    assert shown.exit_code == 0
    for words in ("Approved 2026-03-01T08:00:00Z by Practitioner/7", "3000 mg", "Rests on Observation/fib", "0.8"):
        assert words in shown.output


@pytest.mark.parametrize("content", [b"", b"{}", b"not json"])
def test_what_is_no_receipt_is_said_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.json"
    path.write_bytes(content)
    shown, checked = run("show", path), run("verify", path)
    assert (shown.exit_code, checked.exit_code) == (2, 1)
    assert len(shown.stderr.splitlines()) == 1


def test_a_missing_file_is_said() -> None:
    done = run("verify", "/nowhere/receipt.json")
    assert (done.exit_code, "could not be read" in done.stderr) == (2, True)
