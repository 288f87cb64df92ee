"""What an address in the settings must look like: a URL of a server, an origin, a database."""

import re
from urllib.parse import SplitResult, urlsplit

from smartapp.config.errors import ConfigError

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_ORIGIN = re.compile(r"https?://(?:[A-Za-z0-9](?:[A-Za-z0-9.\-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?")
_DATABASES = ("sqlite:///", "postgresql+psycopg://")


def check_url(url: str, name: str, *, development: bool) -> None:
    """`ConfigError` unless it is https (http on loopback in development), without query, fragment or credentials."""
    parts = _split(url, name)
    if parts.query or parts.fragment or parts.username is not None or re.search(r"\s", url):
        raise ConfigError(f"{name} must be an address without query, fragment, user name or spaces")
    _check_scheme(parts, name, development=development)


def check_origin(origin: str, name: str, *, development: bool) -> None:
    """`ConfigError` unless it is scheme, host and port alone: it stands in headers as it is (SEC-04)."""
    if not _ORIGIN.fullmatch(origin):
        raise ConfigError(f"{name} must be an origin such as https://ehr.example.org, not {origin}")
    _check_scheme(_split(origin, name), name, development=development)


def check_proxy(address: str, name: str) -> None:
    """`ConfigError` unless it is a proxy's http address, host and port alone."""
    if not (_ORIGIN.fullmatch(address) and address.startswith("http://")):
        raise ConfigError(f"{name} must be an address such as http://proxy.example:3128, not {address}")


def check_database(url: str) -> None:
    """`ConfigError` unless it is one of the databases we know; the URL is not repeated, it may hold a password."""
    if not url.startswith(_DATABASES):
        raise ConfigError("database_url must begin with sqlite:/// or postgresql+psycopg://")


def without_password(url: str) -> str:
    """The URL as it may be printed, whatever its password holds."""
    return re.sub(r"(?<=://)([^:/@]*):.*@", r"\1:(hidden)@", re.sub(r"(?i)(password=)[^&]*", r"\1(hidden)", url))


def _split(url: str, name: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ConfigError(f"{name} must be an https URL, not {url}")
    return parts


def _check_scheme(parts: SplitResult, name: str, *, development: bool) -> None:
    if parts.scheme == "http" and not (development and parts.hostname in LOOPBACK):
        raise ConfigError(f"{name} must be https; http is allowed for loopback in development only")
