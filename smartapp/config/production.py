"""What production mode refuses besides: secrets that others can read or that the world knows, and a debugger (SAL-41, SEC-34)."""

import os
import stat
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path

from smartapp.config.mistake import ConfigError
from smartapp.config.settings import Settings

_FEWEST_VALUES = 12
"""Of 32 random bytes fewer than twelve different ones do not occur in practice."""
_DEBUGGERS = ("FLASK_DEBUG", "WERKZEUG_DEBUG_PIN")
_OFF = ("", "0", "false", "no", "off")
_PUBLISHED_SECRETS = frozenset({"demo-secret-not-for-real-use"})
"""Client secrets that stand in this repository."""


def check_production(settings: Settings, secrets: list[bytes], environ: Mapping[str, str] | None = None) -> None:
    """`ConfigError` for the first thing that production must not have."""
    for name in _DEBUGGERS:
        if (os.environ if environ is None else environ).get(name, "").lower() not in _OFF:
            raise ConfigError(f"{name} is set in the environment: production has no debugger, unset it")
    for secret in secrets:
        if not _looks_random(secret):
            raise ConfigError("secret_key is a test key, not 32 random bytes: make one as docs/configuration.md says")
    for ehr in settings.ehr:
        if ehr.client_secret.get_secret_value() in _PUBLISHED_SECRETS:
            raise ConfigError(f"client_secret of [[ehr]] {ehr.name} is the demo's, which everyone knows")
    for name, path in _secret_files(settings):
        _check_private(name, path)


def _looks_random(secret: bytes) -> bool:
    """Neither a few values repeated, nor values that follow each other, as test data have."""
    steps = {(after - before) % 256 for before, after in pairwise(secret)}
    return min(len(set(secret)), len(steps)) >= _FEWEST_VALUES


def _secret_files(settings: Settings) -> Iterator[tuple[str, Path]]:
    if settings.secret_key_file:
        yield "secret_key_file", settings.secret_key_file
    for ehr in settings.ehr:
        if ehr.client_secret_file:
            yield f"client_secret_file of [[ehr]] {ehr.name}", ehr.client_secret_file


def _check_private(name: str, path: Path) -> None:
    """Others may not read it, and only its owner may change it."""
    mode = path.stat().st_mode
    if mode & (stat.S_IROTH | stat.S_IWOTH | stat.S_IWGRP):
        raise ConfigError(f"{name} {path} can be read or changed by others: give it mode 0600, or 0640 for its group")
