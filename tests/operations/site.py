"""A site: the demo EHR in this process, whose every secret is heard, and the app as `smartapp serve` starts it."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import requests
from flask import Flask, Response, request

from smartapp import assets
from smartapp.cli import serve
from smartapp.demo.app import DemoEhr, create_demo
from tests.conftest import free_port
from tests.web.browsing import Form, Page

SECONDS = 60
_SECRET_FIELDS = ("code", "code_verifier", "client_assertion", "refresh_token", "state", "nonce", "token")


@dataclass
class Site:
    """Addresses, the demo's inside, the app's log as it is written, and all secrets that passed the EHR."""

    ehr: str
    app: str
    folder: Path
    demo: DemoEhr
    secrets: set[str] = field(default_factory=set)

    @property
    def data(self) -> Path:
        return self.folder / "var"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def lines(self, event: str = "") -> list[dict[str, Any]]:
        """The log's lines, each a JSON object."""
        every = [json.loads(line) for line in self.log.splitlines()]
        return [line for line in every if event in ("", line["event"])]

    def hear(self, told: dict[str, Any]) -> None:
        self.secrets |= {str(told[name]) for name in _SECRET_FIELDS if told.get(name)}
        self.secrets |= {str(told[name]) for name in ("access_token", "id_token") if told.get(name)}

    def launch_url(self, patient: str) -> str:
        return self.demo.hospital.launch_url(self.demo.hospital.stories[patient])


@dataclass
class Surfer:
    """A browser without script over real HTTP; it keeps every answer of the app."""

    site: Site
    jar: dict[str, dict[str, str]] = field(default_factory=dict)
    answers: list[requests.Response] = field(default_factory=list)

    def open(self, url: str, form: dict[str, str] | None = None, **headers: str) -> Page | requests.Response:
        """The answer after redirects; a page of the app is checked and taken apart."""
        method = "POST" if form is not None else "GET"
        for _ in range(8):
            reply = self._ask(method, url, form, headers)
            if reply.status_code not in (302, 303):
                return reply
            url, method, form, headers = urljoin(url, reply.headers["Location"]), "GET", None, {}
        raise AssertionError("too many redirects")

    def page(self, url: str, form: dict[str, str] | None = None, **headers: str) -> Page:
        """As `open`, for a page of the app that is complete."""
        for _ in range(20):
            reply = self.open(url, form, **headers)
            again = reply.headers.get("Refresh", "")
            if not again:
                break
            time.sleep(1)
            url, form, headers = urljoin(reply.url, again.partition("url=")[2]), None, {}
        return Page(
            SimpleNamespace(  # type: ignore[arg-type]
                status_code=reply.status_code, headers=reply.headers, get_data=lambda as_text: reply.text, url=reply.url
            )
        )

    def press(self, form: Form, **fields: str) -> Page:
        """A form of the app as rendered."""
        return self.page(urljoin(self.site.app, form.action), {**form.fields, **fields}, Origin=self.site.app)

    def _ask(self, method: str, url: str, form: Any, headers: dict[str, str]) -> requests.Response:
        jar = self.jar.setdefault(urlsplit(url).netloc, {})
        cookies = {"Cookie": "; ".join(f"{name}={value}" for name, value in jar.items())} if jar else {}
        reply = requests.request(
            method, url, data=form, headers={**headers, **cookies}, allow_redirects=False, timeout=SECONDS
        )
        for line in reply.raw.headers.getlist("Set-Cookie"):
            name, _, rest = line.partition("=")
            jar[name] = rest.split(";")[0]
        if url.startswith(self.site.app):
            self.answers.append(reply)
        return reply


@contextmanager
def site(folder: Path, *, workers: int = 1, settings: str = "") -> Iterator[Site]:
    """Both, running; `settings` are further lines of the app's configuration."""
    port, ehr_port = free_port(), free_port()
    app_url, ehr_url = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{ehr_port}"
    demo = create_demo(
        base_url=ehr_url,
        app_url=app_url,
        now=lambda: datetime.now(UTC),
        template_folder=str(assets.templates()),
        static_folder=str(assets.static()),
    )
    found = Site(ehr=ehr_url, app=app_url, folder=folder, demo=demo.extensions["demo_ehr"])
    _overhear(demo, found)
    server = serve._start(demo, ehr_port)
    (folder / "site.toml").write_text(_configuration(app_url, ehr_url) + settings)
    command = [sys.executable, "-m", "smartapp.cli", "serve", "--config", str(folder / "site.toml")]
    with (folder / "log").open("wb") as log:
        app = subprocess.Popen([*command, "--port", str(port), "--workers", str(workers)], stderr=log, env=os.environ)
    try:
        wait_for(lambda: _answers(f"{app_url}/readyz"), lambda: found.log)
        yield found
    finally:
        app.terminate()
        app.wait(SECONDS)
        server.shutdown()
        server.server_close()


def wait_for(holds: Callable[[], bool], told: Callable[[], str] = str) -> None:
    until = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < until, f"it did not come about in time {told()}"
        time.sleep(0.1)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).status_code == 200
    except requests.ConnectionError:
        return False


def _overhear(demo: Flask, found: Site) -> None:
    @demo.before_request
    def asked() -> None:
        found.hear({name: value for name, value in request.values.items() if request.path != "/"})
        found.secrets.add(request.headers.get("Authorization", "Bearer nothing-sent").partition(" ")[2])

    @demo.after_request
    def answered(response: Response) -> Response:
        if request.path == "/token" and response.is_json:
            found.hear(response.get_json())
        found.hear({k: v[0] for k, v in parse_qs(urlsplit(response.headers.get("Location", "")).query).items()})
        return response


def _configuration(app_url: str, ehr_url: str) -> str:
    return f"""
base_url = "{app_url}"
mode = "development"
log_level = "debug"
organization = "St X"
[[ehr]]
name = "demo"
fhir_base = "{ehr_url}/fhir"
issuer = "{ehr_url}"
client_id = "fibrinogen-watch"
write_back = true
[[cds_client]]
name = "demo"
issuer = "{ehr_url}"
jwks_uri = "{ehr_url}/jwks.json"
fhir_servers = ["{ehr_url}/fhir"]
"""


def forms_in(html: str, ending: str) -> list[dict[str, str]]:
    """The fields of the demo's forms whose action ends so."""
    found = re.findall(rf'<form[^>]*action="[^"]*{ending}"[^>]*>(.*?)</form>', html, re.S)
    return [dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form)) for form in found]
