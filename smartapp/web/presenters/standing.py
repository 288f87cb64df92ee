"""What stands in the chart already: drafts, orders and dispenses of fibrinogen products, a line each (REP-13, REP-09)."""

from dataclasses import dataclass

from smartapp.clinical.assessment import Assessment
from smartapp.clinical.standing_orders import OrderState, StandingOrder
from smartapp.clinical.words import standing_words


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingLine:
    """One in words, with its reference; `withdrawable`: a draft of this app, by whichever launch or card; `left`: it was knowingly left
    standing in this launch."""

    words: str
    reference: str
    withdrawable: bool
    left: bool


def standing_lines(assessment: Assessment) -> tuple[StandingLine, ...]:
    """Each of them, the oldest first."""
    return tuple(_line(assessment, order) for order in assessment.standing)


def _line(assessment: Assessment, order: StandingOrder) -> StandingLine:
    picture = assessment.picture
    return StandingLine(
        words=standing_words((order,), picture.zone),
        reference=order.source,
        withdrawable=order.ours and order.state is OrderState.DRAFT,
        left=order.source in picture.bedside.standing,
    )


def beside(assessment: Assessment) -> tuple[str, ...]:
    """The references to name when another order is wanted beside them; empty where nothing waits for that press."""
    if not any(blocker.rule == "REP-13" for blocker in assessment.draft_blockers):
        return ()
    return tuple(order.source for order in assessment.standing)
