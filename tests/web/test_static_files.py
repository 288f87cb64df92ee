"""Static files: named by their content, kept for good, protected like everything else."""

import re

import pytest
from werkzeug.test import TestResponse

from tests.web.browsing import Browser
from tests.web.desk import ROOT, act_now


def linked(name: str) -> tuple[str, TestResponse]:
    browser = Browser(act_now().app)
    url = re.search(rf'"(/static/{name}\.[0-9a-f]{{12}}\.\w+)"', browser.get().html)
    assert url
    return url[1], browser.client.get(url[1], buffered=True)


@pytest.mark.req("SEC-05", "CDS-97")
@pytest.mark.parametrize(
    ("name", "kind"), [("app", "text/css"), ("page", "text/javascript"), ("icon", "image/svg+xml")]
)
def test_pages_link_names_that_may_be_kept_for_good(name: str, kind: str) -> None:
    _, answer = linked(name)
    assert (answer.status_code, answer.mimetype) == (200, kind)
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "max-age" in answer.headers["Strict-Transport-Security"]
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert answer.data in [path.read_bytes() for path in (ROOT / "static").iterdir()]


def test_another_content_would_have_another_name() -> None:
    url, _ = linked("app")
    other = re.sub(r"\.[0-9a-f]{12}\.", ".000000000000.", url)
    assert act_now().app.test_client().get(other, buffered=True).status_code == 404


def test_what_has_not_changed_is_not_sent_again() -> None:
    url, answer = linked("app")
    again = (
        act_now()
        .app.test_client()
        .get(url, buffered=True, headers={"If-Modified-Since": answer.headers["Last-Modified"]})
    )
    assert (again.status_code, again.data) == (304, b"")
