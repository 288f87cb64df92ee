"""Go on checking fibrinogen after tocilizumab.

Guideline: TOC-01, after tocilizumab fever and CRP no longer show CRS activity, and low fibrinogen lasts.
Applies when: tocilizumab was given within 14 days.
Silent when: it was not.
Cannot tell when: medication administrations could not be read.
"""

from smartapp.clinical.criteria.tocilizumab import POST_TOCI
from smartapp.clinical.findings import EvidenceLevel, Finding
from smartapp.clinical.rule import Given, Row, Rule
from smartapp.clinical.words import clock

_ROW = Row(id="TOC-01", version=1, title="After tocilizumab", level=EvidenceLevel.L2, citations=("PERL24",))


def applies(given: Given) -> tuple[Finding, ...]:
    """The reminder."""
    dose = given[POST_TOCI]
    if dose is None:
        return ()
    text = (
        f"Tocilizumab given {clock(dose.start.at)}: fever and CRP no longer show CRS activity; "
        "consider continuing fibrinogen checks after clinical CRS resolves"
    )
    return (_ROW.finds(text, evidence=(dose.source,)),)


RULE = Rule(rows=(_ROW,), needs=(POST_TOCI,), applies=applies)
