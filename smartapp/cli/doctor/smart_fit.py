"""What an EHR's SMART configuration means for us, whoever is registered: launch, client authentication, scopes, sessions."""

from collections.abc import Iterator, Mapping
from typing import Any

from smartapp.cli.doctor.findings import Sentence, note, ok, wanting
from smartapp.smart.keys import ALGORITHMS

_LAUNCHES = {"launch-ehr": "from the chart", "launch-standalone": "on their own"}
_AUTH = {"private_key_jwt": "client-confidential-asymmetric", "client_secret_basic": "client-confidential-symmetric"}


def words_in(document: Mapping[str, Any], name: str) -> frozenset[str]:
    """A list of words in the document; empty for anything else."""
    value = document.get(name)
    return frozenset(word for word in value if isinstance(word, str)) if isinstance(value, list) else frozenset()


def launch_sentences(document: Mapping[str, Any]) -> Iterator[Sentence]:
    """Whether it launches apps, with what it brings along."""
    offered, grants = words_in(document, "capabilities"), words_in(document, "grant_types_supported")
    if grants and "authorization_code" not in grants:
        yield wanting("It takes no authorization codes (grant_types_supported): nobody can launch the app there.")
        return
    ways = [words for name, words in _LAUNCHES.items() if name in offered]
    if offered and "launch-ehr" not in offered:
        yield note("It does not say that it launches apps from the chart (launch-ehr).")
    elif ways:
        yield ok(f"It launches apps {' and '.join(ways)}.")
    if "S256" not in words_in(document, "code_challenge_methods_supported"):
        yield note("It does not list PKCE with S256; the app uses it all the same.")
    if offered and not offered & {"context-ehr-patient", "context-standalone-patient", "launch-ehr"}:
        yield note("It does not say that a launch names its patient.")
    if "authorize-post" in offered:
        yield ok("A long authorization request goes by POST (authorize-post).")


def session_sentences(document: Mapping[str, Any]) -> Iterator[Sentence]:
    """How long a session lasts, and whether the board may read without a person."""
    offered = words_in(document, "capabilities")
    lasting = [name for name in ("online", "offline") if f"permission-{name}" in offered]
    if lasting:
        yield ok(f"Refresh tokens: where {' or '.join(f'{name}_access = true' for name in lasting)} is set.")
    else:
        yield note("It does not say that it gives refresh tokens: a session lasts as long as one access token.")
    if "client_credentials" in words_in(document, "grant_types_supported"):
        yield ok("The ward board may read as a backend service (client_credentials), where it is registered.")
    else:
        yield note("It lists no client_credentials: the ward board lives on what launches and hooks bring.")


def client_sentences(document: Mapping[str, Any]) -> Iterator[Sentence]:
    """Which client authentication of ours it takes."""
    methods = words_in(document, "token_endpoint_auth_methods_supported")
    usable = [
        name for name in _AUTH if name in methods or (not methods and _AUTH[name] in words_in(document, "capabilities"))
    ]
    public = "client-public" in words_in(document, "capabilities")
    if usable:
        yield ok(f"Client authentication: {usable[0]}" + (f" (or {', '.join(usable[1:])})." if usable[1:] else "."))
    elif public or "none" in methods:
        yield note("Client authentication: only as a public client, without a secret.")
    elif methods:
        yield wanting(f"Client authentication: it takes {', '.join(sorted(methods))}; the app none of these.")
    else:
        yield note("Client authentication: it says nothing of it; private_key_jwt is tried.")
    yield from _algorithms(document, usable)


def _algorithms(document: Mapping[str, Any], usable: list[str]) -> Iterator[Sentence]:
    taken = words_in(document, "token_endpoint_auth_signing_alg_values_supported")
    if "private_key_jwt" not in usable or not taken:
        return
    ours = [alg for alg in ALGORITHMS if alg in taken]
    if ours:
        yield ok(f"Its token endpoint takes assertions signed with {' or '.join(ours)}.")
    else:
        yield wanting(
            f"Its token endpoint takes no {' or '.join(ALGORITHMS)} assertions, only {', '.join(sorted(taken))}."
        )


def scope_sentences(document: Mapping[str, Any], scopes: Mapping[str, str]) -> Iterator[Sentence]:
    """What a launch will ask for, in the style that it offers; `scopes` by style."""
    offered = words_in(document, "capabilities")
    style = "v1" if "permission-v1" in offered and "permission-v2" not in offered else "v2"
    yield ok(f"Ask for these scopes ({style}): {scopes[style]}")
