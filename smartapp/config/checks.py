"""What must hold between settings, and what production refuses (SAL-34, SEC-13, SEC-14, SEC-30, CDS-80)."""

import base64
import binascii
import re
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from smartapp.clinical.policy import PolicyError, SitePolicy, build_policy
from smartapp.config.mistake import ConfigError
from smartapp.config.settings import Ehr, Settings

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_PLAIN = re.compile(r"[A-Za-z0-9\-._~]*")
_SECRET_BYTES = 32


def check(settings: Settings) -> None:
    """`ConfigError` for the first thing that does not hold; base_url and secrets are checked by `check_served`."""
    policy_of(settings)
    try:
        ZoneInfo(settings.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise ConfigError(f"time_zone {settings.time_zone} is not a time zone such as Europe/Oslo") from None
    names = [entry.name for entry in settings.ehr]
    if len(names) != len(set(names)):
        raise ConfigError("two [[ehr]] entries have the same name")
    for ehr in settings.ehr:
        _check_ehr(ehr, settings)
    _check_callers(settings)
    for local, code in settings.codes.items():
        if "|" not in local or "|" not in code:
            raise ConfigError(f"[codes] {local}: both sides have the form system|code")


def check_served(settings: Settings, host: str) -> None:
    """What serving needs besides: a base_url, secrets in production, a loopback bind in development."""
    if not settings.base_url:
        raise ConfigError("base_url is required to serve: the address under which browsers and EHRs reach this app")
    _check_url(settings.base_url, "base_url", settings)
    if settings.development:
        if host not in _LOOPBACK and not settings.allow_unsafe_bind:
            raise ConfigError(f"development mode binds to loopback only, not {host}, unless allow_unsafe_bind is true")
    elif not settings.secret_key.get_secret_value():
        raise ConfigError("secret_key_file is required in production: 32 random bytes, base64url, on a line")
    secrets_of(settings)


def policy_of(settings: Settings) -> SitePolicy:
    """The site's policy."""
    site = dict(settings.site)
    profile = site.pop("profile", None)
    try:
        return build_policy(str(profile) if profile is not None else None, site)
    except PolicyError as error:
        raise ConfigError(f"[site] {error}") from None


def secrets_of(settings: Settings) -> list[bytes]:
    """The secret keys, the first encrypts, the others are still read; empty if none is set."""
    lines = [line.strip() for line in settings.secret_key.get_secret_value().splitlines() if line.strip()]
    return [_decoded(line) for line in lines]


def _decoded(line: str) -> bytes:
    try:
        secret = base64.urlsafe_b64decode(line + "=" * (-len(line) % 4))
    except (binascii.Error, ValueError):
        raise ConfigError("secret_key is not base64url: make one with 32 random bytes") from None
    if len(secret) != _SECRET_BYTES:
        raise ConfigError(f"secret_key must be {_SECRET_BYTES} random bytes, not {len(secret)}")
    return secret


def _check_ehr(ehr: Ehr, settings: Settings) -> None:
    _check_url(ehr.fhir_base, f"fhir_base of [[ehr]] {ehr.name}", settings)
    if ehr.issuer:
        _check_url(ehr.issuer, f"issuer of [[ehr]] {ehr.name}", settings)
    if ehr.client_auth == "client_secret_basic":
        secret = ehr.client_secret.get_secret_value()
        if not secret:
            raise ConfigError(f"[[ehr]] {ehr.name} needs client_secret_file for client_auth client_secret_basic")
        if not (_PLAIN.fullmatch(secret) and _PLAIN.fullmatch(ehr.client_id)):
            raise ConfigError(
                f"[[ehr]] {ehr.name}: client_id and client_secret may hold only letters, digits and - . _ ~ (client_auth client_secret_basic)"
            )


def _check_callers(settings: Settings) -> None:
    bases = {ehr.fhir_base for ehr in settings.ehr}
    for caller in settings.cds_client:
        if not caller.require_jwt and not settings.development:
            raise ConfigError(f"[[cds_client]] {caller.name}: require_jwt = false is allowed only in development")
        for server in caller.fhir_servers:
            if server not in bases:
                raise ConfigError(f"[[cds_client]] {caller.name}: {server} is not the fhir_base of an [[ehr]]")


def _check_url(url: str, name: str, settings: Settings) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(f"{name} must be an https URL, not {url}")
    if parts.scheme == "http" and not (settings.development and parts.hostname in _LOOPBACK):
        raise ConfigError(f"{name} must be https; http is allowed for loopback in development only")
