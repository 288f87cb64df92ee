"""BLD, TRD, TOC, MOD: what raises the risk at a given level of fibrinogen."""

from smartapp.clinical.criteria.age import AGE
from smartapp.clinical.criteria.bleeding_level import BLEEDING, SERIOUS
from smartapp.clinical.criteria.dic import DIC
from smartapp.clinical.criteria.fibrinogen import FIBRINOGEN
from smartapp.clinical.criteria.modifiers import ICANS, MODIFIERS, PROCEDURE_24H
from smartapp.clinical.criteria.recent import PLATELETS
from smartapp.clinical.criteria.tocilizumab import POST_TOCI
from smartapp.clinical.criteria.trend import TREND
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.picture import BleedingLevel
from smartapp.clinical.rule import REVISED_1_2, Given, Row, Rule
from smartapp.clinical.words import MODIFIER_WORDS, clock, g_per_l

_BLD_01 = Row(
    id="BLD-01",
    version=2,
    revised=REVISED_1_2,
    uses_birth_date=False,
    title="Bleeding level",
    level=EvidenceLevel.L5,
    citations=("BUE21",),
)


def bleeding_status(given: Given) -> tuple[Finding, ...]:
    """Say that no bleeding record is not evidence of no bleeding.

    Guideline: BLD-01, the highest active level decides; none recorded is to be confirmed at the bedside.
    Applies when: a bleeding level is active, or none is recorded.
    Silent when: the clinician has set "none" by hand.
    Cannot tell when: conditions could not be read.
    """
    level = given[BLEEDING]
    if level is BleedingLevel.NONE_RECORDED:
        return (_BLD_01.finds("Bleeding not recorded: confirm at the bedside"),)
    if level is BleedingLevel.NONE:
        return ()
    return (_BLD_01.finds(f"Bleeding recorded: {level}", Indicator.WARNING if level in SERIOUS else Indicator.INFO),)


_TRD_01 = Row(
    id="TRD-01",
    version=2,
    revised=REVISED_1_2,
    uses_birth_date=False,
    title="Downward trend",
    level=EvidenceLevel.L5,
    citations=("BUE21",),
)


def trend_down(given: Given) -> tuple[Finding, ...]:
    """Point out a fall of fibrinogen.

    Guideline: TRD-01, a fall of at least 25 % or 0.5 g/L between two samples 4 to 24 h apart without a product in between.
    Applies when: the effective result fell that much.
    Silent when: it did not, or there is nothing to compare it with.
    Cannot tell when: no usable fibrinogen.
    """
    trend, now = given[TREND], given[FIBRINOGEN]
    if trend.previous is None:
        return ()
    bound = " (a reported bound counts as its value)" if trend.by_bound else ""
    text = f"Fibrinogen fell from {g_per_l(trend.previous.value)} to {g_per_l(now.g_per_l)}{bound}"
    return (_TRD_01.finds(text, evidence=(trend.previous.source, now.result.source)),)


_TOC_01 = Row(
    id="TOC-01",
    version=2,
    revised=REVISED_1_2,
    uses_birth_date=False,
    title="After tocilizumab",
    level=EvidenceLevel.L2,
    citations=("PERL24", "YIL24"),
)


def after_tocilizumab(given: Given) -> tuple[Finding, ...]:
    """Go on checking fibrinogen after tocilizumab.

    Guideline: TOC-01, after tocilizumab fever and CRP no longer show CRS activity, and low fibrinogen lasts.
    Applies when: tocilizumab was given within the lookback (28 days by default).
    Silent when: it was not.
    Cannot tell when: medication administrations could not be read.
    """
    dose = given[POST_TOCI]
    if dose is None:
        return ()
    text = (
        f"Tocilizumab given {clock(dose.start.at)}: fever and CRP no longer show CRS activity; "
        "consider continuing fibrinogen checks after clinical CRS resolves. "
        "Such lows are mostly 1.0 to 1.5 g/L and without major bleeding outside CAR-T"
    )
    return (_TOC_01.finds(text, evidence=(dose.source,)),)


_MOD_01 = Row(
    id="MOD-01",
    version=2,
    revised=REVISED_1_2,
    title="Risk modifiers",
    level=EvidenceLevel.L2,
    citations=("BUE21", "ISTH13", "JOH21", "PERL24"),
)


def risk_modifiers(given: Given) -> tuple[Finding, ...]:
    """Name the risk modifiers that hold.

    Guideline: MOD-01, eight findings that raise the risk at a given level.
    Applies when: at least one holds.
    Silent when: none is shown to hold.
    Cannot tell when: never as a whole; a modifier whose input is missing is named with its input.
    """
    held = given[MODIFIERS]
    return (
        (_MOD_01.finds(f"Risk modifiers: {', '.join(MODIFIER_WORDS[modifier] for modifier in held)}"),) if held else ()
    )


RULES = (
    Rule(rows=(_BLD_01,), needs=(BLEEDING,), applies=bleeding_status),
    Rule(rows=(_TRD_01,), needs=(FIBRINOGEN, TREND), applies=trend_down),
    Rule(rows=(_TOC_01,), needs=(POST_TOCI,), applies=after_tocilizumab),
    Rule(
        rows=(_MOD_01,), needs=(MODIFIERS,), wants=(AGE, PLATELETS, ICANS, PROCEDURE_24H, DIC), applies=risk_modifiers
    ),
)
