"""The FHIR client of one session: read, search through pages, create; every way of failing has its error (FHIR-01 to FHIR-17)."""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit

from smartapp.ehr.errors import Broken, Busy, EhrError, EhrRefused, Gone, Late, NotPermitted, Unreachable
from smartapp.ehr.throttle import Throttle
from smartapp.fhir.bundle import Bundle, is_outcome, read_bundle, read_outcome
from smartapp.fhir.page_order import newest_first
from smartapp.fhir.r4_structs import Unreadable
from smartapp.outbound import HttpReply, NoAnswer, Outbound, OutboundError, TooLate, origin_of

FHIR_JSON = "application/fhir+json"
_ACCEPTED = frozenset({FHIR_JSON, "application/json", "application/json+fhir", "text/json"})
MAX_PAGES = 60
MAX_TOTAL_BYTES = 64 * 1024 * 1024
_TRIES = 3
_LONGEST_WAIT = 30.0
_TOO_MANY, _UNAVAILABLE, _UNAUTHORIZED, _FORBIDDEN, _BAD = 429, 503, 401, 403, 400
_NO_POST_SEARCH = frozenset({400, 403, 404, 405, 415, 501})
_FILTERS = ("patient", "code", "category", "status", "date")


class Tokens(Protocol):
    """The session's access token, refreshed at most once when the server calls it expired."""

    def current(self) -> str:
        """The access token."""

    def refreshed(self, stale: str) -> str | None:
        """A newer token than `stale`, or None if there is none to be had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """What a search gave: all resources; `incomplete` says why more may exist; `notices` are remarks of the server.

    `more_pages`: what is missing are later pages; `only_older_missing`: and the search is sorted by date, newest first (DQ-17)."""

    resources: tuple[bytes, ...]
    incomplete: str = ""
    more_pages: bool = False
    only_older_missing: bool = False
    notices: tuple[str, ...] = ()
    dropped: frozenset[str] = frozenset()


def together(parts: Sequence[Pages]) -> Pages:
    """Several searches as one."""
    return Pages(
        resources=tuple(dict.fromkeys(raw for part in parts for raw in part.resources)),
        incomplete="; ".join(part.incomplete for part in parts if part.incomplete),
        notices=tuple(notice for part in parts for notice in part.notices),
        dropped=frozenset(name for part in parts for name in part.dropped),
    )


Enough = Callable[[str, Sequence[bytes]], bool]
"""Of a search's `self` link and what was read of it: whether nobody asks for what follows."""


def never_enough(self_url: str, found: Sequence[bytes]) -> bool:
    """All pages are asked for."""
    del self_url, found
    return False


class FhirClient:
    """Requests to one FHIR base with one session's token; only this origin and path ever see it."""

    def __init__(
        self,
        base: str,
        outbound: Outbound,
        tokens: Tokens,
        *,
        request_seconds: float = 10.0,
        sleep: Callable[[float], None] = time.sleep,
        throttle: Throttle | None = None,
    ) -> None:
        self.base = base.rstrip("/")
        self._outbound = outbound
        self._tokens = tokens
        self._request_seconds = request_seconds
        self._sleep = sleep
        self._throttle = throttle or Throttle()

    def read(self, path: str, deadline: float) -> bytes:
        """One resource by `Type/id`."""
        reply = self._ask("GET", f"{self.base}/{path}", deadline)
        return _checked(reply).body

    def search(
        self, resource: str, params: Sequence[tuple[str, str]], deadline: float, enough: Enough = never_enough
    ) -> Pages:
        """All pages of a search; a failure of the first page raises, of a later one makes the result incomplete.

        `enough` says of what was read so far that nobody asks for what follows.
        """
        url = f"{self.base}/{resource}?{urlencode(list(params))}"
        page = self._page(url, deadline)
        return self._through(page, {url}, deadline, dropped_filters(page.self_url, params), enough)

    def rest(self, next_url: str, deadline: float) -> Pages:
        """The pages from a `next` link on that someone else was given; a failure of the first of them raises (CDS-25)."""
        url = self._next(next_url)
        if not url:
            return Pages(resources=(), incomplete=_caps(url, set(), 0), more_pages=True)
        return self._through(self._page(url, deadline), {url}, deadline, frozenset())

    def _through(
        self,
        page: Bundle,
        seen: set[str],
        deadline: float,
        dropped: frozenset[str],
        enough: Enough = never_enough,
    ) -> Pages:
        found, notices, size, self_url = list(page.resources), _notices(page), 0, page.self_url
        trouble, more = _page_trouble(page), ""
        while page.next_url and not trouble and not enough(self_url, found):
            url = self._next(page.next_url)
            size += sum(len(resource) for resource in page.resources)
            more = _caps(url, seen, size)
            if more:
                break
            seen.add(url)
            try:
                page = self._page(url, deadline)
            except EhrError as error:
                more = f"page {len(seen)} could not be read ({error})"
                break
            found += page.resources
            notices += _notices(page)
            trouble = _page_trouble(page)
        return Pages(
            resources=tuple(found),
            incomplete=trouble or more,
            more_pages=bool(more),
            only_older_missing=bool(more) and newest_first(self_url, found),
            notices=tuple(notices),
            dropped=dropped,
        )

    def create(self, resource: str, body: bytes, *, if_none_exist: str, deadline: float) -> HttpReply:
        """POST, never repeated; `NoAnswer` and 5xx leave open whether the server created it (FHIR-46)."""
        headers = {"Content-Type": FHIR_JSON, "Prefer": "return=representation"}
        if if_none_exist:
            headers["If-None-Exist"] = if_none_exist
        return self._send("POST", f"{self.base}/{resource}", deadline, headers=headers, body=body)

    def transact(self, body: bytes, *, deadline: float) -> HttpReply:
        """POST a Bundle to the base, never repeated; what `create` says of ambiguity holds here too."""
        headers = {"Content-Type": FHIR_JSON, "Prefer": "return=minimal"}
        return self._send("POST", self.base, deadline, headers=headers, body=body)

    def update(self, path: str, body: bytes, *, version: str, deadline: float) -> HttpReply:
        """PUT with `If-Match`, never repeated (FHIR-51); a JSON Patch (an array) by PATCH."""
        method, kind = ("PATCH", "application/json-patch+json") if body.startswith(b"[") else ("PUT", FHIR_JSON)
        headers = {"Content-Type": kind, "If-Match": f'W/"{version}"'}
        return self._send(method, f"{self.base}/{path}", deadline, headers=headers, body=body)

    def search_by_post(self, resource: str, params: Sequence[tuple[str, str]], deadline: float) -> Pages:
        """A search whose identifiers stay out of URLs (FHIR-53), through all pages; GET where the server does not take POST."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode(list(params)).encode()
        reply = self._ask("POST", f"{self.base}/{resource}/_search", deadline, headers=headers, body=body)
        if reply.status in _NO_POST_SEARCH and not _answered_no(reply):
            page = self._page(f"{self.base}/{resource}?{urlencode(list(params))}", deadline)
        else:
            page = _bundle(_checked(reply))
        return self._through(page, set(), deadline, frozenset())

    def _page(self, url: str, deadline: float) -> Bundle:
        return _bundle(_checked(self._ask("GET", url, deadline, headers={"Prefer": "handling=strict"})))

    def _next(self, url: str) -> str:
        """The link is opaque, but stays on the base's origin and path before the token is sent (FHIR-05)."""
        try:
            same_origin = origin_of(url) == origin_of(self.base)
        except OutboundError:
            same_origin = False
        path, base_path = urlsplit(url).path, urlsplit(self.base).path
        inside = path == base_path or path.startswith(f"{base_path}/")
        return url if same_origin and inside and ".." not in path else ""

    def _ask(
        self,
        method: str,
        url: str,
        deadline: float,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> HttpReply:
        """A request that changes nothing, past any cache, also the server's own of its searches (FHIR-43): waits and repeats where
        the server asks for it (FHIR-14)."""
        fresh = {"Cache-Control": "no-cache", **(headers or {})}
        for attempt in range(1, _TRIES + 1):
            self._wait_turn(deadline)
            reply = self._send(method, url, deadline, headers=fresh, body=body)
            if reply.status not in (_TOO_MANY, _UNAVAILABLE):
                return reply
            wait = retry_after(reply.headers.get("retry-after", ""))
            if attempt == _TRIES or wait > min(_LONGEST_WAIT, deadline - time.monotonic()):
                break
            self._sleep(wait + random.uniform(0, 0.2))  # noqa: S311 - jitter, not a secret
        raise Busy("the EHR is busy and asked to be left alone for longer than this page can wait")

    def _wait_turn(self, deadline: float) -> None:
        """A request that changes nothing is made when the EHR may be asked, or not at all; a write is never held back."""
        wait = self._throttle.admit(min(_LONGEST_WAIT, deadline - time.monotonic()))
        if wait:
            self._sleep(wait)

    def _send(
        self, method: str, url: str, deadline: float, *, headers: Mapping[str, str], body: bytes | None = None
    ) -> HttpReply:
        token = self._tokens.current()
        reply = self._once(method, url, deadline, headers, body, token)
        if reply.status != _UNAUTHORIZED:
            return reply
        newer = self._tokens.refreshed(token)
        if newer is None:
            raise NotPermitted("the EHR no longer accepts this session: launch the app again")
        return self._once(method, url, deadline, headers, body, newer)

    def _once(
        self, method: str, url: str, deadline: float, headers: Mapping[str, str], body: bytes | None, token: str
    ) -> HttpReply:
        left = min(self._request_seconds, deadline - time.monotonic())
        if left <= 0:
            raise Unreachable("the time for reading this page is used up")
        self._throttle.sent()
        everything = {"Accept": FHIR_JSON, "Authorization": f"Bearer {token}", **headers}
        began = time.monotonic()
        try:
            reply = self._outbound.send(method, url, headers=everything, body=body, seconds=left)
        except NoAnswer as error:
            self._throttle.silent(time.monotonic() - began)
            raise (Late if isinstance(error, TooLate) else Unreachable)(str(error)) from None
        except OutboundError as error:
            raise Broken(str(error)) from None
        self._throttle.answered()
        if reply.status in (_TOO_MANY, _UNAVAILABLE):
            told = reply.headers.get("retry-after", "")
            self._throttle.rest(retry_after(told) if told else None)
        return reply


def _answered_no(reply: HttpReply) -> bool:
    """A 403 in the EHR's own words is an answer: a chart behind glass, where each further try is counted."""
    return reply.status == _FORBIDDEN and is_outcome(reply.body)


def _checked(reply: HttpReply) -> HttpReply:
    """The reply, or the error its status means."""
    if reply.status < 300:
        if reply.media_type not in _ACCEPTED:
            raise Broken("the EHR answered with something that is not FHIR JSON")
        return reply
    if reply.status in (_UNAUTHORIZED, _FORBIDDEN):
        raise NotPermitted("the EHR does not permit it")
    if reply.status in (404, 410):
        raise Gone("the EHR does not have it")
    words = said(reply)
    if reply.status < 500:
        raise EhrRefused(f"the EHR refused the request ({reply.status}{words})")
    raise Broken(f"the EHR failed ({reply.status}{words})")


def said(reply: HttpReply) -> str:
    """The words of an OperationOutcome, shortened, for showing as inert text."""
    if not reply.body or not is_outcome(reply.body):
        return ""
    return f": {read_outcome(reply.body).text[:160]}"


def _bundle(reply: HttpReply) -> Bundle:
    if is_outcome(reply.body):
        raise EhrRefused(f"the EHR answered with a message instead of data{said(reply)}")
    try:
        return read_bundle(reply.body)
    except Unreadable as problem:
        raise Broken(f"the EHR's answer could not be read: {problem}") from None


def _notices(page: Bundle) -> list[str]:
    return [f"The EHR says: {message.text}" for message in page.messages if message.text and not message.is_failure]


def _page_trouble(page: Bundle) -> str:
    failed = next((message for message in page.messages if message.is_failure), None)
    if failed is not None:
        return f"the EHR reported an error with it: {failed.text}"
    withheld = next((message for message in page.messages if message.withheld), None)
    if withheld is not None:
        return f"the EHR says that part of it is not shown: {withheld.text}"
    return f"{page.odd} of its entries hold no resource that can be read" if page.odd else ""


def _caps(url: str, seen: set[str], size: int) -> str:
    if not url:
        return "its next page lies outside the EHR's FHIR server and was not followed"
    if url in seen:
        return "its pages run in a circle"
    if len(seen) >= MAX_PAGES:
        return f"it has more than {MAX_PAGES} pages"
    return "it is larger than allowed" if size > MAX_TOTAL_BYTES else ""


def dropped_filters(self_url: str, params: Sequence[tuple[str, str]]) -> frozenset[str]:
    """Filters we sent that the server's `self` link does not repeat: it may have ignored them (FHIR-08)."""
    if not self_url:
        return frozenset()
    kept = {name.split(":")[0] for name, _ in parse_qsl(urlsplit(self_url).query, keep_blank_values=True)}
    if not kept:
        return frozenset()
    if not kept & {name for name, _ in params}:
        return frozenset()  # an opaque link tells nothing; each resource's own subject is checked all the same
    if "subject" in kept:
        kept.add("patient")
    return frozenset(name for name, _ in params if name in _FILTERS and name not in kept)


def retry_after(text: str) -> float:
    """Seconds to wait, from either form of `Retry-After`; one second where it is absent or odd."""
    try:
        if text.strip().isdecimal():
            return float(text.strip())
        return max(parsedate_to_datetime(text).timestamp() - time.time(), 0.0)
    except (TypeError, ValueError, OverflowError):
        return 1.0
