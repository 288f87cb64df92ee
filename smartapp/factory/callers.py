"""The gate for hook callers, from the settings: who they are, where their keys lie, and which tokens were used."""

import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from smartapp.cdshooks.client_auth import CallAuthenticator, CdsClientCaller
from smartapp.cdshooks.key_sets import Fetched, KeySets
from smartapp.config.addresses import LOOPBACK
from smartapp.config.checks import PUBLISHED_KEYS, SANDBOX
from smartapp.config.settings import CdsClient, Settings
from smartapp.factory.builders import Pools, reach_of, unwatched
from smartapp.outbound import Allowed, OutboundError, origin_of
from smartapp.smart.discovery import lifetime
from smartapp.storage.database import Database
from smartapp.storage.jti_store import ReplayStore

_FILE_SECONDS = 3600.0
_LEAST_SECONDS = 0.5


def gate_of(settings: Settings, database: Database, pools: Pools = unwatched) -> CallAuthenticator:
    """Keys are read when first needed; used tokens are kept in the database, for all workers."""
    published = frozenset() if settings.development else PUBLISHED_KEYS
    return CallAuthenticator(
        [caller_of(client, development=settings.development) for client in settings.cds_client],
        keys=KeySets(CallerKeys(settings, pools).fetch, time.time, published=published),
        replays=ReplayStore(database, time.time),
        clock=time.time,
    )


def caller_of(client: CdsClient, *, development: bool) -> CdsClientCaller:
    """Only in development may a caller come without a token, or with the public sandbox's ES256 key meant for encryption."""
    sandbox = development and client.issuer.rstrip("/") == SANDBOX
    return CdsClientCaller(
        name=client.name,
        issuer=client.issuer,
        fhir_servers=client.fhir_servers,
        cors_origins=client.cors_origins,
        require_jwt=client.require_jwt or not development,
        algorithms=(*client.algorithms, "ES256") if sandbox else tuple(client.algorithms),
        jku=client.jwks_uri,
        tenants=client.tenants,
        key_uses=("sig", "enc") if sandbox else ("sig",),
        token_seconds=float(client.token_minutes) * 60,
    )


class CallerKeys:
    """Where each caller's keys are read: a file, or its one address through a checked connection."""

    def __init__(self, settings: Settings, pools: Pools) -> None:
        self._files: Mapping[str, Path] = {c.name: c.jwks_file for c in settings.cds_client if c.jwks_file}
        self._addresses = {c.name: c.jwks_uri for c in settings.cds_client if c.jwks_uri}
        self._pools = {c.name: pools(c.name, _allowed(c, settings)) for c in settings.cds_client if c.jwks_uri}
        budgets = settings.budgets
        self._seconds = max(_LEAST_SECONDS, min(float(budgets.authorization), float(budgets.hook) / 2))

    def fetch(self, name: str) -> Fetched:
        """The key set; it may take half of the time an answer may take."""
        if name in self._files:
            return Fetched(self._files[name].read_bytes(), _FILE_SECONDS)
        if name not in self._addresses:
            raise OSError("no keys are configured for this caller")
        try:
            reply = self._pools[name].get(
                self._addresses[name], headers={"Accept": "application/json"}, seconds=self._seconds
            )
        except OutboundError as error:
            raise OSError(str(error)) from None
        if reply.status != 200:
            raise OSError(f"the key set's address answered {reply.status}")
        return Fetched(reply.body, lifetime(reply))


def _allowed(client: CdsClient, settings: Settings) -> Allowed:
    host = frozenset({urlsplit(client.jwks_uri).hostname or ""})
    private = host if client.allow_private_address else host & LOOPBACK if settings.development else frozenset()
    ca_file, proxy = reach_of(settings, next((e for e in settings.ehr if e.fhir_base in client.fhir_servers), None))
    return Allowed(
        origins=frozenset({origin_of(client.jwks_uri)}),
        insecure=settings.development,
        private_hosts=private,
        ca_file=ca_file,
        proxy=proxy,
    )
