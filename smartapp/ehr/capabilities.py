"""Each EHR's CapabilityStatement, asked once an hour, ahead of its need, and never waited for long (FHIR-52)."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from smartapp.ehr.client import FHIR_JSON
from smartapp.fhir.capabilities import UNKNOWN, Capabilities, read_capabilities
from smartapp.outbound import MAX_STATEMENT_BYTES, Outbound, OutboundError

_FRESH_SECONDS, _RETRY_SECONDS = 3600.0, 60.0
_DONE = 200


@dataclass(slots=True)
class Statements:
    """What EHRs say of themselves, by base; without a readable answer `UNKNOWN`, asked again after a minute.

    One question at a time to each; whoever needs the answer meanwhile waits for that one, and for no lock.
    """

    seconds: float = 3.0
    clock: Callable[[], float] = time.monotonic
    _kept: dict[str, tuple[float, Future[Capabilities]]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, base: str, outbound: Outbound) -> Capabilities:
        """The statement at `<base>/metadata`; it needs no token and gets none."""
        return self.read_soon(base, outbound).result()

    def within(self, base: str, outbound: Outbound, seconds: float) -> Capabilities:
        """The same after at most so long; `UNKNOWN` where it has not come by then."""
        try:
            return self.read_soon(base, outbound).result(timeout=seconds)
        except TimeoutError:
            return UNKNOWN

    def read_soon(self, base: str, outbound: Outbound) -> Future[Capabilities]:
        """Ask, where the statement is not known, and do not wait."""
        with self._lock:
            kept = self._kept.get(base)
            if kept is None or (kept[1].done() and kept[0] + _fresh_seconds(kept[1]) <= self.clock()):
                pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="metadata")
                kept = (self.clock(), pool.submit(self._asked, base, outbound))
                pool.shutdown(wait=False)
                self._kept[base] = kept
            return kept[1]

    def _asked(self, base: str, outbound: Outbound) -> Capabilities:
        url = f"{base.rstrip('/')}/metadata"
        try:
            reply = outbound.get(url, headers={"Accept": FHIR_JSON}, seconds=self.seconds, largest=MAX_STATEMENT_BYTES)
        except OutboundError:
            return UNKNOWN
        return read_capabilities(reply.body) if reply.status == _DONE else UNKNOWN


def _fresh_seconds(asked: Future[Capabilities]) -> float:
    return _RETRY_SECONDS if asked.exception() or asked.result() is UNKNOWN else _FRESH_SECONDS
