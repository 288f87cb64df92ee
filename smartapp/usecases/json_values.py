"""Frozen values as JSON's own types, decimals and times as text, and the values again: how a store and a session hold them."""

import threading
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")
_CONVERTING = threading.Lock()


def json_types(value: Any) -> Any:
    """A frozen value in JSON's own types."""
    return msgspec.json.decode(msgspec.json.encode(value))


def value_from(data: Any, kind: type[T]) -> T:
    """The value again; `msgspec.ValidationError` for data of another shape.

    One at a time: msgspec crashes where two threads meet a type for the first time at once.
    """
    with _CONVERTING:
        return msgspec.convert(data, kind)
