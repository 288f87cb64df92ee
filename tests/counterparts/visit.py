"""The app beside that EHR, and a browser that launches it: every page it gets is kept, with what was logged meanwhile."""

import logging
import re
import uuid
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import Flask
from werkzeug.test import Client, TestResponse

from smartapp.config.checks import check
from smartapp.config.load import build
from smartapp.factory import create_app
from smartapp.storage.database import Database
from tests import charts as c
from tests.counterparts.ehr import Ehr
from tests.sites import SECRET_TEXT

APP = "http://127.0.0.1:8000"
_AGAIN = re.compile(r'http-equiv="refresh" content="\d+; url=([^"]+)"')
BUDGETS = {"page": "4", "fhir_request": "2", "authorization": "2"}


def app_beside(ehr: Ehr, folder: Path, **more: Any) -> Flask:
    """The app with this EHR registered, on a fresh database."""
    settings = build(
        {
            "base_url": APP,
            "mode": "development",
            "data_dir": folder,
            "secret_key": SECRET_TEXT,
            "budgets": BUDGETS,
            "limits": {"launch": "", "hooks": ""},
            "ehr": [{"name": "st-x", "fhir_base": ehr.base, "client_id": "client-a", "client_auth": "public", **more}],
        }
    )
    check(settings)
    database = Database(settings.database)
    database.upgrade()
    database.close()
    return create_app(settings, now=lambda: c.NOW)


@dataclass
class Visit:
    """One browser at the app; `told` are the words of every page, `pages` their markup."""

    app: Flask
    ehr: Ehr
    pages: list[str] = field(default_factory=list)
    client: Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.app.test_client()
        self.ehr.claims["fhirUser"] = f"Practitioner/{uuid.uuid4()}"  # nobody who looked before

    def get(self, url: str) -> TestResponse:
        """A page, kept."""
        answer = self.client.get(url, base_url=APP)
        self.pages.append(answer.get_data(as_text=True))
        return answer

    def launched(self) -> TestResponse:
        """A whole launch up to the patient page, or to the page that says why not."""
        begun = self.get(f"/launch?iss={self.ehr.base}&launch=xyz")
        if begun.status_code != 303:
            return begun
        asked = parse_qs(urlsplit(begun.headers["Location"]).query)
        self.ehr.nonce = asked["nonce"][0]
        done = self.get(f"/callback?code=marker-code&state={asked['state'][0]}")
        return self.get(done.headers["Location"]) if done.status_code == 303 else done

    def complete(self, answer: TestResponse) -> TestResponse:
        """The patient page once it no longer awaits anything."""
        while again := _AGAIN.search(answer.get_data(as_text=True)):
            answer = self.get(unescape(again[1]))
        return answer

    def review(self) -> str:
        """Launch, wait for the whole page, and read it: its words without markup."""
        answer = self.complete(self.launched())
        assert answer.status_code == 200, words(answer)
        return words(answer)


def words(answer: TestResponse) -> str:
    """A page's words."""
    text = re.sub(r"<(svg|style|script)\b.*?</\1>", " ", answer.get_data(as_text=True), flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


class Listener(logging.Handler):
    """What any logger said, whole."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line as it would be written."""
        self.lines.append(logging.Formatter("%(message)s").format(record))
