"""Completed years of age at the time of assessment (DQ-12)."""

from datetime import date, timedelta

from smartapp.clinical.derived_facts import Age
from smartapp.clinical.picture import BirthDate, Gap, GapKind, Topic
from smartapp.clinical.rule import Facts, Missing, Need

_CRUCIAL = (10, 12, 18)


def _read(facts: Facts) -> Age | Missing:
    birth = facts.picture.patient.birth
    if birth is None:
        return Missing(("birth_date",), facts.picture.why_absent(Topic.PATIENT).said_of("the birth date"))
    today = facts.picture.as_of.astimezone(facts.picture.zone).date()
    if birth.earliest() > today:
        return Missing(("birth_date",), "the birth date lies in the future")
    return Age(low=max(_years(_latest(birth), today), 0), high=_years(birth.earliest(), today))


AGE = Need("age", _read)


def younger(age: Age) -> int:
    """The age that risk rules and limits use where a partial birth date leaves two (DQ-12)."""
    return age.low


def crosses_limit(age: Age) -> bool:
    """Whether the possible ages fall on both sides of 10, 12 or 18 years."""
    return any(age.low < limit <= age.high for limit in _CRUCIAL)


def _issues(facts: Facts) -> tuple[Gap, ...]:
    age = facts.get(AGE)
    if isinstance(age, Missing):
        return (
            Gap(
                kind=facts.picture.why_absent(Topic.PATIENT),
                rule="DQ-12",
                text=f"{age.why[0].upper()}{age.why[1:]}: no age rules, no dose and no draft",
                source=facts.picture.patient.reference,
                topic=Topic.PATIENT,
            ),
        )
    if not crosses_limit(age):
        return ()
    text = f"Birth date is partial: {age.low} or {age.high} years; the younger rule and the lower dose are used"
    return (
        Gap(kind=GapKind.NOTED, rule="DQ-12", text=text, source=facts.picture.patient.reference, topic=Topic.PATIENT),
    )


AGE_ISSUES: Need[tuple[Gap, ...]] = Need("age_issues", _issues)


def _years(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _latest(birth: BirthDate) -> date:
    if birth.day is not None:
        return birth.earliest()
    month = birth.month or 12
    following = date(birth.year + (month == 12), month % 12 + 1, 1)
    return following - timedelta(days=1)
