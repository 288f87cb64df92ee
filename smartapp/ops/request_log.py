"""One log line and one count a request, and one an outgoing request: which, how it ended, how long it took (SEC-33)."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Request, Response, g
from flask.globals import app_ctx, request_ctx

from smartapp.ops.logs import told_of
from smartapp.ops.metrics import Metrics
from smartapp.outbound import Allowed, HttpReply, Outbound, OutboundError

_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})
_JOINTS = dict.fromkeys(map(ord, "-_.$"))
_OPERATIONS = ("/healthz", "/readyz", "/metrics")


@dataclass(frozen=True, slots=True)
class RequestLog:
    """What is told of requests; `log` is a structlog logger."""

    log: Any
    metrics: Metrics

    def tell_of(self, app: Flask) -> None:
        """Tell of every request of this app; operations only at debug level."""

        @app.before_request
        def begin() -> None:
            g.began = time.perf_counter()

        @app.after_request
        def end(response: Response) -> Response:
            sent, noted, status = request_ctx.request, app_ctx.g, response.status_code
            seconds = time.perf_counter() - noted.began if "began" in noted else 0.0
            route, method = _route(sent, status), sent.method if sent.method in _METHODS else "other"
            self.metrics.request(method, route, status, seconds)
            tell = self.log.debug if route in _OPERATIONS else self.log.info
            tell(
                "request",
                method=method,
                route=route,
                status=status,
                ms=round(seconds * 1000, 1),
                reference=noted.get("reference"),
                **noted.get("told", {}),
                **(_launch(sent) if "ehr" in noted else {}),
            )
            return response

    def refused(self, _service: str, why: str) -> None:
        """A hook call was refused: its line says why."""
        g.told = {"why": why}

    def problem(self, reference: str, _path: str, status: int, error: BaseException | None) -> None:
        """A page could not be shown; an unforeseen exception is told at once, by its kind and place."""
        if error is not None:
            self.log.error("failed", reference=reference, status=status, **told_of(error))

    def warned(self, event: str, **about: Any) -> None:
        """Something that a site should know of."""
        self.log.warning(event, **about)

    def pool(self, name: str, allowed: Allowed) -> Outbound:
        """Connections to an EHR or a caller's keys whose requests are told of."""
        return _LoggedOutbound(self, name, allowed)

    def asked(self, name: str, method: str, url: str, told: Mapping[str, Any], seconds: float) -> None:
        """A request to another server: failures always, the rest at debug level."""
        status = told.get("status", 0)
        self.metrics.outbound(name, str(status or "none"), seconds)
        say = self.log.debug if status and status < 500 else self.log.warning
        about = {"method": method, "host": urlsplit(url).hostname, "asked": _kind(url), **told}
        say("asked", ehr=name, ms=round(seconds * 1000, 1), **about)


class _LoggedOutbound(Outbound):
    """Tells of each request and how it ended."""

    def __init__(self, requests: RequestLog, name: str, allowed: Allowed) -> None:
        super().__init__(allowed)
        self._requests = requests
        self._name = name

    def send(self, method: str, url: str, **more: Any) -> HttpReply:
        """As `Outbound.send`."""
        began = time.monotonic()
        told: Mapping[str, Any] = {}
        try:
            reply = super().send(method, url, **more)
            told = {"status": reply.status}
        except OutboundError as error:
            told = {"why": str(error)}
            raise
        finally:
            self._requests.asked(self._name, method, url, told, time.monotonic() - began)
        return reply


def _route(sent: Request, status: int) -> str:
    """The route as registered; the services are ours, their ids may be told."""
    rule = sent.url_rule.rule if sent.url_rule else "(none)"
    if "<service_id>" in rule and status != 404:
        return rule.replace("<service_id>", str((sent.view_args or {}).get("service_id", "")))
    return rule


def _launch(sent: Request) -> Mapping[str, str]:
    launch = (sent.view_args or {}).get("launch")
    return {"launch": str(launch)} if launch else {}


def _kind(url: str) -> str:
    """The last part of the path that is a word: a resource type, `token`, `smart-configuration`; ids are left out."""
    words = [part for part in urlsplit(url).path.split("/") if part.strip(".").translate(_JOINTS).isalpha()]
    types = [word for word in words if word[:1].isupper()]
    return (types or words or ["/"])[-1]
