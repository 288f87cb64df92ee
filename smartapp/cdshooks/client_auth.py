"""Whether a caller is one of our EHRs: its signed token verified in full, accepted once (CDS-80 to CDS-88)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol
from urllib.parse import urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import JWSRegistry

from smartapp.cdshooks.strict_json import JsonRefused
from smartapp.cdshooks.tokens import LONGEST, Claims, Opened, Unauthorized, check_claims, opened

ALGORITHMS = ("ES384", "RS384")
"""What a caller may sign with unless its entry says otherwise (CDS-81)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CdsClientCaller:
    """A registered CDS client: the FHIR servers it may speak for and the origins its browsers call from.

    `jku` is the one key set URL its tokens may name, empty where its keys are static; `tenants` the tenants it may name, empty
    if it names none; `key_uses` what the `use` of its keys may say, `token_seconds` how long its tokens may live.
    """

    name: str
    issuer: str = ""
    fhir_servers: tuple[str, ...] = ()
    cors_origins: tuple[str, ...] = ()
    require_jwt: bool = True
    algorithms: tuple[str, ...] = ALGORITHMS
    jku: str = ""
    tenants: tuple[str, ...] = ()
    key_uses: tuple[str, ...] = ("sig",)
    token_seconds: float = 600


class Keys(Protocol):
    """The callers' public keys."""

    def key(self, caller: CdsClientCaller, kid: str, algorithm: str) -> ECKey | RSAKey:
        """The one key of the caller that has this id and fits the algorithm; `Unauthorized` for none or several."""


class Replays(Protocol):
    """The tokens that were used."""

    def first_use(self, issuer: str, jti: str, until: float) -> bool:
        """Keep the pair until then, atomically for all processes; whether it was not there yet (CDS-86)."""


class _Registry(JWSRegistry):
    """Headers as long as the token may be: what they carry beside (x5c, jwk) is ignored, not refused (CDS-82)."""

    max_header_length = LONGEST


class CallAuthenticator:
    """Lets registered callers in; `clock` gives epoch seconds."""

    def __init__(
        self, callers: Sequence[CdsClientCaller], *, keys: Keys, replays: Replays, clock: Callable[[], float]
    ) -> None:
        self._callers = tuple(callers)
        self._by_issuer = {caller.issuer: caller for caller in callers if caller.issuer}
        self._keys = keys
        self._replays = replays
        self._clock = clock

    @property
    def origins(self) -> frozenset[str]:
        """The origins whose browsers may call (CDS-96)."""
        return frozenset(origin for caller in self._callers for origin in caller.cors_origins)

    def signed(self, authorization: str | None, audiences: Sequence[str]) -> CdsClientCaller | None:
        """The caller that signed; None if nothing was sent and some caller may come without; else `Unauthorized`."""
        if authorization is None:
            if all(caller.require_jwt for caller in self._callers):
                raise Unauthorized("no token was sent")
            return None
        token = opened(authorization)
        caller = self._by_issuer.get(token.issuer)
        if caller is None:
            raise token.refused("the issuer is not registered")
        self._verify(token, caller)
        claims = check_claims(token, audiences, self._clock(), caller.token_seconds)
        self._once(token, claims)
        _check_tenant(claims, caller)
        return caller

    def unsigned(self, fhir_server: str) -> CdsClientCaller:
        """The caller without a token: the one whose server it names, or the first (development only)."""
        open_to = [caller for caller in self._callers if not caller.require_jwt]
        fitting = open_to[:1] if not fhir_server else [c for c in open_to if server_of(c, fhir_server)]
        if not fitting:
            raise Unauthorized("no registered client may call without a token for this fhirServer")
        return fitting[0]

    def _verify(self, token: Opened, caller: CdsClientCaller) -> None:
        if token.algorithm not in caller.algorithms:
            raise token.refused("the algorithm is not allowed for this issuer")
        _check_jku(token, caller)
        try:
            key = self._keys.key(caller, token.kid, token.algorithm)
            algorithms = [token.algorithm]
            jwt.decode(token.text, key, algorithms=algorithms, registry=_Registry(None, algorithms, False))
        except (JoseError, ValueError, TypeError) as error:
            raise token.refused(f"the signature could not be verified: {type(error).__name__}") from None
        except Unauthorized as error:
            raise token.refused(str(error)) from None

    def _once(self, token: Opened, claims: Claims) -> None:
        if not self._replays.first_use(claims.issuer, claims.jti, claims.kept_until):
            raise token.refused("the token was used before")


def server_of(caller: CdsClientCaller, fhir_server: str) -> str:
    """The registered server that an address means, compared as the launch's `iss` is (SAL-11); empty if none (CDS-32)."""
    wanted = _comparable(fhir_server)
    return next((server for server in caller.fhir_servers if wanted and _comparable(server) == wanted), "")


@lru_cache(maxsize=256)
def _comparable(url: str) -> tuple[str, str, int | None, str] | None:
    """Scheme, host, port and path, after the case of the first two, the default port and one trailing slash."""
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if "@" in parts.netloc or "?" in url or "#" in url:
        return None
    default = {"https": 443, "http": 80}.get(parts.scheme)
    path = parts.path.removesuffix("/")
    return parts.scheme, parts.hostname or "", port or default, path


def _check_jku(token: Opened, caller: CdsClientCaller) -> None:
    """A named key set is never fetched for being named: it is the configured one, or for static keys of the issuer's origin."""
    if token.jku is None or (caller.jku and token.jku == caller.jku):
        return
    if caller.jku or _origin(token.jku) != _origin(caller.issuer):
        raise token.refused("the key set it names is not the configured one")


def _origin(url: str) -> tuple[str, int | None, str] | None:
    found = _comparable(url)
    return (found[1], found[2], found[0]) if found else None


def _check_tenant(claims: Claims, caller: CdsClientCaller) -> None:
    if caller.tenants and claims.tenant not in caller.tenants:
        raise JsonRefused(403, "the tenant is not one this client is registered for", "forbidden")
