"""Point out a fall of fibrinogen.

Guideline: TRD-01, a fall of at least 25 % or 0.5 g/L between two samples 4 to 24 h apart without a product in between.
Applies when: the effective result fell that much.
Silent when: it did not, or there is nothing to compare it with.
Cannot tell when: no usable fibrinogen.
"""

from smartapp.clinical.criteria.fibrinogen import FIBRINOGEN
from smartapp.clinical.criteria.trend import TREND
from smartapp.clinical.findings import EvidenceLevel, Finding
from smartapp.clinical.rule import Given, Row, Rule
from smartapp.clinical.words import g_per_l

_ROW = Row(id="TRD-01", version=1, title="Downward trend", level=EvidenceLevel.L5, citations=("BUE21",))


def applies(given: Given) -> tuple[Finding, ...]:
    """The fall in both units."""
    trend, now = given[TREND], given[FIBRINOGEN]
    if trend.previous is None:
        return ()
    bound = " (a reported bound counts as its value)" if trend.by_bound else ""
    text = f"Fibrinogen fell from {g_per_l(trend.previous.value)} to {g_per_l(now.g_per_l)}{bound}"
    return (_ROW.finds(text, evidence=(trend.previous.source, now.result.source)),)


RULE = Rule(rows=(_ROW,), needs=(FIBRINOGEN, TREND), applies=applies)
