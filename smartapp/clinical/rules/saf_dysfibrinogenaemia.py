"""Say that concentrates are not indicated in dysfibrinogenaemia.

Guideline: SAF-05, a known dysfibrinogenaemia forbids a draft of any product.
Applies when: a dose is in question and dysfibrinogenaemia is recorded as active.
Silent when: no dose is in question, or it is not recorded.
Cannot tell when: conditions could not be read and show none.
"""

from smartapp.clinical.criteria.hazards import DYSFIBRINOGENAEMIA
from smartapp.clinical.criteria.options import DOSE_IN_QUESTION
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.rule import Given, Row, Rule

_ROW = Row(id="SAF-05", version=2, title="Dysfibrinogenaemia", level=EvidenceLevel.L1, citations=("RIA", "FIB24"))


def applies(given: Given) -> tuple[Finding, ...]:
    """The condition that stands against it."""
    condition = given[DYSFIBRINOGENAEMIA]
    if given[DOSE_IN_QUESTION] is None or condition is None:
        return ()
    text = "Dysfibrinogenaemia recorded: concentrates are not indicated"
    return (_ROW.finds(text, Indicator.WARNING, evidence=(condition.source,)),)


RULE = Rule(rows=(_ROW,), needs=(DOSE_IN_QUESTION, DYSFIBRINOGENAEMIA), applies=applies)
