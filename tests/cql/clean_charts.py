"""Random clean FHIR charts, as the chart library asks for them: coded, final, with units and times."""

import random
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tests import charts as c

Resource = dict[str, Any]
UNITS = {"g/L": Decimal(1), "mg/dL": Decimal(100), "mg/L": Decimal(1000)}
BLEEDINGS = (None, None, None, "K92.0", "R31.0", "I61.9", "R04.0", "R04.81")
LEVELS = ("0.5", "0.8", "0.99", "1.0", "1.2", "1.49", "1.5", "1.8", "2.0", "2.4")
WEIGHTS = ("4.2", "18", "24.9", "25", "39.9", "40", "57.2", "70", "95")


def clean_charts(count: int, seed: int, now: datetime = c.NOW) -> list[list[Resource]]:
    """As many as asked, the same for the same seed, as of `now`."""
    dice = random.Random(seed)
    return [_chart(dice, now) for _ in range(count)]


def _chart(dice: random.Random, now: datetime) -> list[Resource]:
    years = dice.choice((0, 3, 9, 11, 14, 17, 30, 64))
    day = dice.choice((2, 6, 6, 12, 29, 31, 45, 89, 95))
    born = now.date().replace(year=now.year - years) - timedelta(days=40)
    chart = [c.patient(born.isoformat(), name=[{"family": "Osei", "given": ["Ama"]}]), _infusion(dice, now, day)]
    chart += _fibrinogens(dice, now, day) + _crs(dice, now, day) + _others(dice, now)
    code = dice.choice(BLEEDINGS)
    if code:
        more = {"severity": {"text": "severe"}} if dice.random() < 0.3 else {}
        chart.append(_condition("bleed", code, now - timedelta(hours=dice.choice((3, 40))), **more))
    return chart


def _time(now: datetime, hours: float) -> str:
    return (now - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _infusion(dice: random.Random, now: datetime, day: int) -> Resource:
    at = now - timedelta(days=day)
    code = dice.choice(("XW033J7", "XW043J7", "XW033H7"))
    if dice.random() < 0.5:
        return c.infusion(code=code, performedDateTime=_time(at, 0))
    coding = {"coding": [{"system": c.ICD10PCS, "code": code}]}
    return {
        "resourceType": "MedicationAdministration",
        "id": "cart",
        "status": "completed",
        "subject": c.SUBJECT,
        "medicationCodeableConcept": coding,
        "effectivePeriod": {"start": _time(at, 0), "end": _time(at, -1)},
    }


def _fibrinogens(dice: random.Random, now: datetime, day: int) -> list[Resource]:
    found = []
    hours = dice.choice((0.5, 1, 3, 11, 13, 23, 25, 40))
    for place in range(dice.choice((0, 1, 1, 1, 2))):
        unit = dice.choice([*UNITS])
        level = Decimal(dice.choice(LEVELS)) * UNITS[unit]
        comparator = dice.choice(("", "", "", "", "<", ">")) if unit == "g/L" else ""
        found.append(
            _result(f"fib{place}", "3255-7", f"{comparator}{level.normalize():f}", unit, now, hours + 26 * place)
        )
    return found


def _result(id_: str, code: str, value: str, unit: str, now: datetime, hours: float) -> Resource:
    return c.result(id_, code, value, unit, effectiveDateTime=_time(now, hours))


def _crs(dice: random.Random, now: datetime, day: int) -> list[Resource]:
    kind = dice.choice(("none", "1", "2", "3", "3", "4", "9", "resolved", "two"))
    at = now - timedelta(hours=dice.choice((2, 20)))
    if kind == "none":
        return []
    if kind == "resolved":
        over = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "resolved"}]}
        return [_condition("crs", "D89.832", at, clinicalStatus=over)]
    if kind == "two":
        return [_condition("crs1", "D89.831", at - timedelta(hours=3)), _condition("crs2", "D89.833", at)]
    return [_condition("crs", f"D89.83{kind}", at)]


def _condition(id_: str, code: str, at: datetime, **more: Any) -> Resource:
    return c.condition(id_, code, onsetDateTime=_time(at, 0), recordedDate=_time(at, 0), **more)


def _others(dice: random.Random, now: datetime) -> list[Resource]:
    found: list[Resource] = []
    if dice.random() < 0.9:
        kg = dice.choice(WEIGHTS)
        unit, value = dice.choice((("kg", kg), ("g", f"{Decimal(kg) * 1000:f}")))
        found.append(_result("weight", "29463-7", value, unit, now, 24 * dice.choice((1, 6, 8, 29, 31))))
    if dice.random() < 0.7:
        value, unit = dice.choice((("28", "%"), ("0.35", "1"), ("41.5", "%")))
        found.append(_result("hct", "4544-3", value, unit, now, dice.choice((4, 47, 49))))
    if dice.random() < 0.5:
        value, unit = dice.choice((("42", "10*9/L"), ("50", "10*3/uL"), ("30000", "/uL")))
        found.append(_result("plt", "777-3", value, unit, now, dice.choice((2, 23, 25))))
    if dice.random() < 0.2:
        found.append(_condition("icans", f"G92.0{dice.randint(1, 5)}", now - timedelta(hours=9)))
    if dice.random() < 0.3:
        given = c.given("toci", "L04AC07")
        found.append({**given, "effectiveDateTime": _time(now, 24 * dice.choice((1, 10, 13)))})
    return found
