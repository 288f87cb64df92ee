"""All needs that tell what the criteria found wrong with the data: what `data_issues` adds to the reading's own."""

from smartapp.clinical.criteria.age import AGE_ISSUES
from smartapp.clinical.criteria.bleeding_level import BLEEDING_ISSUES
from smartapp.clinical.criteria.crs import CRS_ISSUES
from smartapp.clinical.criteria.fibrinogen import FIBRINOGEN_ISSUES
from smartapp.clinical.criteria.infusion import INFUSION_ISSUES
from smartapp.clinical.criteria.interference import INTERFERENCE_ISSUES
from smartapp.clinical.criteria.missing_reference_range import LIMIT_ISSUES
from smartapp.clinical.criteria.products_given import PRODUCT_ISSUES
from smartapp.clinical.criteria.weight import WEIGHT_ISSUES
from smartapp.clinical.picture import Gap, GapKind, Topic
from smartapp.clinical.rule import Facts, Need


def _suspects(facts: Facts) -> tuple[Gap, ...]:
    """Results that the clinician marked suspect: skipped as unusable, and named (DQ-10, interfaces.md section 4)."""
    suspects = facts.picture.bedside.suspects
    labs = sorted(facts.picture.labs.items()) if suspects else ()
    return tuple(
        Gap(
            kind=GapKind.NOTED,
            rule="DQ-10",
            text=f"{result.reported} was marked suspect by the clinician ({suspects[result.source]}): not used",
            source=result.source,
            topic=Topic.LABORATORY,
            analyte=analyte,
            at=result.collected,
            reported=result.reported,
        )
        for analyte, series in labs
        for result in series
        if result.source in suspects
    )


SUSPECT_ISSUES: Need[tuple[Gap, ...]] = Need("suspect_issues", _suspects)

ALL_ISSUES: tuple[Need[tuple[Gap, ...]], ...] = (
    AGE_ISSUES,
    INFUSION_ISSUES,
    FIBRINOGEN_ISSUES,
    SUSPECT_ISSUES,
    CRS_ISSUES,
    BLEEDING_ISSUES,
    INTERFERENCE_ISSUES,
    LIMIT_ISSUES,
    WEIGHT_ISSUES,
    PRODUCT_ISSUES,
)
