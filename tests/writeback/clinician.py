"""A clinician's browser without script, over real HTTP: opens the app from a chart, reads pages, presses buttons as rendered."""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.cookies import MockRequest, RequestsCookieJar

from tests.web.browsing import Form, Page

_LINK = re.compile(r'href="(/l/[^"]+/proposals/[^"/]+)"')
_OUTCOME = re.compile(r"Saved as draft|Not saved|Not confirmed|Completed|Cancelled in the EHR|Withdrawn")
LONGEST = 60.0


@dataclass
class Shown:
    """A response as `Page` reads one."""

    response: requests.Response

    @property
    def status_code(self) -> int:
        return self.response.status_code

    @property
    def headers(self) -> Any:
        return self.response.headers

    def get_data(self, *, as_text: bool) -> str:
        return self.response.text


@dataclass
class Clinician:
    """One browser; `app` is the app's address. Cookies are kept as a browser keeps them on loopback: `Secure` counts there."""

    app: str
    cookies: dict[str, str] = field(default_factory=dict)
    at: str = ""

    def open(self, launch_url: str) -> Page:
        """From the chart to the patient page."""
        return self.read(launch_url)

    def read(self, url: str) -> Page:
        """A page, through redirects."""
        answer = self._asked("GET", url)
        return Page(Shown(answer))  # type: ignore[arg-type]

    def again(self) -> Page:
        """The page where the browser is."""
        return self.read(self.at)

    def press(self, form: Form, **fields: str) -> Page:
        """A form as rendered, with other fields perhaps; the page it leads to."""
        return Page(Shown(self.sent(form, **fields)))  # type: ignore[arg-type]

    def sent(self, form: Form, **fields: str) -> requests.Response:
        """The same, as the answer came."""
        data = {**form.fields, **fields}
        return self._asked("POST", urljoin(self.app, form.action), data=data, headers={"Origin": self.app})

    def to_receipt(self, page: Page) -> Page:
        """Two presses: dose review, receipt."""
        return self.press(self.press(page.form("/approve")).form("/approve"))

    def _asked(self, method: str, url: str, **more: Any) -> requests.Response:
        for _ in range(10):
            headers = more.pop("headers", {})
            if url.startswith(self.app):
                headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            answer = requests.request(method, url, headers=headers, allow_redirects=False, timeout=LONGEST, **more)
            self._keep(answer)
            if answer.status_code not in (302, 303):
                self.at = url
                return answer
            method, url, more = "GET", urljoin(url, answer.headers["Location"]), {}
        raise AssertionError("redirects without end")

    def _keep(self, answer: requests.Response) -> None:
        jar = RequestsCookieJar()
        jar.extract_cookies(_Told(answer), MockRequest(answer.request))  # type: ignore[arg-type]
        for cookie in jar:
            self.cookies[cookie.name] = cookie.value or ""
            if cookie.is_expired():
                del self.cookies[cookie.name]


@dataclass
class _Told:
    """The headers of an answer, for the cookie jar."""

    answer: requests.Response

    def info(self) -> Any:
        """As the jar asks for them."""
        return self.answer.raw._original_response.msg


def outcome(page: Page) -> str:
    """The word that a page says of the order; empty if none."""
    found = _OUTCOME.search(page.text)
    return found.group() if found else ""


def proposal_of(url: str) -> str:
    """The proposal that a page's address names."""
    return urlsplit(url).path.partition("/proposals/")[2].split("/")[0]
