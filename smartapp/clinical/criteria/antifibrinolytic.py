"""Why an antifibrinolytic calls for caution, in use (SAF-04) or drafted (ORD-09)."""

from smartapp.clinical.criteria.bleeding_level import haematuria
from smartapp.clinical.criteria.dic import DIC, OVERT
from smartapp.clinical.criteria.hazards import ACTIVE_THROMBOSIS
from smartapp.clinical.rule import Facts, Missing, Need


def _reasons(facts: Facts) -> tuple[str, ...] | Missing:
    """Those known to hold; Missing where none is and one is not known."""
    clot, dic = facts.get(ACTIVE_THROMBOSIS), facts.get(DIC)
    score = None if isinstance(dic, Missing) else dic
    reasons = (
        ("active thrombosis", clot is not None and not isinstance(clot, Missing)),
        ("a DIC score of 5 or more", score is not None and score.lowest >= OVERT),
        ("haematuria", haematuria(facts)),
    )
    held = tuple(words for words, holds in reasons if holds)
    if held or (not isinstance(clot, Missing) and score is not None and score.highest < OVERT):
        return held
    return clot if isinstance(clot, Missing) else Missing(score.missing if score else ("dic",), "the DIC score is open")


CAUTION: Need[tuple[str, ...]] = Need("antifibrinolytic_caution", _reasons)
