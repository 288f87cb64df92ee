"""DQ-03, DQ-07: results that are too old or derived."""

from decimal import Decimal

from smartapp.clinical.criteria.crs import CRS
from smartapp.clinical.criteria.fibrinogen import FIBRINOGEN_STATE
from smartapp.clinical.derived_facts import Band, EffectiveFibrinogen, NoFibrinogen, Tier
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.rule import REVISED_1_2, Given, Row, Rule, policy
from smartapp.clinical.words import plain

_STALE = Row(id="DQ-03", version=2, revised=REVISED_1_2, title="Stale fibrinogen", level=EvidenceLevel.L5, citations=())
_DERIVED = Row(
    id="DQ-07", version=2, revised=REVISED_1_2, title="Derived fibrinogen", level=EvidenceLevel.L5, citations=()
)
LIMIT = policy("fib_tier_max_age_h")
_STRONG = (Band.MODERATE, Band.SEVERE)
_OVER_READS = (Decimal("1.5"), Decimal("2.0"))  # g/L


def stale_or_derived(given: Given) -> tuple[Finding, ...]:
    """Ask for a repeat where the result at hand is old or derived.

    Guideline: DQ-03, a result older than 24 h no longer tiers; DQ-07, a PT-derived value over-reads.
    Applies when: the newest result is too old and the situation is worrying, or a derived value of 1.5 to below 2.0 stands with
    moderate or severe CRS.
    Silent when: the result is fresh and functional.
    Cannot tell when: never.
    """
    state, crs = given[FIBRINOGEN_STATE], given[CRS]
    if isinstance(state, NoFibrinogen):
        worrying = state.last_tier in (Tier.T1, Tier.T2) or crs.band in _STRONG
        if state.last is None or state.last_tier is None or not worrying:
            return ()
        return (
            _STALE.finds(
                f"The newest fibrinogen ({state.last.reported}) is older than {plain(given[LIMIT])} h: repeat now",
                Indicator.WARNING,
                evidence=(state.last.source,),
            ),
        )
    return _derived(state, crs.band)


def _derived(state: EffectiveFibrinogen, band: Band) -> tuple[Finding, ...]:
    low, high = _OVER_READS
    if "derived" not in state.flags or band not in _STRONG or not low <= state.g_per_l < high:
        return ()
    return (
        _DERIVED.finds(
            "PT-derived fibrinogen over-reads: consider confirming by Clauss", evidence=(state.result.source,)
        ),
    )


RULES = (Rule(rows=(_STALE, _DERIVED), needs=(FIBRINOGEN_STATE, CRS, LIMIT), applies=stale_or_derived),)
