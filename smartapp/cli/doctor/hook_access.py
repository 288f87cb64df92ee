"""The keys of those who call our hooks: reachable, and usable for what they may sign with (CDS-83)."""

from collections.abc import Callable, Iterator

from smartapp.cdshooks.client_auth import CdsClientCaller
from smartapp.cdshooks.key_sets import Fetched, usable
from smartapp.cli.doctor.findings import Sentence, note, ok, wanting
from smartapp.config.settings import CdsClient


def key_sentences(client: CdsClient, caller: CdsClientCaller, fetch: Callable[[str], Fetched]) -> Iterator[Sentence]:
    """What this caller's calls will meet."""
    where = client.jwks_uri or client.jwks_file
    if not client.require_jwt:
        yield note("Its calls are answered without a token (require_jwt = false): for development only.")
        if not where:
            return
    try:
        kids = usable(fetch(client.name).body, caller)
    except (OSError, ValueError) as error:
        yield wanting(f"Its keys at {where} could not be read ({error}): its signed calls are answered 401.")
        return
    algorithms = ", ".join(caller.algorithms)
    if kids:
        yield ok(f"Its keys at {where} were read; usable for {algorithms}: {', '.join(kids)}.")
    else:
        yield wanting(f"No key at {where} can be used for {algorithms}: its signed calls are answered 401.")
    if not client.fhir_servers:
        yield note("It has no fhir_servers: its calls are answered from their prefetch alone.")
