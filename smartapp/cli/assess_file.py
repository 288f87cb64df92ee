"""Assess patients from files: no server, no configuration needed (interfaces.md section 2)."""

import json
import os
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from smartapp.clinical.derived_facts import Action
from smartapp.clinical.policy import PolicyError, build_policy
from smartapp.clinical.report import as_json
from smartapp.clinical.sentences import as_text
from smartapp.clinical.would_change import would_change
from smartapp.fhir.chart import Chart
from smartapp.fhir.chart_from_json import UnusableFile, read_file
from smartapp.fhir.queries import QUERIES
from smartapp.usecases.assess import Site, assess_chart

_CONCERNED = ("SMARTAPP_CONFIG", "SMARTAPP_SITE__", "SMARTAPP_TIME_ZONE")  # what of the environment an answer rests on


class OfflineError(ValueError):
    """Unusable input or options; one sentence that names the place."""


def assess_files(
    files: Sequence[str], *, patient: str | None, as_of: datetime, config: Path | None, sets: Sequence[str], form: str
) -> tuple[str, int]:
    """What to print, and the exit code: 0 assessed, 3 where one cannot be assessed."""
    site = offline_site(config, sets)
    answers = [assess_chart(chart_of_file(file, patient), site=site, as_of=as_of) for file in files]
    code = 3 if any(answer.action is Action.CANNOT_ASSESS for answer in answers) else 0
    if form == "json":
        body: Any = [as_json(answer, would_change(answer)) for answer in answers]
        return json.dumps(body if len(files) > 1 else body[0], indent=2, ensure_ascii=False) + "\n", code
    return "\n".join(as_text(answer, would_change(answer)) for answer in answers), code


def chart_of_file(file: str, patient: str | None) -> Chart:
    """The chart in a file, `-` for standard input; `patient` names which, where there are several."""
    name = "standard input" if file == "-" else file
    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return read_file(raw, patient)
    except OSError as error:
        raise OfflineError(f"{name}: it could not be read: {error.strerror}") from None
    except UnusableFile as error:
        raise OfflineError(f"{name}: {error}") from None


def offline_site(config: Path | None, sets: Sequence[str] = ()) -> Site:
    """What a site brings: profile, then `[site]`, then `--set`."""
    site: dict[str, Any] = {}
    zone, codes = "UTC", {}
    if config is not None or any(name.startswith(_CONCERNED) for name in os.environ):
        settings = _settings(config)
        site, zone, codes = dict(settings.site), settings.time_zone, dict(settings.codes)
    profile = site.pop("profile", None)
    overrides = _flat(site)
    for item in sets:
        name, equals, value = item.partition("=")
        if not equals:
            raise OfflineError(f"--set {item}: write it as NAME=VALUE")
        overrides[name.strip()] = value
    try:
        policy = build_policy(str(profile) if profile else None, overrides)
    except PolicyError as error:
        raise OfflineError(str(error)) from None
    return Site(policy=policy, zone=ZoneInfo(zone), queries=QUERIES, local_codes=codes)


def _flat(site: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Dotted names, so that `--set` replaces what `[site]` says of the same parameter."""
    flat: dict[str, Any] = {}
    for name, value in site.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return flat


def _settings(config: Path | None) -> Any:
    from smartapp.config import errors, load  # noqa: PLC0415 - settings libraries only where something is set

    try:
        return load.load_settings(config)
    except errors.ConfigError as error:
        raise OfflineError(str(error)) from None
