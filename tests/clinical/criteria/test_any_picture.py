"""Whatever a chart holds, every criterion answers, and what it answers hangs together."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smartapp.clinical.criteria.applicability import APPLICABILITY
from smartapp.clinical.criteria.bleeding_level import BLEEDING
from smartapp.clinical.criteria.crs import CRS
from smartapp.clinical.criteria.dic import DIC
from smartapp.clinical.criteria.fibrinogen import FIBRINOGEN_STATE, TIER
from smartapp.clinical.criteria.infusion import INFUSION
from smartapp.clinical.criteria.weight import WEIGHT
from smartapp.clinical.derived_facts import Band, Basis, CrsStatus, EffectiveFibrinogen, Infusion, NoFibrinogen, Tier
from smartapp.clinical.labs import Comparator, LabResult, ResultStatus
from smartapp.clinical.partial_datetime import Moment, Precision
from smartapp.clinical.picture import (
    Bedside,
    BirthDate,
    BleedingLevel,
    ClinicalPicture,
    ClinicalStatus,
    ConditionRecord,
    CrsRecord,
    Exposure,
    InfusionRecord,
    InvasiveProcedure,
    OrderKind,
    OxygenDevice,
    OxygenSupport,
    StandingOrder,
    Topic,
)
from smartapp.clinical.rule import Facts, Missing
from smartapp.clinical.terminology import Analyte, CarTProduct, ConditionKind, Drug, Variant
from tests.builders import NOW, a_picture, facts_of, unread
from tests.clinical.criteria.test_order import NEEDS, TOLD

TIMES = st.builds(
    lambda minutes, precision: Moment(NOW - timedelta(minutes=minutes), precision),
    st.integers(-60 * 48, 60 * 24 * 100),
    st.sampled_from([Precision.INSTANT, Precision.INSTANT, Precision.DAY]),
)
MAYBE = st.none() | TIMES
SOURCES = st.integers(0, 99).map(lambda number: f"Record/{number}")
VARIANTS = {
    Analyte.FIBRINOGEN: [Variant.CLAUSS, Variant.DERIVED, Variant.ANTIGEN],
    Analyte.WEIGHT: [Variant.WEIGHT_MEASURED, Variant.WEIGHT_STATED],
}


@st.composite
def labs(draw: st.DrawFn) -> LabResult:
    analyte = draw(st.sampled_from(list(Analyte)))
    value = draw(st.decimals(min_value=0, max_value=200, places=2))
    return LabResult(
        analyte=analyte,
        value=value,
        reported=str(value),
        collected=draw(TIMES.filter(lambda moment: moment.at <= NOW + timedelta(minutes=5))),
        source=draw(SOURCES),
        status=draw(st.sampled_from(ResultStatus)),
        comparator=draw(st.none() | st.sampled_from(Comparator)),
        variant=draw(st.sampled_from(VARIANTS[analyte])) if analyte in VARIANTS else None,
        upper_limit=draw(st.none() | st.decimals(min_value=1, max_value=50, places=1)),
    )


CONDITIONS = st.builds(
    ConditionRecord,
    kinds=st.frozensets(st.sampled_from(ConditionKind), min_size=1, max_size=2),
    label=st.just("a condition"),
    source=SOURCES,
    status=st.sampled_from(ClinicalStatus),
    onset=MAYBE,
    abated=MAYBE,
    has_abatement=st.booleans(),
    severe=st.booleans(),
    grade=st.none() | st.integers(0, 5),
)
CRS_RECORDS = st.builds(
    CrsRecord,
    grade=st.none() | st.integers(0, 5),
    source=SOURCES,
    onset=MAYBE,
    own_time=MAYBE,
    over=st.booleans(),
    abated=MAYBE,
)
INFUSIONS = st.builds(
    InfusionRecord,
    product=st.sampled_from(CarTProduct),
    source=SOURCES,
    strong=st.booleans(),
    planned=st.booleans(),
    start=MAYBE,
)
EXPOSURES = st.builds(
    Exposure, drug=st.sampled_from(Drug), start=TIMES, source=SOURCES, running=st.booleans(), end=MAYBE
)
ORDERS = st.builds(
    StandingOrder,
    kind=st.sampled_from(OrderKind),
    source=SOURCES,
    drug=st.none() | st.sampled_from(Drug),
    authored=MAYBE,
)
OXYGEN = st.builds(
    OxygenSupport,
    device=st.sampled_from(OxygenDevice),
    at=TIMES,
    source=SOURCES,
    flow_l_per_min=st.none() | st.integers(0, 60).map(Decimal),
)
PROCEDURES = st.builds(InvasiveProcedure, source=SOURCES, at=MAYBE, in_progress=st.booleans())
BEDSIDE = st.builds(
    Bedside,
    bleeding=st.none() | st.sampled_from(BleedingLevel),
    crs_grade=st.none() | st.integers(0, 5),
    weight_kg=st.none() | st.integers(1, 400).map(Decimal),
    suspects=st.dictionaries(SOURCES, st.just("suspect"), max_size=2),
)
BIRTHS = (
    st.none() | st.builds(BirthDate, st.integers(1930, 2027)) | st.builds(BirthDate, st.just(2016), st.integers(1, 12))
)


@st.composite
def pictures(draw: st.DrawFn) -> ClinicalPicture:
    return a_picture(
        *draw(st.lists(labs(), max_size=8)),
        birth=draw(BIRTHS),
        deceased=draw(st.integers(0, 9)) == 0,
        infusions=draw(st.lists(INFUSIONS, max_size=3)),
        crs=draw(st.lists(CRS_RECORDS, max_size=3)),
        conditions=draw(st.lists(CONDITIONS, max_size=3)),
        exposures=draw(st.lists(EXPOSURES, max_size=4)),
        orders=draw(st.lists(ORDERS, max_size=2)),
        oxygen=draw(st.lists(OXYGEN, max_size=2)),
        procedures=draw(st.lists(PROCEDURES, max_size=2)),
        bedside=draw(st.just(Bedside()) | BEDSIDE),
        unread=unread(*draw(st.sets(st.sampled_from(Topic), max_size=2))),
    )


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pictures())
def test_every_criterion_answers_and_says_the_same_twice(picture: ClinicalPicture) -> None:
    once, again = facts_of(picture), facts_of(picture)
    for need in NEEDS:
        assert once.get(need) == again.get(need)
    for tell in TOLD:
        assert tell(once) == tell(again)


def some(facts: Facts, need: Any) -> Any:
    found = facts.get(need)
    assert not isinstance(found, Missing)
    return found


@pytest.mark.req("TIER-01", "DQ-03")
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pictures())
def test_the_tier_is_tx_exactly_where_no_fibrinogen_is_effective(picture: ClinicalPicture) -> None:
    facts = facts_of(picture)
    state = some(facts, FIBRINOGEN_STATE)
    assert isinstance(state, NoFibrinogen) is (some(facts, TIER) is Tier.TX)
    if isinstance(state, EffectiveFibrinogen):
        assert state.age_h <= 24
        assert state.result.source not in picture.bedside.suspects
        assert state.result.variant in (Variant.CLAUSS, Variant.DERIVED)


@pytest.mark.req("DQ-17", "BLD-01", "CRS-02")
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pictures())
def test_what_was_not_read_never_reads_as_none(picture: ClinicalPicture) -> None:
    facts = facts_of(picture)
    crs: CrsStatus = some(facts, CRS)
    if Topic.CONDITIONS in picture.unread and picture.bedside == Bedside():
        assert facts.get(BLEEDING) is not BleedingLevel.NONE_RECORDED
        assert crs.basis is not Basis.RESOLVED
    assert (crs.grade is None) is (crs.band is Band.UNKNOWN)


@pytest.mark.req("APP-03", "DIC-01", "DQ-11")
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pictures())
def test_windows_ranges_and_weights_hold(picture: ClinicalPicture) -> None:
    facts = facts_of(picture)
    infusion, weight, dic = facts.get(INFUSION), facts.get(WEIGHT), some(facts, DIC)
    if some(facts, APPLICABILITY).runs:
        assert isinstance(infusion, Infusion)
        assert infusion.day is not None
        assert 0 <= infusion.day <= 90
    assert 0 <= dic.lowest <= dic.highest <= 8
    assert (dic.score is not None) is (not dic.missing and dic.lowest == dic.highest)
    assert isinstance(weight, Missing) or not weight.valid or Decimal("1.5") <= weight.kg <= 300
