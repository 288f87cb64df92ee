"""What may have falsified the fibrinogen that is used: drugs, a high haematocrit (DQ-10)."""

from decimal import Decimal

from smartapp.clinical.criteria.active_drugs import MAY_READ_LOW_DRUG, ActiveDrug
from smartapp.clinical.criteria.chosen_fibrinogen import about_fibrinogen
from smartapp.clinical.criteria.fibrinogen import FIBRINOGEN
from smartapp.clinical.criteria.recent import surely_above
from smartapp.clinical.criteria.weight import HAEMATOCRIT
from smartapp.clinical.picture import Gap
from smartapp.clinical.rule import Facts, Missing, Need

_THICK = Decimal("0.55")  # fraction, DQ-10


def _issues(facts: Facts) -> tuple[Gap, ...]:
    effective = facts.get(FIBRINOGEN)
    if isinstance(effective, Missing):
        return ()
    drug, haematocrit = facts.get(MAY_READ_LOW_DRUG), facts.get(HAEMATOCRIT)
    texts = []
    if isinstance(drug, ActiveDrug):
        texts.append(f"Fibrinogen may read low: {drug.label} is active")
    if not isinstance(haematocrit, Missing) and surely_above(haematocrit, _THICK):
        texts.append(f"Fibrinogen may be wrong: haematocrit {haematocrit.reported} is above 55 % (citrate ratio)")
    return tuple(about_fibrinogen(effective.result, "DQ-10", text) for text in texts)


INTERFERENCE_ISSUES: Need[tuple[Gap, ...]] = Need("interference_issues", _issues)
