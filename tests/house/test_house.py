"""The house keeps its own rules: import directions, purity, small modules, documents that tell the truth."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted((ROOT / "smartapp").rglob("*.py"))
CONNECTING = (
    *(
        "socket",
        "ssl",
        "asyncio",
        "http.client",
        "urllib.request",
        "urllib.robotparser",
        "smtplib",
        "ftplib",
        "poplib",
        "imaplib",
    ),
    *("telnetlib", "xmlrpc", "socketserver", "multiprocessing.connection", "webbrowser"),
    *(
        "requests",
        "urllib3",
        "httpx",
        "httpcore",
        "aiohttp",
        "pycurl",
        "websockets",
        "paramiko",
        "authlib.integrations",
    ),
    *("fsspec", "botocore", "grpc", "dns"),
)
CORE_STRANGERS = ("flask", "jinja2", "requests", "authlib", "fhir", "pydantic", "msgspec", "sqlalchemy", "click")


def python(code: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_imports_point_inward() -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_the_core_needs_no_installed_package() -> None:
    code = "import sys, smartapp, smartapp.clinical.report; print(' '.join(sys.modules))"
    loaded = {name.split(".")[0] for name in python(code).split()}
    assert not loaded & set(CORE_STRANGERS)


def test_the_command_line_starts_without_servers_and_databases() -> None:
    code = "import sys, smartapp.cli; print(' '.join(sys.modules))"
    loaded = {name.split(".")[0] for name in python(code).split()}
    assert not loaded & {"flask", "sqlalchemy", "fhir", "requests", "gunicorn"}


def test_a_server_starts_without_what_only_later_work_needs() -> None:
    code = "import sys, smartapp.cli.serve; print(' '.join(sys.modules))"
    loaded = {name.split(".")[0] for name in python(code).split()}
    assert not loaded & {"alembic", "authlib", "fhir", "pint", "pygments", "rich"}


@pytest.mark.req("FHIR-02")
def test_only_r4b_models_are_used() -> None:
    text = "\n".join(module.read_text() for module in MODULES)
    assert re.findall(r"fhir\.resources\.(?!R4B)\w+", re.sub(r'"""[^"]*"""', "", text)) == []
    assert "fhir.resources.R4B." in text


@pytest.mark.req("SEC-10")
def test_nothing_else_opens_connections() -> None:
    """Libraries that connect, looked for in every import statement. Authlib's session in `smart` only builds a URL; the server's
    module listens, and opens the browser for `--open`."""
    found = {(m.relative_to(ROOT / "smartapp").as_posix(), name) for m in MODULES for name in _imports(m)}
    opening = {(m, n) for m, n in found if any(n == lib or n.startswith(f"{lib}.") for lib in CONNECTING)}
    outside = {(m, n) for m, n in opening if not m.startswith(("outbound/", "demo/"))}
    assert outside == {
        ("smart/authorization.py", "authlib.integrations.requests_client"),
        ("cli/serve.py", "socket"),
        ("cli/serve.py", "webbrowser"),
    }
    assert not re.search(r"connect\(|create_connection", (ROOT / "smartapp" / "cli" / "serve.py").read_text())
    assert {name for module, name in found if module.startswith("outbound/")} & {"socket", "requests"}


def _imports(module: Path) -> set[str]:
    """Every module that is imported, `from a import b` as `a`; what is imported by name can only be ours (`fhir.models`, the rules)."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


@pytest.mark.req("SEC-13")
def test_certificates_are_always_verified() -> None:
    assert [module for module in MODULES if "verify=False" in module.read_text()] == []


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_are_small_and_say_what_they_are(module: Path) -> None:
    text = module.read_text()
    assert len(text.splitlines()) <= 400
    assert ast.get_docstring(ast.parse(text)), "a module opens with a sentence"


@pytest.mark.parametrize(
    "package", sorted(ROOT.glob("smartapp/**/__init__.py")), ids=lambda p: str(p.parent.relative_to(ROOT))
)
def test_packages_open_with_what_lives_there(package: Path) -> None:
    doc = ast.get_docstring(ast.parse(package.read_text())) or ""
    assert len(doc.splitlines()) >= 3


def test_every_test_folder_is_a_package() -> None:
    folders = {path.parent for path in (ROOT / "tests").rglob("*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


def test_nothing_is_left_open() -> None:
    found = [m for m in MODULES if re.search(r"\b(TODO|FIXME|XXX|NotImplementedError)\b", m.read_text())]
    assert found == []


def test_no_file_is_named_after_a_kind_of_thing() -> None:
    odd = re.compile(r"(utils?|helpers?|common|misc|manager|handlers?)(\.py)?$")
    assert [path for path in (ROOT / "smartapp").rglob("*") if odd.search(path.name)] == []


def test_generated_documents_stay_out_of_the_repository() -> None:
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert {"docs/rules.md", "docs/conformance.md"} <= set(ignored)


def test_readme_commands_exist() -> None:
    readme, makefile = (ROOT / "README.md").read_text(), (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^make ([a-z]+)", readme, re.M))
    assert {"demo", "test"} <= targets
    assert [target for target in targets if not re.search(rf"^{target}:", makefile, re.M)] == []


def test_documents_link_to_what_exists() -> None:
    for document in (ROOT / "README.md", ROOT / "docs" / "architecture.md"):
        links = re.findall(r"\]\((?!http)([^)#]+)\)", document.read_text())
        assert [link for link in links if not (document.parent / link).exists()] == []


def test_decisions_are_numbered_one_after_another() -> None:
    numbers = [int(path.name[:4]) for path in sorted((ROOT / "docs" / "decisions").glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))


def test_locked_files_name_no_registry() -> None:
    for lock in sorted((ROOT / "requirements").glob("*.txt")):
        text = lock.read_text()
        assert "--hash=sha256:" in text
        assert "://" not in text
        assert "--index" not in text


def test_every_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    locked = set(re.findall(r"^([A-Za-z0-9._-]+)==", (ROOT / "requirements" / "app.txt").read_text(), re.M))
    wanted = {re.split(r"[<>=\[]", name)[0].lower() for name in project["dependencies"]}
    assert {name.replace(".", "-") for name in wanted} <= {name.lower().replace(".", "-") for name in locked}


@pytest.mark.req("SEC-21")
@pytest.mark.parametrize(("package", "least"), [("authlib", (1, 6, 11)), ("flask", (3, 1, 3))])
def test_locked_and_allowed_versions_are_past_the_known_problems(package: str, least: tuple[int, ...]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    allowed = next(name for name in project["dependencies"] if name.startswith(f"{package}>="))
    assert tuple(map(int, allowed.split(">=")[1].split("."))) >= least
    for lock in ("app", "demo", "test"):
        locked = re.search(rf"^{package}==([\d.]+)", (ROOT / "requirements" / f"{lock}.txt").read_text(), re.M)
        assert locked is not None
        assert tuple(map(int, locked.group(1).split("."))) >= least


@pytest.mark.req("SEC-21")
def test_every_check_audits_the_locked_hashes() -> None:
    check = (ROOT / ".ci" / "check").read_text()
    assert 'pip-audit" --require-hashes' in check
    assert re.search(r"known vulnerabilit.*; then\n\s+echo .*\n\s+exit 1", check)
