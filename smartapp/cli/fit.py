"""`smartapp fit`: an EHR by its CapabilityStatement and SMART configuration, without being registered there."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from smartapp.cli.doctor.fhir_fit import OrderFit, orders, reading, version_sentence, writing
from smartapp.cli.doctor.findings import CheckMark, Sentence, note, wanting
from smartapp.cli.doctor.smart_fit import client_sentences, launch_sentences, scope_sentences, session_sentences
from smartapp.fhir.capabilities import Capabilities, parse_capabilities
from smartapp.fhir.queries import QUERIES, read_scopes
from smartapp.fhir.r4_structs import Unreadable
from smartapp.outbound import MAX_DOCUMENT_BYTES, MAX_STATEMENT_BYTES, Allowed, Outbound, OutboundError, origin_of
from smartapp.smart.scopes import wanted_scopes

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_SECONDS = 15.0
_DONE = 200


class UnusableInput(Exception):
    """What was given cannot be used, in a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """What is known of an EHR; None: not given. `troubles` say what could not be read."""

    capabilities: Capabilities | None = None
    smart: Mapping[str, Any] | None = None
    troubles: tuple[Sentence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitness:
    """What will work there, section by section."""

    sections: Mapping[str, tuple[Sentence, ...]]
    queries: tuple[Mapping[str, Any], ...] = ()
    orders: tuple[OrderFit, ...] = field(default_factory=tuple)

    @property
    def fits(self) -> bool:
        """Whether the main job can be done: launch, read a chart, advise."""
        return not any(one.mark is CheckMark.WANTING for found in self.sections.values() for one in found)


def from_files(files: Sequence[str]) -> Documents:
    """Each file is recognised by what it holds; `UnusableInput` names the one that is neither."""
    found: dict[str, Any] = {}
    for name in files:
        kind, content = _recognised(name)
        if kind in found:
            raise UnusableInput(f"{name} is a second {_KINDS[kind]}: give one of each")
        found[kind] = content
    return Documents(**found)


_KINDS = {"capabilities": "CapabilityStatement", "smart": "SMART configuration"}


def _recognised(name: str) -> tuple[str, Any]:
    try:
        raw = Path(name).read_bytes()
    except OSError as error:
        raise UnusableInput(f"{name} cannot be read: {error.strerror}") from None
    document = _object(raw)
    if document is not None and "resourceType" not in document and _is_smart(document):
        return "smart", document
    try:
        return "capabilities", parse_capabilities(raw)
    except Unreadable as problem:
        raise UnusableInput(f"{name} is neither a CapabilityStatement nor a SMART configuration: {problem}") from None


def _object(raw: bytes) -> dict[str, Any] | None:
    if len(raw) > MAX_STATEMENT_BYTES:
        return None
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _is_smart(document: Mapping[str, Any]) -> bool:
    return bool({"token_endpoint", "authorization_endpoint", "capabilities"} & set(document))


def from_url(base: str) -> Documents:
    """Both documents as the FHIR base gives them, without a token; `UnusableInput` for what is no address."""
    base = base.rstrip("/")
    try:
        origin, host = origin_of(base), urlsplit(base).hostname or ""
    except OutboundError as error:
        raise UnusableInput(f"{base} cannot be asked: {error}") from None
    outbound = Outbound(
        Allowed(origins=frozenset({origin}), insecure=host in _LOOPBACK, private_hosts=frozenset({host}))
    )
    troubles: list[Sentence] = []
    smart, statement = (
        _asked(outbound, f"{base}/{path}", largest, troubles)
        for path, largest in (
            (".well-known/smart-configuration", MAX_DOCUMENT_BYTES),
            ("metadata", MAX_STATEMENT_BYTES),
        )
    )
    document = _object(smart) if smart else None
    if smart and document is None:
        troubles.append(
            wanting(f"{base}/.well-known/smart-configuration is not JSON: nobody can launch the app there.")
        )
    capabilities = None
    try:
        capabilities = parse_capabilities(statement) if statement else None
    except Unreadable as problem:
        troubles.append(wanting(f"{base}/metadata could not be read: {problem}."))
    return Documents(capabilities=capabilities, smart=document, troubles=tuple(troubles))


def _asked(outbound: Outbound, url: str, largest: int, troubles: list[Sentence]) -> bytes:
    try:
        reply = outbound.get(
            url, headers={"Accept": "application/fhir+json, application/json"}, seconds=_SECONDS, largest=largest
        )
    except OutboundError as error:
        troubles.append(wanting(f"{url} could not be read: {error}."))
        return b""
    if reply.status == _DONE:
        return reply.body
    troubles.append(wanting(f"{url} answered {reply.status}."))
    return b""


def fitness(given: Documents) -> Fitness:
    """What the documents mean for us."""
    sections = {"What could not be read": given.troubles, "Launch": tuple(_launch(given.smart))}
    if given.capabilities is None:
        sections["Reading"] = (note("No CapabilityStatement was given: what is read and written is found by trying."),)
        return Fitness(sections={name: found for name, found in sections.items() if found})
    said = given.capabilities
    read = list(reading(said, QUERIES))
    ordered = tuple(orders(said, "auto"))
    sections["Reading"] = (version_sentence(said), *(sentence for *_, sentence in read))
    sections["Writing"] = tuple(writing(said, ordered))
    return Fitness(
        sections={name: found for name, found in sections.items() if found},
        queries=tuple(_query(query.name, query.resource, plan) for query, plan, _ in read),
        orders=ordered,
    )


def _launch(document: Mapping[str, Any] | None) -> Iterator[Sentence]:
    if document is None:
        yield note("No SMART configuration was given: launch and sign-in were not looked at.")
        return
    lacking = [name for name in ("authorization_endpoint", "token_endpoint") if not isinstance(document.get(name), str)]
    if lacking:
        yield wanting(f"Its SMART configuration has no {' and no '.join(lacking)}: nobody can launch the app there.")
    yield from launch_sentences(document)
    yield from client_sentences(document)
    scopes = {
        style: wanted_scopes(read_scopes(QUERIES, style), style=style, launch=True, write_back=True)
        for style in ("v1", "v2")
    }
    yield from scope_sentences(document, scopes)
    yield from session_sentences(document)
    if not document.get("jwks_uri"):
        yield note("It names no keys (jwks_uri): they are looked for in its OpenID configuration.")


def _query(name: str, resource: str, plan: Any) -> dict[str, Any]:
    if plan is None:
        return {"name": name, "resource": resource, "fit": "read", "searches": []}
    searches = [[[key, value] for key, value in search] for search in plan.ways[0]] if plan.ways else []
    return {
        "name": name,
        "resource": resource,
        "fit": str(plan.fit),
        "searches": searches,
        "missing": list(plan.missing),
    }


def as_text(found: Fitness) -> str:
    """The sentences, section by section, and what it comes to."""
    lines = [line for name, sentences in found.sections.items() for line in (name, *map(str, sentences), "")]
    verdict = "The main job can be done there." if found.fits else "The main job cannot be done there: see wanting."
    return "\n".join((*lines, verdict)) + "\n"


def as_json(found: Fitness) -> str:
    """The same to compute with."""
    return (
        json.dumps(
            {
                "fits": found.fits,
                "sections": [
                    {"name": name, "findings": [{"mark": str(one.mark), "text": one.words} for one in sentences]}
                    for name, sentences in found.sections.items()
                ],
                "queries": list(found.queries),
                "orders": [
                    {"product": str(one.product), "created_as": one.created, **({"why": one.why} if one.why else {})}
                    for one in found.orders
                ],
            },
            indent=2,
        )
        + "\n"
    )
