"""DQ-17, DQ-21, DQ-22: results that are missing, newer and unusable, or that jump."""

from collections.abc import Iterator

from smartapp.clinical.criteria.bleeding_level import BLEEDING, SERIOUS
from smartapp.clinical.criteria.delta import DELTA
from smartapp.clinical.criteria.newest_unusable import NEWEST_UNUSABLE
from smartapp.clinical.criteria.verdict import FIBRINOGEN_INCOMPLETE, UNDERLYING
from smartapp.clinical.derived_facts import Decision
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.rule import FIRST_RELEASE, REVISED_1_2, Given, Row, Rule
from smartapp.clinical.words import clock


def _row(id_: str, version: int, title: str, *, uses_birth_date: bool = True) -> Row:
    return Row(
        id=id_,
        version=version,
        title=title,
        level=EvidenceLevel.L5,
        citations=(),
        released=REVISED_1_2 if version == 1 else FIRST_RELEASE,
        revised=REVISED_1_2,
        uses_birth_date=uses_birth_date,
    )


_INCOMPLETE = _row("DQ-17", 2, "Fibrinogen results are incomplete")
_NEWEST = _row("DQ-21", 1, "The newest fibrinogen could not be used")
_JUMP = _row("DQ-22", 1, "Delta check", uses_birth_date=False)


def newest_result(given: Given) -> tuple[Finding, ...]:
    """Say first that a newer or lower fibrinogen may exist.

    Guideline: DQ-17, where fibrinogen results are known to be incomplete, nothing calm is said; DQ-21, neither where the newest result could not
    be used. Replacement that is advised stands, with the proviso and without a draft.
    Applies when: results were not all read and what is missing may be newer or lower; or a result of the last 24 h that is newer than the
    one in use has no usable unit, number, specimen or code, or was marked suspect.
    Silent when: all results were read, or only older ones are missing, and the newest is the one in use.
    Cannot tell when: never.
    """
    return (*_of_newest(given), *_of_incomplete(given))


def _of_newest(given: Given) -> Iterator[Finding]:
    newest = given[NEWEST_UNUSABLE]
    if newest is None:
        return
    text = newest.told(clock(newest.at))
    parts = [text[0].upper() + text[1:], newest.meanings, _beneath(given.get(UNDERLYING))]
    indicator = Indicator.CRITICAL if given.get(BLEEDING) in SERIOUS else Indicator.WARNING
    yield _NEWEST.finds(". ".join(part for part in parts if part), indicator, evidence=(newest.source,))


def _of_incomplete(given: Given) -> Iterator[Finding]:
    gap = given[FIBRINOGEN_INCOMPLETE]
    if gap is None:
        return
    parts = [
        "Fibrinogen results are incomplete: a newer or lower one may exist",
        gap.text,
        _beneath(given.get(UNDERLYING)),
    ]
    yield _INCOMPLETE.finds(". ".join(part for part in parts if part), Indicator.WARNING)


def _beneath(decision: Decision | None) -> str:
    return "" if decision is None else f"What was read would mean {decision.action} ({decision.row})"


def jump(given: Given) -> tuple[Finding, ...]:
    """Point out a jump that disease rarely makes so fast.

    Guideline: DQ-22, a fall or rise between two samples at most 6 h apart beyond the site's limits; a rise only without a product in between.
    A clotted tube, dilution, the wrong patient or an uncharted dose is likelier. It changes nothing else.
    Applies when: the result in use jumped so from the one before it.
    Silent when: it did not, or there is nothing to compare it with.
    Cannot tell when: there is no usable fibrinogen.
    """
    delta = given[DELTA]
    if delta is None:
        return ()
    return (_JUMP.finds(f"Fibrinogen {delta.text}", evidence=(delta.before.source, delta.after.source)),)


RULES = (
    Rule(
        rows=(_INCOMPLETE, _NEWEST),
        needs=(NEWEST_UNUSABLE, FIBRINOGEN_INCOMPLETE),
        wants=(UNDERLYING, BLEEDING),
        applies=newest_result,
    ),
    Rule(rows=(_JUMP,), needs=(DELTA,), applies=jump),
)
