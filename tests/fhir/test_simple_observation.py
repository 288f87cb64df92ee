"""Plain Observations, whose reading waits: only what surely is one result and no remark, and the same result when it is read."""

import gc
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartapp.clinical.labs import LabResult
from smartapp.clinical.terminology import Analyte
from smartapp.fhir.r4_structs import Observation
from smartapp.fhir.simple_observation import Plain, plain_of
from tests import charts as c
from tests.fhir.reading import picture_of

WHOLE = c.fibrinogen("0.80", hours_ago=2)
NOT_PLAIN: dict[str, dict[str, Any]] = {
    "a status that decides": {"status": "preliminary"},
    "a value in words": {"valueString": "low"},
    "a comparator": {"valueQuantity": {**WHOLE["valueQuantity"], "comparator": "<"}},
    "a null where a word belongs": {"valueQuantity": {**WHOLE["valueQuantity"], "comparator": None}},
    "no number": {"valueQuantity": {"unit": "g/L", "code": "g/L"}},
    "a modifier extension": {"modifierExtension": [{"url": "http://x.test"}]},
    "implicit rules": {"implicitRules": "http://x.test"},
    "something contained": {"contained": [{"resourceType": "Specimen"}]},
    "components": {"component": []},
    "another type of time": {"effectivePeriod": {"end": c.ago(hours=1)}},
    "no id": {"id": ""},
}


@pytest.mark.req("FHIR-03", "FHIR-04")
def test_every_member_that_is_read_is_looked_at_before_reading_waits() -> None:
    read, looked_at = ({field.encode_name for field in msgspec.structs.fields(kind)} for kind in (Observation, Plain))
    assert read == looked_at


@pytest.mark.req("FHIR-04", "DQ-04", "DQ-14")
@pytest.mark.parametrize("why", NOT_PLAIN)
def test_what_may_decide_is_read_at_once(why: str) -> None:
    assert plain_of(c.dumps(WHOLE)) is not None
    assert plain_of(c.dumps({**WHOLE, **NOT_PLAIN[why]})) is None


@pytest.mark.req("FHIR-03")
def test_the_order_of_members_does_not_make_it_another_observation() -> None:
    """Some servers write members in the order of their names, and its type last but some."""
    backwards = dict(reversed(WHOLE.items()))
    assert plain_of(c.dumps(backwards)) == plain_of(c.dumps(WHOLE))
    assert plain_of(c.dumps(dict(reversed(c.patient("1990-01-01").items())))) is None


@pytest.mark.req("DQ-18", "DQ-09")
def test_results_are_read_when_asked_in_order_and_once_each() -> None:
    older, again = c.fibrinogen("1.1", hours_ago=9, id_="older"), {**WHOLE, "id": "fib2"}
    series = picture_of(c.patient("1990-01-01"), WHOLE, again, older).series(Analyte.FIBRINOGEN)
    assert [(result.source, str(result.value)) for result in series] == [
        ("Observation/older", "1.1"),
        ("Observation/fib", "0.80"),
    ]
    newest = series.between(c.NOW.replace(hour=5), c.NOW).latest()
    assert isinstance(newest, LabResult)
    assert newest is series.results[-1]


@pytest.mark.req("DQ-05", "DQ-06", "DQ-10", "DQ-17", "DQ-19")
@pytest.mark.parametrize(
    "beside",
    [
        {"note": [{"text": "clotted"}]},
        {"interpretation": [{"text": "haemolysed"}]},
        {"subject": {"reference": "Patient/other"}},
        {"referenceRange": [{"high": "4"}]},
        {"category": "laboratory"},
        {"method": "Clauss"},
        {"valueQuantity": {"value": 80, "unit": "g/L", "system": c.UCUM, "code": "g/L"}},
        {"valueQuantity": {"value": 1, "unit": "mmol/L", "system": c.UCUM, "code": "mmol/L"}},
        {"effectiveDateTime": "2026-02-28"},
        {"effectiveDateTime": "2026-02-28 08:00:00+00:00"},
        {"effectiveDateTime": "2026-02-28T08:00:00"},
        {"effectiveDateTime": "0001-01-01T00:00:00+14:00"},
        {"valueQuantity": {"value": Decimal("1e-40"), "unit": "g/L", "system": c.UCUM, "code": "g/L"}},
        {"valueQuantity": {"value": 1, "unit": "g/L", "system": "http://x.test", "code": "g/L"}},
        {"valueQuantity": {"value": 1, "unit": "mg/dL", "system": c.UCUM, "code": "g/L"}},
        {"valueQuantity": {"value": -1, "unit": "g/L", "system": c.UCUM, "code": "g/L"}},
        {"effectiveDateTime": "2027-02-28T00:00:00Z"},
    ],
)
def test_what_is_wrong_beside_the_number_is_named_though_no_rule_asks(beside: dict[str, Any]) -> None:
    chart = [c.patient("1990-01-01"), c.fibrinogen("0.9"), {**WHOLE, "id": "odd", **beside}]
    picture = picture_of(*chart)
    told = [gap for gap in picture.gaps if gap.source == "Observation/odd"]
    read = [r for r in picture.series(Analyte.FIBRINOGEN) if r.source == "Observation/odd"]
    assert told or read[0].collected.precision < 4


ODD_TIMES = st.sampled_from(
    ["2026-03-01T06:00:00Z", "20260301T060000Z", "2026-W09-7T06:00Z", "2026-03-01t06:00:00Z"]
) | st.text(alphabet="0123456789-:TZ+. ", min_size=8, max_size=26)
ODD_WORDS = st.sampled_from(
    ["", " ", "g/L", "mg/dL", "G/L", "g/l", "%", "{INR}", "1", "L/L", "Cel", "[degF]", "mg{FEU}/L", "ug/L", "s"]
)


@pytest.mark.req("DQ-02", "DQ-05", "DQ-06", "FHIR-03")
@given(
    code=st.sampled_from(["3255-7", "6301-6", "20570-8", "8310-5", "777-3", "3151-8", "48065-7", "99999-9"]),
    time=ODD_TIMES,
    value=st.decimals(allow_nan=False, allow_infinity=False)
    | st.sampled_from([Decimal("0.5"), Decimal(41), Decimal(0)]),
    unit=ODD_WORDS,
    written=ODD_WORDS,
    system=st.sampled_from(["", c.UCUM, "http://x.test"]),
    high=st.sampled_from(
        [None, {"value": 4}, {"value": 400, "code": "mg/dL"}, {"value": 1, "unit": "%"}, {"unit": "g/L"}]
    ),
    issued=st.sampled_from(["", "2026-03-01T06:30:00+01:00", "2026-03-01", "soon"]),
    specimen=st.sampled_from([None, {"reference": "Specimen/s1"}, {"display": "clotted"}, "Specimen/s1", []]),
)
@settings(max_examples=300, deadline=None)
def test_whatever_a_result_looks_like_it_reads_the_same_later(
    code: str, time: str, value: Decimal, unit: str, written: str, system: str, high: Any, issued: str, specimen: Any
) -> None:
    quantity = {"value": value, "unit": unit, "system": system, "code": written}
    beside = {"valueQuantity": quantity, "effectiveDateTime": time, "issued": issued}
    ranges = [{"low": {"value": 1}}, {"high": high}] if high else []
    odd = c.result("odd", code, None, "", **beside, referenceRange=ranges, specimen=specimen)
    read_at_once = c.dumps({**odd, "component": []})
    assert plain_of(read_at_once) is None
    later, at_once = (picture_of(c.patient("1990-01-01"), raw) for raw in (c.dumps(odd), read_at_once))
    assert later.labs == at_once.labs
    assert later.gaps == at_once.gaps


@pytest.mark.req("DQ-18")
def test_reading_leaves_no_circles_that_only_the_collector_ends() -> None:
    """A worker's collector runs rarely: a chart that hangs in a circle stays in memory for many calls."""
    chart = [c.patient("1990-01-01"), WHOLE, c.fibrinogen("1.1", hours_ago=9, id_="older")]
    gc.collect()
    gc.disable()
    try:
        assert len(list(picture_of(*chart).series(Analyte.FIBRINOGEN))) == 2
        kept = [each for each in gc.get_objects() if type(each).__module__ == "smartapp.fhir.lazy_results"]
    finally:
        gc.enable()
    assert kept == []
