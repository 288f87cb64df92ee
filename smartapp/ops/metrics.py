"""What is counted for operations, without ids and without patient data (interfaces.md section 4)."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"
"""Names the folder where several workers count together; set before the first metric is made."""
_QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
_SLOW = (0.05, 0.1, 0.25, 0.5, 1, 2, 4, 10, 20)


@dataclass(frozen=True, slots=True)
class Metrics:
    """The counters of this process, or of all workers together."""

    answered: Any
    took: Any
    asked: Any
    waited: Any
    held: Any
    text: Callable[[], bytes]
    known: dict[tuple[str, str, int], tuple[Any, Any]] = field(default_factory=dict)

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request that was answered; `route` as registered."""
        key = (method, route, status)
        found = self.known.get(key)
        if found is None:  # looking a label up costs more than counting
            found = self.known[key] = (self.answered.labels(*key), self.took.labels(route))
        found[0].inc()
        found[1].observe(seconds)

    def outbound(self, name: str, outcome: str, seconds: float) -> None:
        """One request to an EHR or a caller's keys; `outcome` is a status or `none`."""
        self.asked.labels(name, outcome).inc()
        self.waited.labels(name).observe(seconds)

    def withheld(self, name: str, why: str) -> None:
        """A request to an EHR that was not made: its `budget` is spent, it asked for `rest`, or its `circuit` is open."""
        self.held.labels(name, why).inc()


def make_metrics(program: str) -> Metrics:
    """Counters of their own for each app; with several workers they lie in `PROMETHEUS_MULTIPROC_DIR`."""
    import prometheus_client as prometheus  # noqa: PLC0415 - it looks at the environment when imported
    from prometheus_client import multiprocess  # noqa: PLC0415

    registry = prometheus.CollectorRegistry()
    shown = registry
    if os.environ.get(MULTIPROCESS):
        shown = prometheus.CollectorRegistry()
        multiprocess.MultiProcessCollector(shown)  # type: ignore[no-untyped-call]
    version = prometheus.Gauge(
        "smartapp_info", "The running version.", ["version"], registry=registry, multiprocess_mode="max"
    )
    version.labels(program).set(1)
    return Metrics(
        answered=prometheus.Counter(
            "smartapp_requests", "Requests answered.", ["method", "route", "status"], registry=registry
        ),
        took=prometheus.Histogram(
            "smartapp_request_seconds", "Time to answer.", ["route"], buckets=_QUICK, registry=registry
        ),
        asked=prometheus.Counter(
            "smartapp_outbound_requests", "Requests to EHRs and to callers' keys.", ["to", "outcome"], registry=registry
        ),
        waited=prometheus.Histogram(
            "smartapp_outbound_seconds", "Time until they answered.", ["to"], buckets=_SLOW, registry=registry
        ),
        held=prometheus.Counter(
            "smartapp_withheld_requests", "Requests to EHRs that were not made.", ["to", "why"], registry=registry
        ),
        text=lambda: prometheus.generate_latest(shown),
    )
