"""The parts made from the settings: who may be asked, with which connections, keys and stores."""

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from smartapp.config.checks import policy_of, secrets_of
from smartapp.config.errors import ConfigError
from smartapp.config.settings import Ehr, Settings
from smartapp.ehr.async_read import FirstAnswers, Readings
from smartapp.ehr.capabilities import Statements
from smartapp.ehr.client import FhirClient
from smartapp.ehr.source import FhirChartSource
from smartapp.ehr.throttle import Throttles
from smartapp.ehr.writer import FhirChartWriter
from smartapp.fhir.capabilities import Capabilities
from smartapp.fhir.queries import Query, site_queries
from smartapp.outbound import Allowed, Outbound, origin_of
from smartapp.smart.access import hidden_by_constraint, may_read, may_write
from smartapp.smart.discovery import Discovery
from smartapp.smart.keys import ALGORITHMS, StoredKey
from smartapp.smart.registration import Registration
from smartapp.smart.session import SmartSession
from smartapp.smart.token_refresh import SessionTokens
from smartapp.smart.tokens import TokenEndpoint
from smartapp.storage.database import Database
from smartapp.storage.keyring import Keyring
from smartapp.storage.keys import StoredKeys
from smartapp.storage.retention import Periods, RetentionPurge
from smartapp.storage.session_store import LaunchStore
from smartapp.usecases.assess import Site

_PATIENCE_SECONDS = 2.0  # interfaces.md section 3: complete at once if everything came within it
_LOOK_SECONDS = 3  # at least between two looks of a page

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class KeyRows:
    """A `KeyStore` over the database's rows."""

    rows: StoredKeys

    def pairs(self) -> list[StoredKey]:
        """All pairs for client assertions, newest first."""
        pairs = [pair for pair in self.rows.rows() if pair.alg in ALGORITHMS]
        return [
            StoredKey(
                kid=pair.kid,
                alg=pair.alg,
                private_jwk=pair.private_jwk,
                created_at=pair.created_at,
                retired_at=pair.retired_at,
            )
            for pair in pairs
        ]

    def add_first(self, key: StoredKey) -> None:
        """Keep the first pair of an algorithm."""
        self.rows.add_first(key.kid, key.alg, key.private_jwk)

    def succeed(self, key: StoredKey, retired_at: float) -> None:
        """Keep a pair that follows the others of its algorithm."""
        self.rows.succeed(key.kid, key.alg, key.private_jwk, retired_at)


def site_of(settings: Settings) -> Site:
    """Policy, time zone, queries and local codes."""
    policy = policy_of(settings)
    return Site(
        policy=policy,
        zone=ZoneInfo(settings.time_zone),
        queries=site_queries(settings.codes, policy.get("crs_grade_codes")),
        local_codes=settings.codes,
        proposal_system=f"{settings.base_url}/proposal",
    )


def keyring_of(settings: Settings) -> Keyring:
    """The keys at rest; in development one is made at first start and kept in data_dir."""
    found = secrets_of(settings)
    if not found and settings.development:
        found = [_made(settings.data_dir / "secret_key")]
    if not found:
        raise ConfigError("secret_key_file is required: 32 random bytes, base64url, on a line")
    return Keyring(found)


def retention_of(settings: Settings, database: Database, keyring: Keyring) -> RetentionPurge:
    """Deletion by age, as the site sets it."""
    days = {name: float(value) for name, value in settings.retention}
    periods = Periods(**days, idle_minutes=float(settings.limits.idle_minutes))
    return RetentionPurge(database, keyring, time.time, periods)


def _made(path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.touch(mode=0o600)
        path.write_bytes(secrets.token_bytes(32))
    return path.read_bytes()


def registration_of(ehr: Ehr) -> Registration:
    """An `[[ehr]]` as the launch knows it."""
    return Registration(
        name=ehr.name,
        fhir_base=ehr.fhir_base,
        issuer=ehr.issuer,
        endpoint_origins=frozenset(origin_of(origin) for origin in ehr.endpoint_origins),
        client_id=ehr.client_id,
        client_auth=ehr.client_auth,
        signing_alg=ehr.signing_alg,
        client_secret=ehr.client_secret.get_secret_value(),
        scope_style=ehr.scope_style,
        embedded=ehr.embedded,
        frame_ancestors=ehr.frame_ancestors if ehr.embedded else (),
        write_back=ehr.write_back and ehr.write_route != "none",
        id_token_algs=ehr.id_token_algs,
        basic_encoding=ehr.basic_encoding,
        discovery_fallback=ehr.discovery_fallback,
        authorize_post=ehr.authorize_post,
        online_access=ehr.online_access,
        offline_access=ehr.offline_access,
    )


Pools = Callable[[str, Allowed], Outbound]
"""Makes the pool of connections to whom a name stands for."""


def unwatched(name: str, allowed: Allowed) -> Outbound:
    """Connections of which nobody is told."""
    del name
    return Outbound(allowed)


class Connections:
    """One pool of checked connections an EHR, made by `pools`."""

    def __init__(self, settings: Settings, pools: Pools = unwatched) -> None:
        self._settings = settings
        self._new = pools
        self._pools: dict[str, Outbound] = {}

    def of(self, registration: Registration) -> Outbound:
        """The pool to an EHR's FHIR server and its authorization server."""
        if registration.name not in self._pools:
            self._pools[registration.name] = self._new(registration.name, self._allowed(registration))
        return self._pools[registration.name]

    def _allowed(self, registration: Registration) -> Allowed:
        origins = registration.origins | {origin_of(registration.fhir_base)}
        hosts = frozenset(urlsplit(origin).hostname or "" for origin in origins)
        ehr = next(entry for entry in self._settings.ehr if entry.name == registration.name)
        private = (
            hosts if ehr.allow_private_address else hosts & _LOOPBACK if self._settings.development else frozenset()
        )
        ca_file, proxy = reach_of(self._settings, ehr)
        return Allowed(
            origins=origins,
            insecure=self._settings.development,
            private_hosts=private,
            ca_file=ca_file,
            proxy=proxy,
        )


def reach_of(settings: Settings, ehr: Ehr | None) -> tuple[Path | None, str]:
    """Which further authorities are trusted, and through which proxy the way leads: the EHR's own, else those of `[outbound]`."""
    general = settings.outbound
    if ehr is None:
        return general.ca_file, general.proxy
    return ehr.ca_file or general.ca_file, ehr.proxy or general.proxy


@dataclass(slots=True, kw_only=True)
class Charts:
    """Turns a session into what reads and writes its chart; one process has one."""

    settings: Settings
    registrations: Mapping[str, Registration]
    connections: Connections
    discovery: Discovery
    tokens: TokenEndpoint
    store: LaunchStore
    now: Callable[[], datetime]
    readings: Readings
    statements: Statements
    throttles: Throttles
    alone: bool = False  # whether this process answers all requests

    def source_of(self, session: SmartSession) -> FhirChartSource:
        """Reads within the granted scopes and the page's budget."""
        return FhirChartSource(
            self._client(session),
            session.patient,
            as_of=self.now,
            may_read=may_read(session),
            hidden=hidden_by_constraint(session),
            capabilities=self._capabilities(session),
            seconds=float(self.settings.budgets.page),
        )

    def first_of(self, session: SmartSession, looks: int) -> FirstAnswers:
        """Reads without making the page wait; after the last look that the budget allows it waits for what is left."""
        last = looks * _LOOK_SECONDS >= self.settings.budgets.page
        return FirstAnswers(
            source=self.source_of(session),
            readings=self.readings,
            launch=session.launch,
            seconds=None if last else _PATIENCE_SECONDS,
            again=looks > 0,
        )

    def read_ahead(self, session: SmartSession, queries: Sequence[Query]) -> None:
        """Ask for what the page that the browser is being sent to will need, so that it waits less.

        Patients are shown no advice, so nothing is read for them (SAL-73); another process would not find the reading.
        """
        self.statements.read_soon(session.fhir_base, self.connections.of(self.registrations[session.ehr]))
        if self.alone and not session.user.is_patient_side:
            self.first_of(session, 0).ahead(queries)

    def writer_of(self, session: SmartSession) -> FhirChartWriter:
        """Writes within the granted scopes, where the site switched it on."""
        write_back = self.registrations[session.ehr].write_back
        return FhirChartWriter(
            self._client(session),
            may_create=may_write(session, "c", write_back=write_back),
            may_update=may_write(session, "u", write_back=write_back),
            capabilities=self._capabilities(session),
            patient=session.patient,
        )

    def _capabilities(self, session: SmartSession) -> Callable[[], Capabilities]:
        outbound = self.connections.of(self.registrations[session.ehr])
        return lambda: self.statements.of(session.fhir_base, outbound)

    def _client(self, session: SmartSession) -> FhirClient:
        registration = self.registrations[session.ehr]
        tokens = SessionTokens(
            session, registration, discovery=self.discovery, endpoint=self.tokens, store=self.store, clock=time.time
        )
        return FhirClient(
            session.fhir_base,
            self.connections.of(registration),
            tokens,
            request_seconds=float(self.settings.budgets.fhir_request),
            throttle=self.throttles.of(session.ehr),
        )


def database_of(settings: Settings) -> Database:
    """The database, not yet checked."""
    return Database(settings.database)
