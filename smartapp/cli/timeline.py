"""`smartapp timeline`: one course as a strip under its fibrinogen chart and as a table, or as JSON."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from smartapp import assets
from smartapp.cli.assess_file import chart_of_file, offline_site
from smartapp.clinical.terminology import Analyte
from smartapp.clinical.words import fibrinogen_words
from smartapp.usecases.replay.timeline import Timeline, TimelineLook, course_of, timeline_of
from smartapp.web.plots import fibrinogen_plot, scale_of
from smartapp.web.presenters.words import clock_of

_SHAPES = {"REPLACE": "▲", "CONSIDER": "△", "MONITOR": "○", "NONE": "–", "CANNOT_ASSESS": "?"}


@dataclass(frozen=True, slots=True)
class Stretch:
    """One piece of the strip: where it stands, its action with a shape, what is heard and shown of it, and the cells of its row."""

    x: int
    width: int
    action: str
    shape: str
    label: str
    cells: tuple[str, ...]


def written(file: str, patient: str | None, config: Path | None, form: str, lag: timedelta) -> str:
    """The timeline of the patient in a file; `OfflineError` says what is wrong with it."""
    site = offline_site(config)
    told = timeline_of(course_of(chart_of_file(file, patient), site, lag), site, datetime.now(UTC))
    return _json(told) if form == "json" else _html(told)


def _json(told: Timeline) -> str:
    body = {
        "patient": told.last.picture.patient.reference,
        "policy": told.last.policy.sha256,
        "looks": [_look(look) for look in told.looks],
        "doses": list(_doses(told)),
        "orders": [
            {"source": order.source, "kind": str(order.kind), "authored": _time(order.authored.at)}
            for order in told.last.picture.orders
            if order.authored
        ],
    }
    return json.dumps(body, indent=2, ensure_ascii=False) + "\n"


def _look(look: TimelineLook) -> dict[str, Any]:
    decision = look.decision
    return {
        "at": _time(look.at),
        "until": _time(look.until),
        "became_known": list(look.news),
        "action": decision.action,
        "indicator": decision.indicator,
        "row": decision.row,
        "tier": decision.tier,
        "crs_band": decision.band,
        "bleeding": decision.bleeding,
        "fibrinogen": decision.fibrinogen,
        "rules": list(decision.rules),
        "options": [amount.words for amount in decision.amounts],
        "interval_h": decision.interval_h,
        "draft_allowed": decision.drafts,
    }


def _doses(told: Timeline) -> Iterator[dict[str, str]]:
    """What was given, and what it did; absent where it is not known."""
    for dose in told.last.dose_responses:
        levels = {
            "before": dose.before.value if dose.before else None,
            "after": dose.after.value if dose.after else None,
        }
        numbers = levels | {"predicted": dose.predicted, "achieved": dose.achieved, "recovery": dose.recovery}
        known = {name: f"{number:f}" for name, number in numbers.items() if number is not None}
        yield {"product": str(dose.product), "given": _time(dose.given), "source": dose.source, **known}


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


# --- the page -----------------------------------------------------------------------------------------------------------


def _html(told: Timeline) -> str:
    environment = Environment(
        loader=FileSystemLoader([assets.templates(), assets.static()]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    return environment.get_template("timeline.html").render(
        chart=fibrinogen_plot(told.last), stretches=tuple(_stretches(told)), doses=tuple(_dose_rows(told))
    )


def _stretches(told: Timeline) -> Iterator[Stretch]:
    scale, clock = scale_of(told.last, tuple(told.last.picture.series(Analyte.FIBRINOGEN))), clock_of(told.last)
    for look in told.stretches:
        decision = look.decision
        cells = (
            clock.time(look.at),
            clock.day(look.at),
            decision.fibrinogen,
            f"{decision.action.replace('_', ' ')} ({decision.row})"
            if decision.row
            else decision.action.replace("_", " "),
            " or ".join(amount.words for amount in decision.amounts),
            f"every {decision.interval_h} h" if decision.interval_h else "",
            ", ".join(look.news[:6]) + (f" and {len(look.news) - 6} more" if len(look.news) > 6 else "")
            or "time passed",
        )
        begin, end = (max(scale.x(max(at, scale.start)), 0) for at in (look.at, look.until))
        label = ", ".join(filter(None, (f"{cells[0]} to {clock.time(look.until)}", *cells[1:5])))
        yield Stretch(begin, max(end - begin, 1), decision.action, _SHAPES[decision.action], label, cells)


def _dose_rows(told: Timeline) -> Iterator[tuple[str, ...]]:
    clock = clock_of(told.last)
    for dose in told.last.dose_responses:
        levels = (*(result.value if result else None for result in (dose.before, dose.after)), dose.achieved)
        numbers = ("" if level is None else f"{fibrinogen_words(level)} g/L" for level in levels)
        yield (clock.time(dose.given), str(dose.product).replace("_", " "), *numbers)
