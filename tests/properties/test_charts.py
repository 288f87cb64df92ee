"""What must hold of every chart, from FHIR to the answer: order, units, errors, unreadable parts, levels, doses, days and ages."""

import copy
import math
import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smartapp.clinical.assessment import Assessment, assess
from smartapp.clinical.policy import build_policy
from smartapp.clinical.report import as_json
from smartapp.fhir.chart import Answer, AnswerState, Chart
from smartapp.fhir.picture import read_picture
from smartapp.fhir.queries import QUERIES
from tests import charts as c

POLICY = build_policy()
EXAMPLES = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
STRENGTH = {"NONE": 0, "MONITOR": 1, "CANNOT_ASSESS": 1, "CONSIDER": 2, "REPLACE": 3}
ALARM = {"info": 0, "warning": 1, "critical": 2}
FACTORS = {"g/L": 1, "mg/dL": 100, "mg/L": 1000, "mg/mL": 1}
ZONES = [ZoneInfo(name) for name in ("UTC", "Europe/Oslo", "America/New_York", "Pacific/Auckland", "Asia/Kolkata")]
LEVELS = st.integers(30, 450).map(lambda number: Decimal(number) / 100)


@st.composite
def records(draw: st.DrawFn, level: Decimal | None = None) -> list[c.Resource]:
    """A chart with a level and any of what else decides; every record has an id of its own."""
    found = [
        c.patient(draw(st.sampled_from(["1990-01-01", "2011-05-05", "2018-06-01"]))),
        c.infusion(draw(st.integers(1, 29))),
    ]
    found.append(
        c.fibrinogen(str(level if level is not None else draw(LEVELS)), hours_ago=draw(st.sampled_from([0.5, 6, 11])))
    )
    if draw(st.booleans()):
        found.append(c.fibrinogen(str(draw(LEVELS)), hours_ago=draw(st.sampled_from([16, 20])), id_="earlier"))
    if draw(st.booleans()):
        found.append(c.crs(draw(st.integers(1, 4)), hours_ago=draw(st.sampled_from([3, 30]))))
    if draw(st.booleans()):
        found.append(
            c.condition("bleed", draw(st.sampled_from(["R04.0", "K92.1", "I61.9"])), draw(st.sampled_from([2, 60])))
        )
    found.append(c.weight(draw(st.sampled_from(["8", "22.5", "39.9", "40", "71"]))))
    if draw(st.booleans()):
        found.append(c.result("hct", "20570-8", "0.27", "1", 5))
    if draw(st.booleans()):
        found.append(c.result("plt", "777-3", draw(st.sampled_from(["19", "49", "50", "140"])), "10*9/L", 4))
    if draw(st.booleans()):
        found.append(c.given("toci", "L04AC07", hours_ago=40))
    if draw(st.booleans()):
        found.append(c.given("dose", "B02BB01", hours_ago=draw(st.sampled_from([2, 9]))))
    if draw(st.booleans()):
        found.append(c.condition("dvt", "I82.401", 240))
    return found


def told(resources: list[c.Resource], **states: AnswerState) -> Assessment:
    """The answer of a chart in which these queries did not come to an answer."""
    refused = {next(query.resource for query in QUERIES if query.name == name) for name in states}
    kept = [resource for resource in resources if resource["resourceType"] not in refused]
    answers = [Answer(query="file", state=AnswerState.COMPLETE, resources=tuple(map(c.dumps, kept)))]
    answers += [Answer(query=name, state=state) for name, state in states.items()]
    chart = Chart.empty("P1").with_answers(*answers)
    return assess(read_picture(chart, c.NOW, UTC, policy=POLICY), POLICY)


def as_converted(assessment: Assessment) -> dict[str, Any]:
    """The answer without the words in which the level `fib` was reported: those keep the unit of the record."""
    body = as_json(assessment)
    reported = body["fibrinogen"].pop("reported")
    for rule in body["rules"]:
        for used in rule.get("inputs", ()):
            if used.get("source") == "Observation/fib":
                used["value"] = used["value"].replace(reported, "as reported")
    return body


def verdict(assessment: Assessment) -> tuple[int, int]:
    return STRENGTH[assessment.action], ALARM[assessment.indicator]


@EXAMPLES
@given(records(), st.randoms(use_true_random=False))
def test_the_order_of_resources_never_matters(resources: list[c.Resource], chance: random.Random) -> None:
    shuffled = list(resources)
    chance.shuffle(shuffled)
    assert as_json(told(shuffled)) == as_json(told(resources))


@EXAMPLES
@given(LEVELS, st.sampled_from(sorted(FACTORS)), st.data())
@pytest.mark.req("DQ-05", "FHIR-24")
def test_units_never_matter(level: Decimal, unit: str, data: st.DataObject) -> None:
    resources = data.draw(records(level))
    changed = copy.deepcopy(resources)
    for resource in changed:
        if resource["id"] == "fib":
            resource["valueQuantity"] |= {"value": level * FACTORS[unit], "unit": unit, "code": unit}
    assert as_converted(told(resources)) == as_converted(told(changed))


@EXAMPLES
@given(records(), st.data())
@pytest.mark.req("DQ-01", "FHIR-23")
def test_a_resource_entered_in_error_changes_nothing(resources: list[c.Resource], data: st.DataObject) -> None:
    wrong = copy.deepcopy(
        data.draw(st.sampled_from([r for r in resources if r["resourceType"] not in ("Patient", "Condition")]))
    )
    wrong |= {"id": "wrong", "status": "entered-in-error"}
    if "valueQuantity" in wrong:
        wrong["valueQuantity"]["value"] = Decimal("0.31")
    assert as_json(told([*resources, wrong])) == as_json(told(resources))


@EXAMPLES
@given(records(), st.sampled_from([query.name for query in QUERIES if query.name != "encounters"]), st.data())
@pytest.mark.req("DQ-17", "FHIR-29", "SEC-35")
def test_what_was_not_read_is_named(resources: list[c.Resource], query: str, data: st.DataObject) -> None:
    state = data.draw(st.sampled_from([AnswerState.FAILED, AnswerState.NOT_PERMITTED, AnswerState.INCOMPLETE]))
    spoiled = told(resources, **{query: state})
    assert any(gap.rule == "DQ-17" for gap in spoiled.gaps)
    topic = next(each.topic for each in QUERIES if each.name == query)
    assert any(gap.topic is topic for gap in spoiled.gaps)


@EXAMPLES
@given(records(), st.sampled_from(["unit", "time", "status"]))
@pytest.mark.req("DQ-01", "DQ-02", "DQ-05", "SEC-35")
def test_an_unreadable_level_leaves_the_answer_as_urgent_or_is_named(resources: list[c.Resource], part: str) -> None:
    spoiled = copy.deepcopy(resources)
    (level,) = [resource for resource in spoiled if resource["id"] == "fib"]
    if part == "unit":
        level["valueQuantity"] = {"value": level["valueQuantity"]["value"]}
    else:
        level.pop("effectiveDateTime" if part == "time" else "status")
    after = told(spoiled)
    named = any("fib" in gap.source for gap in after.gaps)
    assert named
    assert after.action != "NONE" or named


@EXAMPLES
@given(st.tuples(LEVELS, LEVELS).map(sorted), st.data())
@pytest.mark.req("TIER-01", "REP-01", "REP-03", "REP-05", "REP-08")
def test_a_lower_level_never_gives_a_weaker_action(levels: list[Decimal], data: st.DataObject) -> None:
    resources = data.draw(records(levels[1]))
    lower = copy.deepcopy(resources)
    for resource in lower:
        if resource["id"] == "fib":
            resource["valueQuantity"]["value"] = levels[0]
    assert STRENGTH[told(lower).action] >= STRENGTH[told(resources).action]


@EXAMPLES
@given(records(Decimal("0.7")))
@pytest.mark.req("FC-04", "CRY-01", "CRY-02")
def test_no_dose_exceeds_a_cap(resources: list[c.Resource]) -> None:
    assessment = told(resources)
    assert assessment.weight is not None
    for option in assessment.options:
        if option.dose_mg is not None:
            assert option.dose_mg <= 4000
            assert option.dose_mg <= 70 * assessment.weight.kg or (
                option.dose_mg == 4000 and assessment.bleeding in ("significant", "major")
            )
        if option.units is not None:
            assert 1 <= option.units <= min(10, math.ceil(assessment.weight.kg / 5))


@EXAMPLES
@given(st.tuples(LEVELS, LEVELS).map(sorted), st.sampled_from(["8", "22.5", "40", "71"]))
@pytest.mark.req("FC-01", "CRY-01")
def test_the_dose_grows_with_the_deficit(levels: list[Decimal], kg: str) -> None:
    lower, higher = (
        [c.patient("1990-01-01"), c.infusion(), c.crs(4), c.weight(kg), c.fibrinogen(str(level))] for level in levels
    )
    more = {option.product: option for option in told(lower).options}
    for option in told(higher).options:
        other = more[option.product]
        assert (other.dose_mg or 0) >= (option.dose_mg or 0)
        assert (other.units or 0) >= (option.units or 0)


@EXAMPLES
@given(
    st.datetimes(datetime(2025, 10, 1), datetime(2026, 4, 20)),
    st.integers(0, 60 * 24 * 40),
    st.sampled_from(ZONES),
)
@pytest.mark.req("APP-02")
def test_days_are_counted_at_local_midnight(start: datetime, minutes: int, zone: ZoneInfo) -> None:
    """Across midnight, in several zones, over both changes of the clocks."""
    infused = start.replace(tzinfo=UTC, microsecond=0)
    now = infused + timedelta(minutes=minutes)
    cart = {**c.infusion(), "performedDateTime": infused.isoformat()}
    chart = Chart.empty("P1").with_answers(
        Answer(query="file", state=AnswerState.COMPLETE, resources=(c.dumps(c.patient("1990-01-01")), c.dumps(cart)))
    )
    assessment = assess(read_picture(chart, now, zone, policy=POLICY), POLICY)
    assert assessment.infusion is not None
    assert assessment.infusion.day == (now.astimezone(zone).date() - infused.astimezone(zone).date()).days


@EXAMPLES
@given(st.dates(date(2005, 1, 1), date(2020, 2, 28)), st.integers(-1, 1), st.sampled_from([10, 12, 18]))
@pytest.mark.req("DQ-12")
def test_a_birthday_changes_the_age_on_its_day(birth: date, offset: int, years: int) -> None:
    leap = (birth.month, birth.day) == (2, 29)
    birthday = date(birth.year + years, 3, 1) if leap else birth.replace(year=birth.year + years)
    at = datetime.combine(birthday, datetime.min.time(), ZoneInfo("Europe/Oslo")) + timedelta(days=offset)
    chart = Chart.empty("P1").with_answers(
        Answer(query="file", state=AnswerState.COMPLETE, resources=(c.dumps(c.patient(birth.isoformat())),))
    )
    age = assess(read_picture(chart, at.astimezone(UTC), ZoneInfo("Europe/Oslo"), policy=POLICY), POLICY).age
    assert age is not None
    assert age.low == (years if offset >= 0 else years - 1)


@EXAMPLES
@given(records(), st.integers(6, 10_000))
@pytest.mark.req("DQ-02", "FHIR-28")
def test_a_result_from_the_future_is_named_and_not_used(resources: list[c.Resource], minutes: int) -> None:
    ahead = c.fibrinogen("0.4", hours_ago=-minutes / 60, id_="ahead")
    after = told([*resources, ahead])
    assert after.fibrinogen is None or after.fibrinogen.result.source != "Observation/ahead"
    assert any("ahead" in gap.source for gap in after.gaps)
