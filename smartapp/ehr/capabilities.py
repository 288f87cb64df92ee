"""Each EHR's CapabilityStatement, asked once an hour and never waited for long (FHIR-52)."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from smartapp.ehr.client import FHIR_JSON
from smartapp.fhir.capabilities import UNKNOWN, Capabilities, read_capabilities
from smartapp.outbound import Outbound, OutboundError

_FRESH_SECONDS, _RETRY_SECONDS = 3600.0, 60.0
_DONE = 200


@dataclass(slots=True)
class Statements:
    """What EHRs say of themselves, by base; without a readable answer `UNKNOWN`, asked again after a minute."""

    seconds: float = 3.0
    clock: Callable[[], float] = time.monotonic
    _known: dict[str, tuple[float, Capabilities]] = field(default_factory=dict)
    _asking: dict[str, threading.Lock] = field(default_factory=dict)

    def of(self, base: str, outbound: Outbound) -> Capabilities:
        """The statement at `<base>/metadata`; it needs no token and gets none."""
        with self._asking.setdefault(base, threading.Lock()):
            until, known = self._known.get(base, (0.0, UNKNOWN))
            if base not in self._known or until <= self.clock():
                known = self._asked(base, outbound)
                fresh = _RETRY_SECONDS if known is UNKNOWN else _FRESH_SECONDS
                self._known[base] = (self.clock() + fresh, known)
            return known

    def _asked(self, base: str, outbound: Outbound) -> Capabilities:
        url = f"{base.rstrip('/')}/metadata"
        try:
            reply = outbound.send("GET", url, headers={"Accept": FHIR_JSON}, seconds=self.seconds)
        except OutboundError:
            return UNKNOWN
        return read_capabilities(reply.body) if reply.status == _DONE else UNKNOWN
