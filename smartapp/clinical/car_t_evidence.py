"""Whether a chart tells of a CAR-T infusion at all: what must be known before anything else of it is read (interfaces.md section 4)."""

from smartapp.clinical.picture import ClinicalPicture
from smartapp.clinical.terminology import ConditionKind

_CONDITIONS = frozenset({ConditionKind.ICANS, ConditionKind.CAR_T_HISTORY, ConditionKind.CAR_T_COMPLICATION})


def tells_of_car_t(picture: ClinicalPicture) -> bool:
    """Whether any record tells of an infusion, surely or perhaps, of a plan for one, or of CRS or ICANS, however long ago (APP-01, DQ-24)."""
    conditions = any(record.kinds & _CONDITIONS for record in picture.conditions)
    return bool(picture.infusions or picture.crs_records or conditions)
