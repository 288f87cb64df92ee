"""What a session's granted scopes allow, in sentences (SAL-53, SAL-54)."""

from collections.abc import Callable

from smartapp.fhir.queries import letter_to_read
from smartapp.smart.session import SmartSession


def may_read(session: SmartSession) -> Callable[[str], str]:
    """Of a resource type: empty if reading is granted, else a sentence."""
    granted = session.granted

    def told(resource: str) -> str:
        return (
            ""
            if granted.may(resource, letter_to_read(resource))
            else f"the EHR did not grant this session to read {resource}"
        )

    return told


def hidden_by_constraint(session: SmartSession) -> Callable[[str], str]:
    """Of a resource type: what a constrained grant hides, in words (SAL-54)."""
    granted = session.granted

    def told(resource: str) -> str:
        constraints = granted.constraints(resource, "s")
        return f"the EHR granted only a part of {resource} ({'; '.join(constraints)[:120]})" if constraints else ""

    return told


def may_write(session: SmartSession, letter: str, *, write_back: bool) -> Callable[[str], str]:
    """Of a resource type: empty if this session may create (`c`) or update (`u`) it, else a sentence (SAL-53, SAL-73)."""
    granted, verb = session.granted, {"c": "create", "u": "change"}[letter]

    def told(resource: str) -> str:
        if not write_back:
            return "writing back is not switched on for this EHR"
        if not session.user.is_professional:
            return "the EHR did not identify you as a health-care professional"
        return (
            ""
            if granted.may(resource, letter)
            else f"writing is not permitted: the EHR did not grant this session to {verb} {resource}"
        )

    return told
