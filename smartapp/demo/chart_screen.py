"""The chart screens: patient list, one chart with the app inside it, its orders and cards, adding a result, reset."""

import re
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for

from smartapp.demo import chart_formatting
from smartapp.demo.calls import AppUnreachableError
from smartapp.demo.cards import in_words
from smartapp.demo.faults import GROUPS, Fault
from smartapp.demo.hospital import Hospital
from smartapp.demo.pad_screen import pad_shown
from smartapp.demo.stories import Story

_NUMBER = re.compile(r"\d{1,4}([.,]\d{1,3})?")
_UNITS = ("g/L", "mg/dL")


def create_screens(hospital: Hospital) -> Blueprint:
    """The routes of the screens."""
    blueprint = Blueprint("screens", __name__)
    blueprint.add_url_rule("/", "patients", lambda: _patients(hospital))
    blueprint.add_url_rule("/chart/<patient>", "chart", lambda patient: _chart(hospital, patient))
    blueprint.add_url_rule(
        "/chart/<patient>/launch", "launch", lambda patient: _launch(hospital, patient), methods=["GET", "POST"]
    )
    blueprint.add_url_rule(
        "/chart/<patient>/results", "add_result", lambda patient: _add_result(hospital, patient), methods=["POST"]
    )
    blueprint.add_url_rule("/reset", "reset", lambda: _reset(hospital), methods=["POST"])
    blueprint.add_url_rule("/console", "console", lambda: _console(hospital))
    blueprint.add_url_rule("/console/clear", "clear_console", lambda: _clear_console(hospital), methods=["POST"])
    blueprint.add_url_rule("/faults", "faults", lambda: _faults(hospital), methods=["GET", "POST"])
    return blueprint


def _patients(hospital: Hospital) -> str:
    rows = [
        (story, chart_formatting.banner(hospital.server, story.patient, hospital.now()))
        for story in hospital.stories.values()
    ]
    return render_template("demo/patients.html", rows=rows, **_switches(hospital))


def _chart(hospital: Hospital, patient: str, problem: str = "", status: int = 200) -> tuple[str, int]:
    story = hospital.story(patient)
    cards, unreachable = _cards(hospital, story)
    page = render_template(
        "demo/chart.html",
        story=story,
        banner=chart_formatting.banner(hospital.server, patient, hospital.now()),
        results=chart_formatting.results(hospital.server, patient, hospital.now()),
        orders=chart_formatting.orders(hospital.server, patient),
        cards=cards,
        pad=pad_shown(hospital.pads.of(patient)),
        unreachable=unreachable,
        launch_url=url_for("screens.launch", patient=patient),
        beside=_beside(hospital, patient) if hospital.faults.get(Fault.TWO_CHARTS) else None,
        problem=problem,
        units=_UNITS,
        exchanges=hospital.console.newest(12),
        on=hospital.faults.names(),
    )
    return page, status


def _beside(hospital: Hospital, patient: str) -> dict[str, str]:
    """The next patient of the list, whose chart is opened at the same moment."""
    patients = list(hospital.stories)
    other = patients[(patients.index(patient) + 1) % len(patients)]
    name = chart_formatting.banner(hospital.server, other, hospital.now())["name"]
    return {"name": name, "launch_url": url_for("screens.launch", patient=other)}


def _cards(hospital: Hospital, story: Story) -> tuple[list[dict[str, Any]], str]:
    try:
        cards = hospital.hooks.view(hospital.seen(story))
    except AppUnreachableError as error:
        return [], str(error)
    hospital.waiting.show(cards)
    return [in_words(card) for card in cards], ""


def _launch(hospital: Hospital, patient: str) -> Any:
    story = hospital.story(patient)
    context = str(request.form.get("app_context", ""))[:2000]
    return redirect(hospital.launch_url(story, context), 303)


def _add_result(hospital: Hospital, patient: str) -> Any:
    """A fibrinogen as the laboratory would send it; what the form cannot mean is said, nothing is stored."""
    hospital.story(patient)
    value, unit = request.form.get("value", "").strip(), request.form.get("unit", "")
    when = chart_formatting.collected(request.form.get("collected", ""), hospital.now())
    if not _NUMBER.fullmatch(value) or unit not in _UNITS or when is None:
        return _chart(
            hospital,
            patient,
            "Give a number such as 1.25, a unit, and minutes ago (0 to 10080) or a time with its offset.",
            400,
        )
    hospital.pads.of(patient).answered.clear()
    hospital.server.create(chart_formatting.fibrinogen(patient, value.replace(",", "."), unit, when))
    return redirect(url_for("screens.chart", patient=patient), 303)


def _reset(hospital: Hospital) -> Any:
    hospital.reset()
    return redirect(url_for("screens.patients"), 303)


def _console(hospital: Hospital) -> str:
    return render_template("demo/console.html", exchanges=hospital.console.newest())


def _clear_console(hospital: Hospital) -> Response | Any:
    hospital.console.clear()
    return redirect(url_for("screens.console"), 303)


def _faults(hospital: Hospital) -> Any:
    if request.method == "GET":
        return render_template("demo/faults.html", **_switches(hospital))
    hospital.faults.clear()
    for name in [] if "none" in request.form else request.form.getlist("on"):
        if name in set(Fault):
            hospital.faults.switch_on(
                Fault(name),
                resource=request.form.get("resource", "*"),
                seconds=_seconds(request.form.get("seconds", "")),
                status=_status(request.form.get("status", "")),
            )
    at_home = request.form.get("back") == "patients"
    return redirect(url_for("screens.patients", _anchor="faults") if at_home else url_for("screens.faults"), 303)


def _switches(hospital: Hospital) -> dict[str, Any]:
    """What the form of the switches prints, and which are on."""
    settings = {fault: hospital.faults.get(fault) for fault in Fault}
    return {"groups": GROUPS, "settings": settings, "on": hospital.faults.names()}


def _status(text: str) -> int:
    return int(text) if re.fullmatch(r"[45]\d\d", text) else 503


def _seconds(text: str) -> float:
    return min(float(text), 60.0) if re.fullmatch(r"\d+(\.\d+)?", text) else 3.0
