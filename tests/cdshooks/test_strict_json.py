"""An object's own members are looked at strictly, what they hold is not."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartapp.cdshooks.strict_json import JsonRefused, members, value_of, values

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.text(max_size=6), VALUES, max_size=6)


@pytest.mark.req("CDS-73")
@given(OBJECTS, st.sampled_from([None, 1, "\t"]), st.booleans())
def test_every_object_is_read_member_by_member(value: dict[str, Any], indent: Any, ascii_only: bool) -> None:
    raw = json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    try:
        found = members(raw, "it")
    except JsonRefused:
        assert "\\ud" in json.dumps(value)  # half a surrogate pair is no text
        return
    assert {name: value_of(member, name) for name, member in found.items()} == value
    assert values(raw, "it") == value


@pytest.mark.req("CDS-73")
@given(OBJECTS.filter(bool), st.data())
def test_a_member_twice_is_seen_wherever_it_stands(value: dict[str, Any], data: st.DataObject) -> None:
    pairs = [(json.dumps(name), json.dumps(member)) for name, member in value.items()]
    again = data.draw(st.sampled_from(pairs))
    pairs.insert(data.draw(st.integers(0, len(pairs))), (again[0], json.dumps(data.draw(VALUES))))
    raw = "{" + ", ".join(f"{name}: {member}" for name, member in pairs) + "}"
    for read in (members, values):
        with pytest.raises(JsonRefused):
            read(raw.encode(), "it")


@pytest.mark.req("CDS-73")
@pytest.mark.parametrize(
    "raw",
    [
        b'{"a": {"x": 1, "x": 2}}',
        b'{"a": "{}", "b": {}, "c": {"x": 1, "x": 2}}',
        b'{"{}": [], "b": {"x": 1, "x": 2}, "c": {"x": 1, "x": 2}}',
        b'{"a": [{"x": 1, "x": 2}], "b":\n{"x": 1, "x": 2}}',
    ],
)
def test_twins_deeper_down_are_not_its_own_but_seen_where_all_is_decoded(raw: bytes) -> None:
    assert members(raw, "it")
    with pytest.raises(JsonRefused, match="it has a member twice"):
        values(raw, "it")


@pytest.mark.req("CDS-73")
@pytest.mark.parametrize(
    "raw",
    [b'{"a": {}, "a": {}}', b'{"a": 1, "\\u0061": 2}', b'{"a": {}, "b": [], "a": [1]}', b'{"b": [], "a": {}, "b": {}}'],
)
def test_its_own_twins(raw: bytes) -> None:
    for read in (members, values):
        with pytest.raises(JsonRefused, match="it has a member twice"):
            read(raw, "it")


@pytest.mark.req("CDS-73")
@pytest.mark.parametrize("raw", [b'{"a": ":", ":b" :1, "a":2}', b'{"a":"x",":":1,":":2}', b'{"a\\"" :1,"a\\"":2}'])
def test_twins_between_colons_and_quotes(raw: bytes) -> None:
    with pytest.raises(JsonRefused, match="it has a member twice"):
        values(raw, "it")
