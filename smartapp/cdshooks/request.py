"""A CDS Hooks call as bytes: parsed, or refused with a reason that names the member and echoes no patient data."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

MAX_BYTES = 5 * 1024 * 1024
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_USER = re.compile(r"(Practitioner|PractitionerRole|Patient|RelatedPerson)/[A-Za-z0-9\-.]{1,64}")
_PROFESSIONALS = ("Practitioner/", "PractitionerRole/")


class Refused(ValueError):
    """A call that is answered with an error; `status` is the HTTP status, the message names the member."""

    def __init__(self, status: int, why: str, code: str = "invalid") -> None:
        super().__init__(why)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """`fhirAuthorization`: held for this request only (CDS-31)."""

    access_token: str = field(repr=False)
    scope: str
    expires_in: int
    patient: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HookRequest:
    """One call: `prefetch` stays raw bytes by key; `context` holds the members as they came."""

    hook: str
    hook_instance: str
    patient_id: str
    user_id: str
    encounter_id: str = ""
    fhir_server: str = ""
    authorization: Authorization | None = None
    prefetch: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def by_professional(self) -> bool:
        """Whether the user is a professional (CDS-10, DSI-10)."""
        return self.user_id.startswith(_PROFESSIONALS)


def parse(raw: bytes, hook: str) -> HookRequest:
    """The call for a service of `hook`; `Refused` with 400 or 413 names what is wrong."""
    if len(raw) > MAX_BYTES:
        raise Refused(413, f"the request is larger than {MAX_BYTES} bytes", "too-long")
    top = _object(raw, "the request")
    prefetch = _prefetch(top)
    _refuse_duplicates(raw, top)
    members = {name: _plain(bytes(value), name) for name, value in top.items() if name != "prefetch"}
    context = _member(members, "context", dict)
    if _member(members, "hook", str) != hook:
        raise Refused(400, f"hook must be {hook} for this service")
    return HookRequest(
        hook=hook,
        hook_instance=_filled(members, "hookInstance"),
        patient_id=_id(context, "patientId"),
        user_id=_user(context),
        encounter_id=_id(context, "encounterId") if context.get("encounterId") is not None else "",
        fhir_server=members["fhirServer"]
        if isinstance(members.get("fhirServer"), str)
        else _absent(members, "fhirServer"),
        authorization=_authorization(members),
        prefetch=prefetch,
    )


def _object(raw: bytes, name: str) -> dict[str, msgspec.Raw]:
    try:
        return msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except RecursionError:
        raise Refused(400, f"{name} is nested too deeply") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Refused(400, f"{name} is not a JSON object", "structure") from None


def _plain(raw: bytes, name: str) -> Any:
    try:
        return msgspec.json.decode(raw)
    except RecursionError:
        raise Refused(400, f"{name} is nested too deeply") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Refused(400, f"{name} is not valid JSON", "structure") from None


def _prefetch(top: dict[str, msgspec.Raw]) -> dict[str, bytes]:
    raw = bytes(top.get("prefetch", msgspec.Raw(b"null")))
    if raw.strip() == b"null":
        return {}
    keys = _object(raw, "prefetch")
    for key, value in keys.items():
        _plain_check(bytes(value), f"prefetch.{key[:40]}")
    _no_twins(_emptied(raw, keys), "prefetch")
    return {key: bytes(value) for key, value in keys.items()}


def _plain_check(raw: bytes, name: str) -> None:
    if raw.strip()[:1] not in (b"{", b"n"):
        raise Refused(400, f"{name} must be a resource or null")


def _refuse_duplicates(raw: bytes, top: dict[str, msgspec.Raw]) -> None:
    """Duplicate keys in the request's own objects (CDS-73); msgspec lets the last one win, so look for them here."""
    large = {name: value for name, value in top.items() if name == "prefetch"}
    _no_twins(_emptied(raw, large), "the request")


def _emptied(raw: bytes, values: Mapping[str, msgspec.Raw]) -> bytes:
    for value in sorted((bytes(v) for v in values.values()), key=len, reverse=True):
        raw = raw.replace(value, b"null", 1)
    return raw


def _no_twins(raw: bytes, name: str) -> None:
    def check(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [key for key, _ in pairs]
        if len(names) != len(set(names)):
            raise Refused(400, f"{name} has a member twice")
        return dict(pairs)

    try:
        json.loads(raw, object_pairs_hook=check)
    except RecursionError:
        raise Refused(400, f"{name} is nested too deeply") from None
    except ValueError as error:
        if isinstance(error, Refused):
            raise
        raise Refused(400, f"{name} is not valid JSON", "structure") from None


def _member(members: Mapping[str, Any], name: str, kind: type) -> Any:
    value = members.get(name)
    if not isinstance(value, kind):
        raise Refused(400, f"{name} is missing or not {'a string' if kind is str else 'an object'}", "required")
    return value


def _filled(members: Mapping[str, Any], name: str) -> str:
    value: str = _member(members, name, str)
    if not value.strip() or len(value) > 200:
        raise Refused(400, f"{name} must be a non-empty string", "required")
    return value


def _absent(members: Mapping[str, Any], name: str) -> str:
    if members.get(name) is not None:
        raise Refused(400, f"{name} is not a string")
    return ""


def _id(context: Mapping[str, Any], name: str) -> str:
    value = context.get(name)
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise Refused(400, f"context.{name} is missing or not a FHIR id", "required")
    return value


def _user(context: Mapping[str, Any]) -> str:
    value = context.get("userId")
    if not isinstance(value, str) or not _USER.fullmatch(value):
        raise Refused(400, "context.userId is missing or not of the form Type/id", "required")
    return value


def _authorization(members: Mapping[str, Any]) -> Authorization | None:
    given = members.get("fhirAuthorization")
    if given is None:
        return None
    if not isinstance(given, dict) or not members.get("fhirServer"):
        raise Refused(400, "fhirAuthorization must be an object and needs fhirServer")
    for name in ("access_token", "token_type", "scope", "subject"):
        if not isinstance(given.get(name), str):
            raise Refused(400, f"fhirAuthorization.{name} is missing or not a string", "required")
    expires = given.get("expires_in")
    if isinstance(expires, bool) or not isinstance(expires, int):
        raise Refused(400, "fhirAuthorization.expires_in is missing or not a number", "required")
    if given["token_type"].lower() != "bearer":
        raise Refused(400, "fhirAuthorization.token_type must be Bearer")
    patient = given.get("patient") or ""
    context = members.get("context")
    if patient and isinstance(context, dict) and patient != context.get("patientId"):
        raise Refused(400, "fhirAuthorization.patient is not the patient of the context")
    return Authorization(access_token=given["access_token"], scope=given["scope"], expires_in=expires, patient=patient)
