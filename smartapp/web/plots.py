"""Fibrinogen over time as shapes for an SVG: points, limits, CRS band, doses; every point has its spoken text."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from smartapp.clinical.assessment import Assessment
from smartapp.clinical.labs import Comparator, LabResult
from smartapp.clinical.terminology import Analyte
from smartapp.clinical.words import fibrinogen_words
from smartapp.web.axes import BOTTOM, DOSE_ROW, HEIGHT, LEFT, RIGHT, TOP, WIDTH, AxisMark, Scale, days, levels
from smartapp.web.lab_courses import bleeds, crosses, crs_band, doses, icans_band, overdue
from smartapp.web.presenters.words import Clock, clock_of

_SPANS = {"24h": timedelta(hours=24), "72h": timedelta(hours=72)}
_BASELINE = timedelta(hours=36)  # before the infusion: the last results without its effect
_RANGES = (("24h", "24 h"), ("72h", "72 h"))
_LEGEND = {  # in the order it is read in; only what is drawn is told
    "result": "● result",
    "suspect": "○ suspect or preliminary",
    "unread": "✕ could not be read",
    "below": "↓ below the bound",
    "above": "↑ above the bound",
    "cryo": "▲ cryoprecipitate",
    "fc": "◆ concentrate",
    "toci": "■ tocilizumab",
    "bleed": "drop: bleeding recorded",
    "overdue": "dotted line: fibrinogen was due",
    "recorded": "filled grade: recorded",
    "suggested": "outlined grade: suggested",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """All shapes of one chart, in the coordinates of its view box; `summary` says in words what it shows."""

    summary: str
    path: str
    points: tuple[AxisMark, ...]
    limits: tuple[AxisMark, ...]
    doses: tuple[AxisMark, ...]
    crs: tuple[AxisMark, ...]
    icans: tuple[AxisMark, ...]
    bleeds: tuple[AxisMark, ...]
    overdue: tuple[AxisMark, ...]
    levels: tuple[AxisMark, ...]
    days: tuple[AxisMark, ...]
    legend: tuple[str, ...]
    height: int
    chosen: str
    ranges: tuple[tuple[str, str], ...]
    width: int = WIDTH
    left: int = LEFT
    top: int = TOP
    bottom: int = BOTTOM
    right: int = WIDTH - RIGHT


def fibrinogen_plot(assessment: Assessment, chosen: str = "all") -> Plot:
    """The chart of one patient over `chosen`: 24h, 72h, or all since infusion."""
    clock = clock_of(assessment)
    chosen = chosen if chosen in _SPANS else "all"
    results = tuple(assessment.picture.series(Analyte.FIBRINOGEN))
    scale = scale_of(assessment, results, chosen)
    shown = [result for result in results if scale.holds(result.collected.at)]
    usable = [result for result in shown if _kind(assessment, result) == "result"]
    unread = tuple(crosses(assessment.picture.gaps, scale, clock))
    points = sorted((*(_point(assessment, r, scale, clock) for r in shown), *unread), key=lambda mark: mark.x)
    given = tuple(doses(assessment.picture.exposures, scale, clock))
    bands = tuple(crs_band(assessment, scale)), tuple(icans_band(assessment.picture.conditions, scale))
    bled = tuple(bleeds(assessment.picture.conditions, scale, clock))
    late = tuple(overdue(assessment, scale, clock))
    return Plot(
        summary=_summary(assessment, shown, clock),
        path=" ".join(f"{scale.x(r.collected.at)},{scale.y(r.value)}" for r in usable),
        points=tuple(points),
        limits=_limits(assessment, scale),
        doses=given,
        crs=bands[0],
        icans=bands[1],
        bleeds=bled,
        overdue=late,
        levels=tuple(levels(scale)),
        days=tuple(days(scale, clock)),
        legend=_legend((*points, *given, *bled, *late), (*bands[0], *bands[1])),
        height=HEIGHT if given else HEIGHT - DOSE_ROW,
        chosen=chosen,
        ranges=(*_RANGES, ("all", "since infusion" if assessment.infusion else "all results")),
    )


def _legend(marks: Iterable[AxisMark], grades: Iterable[AxisMark]) -> tuple[str, ...]:
    """What the shapes on this chart mean."""
    drawn = {mark.kind for mark in marks}
    drawn |= {"suggested" if grade.kind == "suggested" else "recorded" for grade in grades}
    return tuple(words for kind, words in _LEGEND.items() if kind in drawn)


def scale_of(assessment: Assessment, results: Iterable[LabResult], chosen: str = "all") -> Scale:
    """Where times and values lie on the chart over `chosen`."""
    as_of = assessment.picture.as_of
    times = [result.collected.at for result in results]
    infused = assessment.infusion.start if assessment.infusion else None
    first = infused - _BASELINE if infused else min(times, default=as_of)
    day_ago, longest = as_of - timedelta(hours=24), as_of - timedelta(days=60)
    start = as_of - _SPANS[chosen] if chosen in _SPANS else max(min(first, day_ago), longest)
    shown = [result.value for result in results if result.collected.at >= start]
    return Scale(start, as_of + (as_of - start) / 40, max([Decimal(2), *shown]) * Decimal("1.1"))


def _kind(assessment: Assessment, result: LabResult) -> str:
    if result.source in assessment.picture.bedside.suspects:
        return "suspect"
    if result.comparator in (Comparator.BELOW, Comparator.AT_MOST):
        return "below"
    if result.comparator:
        return "above"
    return "result" if result.is_final else "suspect"


def _point(assessment: Assessment, result: LabResult, scale: Scale, clock: Clock) -> AxisMark:
    kind = _kind(assessment, result)
    return AxisMark(
        kind=kind,
        x=scale.x(result.collected.at),
        y=scale.y(result.value),
        label=_spoken(assessment, result, kind, clock),
    )


def _spoken(assessment: Assessment, result: LabResult, kind: str, clock: Clock) -> str:
    """`0.94 grams per litre, below 1, day +7, 35 min ago`."""
    below = [limit for limit in _limit_values(assessment) if result.value < limit]
    bound = {"below": "less than ", "above": "more than "}.get(kind, "")
    parts = [
        f"{bound}{fibrinogen_words(result.value)} grams per litre",
        f"below {fibrinogen_words(min(below))}" if below else "",
        clock.day(result.collected.at),
        clock.time(result.collected.at),
        clock.age(result.collected.at),
        "suspect or preliminary" if kind == "suspect" else "",
    ]
    return ", ".join(part for part in parts if part)


def _limit_values(assessment: Assessment) -> list[Decimal]:
    return sorted({assessment.policy.get("t1_below"), assessment.policy.get("t2_below")})


def _limits(assessment: Assessment, scale: Scale) -> tuple[AxisMark, ...]:
    """The site's limits, each labelled by its condition; equal limits share a line; none where the guideline is not about the patient."""
    policy = assessment.policy
    if not assessment.applicability.runs:
        return ()
    if policy.profile == "bleeding_only":
        bleeding = policy.get("replace_below.bleeding")
        return (
            AxisMark(
                kind="critical", x=LEFT, y=scale.y(bleeding), text=f"{fibrinogen_words(bleeding)}: replace if bleeding"
            ),
        )
    by_band = {name: policy.get(f"replace_below.{name}") for name in ("mild", "moderate", "severe")}
    lowest = min(by_band.values())
    return tuple(
        AxisMark(
            kind="critical" if value == lowest else "warning",
            x=LEFT,
            y=scale.y(value),
            text=f"{fibrinogen_words(value)}: replace if {_bands([name for name, limit in by_band.items() if limit >= value])}",
        )
        for value in sorted(set(by_band.values()), reverse=True)
    )


def _bands(names: list[str]) -> str:
    """`any CRS`, `CRS ≥ 2`, `CRS ≥ 3`."""
    grades = {"mild": "1", "moderate": "2", "severe": "≥ 3"}
    if len(names) == len(grades):
        return "any CRS"
    return "CRS ≥ 2" if names == ["moderate", "severe"] else "CRS " + ", ".join(grades[name] for name in names)


def _summary(assessment: Assessment, shown: list[LabResult], clock: Clock) -> str:
    if not shown:
        return "No fibrinogen result in this range."
    last = shown[-1]
    return (
        f"{len(shown)} fibrinogen results; the newest is {_spoken(assessment, last, _kind(assessment, last), clock)}."
    )
