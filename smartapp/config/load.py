"""Reading the settings: file, then environment, then checks; every mistake is one sentence."""

import os
import tomllib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError

from smartapp.config.addresses import without_password
from smartapp.config.checks import check
from smartapp.config.errors import ConfigError
from smartapp.config.settings import Budgets, CdsClient, Ehr, Limits, RetentionSettings, Settings

_PREFIX = "SMARTAPP_"
_PATHS = ("data_dir", "secret_key_file")
_NOT_SETTINGS = frozenset({"SMARTAPP_CONFIG"})
_NESTED: Mapping[str, type[BaseModel]] = {
    "limits": Limits,
    "budgets": Budgets,
    "retention": RetentionSettings,
    "ehr": Ehr,
    "cds_client": CdsClient,
}


def load_settings(file: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of a file (or `SMARTAPP_CONFIG`) and the environment; `ConfigError` names what is wrong."""
    env = os.environ if environ is None else environ
    chosen = file or (Path(env["SMARTAPP_CONFIG"]) if env.get("SMARTAPP_CONFIG") else None)
    document = _file(chosen) if chosen else {}
    merged = _merged(document, env)
    folder = chosen.resolve().parent if chosen else Path.cwd()
    settings = build(_with_files(_absolute(merged, folder), folder))
    check(settings)
    return settings


def build(document: Mapping[str, Any]) -> Settings:
    """The settings of a document, without the checks between them."""
    try:
        return Settings.model_validate(document)
    except ValidationError as error:
        raise ConfigError(_sentence(error)) from None


def _file(path: Path) -> dict[str, Any]:
    text = _text(path, "the configuration file")
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"the configuration file {path} is not TOML: {error}") from None


def _merged(document: Mapping[str, Any], env: Mapping[str, str]) -> dict[str, Any]:
    merged = {name: dict(value) if isinstance(value, dict) else value for name, value in document.items()}
    for name, text in sorted(env.items()):
        if not name.startswith(_PREFIX) or name in _NOT_SETTINGS:
            continue
        _put(merged, name.removeprefix(_PREFIX).lower().split("__"), text, name)
    return merged


def _put(document: dict[str, Any], path: list[str], text: str, name: str) -> None:
    if path[0] in ("ehr", "cds_client", "codes"):
        raise ConfigError(f"{name} cannot be given in the environment: {path[0]} is a table of the file")
    if path[0] not in Settings.model_fields and path[0] != "":
        near = get_close_matches(path[0], Settings.model_fields, 1)
        raise ConfigError(f"{name} is not a setting" + (f"; did you mean {_PREFIX}{near[0].upper()}?" if near else ""))
    for step in path[:-1]:
        inner = document.setdefault(step, {})
        if not isinstance(inner, dict):
            raise ConfigError(f"{name} goes deeper than the setting {step}")
        document = inner
    document[path[-1]] = text


def _absolute(document: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Relative paths count from the file's folder, the default of data_dir too."""
    document.setdefault("data_dir", Settings.model_fields["data_dir"].default)
    for name in _PATHS:
        if document.get(name):
            document[name] = folder / str(document[name])
    url = document.get("database_url")
    if isinstance(url, str) and url.startswith("sqlite:///") and not url.startswith("sqlite:////"):
        document["database_url"] = f"sqlite:///{folder / url.removeprefix('sqlite:///')}"
    return document


def _with_files(document: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Secrets given as files."""
    if document.get("secret_key_file"):
        if document.get("secret_key"):
            raise ConfigError("secret_key and secret_key_file are both given: keep one")
        document["secret_key"] = _text(Path(document["secret_key_file"]), "secret_key_file")
    for table, located in (("ehr", _ehr_secret), ("cds_client", _key_file)):
        entries = document.get(table)
        if isinstance(entries, list):
            document[table] = [located(entry, folder) if isinstance(entry, dict) else entry for entry in entries]
    return document


def _ehr_secret(entry: dict[str, Any], folder: Path) -> dict[str, Any]:
    file = entry.get("client_secret_file")
    if not file:
        return entry
    path = folder / str(file)
    return {**entry, "client_secret_file": path, "client_secret": _text(path, "client_secret_file").strip()}


def _key_file(entry: dict[str, Any], folder: Path) -> dict[str, Any]:
    file = entry.get("jwks_file")
    return {**entry, "jwks_file": folder / str(file)} if file else entry


def _text(path: Path, name: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{name} {path} could not be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{name} {path} could not be read: it is not UTF-8 text") from None


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        known = _known(first["loc"])
        near = get_close_matches(str(first["loc"][-1]), known, 1, 0.4)
        return f"there is no setting {place}" + (f"; did you mean {near[0]}?" if near else "")
    message = first["msg"][0].lower() + first["msg"][1:]
    return f"the setting {place} is not valid: {message}"


def _known(place: tuple[int | str, ...]) -> list[str]:
    model = _NESTED.get(str(place[0])) if len(place) > 1 else Settings
    return list((model or Settings).model_fields)


def shown(settings: Settings) -> Iterator[str]:
    """The effective configuration, a line each, secrets hidden."""
    yield from _lines(settings, "")


def _lines(model: BaseModel, prefix: str) -> Iterator[str]:
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, SecretStr):
            yield f"{prefix}{name} = {'(hidden)' if value.get_secret_value() else '(not set)'}"
        elif isinstance(value, BaseModel):
            yield from _lines(value, f"{prefix}{name}.")
        elif isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
            for number, entry in enumerate(value, start=1):
                yield from _lines(entry, f"{prefix}{name}[{number}].")
        else:
            yield f"{prefix}{name} = {without_password(value) if name == 'database_url' else value}"
