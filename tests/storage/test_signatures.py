"""A receipt's file is as it was sealed, byte for byte, or it is broken."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartapp.storage.signatures import BrokenSignature, address_of, canonical, new_key, opened, public_part, sealed

KEY = new_key()
RECEIPT = {"format": "x/1", "patient": "Patient/P1", "dose_mg": "3000", "words": ["weiß", "µg"]}
FILE = sealed(RECEIPT, KEY)


def test_what_was_sealed_opens_again() -> None:
    found = opened(FILE)
    assert (found.receipt, found.address, found.key) == (RECEIPT, address_of(RECEIPT), public_part(KEY)["kid"])


def test_a_line_end_that_an_editor_adds_does_no_harm() -> None:
    assert opened(FILE + b"\n").receipt == RECEIPT


def test_every_single_changed_byte_is_detected() -> None:
    for place in range(len(FILE)):
        changed = bytearray(FILE)
        changed[place] ^= 1
        with pytest.raises(BrokenSignature):
            opened(bytes(changed))


@given(place=st.integers(0, len(FILE) - 1), byte=st.integers(0, 255))
def test_any_other_byte_anywhere_is_detected(place: int, byte: int) -> None:
    changed = FILE[:place] + bytes([byte]) + FILE[place + 1 :]
    if changed == FILE:
        assert opened(changed).receipt == RECEIPT
        return
    with pytest.raises(BrokenSignature):
        opened(changed)


@given(cut=st.integers(0, len(FILE) - 1))
def test_a_shortened_file_is_detected(cut: int) -> None:
    with pytest.raises(BrokenSignature):
        opened(FILE[:cut])


def envelope(**more: Any) -> bytes:
    return canonical({**json.loads(FILE), **more})


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (b"", "not a decision receipt"),
        (b"[]", "not a decision receipt"),
        (b"{}", "not a decision receipt"),
        (b"[" * 100_000, "not a decision receipt"),
        (b" " + FILE, "not written as receipts are"),
        (json.dumps(json.loads(FILE), indent=1).encode(), "not written as receipts are"),
        (envelope(receipt={**RECEIPT, "dose_mg": "4000"}), "does not have the address"),
        (
            envelope(receipt={**RECEIPT, "dose_mg": "4000"}, sha256=address_of({**RECEIPT, "dose_mg": "4000"})),
            "signature",
        ),
        (envelope(key=public_part(new_key())), "signature"),
        (envelope(key={**public_part(KEY), "kid": "another"}), "key was changed"),
        (envelope(signature=""), "signature"),
        (envelope(signature=7), "signature"),
        (envelope(receipt=[]), "not written as receipts are"),
        (envelope(more=1), "not a decision receipt"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(file: bytes, said: str) -> None:
    with pytest.raises(BrokenSignature, match=said):
        opened(file)


def test_another_key_makes_another_seal_of_the_same_content() -> None:
    other = new_key()
    assert opened(sealed(RECEIPT, other)).key == public_part(other)["kid"] != public_part(KEY)["kid"]
    assert opened(sealed(RECEIPT, other)).address == opened(FILE).address


def test_the_file_names_no_private_part() -> None:
    assert KEY["d"].encode() not in FILE
