"""A SMART launch as steps, without Flask: begin → the EHR's authorization → complete → a session."""

import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from smartapp.smart.authorization import as_form, authorization_url
from smartapp.smart.discovery import Discovery, SmartEndpoints
from smartapp.smart.errors import (
    BadParameter,
    CookieLost,
    EhrFailed,
    LaunchRefused,
    NoPatient,
    StateProblem,
    UnknownIssuer,
)
from smartapp.smart.identity import Identities, User
from smartapp.smart.registration import Registration, registered
from smartapp.smart.scopes import wanted_scopes
from smartapp.smart.session import SessionStore, SmartSession
from smartapp.smart.tokens import TokenAnswer, TokenEndpoint

_LONGEST = 2048
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_AGAIN = "Open the app again from the patient's chart."
_VERIFIER_BYTES = 48  # 64 characters (RFC 7636 section 4.1)
_MOST_LAUNCHES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """Where to send the browser, and the value of its pending cookie, which lives for `seconds`.

    With `fields` the request is a form post to `url` (SAL-20, authorize-post); without them `url` is the whole request.
    """

    url: str
    cookie: str = field(repr=False)
    embedded: bool
    seconds: float
    fields: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """The launch to open, and its cookie's value (empty where the launch was completed before)."""

    launch: str
    cookie: str = field(default="", repr=False)
    embedded: bool = False
    session: SmartSession | None = None


@dataclass(slots=True, kw_only=True)
class LaunchFlow:
    """The steps with what they need; `read_scopes` gives the query table's reads in a scope style."""

    registrations: tuple[Registration, ...]
    redirect_uri: str
    discovery: Discovery
    tokens: TokenEndpoint
    identities: Identities
    store: SessionStore
    read_scopes: Callable[[str], list[str]]
    state_minutes: float = 10.0
    idle_minutes: float = 15.0
    absolute_minutes: float = 480.0
    clock: Callable[[], float] = time.time

    def begin(self, iss: list[str], launch: list[str]) -> Begun:
        """An EHR launch: the parameters as received, each exactly once (SAL-10, SAL-11, SAL-13)."""
        registration = registered(_single(iss, "iss"), self.registrations)
        if registration is None:
            raise UnknownIssuer(
                "The EHR that opened this page is not registered here. Nothing was sent to it.",
                "Ask your EHR team to register it.",
            )
        return self._begin(registration, aud=_single(iss, "iss"), launch=_single(launch, "launch"))

    def embeds(self, iss: list[str], launch: list[str]) -> bool:
        """Whether this would be the launch of an EHR that shows the app inside its own page."""
        registration = registered(iss[0], self.registrations) if len(iss) == len(launch) == 1 else None
        return registration is not None and registration.embedded

    def begin_standalone(self, name: str) -> Begun:
        """A standalone launch of a registered EHR (SAL-12)."""
        registration = next((entry for entry in self.registrations if entry.name == name and entry.client_id), None)
        if registration is None:
            raise UnknownIssuer("No EHR is registered under this name.", "Choose one from the first page.", status=404)
        return self._begin(registration, aud=registration.fhir_base, launch="")

    def _begin(self, registration: Registration, *, aud: str, launch: str) -> Begun:
        endpoints = self.discovery.endpoints(registration)
        state, nonce, cookie = (secrets.token_urlsafe(32) for _ in range(3))
        verifier = secrets.token_urlsafe(_VERIFIER_BYTES)
        url = authorization_url(
            registration,
            endpoints,
            redirect_uri=self.redirect_uri,
            scope=self.scope(registration, endpoints, launch=bool(launch)),
            state=state,
            verifier=verifier,
            extra={"aud": aud, "nonce": nonce, **({"launch": launch} if launch else {})},
        )
        self.store.begin(
            state, cookie, {"ehr": registration.name, "nonce": nonce, "verifier": verifier}, self.state_minutes
        )
        action, fields = as_form(url, registration, endpoints)
        return Begun(
            url=action, fields=fields, cookie=cookie, embedded=registration.embedded, seconds=self.state_minutes * 60
        )

    def scope(self, registration: Registration, endpoints: SmartEndpoints, *, launch: bool) -> str:
        """What is asked for: v1 or v2 by the site's choice, else by what discovery offers, else v2 (SAL-55)."""
        offers_only_v1 = "permission-v1" in endpoints.capabilities and "permission-v2" not in endpoints.capabilities
        style = registration.scope_style or ("v1" if offers_only_v1 else "v2")
        return wanted_scopes(
            self.read_scopes(style),
            style=style,
            launch=launch,
            write_back=registration.write_back,
            refresh=registration.refresh_words if launch else (),
        )

    def complete(self, params: Mapping[str, list[str]], browser: str) -> Completed:
        """The callback: the pending launch is taken once; a repeated callback leads to what it became (SAL-23, SAL-27)."""
        state = _single(params.get("state", []), "state")
        if not browser:
            raise CookieLost(self._standalone(params))
        taken = self.store.take(state, browser)
        if taken is None:
            raise StateProblem(
                f"This launch was not begun in this browser, or was begun more than {self.state_minutes:g} minutes ago.",
                _AGAIN,
            )
        if not taken.first:
            return self._repeated(taken)
        registration = next(entry for entry in self.registrations if entry.name == taken.payload["ehr"])
        endpoints = self.discovery.endpoints(registration)
        self.identities.ahead(registration, endpoints)
        _check_issuer(params, endpoints)
        _check_error(params)
        code = _once(params.get("code", []), "code")
        answer = self.tokens.redeem(
            registration, endpoints, code=code, verifier=taken.payload["verifier"], redirect_uri=self.redirect_uri
        )
        return self._opened(state, registration, endpoints, answer, str(taken.payload["nonce"]))

    def _standalone(self, params: Mapping[str, list[str]]) -> str:
        """Where the app can be opened by itself: at the EHR that the answer names (RFC 9207), else from the first page."""
        named = [entry for entry in self.registrations if entry.client_id and params.get("iss") == [entry.issuer]]
        return f"/standalone/{named[0].name}" if len(named) == 1 else "/"

    def _repeated(self, taken: Any) -> Completed:
        if not taken.launch:
            raise StateProblem(
                "This launch is being completed, or it failed.", f"Wait a moment and reload. {_AGAIN}", status=409
            )
        return Completed(launch=taken.launch)

    def _opened(
        self, state: str, registration: Registration, endpoints: SmartEndpoints, answer: TokenAnswer, nonce: str
    ) -> Completed:
        user = self._user(registration, endpoints, answer, nonce)
        session = self._session(registration, answer, user)
        cookie = secrets.token_urlsafe(32)
        self.store.open(
            state=state,
            launch=session.launch,
            cookie=cookie,
            ehr=registration.name,
            payload=session.stored(),
            minutes=self.absolute_minutes,
            who=session.who,
        )
        return Completed(launch=session.launch, cookie=cookie, embedded=registration.embedded, session=session)

    def make_room(self, cookies: Mapping[str, str]) -> frozenset[str]:
        """At most twenty launches live in one browser: the oldest end; those of these cookies that live on."""
        return self.store.make_room(cookies, self.idle_minutes, _MOST_LAUNCHES - 1)

    def _user(self, registration: Registration, endpoints: SmartEndpoints, answer: TokenAnswer, nonce: str) -> User:
        """Who signed in; where the EHR granted no `openid`, nobody known: such a session may only read (SAL-73)."""
        if not answer.id_token and "openid" not in answer.scope.split():
            return User(issuer=endpoints.issuer, subject="")
        return self.identities.user(answer.id_token, registration=registration, endpoints=endpoints, nonce=nonce)

    def _session(self, registration: Registration, answer: TokenAnswer, user: User) -> SmartSession:
        context = answer.context
        return SmartSession(
            launch=secrets.token_urlsafe(16).replace("_", "-"),
            ehr=registration.name,
            fhir_base=registration.fhir_base,
            patient=_patient(context.get("patient")),
            encounter=_optional_id(context.get("encounter")) or encounter_in(context.get("fhirContext")),
            user=user,
            scope=answer.scope,
            access_token=answer.access_token,
            refresh_token=answer.refresh_token,
            token_expires_at=self.clock() + answer.expires_in,
            app_context=str(context.get("appContext") or "")[:_LONGEST],
        )


def _single(values: list[str], name: str) -> str:
    if len(values) == 1 and len(values[0]) > _LONGEST:
        raise BadParameter(f"The parameter {name} is longer than {_LONGEST} characters.", _AGAIN)
    return _once(values, name)


def _once(values: list[str], name: str) -> str:
    """A parameter as long as the request line allows: how long a code may be is left open (RFC 6749 4.1.2, SAL-90)."""
    if len(values) != 1 or not values[0]:
        raise BadParameter(f"The parameter {name} must be given exactly once, and not be empty.", _AGAIN)
    return values[0]


def _check_issuer(params: Mapping[str, list[str]], endpoints: SmartEndpoints) -> None:
    """RFC 9207: the `iss` of the answer is the authorization server's issuer (SAL-25)."""
    given = params.get("iss", [])
    wrong = bool(given) and given != [endpoints.issuer]
    if wrong or (endpoints.iss_in_response and not given):
        raise LaunchRefused("The answer came from another authorization server than the one that was asked.", _AGAIN)


def _check_error(params: Mapping[str, list[str]]) -> None:
    """SAL-26: shown as inert text, `error_uri` never followed."""
    error = params.get("error", [])
    if error:
        described = (params.get("error_description") or [""])[0][:300]
        words = f": {described}" if described else ""
        raise LaunchRefused(f"The EHR did not allow the launch ({error[0][:60]}{words}).", _AGAIN)


def encounter_in(context: Any) -> str:
    """The id of the Encounter that `fhirContext` brings in the role of the launch; empty for anything else: it is never required
    (SAL-61)."""
    entries = [entry for entry in context if isinstance(entry, dict)] if isinstance(context, list) else []
    ours = [str(entry.get("reference", "")) for entry in entries if entry.get("role") in (None, "launch")]
    named = (reference.removeprefix("Encounter/") for reference in ours if reference.startswith("Encounter/"))
    return next(filter(None, map(_optional_id, named)), "")


def _patient(value: Any) -> str:
    """SAL-57, SAL-58: only from the token answer, checked, no default ever."""
    if value in (None, ""):
        raise NoPatient(
            "The EHR signed you in but named no patient.",
            "Choose a patient in the EHR and open the app again from that chart.",
        )
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise EhrFailed("The EHR named a patient whose id is not valid. Nothing was read.", _AGAIN)
    return value


def _optional_id(value: Any) -> str:
    return value if isinstance(value, str) and _ID.fullmatch(value) else ""
