"""Who signed in: the id_token verified in full, and fhirUser read from it (SAL-70 to SAL-74)."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from joserfc.errors import JoseError
from joserfc.jws import extract_compact

from smartapp.outbound import NotAllowed, Outbound
from smartapp.smart.discovery import SmartEndpoints
from smartapp.smart.errors import EhrFailed
from smartapp.smart.issuer_keys import IssuerKeys
from smartapp.smart.registration import Registration, normalised

_SKEW = 60
_LONGEST = 8192
_LONGEST_SUBJECT = 255
_TYPES = "Patient|Practitioner|PractitionerRole|RelatedPerson|Person"
_USER = re.compile(rf"(?:(.+)/)?((?:{_TYPES})/[A-Za-z0-9\-.]{{1,64}})")
_AGAIN = "Open the app again from the chart. If it stays so, tell your EHR team what this page says."


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """The local user key is issuer and subject (SAL-74); `reference` is fhirUser as `Type/id`, empty if absent or foreign."""

    issuer: str
    subject: str
    reference: str = ""
    name: str = ""

    @property
    def is_professional(self) -> bool:
        """May approve (SAL-73)."""
        return self.reference.startswith(("Practitioner/", "PractitionerRole/"))

    @property
    def is_patient_side(self) -> bool:
        """Gets no advice (SAL-73, DSI-10)."""
        return self.reference.startswith(("Patient/", "RelatedPerson/"))


class Identities:
    """Verifies id_tokens with the pinned issuer's keys."""

    def __init__(
        self,
        outbound: Callable[[Registration], Outbound],
        clock: Callable[[], float] = time.time,
        *,
        seconds: float = 10.0,
    ) -> None:
        self._keys = IssuerKeys(outbound, clock, seconds=seconds)
        self._clock = clock

    def ahead(self, registration: Registration, endpoints: SmartEndpoints) -> None:
        """Fetch the keys that a token will be verified with, beside what the launch waits for."""
        self._keys.ahead(registration, endpoints)

    def user(self, token: str, *, registration: Registration, endpoints: SmartEndpoints, nonce: str) -> User:
        """The user of a token; any doubt is `EhrFailed`, and nothing is asked of the FHIR server."""
        claims = self._verified(token, registration, endpoints)
        _check_claims(claims, registration, endpoints, nonce, self._clock())
        return User(
            issuer=endpoints.issuer,
            subject=claims["sub"],
            reference=fhir_user(claims.get("fhirUser"), registration.fhir_base),
            name=_shown(claims.get("name")),
        )

    def _verified(self, token: str, registration: Registration, endpoints: SmartEndpoints) -> Mapping[str, Any]:
        if not token or len(token) > _LONGEST:
            raise EhrFailed("The EHR sent no usable identity token.", _AGAIN)
        try:
            header = extract_compact(token.encode()).headers()
            _check_algorithm(header.get("alg"), registration)
            return self._keys.claims(token, header, registration=registration, endpoints=endpoints)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise EhrFailed(
                f"The EHR's identity token could not be verified ({type(error).__name__}).", _AGAIN
            ) from None


def _check_algorithm(alg: Any, registration: Registration) -> None:
    if alg not in registration.id_token_algs:
        raise ValueError("algorithm")


def _check_claims(
    claims: Mapping[str, Any], registration: Registration, endpoints: SmartEndpoints, nonce: str, now: float
) -> None:
    """OIDC 3.1.3.7: issuer exact, audience ours, times within a minute's skew, nonce ours."""
    audience = claims.get("aud")
    audiences = [audience] if isinstance(audience, str) else audience if isinstance(audience, list) else []
    checks = {
        "issuer": claims.get("iss") == endpoints.issuer,
        "audience": registration.client_id in audiences,
        "authorized party": claims.get("azp", None if len(audiences) == 1 else "") in (None, registration.client_id),
        "expiry": _number(claims.get("exp")) and claims["exp"] > now - _SKEW,
        "time of issue": _number(claims.get("iat")) and claims["iat"] < now + _SKEW,
        "nonce": claims.get("nonce") == nonce,
        "subject": _is_subject(claims.get("sub")),
    }
    wrong = [name for name, holds in checks.items() if not holds]
    if wrong:
        raise EhrFailed(f"The EHR's identity token is not valid for this launch ({', '.join(wrong)}).", _AGAIN)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_subject(value: Any) -> bool:
    """OIDC: at most 255 ASCII characters."""
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_SUBJECT and value.isascii() and value.isprintable()


def _shown(name: Any) -> str:
    """A name as it may stand on a page; half a character or a control is none."""
    return "".join(char for char in name if char.isprintable())[:100] if isinstance(name, str) else ""


def fhir_user(value: Any, fhir_base: str) -> str:
    """`Type/id`, from a reference relative or absolute to the FHIR base; empty for anything else (SAL-72)."""
    found = _USER.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return ""
    base, reference = found.groups()
    return str(reference) if base is None or _is_same(base, fhir_base) else ""


def _is_same(url: str, fhir_base: str) -> bool:
    try:
        return normalised(url) == normalised(fhir_base)
    except NotAllowed:
        return False
