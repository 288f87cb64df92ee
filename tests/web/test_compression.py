"""Pages go out compressed where that is taken, and are the same pages."""

import gzip
import zlib
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from smartapp.web.compression import compress_pages
from smartapp.web.problems import streamed

PAGE = "<p>Fibrinogen 0.8 g/L</p>" * 400
ASKED = {"Accept-Encoding": "gzip, br"}


@pytest.fixture
def client() -> FlaskClient:
    app = Flask("pages")
    compress_pages(app)
    parts = [PAGE[:5000], PAGE[5000:]]
    app.add_url_rule("/whole", view_func=lambda: PAGE, endpoint="whole")
    app.add_url_rule("/parts", view_func=lambda: streamed(iter(parts)), endpoint="parts")
    app.add_url_rule("/small", view_func=lambda: "<p>small</p>", endpoint="small")
    app.add_url_rule("/problem", view_func=lambda: (PAGE, 404), endpoint="problem")
    return app.test_client()


@pytest.mark.parametrize("path", ["/whole", "/parts"])
def test_a_page_is_a_tenth_and_the_same(client: FlaskClient, path: str) -> None:
    sent = client.get(path, headers=ASKED)
    assert (sent.headers["Content-Encoding"], sent.headers["Vary"]) == ("gzip", "Accept-Encoding")
    assert len(sent.data) < len(PAGE) / 10
    assert gzip.decompress(sent.data).decode() == PAGE


def test_each_part_can_be_shown_when_it_comes(client: FlaskClient) -> None:
    parts: Iterator[bytes] = iter(client.get("/parts", headers=ASKED, buffered=False).iter_encoded())
    assert zlib.decompressobj(31).decompress(next(parts)).decode() == PAGE[:5000]


@pytest.mark.parametrize(("path", "headers"), [("/whole", {}), ("/small", ASKED), ("/problem", ASKED)])
def test_what_is_small_not_asked_for_or_a_problem_goes_as_it_is(
    client: FlaskClient, path: str, headers: dict[str, str]
) -> None:
    assert "Content-Encoding" not in client.get(path, headers=headers).headers
