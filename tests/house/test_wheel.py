"""The wheel holds templates, static files and launch.json, and works where it is installed."""

import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_FETCH = r"""
import re
import sys
from smartapp import assets
from smartapp.cli.serve import demo_settings, _prepare
from smartapp.factory import create_app
from pathlib import Path
settings = demo_settings(Path(sys.argv[1]), "http://127.0.0.1:8000", "http://127.0.0.1:8001")
_prepare(settings)
client = create_app(settings).test_client()
page = client.get("/")
style = client.get(re.search(r'href="(/static/app\.[0-9a-f]+\.css)"', page.text)[1])
manifest = client.get("/.well-known/smart/manifest.json")
print(assets.root().name, page.status_code, style.status_code, manifest.json["redirect_uris"][0])
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_what_the_pages_need(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = {
        "smartapp/templates/base.html",
        "smartapp/static/app.css",
        "smartapp/launch.json",
        "smartapp/demo/patients/01-act-now-adult.json",
    }
    assert wanted <= names
    assert not any(name.startswith("tests/") for name in names)


def test_the_wheel_works_when_installed_elsewhere(wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "elsewhere"
    venv.create(home, with_pip=False)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(home), "platbase": str(home)}))
    zipfile.ZipFile(wheel).extractall(packages)
    (packages / "locked.pth").write_text(sysconfig.get_path("purelib"))
    done = subprocess.run(
        [home / "bin" / "python", "-c", _FETCH, str(tmp_path / "var")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["smartapp", "200", "200", "http://127.0.0.1:8000/callback"]
