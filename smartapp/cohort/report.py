"""What a replay leaves: report.html, report.json, cases.csv and, where something could not be used, problems.txt."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from smartapp.cohort.charts import Bar, DayLine, action_bars, card_lines
from smartapp.cohort.export import line_of
from smartapp.cohort.figures import Suppressed, figures_of, suppressed
from smartapp.cohort.job import Job, PatientCases, Problem
from smartapp.cohort.run import CohortOutcome
from smartapp.usecases.replay.patient_replay import Case
from smartapp.usecases.replay.sums import Group

_COLUMNS = (
    *("patient", "day", "looks", "hours", "age", "product", "crs_band", "bleeding", "fibrinogen"),
    *("current", "draft", "what", "because"),
)
_SHOWN_CASES = 200
_SHOWN_PROBLEMS = 20


@dataclass(frozen=True, slots=True)
class ReportFiles:
    """Where the report lies."""

    html: Path
    json: Path
    cases: Path
    problems: Path | None


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case with the number of its patient, and groups that are too small left blank."""

    values: Mapping[str, str]


def write_report(job: Job, outcome: CohortOutcome, folder: Path, templates: Path, version: str) -> ReportFiles:
    """Write all files anew; each stands wholly or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    figures = figures_of(job, outcome, version)
    few = suppressed(outcome.sums)
    problems = _problems(job, outcome)
    shown = [row.values for _, row in zip(range(_SHOWN_CASES), _rows(outcome, few), strict=False)]
    texts = {
        "cases.csv": None,
        "problems.txt": problems or None,
        "report.html": _html(templates, figures, shown),
        "report.json": json.dumps(figures, indent=2, ensure_ascii=False) + "\n",
    }
    _write_cases(folder / "cases.csv", outcome, few)
    (folder / "problems.txt").unlink(missing_ok=True)
    for name, text in texts.items():
        if text is not None:
            temporary = folder / f".{name}.part"
            temporary.write_text(text, encoding="utf-8", newline="\n")
            temporary.replace(folder / name)
    told = folder / "problems.txt" if problems else None
    return ReportFiles(folder / "report.html", folder / "report.json", folder / "cases.csv", told)


# --- cases ------------------------------------------------------------------------------------------------------------


def _rows(outcome: CohortOutcome, few: Suppressed) -> Iterator[CaseRow]:
    for number, patient in enumerate(outcome.cases(), start=1):
        for case in patient.cases:
            yield CaseRow(_row(number, patient, case, few))


def _row(number: int, patient: PatientCases, case: Case, few: Suppressed) -> dict[str, str]:
    return {
        "patient": str(number),
        "day": "" if case.day is None else str(case.day),
        "looks": str(case.looks),
        "hours": f"{Decimal(case.seconds) / 3600:.1f}",
        "age": "" if few.hides(Group.AGE, patient.age) else patient.age,
        "product": "" if few.hides(Group.PRODUCT, patient.product) else patient.product,
        "crs_band": case.band,
        "bleeding": case.bleeding,
        "fibrinogen": case.fibrinogen,
        "current": case.current,
        "draft": case.draft,
        "what": case.what,
        "because": "; ".join(case.because),
    }


def _write_cases(path: Path, outcome: CohortOutcome, few: Suppressed) -> None:
    temporary = path.with_name(f".{path.name}.part")
    with temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(row.values for row in _rows(outcome, few))
    temporary.replace(path)


# --- problems -----------------------------------------------------------------------------------------------------------


def _problems(job: Job, outcome: CohortOutcome) -> str:
    told = io.StringIO()
    for words in problem_words(job.folder, outcome.population.problems):
        told.write(words + "\n")
    if outcome.population.more_problems:
        told.write(f"and {outcome.population.more_problems} more\n")
    return told.getvalue()


def problem_words(folder: Path, problems: tuple[Problem, ...]) -> Iterator[str]:
    """`Observation.ndjson, line 17: it is not JSON`."""
    for problem in problems:
        yield f"{problem.file}, line {line_of(folder, problem.file, problem.offset)}: {problem.what}"


# --- the page -----------------------------------------------------------------------------------------------------------


def _html(templates: Path, figures: Mapping[str, Any], cases: list[Mapping[str, str]]) -> str:
    environment = Environment(
        loader=FileSystemLoader(templates),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    bars: tuple[Bar, ...] = action_bars(figures) if figures["totals"] else ()
    lines: tuple[DayLine, ...] = card_lines(figures)
    return environment.get_template("replay/report.html").render(
        figures=figures, cases=cases, bars=bars, lines=lines, shown=_SHOWN_CASES
    )
