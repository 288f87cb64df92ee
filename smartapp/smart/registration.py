"""An EHR as it is registered with us: what is pinned before any request is made (SAL-07, SAL-11)."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from smartapp.outbound import NotAllowed, origin_of

ID_TOKEN_ALGORITHMS = ("RS256", "ES256", "ES384", "RS384", "PS256")


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """One `[[ehr]]`: `fhir_base` is the launch `iss`; `issuer` empty means what discovery says at the FHIR base."""

    name: str
    fhir_base: str
    issuer: str = ""
    endpoint_origins: frozenset[str] = frozenset()
    client_id: str = ""
    client_auth: str = "private_key_jwt"
    signing_alg: str = "ES384"
    client_secret: str = ""
    scope_style: str = ""
    embedded: bool = False
    frame_ancestors: tuple[str, ...] = ()
    write_back: bool = False
    id_token_algs: tuple[str, ...] = ID_TOKEN_ALGORITHMS
    basic_encoding: str = ""
    discovery_fallback: bool = False
    authorize_post: bool = False
    online_access: bool = False
    offline_access: bool = False

    @property
    def refresh_words(self) -> tuple[str, ...]:
        """The scopes that ask for a refresh token; none unless the site wants one (SAL-82)."""
        wanted = {"online_access": self.online_access, "offline_access": self.offline_access}
        return tuple(word for word, asked in wanted.items() if asked)

    @property
    def origins(self) -> frozenset[str]:
        """Where its endpoints and keys may lie."""
        if self.endpoint_origins:
            return self.endpoint_origins
        return frozenset(origin_of(url) for url in (self.fhir_base, self.issuer) if url)


def normalised(url: str) -> str:
    """Scheme and host in lower case, default port and one trailing slash away; nothing else (SAL-11).

    Raises `NotAllowed` for a query or a fragment, also an empty one: a parser would lose it (SAL-89).
    """
    if "?" in url or "#" in url:
        raise NotAllowed("the address has a query or a fragment")
    path = urlsplit(url).path
    return f"{origin_of(url)}{path.removesuffix('/')}"


def registered(iss: str, registrations: Iterable[Registration]) -> Registration | None:
    """The registration whose FHIR base is `iss`, if it may be launched; no request is made to find out."""
    try:
        wanted = normalised(iss)
    except NotAllowed:
        return None
    return next((entry for entry in registrations if entry.client_id and normalised(entry.fhir_base) == wanted), None)
