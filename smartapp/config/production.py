"""What production mode refuses besides: secrets that others can change or that the world knows, and a debugger (SAL-41, SEC-34)."""

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from smartapp.config.errors import ConfigError
from smartapp.config.settings import Settings

_PUBLISHED_KEYS = frozenset({"47376d42e4a5ef0a79ee640eed31b0705a7ac18e95731a5e72ffacdae9d034c9"})
"""SHA-256 of the secret keys that stand in this repository, in its tests."""
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
        if hashlib.sha256(secret).hexdigest() in _PUBLISHED_KEYS:
            raise ConfigError(
                "secret_key is the tests' key, which everyone knows: make one as docs/configuration.md says"
            )
    for ehr in settings.ehr:
        if ehr.client_secret.get_secret_value() in _PUBLISHED_SECRETS:
            raise ConfigError(f"client_secret of [[ehr]] {ehr.name} is the demo's, which everyone knows")
    for name, path in _secret_files(settings):
        _check_private(name, path)


def readable_by_others(settings: Settings) -> tuple[str, ...]:
    """A sentence for each secret file that every user of the machine can read: containers mount secrets so, others should not."""
    exposed = [(name, path) for name, path in _secret_files(settings) if path.stat().st_mode & stat.S_IROTH]
    return tuple(
        f"{name} {path} can be read by every user of this machine: give it mode 0600" for name, path in exposed
    )


def _secret_files(settings: Settings) -> Iterator[tuple[str, Path]]:
    if settings.secret_key_file:
        yield "secret_key_file", settings.secret_key_file
    for ehr in settings.ehr:
        if ehr.client_secret_file:
            yield f"client_secret_file of [[ehr]] {ehr.name}", ehr.client_secret_file


def _check_private(name: str, path: Path) -> None:
    """Only its owner may change it; a file that cannot be read is told where it is read."""
    if path.exists() and path.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise ConfigError(f"{name} {path} can be changed by others: give it mode 0600")
