"""JSON spoiled the way real counterparts spoil it: a member of another type, missing, huge, nested without end; or no JSON at all."""

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

_DEEP: Any = "x"
for _ in range(120):
    _DEEP = [_DEEP]
DEEPER = b"[" * 60_000 + b"]" * 60_000

ODD = (
    None,
    True,
    0,
    -1,
    10**400,
    1e308,
    float("nan"),
    float("inf"),
    "",
    " ",
    "\x00",
    "\ud800",
    "x" * 70_000,
    "<script>alert(1)</script>",
    "../../Patient/2",
    "http://[::1",
    "https://evil.test/",
    "javascript:alert(1)",
    [],
    {},
    [None],
    [[]],
    {"x": None},
    _DEEP,
)


def paths(document: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a document below its top."""
    if here:
        yield here
    if isinstance(document, dict):
        for name, member in document.items():
            yield from paths(member, (*here, name))
    if isinstance(document, list):
        for number, member in enumerate(document):
            yield from paths(member, (*here, number))


def replaced(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    """The document with another value at this place; without it where the value is `...`."""
    changed = copy.deepcopy(document)
    holder = changed
    for step in path[:-1]:
        holder = holder[step]
    if value is ...:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return changed


@dataclass(frozen=True)
class Spoiling:
    """How a document that is not known yet will be spoiled: as a whole, at some places, or cut off."""

    whole: bytes | None = None
    places: tuple[tuple[int, Any], ...] = ()
    cut: int | None = None

    def of(self, document: Any) -> bytes:
        """The bytes that are sent in place of the document."""
        if self.whole is not None:
            return self.whole
        for number, value in self.places:
            known = list(paths(document))
            document = replaced(document, known[number % len(known)], value) if known else document
        raw = written(document)
        return raw if self.cut is None else raw[: self.cut % len(raw)]


def written(document: Any) -> bytes:
    """As JSON, with what Python lets through: NaN, lone surrogates, exact decimals as numbers."""
    return json.dumps(document, default=float).encode()


NO_JSON = (
    b"",
    b"null",
    b"[]",
    b'"text"',
    b"0",
    b"NaN",
    b"{",
    b'{"a": 1, "a": 2}',
    b"<!doctype html><title>Sign in</title><p>Please sign in</p>",
    b"\xff\xfe\x00\x00",
    b"\xef\xbb\xbf{}",
    b'{"x": "\xc3\x28"}',
    b'{"x": "\\ud800"}',
    DEEPER,
    b'{"resourceType": "Bundle", "entry": ' + DEEPER + b"}",
)


_PLACES = st.lists(st.tuples(st.integers(0, 500), st.sampled_from((*ODD, ..., ...))), min_size=1, max_size=3).map(tuple)
SPOILINGS = st.one_of(
    st.builds(Spoiling, places=_PLACES),
    st.builds(Spoiling, places=_PLACES),
    st.builds(Spoiling, places=_PLACES, cut=st.integers(0, 5000)),
    st.builds(Spoiling, whole=st.sampled_from(NO_JSON)),
)
