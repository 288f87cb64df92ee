"""A live launch of this browser as the pages know it: who acts, and the case that the use cases take."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from smartapp.usecases.ports import ChartReading, LaunchCase


class UserKind(StrEnum):
    """Who is signed in, by the type of fhirUser (SAL-73)."""

    PROFESSIONAL = "professional"
    PATIENT = "patient"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLaunch:
    """A live launch of this browser; `binding` is an opaque value of its session that form tokens are tied to.

    `read` begins to read the chart for a page, given how often the page has looked before; `revoke` tells the EHR that the
    launch is over.
    """

    launch: str
    ehr: str
    user: UserKind
    case: LaunchCase
    read: Callable[[int], ChartReading]
    revoke: Callable[[], None]
    user_name: str = ""
    binding: str = ""


class LaunchDoor(Protocol):
    """Opens the launch of a path for the browser that holds its cookie."""

    def __call__(self, launch: str, cookies: Mapping[str, str]) -> OpenLaunch:
        """The live launch; a problem with status 401 that says why there is none."""
