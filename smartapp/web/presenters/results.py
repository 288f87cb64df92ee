"""The table of results beside the chart: latest, previous, change per hour, age."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from smartapp.clinical.assessment import Assessment
from smartapp.clinical.derived_facts import Modifier
from smartapp.clinical.labs import LabResult, LabSeries
from smartapp.clinical.picture import Topic
from smartapp.clinical.terminology import Analyte, Variant
from smartapp.clinical.unit_tables import OWN_UNIT
from smartapp.clinical.words import fibrinogen_words, rounded
from smartapp.web.presenters.words import Clock, absence, both_units, clock_of

_LABELS = {
    Analyte.FIBRINOGEN: "Fibrinogen",
    Analyte.PLATELETS: "Platelets",
    Analyte.INR: "INR",
    Analyte.PT: "PT",
    Analyte.APTT: "aPTT",
    Analyte.D_DIMER: "D-dimer",
    Analyte.FERRITIN: "Ferritin",
    Analyte.LDH: "LDH",
    Analyte.CRP: "CRP",
    Analyte.HAEMOGLOBIN: "Haemoglobin",
    Analyte.HAEMATOCRIT: "Haematocrit",
    Analyte.TEMPERATURE: "Temperature",
}
_ALWAYS = (Analyte.FIBRINOGEN, Analyte.PLATELETS, Analyte.INR, Analyte.APTT, Analyte.D_DIMER)
_UNITS = {"{INR}": "", "1": "", "Cel": "°C", "10*9/L": "×10⁹/L", "ug/L": "µg/L"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultRow:
    """One analyte: a missing result is said in words, never left blank."""

    label: str
    latest: str
    other_unit: str = ""
    drawn: str = ""
    day: str = ""
    age: str = ""
    old: str = ""
    previous: str = ""
    previous_other: str = ""
    per_hour: str = ""
    trend: str = ""
    remark: str = ""
    source: str = ""
    suspect: str = ""


def result_rows(assessment: Assessment) -> tuple[ResultRow, ...]:
    """A row for each analyte that has results, and for those that the advice asks for."""
    return tuple(_rows(assessment, clock_of(assessment)))


def fibrinogen_rows(assessment: Assessment) -> tuple[ResultRow, ...]:
    """Every fibrinogen result, newest first: the chart as a table."""
    clock = clock_of(assessment)
    return tuple(
        _marked(assessment, _row("Fibrinogen", result, None, clock))
        for result in reversed(tuple(assessment.picture.series(Analyte.FIBRINOGEN)))
    )


def _rows(assessment: Assessment, clock: Clock) -> Iterator[ResultRow]:
    for analyte, label in _LABELS.items():
        series, suspects = assessment.picture.series(analyte), assessment.picture.bedside.suspects
        used = LabSeries.of(result for result in series if result.source not in suspects) if suspects else series
        latest = used.latest() or series.latest()
        if latest is not None:
            row = _marked(assessment, _row(label, latest, _before(used, latest), clock))
            yield _by_the_rule(assessment, row) if analyte is Analyte.FIBRINOGEN else row
        elif analyte in _ALWAYS:
            yield ResultRow(label=label, latest=absence(assessment, Topic.LABORATORY))


def _marked(assessment: Assessment, row: ResultRow) -> ResultRow:
    """A result that the clinician marked suspect says so wherever it stands (interfaces.md section 4)."""
    why = assessment.picture.bedside.suspects.get(row.source)
    return row if why is None else replace(row, suspect=f"marked suspect by you ({why or 'no reason given'}): not used")


def _by_the_rule(assessment: Assessment, row: ResultRow) -> ResultRow:
    """No arrow beside fibrinogen that contradicts TRD-01: only what the rule calls a fall is one, and then nothing rises."""
    if row.trend not in ("falling", "rising"):
        return row
    judged = assessment.fibrinogen is not None and assessment.fibrinogen.result.source == row.source
    falls = Modifier.TREND_DOWN in assessment.modifiers
    agrees = falls if row.trend == "falling" else not falls
    return row if judged and agrees else replace(row, trend="lower" if row.trend == "falling" else "higher")


def _before(series: LabSeries, latest: LabResult) -> LabResult | None:
    return series.latest(lambda result: result.collected.at < latest.collected.at)


def _row(label: str, result: LabResult, previous: LabResult | None, clock: Clock) -> ResultRow:
    per_hour, trend = _trend(_change(result, previous))
    return ResultRow(
        label=label,
        latest=value_words(result),
        other_unit=_other_unit(result),
        drawn=clock.time(result.collected.at),
        day=clock.day(result.collected.at),
        age=clock.age(result.collected.at),
        old=clock.age(result.collected.at).removesuffix(" ago"),
        previous=value_words(previous) if previous else "none",
        previous_other=_other_unit(previous) if previous else "",
        per_hour=per_hour,
        trend=trend,
        remark=_remark(result),
        source=result.source,
    )


def value_words(result: LabResult) -> str:
    """`<0.6 g/L`."""
    unit = OWN_UNIT[result.analyte]
    number = fibrinogen_words(result.value) if result.analyte is Analyte.FIBRINOGEN else rounded(result.value)
    return f"{result.comparator or ''}{number} {_UNITS.get(unit, unit)}".strip()


def _other_unit(result: LabResult) -> str:
    """Fibrinogen in mg/dL, to stand in grey; nothing for what has one unit only."""
    if result.analyte is not Analyte.FIBRINOGEN:
        return ""
    return f"{result.comparator or ''}{both_units(result.value)[1]}"


def _change(result: LabResult, previous: LabResult | None) -> Decimal | None:
    """Per hour; bounds have no slope."""
    if previous is None or result.comparator or previous.comparator:
        return None
    seconds = Decimal(int((result.collected.at - previous.collected.at).total_seconds()))
    return (result.value - previous.value) * 3600 / seconds


def _trend(change: Decimal | None) -> tuple[str, str]:
    """The change per hour in two digits and its direction; what rounds to nothing is steady."""
    if change is None:
        return "", ""
    size = rounded(abs(change), 3 if abs(change) < Decimal("0.1") else 2 if abs(change) < 1 else 1)
    if size == "0":
        return "0", "steady"
    return (f"−{size}", "falling") if change < 0 else (f"+{size}", "rising")


def _remark(result: LabResult) -> str:
    variant = "derived" if result.variant is Variant.DERIVED else ""
    status = "" if result.is_final else "preliminary"
    return ", ".join(part for part in (status, variant, *result.flags) if part)
