"""The app running on one or several mock EHRs, and a browser that visits it."""

import re
import time
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from flask import Flask
from werkzeug.test import TestResponse

from smartapp.config.checks import check
from smartapp.config.load import build
from smartapp.config.settings import Settings
from smartapp.factory import create_app
from smartapp.factory.parts import make_parts
from smartapp.storage.database import Database
from tests import charts as c
from tests.sites import SECRET_TEXT
from tests.smart.mock_ehr import MockEhr

APP = "http://127.0.0.1:8000"
OWN = {"Origin": APP, "Sec-Fetch-Site": "same-origin"}


def settings_of(
    folder: Path,
    *ehrs: MockEhr,
    base_url: str = APP,
    limits: dict[str, Any] | None = None,
    log_level: str = "info",
    **entry: Any,
) -> Settings:
    """Development settings with each EHR registered as a public client, unless `entry` says otherwise."""
    listed = [
        {
            "name": f"ehr-{number}",
            "fhir_base": ehr.base,
            "issuer": ehr.url,
            "client_id": ehr.client_id,
            "client_auth": "public",
            "write_back": True,
            **entry,
        }
        for number, ehr in enumerate(ehrs, start=1)
    ]
    settings = build(
        {
            "mode": "development",
            "base_url": base_url,
            "log_level": log_level,
            "data_dir": folder,
            "secret_key": SECRET_TEXT,
            "limits": limits or {},
            "budgets": {"authorization": 2, "page": 5},
            "ehr": listed,
        }
    )
    check(settings)
    return settings


def running(folder: Path, *ehrs: MockEhr, **more: Any) -> Flask:
    """The app on a schema of its own, or on the one that is there: a second process."""
    if not (folder / "smartapp.db").exists():
        (folder / "smartapp.db").write_bytes(_fresh())
    return create_app(settings_of(folder, *ehrs, **more), now=lambda: c.NOW)


@cache
def _fresh() -> bytes:
    """A database with schema and signing keys, made once."""
    with TemporaryDirectory() as folder:
        settings = settings_of(Path(folder))
        database = Database(settings.database)
        database.upgrade()
        database.close()
        make_parts(settings, lambda: c.NOW).database.close()
        return (Path(folder) / "smartapp.db").read_bytes()


class _Fields(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((known.get("action", ""), {}))
        if tag == "input" and self.forms and known.get("name"):
            self.forms[-1][1][known["name"]] = known.get("value", "")


def form_of(answer: TestResponse, ending: str) -> tuple[str, dict[str, str]]:
    """Action and fields of the first form whose action ends so."""
    return next(form for form in _Fields(answer.text).forms if form[0].endswith(ending))


def forms_of(answer: TestResponse) -> list[tuple[str, dict[str, str]]]:
    """Every form of a page."""
    return _Fields(answer.text).forms


def words(answer: TestResponse) -> str:
    """A page without its marks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def sent(url: str) -> dict[str, str]:
    """The parameters of an authorization request, each once."""
    given = parse_qs(urlsplit(url).query, keep_blank_values=True)
    assert all(len(values) == 1 for values in given.values())
    return {name: values[0] for name, values in given.items()}


@dataclass
class Visitor:
    """One browser: it keeps cookies by name and remembers every answer."""

    app: Flask
    cookies: dict[str, str] = field(default_factory=dict)
    lines: dict[str, str] = field(default_factory=dict)
    answers: list[TestResponse] = field(default_factory=list)
    own: dict[str, str] = field(default_factory=lambda: dict(OWN))

    def ask(self, method: str, path: str, **options: Any) -> TestResponse:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        headers |= options.pop("headers", {})
        client = self.app.test_client(use_cookies=False)
        answer = client.open(path, method=method, headers=headers, base_url=APP, **options)
        for line in answer.headers.getlist("Set-Cookie"):
            for name, morsel in SimpleCookie(line.replace("Partitioned", "")).items():
                self.lines[name] = line
                self.cookies[name] = morsel.value
                if morsel["max-age"] == "0":
                    del self.cookies[name]
        self.answers.append(answer)
        return answer

    def get(self, path: str, **headers: str) -> TestResponse:
        answer = self.ask("GET", path, headers=headers)
        while again := re.search(r'data-again="([^"]+)"', answer.text):  # a page that still reads
            time.sleep(0.2)
            answer = self.ask("GET", again.group(1).replace("&amp;", "&"), headers=headers)
        return answer

    def post(self, path: str, data: dict[str, str], **headers: str) -> TestResponse:
        return self.ask("POST", path, data=data, headers=headers or self.own)

    def press(self, page: TestResponse, ending: str, **fields: str) -> TestResponse:
        """A form as rendered, and the page it leads to."""
        action, known = form_of(page, ending)
        answer = self.post(action, {**known, **fields})
        return self.get(answer.headers["Location"]) if answer.status_code == 303 else answer

    def begun(self, ehr: MockEhr, launch: str = "xyz") -> dict[str, str]:
        """An EHR launch up to the EHR's door: the parameters of the authorization request."""
        answer = self.get(f"/launch?{urlencode({'iss': ehr.base, 'launch': launch})}")
        assert answer.status_code == 303, answer.text
        return sent(answer.headers["Location"])

    def callback(self, ehr: MockEhr, asked: dict[str, str], patient: str = "P1", **more: str) -> TestResponse:
        """The EHR's answer with a code, as it comes back."""
        given = {"code": ehr.authorize(asked, patient), "state": asked["state"], **more}
        return self.get(f"/callback?{urlencode({name: value for name, value in given.items() if value})}")

    def launched(self, ehr: MockEhr, patient: str = "P1", **more: str) -> str:
        """A whole launch: the path of the patient page."""
        answer = self.callback(ehr, self.begun(ehr), patient, **more)
        assert answer.status_code == 303, words(answer)
        return str(answer.headers["Location"])

    def refused(self, ehr: MockEhr, patient: str = "P1", **more: str) -> TestResponse:
        """A launch that ends in a page instead."""
        answer = self.callback(ehr, self.begun(ehr), patient, **more)
        assert answer.status_code >= 400
        return answer
