"""App processes as a site starts them, with a demo EHR of their own, and a browser that may be answered by any of them."""

import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import unescape
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import requests
from werkzeug.serving import make_server

from smartapp import assets
from smartapp.demo.app import DemoEhr, create_demo
from tests.cdshooks.signing import ISSUER, Signer, key_set
from tests.cli.test_serve import SECONDS, get
from tests.conftest import free_port
from tests.sites import SECRET_TEXT

SITE = """
mode = "development"
base_url = "{base}"
data_dir = "var"
secret_key = "{secret}"
database_url = "{database}"
organization = "St X"

[budgets]  # nothing here is about time: a busy machine is waited for
authorization = 60
fhir_request = 60
page = 120

[[ehr]]
name = "demo"
fhir_base = "{ehr}/fhir"
issuer = "{ehr}"
client_id = "fibrinogen-watch"
write_back = true

[[cds_client]]
name = "st-x"
issuer = "{issuer}"
jwks_file = "keys.json"

[[cds_client]]
name = "demo"
issuer = "{ehr}"
jwks_uri = "{ehr}/jwks.json"
fhir_servers = ["{ehr}/fhir"]
"""


@dataclass
class Hospital:
    """The demo EHR, listening; and the signer of a caller of hooks."""

    ehr: str
    base: str
    demo: DemoEhr
    signer: Signer = field(default_factory=Signer)

    def orders(self, patient: str) -> int:
        """How many medication orders the chart shows beside the story's own."""
        text = requests.get(f"{self.ehr}/chart/{patient}", timeout=30).text
        return len(set(re.findall(rf"MedicationRequest/(?!{patient})[\w-]+", text)))

    def configure(self, folder: Path, database: str) -> Path:
        """A configuration in a folder of its own."""
        folder.mkdir(parents=True)
        (folder / "keys.json").write_bytes(key_set(self.signer.public()))
        told = {"base": self.base, "ehr": self.ehr, "secret": SECRET_TEXT, "database": database, "issuer": ISSUER}
        (folder / "site.toml").write_text(SITE.format(**told))
        return folder / "site.toml"


@contextmanager
def hospital() -> Iterator[Hospital]:
    """One demo EHR; it fetches the app's keys from `base`, where one process has to listen."""
    ehr, base = f"http://127.0.0.1:{free_port()}", f"http://127.0.0.1:{free_port()}"
    folders = {"template_folder": str(assets.templates()), "static_folder": str(assets.static())}
    app = create_demo(base_url=ehr, app_url=base, now=lambda: datetime.now(UTC), **folders)
    server = make_server("127.0.0.1", int(ehr.rpartition(":")[2]), app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Hospital(ehr=ehr, base=base, demo=app.extensions["demo_ehr"])
    server.shutdown()
    server.server_close()


@dataclass
class Running:
    """A process of the app and where it listens."""

    address: str
    process: "subprocess.Popen[str]"
    log: Path

    def ready(self) -> "Running":
        """As soon as it is."""
        try:
            get(f"{self.address}/readyz", self.process)
        except AssertionError as problem:
            raise AssertionError(f"{problem}: {self.log.read_text()[-3000:]}") from None
        return self


@contextmanager
def started(
    config: Path, address: str, *, command: Sequence[str] = (sys.executable, "-m", "smartapp.cli"), **how: Any
) -> Iterator[Running]:
    """`smartapp serve` at that address."""
    port = address.rpartition(":")[2]
    words = [*command, "serve", "--config", str(config), "--port", port]
    log = config.parent / "log"
    with log.open("a") as out:
        process = subprocess.Popen(words, stdout=out, stderr=out, text=True, **how)
    try:
        yield Running(address, process, log)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(SECONDS)


@contextmanager
def several(site: Hospital, folder: Path, database: str, count: int) -> Iterator[list[Running]]:
    """That many processes, each with a folder of its own: they share the database, the secret and the configuration's words."""
    with ExitStack() as stack:
        addresses = [site.base, *(f"http://127.0.0.1:{free_port()}" for _ in range(count - 1))]
        configs = [site.configure(folder / f"machine-{number}", database) for number in range(count)]
        running = [stack.enter_context(started(*each)) for each in zip(configs, addresses, strict=True)]
        yield [each.ready() for each in running]


@dataclass
class Form:
    """A form as the page has it."""

    action: str
    fields: Mapping[str, str]


def form(page: str, ending: str) -> Form:
    """The first form whose action ends so."""
    for action, inside in re.findall(r'<form method="post" action="([^"]+)"[^>]*>(.*?)</form>', page, re.S):
        if action.endswith(ending):
            inputs = re.findall(r"<input ([^>]*)>", inside)
            return Form(action, {_of(tag, "name"): _of(tag, "value") for tag in inputs if _of(tag, "name")})
    raise AssertionError(f"no form {ending} in {page[:3000]}")


def _of(tag: str, name: str) -> str:
    found = re.search(rf'{name}="([^"]*)"', tag)
    return found[1] if found else ""


@dataclass
class Browser:
    """Follows redirects and keeps cookies by name, Secure ones too; what is sent to the app goes to the process `at`."""

    base: str
    at: str
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, url: str, **options: Any) -> requests.Response:
        own = url.startswith(self.base)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        headers |= {"Origin": self.base} if own and method == "POST" else {}
        sent_to = url.replace(self.base, self.at, 1) if own else url
        answer = requests.request(method, sent_to, headers=headers, allow_redirects=False, timeout=60, **options)
        for line in answer.raw.headers.getlist("Set-Cookie"):
            for name, morsel in SimpleCookie(line.replace("Partitioned", "")).items():
                self.cookies[name] = morsel.value
        return answer

    def get(self, url: str) -> requests.Response:
        """A page, its reading complete."""
        answer = self.ask("GET", url)
        while again := re.search(r'data-again="([^"]+)" data-seconds="(\d+)"', answer.text):
            time.sleep(int(again[2]))
            answer = self.ask("GET", urljoin(url, unescape(again[1])))
        return answer

    def follow(self, url: str, until: str = "\n") -> str:
        """Where redirects end; the first address that holds `until` is not asked for."""
        while until not in url:
            answer = self.get(url)
            if answer.status_code not in (302, 303):
                assert answer.status_code == 200, answer.text[:2000]
                return url
            url = urljoin(url, answer.headers["Location"])
        return url

    def press(self, page: str, ending: str = "/approve") -> str:
        """Send the page's form; where it leads."""
        pressed = form(self.get(page).text, ending)
        answer = self.ask("POST", urljoin(page, pressed.action), data=pressed.fields)
        assert answer.status_code == 303, answer.text[:2000]
        return urljoin(page, answer.headers["Location"])
