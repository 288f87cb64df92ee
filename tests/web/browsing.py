"""A browser without script: it fetches pages, checks each one, and presses buttons as rendered."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

from flask import Flask
from werkzeug.test import TestResponse

from tests.web.desk import COOKIE, LAUNCH, ORIGIN

_VOID = {"meta", "link", "input", "br", "img", "hr"}


@dataclass
class Form:
    """A form as rendered: where it goes, what it sends, the words on its buttons."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class Page(HTMLParser):
    """A page taken apart; building it checks what every page must have."""

    def __init__(self, response: TestResponse) -> None:
        super().__init__()
        self.response = response
        self.status = response.status_code
        self.html = response.get_data(as_text=True)
        self.forms: list[Form] = []
        self.text = ""
        self.title = ""
        self.headings: list[str] = []
        self.controls: list[dict[str, str | None]] = []
        self.labels: set[str] = set()
        self._stack: list[str] = []
        self.feed(self.html)
        self._check()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        assert "style" not in known, f"inline style on <{tag}>"
        assert not any(name.startswith("on") for name in known), f"inline script on <{tag}>"
        assert tag not in ("script", "style") or "src" in known, f"inline <{tag}>"
        if tag == "h1":
            self.headings.append("")
        if tag == "form":
            self.forms.append(Form(known["action"] or "", known["method"] or "get"))
        if tag == "label" and known.get("for"):
            self.labels.add(str(known["for"]))
        if tag in ("input", "textarea"):
            self._control(known)
        if tag == "button" and known.get("type") != "button":
            self.forms[-1].buttons.append((known.get("name") or "", known.get("value") or ""))
            assert "disabled" not in known
        if tag not in _VOID:
            self._stack.append(tag)

    def _control(self, known: dict[str, str | None]) -> None:
        if known.get("type") != "hidden" and "label" not in self._stack:
            self.controls.append(known)
        unticked = known.get("type") == "checkbox" and "checked" not in known
        if self.forms and known.get("name") and not unticked:
            self.forms[-1].fields[str(known["name"])] = known.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        while self._stack and self._stack.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        self.text += data
        if "title" in self._stack and "svg" not in self._stack:
            self.title += data
        if "h1" in self._stack:
            self.headings[-1] += data

    def _check(self) -> None:
        """One h1, a title that names the page, a language, labels, no inline script or style, a strict policy."""
        self.text = re.sub(r"\s+", " ", self.text)
        assert len(self.headings) == 1
        assert self.title.endswith(" · Fibrinogen Watch")
        assert '<html lang="en">' in self.html
        assert all(str(control.get("id")) in self.labels for control in self.controls)
        policy = self.response.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert "object-src 'none'" in policy
        assert self.response.headers["X-Content-Type-Options"] == "nosniff"
        assert self.response.headers["Referrer-Policy"] == "no-referrer"
        assert "max-age" in self.response.headers["Strict-Transport-Security"]
        assert self.response.headers["X-Request-ID"]

    def form(self, ending: str) -> Form:
        """The first form whose action ends so."""
        return next(form for form in self.forms if form.action.endswith(ending))


class Browser:
    """One browser that holds the launch's cookie."""

    def __init__(self, app: Flask, *, cookie: str = COOKIE) -> None:
        self.client = app.test_client()
        self.client.set_cookie("launch", cookie)

    def get(self, path: str = f"/l/{LAUNCH}/") -> Page:
        return Page(self.client.get(path))

    def press(self, form: Form, headers: Mapping[str, str] | None = None, **fields: str) -> Page:
        """Send a form as rendered and follow the 303 to the next page."""
        sent = self.client.post(form.action, data={**form.fields, **fields}, headers=headers or {"Origin": ORIGIN})
        if sent.status_code == 303:
            return self.get(sent.headers["Location"])
        return Page(sent)
