"""The parts that everything else is joined from: stores, keys, connections, the launch's endpoints, and the clock."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from flask import has_request_context

from smartapp import __version__
from smartapp.config.settings import Settings
from smartapp.ehr.async_read import Readings
from smartapp.ehr.capabilities import Statements
from smartapp.ehr.throttle import Budget, Throttles
from smartapp.factory.builders import (
    Charts,
    Connections,
    KeyRows,
    database_of,
    keyring_of,
    registration_of,
    retention_of,
    site_of,
)
from smartapp.factory.entries import PatientEntries
from smartapp.factory.references import CardReferences
from smartapp.fhir.queries import QUERIES, read_scopes
from smartapp.ops.logs import make_log
from smartapp.ops.metrics import make_metrics
from smartapp.ops.request_log import RequestLog
from smartapp.smart.discovery import Discovery
from smartapp.smart.flow import LaunchFlow
from smartapp.smart.identity import Identities
from smartapp.smart.keys import SigningKeys
from smartapp.smart.registration import Registration
from smartapp.smart.tokens import TokenEndpoint
from smartapp.storage import policies
from smartapp.storage.audit import AuditLog
from smartapp.storage.database import Database
from smartapp.storage.feedback import FeedbackStore
from smartapp.storage.hook_records import HookRecordStore
from smartapp.storage.keyring import Keyring
from smartapp.storage.keys import StoredKeys
from smartapp.storage.manual_entries import EntryStore
from smartapp.storage.proposals import ProposalStore
from smartapp.storage.receipts import ReceiptStore
from smartapp.storage.retention import now_and_then
from smartapp.storage.session_store import LaunchStore
from smartapp.usecases.assess import Site
from smartapp.usecases.feedback import FeedbackService
from smartapp.usecases.orders.approve import OrderApproval, make_approval
from smartapp.usecases.ports import Subject
from smartapp.web.problems import reference

_LATE = 6  # times the budget of one FHIR request: until then an EHR may still carry out what it did not answer
_NOBODY = Subject(ehr="", patient="")  # what concerns no patient


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """One of each; `clock` gives the clinical now, tokens and sessions keep real time."""

    settings: Settings
    clock: Callable[[], datetime]
    requests: RequestLog
    database: Database
    keyring: Keyring
    site: Site
    store: LaunchStore
    audit: AuditLog
    connections: Connections
    registrations: Mapping[str, Registration]
    keys: SigningKeys
    discovery: Discovery
    tokens: TokenEndpoint
    statements: Statements = field(default_factory=Statements)
    throttles: Throttles = field(default_factory=Throttles)

    @property
    def base(self) -> str:
        """The app's own address, without a slash at its end."""
        return self.settings.base_url.rstrip("/")

    def flow(self) -> LaunchFlow:
        """The steps of a launch."""
        limits, seconds = self.settings.limits, float(self.settings.budgets.authorization)
        return LaunchFlow(
            registrations=tuple(self.registrations.values()),
            redirect_uri=f"{self.base}/callback",
            discovery=self.discovery,
            tokens=self.tokens,
            identities=Identities(self.connections.of, seconds=seconds),
            store=self.store,
            read_scopes=lambda style: read_scopes(QUERIES, style),
            state_minutes=float(limits.state_minutes),
            idle_minutes=float(limits.idle_minutes),
            absolute_minutes=float(limits.absolute_minutes),
        )

    def charts(self, *, alone: bool) -> Charts:
        """What reads and writes a session's chart; `alone`: this process answers all requests."""
        return Charts(
            settings=self.settings,
            registrations=self.registrations,
            connections=self.connections,
            discovery=self.discovery,
            tokens=self.tokens,
            store=self.store,
            now=self.clock,
            readings=Readings(float(self.settings.budgets.page)),
            statements=self.statements,
            throttles=self.throttles,
            alone=alone,
        )

    def references(self) -> CardReferences:
        """References to cards in `appContext`."""
        return CardReferences(self.keyring.signing_secrets)

    def answers(self) -> FeedbackService:
        """What clinicians answer to cards and proposals."""
        store = FeedbackStore(self.database, self.keyring, time.time)
        return FeedbackService(
            feedback=store, log=self.audit, answered=HookRecordStore(self.audit, store), seconds=time.time
        )

    def entries(self) -> PatientEntries:
        """What was entered by hand, by patient."""
        return PatientEntries(store=EntryStore(self.database, self.keyring, time.time), policy=self.site.policy)

    def receipts(self) -> ReceiptStore:
        """Signed records of decisions."""
        return ReceiptStore(self.database, self.keyring, time.time, version=__version__)

    def orders(self) -> OrderApproval:
        """From a proposal to one written order."""
        return make_approval(
            proposals=ProposalStore(self.database, self.keyring, time.time, self.audit),
            site=self.site,
            log=self.audit,
            clock=self.clock,
            seconds=time.time,
            receipts=self.receipts(),
            pause=time.sleep,
            base_url=self.base,
            organization=self.settings.organization,
            minutes=float(self.settings.limits.proposal_minutes),
            late_seconds=_LATE * float(self.settings.budgets.fhir_request),
        )


def _request() -> str:
    """The reference number of the request that is being answered."""
    return reference() if has_request_context() else ""


def make_parts(settings: Settings, clock: Callable[[], datetime], database: Database | None = None) -> Parts:
    """All parts; the first pair of signing keys is made where there is none, and another policy than the last is recorded."""
    database, keyring, site = database or database_of(settings), keyring_of(settings), site_of(settings)
    requests = RequestLog(make_log(settings.log_level), make_metrics(__version__))
    connections = Connections(settings, requests.pool)
    keys = SigningKeys(KeyRows(StoredKeys(database, keyring, time.time)))
    keys.ensure()
    audit = AuditLog(database, keyring, time.time, _request)
    if change := policies.started(database, site.policy, program=__version__, clock=time.time):
        audit.noted(_NOBODY, "policy changed", change.in_words())
    tidy = retention_of(settings, database, keyring).tidy
    seconds = float(settings.budgets.authorization)
    return Parts(
        settings=settings,
        clock=clock,
        requests=requests,
        database=database,
        keyring=keyring,
        site=site,
        store=LaunchStore(database, keyring, time.time, now_and_then(tidy, time.time)),
        audit=audit,
        connections=connections,
        registrations={ehr.name: registration_of(ehr) for ehr in settings.ehr},
        keys=keys,
        discovery=Discovery(connections.of, seconds=seconds),
        tokens=TokenEndpoint(connections.of, keys, seconds=seconds),
        throttles=Throttles(
            budgets={ehr.name: Budget(ehr.requests_per_minute, ehr.requests_per_day) for ehr in settings.ehr},
            withheld=requests.metrics.withheld,
        ),
    )
