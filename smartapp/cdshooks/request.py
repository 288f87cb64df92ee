"""A CDS Hooks call as bytes: parsed, or refused with a reason that names the member and echoes no patient data."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from smartapp.cdshooks.strict_json import JsonRefused, is_null, is_object, members, value_of, without_large

MAX_BYTES = 5 * 1024 * 1024
ID = r"[A-Za-z0-9\-.]{1,64}"
USER = rf"(Practitioner|PractitionerRole|Patient|RelatedPerson)/{ID}"
SELECTION = rf"[A-Z][A-Za-z]{{1,63}}/{ID}"
WITH_ENCOUNTER = frozenset({"encounter-start", "encounter-discharge"})
CHOSEN = "davinci-crd.configuration"
WITH_ORDERS = frozenset({"order-select", "order-sign"})
_TOKEN = re.compile(r"[\x21-\x7e]{1,16384}")
_PROFESSIONALS = ("Practitioner/", "PractitionerRole/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """`fhirAuthorization`: held for this request only (CDS-31); `expires_in` in seconds from the call."""

    access_token: str = field(repr=False)
    scope: str
    expires_in: int
    patient: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HookRequest:
    """One call: `prefetch` stays raw bytes by key, `draft_orders` the raw Bundle of the order hooks (empty at others).

    `selections` are the chosen orders at order-select, `Type/id` each; `configuration` is the caller's choice by option
    (CDS-99). `deadline` is the moment of the monotonic clock by
    which the answer must be out (CDS-72).
    """

    hook: str
    hook_instance: str
    patient_id: str
    user_id: str
    encounter_id: str = ""
    fhir_server: str = ""
    authorization: Authorization | None = None
    prefetch: Mapping[str, bytes] = field(default_factory=dict)
    draft_orders: bytes = b""
    selections: tuple[str, ...] = ()
    configuration: Mapping[str, Any] = field(default_factory=dict)
    deadline: float = float("inf")

    @property
    def by_professional(self) -> bool:
        """Whether the user is a professional (CDS-10, DSI-10)."""
        return self.user_id.startswith(_PROFESSIONALS)


def parse(raw: bytes, hook: str, *, deadline: float = float("inf")) -> HookRequest:
    """The call for a service of `hook`; `Refused` with 400 or 413 names what is wrong."""
    if len(raw) > MAX_BYTES:
        raise JsonRefused(413, f"the request is larger than {MAX_BYTES} bytes", "too-long")
    rest, large = without_large(raw, "prefetch")
    try:
        call = _parsed(rest, hook, deadline)
    except JsonRefused:
        return _parsed(raw, hook, deadline)
    return replace(call, prefetch={**call.prefetch, **large}) if large else call


def _parsed(raw: bytes, hook: str, deadline: float) -> HookRequest:
    top = members(raw, "the request")
    if _text(top, "hook") != hook:
        raise JsonRefused(400, f"hook must be {hook} for this service")
    instance = _instance(top)
    context = _object(top, "context")
    patient = _id(context, "patientId")
    server = "" if is_null(top.get("fhirServer")) else _text(top, "fhirServer")
    return HookRequest(
        hook=hook,
        hook_instance=instance,
        patient_id=patient,
        user_id=_matching(context, "userId", USER, "of the form Type/id"),
        encounter_id=_encounter(context, hook),
        fhir_server=server,
        authorization=_authorization(top, server, patient),
        prefetch=_prefetch(top),
        draft_orders=_draft_orders(context) if hook in WITH_ORDERS else b"",
        selections=_selections(context) if hook == "order-select" else (),
        configuration=_configuration(top),
        deadline=deadline,
    )


def _object(of: Mapping[str, bytes], name: str) -> dict[str, bytes]:
    raw = of.get(name, b"")
    if not is_object(raw):
        raise JsonRefused(400, f"{name} is missing or not an object", "required")
    return members(raw, name)


def _text(of: Mapping[str, bytes], name: str, place: str = "") -> str:
    value = value_of(of[name], f"{place}{name}") if name in of else None
    if not isinstance(value, str):
        raise JsonRefused(400, f"{place}{name} is missing or not a string", "required")
    return value


def _instance(top: Mapping[str, bytes]) -> str:
    value = _text(top, "hookInstance")
    if not value.strip() or len(value) > 200 or not value.isprintable():
        raise JsonRefused(400, "hookInstance must be a non-empty string", "required")
    return value


def _matching(context: Mapping[str, bytes], name: str, form: str, words: str) -> str:
    value = value_of(context[name], f"context.{name}") if name in context else None
    if not isinstance(value, str) or not re.fullmatch(form, value):
        raise JsonRefused(400, f"context.{name} is missing or not {words}", "required")
    return value


def _id(context: Mapping[str, bytes], name: str) -> str:
    return _matching(context, name, ID, "a FHIR id")


def _encounter(context: Mapping[str, bytes], hook: str) -> str:
    """Required where the encounter is what starts (CDS-13)."""
    if is_null(context.get("encounterId")) and hook not in WITH_ENCOUNTER:
        return ""
    return _id(context, "encounterId")


def _prefetch(top: Mapping[str, bytes]) -> dict[str, bytes]:
    if is_null(top.get("prefetch")):
        return {}
    keys = _object(top, "prefetch")
    for key, value in keys.items():
        if not (is_object(value) or is_null(value)):
            raise JsonRefused(400, f"prefetch.{key[:40]} must be a resource or null")
    return keys


def _configuration(top: Mapping[str, bytes]) -> dict[str, Any]:
    """What the request chooses of the options in discovery; whatever is no such choice counts for nothing (CDS-14, CDS-99)."""
    raw = top.get("extension", b"")
    chosen = members(raw, "extension").get(CHOSEN, b"") if is_object(raw) else b""
    if not is_object(chosen):
        return {}
    return {name: value_of(value, f"extension.{CHOSEN}") for name, value in members(chosen, CHOSEN).items()}


def _draft_orders(context: Mapping[str, bytes]) -> bytes:
    raw = context.get("draftOrders", b"")
    if not is_object(raw):
        raise JsonRefused(400, "context.draftOrders is missing or not a Bundle", "required")
    return raw


def _selections(context: Mapping[str, bytes]) -> tuple[str, ...]:
    value = value_of(context["selections"], "context.selections") if "selections" in context else None
    fits = isinstance(value, list) and all(isinstance(one, str) and re.fullmatch(SELECTION, one) for one in value)
    if not isinstance(value, list) or not fits:
        raise JsonRefused(400, "context.selections is missing or not an array of references Type/id", "required")
    return tuple(value)


def _authorization(top: Mapping[str, bytes], server: str, patient: str) -> Authorization | None:
    """The token for own queries, whole or refused (CDS-30); it is of this patient (CDS-33)."""
    if is_null(top.get("fhirAuthorization")):
        return None
    given = _object(top, "fhirAuthorization")
    if not server:
        raise JsonRefused(400, "fhirAuthorization needs fhirServer", "required")
    place = "fhirAuthorization."
    token, kind, scope, _ = (_text(given, name, place) for name in ("access_token", "token_type", "scope", "subject"))
    if not _TOKEN.fullmatch(token):
        raise JsonRefused(400, "fhirAuthorization.access_token is empty or has characters a token may not have")
    if kind.lower() != "bearer":
        raise JsonRefused(400, "fhirAuthorization.token_type must be Bearer")
    whose = "" if is_null(given.get("patient")) else _text(given, "patient", place)
    if whose not in ("", patient):
        raise JsonRefused(400, "fhirAuthorization.patient is not the patient of the context")
    return Authorization(access_token=token, scope=scope, expires_in=_seconds(given), patient=whose)


def _seconds(given: Mapping[str, bytes]) -> int:
    value: Any = value_of(given["expires_in"], "fhirAuthorization.expires_in") if "expires_in" in given else None
    if isinstance(value, bool) or not isinstance(value, int):
        raise JsonRefused(400, "fhirAuthorization.expires_in is missing or not a whole number of seconds", "required")
    return value
