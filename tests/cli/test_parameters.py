"""`[site]` and `--set` reach every parameter of guideline 0.2, in its text form; a wrong value is refused with what is allowed."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from smartapp.cli import main
from smartapp.clinical.parameter_kinds import Parameter
from smartapp.clinical.parameters import PARAMETERS
from tests import charts as c

ACT = (c.patient("1990-01-10"), c.infusion(), c.crs(3), c.fibrinogen("0.8"), c.weight("70"))
_GIVEN = {"rules_off": "PLT-03", "crs_grade_codes": "urn:site|CRS", "pt_uln_s": "14", "aptt_uln_s": "36"}


def text_of(parameter: Parameter) -> str:
    """Its default as guideline 0.2 writes values, or a value where it has none."""
    value = parameter.default
    if value is None or value == ():
        return _GIVEN[parameter.name]
    return (
        ",".join(value) if isinstance(value, tuple) else str(value).lower() if isinstance(value, bool) else str(value)
    )


def assess(folder: Path, *words: str) -> Result:
    chart = folder / "chart.json"
    chart.write_bytes(c.bundle(*ACT))
    command = ["assess", str(chart), "--at", c.NOW.isoformat(), "--format", "json", *words]
    return CliRunner().invoke(main, command, catch_exceptions=False)


def policy(done: Result) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(done.stdout)["policy"]
    return body


@pytest.mark.parametrize("parameter", PARAMETERS, ids=lambda parameter: parameter.name)
def test_a_site_and_the_command_line_reach_it(parameter: Parameter, tmp_path: Path) -> None:
    text = text_of(parameter)
    config = tmp_path / "site.toml"
    config.write_text(f'mode = "development"\n[site]\n{parameter.name} = "{text}"\n')
    by_file = policy(assess(tmp_path, "--config", str(config)))
    by_option = policy(assess(tmp_path, "--set", f"{parameter.name}={text}"))
    assert by_file == by_option
    assert parameter.name in by_option["overrides"] or parameter.name == "profile"


@pytest.mark.parametrize("parameter", [p for p in PARAMETERS if p.kind == "number"], ids=lambda p: p.name)
def test_a_number_out_of_bounds_is_refused_with_the_range(parameter: Parameter, tmp_path: Path) -> None:
    done = assess(tmp_path, "--set", f"{parameter.name}={parameter.high + 1}")
    assert (done.exit_code, done.stdout) == (2, "")
    assert f"{parameter.name} must be a number from {parameter.low.normalize():f} to" in done.stderr


def test_the_profile_then_the_site_then_the_option(tmp_path: Path) -> None:
    config = tmp_path / "site.toml"
    config.write_text(
        'mode = "development"\n[site]\nprofile = "restrictive_1_0"\nt2_below = 0.9\nconsider_below = 1.2\n'
    )
    found = policy(assess(tmp_path, "--config", str(config), "--set", "consider_below=1.3"))
    assert found["profile"] == "restrictive_1_0"
    assert found["overrides"] == {"t2_below": "0.9", "consider_below": "1.3"}
