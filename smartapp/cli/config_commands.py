"""`config check` and `config init`: all mistakes at once, what follows from the settings, and a file to begin with."""

import base64
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import click

from smartapp import assets
from smartapp.config.checks import check_served
from smartapp.config.consequences import consequences
from smartapp.config.errors import Mistakes
from smartapp.config.load import examined_settings, shown
from smartapp.config.production import readable_by_others
from smartapp.config.settings import Settings

_NAME = re.compile(r"[a-z0-9][a-z0-9\-]{0,62}")
_UNUSABLE = 2


class NotWritten(Exception):
    """Why `config init` wrote nothing, in a sentence."""


def checked(file: Path | None, *, online: bool) -> int:
    """Print and ask; the exit code."""
    found = Mistakes()
    with found.beside():
        settings, mistakes = examined_settings(file)
        found.add(*mistakes)
        with found.beside():
            check_served(settings, "127.0.0.1")
    if found.found:
        for mistake in found.found:
            click.echo(f"smartapp: {mistake}", err=True)
        return _UNUSABLE
    if online:
        from smartapp.cli.connectivity_check import told  # noqa: PLC0415 - imported when it runs

        click.echo("\n".join(_followed(settings)))
        return told(settings, click.echo)
    click.echo("\n".join((*shown(settings), "", *_followed(settings))))
    return 0


def _followed(settings: Settings) -> Iterator[str]:
    yield "What follows:"
    said = [*consequences(settings), *(f"{sentence}." for sentence in readable_by_others(settings))]
    yield from (f"  {sentence}" for sentence in said or ["nothing to remark."])
    if settings.ehr:
        yield ""
        yield from registration_list(settings.base_url)


def registration_list(base_url: str) -> Iterator[str]:
    """What an analyst registers at the EHR."""
    base = base_url.rstrip("/")
    yield "To register at the EHR:"
    yield f"  launch URL      {base}/launch"
    yield f"  redirect URI    {base}/callback"
    yield f"  public keys     {base}/.well-known/jwks.json"
    yield f"  all of it       {base}/.well-known/smart/manifest.json (scopes too)"
    yield f"  CDS Hooks       {base}/cds-services"


def written(ehr: str, out: Path) -> Iterator[str]:
    """Write both files, and say what is left to do; nothing that is there is written over."""
    if not _NAME.fullmatch(ehr):
        raise NotWritten(f"{ehr} cannot name an EHR: small letters, digits and hyphens, such as st-x")
    key = out.with_name("secret_key")
    for path in (out, key):
        if path.exists():
            raise NotWritten(f"{path} is there already: take it away or choose another --out")
    text = assets.site_file().read_text(encoding="utf-8").replace("st-x", ehr)
    try:
        key.touch(mode=0o600)
        key.write_text(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode() + "\n", encoding="utf-8")
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        key.unlink(missing_ok=True)
        raise NotWritten(f"{error.filename or out} could not be written: {error.strerror}") from None
    yield f"Written: {out}, and {key} with a fresh secret key (keep both from others)."
    yield f"Fill in what is marked FILL IN, then: smartapp config check --config {out} --online"
    yield ""
    yield from registration_list("https://app.example.org")
