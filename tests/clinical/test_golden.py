"""The same patients are told the same words until somebody means to change them (CDS-53)."""

import json

import pytest

from tests.clinical.golden_patients import GOLDEN, NUMBERS, words

TOLD = json.loads(GOLDEN.read_text(encoding="utf-8")) if GOLDEN.exists() else {}


@pytest.mark.req("CDS-53", "DSI-13")
@pytest.mark.parametrize("number", NUMBERS)
def test_the_words_have_not_changed(number: int) -> None:
    assert words(number) == TOLD[str(number)]
