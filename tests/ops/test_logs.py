"""A line of the log: one line, known keys, no words of an exception, nothing of what a library quotes."""

import io
import json
import logging
import subprocess
import sys
from typing import Any

import pytest

from smartapp.ops.logs import Adopted, make_log, template, told_of


def lines(level: str, *told: dict[str, Any]) -> list[dict[str, Any]]:
    stream = io.BytesIO()
    for about in told:
        make_log(level, stream).info("request", **about)
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.req("SEC-33")
@pytest.mark.parametrize("odd", ["a\r\nb", 'a\n{"event": "b"}', "a\u2028b", "a\x1b[2Jb", "a\x85b"])
def test_a_line_stays_one_line(odd: str) -> None:
    stream = io.BytesIO()
    make_log("info", stream).info("request", why=odd)
    text = stream.getvalue().decode()
    assert len(text.splitlines()) == 1
    assert json.loads(text)["why"].startswith("a ")


@pytest.mark.req("SEC-33")
def test_only_known_keys_are_kept_and_long_words_are_cut() -> None:
    (line,) = lines("info", {"route": "/launch", "patient_name": "DOE", "token": "secret", "why": "x" * 5000})
    assert set(line) == {"time", "level", "event", "route", "why"}
    assert len(line["why"]) == 300


def test_a_level_that_is_not_wanted_is_not_written() -> None:
    assert lines("warning", {"route": "/launch"}) == []


@pytest.mark.req("SEC-33", "SEC-34")
def test_an_exception_is_its_kind_and_place_without_its_words() -> None:
    with pytest.raises(ValueError, match="DOE") as caught:
        int("0.8 of Jane DOE")
    told = told_of(caught.value)
    assert told["error"] == "ValueError"
    assert "test_logs.test_an_exception" in told["trace"]
    assert "DOE" not in str(told)


@pytest.mark.req("SEC-33")
@pytest.mark.parametrize(
    ("message", "arguments", "words"),
    [
        ("Error handling request %s %s", ("GET", "/callback?code=1"), "Error handling request … …"),
        ("Worker %s was sent %d", ("x", 9), "Worker … was sent 9"),
        ("Invalid request from ip=1.2.3.4: Invalid HTTP Header: 'DOE'", (), "Invalid request from ip=1.2.3.4"),
        (ValueError("DOE"), (), "ValueError"),
        ("%d connections", ("many",), "%d connections"),
    ],
)
def test_the_words_of_libraries_lose_what_they_are_about(message: Any, arguments: tuple[Any, ...], words: str) -> None:
    assert template(message, arguments) == words


@pytest.mark.req("SEC-33")
def test_a_library_speaks_in_our_lines() -> None:
    stream = io.BytesIO()
    told = logging.LogRecord("urllib3", logging.WARNING, "", 1, "Retrying %s", ("/Patient?name=DOE",), None)
    Adopted(make_log("info", stream)).emit(told)
    line = json.loads(stream.getvalue())
    assert (line["event"], line["logger"], line["why"], line["level"]) == (
        "library",
        "urllib3",
        "Retrying …",
        "warning",
    )


def test_asking_the_rules_needs_no_log() -> None:
    code = "import sys, smartapp, smartapp.cli.assess_file; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"structlog", "prometheus_client", "rich", "whitenoise"} & set(loaded)
