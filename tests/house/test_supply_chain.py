"""What is installed is what was locked, and what was locked is what pyproject.toml allows; no network needed (SEC-21)."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
SETS = {
    "app": (),
    "demo": ("build", "demo", "postgres"),
    "test": ("build", "demo", "postgres", "test"),
    "cohort": ("cohort",),
    "mutants": ("build", "demo", "postgres", "test", "mutants"),
}


def locked(name: str) -> dict[str, str]:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    return {
        canonicalize_name(package): version for package, version in re.findall(r"^([\w.\-]+)==([^\s;\\]+)", text, re.M)
    }


@pytest.mark.req("SEC-21")
@pytest.mark.parametrize("name", SETS)
def test_each_lock_file_fits_what_the_project_allows(name: str) -> None:
    found = locked(name)
    wanted = [
        *PROJECT["dependencies"],
        *(one for extra in SETS[name] for one in PROJECT["optional-dependencies"][extra]),
    ]
    for requirement in map(Requirement, wanted):
        version = found.get(canonicalize_name(requirement.name))
        assert version is not None, f"{requirement} is not locked in {name}: run make lock"
        assert requirement.specifier.contains(version), f"{name} has {requirement.name} {version}: run make lock"


@pytest.mark.req("SEC-21")
def test_each_locked_package_has_hashes() -> None:
    for name in SETS:
        entries = re.split(r"^(?=[\w.\-]+==)", (ROOT / "requirements" / f"{name}.txt").read_text(), flags=re.M)[1:]
        assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []


@pytest.mark.req("SEC-21")
def test_the_bill_of_materials_names_every_locked_package(tmp_path: Path) -> None:
    file = tmp_path / "sbom.json"
    command = "-W ignore -m cyclonedx_py requirements requirements/app.txt --pyproject pyproject.toml --output-reproducible -o"
    subprocess.run([sys.executable, *command.split(), str(file)], cwd=ROOT, check=True, capture_output=True)
    bill = json.loads(file.read_text())
    assert bill["bomFormat"] == "CycloneDX"
    assert bill["metadata"]["component"]["name"] == "fibrinogen-watch"
    named = {canonicalize_name(part["name"]): part["version"] for part in bill["components"]}
    assert named == locked("app")
    assert all(part["externalReferences"][0]["hashes"] for part in bill["components"])
