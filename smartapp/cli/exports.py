"""Exports that a program can read: JSON Lines, or CSV that a spreadsheet opens as text."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from smartapp.cli.databases import opened
from smartapp.config.load import load_settings
from smartapp.factory.wiring import keyring_of
from smartapp.storage import answers

_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def feedback(
    config: Path | None, *, since: datetime | None, until: datetime | None, form: str, rates: bool
) -> Iterator[str]:
    """What clinicians answered between two times, a line each; with `rates` how often each rule was overridden."""
    settings = load_settings(config)
    start = since.timestamp() if since else float("-inf")
    end = until.timestamp() if until else float("inf")
    with opened(config, made=True) as database:
        rows: Iterable[Mapping[str, str]]
        if rates:
            rows = answers.rates(database, since=start, until=end)
        else:
            keyring = keyring_of(settings)
            rows = answers.events(database, keyring, organization=settings.organization, since=start, until=end)
        yield from printed(rows, form)


def printed(rows: Iterable[Mapping[str, str]], form: str) -> Iterator[str]:
    """Lines without their ends; CSV begins with the names, where there is any row."""
    for number, row in enumerate(rows):
        if form == "jsonl":
            yield json.dumps(row, ensure_ascii=False)
            continue
        if number == 0:
            yield _line(row.keys())
        yield _line(_inert(value) for value in row.values())


def _line(values: Iterable[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(values)
    return text.getvalue()


def _inert(value: str) -> str:
    """No spreadsheet takes what a person wrote for a formula."""
    return f"'{value}" if value.startswith(_FORMULAS) else value
