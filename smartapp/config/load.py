"""Reading the settings: file, then environment, then checks; every mistake is one sentence."""

import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError

from smartapp.config.addresses import without_password
from smartapp.config.checks import check
from smartapp.config.errors import ConfigError, Mistakes
from smartapp.config.settings import Budgets, CdsClient, Ehr, Limits, OutboundSettings, RetentionSettings, Settings

_PREFIX = "SMARTAPP_"
_PATHS = ("data_dir", "secret_key_file")
_NOT_SETTINGS = frozenset({"SMARTAPP_CONFIG"})
_NESTED: Mapping[str, type[BaseModel]] = {
    "limits": Limits,
    "budgets": Budgets,
    "retention": RetentionSettings,
    "outbound": OutboundSettings,
    "ehr": Ehr,
    "cds_client": CdsClient,
}


def load_settings(file: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of a file (or `SMARTAPP_CONFIG`) and the environment; `ConfigError` names everything that is wrong."""
    settings, mistakes = examined_settings(file, environ)
    if mistakes:
        raise ConfigError(*mistakes)
    return settings


def examined_settings(
    file: Path | None = None, environ: Mapping[str, str] | None = None
) -> tuple[Settings, tuple[str, ...]]:
    """The settings as far as they can be used, and a sentence for each mistake; `ConfigError` where there is no file to read."""
    env = os.environ if environ is None else environ
    chosen = file or (Path(env["SMARTAPP_CONFIG"]) if env.get("SMARTAPP_CONFIG") else None)
    document = _file(chosen) if chosen else {}
    folder = chosen.resolve().parent if chosen else Path.cwd()
    found = Mistakes()
    merged = _with_files(_absolute(_merged(document, env, found), folder), folder, found)
    settings, partial = _readable(merged, found)
    with found.beside():
        check(settings, partial)
    return settings, tuple(found.found)


def build(document: Mapping[str, Any]) -> Settings:
    """The settings of a document, without the checks between them."""
    try:
        return Settings.model_validate(document)
    except ValidationError as error:
        raise ConfigError(*(_sentence(each, document) for each in error.errors())) from None


def _readable(document: dict[str, Any], found: Mistakes) -> tuple[Settings, frozenset[str]]:
    """The settings without what is not valid, so that the rest is looked at too; and the tables that lost an entry."""
    lost: set[str] = set()
    while True:
        try:
            return Settings.model_validate(document), frozenset(lost)
        except ValidationError as error:
            mistakes = error.errors()
            found.add(*(_sentence(each, document) for each in mistakes))
            lost |= {str(each["loc"][0]) for each in mistakes}
            document, before = _without(document, [each["loc"] for each in mistakes]), document
            if document == before:  # a mistake that cannot be left out
                found.end()


def _without(document: dict[str, Any], places: Iterable[tuple[int | str, ...]]) -> dict[str, Any]:
    """Without the settings at these places: one of an entry of a table takes its entry with it."""
    tables = {(place[0], place[1]) for place in places if len(place) > 1 and isinstance(place[1], int)}
    inner = {(place[0], place[1]) for place in places if len(place) > 1 and not isinstance(place[1], int)}
    whole = {place[0] for place in places if len(place) == 1}
    kept: dict[str, Any] = {}
    for name, value in document.items():
        if name in whole:
            continue
        if isinstance(value, list):
            kept[name] = [entry for number, entry in enumerate(value) if (name, number) not in tables]
        elif isinstance(value, dict):
            kept[name] = {key: entry for key, entry in value.items() if (name, key) not in inner}
        else:
            kept[name] = value
    return kept


def _file(path: Path) -> dict[str, Any]:
    text = _text(path, "the configuration file")
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"the configuration file {path} is not TOML: {error}") from None


def _merged(document: Mapping[str, Any], env: Mapping[str, str], found: Mistakes) -> dict[str, Any]:
    merged = {name: dict(value) if isinstance(value, dict) else value for name, value in document.items()}
    for name, text in sorted(env.items()):
        if not name.startswith(_PREFIX) or name in _NOT_SETTINGS:
            continue
        with found.beside():
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
    outbound = document.get("outbound")
    if isinstance(outbound, dict) and outbound.get("ca_file"):
        document["outbound"] = {**outbound, "ca_file": folder / str(outbound["ca_file"])}
    url = document.get("database_url")
    if isinstance(url, str) and url.startswith("sqlite:///") and not url.startswith("sqlite:////"):
        document["database_url"] = f"sqlite:///{folder / url.removeprefix('sqlite:///')}"
    return document


def _with_files(document: dict[str, Any], folder: Path, found: Mistakes) -> dict[str, Any]:
    """Secrets given as files."""
    if document.get("secret_key_file"):
        with found.beside():
            if document.get("secret_key"):
                raise ConfigError("secret_key and secret_key_file are both given: keep one")
            document["secret_key"] = _text(Path(document["secret_key_file"]), "secret_key_file")
    for table, located in (("ehr", _ehr_files), ("cds_client", _key_file)):
        entries = document.get(table)
        if isinstance(entries, list):
            document[table] = [located(entry, folder, found) if isinstance(entry, dict) else entry for entry in entries]
    return document


def _ehr_files(entry: dict[str, Any], folder: Path, found: Mistakes) -> dict[str, Any]:
    if entry.get("ca_file"):
        entry = {**entry, "ca_file": folder / str(entry["ca_file"])}
    file = entry.get("client_secret_file")
    if not file:
        return entry
    path = folder / str(file)
    with found.beside():
        return {**entry, "client_secret_file": path, "client_secret": _text(path, "client_secret_file").strip()}
    return entry


def _key_file(entry: dict[str, Any], folder: Path, _: Mistakes) -> dict[str, Any]:
    file = entry.get("jwks_file")
    return {**entry, "jwks_file": folder / str(file)} if file else entry


def _text(path: Path, name: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{name} {path} could not be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{name} {path} could not be read: it is not UTF-8 text") from None


def _sentence(mistake: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    place = _place(mistake["loc"], document)
    if mistake["type"] == "extra_forbidden":
        known = _known(mistake["loc"])
        near = get_close_matches(str(mistake["loc"][-1]), known, 1, 0.4)
        return f"there is no setting {place}" + (f"; did you mean {near[0]}?" if near else "")
    if mistake["type"] == "missing":
        return f"the setting {place} is required"
    if mistake["loc"][-1] == "name" and mistake["type"] == "string_pattern_mismatch":
        return f"the setting {place} is not valid: small letters, digits and hyphens, such as st-x"
    message = mistake["msg"][0].lower() + mistake["msg"][1:]
    return f"the setting {place} is not valid: {message}"


def _place(path: tuple[int | str, ...], document: Mapping[str, Any]) -> str:
    """`limits.idle_minutes`; of a table's entry its name, or its number counted from one as `config check` prints it."""
    if len(path) > 1 and isinstance(path[1], int):
        entries = document.get(str(path[0]))
        entry = entries[path[1]] if isinstance(entries, list) else None
        name = entry.get("name") if isinstance(entry, dict) else None
        named = str(name) if isinstance(name, str) and path[-1] != "name" else f"number {path[1] + 1}"
        inside = ".".join(str(part) for part in path[2:])
        return f"{inside} of [[{path[0]}]] {named}" if inside else f"[[{path[0]}]] {named}"
    return ".".join(str(part) for part in path)


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
            yield f"{prefix}{name} = {without_password(value) if name == 'database_url' else _printed(value)}"


def _printed(value: Any) -> str:
    """A value as the file would hold it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return (
            "{" + ", ".join(f"{key} = {_printed(inner)}" for key, inner in value.items()) + "}" if value else "(none)"
        )
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_printed(inner) for inner in value) + "]" if value else "(none)"
    if value is None or value == "":
        return "(not set)"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
