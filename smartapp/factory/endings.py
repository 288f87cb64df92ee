"""Why a launch is over, in words (SEC-03, SAL-81)."""

from collections.abc import Mapping

from smartapp.smart.errors import NoSuchLaunch
from smartapp.storage.session_store import Ending, LaunchStore

_UNKNOWN = "There is no live launch for this browser: it ended, timed out, or was opened in another browser."
_AGAIN = "Open the app again from the patient's chart."
_KEPT = f"{_AGAIN} What you entered by hand and the amount you had chosen are offered again then."
_WORDS: Mapping[str, tuple[str, str]] = {
    Ending.SIGNED_OUT: ("You signed out of this launch.", _AGAIN),
    Ending.IDLE: ("This session ended because the page was not used for {idle:g} minutes.", _KEPT),
    Ending.TIME_OVER: ("This session ended because its time was over.", _KEPT),
    Ending.CROWDED_OUT: (
        "This session ended because twenty newer charts were opened in this browser: the oldest is closed then.",
        _AGAIN,
    ),
    Ending.REFUSED: ("The EHR ended this session.", _AGAIN),
    Ending.OTHER_PATIENT: (
        "The EHR answered for another patient than the one of this chart, so this session was closed.",
        _AGAIN,
    ),
    Ending.ADMINISTRATOR: ("An administrator ended this session.", _AGAIN),
}


def ended(store: LaunchStore, launch: str, idle_minutes: float) -> NoSuchLaunch:
    """What a page says of a launch that is not, or no longer, this browser's."""
    what, advice = _WORDS.get(store.ending(launch, idle_minutes), (_UNKNOWN, _AGAIN))
    return NoSuchLaunch(what.format(idle=idle_minutes), advice)
