"""What must hold between settings, and what production refuses (SAL-34, SEC-13, SEC-14, SEC-30, CDS-80)."""

import base64
import binascii
import re
from difflib import get_close_matches
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from smartapp.clinical.policy import PolicyError, SitePolicy, build_policy
from smartapp.config.addresses import LOOPBACK, check_database, check_origin, check_proxy, check_url
from smartapp.config.errors import ConfigError, Mistakes
from smartapp.config.production import check_production
from smartapp.config.settings import CdsClient, Ehr, OutboundSettings, Settings

SANDBOX = "https://sandbox.cds-hooks.org"
PUBLISHED_KEYS = frozenset({"QWI9fI8TcNtdikhVs_M1N_Szb7BOj19etvIKfrQMa9k"})
"""Coordinates of public keys whose private part stands in a public repository (CDS-89)."""
_PLAIN = re.compile(r"[A-Za-z0-9\-._~]*")
_RATE = re.compile(r"[1-9][0-9]{0,8}/(second|minute|hour|day)")
_SECRET_BYTES = 32


def check(settings: Settings, partial: frozenset[str] = frozenset()) -> None:
    """`ConfigError` with everything that does not hold; base_url and secrets are checked by `check_served`.

    `partial` names tables of which entries are missing because they could not be read: nothing is said of whom they should name.
    """
    found = Mistakes()
    with found.beside():
        policy_of(settings)
    with found.beside():
        _check_zone(settings)
    with found.beside():
        check_database(settings.database)
    with found.beside():
        _check_rates(settings)
    _check_reach(settings.outbound, "[outbound]", found)
    for name in ("name", "fhir_base"):
        with found.beside():
            _check_once([getattr(entry, name) for entry in settings.ehr], f"[[ehr]] entries have the same {name}")
    for ehr in settings.ehr:
        _check_ehr(ehr, settings, found)
        with found.beside():
            _check_same(ehr, settings)
    _check_callers(settings, found, bases_known="ehr" not in partial)
    for local, code in settings.codes.items():
        with found.beside():
            _check_code(local, code)
    found.end()


def check_served(settings: Settings, host: str) -> None:
    """What serving needs besides: a base_url, secrets in production, a loopback bind in development."""
    found = Mistakes()
    with found.beside():
        _check_base(settings)
    with found.beside():
        _check_bind(settings, host)
    with found.beside():
        secrets = secrets_of(settings)
        if not settings.development:
            check_production(settings, secrets)
    found.end()


def _check_base(settings: Settings) -> None:
    if not settings.base_url:
        raise ConfigError("base_url is required to serve: the address under which browsers and EHRs reach this app")
    check_url(settings.base_url, "base_url", development=settings.development)


def _check_bind(settings: Settings, host: str) -> None:
    if settings.development:
        if host not in LOOPBACK and not settings.allow_unsafe_bind:
            raise ConfigError(f"development mode binds to loopback only, not {host}, unless allow_unsafe_bind is true")
    elif not (settings.secret_key.get_secret_value() or settings.secret_key_file):
        raise ConfigError("secret_key_file is required in production: 32 random bytes, base64url, on a line")


def _check_zone(settings: Settings) -> None:
    try:
        ZoneInfo(settings.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise ConfigError(f"time_zone {settings.time_zone} is not a time zone such as Europe/Oslo") from None


def _check_code(local: str, code: str) -> None:
    if "|" not in local or "|" not in code:
        raise ConfigError(f"[codes] {local}: both sides have the form system|code")
    if any(not part.strip() for side in (local, code) for part in side.rsplit("|", 1)):
        raise ConfigError(f"[codes] {local}: neither the system nor the code may be empty")
    beginning = local.rsplit("|", 1)[1]
    if "*" in beginning.removesuffix("*") or beginning == "*" or "*" in code:
        raise ConfigError(
            f"[codes] {local}: * may stand only at the end of the code on the left, after at least one sign (system|I61.*)"
        )


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


def _check_once(values: list[str], words: str) -> None:
    if len(values) != len(set(values)):
        raise ConfigError(f"two {words}")


def _check_rates(settings: Settings) -> None:
    for name in ("hooks", "launch"):
        rate = getattr(settings.limits, name)
        if rate and not _RATE.fullmatch(rate):
            raise ConfigError(f'[limits] {name} must be a rate such as "600/minute", or "" for none, not {rate}')


def _check_ehr(ehr: Ehr, settings: Settings, found: Mistakes) -> None:
    development = settings.development
    for key, url in (("fhir_base", ehr.fhir_base), ("issuer", ehr.issuer)):
        if url or key == "fhir_base":
            with found.beside():
                check_url(url, f"{key} of [[ehr]] {ehr.name}", development=development)
    for key, origins in (("endpoint_origins", ehr.endpoint_origins), ("frame_ancestors", ehr.frame_ancestors)):
        for origin in origins:
            with found.beside():
                check_origin(origin, f"each of {key} of [[ehr]] {ehr.name}", development=development)
    _check_reach(ehr, f"[[ehr]] {ehr.name}", found)
    if ehr.client_auth == "client_secret_basic" or ehr.client_secret.get_secret_value():
        with found.beside():
            _check_basic(ehr)


def _check_reach(entry: Ehr | OutboundSettings, name: str, found: Mistakes) -> None:
    """A proxy is an http address on the way out, a file of authorities holds certificates in PEM."""
    if entry.proxy:
        with found.beside():
            check_proxy(entry.proxy, f"proxy of {name}")
    if entry.ca_file:
        with found.beside():
            _check_authorities(entry.ca_file, name)


def _check_authorities(file: Path, name: str) -> None:
    from cryptography.x509 import load_pem_x509_certificates  # noqa: PLC0415 - only where a site names a file

    try:
        load_pem_x509_certificates(file.read_bytes())
    except OSError as error:
        raise ConfigError(f"ca_file of {name} could not be read: {file}: {error.strerror}") from None
    except ValueError:
        raise ConfigError(f"ca_file of {name} holds no certificates in PEM form: {file}") from None


def _check_same(ehr: Ehr, settings: Settings) -> None:
    """One step, so that all that reach the same records name the same entry."""
    if not ehr.same_as:
        return
    other = next((entry for entry in settings.ehr if entry.name == ehr.same_as), None)
    if other is None or other is ehr:
        raise ConfigError(f"[[ehr]] {ehr.name}: same_as names no other [[ehr]], {ehr.same_as}")
    if other.same_as:
        raise ConfigError(f"[[ehr]] {ehr.name}: same_as must name {other.same_as}, which {other.name} is the same as")


def _check_basic(ehr: Ehr) -> None:
    """Characters that every server reads the same in a Basic header (SAL-34)."""
    secret = ehr.client_secret.get_secret_value()
    if not secret:
        raise ConfigError(f"[[ehr]] {ehr.name} needs client_secret_file for client_auth client_secret_basic")
    if not (ehr.basic_encoding or (_PLAIN.fullmatch(secret) and _PLAIN.fullmatch(ehr.client_id))):
        raise ConfigError(
            f"[[ehr]] {ehr.name}: client_id and client_secret may hold only letters, digits and - . _ ~, unless basic_encoding says "
            "how its server reads them: form (RFC 6749) or plain (SMART's example)"
        )


def _check_callers(settings: Settings, found: Mistakes, *, bases_known: bool) -> None:
    for name in ("name", "issuer"):
        with found.beside():
            callers = [getattr(caller, name) for caller in settings.cds_client]
            _check_once(callers, f"[[cds_client]] entries have the same {name}")
    bases = [ehr.fhir_base for ehr in settings.ehr]
    for caller in settings.cds_client:
        if not caller.require_jwt and not settings.development:
            with found.beside():
                raise ConfigError(f"[[cds_client]] {caller.name}: require_jwt = false is allowed only in development")
        for server in caller.fhir_servers if bases_known else ():
            with found.beside():
                _check_server(caller, server, bases)
        _check_caller_addresses(caller, settings, found)


def _check_server(caller: CdsClient, server: str, bases: list[str]) -> None:
    if server in bases:
        return
    same = next((base for base in bases if base.rstrip("/") == server.rstrip("/")), "")
    near = [same] if same else get_close_matches(server, bases, 1)
    meant = f"; did you mean {near[0]}, with every character as it stands there?" if near else ""
    raise ConfigError(f"[[cds_client]] {caller.name}: {server} is not the fhir_base of an [[ehr]]{meant}")


def _check_caller_addresses(caller: CdsClient, settings: Settings, found: Mistakes) -> None:
    with found.beside():
        _check_keys(caller, settings)
    with found.beside():
        _check_published(caller, development=settings.development)
    for origin in caller.cors_origins:
        with found.beside():
            check_origin(
                origin, f"each of cors_origins of [[cds_client]] {caller.name}", development=settings.development
            )


def _check_keys(caller: CdsClient, settings: Settings) -> None:
    if caller.jwks_uri and caller.jwks_file:
        raise ConfigError(f"[[cds_client]] {caller.name} has both jwks_uri and jwks_file: keep one")
    if caller.jwks_uri:
        check_url(caller.jwks_uri, f"jwks_uri of [[cds_client]] {caller.name}", development=settings.development)
    elif caller.require_jwt and not caller.jwks_file:
        raise ConfigError(f"[[cds_client]] {caller.name} needs jwks_uri or jwks_file to verify its calls")


def _check_published(caller: CdsClient, *, development: bool) -> None:
    """Keys published for demonstration open nothing in production (CDS-89); a key file must be there to be read."""
    text = ""
    if caller.jwks_file:
        try:
            text = caller.jwks_file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise ConfigError(f"jwks_file of [[cds_client]] {caller.name} could not be read") from None
    is_sandbox = SANDBOX in (caller.issuer.rstrip("/"), caller.jwks_uri.removesuffix("/.well-known/jwks.json"))
    if not development and (is_sandbox or any(key in text for key in PUBLISHED_KEYS)):
        raise ConfigError(
            f"[[cds_client]] {caller.name}: the public sandbox's private key is known to everyone; it is accepted only in development"
        )
