"""The records of one synthetic CAR-T course: samples, vital signs, CRS grades, drugs, doses with their effect, bleeding."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from smartapp.cohort.synthetic import records
from smartapp.cohort.synthetic.kinetics import DAYS, SyntheticPatient
from smartapp.cohort.synthetic.records import ATC, ICD10CM, ICD10PCS, SNOMED, Record

_HEPARIN, _TOCILIZUMAB, _CRYO, _CONCENTRATE = "B01AB01", "L04AC07", "256401009", "B02BB01"
_PRODUCTS = ("XW043J7", "XW043J7", "XW043H7", "XW043M7")
_FIBRINOGEN, _PLATELETS, _INR, _APTT, _DDIMER = "3255-7", "777-3", "6301-6", "14979-9", "48065-7"
_MG_PER_UNIT = 250  # of cryoprecipitate
_PLASMA_DL_PER_KG = 0.4


def course(who: SyntheticPatient) -> Iterator[Record]:
    """All records of one patient."""
    yield from _who(who)
    yield from _samples(who)
    yield from _vitals(who)
    yield from _grades(who)
    yield from _events(who)


def _who(who: SyntheticPatient) -> Iterator[Record]:
    born = f"{who.infused.year - who.age}-{1 + who.age % 12:02d}-11"
    yield records.patient(who.id, born[:4] if who.chance.random() < 0.02 else born)
    yield records.procedure(who.id, f"{who.id}-cart", ICD10PCS, who.chance.choice(_PRODUCTS), who.infused)
    if who.chance.random() < 0.1:
        code = who.chance.choice(["764146007", "91936005", "387517004"])
        yield records.allergy(who.id, f"{who.id}-allergy", code, who.infused - timedelta(days=100))


def _samples(who: SyntheticPatient) -> Iterator[Record]:
    at, number = who.infused - timedelta(days=3), 0
    weighed = who.chance.random() > 0.03
    while at < who.infused + timedelta(days=DAYS):
        yield from _panel(who, at, number, weighed=weighed)
        closer = 2 if who.grade(at) >= 3 and who.every_h > 8 else 1
        at += timedelta(hours=who.every_h / closer, minutes=who.chance.randint(-40, 40))
        number += 1


def _panel(who: SyntheticPatient, at: datetime, number: int, *, weighed: bool) -> Iterator[Record]:
    issued = at + timedelta(minutes=who.chance.randint(25, 90))
    level = round(who.fibrinogen(at), 2)
    value, unit = (round(level * 100), "mg/dL") if who.in_mg_per_dl else (level, "g/L")

    def lab(name: str, code: str, value: float, unit: str) -> Record:
        return records.result(who.id, f"{who.id}-{name}-{number}", code, value, unit, at, issued=issued)

    yield lab("fib", _FIBRINOGEN, value, unit)
    yield lab("plt", _PLATELETS, round(who.platelets(at)), "10*9/L")
    yield lab("inr", _INR, round(1.1 + 0.12 * who.grade(at) + abs(who.chance.gauss(0, 0.05)), 2), "{INR}")
    if number % 2 == 0:
        yield lab("aptt", _APTT, round(30 + 3 * who.grade(at) + who.chance.random() * 4, 1), "s")
        yield lab("hct", "4544-3", round(24 + who.chance.random() * 8, 1), "%")
        yield lab("ferritin", "2276-4", round(who.ferritin(at)), "ng/mL")
    if number % 3 == 0:
        yield lab("ddimer", _DDIMER, round(0.6 + 1.4 * who.grade(at) * who.chance.random(), 2), "mg/L{FEU}")
        yield lab("ldh", "2532-0", round(200 + 90 * who.grade(at)), "U/L")
    if weighed and number % 2 == 0:
        yield records.result(who.id, f"{who.id}-kg-{number}", "29463-7", who.weight, "kg", at)
    if who.chance.random() < 0.3:
        yield records.service_request(who.id, f"{who.id}-order-{number}", _FIBRINOGEN, at - timedelta(minutes=50))
    if level < 1.0 and who.chance.random() < 0.6:
        yield _dose(who, issued + timedelta(minutes=who.chance.randint(50, 200)), number)


def _dose(who: SyntheticPatient, at: datetime, number: int) -> Record:
    """Cryoprecipitate or concentrate, with its effect on the levels after it; one in twenty without its amount."""
    plasma_dl = who.weight * _PLASMA_DL_PER_KG
    id_, told = f"{who.id}-dose-{number}", who.chance.random() > 0.05
    if who.chance.random() < 0.6:
        units = max(1, min(10, round(who.weight / 7)))
        who.doses.append((at, units * _MG_PER_UNIT * 0.75 / plasma_dl / 100))
        return records.administration(who.id, id_, SNOMED, _CRYO, at, dose=units if told else None, unit="{unit}")
    milligrams = max(500, min(4000, round(who.weight * 45 / 500) * 500))
    who.doses.append((at, milligrams * 0.8 / plasma_dl / 100))
    return records.administration(who.id, id_, ATC, _CONCENTRATE, at, dose=milligrams if told else None, unit="mg")


def _vitals(who: SyntheticPatient) -> Iterator[Record]:
    """Temperature, pressure and oxygen each eight hours until CRS is over."""
    at, number = who.infused, 0
    while at < who.infused + timedelta(days=who.end + 3):
        grade = who.grade(at)
        yield records.result(
            who.id,
            f"{who.id}-temp-{number}",
            "8310-5",
            round(36.7 + 0.7 * grade + who.chance.gauss(0, 0.2), 1),
            "Cel",
            at,
        )
        pressure = round((112 if who.age > 9 else 98) - 9 * max(grade - 1, 0) + who.chance.gauss(0, 5))
        yield records.result(who.id, f"{who.id}-sbp-{number}", "8480-6", pressure, "mm[Hg]", at)
        yield records.result(who.id, f"{who.id}-spo2-{number}", "59408-5", 98 - 2 * grade, "%", at)
        at, number = at + timedelta(hours=8, minutes=who.chance.randint(-20, 20)), number + 1


def _grades(who: SyntheticPatient) -> Iterator[Record]:
    """A record for each change of grade; one patient in twenty has none, and is suggested by vital signs only."""
    if who.chance.random() < 0.05:
        return
    last, number = 0, 0
    for quarter in range(4 * DAYS):
        at = who.infused + timedelta(days=quarter / 4)
        grade = who.grade(at)
        if grade and grade != last:
            yield records.condition(who.id, f"{who.id}-crs-{number}", ICD10CM, f"D89.83{grade}", at)
        if last and not grade:
            yield records.condition(who.id, f"{who.id}-crs-over", ICD10CM, f"D89.83{last}", at, over=at)
        last, number = grade, number + 1


def _events(who: SyntheticPatient) -> Iterator[Record]:
    chance = who.chance
    if who.peak >= 2:
        for number in range(1 + (who.peak > 2)):
            at = who.infused + timedelta(days=who.onset + 1 + number * 0.4)
            dose = min(800, round(who.weight * 8))
            yield records.administration(who.id, f"{who.id}-toci-{number}", ATC, _TOCILIZUMAB, at, dose=dose, unit="mg")
    if chance.random() < 0.25:
        at = who.infused + timedelta(days=chance.uniform(5, 20))
        code = chance.choice(["R04.0", "R04.0", "K92.1", "I61.9"])
        over = at + timedelta(hours=chance.randint(6, 60)) if chance.random() < 0.6 else None
        yield records.condition(who.id, f"{who.id}-bleed", ICD10CM, code, at, over=None if over is None else over)
    if who.peak >= 3 and chance.random() < 0.5:
        at = who.infused + timedelta(days=who.end - 0.5)
        yield records.condition(who.id, f"{who.id}-icans", ICD10CM, f"G92.0{chance.randint(1, 4)}", at)
    if chance.random() < 0.1:
        yield records.medication_request(who.id, f"{who.id}-heparin", ATC, _HEPARIN, who.infused, "completed")
    if chance.random() < 0.04:
        yield records.condition(who.id, f"{who.id}-dvt", ICD10CM, "I82.401", who.infused - timedelta(days=12))
    if chance.random() < 0.3:
        taken = who.infused - timedelta(days=30)
        yield records.medication_statement(who.id, f"{who.id}-statement", ATC, "A02BC01", taken)
