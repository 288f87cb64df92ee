"""Requests through checked connections: one answer or one error each, within time and size (SEC-10)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from smartapp.outbound.addresses import Allowed, OutboundError, check_url

if TYPE_CHECKING:
    from smartapp.outbound.token_exchange import Exchanges, Resolve

MAX_BYTES = 32 * 1024 * 1024
"""Of an answer that holds clinical data (SEC-38)."""
MAX_DOCUMENT_BYTES = 1024 * 1024
"""Of discovery, a key set, a token, and of whatever comes with an error status (SEC-38)."""
MAX_STATEMENT_BYTES = 8 * 1024 * 1024
"""Of a CapabilityStatement (SEC-38)."""


class NoAnswer(OutboundError):
    """No connection, a time-out, or an answer that broke off."""


class TooLate(NoAnswer):
    """No answer in time."""


class Redirected(OutboundError):
    """The server answered with a redirect, which is never followed."""


class TooLarge(OutboundError):
    """The answer is larger than the cap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpReply:
    """An answer: status, headers (names in lower case) and the whole body, which is empty where an error came with more than is read."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """The content type without parameters."""
        return self.headers.get("content-type", "").split(";")[0].strip().lower()


class Outbound:
    """A pool of checked connections to a fixed set of origins."""

    def __init__(self, allowed: Allowed, *, resolve: "Resolve | None" = None) -> None:
        self._allowed = allowed
        self._resolve = resolve

    @cached_property
    def _exchanges(self) -> "Exchanges":
        """Made for the first request: a start does not wait for the library behind it."""
        from smartapp.outbound.token_exchange import Exchanges  # noqa: PLC0415 - as above

        return Exchanges(self._allowed, self._resolve)

    def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        seconds: float = 10.0,
        largest: int = MAX_DOCUMENT_BYTES,
    ) -> HttpReply:
        """GET of a document, at most `seconds` in all and `largest` bytes."""
        return self.send("GET", url, headers=headers, seconds=seconds, largest=largest)

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        seconds: float = 10.0,
        largest: int = MAX_BYTES,
    ) -> HttpReply:
        """One request, its answer at most `largest` bytes; nothing is retried. `OutboundError` says what went wrong."""
        check_url(url, self._allowed)
        return self._exchanges.send(method, url, headers=headers or {}, body=body, seconds=seconds, largest=largest)
