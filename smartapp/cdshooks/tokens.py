"""A caller's token as text: opened strictly before any key is looked for, its claims checked one by one (CDS-81, CDS-84, CDS-85)."""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from smartapp.cdshooks.strict_json import JsonRefused, values

LONGEST = 8192
SKEW_SECONDS = 60
ASYMMETRIC = ("ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
"""What may be configured at all: no HMAC, no `none`."""
_BEARER = re.compile(r"(?i:bearer) +([A-Za-z0-9_\-]+)\.([A-Za-z0-9_\-]+)\.([A-Za-z0-9_\-]+)")


class Unauthorized(Exception):
    """The caller is not known; the answer is the same for every reason (CDS-88), the message is for the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A token that is well formed and not yet believed; `jku` None if it names no key set."""

    text: str
    algorithm: str
    kid: str
    issuer: str
    claims: Mapping[str, Any]
    jku: str | None = None

    def refused(self, why: str) -> Unauthorized:
        """The reason for the log, with what identifies the token and nothing that could be used."""
        named = {"iss": self.issuer, "kid": self.kid, "jti": self.claims.get("jti")}
        return Unauthorized(f"{why} ({', '.join(f'{name} {_logged(value)}' for name, value in named.items())})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a valid token says; `kept_until` (epoch seconds) is how long its use must be remembered."""

    issuer: str
    jti: str
    kept_until: float
    tenant: str = ""


def opened(authorization: str) -> Opened:
    """A Bearer token's header and claims, read strictly; `Unauthorized` for anything odd."""
    if len(authorization) > LONGEST:
        raise Unauthorized("the token is too long")
    found = _BEARER.fullmatch(authorization.strip(" "))
    if found is None:
        raise Unauthorized("the header holds no bearer token of three parts")
    try:
        header = values(_bytes(found[1]), "the token's header")
        claims = values(_bytes(found[2]), "the token's claims")
    except (JsonRefused, binascii.Error) as error:
        raise Unauthorized(f"the token cannot be read: {error}") from None
    _check_header(header)
    issuer, jku = claims.get("iss"), header.get("jku")
    if not isinstance(issuer, str) or not issuer:
        raise Unauthorized("the token names no issuer")
    return Opened(
        text=".".join(found.groups()),
        algorithm=header["alg"],
        kid=header["kid"],
        issuer=issuer,
        claims=claims,
        jku=None if "jku" not in header else jku if isinstance(jku, str) else "",
    )


def _bytes(part: str) -> bytes:
    return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)


def _check_header(header: Mapping[str, Any]) -> None:
    """`none` and HMAC end here, before any key is looked for; an extension we would have to understand ends here too."""
    if header.get("alg") not in ASYMMETRIC:
        raise Unauthorized("the algorithm is not an allowed one")
    if header.get("typ") != "JWT":
        raise Unauthorized("the type is not JWT")
    if not isinstance(header.get("kid"), str) or not header["kid"]:
        raise Unauthorized("the token names no key")
    if "crit" in header or "b64" in header:
        raise Unauthorized("the token has an extension that is not understood")


def check_claims(token: Opened, audiences: Sequence[str], now: float, longest: float) -> Claims:
    """The claims of a token whose signature holds; `audiences` are the addresses it may be meant for, `longest` the seconds it
    may live."""
    claims = token.claims
    meant = claims.get("aud")
    meant = [meant] if isinstance(meant, str) else meant if isinstance(meant, list) else []
    if not any(audience in meant for audience in audiences):
        raise token.refused("the token is meant for another address")
    expires, issued = _moment(token, "exp"), _moment(token, "iat")
    if expires <= now:
        raise token.refused("the token has expired")
    if issued > now + SKEW_SECONDS or ("nbf" in claims and _moment(token, "nbf") > now + SKEW_SECONDS):
        raise token.refused("the token is from the future")
    if not 0 <= expires - issued <= longest:
        raise token.refused("the token lives too long")
    jti, tenant = claims.get("jti"), claims.get("tenant")
    if not isinstance(jti, str) or not jti:
        raise token.refused("the token has no jti")
    return Claims(
        issuer=token.issuer,
        jti=jti,
        kept_until=expires + SKEW_SECONDS,
        tenant=tenant if isinstance(tenant, str) else "",
    )


def _moment(token: Opened, name: str) -> float:
    value = token.claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:
        raise token.refused(f"{name} is missing or not a time")
    return float(value)


def _logged(value: object) -> str:
    """Untrusted text on one line of the log, shortened."""
    text = str(value)[:100] if isinstance(value, str) else "-"
    return text if text.isprintable() else ascii(text)
