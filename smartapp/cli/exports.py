"""Exports that a program can read: JSON Lines, or CSV that a spreadsheet opens as text."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from smartapp.cli.databases import Storage
from smartapp.storage import audit_verify, feedback_export

_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def feedback(kept: Storage, *, since: datetime | None, until: datetime | None, form: str, rates: bool) -> Iterator[str]:
    """What clinicians answered between two times, a line each; with `rates` how often each rule was overridden."""
    start, end = _seconds(since, until)
    rows: Iterable[Mapping[str, str]]
    if rates:
        rows = feedback_export.rates(kept.database, since=start, until=end)
    else:
        organization = kept.settings.organization
        rows = feedback_export.events(kept.database, kept.keyring, organization=organization, since=start, until=end)
    return printed(rows, form)


def audit(kept: Storage, *, since: datetime | None, until: datetime | None, form: str) -> Iterator[str]:
    """The audit's records between two times, a line each with every field."""
    start, end = _seconds(since, until)
    return printed(audit_verify.records(kept.database, since=start, until=end), form)


def _seconds(since: datetime | None, until: datetime | None) -> tuple[float, float]:
    return since.timestamp() if since else float("-inf"), until.timestamp() if until else float("inf")


def printed(rows: Iterable[Mapping[str, Any]], form: str) -> Iterator[str]:
    """Lines without their ends; CSV begins with the names, where there is any row."""
    for number, row in enumerate(rows):
        if form == "jsonl":
            yield json.dumps(row, ensure_ascii=False)
            continue
        if number == 0:
            yield _line(row.keys())
        yield _line(_inert(_in_a_cell(value)) for value in row.values())


def _in_a_cell(value: Any) -> str:
    return "; ".join(f"{name} {told}" for name, told in value.items()) if isinstance(value, Mapping) else str(value)


def _line(values: Iterable[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(values)
    return text.getvalue()


def _inert(value: str) -> str:
    """No spreadsheet takes what a person wrote for a formula."""
    return f"'{value}" if value.startswith(_FORMULAS) else value
