"""What gunicorn says comes as our lines: its words, never what a request said."""

import json
from typing import Any

import pytest

from smartapp.cli.server_log import server_log


@pytest.fixture
def spoken(capfdbinary: Any) -> Any:
    log = server_log("info")(object())
    return lambda: [json.loads(line) for line in capfdbinary.readouterr().err.splitlines()], log


@pytest.mark.req("SEC-33")
def test_a_request_that_gunicorn_cannot_answer_is_told_without_its_address(spoken: Any) -> None:
    lines, log = spoken
    try:
        int("token=secret")
    except ValueError:
        log.exception("Error handling request %s", "/callback?code=secret")
        log.error("Unhandled exception in main loop", exc_info=True)
    log.warning("Invalid request from ip=1.2.3.4: 'Authorization: secret'")
    log.debug("%d workers", 2, extra={"metric": "gunicorn.workers"})
    told = lines()
    assert [line["level"] for line in told] == ["error", "error", "warning"]
    assert [line.get("error") for line in told] == ["ValueError", "ValueError", None]
    assert "secret" not in str(told)
