"""REP, TIER: replace, consider, watch, or say that it cannot be told."""

from typing import assert_never

from smartapp.clinical.criteria.bleeding_level import BLEEDING, SERIOUS
from smartapp.clinical.criteria.crs import CRS
from smartapp.clinical.criteria.decision import DECISION, VERSION
from smartapp.clinical.criteria.fibrinogen import FIBRINOGEN, FIBRINOGEN_STATE, TIER
from smartapp.clinical.criteria.modifiers import MODIFIERS
from smartapp.clinical.criteria.monitoring_interval import MONITORING
from smartapp.clinical.criteria.products_given import RECENT_SUPPLY, REPEATED_DOSES
from smartapp.clinical.criteria.standing import STANDING, STANDING_LONG
from smartapp.clinical.derived_facts import Action, Decision, EffectiveFibrinogen, Monitoring, NoFibrinogen
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.rule import REVISED_1_2, Given, Row, Rule, policy
from smartapp.clinical.words import clock, fibrinogen_words, rounded, standing_order_words

TRIAL_NOTE = (
    "Prophylactic replacement without bleeding is not supported by trials; general guidance (NHSBT, Australia, BSH) reserves it for "
    "bleeding or procedures."
)
PRACTICE_NOTE = (
    "Trial practice (BUE21): outside CAR-T every guideline read ties replacement below 1.5 g/L to bleeding, and the commonest practice in "
    "children with ALL is lower."
)
_BY_PRACTICE = frozenset({"REP-05", "REP-06"})
_L = EvidenceLevel


def _row(id_: str, title: str, level: EvidenceLevel, *citations: str) -> Row:
    return Row(id=id_, version=VERSION, title=title, level=level, citations=citations, revised=REVISED_1_2)


_ROWS = (
    _row("REP-01", "Low with significant or major bleeding", _L.L1, "NHSBT21", "ISTH13", "FIB24"),
    _row("REP-02", "At most 2.0 g/L while major bleeding goes on", _L.L1, "FIB24"),
    _row("REP-03", "Below 1.0 g/L with CRS, unknown CRS or after tocilizumab", _L.L2, "BUE21", "HAS20"),
    _row("REP-04", "Below 1.0 g/L without CRS", _L.L5),
    _row("REP-05", "Below 1.5 g/L with severe CRS", _L.L2, "BUE21", "ISTH13", "ESA", "BSH09"),
    _row("REP-06", "Below 1.5 g/L with a risk modifier", _L.L5, "BUE21", "ISTH13", "ESA", "BSH09"),
    _row("REP-07", "Below 1.5 g/L otherwise", _L.L5),
    _row("REP-08", "1.5 g/L or above", _L.L5),
    _row("REP-10", "No usable level and major bleeding", _L.L1, "RIA"),
    _row("REP-12", "No usable level", _L.L5),
)
_TIER_ROW = Row(
    id="TIER-01", version=2, revised=REVISED_1_2, title="Fibrinogen tier", level=_L.L2, citations=("BUE21",)
)
_BY_ID = {row.id: row for row in _ROWS}


def replacement_table(given: Given) -> tuple[Finding, ...]:
    """Replace fibrinogen, consider it, watch, or say that it cannot be told.

    Guideline: the table of section 4.1, in which the first match wins, with the site's thresholds and profile. BUE21's trial replaced
    below 1.5 g/L in severe CRS; practice elsewhere replaces below 1.0 g/L; labels and transfusion guidance back the bleeding rows.
    Applies when: exactly one row always matches.
    Silent when: never for the table; each other row is silent.
    Cannot tell when: never; no usable level is a row of its own (REP-10, REP-12).
    """
    decision, fibrinogen = given[DECISION], given.get(FIBRINOGEN)
    evidence = (fibrinogen.result.source,) if fibrinogen else ()
    return (_BY_ID[decision.row].finds(_text(given, decision), decision.indicator, evidence=evidence),)


def _text(given: Given, decision: Decision) -> str:
    """In words as strong as the advice, with what makes it practical: when to recheck, or what to send."""
    match decision.action:
        case Action.MONITOR:
            return _by_when(given.get(MONITORING), decision.text)
        case Action.CANNOT_ASSESS:
            return _what_to_send(given.get(FIBRINOGEN_STATE), decision.text)
        case Action.REPLACE | Action.CONSIDER:
            notes = [TRIAL_NOTE] if given.get(BLEEDING) not in SERIOUS else []
            notes += [PRACTICE_NOTE] if decision.row in _BY_PRACTICE else []
            return ". ".join((decision.text, *notes))
        case Action.NONE:
            return decision.text
        case _:
            assert_never(decision.action)


def _by_when(monitoring: Monitoring | None, text: str) -> str:
    if monitoring is None or monitoring.due is None:
        return text
    return text.replace("Recheck", f"Recheck by {clock(monitoring.due)}", 1)


def _what_to_send(state: EffectiveFibrinogen | NoFibrinogen | None, text: str) -> str:
    if not isinstance(state, NoFibrinogen) or state.last is None or state.last_age_h is None:
        return text
    last = f"{state.last.comparator or ''}{fibrinogen_words(state.last.value)} g/L"
    if state.last_tier is None:
        return f"Send a fibrinogen now: the last, {last}, does not tell the tier"
    return f"Send a fibrinogen now: the last, {last}, is {rounded(state.last_age_h, 0)} h old"


_RECENT = Row(
    id="REP-09",
    version=3,
    revised=REVISED_1_2,
    uses_birth_date=False,
    title="Recent dose: recheck first",
    level=EvidenceLevel.L5,
    citations=(),
)


def recent_dose_or_order(given: Given) -> tuple[Finding, ...]:
    """Recheck before another dose.

    Guideline: REP-09, a product started after the sample and within 6 h, or on order for at most 4 h, is to be rechecked first; so is one that
    was ordered or handed out within 6 h and is not recorded as given, and what by its words may have been one.
    Applies when: it holds for the latest product.
    Silent when: nothing was given or ordered so recently.
    Cannot tell when: administrations or orders could not be read.
    """
    supply = given[RECENT_SUPPLY]
    if supply is None:
        return ()
    at = supply.at_words(clock)
    return (_RECENT.finds(supply.told(at), evidence=(supply.source,)),)


_STANDING = Row(
    id="REP-13",
    version=1,
    released=REVISED_1_2,
    revised=REVISED_1_2,
    uses_birth_date=False,
    title="Standing draft or order",
    level=EvidenceLevel.L5,
    citations=(),
)


def standing_draft(given: Given) -> tuple[Finding, ...]:
    """Name the drafts and orders that stand, whoever wrote them.

    Guideline: REP-13, a draft, an order on hold, or an active order that is old and not recorded as given, of the last 24 h: it is signed or
    withdrawn before another is written.
    Applies when: one stands among the orders that the EHR shows.
    Silent when: none does.
    Cannot tell when: orders could not be read and show none.
    """
    standing = given[STANDING]
    if not standing:
        return ()
    told = [standing_order_words(o, clock(o.authored.at) if o.authored else "at an unknown time") for o in standing]
    indicator = Indicator.WARNING if given.get(STANDING_LONG) else Indicator.INFO
    return (_STANDING.finds("; ".join(told), indicator, evidence=tuple(order.source for order in standing)),)


_REP_11 = Row(
    id="REP-11",
    version=3,
    revised=REVISED_1_2,
    uses_birth_date=False,
    title="Repeated need",
    level=EvidenceLevel.L5,
    citations=(),
)
REPEATED = policy("repeat_doses_alert_24h")


def repeated_doses(given: Given) -> tuple[Finding, ...]:
    """Speak up when doses repeat.

    Guideline: REP-11, three or more doses of fibrinogen-containing products within 24 h point to another cause.
    Applies when: at least that many were started within 24 h.
    Silent when: fewer were, and everything was read.
    Cannot tell when: fewer are known, and administrations or procedures could not be read.
    """
    doses = given[REPEATED_DOSES]
    if len(doses) < given[REPEATED]:
        return ()
    text = f"{len(doses)} doses within 24 h: consider calling haematology; consider DIC, IEC-HS, ongoing bleeding"
    return (_REP_11.finds(text, Indicator.CRITICAL, evidence=tuple(dose.source for dose in doses)),)


RULES = (
    Rule(
        rows=(*_ROWS, _TIER_ROW),
        needs=(DECISION,),
        wants=(
            FIBRINOGEN,
            FIBRINOGEN_STATE,
            TIER,
            CRS,
            BLEEDING,
            MODIFIERS,
            MONITORING,
            policy("t1_below"),
            policy("t2_below"),
        ),
        applies=replacement_table,
    ),
    Rule(rows=(_STANDING,), needs=(STANDING,), wants=(STANDING_LONG,), applies=standing_draft),
    Rule(rows=(_RECENT,), needs=(RECENT_SUPPLY,), applies=recent_dose_or_order),
    Rule(rows=(_REP_11,), needs=(REPEATED_DOSES, REPEATED), applies=repeated_doses),
)
