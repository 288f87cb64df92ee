"""All needs that tell what the criteria found wrong with the data: what `data_issues` adds to the reading's own."""

from smartapp.clinical.criteria.age import AGE_ISSUES
from smartapp.clinical.criteria.crs import CRS_ISSUES
from smartapp.clinical.criteria.fibrinogen import FIBRINOGEN_ISSUES
from smartapp.clinical.criteria.weight import WEIGHT_ISSUES
from smartapp.clinical.picture import Gap
from smartapp.clinical.rule import Need

ALL_ISSUES: tuple[Need[tuple[Gap, ...]], ...] = (AGE_ISSUES, FIBRINOGEN_ISSUES, CRS_ISSUES, WEIGHT_ISSUES)
