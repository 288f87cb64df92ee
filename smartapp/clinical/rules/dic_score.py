"""DIC: the ISTH score for overt DIC."""

from smartapp.clinical.criteria.bleeding_level import BLEEDING, SERIOUS
from smartapp.clinical.criteria.dic import DIC
from smartapp.clinical.criteria.fibrinogen import FIBRINOGEN
from smartapp.clinical.criteria.recent import D_DIMER, PLATELETS, PT
from smartapp.clinical.derived_facts import Dic
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.rule import REVISED_1_2, Facts, Given, Missing, Need, Row, Rule

_DIC_01 = Row(
    id="DIC-01",
    version=3,
    revised=REVISED_1_2,
    uses_birth_date=False,
    title="ISTH overt DIC score",
    level=EvidenceLevel.L3,
    citations=("ISTH01",),
)


def _measured(facts: Facts) -> Dic | Missing:
    dic = facts.get(DIC)
    if isinstance(dic, Missing) or not set(dic.missing) >= LABORATORY:
        return dic
    return Missing(dic.missing, "none of platelets, D-dimer and PT of the last 24 h can be scored")


LABORATORY = frozenset({"platelets", "d_dimer", "pt"})
SCORE: Need[Dic] = Need("dic", _measured)


def dic_score(given: Given) -> tuple[Finding, ...]:
    """Give the ISTH score for overt DIC.

    Guideline: DIC-01, platelets, D-dimer, PT and fibrinogen; 5 or more is compatible with overt DIC. D-dimer bands are a choice.
    Applies when: the score is settled, or at least its verdict is.
    Silent when: never; some items alone leave a range.
    Cannot tell when: no platelets, D-dimer and PT of the last 24 h that can be scored.
    """
    dic = given[SCORE]
    score = f"{dic.score}" if dic.score is not None else f"{dic.lowest} to {dic.highest}"
    evidence = tuple(result.source for need in (PLATELETS, D_DIMER, PT) if (result := given.get(need)))
    fibrinogen = given.get(FIBRINOGEN)
    evidence += (fibrinogen.result.source,) if fibrinogen else ()
    if dic.result == "overt":
        indicator = Indicator.CRITICAL if given.get(BLEEDING) in SERIOUS else Indicator.WARNING
        text = f"ISTH score {score}: compatible with overt DIC; consider repeating it daily"
        return (_DIC_01.finds(text, indicator, evidence=evidence),)
    if dic.result == "not_overt":
        return (
            _DIC_01.finds(
                f"ISTH score {score}: not overt DIC; consider repeating it in 1 to 2 days", evidence=evidence
            ),
        )
    missing = ", ".join(name.replace("_", "-") for name in dic.missing)
    return (_DIC_01.finds(f"ISTH score {score}: incomplete, missing {missing}", evidence=evidence),)


RULES = (
    Rule(rows=(_DIC_01,), needs=(SCORE,), wants=(BLEEDING, PLATELETS, D_DIMER, PT, FIBRINOGEN), applies=dic_score),
)
