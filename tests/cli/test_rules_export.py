"""`smartapp rules export`: a Bundle or the libraries, with the site's values, for other people's engines (interfaces 10)."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from smartapp.cli import main


def test_a_bundle_on_standard_output() -> None:
    run = CliRunner().invoke(main, ["rules", "export", "--format", "fhir"], catch_exceptions=False)
    kinds = [entry["resource"]["resourceType"] for entry in json.loads(run.stdout)["entry"]]
    assert (run.exit_code, kinds.count("PlanDefinition"), kinds.count("Library")) == (0, 1, 3)


def test_libraries_in_a_folder_beside_the_rows_left_out(tmp_path: Path) -> None:
    run = CliRunner().invoke(main, ["rules", "export", "--format", "cql", "--out", str(tmp_path / "rules")])
    told = sorted(Path(line).name for line in run.stdout.splitlines())
    assert told == sorted(file.name for file in (tmp_path / "rules").iterdir())
    assert {"FibrinogenReplacement.cql", "FibrinogenReplacement.elm.json", "rows-without-twin.txt"} <= set(told)


def test_the_sites_configuration_decides_values_and_addresses(tmp_path: Path) -> None:
    config = tmp_path / "site.toml"
    config.write_text('base_url = "https://fw.example.org"\nmode = "development"\n[site]\nfc_cap_mg = 3000\n')
    run = CliRunner().invoke(
        main, ["rules", "export", "--format", "fhir", "--config", str(config)], catch_exceptions=False
    )
    plan = json.loads(run.stdout)["entry"][0]
    assert plan["fullUrl"] == "https://fw.example.org/fhir/PlanDefinition/fibrinogen-replacement"
    text = CliRunner().invoke(main, ["rules", "export", "--format", "cql", "--config", str(config)]).stdout
    assert 'parameter "fc_cap_mg" System.Decimal default 3000.0' in text


@pytest.mark.parametrize("site", ["[site]\nfc_cap_mg = 9\n", "[site]\nfc_cap = 9\n"])
def test_a_configuration_that_cannot_be_taken_is_one_sentence(tmp_path: Path, site: str) -> None:
    config = tmp_path / "site.toml"
    config.write_text(site)
    run = CliRunner().invoke(main, ["rules", "export", "--format", "cql", "--config", str(config)])
    assert run.exit_code == 2
    assert run.stderr.startswith("smartapp: [site]")


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    run = CliRunner().invoke(main, ["rules", "export", "--format", "cql", "--out", str(tmp_path / "file" / "rules")])
    assert (run.exit_code, run.stderr.startswith("smartapp: ")) == (2, True)


def test_the_rules_alone_are_listed_as_before() -> None:
    run = CliRunner().invoke(main, ["rules"])
    assert (run.exit_code, "REP-03" in run.stdout) == (0, True)
