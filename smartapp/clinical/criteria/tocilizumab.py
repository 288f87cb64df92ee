"""Tocilizumab within the lookback (TOC-01)."""

from datetime import timedelta

from smartapp.clinical.picture import Exposure, Topic
from smartapp.clinical.rule import Facts, Missing, Need
from smartapp.clinical.terminology import Drug


def _read(facts: Facts) -> Exposure | Missing | None:
    lookback = facts.policy.span("toci_lookback_d")
    given = [
        exposure
        for exposure in facts.picture.exposures
        if exposure.drug is Drug.TOCILIZUMAB and timedelta(0) <= exposure.start.age(facts.picture.as_of) <= lookback
    ]
    if given:
        return max(given, key=lambda exposure: (exposure.start.at, exposure.source))
    if Topic.ADMINISTRATIONS in facts.picture.unread:
        return Missing(("tocilizumab",), "medication administrations could not be read, so tocilizumab is unknown")
    return None


POST_TOCI: Need[Exposure | None] = Need("post_toci", _read)
"""The latest dose of tocilizumab within the lookback; None if there was none."""
