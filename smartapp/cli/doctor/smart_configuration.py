"""What an EHR's authorization server offers, against what a launch needs (SAL-03 to SAL-07, SAL-33, SAL-38, SAL-55)."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from smartapp.cli.doctor.findings import Sentence, note, ok, wanting
from smartapp.cli.doctor.smart_fit import launch_sentences, session_sentences
from smartapp.outbound import HttpReply, Outbound, OutboundError, origin_of
from smartapp.smart.discovery import Discovery, SmartEndpoints, json_object
from smartapp.smart.errors import LaunchProblem
from smartapp.smart.keys import ALGORITHMS
from smartapp.smart.registration import Registration
from smartapp.smart.scopes import parse_scopes

_SKEW_SECONDS = 60
_NOTED_SECONDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Launching:
    """Asks one EHR; `scopes` are the words that a launch would ask for, by its endpoints; `jwks` is our own key set's address."""

    registration: Registration
    outbound: Outbound
    discovery: Discovery
    scopes: Mapping[str, str]
    jwks: str
    seconds: float

    def sentences(self) -> Iterator[Sentence]:
        """What will work and what not, until something stands in the way of all the rest."""
        address = f"{self.registration.fhir_base.rstrip('/')}/.well-known/smart-configuration"
        began = time.time()
        try:
            reply = self.outbound.get(address, headers={"Accept": "application/json"}, seconds=self.seconds)
            yield clock_sentence(reply, (began + time.time()) / 2)
            endpoints = self.discovery.endpoints(self.registration)
            document = json_object(reply) if reply.status == 200 else {}
        except OutboundError as error:
            yield wanting(f"The SMART configuration at {address} could not be read: {error}.")
            return
        except LaunchProblem as problem:
            yield wanting(f"{problem.what} ({address})")
            return
        yield ok(f"The SMART configuration at {address} was read.")
        yield from self._issuer(document)
        yield ok(f"Its endpoints lie where they may: {', '.join(_origins(endpoints))}.")
        yield from self._keys(endpoints)
        yield from self._client(endpoints)
        yield from launch_sentences(document)
        yield from session_sentences(document)
        yield from self._scopes(document, endpoints)

    def _issuer(self, document: Mapping[str, Any]) -> Iterator[Sentence]:
        said = document.get("issuer")
        if not self.registration.issuer:
            yield note(f"issuer is not set, so what the EHR says is taken: set issuer = {said or 'its address'}.")
        elif said:
            yield ok(f"Its issuer is the pinned one, {said}.")
        else:
            yield note(f"It names no issuer; the pinned one is used, {self.registration.issuer}.")

    def _keys(self, endpoints: SmartEndpoints) -> Iterator[Sentence]:
        """Without keys nobody can be signed in."""
        if not endpoints.jwks:
            yield wanting("It names no keys (jwks_uri): an id_token cannot be verified, so nobody is known by name.")
            return
        try:
            reply = self.outbound.get(endpoints.jwks, headers={"Accept": "application/json"}, seconds=self.seconds)
            keys = json_object(reply).get("keys") if reply.status == 200 else None
        except (OutboundError, LaunchProblem) as problem:
            yield wanting(f"Its keys at {endpoints.jwks} could not be read: {problem}.")
            return
        if isinstance(keys, list) and keys:
            yield ok(f"Its keys at {endpoints.jwks} were read: {len(keys)}.")
        else:
            yield wanting(f"There are no keys at {endpoints.jwks}, answered {reply.status}.")

    def _client(self, endpoints: SmartEndpoints) -> Iterator[Sentence]:
        method, offered = self.registration.client_auth, endpoints.auth_methods
        if method != "public" and offered and method not in offered:
            if method == "private_key_jwt" and "client_secret_basic" in offered and self.registration.client_secret:
                yield note("The token endpoint takes no private_key_jwt: client_secret_basic is used instead.")
                return
            yield wanting(f"client_auth is {method}, but the token endpoint takes {', '.join(sorted(offered))}.")
            return
        yield ok(f"The app will authenticate as {self.registration.client_id} by {method}.")
        if method == "private_key_jwt":
            yield from self._assertion(endpoints)

    def _assertion(self, endpoints: SmartEndpoints) -> Iterator[Sentence]:
        taken, own = endpoints.auth_algs, self.registration.signing_alg
        usable = [alg for alg in ALGORITHMS if not taken or alg in taken]
        if not usable:
            yield wanting(f"The token endpoint takes no {' or '.join(ALGORITHMS)} assertions, only {', '.join(taken)}.")
        elif own not in usable:
            yield note(f"The token endpoint takes no {own}: {usable[0]} is used.")
        yield note(f"The EHR must know our keys: register {self.jwks} there.")

    def _scopes(self, document: Mapping[str, Any], endpoints: SmartEndpoints) -> Iterator[Sentence]:
        """Never wanting: the list need not be complete (SAL-06)."""
        style = "v1" if self.registration.scope_style == "v1" or _only_v1(endpoints) else "v2"
        asked = self.scopes[style]
        listed = document.get("scopes_supported")
        yield ok(f"A launch will ask for {style} scopes: {asked}")
        if not isinstance(listed, list) or not listed:
            return
        words = {str(word) for word in listed}
        missing = [word for word in asked.split() if not _listed(word, words)]
        if missing:
            yield note(
                f"It does not list {', '.join(missing)}; if it does not grant them, pages say what is not permitted."
            )


def clock_sentence(reply: HttpReply, at: float) -> Sentence:
    """Tokens are refused where the clocks differ by more than a minute."""
    try:
        skew = round(parsedate_to_datetime(reply.headers.get("date", "")).timestamp() - at)
    except (ValueError, TypeError):
        return note("It tells no time (Date), so the clocks could not be compared.")
    words = f"Its clock is {abs(skew)} s {'ahead of' if skew > 0 else 'behind'} ours"
    if abs(skew) > _SKEW_SECONDS:
        return wanting(f"{words}: id_tokens would be refused. Synchronise both.")
    return note(f"{words}.") if abs(skew) > _NOTED_SECONDS else ok("Its clock and ours agree.")


def _origins(endpoints: SmartEndpoints) -> list[str]:
    named = (endpoints.authorize, endpoints.token, endpoints.jwks, endpoints.revoke)
    return sorted({origin_of(url) for url in named if url})


def _only_v1(endpoints: SmartEndpoints) -> bool:
    return "permission-v1" in endpoints.capabilities and "permission-v2" not in endpoints.capabilities


def _listed(word: str, listed: set[str]) -> bool:
    """As it stands, or as part of what is offered for its type."""
    wanted, offered = parse_scopes(word).grants, parse_scopes(" ".join(listed))
    covered = all(offered.may(grant.resource, letter) for grant in wanted for letter in grant.letters)
    return word in listed or (bool(wanted) and covered)
