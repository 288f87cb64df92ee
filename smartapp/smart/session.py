"""A launched session: context, user, granted scopes and tokens, kept on the server (SAL-57, SEC-01)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Protocol

from smartapp.smart.identity import User
from smartapp.smart.scopes import GrantedScopes, parse_scopes


@dataclass(frozen=True, slots=True, kw_only=True)
class SmartSession:
    """One launch: `launch` is its id in URLs. Token members never appear in a repr."""

    launch: str
    ehr: str
    fhir_base: str
    patient: str
    user: User
    scope: str
    access_token: str = field(repr=False)
    token_expires_at: float
    refresh_token: str = field(default="", repr=False)
    encounter: str = ""
    app_context: str = ""
    bedside: Mapping[str, Any] = field(default_factory=dict)

    @property
    def granted(self) -> GrantedScopes:
        """What was granted, examined for every feature (SAL-53)."""
        return parse_scopes(self.scope)

    @property
    def who(self) -> str:
        """The same for the same user (SAL-74) and patient; empty for a user whom the EHR did not name."""
        user = self.user
        return "\n".join((self.ehr, user.issuer, user.subject, self.patient)) if user.subject else ""

    def stored(self) -> dict[str, Any]:
        """As kept, encrypted."""
        body = asdict(self)
        body.pop("bedside")
        return body


def restored(payload: Mapping[str, Any]) -> SmartSession:
    """A session as it was kept, by this version or another."""
    known = {member.name for member in fields(SmartSession)} - {"user"}
    members = {name: value for name, value in payload.items() if name in known}
    return SmartSession(**members, user=User(**payload["user"]))


class SessionStore(Protocol):
    """Where launches are kept; see `smartapp.storage.session_store`."""

    def begin(self, state: str, browser: str, payload: Mapping[str, Any], minutes: float) -> None:
        """Keep a pending launch bound to a browser."""

    def take(self, state: str, browser: str) -> Any:
        """Take a pending launch once: `payload`, `first`, `launch`; None if there is none."""

    def open(
        self,
        *,
        state: str,
        launch: str,
        cookie: str,
        ehr: str,
        payload: Mapping[str, Any],
        minutes: float,
        who: str = "",
    ) -> None:
        """Keep a completed launch; `who` is the same for the same user and patient."""

    def find(self, launch: str, cookie: str, idle_minutes: float) -> Mapping[str, Any] | None:
        """A live launch by id and cookie."""

    def kept(self, launch: str) -> Any:
        """A launch that has not ended: `payload`, `refreshing`; None if it has."""

    def hold(self, launch: str, holder: str, seconds: float) -> bool:
        """The right to refresh a launch's tokens, for one process at a time."""

    def release(self, launch: str, holder: str) -> None:
        """Give it back."""

    def replace(self, launch: str, payload: Mapping[str, Any]) -> bool:
        """Keep refreshed tokens; False if the launch ended meanwhile."""

    def end(self, launch: str, why: str) -> None:
        """End a launch."""

    def make_room(self, cookies: Mapping[str, str], idle_minutes: float, most: int) -> frozenset[str]:
        """End the oldest of a browser's launches beyond `most`; those that live on."""
